"""Large files in blocks, several under way at once; small ones in one request."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

import asyncssh

from order_sync.partners.sftp_session import Session

Result = TypeVar("Result")

_LARGEST_BLOCK = 255 * 1024  # what OpenSSH takes in one request
_WINDOW = 4 * 1024 * 1024  # bytes under way for one file
_MOST_UNDER_WAY = 128


async def read_blocks(session: Session, file: asyncssh.SFTPClientFile, size: int) -> AsyncIterator[bytes]:
    """Read `size` bytes in their order; ends early at the end of the file."""
    block = _block_size(session.sftp.limits.max_read_len)
    if size <= block:
        if size:
            yield await session.read(file, 0, size)
        return
    waiting: deque[asyncio.Task[bytes]] = deque()
    offset = 0
    try:
        while offset < size or waiting:
            while offset < size and len(waiting) < _under_way(block):
                length = min(block, size - offset)
                waiting.append(asyncio.create_task(session.read(file, offset, length)))
                offset += length
            data = await waiting.popleft()
            if not data:
                return
            yield data
    finally:
        await _cancel(waiting)


async def write_blocks(session: Session, file: asyncssh.SFTPClientFile, size: int, chunks: Iterable[bytes]) -> None:
    """Write a file of `size` bytes that comes in chunks of :func:`write_size`."""
    if size <= write_size(session):
        for data in chunks:
            await session.write(file, data, 0)
        return
    waiting: deque[asyncio.Task[None]] = deque()
    limit = _under_way(write_size(session))
    offset = 0
    try:
        for data in chunks:
            waiting.append(asyncio.create_task(session.write(file, data, offset)))
            offset += len(data)
            if len(waiting) >= limit:
                await waiting.popleft()
        while waiting:
            await waiting.popleft()
    finally:
        await _cancel(waiting)


def write_size(session: Session) -> int:
    """:returns: the most bytes that the server takes in one request."""
    return _block_size(session.sftp.limits.max_write_len)


async def digest(session: Session, path: str) -> tuple[int, str]:
    """:returns: the size and SHA-256 of a remote file, read whole."""
    sha256 = hashlib.sha256()
    size = 0
    async with session.opened(path, asyncssh.FXF_READ) as file:
        async for data in read_blocks(session, file, (await session.fstat(file)).size or 0):
            sha256.update(data)
            size += len(data)
    return size, sha256.hexdigest()


async def holds(session: Session, path: str, size: int, sha256: str) -> bool:
    """:returns: whether the remote file at `path` has these bytes."""
    look = await session.look(path)
    if look is None or look.size != size:
        return False
    return await digest(session, path) == (size, sha256)


def _block_size(server_limit: int) -> int:
    return min(server_limit or _LARGEST_BLOCK, _LARGEST_BLOCK)


def _under_way(block: int) -> int:
    return max(1, min(_MOST_UNDER_WAY, _WINDOW // block))


async def _cancel(tasks: deque[asyncio.Task[Result]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
