"""The HTTP face of the simulated shop: GraphQL, tokens, results of bulk operations."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from sandbox.http_lies import tell
from sandbox.loop_thread import LoopThread
from sandbox.shopify.bulk import PATH as BULK_PATH
from sandbox.shopify.bulk import BulkOperations
from sandbox.shopify.door import TOKEN_PATH, Door
from sandbox.shopify.faults import Fault, ShopifyFaults
from sandbox.shopify.office import Office
from sandbox.shopify.schema import answering_version

SUMMARY_PATH = "/sandbox/summary"
_API, _END = "/admin/api/", "/graphql.json"
_INSIDE = {"throttled", "internal", "partial", "shop_inactive"}
_PIECE = 1 << 16
_EXPIRED = (
    "<?xml version='1.0' encoding='UTF-8'?><Error><Code>ExpiredToken</Code><Message>Invalid argument.</Message></Error>"
)


class HttpServer:
    """Serves on 127.0.0.1, in an event loop in a thread of its own.

    :param office: answers GraphQL requests.
    :param door: lets requests in.
    :param bulk: knows the results.
    :param faults: what goes wrong on the way.
    :param clock: the shop's time, in seconds.
    :param summary: what the summary shows.
    :param port: 0 for any free port.
    :ivar answers: how often each status was answered; lies of the connection count by their names.
    """

    def __init__(
        self,
        office: Office,
        door: Door,
        bulk: BulkOperations,
        faults: ShopifyFaults,
        clock: Callable[[], float],
        summary: Callable[[], dict[str, Any]],
        *,
        port: int = 0,
    ) -> None:
        self.host, self.port = "127.0.0.1", port
        self.answers: Counter[str] = Counter()
        self._office, self._door, self._bulk, self._faults = office, door, bulk, faults
        self._clock, self._summary = clock, summary
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
        loop = LoopThread("sandbox-shopify")
        try:
            self._listener = loop.run(self._listen())
        except BaseException:
            loop.stop()
            raise
        self._loop = loop
        self.port = self._listener.sockets[0].getsockname()[1]
        self._bulk.url = self.url

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
            return web.json_response(self._summary())
        if request.path.startswith(BULK_PATH) and request.method == "GET":
            return await self._result(request)
        response = await self._answer(request)
        self.answers[str(response.status)] += 1
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        body = await request.read()
        if self._faults.latency_ms > 0:
            await asyncio.sleep(self._faults.latency_ms / 1000)
        if request.path == TOKEN_PATH and request.method == "POST":
            return self._json(*self._door.give_token(_form(request, body)))
        version = None
        if request.path.startswith(_API) and request.path.endswith(_END) and request.method == "POST":
            version = answering_version(request.path.removeprefix(_API).removesuffix(_END))
        if version is None:
            return self._json(404, {"errors": "Not Found"})
        fault = self._faults.take()
        if (objection := self._door.objection(request.headers)) is not None:
            return self._json(objection[0], {"errors": objection[1]})
        return await self._graphql(request, version, body, fault)

    async def _graphql(self, request: web.BaseRequest, version: str, body: bytes, fault: Fault | None) -> web.Response:
        what = "" if fault is None else fault.what
        if what == "401":
            return self._json(401, {"errors": "[API] Invalid API key or access token"})
        if fault is None or what in _INSIDE:
            told = await asyncio.to_thread(self._office.answer, version, body, what)
            return self._json(told.status, told.content, version)
        truth = None
        if what == "half" or (fault.committed and self._office.commits(body)):
            told = await asyncio.to_thread(self._office.answer, version, body)
            truth = self._json(told.status, told.content, version)
        self.answers[what] += 1
        return await tell(request, what, truth, fault.hang_seconds)

    def _json(self, status: int, content: dict[str, Any], version: str | None = None) -> web.Response:
        moment = datetime.fromtimestamp(self._clock(), UTC)
        headers = {"Date": format_datetime(moment, usegmt=True)}
        if version is not None:
            headers["X-Shopify-API-Version"] = version
        body = msgspec.json.encode(content)
        return web.Response(status=status, body=body, content_type="application/json", headers=headers)

    async def _result(self, request: web.BaseRequest) -> web.StreamResponse:
        query = dict(parse_qsl(request.query_string))
        found = self._bulk.file(request.path.removeprefix(BULK_PATH), query)
        if found is None or not found[0].exists():
            return web.Response(status=400, text=_EXPIRED, content_type="application/xml")
        path, fault = found
        size = path.stat().st_size
        response = web.StreamResponse(headers={"Content-Type": "application/jsonl", "Content-Length": str(size)})
        await response.prepare(request)
        left = size // 2 if fault is not None and fault.what == "cut" else size
        with path.open("rb") as file:
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                await response.write(piece)
                left -= len(piece)
        if fault is not None and request.transport is not None:
            request.transport.close()
            return response
        await response.write_eof()
        return response


def _form(request: web.BaseRequest, body: bytes) -> dict[str, str]:
    """A form, or JSON with the same fields."""
    text = body.decode("utf-8", "replace")
    if request.content_type != "application/json":
        return dict(parse_qsl(text))
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}
