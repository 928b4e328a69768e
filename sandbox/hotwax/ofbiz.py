"""The OFBiz back end of the Data Manager: ``/api/…``.

Shapes: hotwax/oms-api and hotwax/oms-documentation. A refused request is HTTP 200 with `_ERROR_MESSAGE_`, only a
missing login is HTTP 401. Not public, so assumed here: the path of the download, `contentName` in log rows, and times
as epoch milliseconds (as HotWax's own front ends read them).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.hotwax.credentials import Credentials
from sandbox.hotwax.form import FormError, read_form
from sandbox.hotwax.http_server import Request, Response, json_response
from sandbox.hotwax.logs import ImportLog, ImportLogs, LogStatus
from sandbox.hotwax.settings import CONFIG_IDS, HotWaxSettings

PREFIX = "/api/"
LOG_ENTITY = "DataManagerLogAndContent"
DEFAULT_VIEW_SIZE = 20

STATUSES = {
    LogStatus.PENDING: "SERVICE_PENDING",
    LogStatus.RUNNING: "SERVICE_RUNNING",
    LogStatus.FINISHED: "SERVICE_FINISHED",
    LogStatus.FAILED: "SERVICE_FAILED",
    LogStatus.CRASHED: "SERVICE_FAILED",
}


FIELDS = (
    "logId",
    "configId",
    "statusId",
    "contentName",
    "remoteFilePath",
    "uploadFileContentId",
    "errorRecordContentId",
    "logFileContentId",
    "totalRecordCount",
    "failedRecordCount",
    "createdDate",
    "startDateTime",
    "finishDateTime",
)


@dataclass(frozen=True)
class _Condition:
    """One condition of a performFind."""

    field: str
    operator: str
    wanted: Any

    def fits(self, value: object) -> bool:
        if self.operator == "in":
            return value in self.wanted
        if self.operator == "contains":
            return value is not None and str(self.wanted) in str(value)
        return bool(value == self.wanted)


class OfbizError(ValueError):
    """A refused request: HTTP 200 with this text as `_ERROR_MESSAGE_`."""


class OfbizFace:
    """Answers requests below ``/api/``.

    :param logs: the Data Manager log.
    :param settings: page cap.
    :param credentials: who may ask.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self, logs: ImportLogs, settings: HotWaxSettings, credentials: Credentials, clock: Callable[[], datetime]
    ) -> None:
        self._logs = logs
        self._settings = settings
        self._credentials = credentials
        self._clock = clock
        # The pages spell the upload in two ways; both are known to work.
        self._routes = {
            ("POST", "uploadAndImportFile"): self._upload,
            ("POST", "uploadAndImportfile"): self._upload,
            ("GET", "performFind"): self._perform_find,
            ("POST", "performFind"): self._perform_find,
            ("GET", "DownloadDataManagerFile"): self._download,
        }

    def respond(self, request: Request) -> Response:
        """Answer a request.

        :param request: the request.
        :returns: the answer.
        """
        name = request.path.removeprefix(PREFIX).removeprefix("service/")
        try:
            if (request.method, name) == ("POST", "login"):
                return self._log_in(request)
            if request.headers.get("authorization") != f"Bearer {self._credentials.token}":
                return json_response({"_ERROR_MESSAGE_": "You are not authorized"}, 401)
            route = self._routes.get((request.method, name))
            if route is None:
                return json_response({"_ERROR_MESSAGE_": f"Unknown request [{name}]"}, 404)
            return route(request)
        except (OfbizError, FormError) as error:
            return json_response({"_ERROR_MESSAGE_": str(error)})

    def _log_in(self, request: Request) -> Response:
        given = _json_object(request.body)
        known = self._credentials
        if (given.get("USERNAME"), given.get("PASSWORD")) != (known.login, known.password):
            raise OfbizError("User not found or password incorrect")
        return json_response({"token": known.token})

    def _upload(self, request: Request) -> Response:
        form = read_form(request.headers.get("content-type", ""), request.body)
        file, config = form.get("uploadedFile"), form.get("configId")
        if file is None:
            raise OfbizError("Required parameter uploadedFile is missing")
        if config is None or config.text not in CONFIG_IDS:
            raise OfbizError(f"Data Manager config {config.text if config else ''!r} not found")
        named = form.get("_uploadedFile_fileName")
        name = file.file_name or (named.text if named else "")
        if not name:
            raise OfbizError("Required parameter _uploadedFile_fileName is missing")
        log = self._logs.create(config.text, name, file.data, at=self._clock(), keep=True)
        return json_response(
            {
                "uploadFileContentId": log.upload_content_id,
                "filePath": f"/oms/runtime/datamanager/imported/{log.config_id}/{name}",
                "configId": log.config_id,
                "_EVENT_MESSAGE_": "Upload has been started successfully.",
            }
        )

    def _perform_find(self, request: Request) -> Response:
        asked = {**request.query, **(_json_object(request.body) if request.body else {})}
        if asked.get("entityName") != LOG_ENTITY:
            raise OfbizError(f"Entity {asked.get('entityName')!r} is not found")
        conditions = _conditions(_object_of(asked.get("inputFields") or {}))
        size = min(_whole(asked, "viewSize", DEFAULT_VIEW_SIZE), self._settings.page_cap)
        start = _whole(asked, "viewIndex", 0) * size
        docs = [row for row in map(_shown, self._logs.all()) if _matches(row, conditions)]
        docs = _sorted(docs, str(asked.get("orderBy") or ""))
        fields = _list_of(asked.get("fieldList"))
        page = [{name: row[name] for name in fields or row if row.get(name) is not None} for row in docs]
        return json_response({"count": len(docs), "docs": page[start : start + size]})

    def _download(self, request: Request) -> Response:
        content_id = request.query.get("contentId", "")
        content = self._logs.content(content_id)
        if content is None:
            raise OfbizError(f"Content {content_id!r} is not found")
        name, data = content
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(200, data, "application/octet-stream", headers)


def _shown(log: ImportLog) -> dict[str, Any]:
    values = (
        log.log_id,
        log.config_id,
        STATUSES[log.status],
        log.content_name,
        log.remote_file_path,
        log.upload_content_id,
        log.error_content_id,
        log.log_content_id,
        log.total,
        log.failed,
        _millis(log.created_at),
        _millis(log.started_at),
        _millis(log.finished_at),
    )
    return dict(zip(FIELDS, values, strict=True))


def _matches(row: Mapping[str, Any], conditions: list[_Condition]) -> bool:
    return all(condition.fits(row[condition.field]) for condition in conditions)


def _conditions(inputs: Mapping[str, Any]) -> list[_Condition]:
    """Read input fields: ``field`` with its optional ``field_op`` (equals, in, contains) and ``field_ic`` (ignored)."""
    found = []
    for name, wanted in inputs.items():
        if name.endswith(("_op", "_ic")):
            continue
        operator = inputs.get(f"{name}_op", "equals")
        if name not in FIELDS:
            raise OfbizError(f"{name!r} is not a field of {LOG_ENTITY}")
        if operator not in ("equals", "in", "contains"):
            raise OfbizError(f"Operator {operator!r} is not supported")
        found.append(_Condition(name, operator, _list_of(wanted) if operator == "in" else wanted))
    return found


def _sorted(docs: list[dict[str, Any]], order_by: str) -> list[dict[str, Any]]:
    """Sort by one field: ``field``, ``field ASC``, ``field DESC`` or ``-field``; rows without a value come last."""
    words = order_by.split()
    if not words:
        return docs
    name = words[0].lstrip("-+")
    down = words[0].startswith("-") or words[1:2] == ["DESC"]
    if name not in FIELDS:
        raise OfbizError(f"{name!r} is not a field of {LOG_ENTITY}")
    filled = sorted((row for row in docs if row[name] is not None), key=lambda row: row[name], reverse=down)
    return filled + [row for row in docs if row[name] is None]


def _whole(asked: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return int(asked.get(name, default))
    except (TypeError, ValueError) as error:
        raise OfbizError(f"{name} must be a whole number") from error


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        return _object_of(body.decode())
    except UnicodeDecodeError as error:
        raise OfbizError("the body is not UTF-8") from error


def _object_of(value: object) -> dict[str, Any]:
    """Take an object, or the JSON text of one, as a query parameter carries it."""
    found = _parsed(value) if isinstance(value, str) else value
    if not isinstance(found, dict):
        raise OfbizError("a JSON object was expected")
    return found


def _list_of(value: object) -> list[str]:
    """Take a list, or text with commas or in JSON, as a query parameter carries it."""
    if isinstance(value, str):
        value = _parsed(value) if value.startswith("[") else value.split(",")
    return [str(entry) for entry in value] if isinstance(value, list) else []


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise OfbizError(f"not JSON: {error}") from error


def _millis(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)
