"""Compressed TLog bundles: ``.gz`` and ``.zip``, opened part by part and bounded against bombs.

Nothing is unpacked to disk and no name from inside an archive is ever used as a path: names only appear in messages.
"""

from __future__ import annotations

import gzip
import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, cast

from order_sync.errors import BadInput

_GZIP, _ZIP = b"\x1f\x8b", b"PK\x03\x04"
#: What the unpackers raise over damaged bytes; which of them depends on the byte that is wrong.
_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ValueError, OverflowError, NotImplementedError, RuntimeError),
)


class Bounds(NamedTuple):
    """What a partner's file may cost.

    :param unpacked_bytes: of all parts together.
    :param members: parts of a zip.
    :param ratio: unpacked to packed size.
    """

    unpacked_bytes: int
    members: int
    ratio: int


class Part(NamedTuple):
    """A readable, seekable part of a file: the file itself, or a member of an archive."""

    name: str
    stream: BinaryIO


def parts(stream: BinaryIO, name: str, bounds: Bounds) -> Iterator[Part | BadInput]:
    """The parts of a stored file, in the order of the archive; a part that cannot be used comes as its error.

    :param stream: the stored bytes, seekable.
    :param name: the file's name, for messages.
    """
    stream.seek(0)
    mark = stream.read(4)
    packed = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    allowed = min(bounds.unpacked_bytes, bounds.ratio * max(packed, 1))
    if mark.startswith(_GZIP):
        with _bounded(gzip.GzipFile(fileobj=stream), name, allowed) as unpacked:
            yield _checked(name, unpacked)
    elif mark == _ZIP:
        yield from _members(stream, name, bounds, allowed)
    else:
        yield Part(name, stream)


def _bounded(unpacking: BinaryIO | gzip.GzipFile, name: str, allowed: int) -> io.BufferedReader:
    return io.BufferedReader(_Counted(unpacking, name, allowed), 1 << 20)


def _checked(name: str, unpacked: io.BufferedReader) -> Part | BadInput:
    """The part, once all of it has been unpacked: damage and bombs are found before any of it is used."""
    try:
        while unpacked.read(1 << 20):
            pass
    except BadInput as error:
        return error
    unpacked.seek(0)
    return Part(name, unpacked)


def _members(stream: BinaryIO, name: str, bounds: Bounds, allowed: int) -> Iterator[Part | BadInput]:
    try:
        with _damage_refused(name):
            archive = zipfile.ZipFile(stream)
    except BadInput as error:
        yield error
        return
    with archive:
        members = [member for member in archive.infolist() if not member.is_dir()]
        if not members:
            yield BadInput("FILE_EMPTY", f"File {name}: the archive holds no files.")
            return
        if len(members) > bounds.members or sum(member.file_size for member in members) > allowed:
            yield BadInput(
                "FILE_BUNDLE_UNSAFE",
                f"File {name}: {len(members)} members, {sum(member.file_size for member in members)} bytes unpacked; "
                f"allowed are {bounds.members} members and {allowed} bytes.",
            )
            return
        for member in members:
            yield from _member(archive, member, f"{name}/{_shown(member.filename)}", allowed)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, shown: str, allowed: int) -> Iterator[Part | BadInput]:
    if _escapes(member.filename):
        yield BadInput("FILE_BUNDLE_UNSAFE", f"File {shown}: the name leads out of the archive.")
        return
    try:
        with _damage_refused(shown):
            opened = archive.open(member)
    except BadInput as error:
        yield error
        return
    with _bounded(cast(BinaryIO, opened), shown, allowed) as unpacked:
        yield _checked(shown, unpacked)


@contextmanager
def _damage_refused(name: str) -> Iterator[None]:
    """Turn whatever damaged bytes make the unpackers raise into the one error for it."""
    try:
        yield
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # the store's trouble, not the file's
        raise BadInput("FILE_BUNDLE_UNSAFE", f"File {name}: it cannot be unpacked ({error!s:.120}).") from error


def _escapes(name: str) -> bool:
    return name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name


def _shown(name: str) -> str:
    """A member's name fit for a message."""
    return "".join(character if character.isprintable() else "?" for character in name)[-120:]


class _Counted(io.RawIOBase):
    """Unpacked bytes, never more than allowed."""

    def __init__(self, unpacking: BinaryIO | gzip.GzipFile, name: str, allowed: int) -> None:
        super().__init__()
        self._unpacking, self._name, self._allowed = unpacking, name, allowed

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]
        with _damage_refused(self._name):
            data = self._unpacking.read(len(view))
        if self._unpacking.tell() > self._allowed:
            raise BadInput(
                "FILE_BUNDLE_UNSAFE", f"File {self._name}: it unpacks to more than the allowed {self._allowed} bytes."
            )
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._unpacking.seek(offset, whence)

    def tell(self) -> int:
        return self._unpacking.tell()
