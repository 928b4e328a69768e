"""One open SFTP session: the connection, bounded concurrency, and the reads and looks that all its users share."""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

import asyncssh

from order_sync.errors import NotSent, NotThere, Stop
from order_sync.partners.sftp_connection import LOST, SftpConnection, lost, wrong_settings
from order_sync.partners.sftp_files import RemoteFile, is_safe_name

if TYPE_CHECKING:
    from airflow.sdk import Connection

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Files up to this many bytes are held in memory whole; larger ones are streamed.
SMALL = 1024 * 1024

_LARGE_AT_ONCE = 2
_ANSWER_SECONDS = 120.0
_FAREWELL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """What the server says of one path: size in bytes, whether a folder, last change in seconds of its clock."""

    size: int
    is_dir: bool
    mtime: int


class Session:
    """An SFTP session over one SSH connection.

    :param connection: the Airflow connection. Its extra `answer_timeout` (seconds, default 120) bounds the wait for
        any one answer of the server.
    :param concurrency: small files under way at once.
    :raises Stop: if a time limit of the connection is not a number.
    """

    def __init__(self, connection: Connection, concurrency: int) -> None:
        try:
            self.link = SftpConnection(connection)
            self.patience = float(connection.extra_dejson.get("answer_timeout", _ANSWER_SECONDS))
        except ValueError as error:
            raise wrong_settings(f"connection {connection.conn_id!r}", str(error)) from error
        self.concurrency = concurrency
        self.known_folders: set[str] = set()
        self.used_at = time.monotonic()
        self._ssh: asyncssh.SSHClientConnection | None = None
        self._sftp: asyncssh.SFTPClient | None = None

    async def open(self) -> None:
        """Connect, unless the connection is open.

        :raises NotSent: if the server cannot be used now.
        :raises Stop: if the settings are wrong.
        """
        if self._ssh is not None and await self._alive(self._ssh):
            return
        self._ssh = await self.link.connect()
        try:
            async with asyncio.timeout(self.patience):
                self._sftp = await self._ssh.start_sftp_client()
        except (asyncssh.Error, OSError) as error:
            self._ssh.abort()
            raise NotSent(
                f"The server of the SFTP {self.link.describe()} offers no SFTP to this login ({error}).",
                next_step="Ask the partner to enable SFTP for the login.",
            ) from error

    async def _alive(self, ssh: asyncssh.SSHClientConnection) -> bool:
        # Keep-alives run only during calls: a connection that was idle longer may have been dropped on the way.
        if ssh.is_closed():
            return False
        if time.monotonic() - self.used_at < self.link.keepalive:
            return True
        try:
            async with asyncio.timeout(self.link.connect_timeout):
                await self.sftp.realpath(".")
        except LOST:
            ssh.abort()
            return False
        return True

    async def close(self) -> None:
        """Close the connection without waiting long for the server's farewell."""
        if self._ssh is None:
            return
        self._ssh.close()
        try:
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._ssh.wait_closed()
        except TimeoutError:
            self._ssh.abort()

    def abandon(self) -> None:
        """Cut the connection at once."""
        if self._ssh is not None:
            self._ssh.abort()

    @property
    def sftp(self) -> asyncssh.SFTPClient:
        """The open client."""
        if self._sftp is None:
            raise Stop("The SFTP client is used before it is open.", next_step="Use it in a `with` block.")
        return self._sftp

    async def each(
        self, items: Sequence[Item], work: Callable[[Item], Awaitable[Result]], limit: int | None = None
    ) -> list[Result]:
        """Do `work` for all items, at most `limit` at once (default: the session's concurrency).

        :returns: the results in the order of the items.
        :raises Exception: the first failure, after the work under way was cancelled.
        """
        results: dict[int, Result] = {}
        todo = iter(enumerate(items))

        async def worker() -> None:
            for index, item in todo:
                results[index] = await work(item)

        workers = [asyncio.create_task(worker()) for _ in range(min(limit or self.concurrency, len(items)))]
        try:
            await asyncio.gather(*workers)
        finally:
            for task in workers:
                task.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return [results[index] for index in range(len(items))]

    async def each_by_size(self, sizes: Sequence[int], work: Callable[[int], Awaitable[None]]) -> None:
        """Do `work` for each index of `sizes` (bytes): small files many at once, then large ones two at a time."""
        await self.each([index for index, size in enumerate(sizes) if size <= SMALL], work)
        await self.each([index for index, size in enumerate(sizes) if size > SMALL], work, _LARGE_AT_ONCE)

    async def look(self, path: str) -> Look | None:
        """:returns: what stands at `path` (links followed), or None when nothing does."""
        try:
            async with asyncio.timeout(self.patience):
                return _look(await self.sftp.stat(path))
        except asyncssh.SFTPNoSuchFile:
            return None

    async def entries(self, folder: str) -> list[RemoteFile]:
        """List a folder: files and folders, links resolved; what is neither (sockets, dangling links) is left out.

        :raises Stop: if there is no such folder or it may not be read.
        """
        try:
            names = await self.scan(folder)
        except asyncssh.SFTPError as error:
            raise self.trouble(error, f"list the folder {folder!r}") from error
        found = await self.each(names, lambda name: self._entry(folder, name))
        return sorted((file for file in found if file is not None), key=lambda file: file.name)

    async def scan(self, folder: str) -> list[asyncssh.SFTPName]:
        """:returns: the raw listing of a folder, without itself and its parent."""
        names: list[asyncssh.SFTPName] = []
        clock = asyncio.get_running_loop().time
        async with asyncio.timeout(self.patience) as deadline:
            async for name in self.sftp.scandir(folder.encode() or b"."):
                if name.filename not in (b".", b".."):
                    names.append(name)
                deadline.reschedule(clock() + self.patience)
        return names

    async def _entry(self, folder: str, entry: asyncssh.SFTPName) -> RemoteFile | None:
        name = name_of(entry)
        path = join(folder, name) if is_safe_name(name) else ""
        attrs = entry.attrs
        if path and attrs.type == asyncssh.FILEXFER_TYPE_SYMLINK:
            try:
                attrs = await self.sftp.stat(path)
            except LOST:
                raise
            except asyncssh.SFTPError:  # a link to nothing, or to where the login may not look
                return None
        elif path and None in (attrs.size, attrs.mtime):
            attrs = await self.sftp.stat(path)
        look = _look(attrs)
        ordinary = attrs.type in (asyncssh.FILEXFER_TYPE_REGULAR, asyncssh.FILEXFER_TYPE_UNKNOWN)
        if not (look.is_dir or ordinary):
            return None
        return RemoteFile(name, path, look.size, datetime.fromtimestamp(look.mtime, UTC), look.is_dir)

    @asynccontextmanager
    async def opened(self, path: str, flags: int) -> AsyncIterator[asyncssh.SFTPClientFile]:
        """Open a remote file whose reads and writes are one request each."""
        async with asyncio.timeout(self.patience):
            file = await self.sftp.open(path, flags, encoding=None, block_size=0)
        try:
            yield file
        except BaseException:
            with suppress(*LOST, asyncssh.SFTPError):  # the error under way says more than a failing close
                async with asyncio.timeout(_FAREWELL_SECONDS):
                    await file.close()
            raise
        async with asyncio.timeout(self.patience):
            await file.close()

    async def read(self, file: asyncssh.SFTPClientFile, offset: int, length: int) -> bytes:
        """:returns: `length` bytes from `offset`; fewer only at the end of the file."""
        data = b""
        async with asyncio.timeout(self.patience):
            while len(data) < length:
                more: bytes = await file.read(length - len(data), offset + len(data))
                if not more:
                    break
                data = data + more if data else more
        return data

    async def write(self, file: asyncssh.SFTPClientFile, data: bytes, offset: int) -> None:
        """Write one block."""
        async with asyncio.timeout(self.patience):
            await file.write(data, offset)

    async def fstat(self, file: asyncssh.SFTPClientFile) -> asyncssh.SFTPAttrs:
        """:returns: what the server says of an open file."""
        async with asyncio.timeout(self.patience):
            return await file.stat()

    async def rename(self, path: str, target: str) -> None:
        """Rename without overwriting: the server refuses when `target` exists."""
        async with asyncio.timeout(self.patience):
            await self.sftp.rename(path, target, flags=0)

    async def make(self, folder: str) -> None:
        """Make a folder whose parent exists."""
        async with asyncio.timeout(self.patience):
            await self.sftp.mkdir(folder)

    async def remove(self, path: str) -> None:
        """Remove a file; one that is gone already is fine."""
        with suppress(asyncssh.SFTPNoSuchFile):
            async with asyncio.timeout(self.patience):
                await self.sftp.remove(path)

    def trouble(self, error: asyncssh.SFTPError, doing: str) -> Stop | NotSent:
        """Turn the server's refusal of one request into our error.

        :param doing: what was asked, as in "list the folder 'in'".
        """
        where = self.link.describe()
        if isinstance(error, LOST):
            return lost(error, where, f"while trying to {doing}")
        if isinstance(error, (asyncssh.SFTPNoSuchFile, asyncssh.SFTPNoSuchPath, asyncssh.SFTPNotADirectory)):
            return NotThere(
                f"Cannot {doing}: it does not exist on the SFTP {where}.",
                next_step="Correct the folder in the retailer's settings, or have the partner create it.",
            )
        if isinstance(error, (asyncssh.SFTPPermissionDenied, asyncssh.SFTPWriteProtect)):
            return Stop(
                f"Cannot {doing}: the login of the SFTP {where} is not permitted to.",
                next_step="Ask the partner to give the login access.",
            )
        return NotSent(
            f"Cannot {doing}: the server of the SFTP {where} answered {error.reason!r}.",
            next_step="If it stays so, ask the partner: its disk may be full or a quota used up.",
        )


def join(folder: str, name: str) -> str:
    """:returns: the path of `name` in a remote folder; an empty folder is the one the login starts in."""
    return f"{folder.rstrip('/')}/{name}" if folder.strip("/") or folder.startswith("/") else name


def name_of(entry: asyncssh.SFTPName) -> str:
    """:returns: the name in a raw listing; bytes that are not UTF-8 are escaped, so that the name is unsafe."""
    raw = entry.filename if isinstance(entry.filename, bytes) else entry.filename.encode()
    return raw.decode(errors="backslashreplace")


def _look(attrs: asyncssh.SFTPAttrs) -> Look:
    is_dir = attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY or stat.S_ISDIR(attrs.permissions or 0)
    return Look(attrs.size or 0, is_dir, int(attrs.mtime or 0))
