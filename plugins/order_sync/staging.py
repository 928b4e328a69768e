"""The staging store: inputs and outputs by content hash, on a local folder or an object store.

Bytes are stored once, are never changed, and can be read by any worker. ``ORDER_SYNC_STAGING`` names the root, a URL
such as ``file:///var/lib/order-sync/staging`` or ``s3://aws_default@bucket/order-sync``.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from order_sync.errors import Stop

if TYPE_CHECKING:
    from airflow.sdk import ObjectStoragePath


class Staging:
    """Content-addressed files below one root.

    :param root: URL of the root; the one of ``ORDER_SYNC_STAGING`` by default.
    :raises Stop: no root is configured.
    """

    def __init__(self, root: str | None = None) -> None:
        from airflow.sdk import ObjectStoragePath

        url = root or os.environ.get("ORDER_SYNC_STAGING")
        if not url:
            raise Stop(
                "ORDER_SYNC_STAGING is not set.", next_step="Set it to the URL of the staging store (see README)."
            )
        self._root = ObjectStoragePath(url)

    def put(self, local: Path, kind: str, sha256: str) -> str:
        """Store a local file and remove it here; storing the same content again changes nothing.

        :param kind: ``inputs`` or ``outputs``.
        :returns: the URI by which :meth:`open` finds it.
        """
        target = self._root / kind / sha256[:2] / sha256
        if self._holds(target, local.stat().st_size):
            local.unlink()
        elif target.protocol == "file":
            _move_whole(local, Path(target.path))
        else:
            target.fs.put_file(str(local), target.path)
            local.unlink()
        return str(target)

    def open(self, uri: str) -> BinaryIO:
        """The stored bytes, seekable.

        :raises Stop: they are gone.
        """
        from airflow.sdk import ObjectStoragePath

        try:
            return cast(BinaryIO, ObjectStoragePath(uri).open("rb"))
        except FileNotFoundError as error:
            raise Stop(
                f"The staging store no longer holds {uri}.",
                next_step="Restore it from the backup; the ledger says which files it came from.",
            ) from error

    @contextmanager
    def local(self, uri: str) -> Iterator[Path]:
        """A local file with the stored bytes, for as long as the context lasts; not to be changed."""
        from airflow.sdk import ObjectStoragePath

        path = ObjectStoragePath(uri)
        if path.protocol == "file":
            self.open(uri).close()
            yield Path(path.path)
            return
        with self.scratch() as folder:
            copy = folder / path.name
            with self.open(uri) as stored, copy.open("wb") as file:
                shutil.copyfileobj(stored, file, 1 << 20)
            yield copy

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for unfinished files, on the staging store's own disk where it has one, so that moving is cheap."""
        local = self._root.protocol == "file"
        parent = Path(self._root.path) / "scratch" if local else None
        if parent:
            parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="order-sync-", dir=parent) as folder:
            yield Path(folder)

    @staticmethod
    def _holds(target: ObjectStoragePath, size: int) -> bool:
        try:
            return bool(target.stat().st_size == size)
        except FileNotFoundError:
            return False


def _move_whole(local: Path, target: Path) -> None:
    """Move onto the target in one step, so that nobody ever reads a part of it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with local.open("rb") as file:
        os.fsync(file.fileno())
    try:
        local.replace(target)
    except OSError:  # another disk
        beside = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(local, beside)
        beside.replace(target)
        local.unlink()
