"""HTTP plumbing: one server, requests and responses as plain values, scripted faults."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from sandbox.hotwax.http_faults import HttpFaults


@dataclass(frozen=True)
class Request:
    """One request; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Response:
    """One answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(content: object, status: int = 200) -> Response:
    """Make a JSON answer.

    :param content: anything `json` can write.
    :param status: the HTTP status.
    :returns: the answer.
    """
    return Response(status, json.dumps(content).encode())


class HttpServer:
    """Serves one function on 127.0.0.1, a thread per connection.

    :param respond: makes the answer to a request.
    :param faults: the script of faults; it is asked for every path but those in `always_well`.
    :param port: 0 for any free port.
    :param always_well: paths that no fault hits.
    """

    def __init__(
        self,
        respond: Callable[[Request], Response],
        faults: HttpFaults,
        *,
        port: int = 0,
        always_well: frozenset[str] = frozenset(),
    ) -> None:
        self.host = "127.0.0.1"
        self.port = port
        self.respond = respond
        self.faults = faults
        self.always_well = always_well
        self.stopping = threading.Event()
        self._server: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen; afterwards :attr:`port` is the real port.

        :raises OSError: when the port is taken.
        """
        self.stopping.clear()
        server = _Server((self.host, self.port), _handler_for(self))
        self.port = server.server_address[1]
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, args=(0.05,), name="sandbox-hotwax-http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and end every hang; nothing happens when it is stopped."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self._server = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Report an error of a handler; that a client went away is none."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    """Reads one request after the other from a connection."""

    protocol_version = "HTTP/1.1"
    server_version = "Sandbox"
    disable_nagle_algorithm = True
    owner: HttpServer

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST request."""
        self._serve()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: requests may hold personal data."""

    def _serve(self) -> None:
        owner = self.owner
        if owner.stopping.is_set():
            self.close_connection = True
            return
        request = self._read()
        if request.path in owner.always_well:
            self._send(owner.respond(request))
        elif (fault := owner.faults.take("answer", request.path)) is not None:
            headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
            error = json.dumps({"errorCode": fault.status, "errors": "scripted fault"}).encode()
            self._send(Response(fault.status, error, headers=headers))
        elif (fault := owner.faults.take("hang", request.path)) is not None:
            owner.stopping.wait(fault.seconds)
            self.close_connection = True
        elif owner.faults.take("close_before", request.path) is not None:
            self.close_connection = True
        else:
            response = owner.respond(request)
            if owner.faults.take("close_after", request.path) is not None:
                self.close_connection = True
            else:
                self._send(response)

    def _read(self) -> Request:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)


def _handler_for(owner: HttpServer) -> type[_Handler]:
    return type("_OwnedHandler", (_Handler,), {"owner": owner})
