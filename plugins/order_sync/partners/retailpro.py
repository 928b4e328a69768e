"""Retail Pro's API: one POST per document, at most once per call of ours; no library repeats a POST behind our back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from order_sync.contracts.retailpro_api import RetailProApi
from order_sync.errors import Outcome
from order_sync.faults import point
from order_sync.partners.retailpro_answers import Evidence, Found, Verdict, at_path, decoded, judge, weigh
from order_sync.partners.retailpro_connection import RetailProServer

if TYPE_CHECKING:
    import aiohttp

    from order_sync.partners.guarded_body import GuardedBody

#: The operations, as the ledger names them.
INVOICE, SLIP = "invoice", "slip"

_MOST_ANSWER_BYTES = 1 << 18
_SECRET_HEADERS = frozenset({"set-cookie", "www-authenticate", "authorization"})
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Reply:
    """What came back from one call.

    :param status: None where no answer came.
    :param headers: without cookies.
    :param body: text, shortened if very long.
    :param wait: seconds that the server asks for before the next call (Retry-After).
    """

    verdict: Verdict
    status: int | None
    milliseconds: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    wait: float | None = None


class RetailPro:
    """One session with a Retail Pro server, for use in an asynchronous ``with`` statement.

    :param api: what the retailer's settings say about paths, timeouts and answers.
    """

    def __init__(self, server: RetailProServer, api: RetailProApi) -> None:
        self._server, self._api = server, api
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        import aiohttp

        # aiohttp itself repeats idempotent methods only, so a POST goes out once
        self._session = aiohttp.ClientSession(
            headers={"Accept": "application/json", "Content-Type": "application/json", **self._server.headers},
            connector=aiohttp.TCPConnector(limit=self._api.concurrency),
            timeout=aiohttp.ClientTimeout(
                total=self._api.connect_seconds + self._api.read_seconds,
                sock_connect=self._api.connect_seconds,
                sock_read=self._api.read_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def create(self, operation: str, body: bytes, may_send: Callable[[], bool]) -> Reply:
        """POST one document; every way in which that can end is a reply, none is an exception.

        :param operation: :data:`INVOICE` or :data:`SLIP`.
        :param body: sent exactly as it is.
        :param may_send: asked right before the body is written; nothing is sent if it says no.
        """
        from order_sync.partners.guarded_body import GuardedBody

        path = self._api.invoice_path if operation == INVOICE else self._api.slip_path
        started = time.monotonic()
        guarded = GuardedBody(body, may_send)
        raw = await self._call("POST", path, guarded)
        spent = round((time.monotonic() - started) * 1000)
        if guarded.kept_back:
            return Reply(Verdict(Outcome.NOT_SENT, "too late for a call that was intended so long ago"), None, spent)
        if isinstance(raw, Verdict):
            return Reply(raw, None, spent)
        verdict = judge(raw.status, raw.body, body, self._api) if raw.whole else _doubt("the answer broke off")
        return Reply(verdict, raw.status, spent, raw.headers, raw.text, raw.wait)

    async def look_up(self, operation: str, body: bytes) -> tuple[Evidence, Reply]:
        """Ask whether a document is there; what cannot be read is :attr:`Found.UNCLEAR`.

        :param body: what was sent; the fields that the path names are taken from it.
        """
        template = self._api.look_up.invoice_path if operation == INVOICE else self._api.look_up.slip_path
        content = decoded(body)
        path = _FIELD.sub(lambda match: quote(str(at_path(content, match[1])), safe=""), template)
        started = time.monotonic()
        raw = await self._call("GET", path, None)
        spent = round((time.monotonic() - started) * 1000)
        if isinstance(raw, Verdict):
            return Evidence(Found.UNCLEAR, f"the look-up failed: {raw.message}"), Reply(raw, None, spent)
        if not raw.whole:
            evidence = Evidence(Found.UNCLEAR, "the answer to the look-up broke off")
        else:
            evidence = weigh(raw.status, raw.body, body, self._api)
        asked = Verdict(Outcome.NOT_SENT, evidence.message)
        return evidence, Reply(asked, raw.status, spent, raw.headers, raw.text, raw.wait)

    async def _call(self, method: str, path: str, body: GuardedBody | None) -> _Raw | Verdict:
        """One exchange; a verdict where no status came back."""
        import aiohttp

        if self._session is None:
            raise RuntimeError("Retail Pro is called outside of its with statement.")
        url = self._server.origin + path
        try:
            async with self._session.request(method, url, data=body, allow_redirects=False) as response:
                point("deliver.after_send")
                return await _read(response)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return Verdict(Outcome.NOT_SENT, f"no connection to Retail Pro ({type(error).__name__})")
        except aiohttp.InvalidURL:
            return Verdict(Outcome.NOT_SENT, "the address in the connection is no URL", hopeless=True)
        except TimeoutError:
            return _doubt(f"no answer within {self._api.read_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return _doubt(f"the connection broke before the answer was there ({type(error).__name__})")


@dataclass(frozen=True)
class _Raw:
    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    wait: float | None

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")


async def _read(response: aiohttp.ClientResponse) -> _Raw:
    """Read an answer; what breaks off is kept as far as it came."""
    import aiohttp

    parts: list[bytes] = []
    whole = False
    try:
        while True:
            part = await response.content.readany()
            if not part:
                whole = response.content.at_eof()
                break
            parts.append(part)
            if sum(map(len, parts)) > _MOST_ANSWER_BYTES:
                break
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass  # whole stays False: the status alone does not say what became of the call
    headers = {name: value for name, value in response.headers.items() if name.lower() not in _SECRET_HEADERS}
    return _Raw(response.status, headers, b"".join(parts), whole, _wait(response.headers))


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After, which is a number, or a date by the server's own clock."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return None


def _doubt(message: str) -> Verdict:
    return Verdict(Outcome.IN_DOUBT, message)
