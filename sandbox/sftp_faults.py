"""The faults the SFTP server can play."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sandbox.faults import Fault, FaultScript

Operation = Literal["list", "stat", "open", "rename", "remove", "mkdir"]


@dataclass(frozen=True)
class SftpFault(Fault):
    """One fault of the SFTP server.

    :param after_bytes: bytes that pass before the connection is cut.
    :param size: the size, in bytes, that is reported instead of the true one.
    :param seconds: pause before each answer to a read.
    """

    after_bytes: int = 0
    size: int = 0
    seconds: float = 0.0


class SftpFaults(FaultScript[SftpFault]):
    """Script of the SFTP server.

    Patterns are shell-style and match the whole path as the client sees it, for example ``/predictspring/tlog/*.json``.
    Every fault plays ``times`` times and is listed in :attr:`happened` each time.
    """

    def cut_download(self, pattern: str, *, after_bytes: int, times: int = 1) -> None:
        """Cut the connection once this many bytes of a file have been sent to the client.

        :param pattern: the paths it hits.
        :param after_bytes: the client gets at most so many bytes; a file that is shorter is not cut.
        :param times: number of shots.
        """
        self.add(SftpFault("cut_download", pattern, after_bytes=after_bytes), times)

    def cut_upload(self, pattern: str, *, after_bytes: int, times: int = 1) -> None:
        """Cut the connection once this many bytes of a file have been stored; they stay on the server.

        :param pattern: the paths it hits, the temporary name if the client uses one.
        :param after_bytes: so many bytes are stored; an upload that is shorter is not cut.
        :param times: number of shots.
        """
        self.add(SftpFault("cut_upload", pattern, after_bytes=after_bytes), times)

    def cut_before_rename(self, pattern: str, *, times: int = 1) -> None:
        """Cut the connection on a rename request, which is not carried out.

        :param pattern: the old or the new path.
        :param times: number of shots.
        """
        self.add(SftpFault("cut_before_rename", pattern), times)

    def cut_after_rename(self, pattern: str, *, times: int = 1) -> None:
        """Carry out a rename, then cut the connection instead of answering.

        :param pattern: the old or the new path.
        :param times: number of shots.
        """
        self.add(SftpFault("cut_after_rename", pattern), times)

    def deny(self, operation: Operation, pattern: str, *, times: int = 1) -> None:
        """Answer "permission denied".

        :param operation: what is not permitted.
        :param pattern: the paths it hits (of a rename: the old or the new one).
        :param times: number of shots.
        """
        self.add(SftpFault(f"deny_{operation}", pattern), times)

    def wrong_size(self, pattern: str, size: int, *, times: int = 1) -> None:
        """Report a wrong size when asked for the attributes of a file, by path or by handle (listings stay true).

        :param pattern: the paths it hits.
        :param size: the size to report, in bytes.
        :param times: number of shots.
        """
        self.add(SftpFault("wrong_size", pattern, size=size), times)

    def slow_reads(self, pattern: str, *, seconds: float, times: int = 1) -> None:
        """Pause before the answers to reads.

        :param pattern: the paths it hits.
        :param seconds: length of one pause.
        :param times: number of reads that are slow.
        """
        self.add(SftpFault("slow_read", pattern, seconds=seconds), times)
