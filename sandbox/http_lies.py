"""Answers that do not tell what happened, played on an aiohttp connection."""

from __future__ import annotations

import asyncio
import socket
import struct
from http import HTTPStatus

from aiohttp import web

_LOOK_SECONDS = 0.02
_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
#: SO_LINGER on, for 0 seconds: closing sends RST.
_NO_LINGER = struct.pack("ii", 1, 0)


def page(status: int, title: str) -> web.Response:
    """Make an HTML page.

    :param status: the HTTP status.
    :param title: what it says.
    """
    return web.Response(status=status, text=_HTML.format(title), content_type="text/html")


async def tell(request: web.BaseRequest, what: str, truth: web.Response | None, hang_seconds: float) -> web.Response:
    """Play a lie; where the connection is ended here, the response that is returned goes nowhere.

    :param request: that is lied to.
    :param what: an error status, ``close``, ``reset``, ``hang``, ``half`` or ``html``.
    :param truth: the true answer, of which ``half`` sends half; None when it is not known yet.
    :param hang_seconds: the longest that ``hang`` waits for the client to leave.
    """
    if what == "html":
        return page(200, "Welcome")
    if what.isdigit():
        return page(int(what), f"{what} {HTTPStatus(int(what)).phrase}")
    if what == "hang":
        await _client_gone(request, hang_seconds)
    transport = request.transport
    if transport is None:
        return web.Response()
    if what == "reset":
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        transport.abort()
        return web.Response()
    if what == "half" and truth is not None:
        transport.write(_half(truth))
    transport.close()
    return web.Response()


def _half(answer: web.Response) -> bytes:
    """The head of an answer and half of its body; of an answer without a body, the beginning of the first line."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    line = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}\r\n"
    if not body:
        return line.partition(" ")[0].encode("ascii")
    head = f"{line}Content-Type: {answer.content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body[: len(body) // 2]


async def _client_gone(request: web.BaseRequest, most_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + most_seconds
    while request.transport is not None and loop.time() < end:
        await asyncio.sleep(_LOOK_SECONDS)
