"""Uploads the bytes of one local file and has the server confirm their number."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncssh

from order_sync.errors import NotSent, Stop
from order_sync.partners.sftp_blocks import write_blocks, write_size
from order_sync.partners.sftp_connection import LOST
from order_sync.partners.sftp_files import sha256_of
from order_sync.partners.sftp_session import SMALL, Session

_FOR_UPLOAD = asyncssh.FXF_WRITE | asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC


class LocalFile:
    """A file on our disk: small ones are read whole, large ones are hashed first and streamed later.

    :param path: the file.
    :param sha256: its hash where it is known; empty: it is computed.
    :raises Stop: if the file cannot be read.
    """

    def __init__(self, path: Path, sha256: str = "") -> None:
        self.path = path
        self.sha256 = sha256
        with _reading(path):
            self.size = path.stat().st_size
        self._data: bytes | None = None

    async def load(self) -> None:
        """Read a small file; compute the hash where it is missing.

        :raises Stop: if the file cannot be read, or is not what its known hash says.
        """
        with _reading(self.path):
            if self.size <= SMALL:
                self._data = self.path.read_bytes()
                self.size = len(self._data)
                self.check(hashlib.sha256(self._data).hexdigest())
            elif not self.sha256:
                self.sha256 = await asyncio.to_thread(sha256_of, self.path)

    def check(self, actual: str) -> None:
        """Compare the bytes' hash with the known one.

        :raises Stop: if they differ.
        """
        if self.sha256 and actual != self.sha256:
            raise Stop(
                f"The local file {str(self.path)!r} is not what was recorded: its SHA-256 is {actual[:12]}…, "
                f"expected {self.sha256[:12]}….",
                next_step="Find out what changed the file; run the transform again to write it anew.",
            )
        self.sha256 = actual

    def blocks(self, block: int) -> Iterator[bytes]:
        """Read the file in pieces of `block` bytes; drops the bytes of a small file from memory at the end."""
        if self._data is not None:
            yield from (self._data[start : start + block] for start in range(0, len(self._data), block))
            self._data = None
            return
        sha256 = hashlib.sha256()
        with _reading(self.path), self.path.open("rb") as file:
            while data := file.read(block):
                sha256.update(data)
                yield data
        self.check(sha256.hexdigest())


async def upload(session: Session, local: LocalFile, path: str) -> None:
    """Upload a loaded file to `path`, replacing what is there.

    :raises NotSent: if the server holds another number of bytes afterwards, or refuses.
    :raises Stop: if the folder is missing, not permitted, or the local file changed meanwhile.
    """
    try:
        async with session.opened(path, _FOR_UPLOAD) as file:
            await write_blocks(session, file, local.size, local.blocks(write_size(session)))
            stored = (await session.fstat(file)).size
            if stored != local.size:
                raise NotSent(
                    f"The server stored {stored} of {local.size} bytes of {path!r}.",
                    next_step="Nothing to do: the next try uploads it again; if it stays so, ask for disk space.",
                )
    except LOST:
        raise
    except (asyncssh.SFTPError, NotSent, Stop) as error:
        with suppress(asyncssh.Error, OSError):  # the next try sweeps it; the error under way says more
            await session.remove(path)
        if isinstance(error, asyncssh.SFTPError):
            raise session.trouble(error, f"upload {path!r}") from error
        raise


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Keep errors of our own disk apart from errors of the server, which are OSErrors too."""
    try:
        yield
    except OSError as error:
        raise Stop(
            f"The local file {str(path)!r} cannot be read: {error}.",
            next_step="Check the staging store, then clear the task.",
        ) from error
