"""NetSuite's REST API: one upsert by external id per record, so that sending it again makes no second one.

What NetSuite has under the same external id already is looked at first: the same counts as sent, another is left
alone. Lines are replaced, never added to.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, Self
from urllib.parse import quote

from order_sync.contracts.netsuite_rest import RECORDS, NetSuiteRest, RestLine, rest_lines
from order_sync.errors import Outcome
from order_sync.partners import netsuite_rest_answers as answers
from order_sync.partners.call_answers import Reply, Verdict
from order_sync.partners.http_exchange import Raw, doubt, exchange
from order_sync.partners.netsuite_rest_answers import Sameness
from order_sync.partners.netsuite_rest_connection import NetSuiteAccount
from order_sync.partners.netsuite_rest_token import Token

if TYPE_CHECKING:
    import aiohttp

#: The operation, as the ledger names it.
UPSERT = "upsert"

#: So often a good token may be refused in a row: NetSuite says so when it is flooded, too.
_MOST_REFUSED_LOGINS = 6
#: So often a record may be locked before it is left to a person.
_MOST_LOCKS = 6
_LOCK_SECONDS = 0.5
_FIRST_WAIT_SECONDS = 1.0


class Found(NamedTuple):
    """What NetSuite has under an external id.

    :param record: its fields; None: nothing.
    """

    record: Mapping[str, Any] | None
    status: int


class NetSuite:
    """One session with an account, for use in an asynchronous ``with`` statement.

    :param rest: how it may be called.
    :param same: what must agree for a record of NetSuite to be ours, by type of record.
    :param now: gives the present time, aware UTC.
    """

    name = "NetSuite"

    def __init__(
        self, account: NetSuiteAccount, rest: NetSuiteRest, same: Mapping[str, Sameness], now: Callable[[], datetime]
    ) -> None:
        self._account, self._rest, self._same = account, rest, same
        self._token = Token(account, now, rest.read_seconds)
        self._session: aiohttp.ClientSession | None = None
        self._room = _Room(rest)
        self._refused_logins = 0
        self._locks: Counter[str] = Counter()

    async def __aenter__(self) -> Self:
        import aiohttp

        rest = self._rest
        self._session = aiohttp.ClientSession(
            headers={"Accept": "application/json", "Content-Type": "application/json"},
            connector=aiohttp.TCPConnector(limit=rest.concurrency),
            timeout=aiohttp.ClientTimeout(
                total=rest.connect_seconds + rest.read_seconds,
                sock_connect=rest.connect_seconds,
                sock_read=rest.read_seconds,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def create(self, operation: str, body: bytes, may_send: Callable[[], bool]) -> Reply:  # noqa: ARG002
        """Make sure that NetSuite has one record; every way in which that can end is a reply, none is an exception.

        :param operation: always :data:`UPSERT`.
        :param body: a line of the staged file; its body is sent exactly as it is.
        :param may_send: asked right before the body is written; nothing is sent if it says no.
        """
        line, started = rest_lines.decode(body), time.monotonic()
        reply = await self._standing(line) if self._rest.look_first else None
        reply = reply or await self._put(line, may_send)
        return replace(reply, milliseconds=round((time.monotonic() - started) * 1000))

    async def find(self, line: RestLine) -> Found | Reply:
        """Ask for a record; a reply that says why that cannot be known now."""
        expand = "?expandSubResources=true" if self._same[line.record].sublist else ""
        raw = await self._ask("GET", _path(line) + expand)
        if isinstance(raw, Reply):
            return raw
        content = answers.decoded(raw.body) if raw.whole else None
        if raw.status == 200 and isinstance(content, dict) and content.get("id"):
            return Found(content, raw.status)
        if raw.whole and answers.is_absent(raw.status, raw.body):
            return Found(None, raw.status)
        complaint = answers.details(raw.body).text
        words = f"the look-up gave status {raw.status}{f': {complaint}' if complaint else ''}"
        return _not_sent(words, raw, hopeless=raw.whole and raw.status in {403, 404, 405})

    async def _standing(self, line: RestLine) -> Reply | None:
        """What follows from what NetSuite has already; None if it has nothing."""
        found = await self.find(line)
        if isinstance(found, Reply):
            return found
        if found.record is None:
            return None
        reference = str(found.record["id"])
        other = answers.difference(found.record, answers.decoded(bytes(line.body)), self._same[line.record])
        if not other:
            verdict = Verdict(Outcome.DELIVERED, "NetSuite has it already", reference=reference, duplicate=True)
        else:
            message = f"NetSuite has {line.record} {reference} under external id {line.external_id}: {other}."
            verdict = Verdict(Outcome.REFUSED, message, "NETSUITE_OTHER_CONTENT", reference)
        return Reply(verdict, found.status, 0)

    async def _put(self, line: RestLine, may_send: Callable[[], bool]) -> Reply:
        replaced = "?replace=item" if self._same[line.record].sublist else ""
        raw = await self._ask("PUT", _path(line) + replaced, bytes(line.body), may_send)
        if isinstance(raw, Reply):
            return raw
        if raw.whole and answers.is_locked(raw.status, raw.body):
            return await self._locked(line, raw)
        verdict = answers.judge(raw.status, raw.headers, raw.body) if raw.whole else doubt("the answer broke off")
        # of a refusal the ledger keeps the words; an answer of any other kind may hold a person's data
        body = raw.text if verdict.outcome is Outcome.REFUSED else ""
        return Reply(verdict, raw.status, 0, raw.headers, body)

    async def _ask(
        self, method: str, path: str, body: bytes | None = None, may_send: Callable[[], bool] | None = None
    ) -> Raw | Reply:
        """One exchange by somebody who is let in; a reply where no answer came, or there was no room for the call."""
        raw = await self._let_in(method, path, body, may_send)
        if isinstance(raw, Reply):
            return raw
        if raw.status == 401:
            self._refused_logins += 1
            words = answers.details(raw.body).text or "the credentials are refused"
            hopeless = self._refused_logins > _MOST_REFUSED_LOGINS
            return self._room.none(f"status 401: {words}", raw, hopeless=hopeless)
        self._refused_logins = 0
        if answers.is_busy(raw.status, raw.body):
            return self._room.none(f"status {raw.status}: {answers.details(raw.body).text or 'too many calls'}", raw)
        self._room.there_is()
        return raw

    async def _let_in(
        self, method: str, path: str, body: bytes | None, may_send: Callable[[], bool] | None
    ) -> Raw | Reply:
        """One exchange with a token that counts, as far as that lies with us: one that is refused is replaced once."""
        from order_sync.partners.guarded_body import GuardedBody

        if self._session is None:
            raise RuntimeError("NetSuite is called outside of its with statement.")
        refused = ""
        for _ in range(2):
            token = await self._token.get(self._session, refused)
            if isinstance(token, Verdict):
                return Reply(token, None, 0)
            guarded = GuardedBody(body, may_send) if body is not None and may_send else None
            raw = await exchange(
                self._session, method, self._account.origin + path, guarded,
                headers={"Authorization": f"Bearer {token}"}, only_asks=guarded is None, partner=self.name,
                read_seconds=self._rest.read_seconds,
            )  # fmt: skip
            if guarded and guarded.kept_back:
                return _not_sent("too late for a call that was intended so long ago", None)
            if isinstance(raw, Verdict):
                return Reply(raw, None, 0) if guarded else _not_sent(f"the look-up failed: {raw.message}", None, raw)
            if raw.status != 401:
                break
            refused = token
        return raw

    async def _locked(self, line: RestLine, raw: Raw) -> Reply:
        """Something else is changing the record: later, and at last a person's."""
        self._locks[line.external_id] += 1
        words = f"NetSuite: {answers.details(raw.body).text}"
        if self._locks[line.external_id] >= _MOST_LOCKS:
            return Reply(Verdict(Outcome.REFUSED, words, "NETSUITE_REFUSED"), raw.status, 0, raw.headers, raw.text)
        await asyncio.sleep(_jittered(_LOCK_SECONDS))  # this one record waits, the other calls go on
        return Reply(Verdict(Outcome.NOT_SENT, words, busy=True), raw.status, 0, raw.headers, wait=0.0)


class _Room:
    """Whether the account has room for calls, which it shares with others; it never says how long to wait."""

    def __init__(self, rest: NetSuiteRest) -> None:
        self._rest = rest
        self._times, self._since, self._until = 0, 0.0, 0.0

    def there_is(self) -> None:
        """A call was let in."""
        self._times = 0

    def none(self, words: str, raw: Raw, *, hopeless: bool = False) -> Reply:
        """A call was not let in: longer and longer pauses, until patience is over.

        :param hopeless: whether it is over already.
        """
        now = time.monotonic()
        if not self._times:
            self._since, self._until = now, 0.0
        if now >= self._until:  # calls that were under way together are one answer
            self._times += 1
            pause = min(_FIRST_WAIT_SECONDS * 2.0 ** (self._times - 1), self._rest.most_wait_seconds)
            self._until = now + _jittered(pause)
        if now - self._since > self._rest.patience_seconds:
            words, hopeless = f"no room for {self._rest.patience_seconds:g} s: {words}", True
        verdict = Verdict(Outcome.NOT_SENT, words, hopeless=hopeless, busy=True)
        return Reply(verdict, raw.status, 0, raw.headers, wait=self._until - now)


def _path(line: RestLine) -> str:
    return f"{RECORDS}/{line.record}/eid:{quote(line.external_id, safe='')}"


def _jittered(seconds: float) -> float:
    """So long or a little less, so that those who were turned away together do not come back together."""
    return seconds * random.uniform(0.7, 1.0)  # noqa: S311 - no secret


def _not_sent(message: str, raw: Raw | None, cause: Verdict | None = None, *, hopeless: bool = False) -> Reply:
    verdict = Verdict(Outcome.NOT_SENT, message, hopeless=hopeless or bool(cause and cause.hopeless))
    return Reply(verdict, raw.status if raw else None, 0, raw.headers if raw else {}, wait=raw.wait if raw else None)
