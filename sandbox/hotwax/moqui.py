"""The Moqui ("Maarg") back end of the Data Manager: ``/rest/s1/admin/…``.

Shapes: public HotWax front ends (hotwax/job-manager, hotwax/import). Not public, so assumed here: the body of the
answer to an upload, `contentName` in log rows, the order of log rows (newest first), and the body of an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sandbox.hotwax.credentials import Credentials
from sandbox.hotwax.form import FormError, read_form
from sandbox.hotwax.http_server import Request, Response, json_response
from sandbox.hotwax.logs import ImportLog, ImportLogs
from sandbox.hotwax.settings import CONFIG_IDS, HotWaxSettings

PREFIX = "/rest/s1/admin/"
DEFAULT_PAGE_SIZE = 20


class MoquiFace:
    """Answers requests below ``/rest/s1/admin/``.

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
        self._routes = {
            ("POST", "uploadDataManagerFile"): self._upload,
            ("GET", "dataManager/details"): self._details,
            ("GET", "dataManager/downloadDataManagerFile"): self._download,
        }

    def respond(self, request: Request) -> Response:
        """Answer a request.

        :param request: the request.
        :returns: the answer; errors are HTTP 4xx with an `errors` text.
        """
        if not self._credentials.let_in(request.headers):
            return _error(401, "User must be logged in to call this service")
        route = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if route is None:
            return _error(404, f"Resource {request.path} with method {request.method} is not valid")
        return route(request)

    def _upload(self, request: Request) -> Response:
        try:
            form = read_form(request.headers.get("content-type", ""), request.body)
        except FormError as error:
            return _error(400, str(error))
        file, config = form.get("contentFile"), form.get("configId")
        if file is None or not file.file_name:
            return _error(400, "Field cannot be empty (for field contentFile)")
        if config is None or config.text not in CONFIG_IDS:
            return _error(400, f"Data Manager config {config.text if config else ''!r} not found")
        log = self._logs.create(config.text, file.file_name, file.data, at=self._clock(), keep=True)
        return json_response({"logId": log.log_id, "configId": log.config_id, "statusId": log.status})

    def _details(self, request: Request) -> Response:
        query = request.query
        try:
            size = min(int(query.get("pageSize", DEFAULT_PAGE_SIZE)), self._settings.page_cap)
            start = int(query.get("pageIndex", 0)) * size
        except ValueError:
            return _error(400, "pageSize and pageIndex must be whole numbers")
        found = [log for log in self._logs.all() if _matches(log, query)]
        page = [_shown(log) for log in found[start : start + size]]
        return json_response({"dataManagerLogs": page, "dataManagerLogsCount": len(found)})

    def _download(self, request: Request) -> Response:
        content_id = request.query.get("logContentId", "")
        content = self._logs.content(content_id)
        if content is None:
            return _error(404, f"No log content with id {content_id!r}")
        return json_response({"csvData": content[1].decode("utf-8", errors="replace")})


def _matches(log: ImportLog, query: Mapping[str, str]) -> bool:
    wanted = query.get("statusId", "")
    statuses = wanted.split(",") if query.get("statusId_op") == "in" else [wanted]
    return (
        query.get("logId", log.log_id) == log.log_id
        and query.get("configId", log.config_id) == log.config_id
        and (not wanted or log.status in statuses)
    )


def _shown(log: ImportLog) -> dict[str, object]:
    """Show a log row; values that are not there are left out, as in the published sample."""
    row = {
        "logId": log.log_id,
        "configId": log.config_id,
        "statusId": log.status,
        "contentName": log.content_name,
        "remoteFilePath": log.remote_file_path,
        "uploadFileContentId": log.upload_content_id,
        "errorRecordContentId": log.error_content_id,
        "logFileContentId": log.log_content_id,
        "totalRecordCount": log.total,
        "successRecordCount": None if log.total is None or log.failed is None else log.total - log.failed,
        "failedRecordCount": log.failed,
        "createdDate": _moment(log.created_at),
        "startDateTime": _moment(log.started_at),
        "finishDateTime": _moment(log.finished_at),
    }
    return {name: value for name, value in row.items() if value is not None}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, text: str) -> Response:
    return json_response({"errorCode": status, "errors": text}, status)
