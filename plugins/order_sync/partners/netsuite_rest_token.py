"""OAuth 2.0 client credentials with a signed assertion: the token that calls of NetSuite's REST API carry."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from order_sync.contracts.netsuite_rest import TOKEN
from order_sync.errors import Outcome
from order_sync.partners.call_answers import Verdict
from order_sync.partners.http_exchange import exchange
from order_sync.partners.netsuite_rest_connection import NetSuiteAccount

if TYPE_CHECKING:
    import aiohttp

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
#: An assertion is used at once.
_LIFE = timedelta(minutes=5)
#: A token is no longer used so long before its end.
_EARLY_SECONDS = 30.0
#: What the refusal of a token says about our request, and not about the moment.
_FAULTS = frozenset({"invalid_client", "invalid_grant", "invalid_request", "invalid_scope", "unauthorized_client"})


class _Answer(msgspec.Struct):
    access_token: str = ""
    expires_in: int | str = 3600
    error: str = ""


class Token:
    """The token of one session: fetched when it is first needed, kept until shortly before its end.

    :param now: gives the present time, aware UTC.
    :param read_seconds: after which the session gives up waiting, for messages.
    """

    def __init__(self, account: NetSuiteAccount, now: Callable[[], datetime], read_seconds: float) -> None:
        self._account, self._now, self._read_seconds = account, now, read_seconds
        self._value, self._ends_at = "", 0.0
        self._fetching = asyncio.Lock()

    async def get(self, session: aiohttp.ClientSession, refused: str = "") -> str | Verdict:
        """The token, a verdict where there is none to be had.

        :param refused: one that NetSuite does not take any more; it is replaced, once for all calls that carried it.
        """
        async with self._fetching:
            if self._value and self._value != refused and time.monotonic() < self._ends_at:
                return self._value
            fetched = await self._fetched(session)
            if isinstance(fetched, Verdict):
                return fetched
            self._value = fetched.access_token
            life = float(fetched.expires_in)
            self._ends_at = time.monotonic() + max(life - _EARLY_SECONDS, life / 2)
            return self._value

    async def _fetched(self, session: aiohttp.ClientSession) -> _Answer | Verdict:
        url = self._account.origin + TOKEN
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": _ASSERTION_TYPE,
            "client_assertion": self._assertion(url),
        }
        raw = await exchange(
            session, "POST", url, urlencode(form).encode(), headers=_FORM, only_asks=True,
            partner="NetSuite", read_seconds=self._read_seconds,
        )  # fmt: skip
        if isinstance(raw, Verdict):
            return Verdict(Outcome.NOT_SENT, f"no token: {raw.message}", hopeless=raw.hopeless)
        answer = _decoded(raw.body) if raw.whole else _Answer()
        if raw.status == 200 and answer.access_token:
            return answer
        if answer.error in _FAULTS or raw.status in {401, 403, 404}:
            words = f"NetSuite gives no token ({answer.error or f'status {raw.status}'}): its mapping of client id,"
            return Verdict(Outcome.NOT_SENT, f"{words} certificate and role must fit the connection", hopeless=True)
        return Verdict(Outcome.NOT_SENT, f"no token: status {raw.status} with an answer that holds none")

    def _assertion(self, audience: str) -> str:
        import jwt

        now = self._now()
        claims = {
            "iss": self._account.client_id,
            "scope": ["rest_webservices"],
            "aud": audience,
            "iat": int(now.timestamp()),
            "exp": int((now + _LIFE).timestamp()),
        }
        head = {"kid": self._account.certificate_id}
        return jwt.encode(claims, self._account.private_key, algorithm=self._account.algorithm, headers=head)


def _decoded(body: bytes) -> _Answer:
    try:
        return msgspec.json.decode(body, type=_Answer)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Answer()
