"""The Data Manager: takes files from SFTP folders and uploads, imports them record by record, writes the log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.logs import ImportLog, ImportLogs, LogStatus
from sandbox.hotwax.models import FileError, NewOrder, Record, RecordError
from sandbox.hotwax.order_csv import OrderCsv
from sandbox.hotwax.service_json import ServiceCallsJson
from sandbox.hotwax.settings import (
    IMP_JSON_LIST_DATA,
    IMP_ORDER,
    INVENTORY_VARIANCE_FOLDER,
    MDM_INV_VARIANCE,
    ORDER_FEED_FOLDER,
    HotWaxSettings,
)
from sandbox.hotwax.variance_csv import VarianceCsv

ARCHIVE = "archive"

Refusals = Mapping[str, str] | Callable[[str], str | None]


class ImportFile(Protocol):
    """A file that can be imported."""

    @property
    def error_suffix(self) -> str:
        """Ending of its error file's name."""

    def records(self) -> Iterator[Record]:
        """Read its records; raises :class:`FileError` where it breaks off."""

    def error_file(self, refused: list[tuple[Record, str]]) -> bytes:
        """Write the error file of the refused records."""


OpenFile = Callable[[ImportLog, bytes], ImportFile]


@dataclass
class _Outcome:
    """What came of a file so far."""

    status: LogStatus = LogStatus.FINISHED
    total: int = 0
    refused: list[tuple[Record, str]] = field(default_factory=list)
    remark: str = ""
    error_file: tuple[str, bytes] | None = None


@dataclass
class ImportFaults:
    """What the importer shall do wrong; tests set the fields.

    :param refuse: external ids of orders to refuse with the error text, or a function that gives the text or None.
    :param delay_seconds: how long a file stays pending before its import begins.
    """

    refuse: Refusals | None = None
    delay_seconds: float = 0.0
    _crash_after: int | None = field(default=None, init=False)

    def crash_next(self, *, after_records: int = 0) -> None:
        """Let the next import crash: its log ends in DmlsCrashed, with the counts so far and no error file.

        :param after_records: records that are imported before the crash; they stay imported.
        """
        self._crash_after = after_records

    def take_crash(self) -> int | None:
        """Use the scripted crash up.

        :returns: records to import before it, or None when no crash is scripted.
        """
        after, self._crash_after = self._crash_after, None
        return after

    def refusal(self, external_id: str) -> str | None:
        """Tell whether an order is to be refused.

        :param external_id: the order.
        :returns: the error text, or None.
        """
        if self.refuse is None:
            return None
        return self.refuse(external_id) if callable(self.refuse) else self.refuse.get(external_id)


class Importer:
    """Imports files, one at a time.

    :param database: where orders and stock changes go.
    :param logs: the Data Manager log.
    :param sftp_root: local folder that holds the SFTP server's files.
    :param settings: what HotWax knows, and how often it looks.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        database: HotWaxDatabase,
        logs: ImportLogs,
        sftp_root: Path,
        settings: HotWaxSettings,
        clock: Callable[[], datetime],
    ) -> None:
        self.faults = ImportFaults()
        self._database = database
        self._logs = logs
        self._root = sftp_root
        self._settings = settings
        self._clock = clock
        self._further: dict[str, tuple[str, OpenFile]] = {}
        self._one_pass = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def also_take(self, config_id: str, folder: str, open_file: OpenFile) -> None:
        """Import files of a further configuration.

        :param config_id: the import configuration.
        :param folder: of its files, below the root of the SFTP server.
        :param open_file: reads a file; raises :class:`FileError`.
        """
        self._further[config_id] = (folder, open_file)

    def start(self) -> None:
        """Look for files every `poll_seconds`, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._poll, name="sandbox-hotwax-importer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the file that is being imported."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def import_now(self) -> list[ImportLog]:
        """Import every file and upload that waits.

        :returns: their log rows, in the order of import.
        """
        with self._one_pass:
            done = [self._import_upload(log) for log in self._logs.pending_uploads()]
            for config_id, folder in (
                (IMP_ORDER, ORDER_FEED_FOLDER),
                (IMP_JSON_LIST_DATA, ORDER_FEED_FOLDER),
                (MDM_INV_VARIANCE, INVENTORY_VARIANCE_FOLDER),
                *((config_id, folder) for config_id, (folder, _) in self._further.items()),
            ):
                done += [self._import_file(config_id, folder, path) for path in self._waiting(config_id, folder)]
            return done

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self.import_now()
            self._stopping.wait(self._settings.poll_seconds)

    def _waiting(self, config_id: str, folder: str) -> list[Path]:
        here = self._root / folder
        if not here.is_dir():
            return []
        return sorted(path for path in here.iterdir() if self._settings.takes(config_id, path.name) and path.is_file())

    def _import_upload(self, log: ImportLog) -> ImportLog:
        content = self._logs.content(log.upload_content_id or "")
        self._run(log, content[1] if content else b"")
        return self._logs.get(log.log_id)

    def _import_file(self, config_id: str, folder: str, path: Path) -> ImportLog:
        data = path.read_bytes()
        log = self._logs.create(config_id, path.name, data, at=self._clock(), remote_file_path=f"/{folder}/{path.name}")
        self._run(log, data)
        archive = path.parent / ARCHIVE
        archive.mkdir(exist_ok=True)
        target = archive / path.name
        path.rename(target.with_stem(f"{path.stem}-{log.log_id}") if target.exists() else target)
        return self._logs.get(log.log_id)

    def _run(self, log: ImportLog, data: bytes) -> None:
        self._stopping.wait(self.faults.delay_seconds)
        self._logs.start(log.log_id, self._clock())
        try:
            file = self._open(log, data)
        except FileError as error:
            outcome = _Outcome(LogStatus.FAILED, remark=str(error))
        else:
            outcome = self._import_records(log, file)
        self._logs.finish(
            log.log_id,
            outcome.status,
            total=outcome.total,
            failed=len(outcome.refused),
            at=self._clock(),
            error_file=outcome.error_file,
            remark=outcome.remark,
        )

    def _open(self, log: ImportLog, data: bytes) -> ImportFile:
        if (further := self._further.get(log.config_id)) is not None:
            return further[1](log, data)
        create = partial(self._create_order, log.log_id)
        if log.config_id == IMP_ORDER:
            return OrderCsv(data, self._settings, create)
        if log.config_id == IMP_JSON_LIST_DATA:
            return ServiceCallsJson(data, self._settings, create, self._database.exclude_facility)
        return VarianceCsv(data, self._settings, partial(self._database.create_variance, log_id=log.log_id))

    def _create_order(self, log_id: str, order: NewOrder) -> None:
        if message := self.faults.refusal(order.external_id):
            raise RecordError(message)
        self._database.create_order(order, log_id=log_id, at=self._clock())

    def _import_records(self, log: ImportLog, file: ImportFile) -> _Outcome:
        outcome = _Outcome()
        crash_after = self.faults.take_crash()
        try:
            for record in file.records():
                if outcome.total == crash_after:
                    break
                self._import_record(record, outcome)
        except FileError as error:
            outcome.status, outcome.remark = LogStatus.FAILED, str(error)
        if crash_after is not None:
            outcome.status = LogStatus.CRASHED
        elif outcome.refused:
            name = f"{Path(log.content_name).stem}_Error_{log.log_id}{file.error_suffix}"
            outcome.error_file = (name, file.error_file(outcome.refused))
        return outcome

    def _import_record(self, record: Record, outcome: _Outcome) -> None:
        outcome.total += 1
        try:
            with self._database.transaction():
                record.apply()
        except RecordError as error:
            outcome.refused.append((record, str(error)))
