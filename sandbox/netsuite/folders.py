"""The folders that scripts read, and the list of what they took from them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.settings import NetSuiteSettings


class Folders:
    """Lists, moves and notes files.

    :param root: local ``netsuite`` folder.
    :param database: keeps the notes.
    :param settings: how a move onto an existing file ends.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self, root: Path, database: NetSuiteDatabase, settings: NetSuiteSettings, clock: Callable[[], datetime]
    ) -> None:
        self._root = root
        self._database = database
        self._settings = settings
        self._clock = clock

    def waiting(self, folder: str) -> list[Path]:
        """Every plain file of a folder, oldest first, whatever its name: half-written ones, hidden ones, ``.tmp``.

        :param folder: below ``netsuite/``.
        """
        here = self._root / folder
        files = [path for path in here.iterdir() if path.is_file()] if here.is_dir() else []
        return sorted(files, key=lambda path: (_written(path), path.name))

    def read(self, path: Path) -> bytes | None:
        """Read a file as far as it is written.

        :param path: the file.
        :returns: its bytes, None when its sender took it away or renamed it.
        """
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def fail(self, path: Path) -> None:
        """Move a file to ``failed``, if it is still there, whatever lies there.

        :param path: the file.
        """
        with suppress(FileNotFoundError):
            path.replace(path.parent / "failed" / path.name)

    def move(self, path: Path, to: str) -> None:
        """Move a file into a folder beside it.

        :param path: the file.
        :param to: name of the folder.
        :raises FileExistsError: it holds a file of that name, and moves do not replace.
        """
        target = path.parent / to / path.name
        target.parent.mkdir(exist_ok=True)
        if target.exists() and not self._settings.move_replaces:
            raise FileExistsError(f"The file {path.name} could not be moved: it already exists in {to}")
        path.replace(target)

    def note(self, script: str, name: str, content: bytes, status: str, message: str = "", due_run: int = 0) -> int:
        """Note that a script took a file.

        :param script: which.
        :param name: of the file.
        :param content: its bytes.
        :param status: what became of it so far.
        :param message: more about that.
        :param due_run: the run that imports it.
        :returns: number of the note.
        """
        columns = {
            "script": script,
            "file_name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "content": content,
            "status": status,
            "message": message,
            "due_run": due_run,
            "submitted_at": self._clock().isoformat(),
        }
        return self._database.insert("import_jobs", columns)

    def note_blocked(self, script: str, name: str, content: bytes, message: str) -> None:
        """Note, once for the same file, that a script fails on it in every run.

        :param script: which.
        :param name: of the file.
        :param content: its bytes.
        :param message: why.
        """
        query = "SELECT 1 FROM import_jobs WHERE script = ? AND file_name = ? AND sha256 = ? AND status = 'BLOCKED'"
        if not self._database.rows(query, script, name, hashlib.sha256(content).hexdigest()):
            self.note(script, name, content, "BLOCKED", message)

    def note_rows(self, job: int, rows: Iterable[tuple[int, str, str, str]]) -> None:
        """Note what became of the rows of a file.

        :param job: number of its note.
        :param rows: row number, external id, result, message.
        """
        with self._database.transaction():
            self._database.insert_many("import_rows", ((job, *row) for row in rows), 5)


def _written(path: Path) -> int:
    """When it was written last; 0 for a file that is gone."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
