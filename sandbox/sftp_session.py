"""One SFTP session of the sandbox server: plain files, the manners of OpenSSH, and the scripted faults."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path

import asyncssh
from asyncssh.sftp import SFTPAttrs, SFTPName

from sandbox.sftp_faults import Operation, SftpFaults


@dataclass
class _Transfer:
    """An open file: its path as the client sees it, and the bytes that passed."""

    path: str
    sent: int = 0
    stored: int = 0


class SftpSession(asyncssh.SFTPServer):
    """Answers the SFTP requests of one client.

    :param chan: the channel of the session.
    :param root: the folder the client sees as ``/``.
    :param faults: the script of faults.
    """

    def __init__(self, chan: asyncssh.SSHServerChannel[bytes], root: Path, faults: SftpFaults) -> None:
        super().__init__(chan, chroot=os.fsencode(root))
        self._faults = faults
        self._transfers: dict[object, _Transfer] = {}
        self._doomed = False

    def scandir(self, path: bytes) -> AsyncIterator[SFTPName]:
        """List a folder; errors come with the answer to "opendir", as from OpenSSH.

        :param path: the folder.
        :returns: its entries, with ``.`` and ``..``.
        """
        self._permit("list", path)
        with os.scandir(self._local(path)) as entries:
            names = [os.fsencode(entry.name) for entry in entries]
        return self._entries(path, names)

    def lstat(self, path: bytes) -> SFTPAttrs:
        """Tell the attributes of a path, of a link itself.

        :param path: the path.
        :returns: the attributes, with a wrong size when that is scripted.
        """
        self._permit("stat", path)
        return self._attributes(_shown(path), os.lstat(self._local(path)))

    def stat(self, path: bytes) -> SFTPAttrs:
        """Tell the attributes of a path, of what a link points to.

        :param path: the path.
        :returns: the attributes, with a wrong size when that is scripted.
        """
        self._permit("stat", path)
        return self._attributes(_shown(path), self._local(path).stat())

    def fstat(self, file_obj: object) -> SFTPAttrs:
        """Tell the attributes of an open file.

        :param file_obj: the open file.
        :returns: the attributes, with a wrong size when that is scripted.
        """
        self._alive()
        found = super().fstat(file_obj)
        if not isinstance(found, os.stat_result):
            raise asyncssh.SFTPFailure("no attributes of an open file")
        return self._attributes(self._transfers[file_obj].path, found)

    def open(self, path: bytes, pflags: int, attrs: SFTPAttrs) -> object:
        """Open a file.

        :param path: the file.
        :param pflags: the protocol's open flags.
        :param attrs: attributes of a new file.
        :returns: the open file.
        """
        self._permit("open", path)
        file_obj = super().open(path, pflags, attrs)
        self._transfers[file_obj] = _Transfer(_shown(path))
        return file_obj

    def close(self, file_obj: object) -> None:
        """Close a file.

        :param file_obj: the open file.
        """
        self._transfers.pop(file_obj, None)
        super().close(file_obj)

    def read(self, file_obj: object, offset: int, size: int) -> bytes | Awaitable[bytes]:
        """Read from an open file; may be slow, or the last answer before a cut.

        :param file_obj: the open file.
        :param offset: first byte.
        :param size: most bytes.
        :returns: the bytes.
        """
        self._alive()
        transfer = self._transfers[file_obj]
        slow = self._faults.take("slow_read", transfer.path)
        data = super().read(file_obj, offset, size)
        if not isinstance(data, bytes):
            raise asyncssh.SFTPFailure("an open file gave no bytes")
        transfer.sent += len(data)
        cut = self._faults.take("cut_download", transfer.path, when=lambda fault: fault.after_bytes <= transfer.sent)
        if cut is not None:
            data = data[: len(data) - (transfer.sent - cut.after_bytes)]
            self._cut_after_this_answer()
        return data if slow is None else _later(data, slow.seconds)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        """Write to an open file; may store the first part only and cut.

        :param file_obj: the open file.
        :param offset: where to write.
        :param data: what to write.
        :returns: number of bytes stored.
        """
        self._alive()
        transfer = self._transfers[file_obj]
        total = transfer.stored + len(data)
        cut = self._faults.take("cut_upload", transfer.path, when=lambda fault: fault.after_bytes <= total)
        if cut is not None:
            data = data[: max(0, cut.after_bytes - transfer.stored)]
        super().write(file_obj, offset, data)
        transfer.stored += len(data)
        if cut is not None:
            self._cut_now()
        return len(data)

    def remove(self, path: bytes) -> None:
        """Remove a file.

        :param path: the file.
        """
        self._permit("remove", path)
        self._local(path).unlink()

    def mkdir(self, path: bytes, attrs: SFTPAttrs) -> None:
        """Make a folder.

        :param path: the folder.
        :param attrs: its attributes.
        """
        self._permit("mkdir", path)
        super().mkdir(path, attrs)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename as OpenSSH does without an extension: fails when the new name exists.

        A regular file is linked under the new name and then unlinked, so that no other process can slip in between
        the look and the rename.

        :param oldpath: the present name.
        :param newpath: the new name.
        """
        self._before_rename(oldpath, newpath)
        old, new = self._local(oldpath), self._local(newpath)
        if os.path.lexists(new):
            raise asyncssh.SFTPFailure("Failure")
        if stat.S_ISREG(old.lstat().st_mode) and _linked(old, new):
            old.unlink()
        else:
            old.rename(new)
        self._after_rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        """Rename with the OpenSSH extension: overwrites.

        :param oldpath: the present name.
        :param newpath: the new name.
        """
        self._before_rename(oldpath, newpath)
        self._local(oldpath).replace(self._local(newpath))
        self._after_rename(oldpath, newpath)

    async def _entries(self, folder: bytes, names: list[bytes]) -> AsyncIterator[SFTPName]:
        for name in (b".", b"..", *names):
            try:
                found = os.lstat(self._local(folder) / os.fsdecode(name))
            except FileNotFoundError:
                continue
            yield SFTPName(name, attrs=SFTPAttrs.from_local(found))

    def _local(self, path: bytes) -> Path:
        return Path(os.fsdecode(self.map_path(path)))

    def _attributes(self, path: str, found: os.stat_result) -> SFTPAttrs:
        attributes = SFTPAttrs.from_local(found)
        wrong = self._faults.take("wrong_size", path)
        if wrong is not None:
            attributes.size = wrong.size
        return attributes

    def _permit(self, operation: Operation, *paths: bytes) -> None:
        self._alive()
        if self._faults.take(f"deny_{operation}", *map(_shown, paths)) is not None:
            raise PermissionError(errno.EACCES, "Permission denied")

    def _before_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._permit("rename", oldpath, newpath)
        if self._faults.take("cut_before_rename", _shown(oldpath), _shown(newpath)) is not None:
            self._cut_now()
            self._alive()

    def _after_rename(self, oldpath: bytes, newpath: bytes) -> None:
        if self._faults.take("cut_after_rename", _shown(oldpath), _shown(newpath)) is not None:
            self._cut_now()

    def _alive(self) -> None:
        """Refuse requests that were already in the pipe when the connection was cut."""
        if self._doomed:
            self.connection.abort()
            raise asyncssh.SFTPConnectionLost("connection cut by a scripted fault")

    def _cut_now(self) -> None:
        self._doomed = True
        self.connection.abort()

    def _cut_after_this_answer(self) -> None:
        self._doomed = True
        asyncio.get_running_loop().call_soon(self.connection.abort)


def _shown(path: bytes) -> str:
    """Show a requested path as an absolute one without ``.`` and ``..``."""
    return os.path.normpath("/" + os.fsdecode(path).lstrip("/"))


def _linked(old: Path, new: Path) -> bool:
    """Give a file a second name; False where that is not possible, as on file systems without hard links."""
    try:
        new.hardlink_to(old)
    except OSError as error:
        if error.errno in (errno.EPERM, errno.EOPNOTSUPP, errno.EXDEV, errno.EMLINK):
            return False
        raise
    return True


async def _later(data: bytes, seconds: float) -> bytes:
    await asyncio.sleep(seconds)
    return data
