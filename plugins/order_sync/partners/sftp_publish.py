"""Publishes files so that a consumer never sees part of one, and publishing twice changes nothing.

A file is uploaded under a temporary name, its size is checked by the server's own account, then it is renamed. The
rename is the plain one of SFTP version 3, which fails when the target exists: that is the sign of an earlier try.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncssh

from order_sync import faults
from order_sync.errors import InDoubt, NotSent, OrderSyncError, Stop
from order_sync.partners.sftp_blocks import holds
from order_sync.partners.sftp_connection import LOST
from order_sync.partners.sftp_files import Published, Upload, check_name
from order_sync.partners.sftp_move import make_folder
from order_sync.partners.sftp_session import Session, join, name_of
from order_sync.partners.sftp_upload import LocalFile, upload

_TEMPORARY = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{12}\.part")
_LONGEST_NAME = 200  # bytes: the temporary name adds 19, and servers take 255


@dataclass(frozen=True, slots=True)
class Places:
    """Where files of one call may stand besides their own folder.

    :param temp_folder: folder for temporary names, made if missing; None: the file's own.
    :param taken_folders: folders into which the consumer moves what it has taken.
    """

    temp_folder: str | None = None
    taken_folders: Sequence[str] = ()


class _Job:
    """One upload on its way."""

    def __init__(self, upload: Upload, places: Places) -> None:
        self.name = upload.name
        self.folder = upload.folder
        self.target = join(upload.folder, upload.name)
        self.temp_folder = upload.folder if places.temp_folder is None else places.temp_folder
        self.local = LocalFile(upload.local_path, upload.sha256)
        self.asked = False
        """Whether the server was asked to rename: from then on a cut connection leaves a doubt."""
        self.outcome: Published | None = None
        """Set when it is over."""

    @property
    def temporary(self) -> str:
        """The path under which the bytes are uploaded."""
        return join(self.temp_folder, f".{self.name}.{self.local.sha256[:12]}.part")

    def done(self, path: str, *, renamed: bool) -> None:
        """Note that the file is published at `path`."""
        self.outcome = Published(path, self.local.size, self.local.sha256, renamed)

    def failed(self, error: OrderSyncError) -> None:
        """Note why the file is not published."""
        self.outcome = Published(self.target, self.local.size, self.local.sha256, renamed=False, error=error)


async def publish(session: Session, uploads: Sequence[Upload], places: Places) -> list[Published]:
    """Publish `uploads`, small ones many at once.

    :returns: one outcome an upload, in their order.
    :raises Stop: if a folder does not exist, or two uploads have one target.
    :raises NotSent: if the connection was cut before some of the files were published.
    :raises InDoubt: if it was cut while the server renamed a file, and the server cannot be asked any more.
    """
    jobs = [_Job(upload, places) for upload in uploads]
    _check_jobs(jobs)
    if places.temp_folder:
        await make_folder(session, places.temp_folder)
    folders = {job.folder for job in jobs} | {job.temp_folder for job in jobs}
    listed = {folder: await _sizes(session, folder) for folder in sorted(folders)}
    for folder, present in listed.items():
        await _sweep(session, folder, present, jobs)

    async def one(index: int) -> None:
        job = jobs[index]
        try:
            await _one(session, job, places, listed[job.folder].get(job.name))
        except LOST:
            return  # without an outcome: `_after_a_cut` sees to it
        except asyncssh.SFTPError as error:
            job.failed(session.trouble(error, f"publish {job.target!r}"))
        except OrderSyncError as error:
            job.failed(error)

    await session.each_by_size([job.local.size for job in jobs], one)
    await _after_a_cut(session, jobs, places)
    return [job.outcome for job in jobs if job.outcome is not None]


async def _one(session: Session, job: _Job, places: Places, listed_size: int | None) -> None:
    faults.point("publish.before_upload")
    await job.local.load()
    if listed_size is not None:
        await _found(session, job, places, listed_size)
    elif path := await _taken(session, job, places):
        job.done(path, renamed=False)
    else:
        await upload(session, job.local, job.temporary)
        faults.point("publish.before_rename")
        await _rename(session, job, places)


async def _rename(session: Session, job: _Job, places: Places) -> None:
    job.asked = True
    try:
        await session.rename(job.temporary, job.target)
    except LOST:
        raise
    except asyncssh.SFTPError as error:
        await _refused(session, job, places, error)
    else:
        faults.point("publish.after_rename")
        job.done(job.target, renamed=True)


async def _refused(session: Session, job: _Job, places: Places, error: asyncssh.SFTPError) -> None:
    """Look why a rename was refused: an earlier try may have succeeded."""
    try:
        if await _there(session, job, places):
            return
    except Stop:
        await session.remove(job.temporary)
        raise
    if await session.look(job.temporary) is None:
        raise Stop(
            f"The temporary file {job.temporary!r} was taken away before it got its name.",
            next_step="The consumer takes files of any name: set `temp_folder` to a folder it does not read, on the "
            "same disk; then check with the consumer whether it used the file.",
        )
    raise session.trouble(error, f"rename {job.temporary!r} to {job.target!r}") from error


async def _there(session: Session, job: _Job, places: Places) -> bool:
    """Note the job as done if its target stands there with the right bytes, or the consumer has taken it.

    :raises Stop: if other bytes stand there.
    """
    path = await _at_target(session, job) or await _taken(session, job, places)
    if path is None:
        return False
    gone = await session.look(job.temporary) is None
    if not gone:
        await session.remove(job.temporary)
    job.done(path, renamed=job.asked and gone)
    return True


async def _at_target(session: Session, job: _Job) -> str | None:
    look = await session.look(job.target)
    if look is None:
        return None
    try:
        if await holds(session, job.target, job.local.size, job.local.sha256):
            return job.target
    except asyncssh.SFTPNoSuchFile:
        return None
    if await session.look(job.target) is None:
        return None  # the consumer has taken it since the first look
    raise _other_bytes(job, job.target, look.size)


async def _taken(session: Session, job: _Job, places: Places) -> str | None:
    for folder in places.taken_folders:
        path = join(folder, job.name)
        look = await session.look(path)
        if look is None:
            continue
        if look.size != job.local.size:
            raise _other_bytes(job, path, look.size)
        return path
    return None


async def _found(session: Session, job: _Job, places: Places, listed_size: int) -> None:
    """Settle a job whose target was there before anything was uploaded."""
    if listed_size != job.local.size:
        raise _other_bytes(job, job.target, listed_size)
    if not await _there(session, job, places):
        job.done(job.target, renamed=False)  # taken away between two looks: it had been published


def _other_bytes(job: _Job, path: str, size: int) -> Stop:
    return Stop(
        f"The file {path!r} exists on the server with other bytes ({size} bytes) than the local file "
        f"{str(job.local.path)!r} ({job.local.size} bytes, SHA-256 {job.local.sha256[:12]}…).",
        next_step="Compare the two; nothing was overwritten. Move the wrong one away, then clear the task.",
    )


async def _after_a_cut(session: Session, jobs: Sequence[_Job], places: Places) -> None:
    """Settle what a cut connection left open: ask the server over a new one, or say what is not known."""
    for job in jobs:
        if job.outcome is None and job.asked:
            await _ask_again(session, job, places)
    unsent = [job for job in jobs if job.outcome is None]
    if unsent:
        raise NotSent(
            f"{len(unsent)} of {len(jobs)} files were not published over the SFTP {session.link.describe()}, the "
            f"first one being {unsent[0].target!r}: the connection was cut.",
            next_step="Nothing to do: the next try publishes the missing ones and leaves the others as they are.",
        )


async def _ask_again(session: Session, job: _Job, places: Places) -> None:
    why = "neither of the two is there any more."
    try:
        await session.open()
        if await _there(session, job, places):
            return
        if await session.look(job.temporary) is not None:
            await _rename(session, job, places)
            return
    except Stop as error:
        job.failed(error)
        return
    except (OrderSyncError, asyncssh.Error, OSError) as error:
        why = f"the server cannot be asked: {error}"
    raise InDoubt(
        f"The answer to renaming {job.temporary!r} to {job.target!r} was lost on the SFTP {session.link.describe()}; "
        f"{why}",
        next_step="Look whether the consumer has the file; clear the task only if it has not.",
    )


def _check_jobs(jobs: Sequence[_Job]) -> None:
    targets: set[str] = set()
    for job in jobs:
        check_name(job.name)
        if job.target in targets or len(job.name.encode()) > _LONGEST_NAME:
            raise Stop(
                f"The file {job.target!r} cannot be published: its name is longer than {_LONGEST_NAME} bytes, or "
                "stands twice in one call.",
                next_step="Correct the file prefix in the retailer's settings.",
            )
        targets.add(job.target)


async def _sizes(session: Session, folder: str) -> dict[str, int]:
    """:returns: the size of each entry of a folder by its name; empty if the login may write there but not look."""
    try:
        return {name_of(entry): entry.attrs.size or 0 for entry in await session.scan(folder)}
    except asyncssh.SFTPPermissionDenied:
        return {}
    except asyncssh.SFTPError as error:
        raise session.trouble(error, f"list the folder {folder!r}") from error


async def _sweep(session: Session, folder: str, present: Iterable[str], jobs: Sequence[_Job]) -> None:
    """Remove what earlier tries of these jobs left under temporary names."""
    ours = {job.name for job in jobs if job.temp_folder == folder}
    old = [name for name in present if (match := _TEMPORARY.fullmatch(name)) and match["name"] in ours]
    await session.each(old, lambda name: session.remove(join(folder, name)))
