"""Downloads many files over one session: each whole, verified and hashed, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import asyncssh

from order_sync import faults
from order_sync.errors import BadInput, NotSent, Stop
from order_sync.partners.sftp_blocks import read_blocks
from order_sync.partners.sftp_connection import LOST
from order_sync.partners.sftp_files import Fetched, RemoteFile, Sink, check_name
from order_sync.partners.sftp_session import SMALL, Session

MakeSink = Callable[[RemoteFile], Sink]


async def fetch(session: Session, files: Sequence[RemoteFile], make_sink: MakeSink) -> list[Fetched]:
    """Download `files`; small ones many at once, large ones two at a time.

    :returns: one outcome a file, in the order of `files`.
    :raises Stop: if a sink cannot store the bytes.
    :raises Exception: one of `LOST` if the connection is cut: nothing that was under way is kept.
    """
    results: dict[int, Fetched] = {}

    async def one(index: int) -> None:
        results[index] = await _one(session, files[index], make_sink)

    await session.each_by_size([file.size for file in files], one)
    return [results[index] for index in range(len(files))]


async def _one(session: Session, file: RemoteFile, make_sink: MakeSink) -> Fetched:
    try:
        check_name(file.name)
        faults.point("fetch.before_download")
        fetched = await (_small if file.size <= SMALL else _large)(session, file, make_sink)
        faults.point("fetch.after_download")
        return fetched
    except LOST:
        raise
    except asyncssh.SFTPError as error:
        return Fetched(file, "", 0, _unreadable(session, file, error))
    except (NotSent, BadInput) as error:
        return Fetched(file, "", 0, error)


async def _small(session: Session, file: RemoteFile, make_sink: MakeSink) -> Fetched:
    async with session.opened(file.path, asyncssh.FXF_READ) as handle:
        data = b"".join([block async for block in read_blocks(session, handle, file.size)])
        _check_unchanged(file, await session.fstat(handle), len(data))
    with _storing(file):
        sink = make_sink(file)
        try:
            sink.write(data)
            sink.close()
        except BaseException:
            sink.discard()
            raise
    return Fetched(file, hashlib.sha256(data).hexdigest(), len(data))


async def _large(session: Session, file: RemoteFile, make_sink: MakeSink) -> Fetched:
    sha256 = hashlib.sha256()
    received = 0
    with _storing(file):
        sink = make_sink(file)
    try:
        async with session.opened(file.path, asyncssh.FXF_READ) as handle:
            async for data in read_blocks(session, handle, file.size):
                sha256.update(data)
                received += len(data)
                with _storing(file):
                    sink.write(data)
            _check_unchanged(file, await session.fstat(handle), received)
        with _storing(file):
            sink.close()
    except BaseException:
        sink.discard()
        raise
    return Fetched(file, sha256.hexdigest(), received)


def _check_unchanged(file: RemoteFile, now: asyncssh.SFTPAttrs, received: int) -> None:
    listed = (file.size, int(file.mtime.timestamp()))
    if received == file.size and (now.size, int(now.mtime or listed[1])) == listed:
        return
    raise NotSent(
        f"The file {file.path!r} changed while it was downloaded: listed with {file.size} bytes, "
        f"{received} received, {now.size} now.",
        next_step="Nothing to do: it is taken once it is finished; if it stays so, ask the partner what writes to it.",
    )


def _unreadable(session: Session, file: RemoteFile, error: asyncssh.SFTPError) -> NotSent:
    if isinstance(error, asyncssh.SFTPNoSuchFile):
        why, step = "it is gone since it was listed", "Ask who else takes files out of this folder."
    elif isinstance(error, asyncssh.SFTPPermissionDenied):
        why, step = "the login is not permitted to read it", "Ask the partner to give the login access to the file."
    else:
        why, step = f"the server answered {error.reason!r}", "Nothing to do: the next run tries again."
    return NotSent(
        f"The file {file.path!r} could not be downloaded over the SFTP {session.link.describe()}: {why}.",
        next_step=step,
    )


@contextmanager
def _storing(file: RemoteFile) -> Iterator[None]:
    """Keep errors of our own disk apart from errors of the server, which are OSErrors too."""
    try:
        yield
    except OSError as error:
        raise Stop(
            f"The file {file.path!r} could not be stored on our side: {error}.",
            next_step="Make room on the disk of the staging store and clear the task.",
        ) from error
