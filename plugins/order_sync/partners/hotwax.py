"""The Data Manager of HotWax, on either back end: what became of a file, what was refused and why, and uploads.

Shapes: hotwax/oms-documentation (data-manager pages, file upload), hotwax/oms-api, hotwax/job-manager and
hotwax/accxui. "Finished" is not "imported": HotWax finishes an import whose records it refused.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from order_sync.errors import NotSent
from order_sync.partners.hotwax_rows import FailedRow, failed_rows
from order_sync.partners.hotwax_settings import Backend, read_settings

if TYPE_CHECKING:
    from order_sync.partners.hotwax_http import HotWaxHttp

__all__ = ["DataManager", "FailedRow", "ImportLog", "ImportStatus", "Uploaded"]

_log = logging.getLogger(__name__)

_PAGE_SIZE = 50  # some instances give no more, whatever is asked for, and do not say so
_MOST_PAGES = 200
_ANY_ZONE = timedelta(days=1)  # HotWax reads the moments it is asked for in its own time zone
_FIELDS = (
    "logId", "configId", "statusId", "contentName", "remoteFilePath", "errorRecordContentId", "totalRecordCount",
    "failedRecordCount", "createdDate",
)  # fmt: skip
_NAME_FIELDS = ("remoteFilePath", "contentName", "fileName")
_IMPORT_STAMP = re.compile(r"_\d{4}(-\d{2}){5}-\d{3}(?=\.\w+$)")  # OFBiz adds it to the names of uploaded files


class ImportStatus(StrEnum):
    """Where an import stands; both back ends' status ids end in one of these words."""

    PENDING = "pending"
    QUEUED = "queued"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    CRASHED = "crashed"
    CANCELLED = "cancelled"

    @property
    def settled(self) -> bool:
        """Whether nothing more will happen."""
        return self not in (ImportStatus.PENDING, ImportStatus.QUEUED, ImportStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class ImportLog:
    """One import of one file.

    :param log_id: HotWax's id of it.
    :param config_id: the import configuration.
    :param file_name: base name of the file.
    :param status: where it stands.
    :param total: records read; None before the end.
    :param failed: records refused; None before the end.
    :param created: when HotWax took the file, aware UTC; None where its text names no time zone.
    :param error_content_id: the error file; empty where there is none.
    """

    log_id: str
    config_id: str
    file_name: str
    status: ImportStatus
    total: int | None
    failed: int | None
    created: datetime | None
    error_content_id: str

    @property
    def clean(self) -> bool:
        """Whether every record was imported."""
        return self.status is ImportStatus.FINISHED and self.failed == 0


@dataclass(frozen=True, slots=True)
class Uploaded:
    """HotWax's receipt of an upload: it has the file, it has not imported it.

    :param content_id: the file; empty where HotWax does not say.
    :param config_id: the import configuration.
    :param message: HotWax's words.
    :param log_id: the import's id; empty where HotWax does not say.
    """

    content_id: str
    config_id: str
    message: str
    log_id: str = ""


class DataManager:
    """The Data Manager of one HotWax instance, used in a ``with`` block.

    Every method raises `NotSent` if HotWax cannot be reached, is busy, or refuses the login; `Rejected` if it refuses
    the question; `Stop` if there is nothing at the address.

    :param conn_id: Airflow connection of type ``http``; see :func:`order_sync.partners.hotwax_settings.read_settings`.
    :param pause: seconds before a read that failed is tried again.
    :raises Stop: if the connection cannot be used.
    """

    def __init__(self, conn_id: str, *, pause: float = 1.0) -> None:
        from order_sync.partners.hotwax_http import HotWaxHttp

        self._settings = read_settings(conn_id)
        self._http: HotWaxHttp = HotWaxHttp(self._settings, pause=pause)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def find_log(self, config_id: str, file_name: str, since: datetime) -> ImportLog | None:
        """Find the import of a file.

        :param config_id: the import configuration.
        :param file_name: base name of the file.
        :param since: aware UTC; older imports are not looked at.
        :returns: the newest import of a file of that name; None when there is none (yet).
        """
        seen: set[str] = set()
        for page in self._pages(config_id, since):
            rows = [row for row in page if _text(row.get("logId")) not in seen]
            found = [_import_log(row) for row in rows if file_name in _names(row) and not _is_older(row, since)]
            if len(found) > 1:
                _log.warning("HotWax has imported %s %d times.", file_name, len(found))
            if found:
                return max(found, key=lambda log: log.created or since)
            if not rows or all(_is_older(row, since - _ANY_ZONE) for row in rows):
                return None
            seen.update(_text(row.get("logId")) for row in rows)
        raise NotSent(
            f"HotWax's log of {config_id} goes on after {_MOST_PAGES} pages without {file_name!r}.",
            next_step="Look for the import in HotWax (EXIM, Data Manager).",
        )

    def failed_rows(self, log: ImportLog) -> list[FailedRow]:
        """Read what an import refused.

        :returns: the refused records in the order of the file; empty where there is no error file.
        :raises NotSent: also if the error file cannot be read.
        """
        if not log.error_content_id:
            return []
        if self._settings.backend is Backend.OFBIZ:
            return failed_rows(self._http.read_text(self._settings.download_path, {"contentId": log.error_content_id}))
        asked = {"configId": log.config_id, "logContentId": log.error_content_id}
        answer = self._http.read_json(self._settings.download_path, asked)
        content = answer.get("csvData", answer) if isinstance(answer, dict) else answer
        return failed_rows(content if isinstance(content, str) else json.dumps(content))

    def upload(self, config_id: str, path: Path, *, name: str = "") -> Uploaded:
        """Give HotWax a file to import. Never repeated: a second upload is a second import.

        :param config_id: the import configuration.
        :param path: the file.
        :param name: its name in HotWax; by default its own.
        :raises InDoubt: if no readable answer came back.
        :raises Rejected: if HotWax refused the file.
        """
        if self._settings.backend is Backend.OFBIZ:
            call, field = "uploadAndImportFile", "uploadedFile"
        else:
            call, field = "admin/uploadDataManagerFile", "contentFile"
        receipt = self._http.send_file(call, field, path, name or path.name, {"configId": config_id})
        return Uploaded(
            content_id=_text(receipt.get("uploadFileContentId")),
            config_id=_text(receipt.get("configId")) or config_id,
            message=_text(receipt.get("_EVENT_MESSAGE_")),
            log_id=_text(receipt.get("logId")),
        )

    def _pages(self, config_id: str, since: datetime) -> Iterator[list[dict[str, Any]]]:
        """Read the log page by page, newest first; a page may be shorter than asked for without being the last."""
        for index in range(_MOST_PAGES):
            if self._settings.backend is Backend.OFBIZ:
                answer = self._http.read_json("performFind", {}, query=_log_query(config_id, index))
                rows = answer.get("docs") if isinstance(answer, dict) else None
            else:
                asked = {
                    "configId": config_id,
                    "createdDate_from": (since - _ANY_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
                    "orderByField": "-createdDate",
                    "pageSize": str(_PAGE_SIZE),
                    "pageIndex": str(index),
                }
                answer = self._http.read_json("admin/dataManager/details", asked)
                rows = answer.get("dataManagerLogs") if isinstance(answer, dict) else None
            yield [row for row in rows or [] if isinstance(row, dict)]


def _log_query(config_id: str, index: int) -> dict[str, Any]:
    return {
        "entityName": "DataManagerLogAndContent",
        "inputFields": {"configId": config_id},
        "fieldList": list(_FIELDS),
        "orderBy": "-createdDate",
        "viewSize": _PAGE_SIZE,
        "viewIndex": index,
        "noConditionFind": "Y",
    }


def _import_log(row: dict[str, Any]) -> ImportLog:
    status = _status(_text(row.get("statusId")))
    error_content_id = _text(row.get("errorLogContentId")) or _text(row.get("errorRecordContentId"))
    failed = _whole(row.get("failedRecordCount"))
    if failed is None and status is ImportStatus.FINISHED and not error_content_id:
        failed = 0  # a count that HotWax leaves out is none
    return ImportLog(
        log_id=_text(row.get("logId")),
        config_id=_text(row.get("configId")),
        file_name=next(iter(_names(row)), ""),
        status=status,
        total=_whole(row.get("totalRecordCount")),
        failed=failed,
        created=_moment(row.get("createdDate")),
        error_content_id=error_content_id,
    )


def _status(status_id: str) -> ImportStatus:
    word = status_id.removeprefix("SERVICE_").removeprefix("Dmls").lower()
    try:
        return ImportStatus(word)
    except ValueError as error:
        raise NotSent(
            f"HotWax shows the import status {status_id!r}, which is not known.",
            next_step="Look up the import in HotWax (EXIM, Data Manager); the status needs a meaning in hotwax.py.",
        ) from error


def _names(row: dict[str, Any]) -> list[str]:
    """:returns: the base names under which a log row may know its file, with and without OFBiz's stamp."""
    paths = [_text(row.get(name)).replace("\\", "/") for name in _NAME_FIELDS]
    names = [path.rpartition("/")[2] for path in paths if path]
    return names + [_IMPORT_STAMP.sub("", name) for name in names]


def _is_older(row: dict[str, Any], since: datetime) -> bool:
    created = _moment(row.get("createdDate"))
    return created is not None and created < since


def _moment(value: object) -> datetime | None:
    """Read epoch milliseconds or text with a time zone; text without one names no moment."""
    text = _text(value)
    if text.isdecimal():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment.astimezone(UTC)


def _whole(value: object) -> int | None:
    text = _text(value)
    return int(text) if text.isdecimal() else None


def _text(value: object) -> str:
    return "" if value is None else str(value)
