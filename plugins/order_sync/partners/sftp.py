"""The SFTP client of the flows: many files over one connection, verified, never half, never twice.

Measured level with OpenSSH's own ``sftp`` (see ``benchmarks/sftp.py``). Everything the server says is checked:
sizes before and after a transfer, names before they are used in a path, renames by looking when an answer is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from order_sync.errors import Stop
from order_sync.partners.sftp_files import (
    Fetched,
    FileSink,
    Moved,
    Published,
    RemoteFile,
    Sink,
    Upload,
    is_safe_name,
    unchanged,
    unfinished,
)

if TYPE_CHECKING:
    from order_sync.partners.sftp_worker import SftpWorker

__all__ = [
    "Fetched",
    "FileSink",
    "Moved",
    "Published",
    "RemoteFile",
    "SftpClient",
    "Sink",
    "Upload",
    "is_safe_name",
    "unchanged",
    "unfinished",
]

# `list` names a method of the client, so its annotations need other words.
Files = list[RemoteFile]
FetchedFiles = list[Fetched]
PublishedFiles = list[Published]
MovedFiles = list[Moved]


class SftpClient:
    """An SFTP server, used in a ``with`` block; every method waits for its end.

    One SSH connection serves the whole block. If it was closed while nothing was asked of it, the next call opens a
    new one. Do not use it inside a running event loop.

    :param conn_id: Airflow connection of type ``sftp``, with ``host_key`` (or ``known_hosts``) and the login.
    :param concurrency: small files under way at once, and bound on other parallel requests.
    :raises Stop: on entering, if the connection does not exist, its settings cannot be used, or it would skip the
        check of the host key.
    :raises NotSent: on entering and in every method, if the server cannot be reached, is not the expected one,
        refuses the login, or goes away.
    """

    def __init__(self, conn_id: str, *, concurrency: int = 32) -> None:
        self._conn_id = conn_id
        self._concurrency = concurrency
        self._worker: SftpWorker | None = None

    def __enter__(self) -> Self:
        from order_sync.partners.sftp_worker import SftpWorker

        self._worker = SftpWorker(self._conn_id, self._concurrency)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        worker, self._worker = self._worker, None
        if worker is None:
            return
        if error is None or isinstance(error, Exception):
            worker.close()
        else:
            worker.abandon()

    def list(self, folder: str) -> Files:
        """List files and folders.

        :param folder: remote path; empty is the folder the login starts in.
        :returns: its entries by name; links are followed, what is neither file nor folder is left out.
        :raises Stop: if the folder does not exist or may not be read.
        """
        return self._open.entries(folder)

    def stable_files(self, folder: str, *, seconds: float, ignore: Callable[[RemoteFile], bool] = unfinished) -> Files:
        """List the files that nobody is writing to: two looks show the same size and time.

        :param folder: remote path.
        :param seconds: time between the two looks; longer than the pauses of a slow upload.
        :param ignore: what to leave out; by default folders, dot-files, ``.part``, ``.tmp`` and ``.filepart``.
        :raises Stop: if the folder does not exist or may not be read.
        """
        first = [file for file in self.list(folder) if not ignore(file)]
        if not first:
            return []
        time.sleep(seconds)
        return unchanged(first, self.list(folder))

    def fetch(self, files: Sequence[RemoteFile], sink: Callable[[RemoteFile], Sink]) -> FetchedFiles:
        """Download files, each whole or not at all.

        The size and time of each file are asked again after its last byte; one that changed, is gone or may not be
        read gets an error of its own and does not end the others. A few MB of a file are in memory at most.

        :param files: as listed.
        :param sink: makes the place for one file's bytes; it is closed only when the file is whole and verified,
            otherwise it is discarded. A `NotSent` or `BadInput` it raises becomes that file's error.
        :returns: one outcome a file, in the order of `files`.
        :raises Stop: if a sink cannot store the bytes, as when the disk is full.
        """
        return self._open.fetch(files, sink)

    def publish(
        self,
        local_path: Path,
        folder: str,
        name: str,
        *,
        sha256: str = "",
        temp_folder: str | None = None,
        taken_folders: Sequence[str] = (),
    ) -> Published:
        """Publish one file; see :meth:`publish_many`.

        :raises Stop: if other bytes stand under that name, the folder is missing or not permitted, or the local file
            cannot be read.
        :raises InDoubt: if the answer to the rename was lost and looking did not tell.
        """
        upload = Upload(local_path, folder, name, sha256)
        published = self.publish_many([upload], temp_folder=temp_folder, taken_folders=taken_folders)[0]
        if published.error is not None:
            raise published.error
        return published

    def publish_many(
        self, uploads: Sequence[Upload], *, temp_folder: str | None = None, taken_folders: Sequence[str] = ()
    ) -> PublishedFiles:
        """Publish files: upload under ``.<name>.<hash>.part``, verify the size, then rename without overwriting.

        Doing it again changes nothing: a file that stands there with the same bytes, or lies in one of
        `taken_folders` under its name with the same size, is done. Temporary files that earlier tries of the same
        names left are removed. If the answer to a rename is lost, the server is asked over a new connection.

        :param uploads: what to publish; the folders have to exist.
        :param temp_folder: for consumers that take files of any name: another folder on the same remote disk.
        :param taken_folders: folders into which the consumer moves what it has taken, such as its archive. Without
            them, a consumer that takes a file before the next try is given it again.
        :returns: one outcome an upload, in their order, each with its own error.
        :raises Stop: if a folder does not exist, a local file cannot be read, or two uploads have one target.
        :raises NotSent: if the connection was cut before some files were published.
        :raises InDoubt: if the answer to a rename was lost and looking did not tell.
        """
        return self._open.publish(uploads, temp_folder, taken_folders)

    def move(self, file: str | RemoteFile, folder: str) -> str:
        """Move one file; see :meth:`move_many`.

        :returns: its new path.
        :raises Stop: if it is not permitted.
        :raises NotSent: if the file is neither there nor in the folder, or the server refuses for another cause.
        :raises BadInput: if its name is not safe in a path.
        """
        moved = self.move_many([file], folder)[0]
        if moved.error is not None:
            raise moved.error
        return moved.path

    def move_many(self, files: Sequence[str | RemoteFile], folder: str) -> MovedFiles:
        """Move files into a folder, which is made where it is missing.

        Nothing is overwritten: where the same bytes stand under the name already, the source is removed; where other
        bytes do, the file gets ``-1``, ``-2`` … before its extension. A source that is gone while the target is
        there was moved before.

        :param files: paths; or files as listed: then one that was replaced since (other size or time) is left where
            it is, with a `NotSent` of its own, because nobody has read the new one.
        :returns: one outcome a file, in their order, each with its own error.
        :raises Stop: if the folder cannot be made.
        """
        return self._open.move(files, folder)

    @property
    def _open(self) -> SftpWorker:
        if self._worker is None:
            raise Stop("The SFTP client is used outside of its `with` block.", next_step="Correct the code.")
        return self._worker
