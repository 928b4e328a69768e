"""What the SFTP client speaks of: files on the server, results, and where downloaded bytes go."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from order_sync.errors import BadInput, NotSent, OrderSyncError

_UNFINISHED_ENDINGS = (".part", ".tmp", ".filepart")
_UNSAFE_CATEGORIES = ("Cc", "Cs")  # control characters, and halves of characters that cannot be encoded


@dataclass(frozen=True, slots=True)
class RemoteFile:
    r"""A file or folder on the server, as one listing showed it.

    :param name: its name in the folder; bytes that are not UTF-8 are shown as ``\xNN``, which makes the name unsafe.
    :param path: the folder and the name; empty when the name is not safe to use (:func:`is_safe_name`).
    :param size: bytes, by the server's own account.
    :param mtime: last change by the server's clock, aware UTC: compare it with itself only, never with our clock.
    :param is_dir: a folder, or a link to one.
    """

    name: str
    path: str
    size: int
    mtime: datetime
    is_dir: bool


@dataclass(frozen=True, slots=True)
class Fetched:
    """The outcome of one download.

    :param remote: the file that was asked for.
    :param sha256: of the bytes received; empty when `error` is set.
    :param size: bytes received and handed to the sink; 0 when `error` is set.
    :param error: why this file was not accepted; its sink was discarded or never made.
    """

    remote: RemoteFile
    sha256: str
    size: int
    error: OrderSyncError | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A local file to publish.

    :param local_path: the bytes.
    :param folder: the remote folder; it has to exist.
    :param name: the name under which the consumer shall find it.
    :param sha256: of the bytes where it is known: then a file that changed on our disk is refused, and is read once
        instead of twice.
    """

    local_path: Path
    folder: str
    name: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """The outcome of one upload.

    :param path: where the file is now: in its folder, or in a folder into which the consumer has taken it.
    :param size: bytes.
    :param sha256: of the bytes.
    :param renamed: whether this call made it visible; False: an earlier try had done so.
    :param error: why it is not published.
    """

    path: str
    size: int
    sha256: str
    renamed: bool
    error: OrderSyncError | None = None


class Replaced(NotSent):
    """Another file stands under the name by now."""


class Gone(NotSent):
    """The file is neither where it was nor where it was to go."""


@dataclass(frozen=True, slots=True)
class Moved:
    """The outcome of one move.

    :param source: where the file was.
    :param path: where it is now; empty when `error` is set.
    :param error: why it was not moved.
    """

    source: str
    path: str
    error: OrderSyncError | None = None

    @property
    def replaced(self) -> bool:
        """Whether another file stands there by now; it is left where it is, for nobody has read it."""
        return isinstance(self.error, Replaced)

    @property
    def gone(self) -> bool:
        """Whether somebody else has taken the file away."""
        return isinstance(self.error, Gone)


class Sink(Protocol):
    """Takes the bytes of one file."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""

    def close(self) -> object:
        """Keep the file: it is whole and verified."""

    def discard(self) -> object:
        """Forget the file: called instead of `close` when it could not be received whole."""


class FileSink:
    """A sink into a local file, which appears under its name only when it is whole.

    :param path: the file; its folder has to exist. Until the end the bytes stand beside it with ``.part`` appended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(f"{path.name}.part")
        self._file: BinaryIO = self._part.open("wb")

    def write(self, data: bytes, /) -> None:
        """Append `data`."""
        self._file.write(data)

    def close(self) -> None:
        """Give the file its name."""
        self._file.close()
        self._part.replace(self._path)

    def discard(self) -> None:
        """Remove what was written."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def is_safe_name(name: str) -> bool:
    """:returns: whether a name from a partner may be used in a path, here or there.

    Refused are separators of either kind, ``.`` and ``..``, an empty name and control characters.
    """
    if name in {"", ".", ".."} or "/" in name or "\\" in name:
        return False
    return all(unicodedata.category(char) not in _UNSAFE_CATEGORIES for char in name)


def check_name(name: str) -> None:
    """:raises BadInput: ``FILE_NAME_UNSAFE`` if `name` may not be used in a path."""
    if not is_safe_name(name):
        raise BadInput("FILE_NAME_UNSAFE", f"The file name {name!r} cannot be used in a path.", field="file name")


def unfinished(file: RemoteFile) -> bool:
    """:returns: whether a consumer leaves this entry alone: folders, dot-files and names of uploads under way.

    A file with an unsafe name is not unfinished: it is listed, so that somebody hears of it.
    """
    return file.is_dir or file.name.startswith(".") or file.name.lower().endswith(_UNFINISHED_ENDINGS)


def unchanged(first: Iterable[RemoteFile], second: Iterable[RemoteFile]) -> list[RemoteFile]:
    """Compare two looks at one folder.

    :returns: the files of the `second` look that the `first` look showed with the same size and time.
    """
    seen = {(file.name, file.path, file.size, file.mtime) for file in first}
    return [file for file in second if (file.name, file.path, file.size, file.mtime) in seen]


def sha256_of(path: Path) -> str:
    """:returns: the SHA-256 of a local file in hexadecimal, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
