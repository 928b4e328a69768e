"""The Data Manager log: one row per file, with its status, its counts and its error file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sandbox.hotwax.database import HotWaxDatabase

LOG_NUMBER_BASE = 100_000
CONTENT_NUMBER_BASE = 10_000


class LogStatus(StrEnum):
    """Status ids as the Moqui back end shows them."""

    PENDING = "DmlsPending"
    RUNNING = "DmlsRunning"
    FINISHED = "DmlsFinished"
    FAILED = "DmlsFailed"
    CRASHED = "DmlsCrashed"


@dataclass(frozen=True)
class ImportLog:
    """One row of the log.

    :param log_id: for example ``M100001``.
    :param config_id: the import configuration.
    :param status: where it stands.
    :param content_name: name of the file.
    :param sha256: hash of the file; two rows with one hash are a file imported twice.
    :param remote_file_path: path on the SFTP server, None for an upload over HTTP.
    :param upload_content_id: where an uploaded file is kept, None for a file from SFTP.
    :param error_content_id: the error file, None when no record failed.
    :param log_content_id: a text about a file that could not be read, else None.
    :param total: number of records read, None before the end.
    :param failed: number of records refused, None before the end.
    :param created_at: when the row was made, aware UTC.
    :param started_at: when the import began, aware UTC, None before.
    :param finished_at: when it ended, aware UTC, None before.
    """

    log_id: str
    config_id: str
    status: LogStatus
    content_name: str
    sha256: str
    remote_file_path: str | None
    upload_content_id: str | None
    error_content_id: str | None
    log_content_id: str | None
    total: int | None
    failed: int | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class ImportLogs:
    """Writes and reads the log.

    :param database: where it is kept.
    """

    def __init__(self, database: HotWaxDatabase) -> None:
        self._database = database

    def create(
        self,
        config_id: str,
        name: str,
        data: bytes,
        *,
        at: datetime,
        remote_file_path: str | None = None,
        keep: bool = False,
    ) -> ImportLog:
        """Add a pending row.

        :param config_id: the import configuration.
        :param name: name of the file.
        :param data: its bytes.
        :param at: now.
        :param remote_file_path: path on the SFTP server, None for an upload.
        :param keep: keep the bytes, as for an upload, which has no file.
        :returns: the new row.
        """
        content_id = self.add_content(name, data) if keep else None
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "INSERT INTO data_manager_logs (config_id, status_id, content_name, sha256, remote_file_path,"
                " upload_content_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    config_id,
                    LogStatus.PENDING,
                    name,
                    hashlib.sha256(data).hexdigest(),
                    remote_file_path,
                    None if content_id is None else int(content_id) - CONTENT_NUMBER_BASE,
                    at.isoformat(),
                ),
            )
        return self.get(_log_id(cursor.lastrowid or 0))

    def start(self, log_id: str, at: datetime) -> None:
        """Mark a row as running.

        :param log_id: the row.
        :param at: now.
        """
        self._update(log_id, status_id=LogStatus.RUNNING, started_at=at.isoformat())

    def finish(
        self,
        log_id: str,
        status: LogStatus,
        *,
        total: int,
        failed: int,
        at: datetime,
        error_file: tuple[str, bytes] | None = None,
        remark: str = "",
    ) -> None:
        """Mark a row as ended.

        :param log_id: the row.
        :param status: how it ended.
        :param total: number of records read.
        :param failed: number of records refused.
        :param at: now.
        :param error_file: name and bytes of the error file, if any record failed.
        :param remark: why the file could not be read to its end, blank if it could.
        """
        error_id = None if error_file is None else self._content_number(*error_file)
        remark_id = self._content_number(f"{log_id}.log", remark.encode()) if remark else None
        self._update(
            log_id,
            status_id=status,
            total_record_count=total,
            failed_record_count=failed,
            error_content_id=error_id,
            log_content_id=remark_id,
            finished_at=at.isoformat(),
        )

    def get(self, log_id: str) -> ImportLog:
        """Read one row.

        :param log_id: the row.
        :returns: the row.
        :raises KeyError: when there is none.
        """
        number = int(log_id[1:]) - LOG_NUMBER_BASE
        rows = self._database.rows("SELECT * FROM data_manager_logs WHERE number = ?", number)
        if not rows:
            raise KeyError(f"no Data Manager log {log_id!r}")
        return _from_row(rows[0])

    def all(self) -> list[ImportLog]:
        """All rows, newest first."""
        return [_from_row(row) for row in self._database.rows("SELECT * FROM data_manager_logs ORDER BY number DESC")]

    def pending_uploads(self) -> list[ImportLog]:
        """Uploads that wait for the importer, oldest first."""
        waiting = [log for log in self.all() if log.status is LogStatus.PENDING and log.upload_content_id is not None]
        return waiting[::-1]

    def imported_twice(self) -> list[ImportLog]:
        """Rows whose bytes an earlier row of the same configuration has imported already, oldest first."""
        seen: set[tuple[str, str]] = set()
        again = []
        for log in reversed(self.all()):
            key = (log.config_id, log.sha256)
            if key in seen:
                again.append(log)
            seen.add(key)
        return again

    def add_content(self, name: str, data: bytes) -> str:
        """Keep a file.

        :param name: its name.
        :param data: its bytes.
        :returns: its content id.
        """
        return str(self._content_number(name, data) + CONTENT_NUMBER_BASE)

    def content(self, content_id: str) -> tuple[str, bytes] | None:
        """Read a kept file.

        :param content_id: its content id.
        :returns: its name and bytes, or None.
        """
        number = int(content_id) - CONTENT_NUMBER_BASE if content_id.isdecimal() else -1
        rows = self._database.rows("SELECT name, data FROM contents WHERE content_id = ?", number)
        return (rows[0]["name"], rows[0]["data"]) if rows else None

    def _content_number(self, name: str, data: bytes) -> int:
        with self._database.transaction() as connection:
            cursor = connection.execute("INSERT INTO contents (name, data) VALUES (?, ?)", (name, data))
        return cursor.lastrowid or 0

    def _update(self, log_id: str, **columns: object) -> None:
        changes = ", ".join(f"{name} = ?" for name in columns)
        query = f"UPDATE data_manager_logs SET {changes} WHERE number = ?"
        with self._database.transaction() as connection:
            connection.execute(query, (*columns.values(), int(log_id[1:]) - LOG_NUMBER_BASE))


def _log_id(number: int) -> str:
    return f"M{LOG_NUMBER_BASE + number}"


def _as_utc(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _from_row(row: dict[str, Any]) -> ImportLog:
    def content(name: str) -> str | None:
        return None if row[name] is None else str(row[name] + CONTENT_NUMBER_BASE)

    return ImportLog(
        log_id=_log_id(row["number"]),
        config_id=row["config_id"],
        status=LogStatus(row["status_id"]),
        content_name=row["content_name"],
        sha256=row["sha256"],
        remote_file_path=row["remote_file_path"],
        upload_content_id=content("upload_content_id"),
        error_content_id=content("error_content_id"),
        log_content_id=content("log_content_id"),
        total=row["total_record_count"],
        failed=row["failed_record_count"],
        created_at=datetime.fromisoformat(row["created_at"]).astimezone(UTC),
        started_at=_as_utc(row["started_at"]),
        finished_at=_as_utc(row["finished_at"]),
    )
