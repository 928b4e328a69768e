"""The HTTP face of Retail Pro: answers, and everything that may happen to an answer on its way."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from sandbox.loop_thread import LoopThread
from sandbox.retailpro.checks import KEY
from sandbox.retailpro.door import Door
from sandbox.retailpro.faults import Lie, RetailProFaults
from sandbox.retailpro.office import Answer, Office, Posted, answer, read_post
from sandbox.retailpro.settings import INVOICE_PATH, SLIP_PATH, SUMMARY_PATH, Operation

_OPERATIONS: dict[str, Operation] = {INVOICE_PATH: "invoice", SLIP_PATH: "slip"}
_BACKLOG = 512
_LOOK_SECONDS = 0.02
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
#: SO_LINGER on, for 0 seconds: closing sends RST.
_NO_LINGER = struct.pack("ii", 1, 0)


class HttpServer:
    """Serves on 127.0.0.1, in an event loop in a thread of its own.

    :param office: does what is asked for.
    :param door: lets callers in.
    :param faults: lies, latency, outage.
    :param clock: gives the present time, aware UTC.
    :param count_posts: how often a number was posted before.
    :param port: 0 for any free port.
    :ivar most_at_once: the most requests that were under way together.
    """

    def __init__(
        self,
        office: Office,
        door: Door,
        faults: RetailProFaults,
        clock: Callable[[], datetime],
        count_posts: Callable[[str], int],
        *,
        port: int = 0,
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.most_at_once = 0
        self._office = office
        self._door = door
        self._faults = faults
        self._clock = clock
        self._count_posts = count_posts
        self._under_way = 0
        self._later: set[asyncio.Future[None]] = set()
        self._loop: LoopThread | None = None
        self._web: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._place_holder: socket.socket | None = None

    def start(self) -> None:
        """Listen, unless an outage says otherwise; afterwards :attr:`port` is the real port.

        :raises OSError: when the port is taken.
        """
        place = _bound(self.host, self.port)
        self.port = place.getsockname()[1]
        loop = LoopThread("sandbox-retailpro")
        try:
            if self._faults.outage == "refused":
                self._place_holder = place
            else:
                loop.run(self._listen(place))
        except BaseException:
            place.close()
            loop.stop()
            raise
        self._loop = loop
        self._faults.when_outage_changes = self._change_outage

    def stop(self) -> None:
        """Stop listening and cut every connection; nothing happens when it is stopped."""
        if self._loop is None:
            return
        self._faults.when_outage_changes = lambda: None
        self._loop.run(self._shut())
        self._loop.stop()
        self._loop = None
        if self._place_holder is not None:
            self._place_holder.close()
            self._place_holder = None

    def _change_outage(self) -> None:
        if self._loop is not None:
            self._loop.run(self._follow_outage())

    async def _follow_outage(self) -> None:
        refuse = self._faults.outage == "refused"
        if refuse and self._place_holder is None:
            await self._shut()
            self._place_holder = _bound(self.host, self.port)
        elif not refuse and self._place_holder is not None:
            place, self._place_holder = self._place_holder, None
            await self._listen(place)

    async def _listen(self, place: socket.socket) -> None:
        self._web = web.Server(self._respond, access_log=None)
        self._listener = await asyncio.get_running_loop().create_server(self._web, sock=place, backlog=_BACKLOG)

    async def _shut(self) -> None:
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        if self._web is not None:
            for connection in list(self._web.connections):
                if connection.transport is not None:
                    connection.transport.abort()
            self._web = None
        await asyncio.sleep(0)

    async def _respond(self, request: web.BaseRequest) -> web.StreamResponse:
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            return await self._answer(request)
        finally:
            self._under_way -= 1

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        operation = _OPERATIONS.get(request.path)
        if operation is not None and request.method == "POST":
            return await self._create(request, operation)
        if operation is not None and request.method == "GET":
            return await self._look_up(request, operation)
        if request.path == SUMMARY_PATH:
            return _response(self._office.summary())
        return _response(answer(404 if operation is None else 405, {"Message": "Nothing here"}))

    async def _create(self, request: web.BaseRequest, operation: Operation) -> web.StreamResponse:
        arrived_at = self._clock()
        posted = read_post(operation, arrived_at, await request.read())
        objection = self._door.objection(request.headers, asyncio.get_running_loop().time())
        if objection is not None:
            self._office.turn_away(posted, objection)
            return await self._late(objection)
        lie = self._faults.next_lie(posted.key, self._count_posts(posted.key) + 1)
        if lie is None:
            return await self._late(self._office.create(posted, None))
        if lie.late_seconds > 0:
            self._later.add(work := asyncio.ensure_future(self._create_later(posted, lie)))
            work.add_done_callback(self._later.discard)
            reply = None
        else:
            reply = self._office.create(posted, lie)
        await self._pause()
        return await _tell(request, lie, reply)

    async def _create_later(self, posted: Posted, lie: Lie) -> None:
        await asyncio.sleep(lie.late_seconds)
        self._office.create(posted, lie)

    async def _look_up(self, request: web.BaseRequest, operation: Operation) -> web.StreamResponse:
        objection = self._door.objection(request.headers, asyncio.get_running_loop().time())
        key = request.query.get(KEY[operation], "")
        return await self._late(objection or self._office.find(operation, key, self._clock()))

    async def _late(self, reply: Answer) -> web.Response:
        await self._pause()
        return _response(reply)

    async def _pause(self) -> None:
        if self._faults.latency_ms > 0:
            await asyncio.sleep(self._faults.latency_ms / 1000)


async def _tell(request: web.BaseRequest, lie: Lie, reply: Answer | None) -> web.Response:
    """Play a lie; where the connection is ended here, the response that is returned goes nowhere."""
    if lie.what == "html":
        return _page(200, "Welcome")
    if lie.what in {"500", "502", "504"}:
        return _page(int(lie.what), f"{lie.what} {HTTPStatus(int(lie.what)).phrase}")
    if lie.what == "hang":
        await _client_gone(request, lie.hang_seconds)
    transport = request.transport
    if transport is None:
        return web.Response()
    if lie.what == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        return web.Response()
    if lie.what == "half" and reply is not None:
        head = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nContent-Type: application/json\r\n"
        head += f"Content-Length: {len(reply.body)}\r\n\r\n"
        transport.write(head.encode("ascii") + reply.body[: len(reply.body) // 2])
    transport.close()
    return web.Response()


async def _client_gone(request: web.BaseRequest, most_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + most_seconds
    while request.transport is not None and loop.time() < end:
        await asyncio.sleep(_LOOK_SECONDS)


def _response(reply: Answer) -> web.Response:
    headers = {} if reply.retry_after is None else {"Retry-After": str(reply.retry_after)}
    return web.Response(status=reply.status, body=reply.body, content_type="application/json", headers=headers)


def _page(status: int, title: str) -> web.Response:
    return web.Response(status=status, text=_HTML.format(title), content_type="text/html")


def _bound(host: str, port: int) -> socket.socket:
    """A socket that keeps a port without listening: who connects is refused.

    :raises OSError: when the port is taken.
    """
    place = socket.socket()
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
    except BaseException:
        place.close()
        raise
    return place
