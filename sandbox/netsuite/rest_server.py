"""The REST face of NetSuite over HTTP: token, upsert, look-up, and all that may go wrong with them."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from aiohttp import web

from sandbox.http_lies import page, tell
from sandbox.loop_thread import LoopThread
from sandbox.netsuite import rest_answers
from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.oauth import TOKEN_PATH, Authority
from sandbox.netsuite.rest_fields import InvalidContentError
from sandbox.netsuite.rest_records import TABLES, RestRecords
from sandbox.netsuite.settings import NetSuiteSettings
from sandbox.netsuite.values import read_json
from sandbox.retailpro import Lie, RetailProFaults

RECORD_PATH = "/services/rest/record/v1"
SUMMARY_PATH = "/sandbox/summary"
_NO_STATUS = {"close", "reset", "hang"}


@dataclass
class RestFaults:
    """What the REST face shall do wrong; as it is made, nothing.

    :ivar lies: of the answers to PUTs, scripted by external id or at random (`lie_about`, `lie_at`, `probability`,
        `seed`, `whats`, `committed_share`, `clear`); its other faults have no effect here.
    :ivar latency_ms: before every answer to a record request, while it counts as under way.
    :ivar maintenance: everything is answered 503 with an HTML page.
    :ivar locked: external ids whose next so many PUTs meet a lock.
    :ivar invalid_logins: how many requests are told "invalid login" in spite of a good token.
    """

    lies: RetailProFaults = field(default_factory=RetailProFaults)
    latency_ms: float = 0.0
    maintenance: bool = False
    locked: dict[str, int] = field(default_factory=dict)
    invalid_logins: int = 0

    def take_lock(self, external_id: str) -> bool:
        """Use up a lock.

        :param external_id: of the record.
        :returns: whether it is locked now.
        """
        left = self.locked.get(external_id, 0)
        if left > 0:
            self.locked[external_id] = left - 1
        return left > 0

    def take_invalid_login(self) -> bool:
        """Use up an invalid login; tells whether there was one left."""
        told = self.invalid_logins > 0
        self.invalid_logins -= told
        return told


class _NotCommitted(Exception):
    """Undoes what a lie does not commit."""


class RestServer:
    """Serves on 127.0.0.1, in an event loop in a thread of its own.

    :param database: the truth, which keeps the calls, too.
    :param records: writes records.
    :param authority: gives out tokens.
    :param settings: concurrency limit.
    :param script_faults: external ids to refuse.
    :param clock: gives the present time, aware UTC.
    :param port: 0 for any free port.
    :ivar faults: what shall go wrong.
    :ivar most_at_once: the most record requests that were under way together.
    """

    def __init__(
        self,
        database: NetSuiteDatabase,
        records: RestRecords,
        authority: Authority,
        settings: NetSuiteSettings,
        script_faults: NetSuiteFaults,
        clock: Callable[[], datetime],
        *,
        port: int = 0,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.faults = RestFaults()
        self.most_at_once = 0
        self.authority = authority
        self._database = database
        self._records = records
        self._settings = settings
        self._script_faults = script_faults
        self._clock = clock
        self._under_way = 0
        self._later: set[asyncio.Task[web.Response]] = set()
        self._loop: LoopThread | None = None
        self._web: web.Server | None = None
        self._listener: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Listen; afterwards :attr:`port` is the real port.

        :raises OSError: when the port is taken.
        """
        loop = LoopThread("sandbox-netsuite")
        try:
            self._listener = loop.run(self._listen())
        except BaseException:
            loop.stop()
            raise
        self._loop = loop
        self.port = self._listener.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening and cut every connection; nothing happens when it is stopped."""
        if self._loop is not None:
            self._loop.run(self._shut())
            self._loop.stop()
            self._loop = None

    async def _listen(self) -> asyncio.Server:
        self._web = web.Server(self._respond, access_log=None)
        return await asyncio.get_running_loop().create_server(self._web, self.host, self.port)

    async def _shut(self) -> None:
        if self._listener is not None:
            self._listener.close()
        for connection in list(self._web.connections if self._web is not None else ()):
            if connection.transport is not None:
                connection.transport.abort()
        await asyncio.sleep(0)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.path == SUMMARY_PATH:
            return rest_answers.json_answer(200, self._database.figures())
        if self.faults.maintenance:
            return page(503, "NetSuite is down for scheduled maintenance")
        if request.path == TOKEN_PATH and request.method == "POST":
            form = dict(parse_qsl((await request.read()).decode("utf-8", "replace")))
            status, content = self.authority.token(form, f"{self.url}{TOKEN_PATH}")
            return web.json_response(content, status=status)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            if self._under_way > self._settings.concurrency_limit:
                return rest_answers.too_many(self._settings.concurrency_status)
            return await self._let_in(request)
        finally:
            self._under_way -= 1

    async def _let_in(self, request: web.BaseRequest) -> web.StreamResponse:
        known = self.authority.knows(request.headers.get("Authorization", ""))
        if not known or self.faults.take_invalid_login():
            return await self._late(rest_answers.unauthorized())
        record, _, key = request.rel_url.raw_path.removeprefix(f"{RECORD_PATH}/").partition("/eid:")
        external_id = unquote(key)
        if not request.path.startswith(f"{RECORD_PATH}/") or record not in TABLES or not external_id:
            return await self._late(rest_answers.error(404, "NONEXISTENT_ID", "The record does not exist."))
        if request.method == "GET":
            expand = request.query.get("expandSubResources") == "true"
            return await self._late(self._find(record, external_id, expand=expand))
        if request.method != "PUT":
            return await self._late(rest_answers.error(405, "METHOD_NOT_ALLOWED", "Only PUT and GET are known here."))
        return await self._put(request, record, external_id)

    def _find(self, record: str, external_id: str, *, expand: bool) -> web.Response:
        found = rest_answers.shown(self._database, record, external_id, expand=expand)
        if found is None:
            return rest_answers.error(404, "NONEXISTENT_ID", "The record instance does not exist.")
        return rest_answers.json_answer(200, found)

    async def _put(self, request: web.BaseRequest, record: str, external_id: str) -> web.StreamResponse:
        body = await request.read()
        if self.faults.take_lock(external_id):
            return await self._late(rest_answers.locked())
        query = "SELECT count(*) AS n FROM rest_calls WHERE record = ? AND external_id = ?"
        before = self._database.rows(query, record, external_id)[0]["n"]
        lie = self.faults.lies.next_lie(external_id, before + 1)
        work = self._write(body, record, external_id, lie, replace=request.query.get("replace") == "item")
        if lie is None:
            return await self._late(await work)
        truth = None
        if lie.late_seconds > 0:
            task = asyncio.ensure_future(work)
            self._later.add(task)
            task.add_done_callback(self._later.discard)
        else:
            truth = await work
        await self._pause()
        return await tell(request, lie.what, truth, lie.hang_seconds)

    async def _write(
        self, body: bytes, record: str, external_id: str, lie: Lie | None, *, replace: bool
    ) -> web.Response:
        """Do what a PUT asks for and write the call down: the true answer, or what would have been it."""
        if lie is not None and lie.late_seconds > 0:
            await asyncio.sleep(lie.late_seconds)
        committed = False
        try:
            with self._database.transaction():
                answer = self._upserted(body, record, external_id, replace=replace)
                if lie is not None and not lie.committed:
                    raise _NotCommitted
                committed = True
        except _NotCommitted:
            pass
        except (RecordError, InvalidContentError) as problem:
            answer = rest_answers.refusal(problem)
        self._note(body, record, external_id, answer, lie, committed=committed)
        return answer

    def _upserted(self, body: bytes, record: str, external_id: str, *, replace: bool) -> web.Response:
        if (message := self._script_faults.refuse.get(external_id)) is not None:
            raise RecordError(message)
        internal_id = self._records.put(record, external_id, _read(body), replace_lines=replace)
        return web.Response(status=204, headers={"Location": f"{self.url}{RECORD_PATH}/{record}/{internal_id}"})

    def _note(
        self, body: bytes, record: str, external_id: str, answer: web.Response, lie: Lie | None, *, committed: bool
    ) -> None:
        status = answer.status
        if lie is not None and lie.what != "half":
            status = 0 if lie.what in _NO_STATUS else 200 if lie.what == "html" else int(lie.what)
        columns: dict[str, Any] = {
            "arrived_at": self._clock().isoformat(),
            "method": "PUT",
            "record": record,
            "external_id": external_id,
            "sha256": hashlib.sha256(body).hexdigest(),
            "committed": int(committed),
            "status": status,
            "lie": "" if lie is None else lie.what,
            "answer": answer.body if isinstance(answer.body, bytes) else b"",
        }
        self._database.insert("rest_calls", columns)

    async def _late(self, answer: web.Response) -> web.Response:
        await self._pause()
        return answer

    async def _pause(self) -> None:
        if self.faults.latency_ms > 0:
            await asyncio.sleep(self.faults.latency_ms / 1000)


def _read(body: bytes) -> dict[str, Any]:
    try:
        content = read_json(body)
    except ValueError as problem:
        raise InvalidContentError("Invalid content in the request body: it is no JSON.") from problem
    if not isinstance(content, dict):
        raise InvalidContentError("Invalid content in the request body: it is no object.")
    return content
