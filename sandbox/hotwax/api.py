"""The HTTP face of HotWax: both back ends of the Data Manager behind one port, and a summary for people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sandbox.hotwax import moqui, ofbiz
from sandbox.hotwax.credentials import Credentials
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.http_faults import HttpFaults
from sandbox.hotwax.http_server import HttpServer, Request, Response, json_response
from sandbox.hotwax.logs import ImportLogs
from sandbox.hotwax.settings import HotWaxSettings
from sandbox.hotwax.shopify_import_api import ShopifyOrdersFace

SUMMARY_PATH = "/sandbox/summary"


class HotWaxApi:
    """The HTTP server.

    :param database: what was imported.
    :param logs: the Data Manager log, the same rows behind both back ends.
    :param settings: page cap.
    :param credentials: who may ask.
    :param clock: gives the present time, aware UTC.
    :param shopify: looks orders up that came from Shopify.
    :param port: 0 for any free port.
    """

    def __init__(
        self,
        database: HotWaxDatabase,
        logs: ImportLogs,
        settings: HotWaxSettings,
        credentials: Credentials,
        clock: Callable[[], datetime],
        shopify: ShopifyOrdersFace,
        *,
        port: int = 0,
    ) -> None:
        self._database = database
        self._logs = logs
        self._moqui = moqui.MoquiFace(logs, settings, credentials, clock)
        self._ofbiz = ofbiz.OfbizFace(logs, settings, credentials, clock)
        self.shopify = shopify
        self.faults = HttpFaults()
        self.server = HttpServer(self._respond, self.faults, port=port, always_well=frozenset({SUMMARY_PATH}))

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{self.server.host}:{self.server.port}"

    def summary(self) -> dict[str, object]:
        """What HotWax holds: counts, sums and one line per imported file, oldest first."""
        return {
            **self._database.figures(),
            "logs": [
                {
                    "logId": log.log_id,
                    "configId": log.config_id,
                    "statusId": log.status,
                    "contentName": log.content_name,
                    "remoteFilePath": log.remote_file_path,
                    "totalRecordCount": log.total,
                    "failedRecordCount": log.failed,
                }
                for log in reversed(self._logs.all())
            ],
            "importedTwice": [log.content_name for log in self._logs.imported_twice()],
        }

    def _respond(self, request: Request) -> Response:
        if request.path == SUMMARY_PATH:
            return json_response(self.summary())
        if self.shopify.takes(request.path):
            return self.shopify.respond(request)
        if request.path.startswith(moqui.PREFIX):
            return self._moqui.respond(request)
        if request.path.startswith(ofbiz.PREFIX):
            return self._ofbiz.respond(request)
        return json_response({"errorCode": 404, "errors": f"Nothing at {request.path}"}, 404)
