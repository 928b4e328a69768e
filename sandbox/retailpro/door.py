"""Who gets in: outage, credentials, rate limit."""

from __future__ import annotations

import base64
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sandbox.keys import password
from sandbox.retailpro.faults import RetailProFaults
from sandbox.retailpro.office import Answer, answer
from sandbox.retailpro.settings import RetailProSettings


@dataclass(repr=False)
class Credentials:
    """One integration user: login and password, a bearer token, an API key. Changing them rotates the secret."""

    login: str
    password: str
    token: str
    api_key: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read them from a folder of keys, where they are made on first use.

        :param folder: the folder.
        :returns: the credentials.
        """
        return cls(
            login="order-sync",
            password=password(folder / "retailpro_password"),
            token=password(folder / "retailpro_token"),
            api_key=password(folder / "retailpro_api_key"),
        )


class Door:
    """Lets callers in, or tells them why not; used by one thread only.

    :param settings: what a caller must show.
    :param faults: outage and rate limit.
    :param credentials: the right ones.
    """

    def __init__(self, settings: RetailProSettings, faults: RetailProFaults, credentials: Credentials) -> None:
        self._settings = settings
        self._faults = faults
        self._credentials = credentials
        self._token_seen = credentials.token
        self._token_calls = 0
        self._bucket = 0.0
        self._bucket_at = -math.inf

    def objection(self, headers: Mapping[str, str], now: float) -> Answer | None:
        """Look at a caller.

        :param headers: of the request.
        :param now: seconds of a clock that never goes back.
        :returns: the answer that turns the caller away, None for one who may come in.
        """
        if self._faults.outage is not None:
            return answer(503, {"Message": "Out of service"})
        if not self._is_known(headers):
            return answer(401, {"Message": "Not authorized"})
        wait = self._seconds_over_the_limit(now)
        if wait > 0:
            seconds = math.ceil(wait) if self._faults.retry_after else None
            return answer(429, {"Message": "Too many requests"}, retry_after=seconds)
        return None

    def _is_known(self, headers: Mapping[str, str]) -> bool:
        known = self._credentials
        way = self._settings.auth
        if way == "none":
            return True
        if way == "api_key":
            return _same(headers.get("X-API-Key", ""), known.api_key)
        shown = headers.get("Authorization", "")
        if way == "basic":
            pair = base64.b64encode(f"{known.login}:{known.password}".encode()).decode("ascii")
            return _same(shown, f"Basic {pair}")
        return _same(shown, f"Bearer {known.token}") and self._token_lasts()

    def _token_lasts(self) -> bool:
        if self._token_seen != self._credentials.token:
            self._token_seen, self._token_calls = self._credentials.token, 0
        self._token_calls += 1
        limit = self._settings.expire_token_after
        return limit is None or self._token_calls <= limit

    def _seconds_over_the_limit(self, now: float) -> float:
        """Take a token out of the bucket; without one, the seconds until the next drops in."""
        rate = self._faults.rate_limit
        if rate is None:
            return 0.0
        self._bucket = min(self._faults.rate_burst, self._bucket + (now - self._bucket_at) * rate)
        self._bucket_at = now
        if self._bucket < 1:
            return (1 - self._bucket) / rate
        self._bucket -= 1
        return 0.0


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogateescape"), other.encode())
