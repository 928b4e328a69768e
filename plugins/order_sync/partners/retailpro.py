"""Retail Pro's API: one POST per document, at most once per call of ours; no library repeats a POST behind our back."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import quote

from order_sync.contracts.retailpro_api import RetailProApi
from order_sync.errors import Outcome
from order_sync.partners.call_answers import Reply, Verdict
from order_sync.partners.http_exchange import Raw, doubt, exchange
from order_sync.partners.retailpro_answers import Evidence, Found, at_path, decoded, judge, weigh
from order_sync.partners.retailpro_connection import RetailProServer

if TYPE_CHECKING:
    import aiohttp

    from order_sync.partners.guarded_body import GuardedBody

#: The operations, as the ledger names them.
INVOICE, SLIP = "invoice", "slip"

_FIELD = re.compile(r"\{(\w+)\}")


class RetailPro:
    """One session with a Retail Pro server, for use in an asynchronous ``with`` statement.

    :param api: what the retailer's settings say about paths, timeouts and answers.
    """

    name = "Retail Pro"

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
        verdict = judge(raw.status, raw.body, body, self._api) if raw.whole else doubt("the answer broke off")
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

    async def _call(self, method: str, path: str, body: GuardedBody | None) -> Raw | Verdict:
        """One exchange; a verdict where no status came back."""
        if self._session is None:
            raise RuntimeError("Retail Pro is called outside of its with statement.")
        url, seconds = self._server.origin + path, self._api.read_seconds
        return await exchange(self._session, method, url, body, partner=self.name, read_seconds=seconds)
