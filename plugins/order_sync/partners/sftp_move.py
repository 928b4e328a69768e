"""Moves files into a folder, as for archiving: nothing is overwritten, and a move done before is recognised."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

import asyncssh

from order_sync import faults
from order_sync.errors import OrderSyncError, Stop
from order_sync.partners.sftp_blocks import digest, holds
from order_sync.partners.sftp_connection import LOST
from order_sync.partners.sftp_files import Gone, Moved, RemoteFile, Replaced, check_name
from order_sync.partners.sftp_session import Session, join

_MOST_NAMES = 100


async def move(session: Session, files: Sequence[str | RemoteFile], folder: str) -> list[Moved]:
    """Move `files` into `folder`, making it and its parents where they are missing.

    :param files: paths; or files as listed, which are moved only if they have not changed since.
    :returns: one outcome a file, in their order.
    :raises Stop: if the folder cannot be made.
    :raises Exception: one of `LOST` if the connection is cut; moving again is safe.
    """
    await make_folder(session, folder)

    async def one(file: str | RemoteFile) -> Moved:
        path = file if isinstance(file, str) else file.path
        try:
            return Moved(path, await _one(session, path, folder, None if isinstance(file, str) else file))
        except LOST:
            raise
        except asyncssh.SFTPError as error:
            return Moved(path, "", session.trouble(error, f"move {path!r} to {folder!r}"))
        except OrderSyncError as error:
            return Moved(path, "", error)

    return await session.each(files, one)


async def make_folder(session: Session, folder: str) -> None:
    """Make a folder and its missing parents.

    :raises Stop: if that is not permitted, or a file stands in the way.
    """
    if folder in session.known_folders:
        return
    look = await session.look(folder or ".")
    if look is None:
        parent = str(PurePosixPath(folder).parent)
        await make_folder(session, "" if parent == "." else parent)
        try:
            await session.make(folder)
        except asyncssh.SFTPError as error:
            look = await session.look(folder)
            if look is None:
                raise session.trouble(error, f"make the folder {folder!r}") from error
    if look is not None and not look.is_dir:
        raise Stop(
            f"A file stands where the folder {folder!r} should be on the SFTP {session.link.describe()}.",
            next_step="Move the file away, or correct the folder in the retailer's settings.",
        )
    session.known_folders.add(folder)


async def _one(session: Session, path: str, folder: str, listed: RemoteFile | None) -> str:
    name = listed.name if listed else PurePosixPath(path).name
    check_name(name)
    if listed:
        await _check_same(session, listed)
    faults.point("move.before_rename")
    for candidate in _names(name):
        target = join(folder, candidate)
        if await _moved(session, path, target):
            faults.point("move.after_rename")
            return target
    raise Stop(
        f"The file {path!r} cannot be moved: {folder!r} holds {_MOST_NAMES} other files of that name.",
        next_step="Find out why one name comes again and again with other bytes; tidy the folder.",
    )


async def _check_same(session: Session, listed: RemoteFile) -> None:
    """:raises Replaced: if another file stands under the name by now: it has to be downloaded first."""
    look = await session.look(listed.path)
    if look is not None and (look.size, look.mtime) != (listed.size, int(listed.mtime.timestamp())):
        raise Replaced(
            f"The file {listed.path!r} was replaced since it was downloaded: it is left where it is.",
            next_step="Nothing to do: the next run takes the new one.",
        )


async def _moved(session: Session, path: str, target: str) -> bool:
    """:returns: whether the file stands at `target` now; False when another file stands there."""
    try:
        await session.rename(path, target)
    except LOST:
        raise
    except asyncssh.SFTPError as error:
        there = await session.look(target)
        here = await session.look(path)
        if here is None and there is None:
            raise Gone(
                f"The file {path!r} cannot be moved: it is neither there nor at {target!r}.",
                next_step="Ask who else takes files out of the folder; the downloaded copy is kept.",
            ) from error
        if here is None:
            return True
        if there is None:
            raise session.trouble(error, f"move {path!r} to {target!r}") from error
        if not await holds(session, target, *await digest(session, path)):
            return False
        await session.remove(path)
    return True


def _names(name: str) -> Iterator[str]:
    """:returns: the name, then the name with ``-1``, ``-2`` and so on before its extension."""
    yield name
    path = PurePosixPath(name)
    yield from (f"{path.stem}-{number}{path.suffix}" for number in range(1, _MOST_NAMES))
