"""Who may ask, and how much: tokens, the shop's state, the bucket of points."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.keys import password
from sandbox.shopify.database import ShopifyDatabase
from sandbox.shopify.settings import CLOSED_SHOP, ShopifySettings

TOKEN_PATH = "/admin/oauth/access_token"
TOKEN_HEADER = "X-Shopify-Access-Token"
_UNAUTHORIZED = "[API] Invalid API key or access token (unrecognized login or wrong password)"


@dataclass
class Credentials:
    """What an app logs in with; change a field to rotate it.

    :param static_token: of an app that was made in the shop's admin.
    :param client_id: of an app that uses the client credentials grant.
    :param client_secret: of the same.
    """

    static_token: str
    client_id: str
    client_secret: str

    @classmethod
    def read(cls, keys: Path) -> Credentials:
        """Read them from a folder, or make them.

        :param keys: the folder.
        """
        return cls(
            f"static-{password(keys / 'shopify_token')}",
            password(keys / "shopify_client_id"),
            password(keys / "shopify_client_secret"),
        )


class Door:
    """Lets requests in.

    :param database: keeps the tokens that were given out.
    :param settings: scopes, state, life of tokens.
    :param credentials: what an app must show.
    :param clock: the shop's time, in seconds.
    """

    def __init__(
        self,
        database: ShopifyDatabase,
        settings: ShopifySettings,
        credentials: Credentials,
        clock: Callable[[], float],
    ) -> None:
        self._database, self._settings = database, settings
        self._credentials, self._clock = credentials, clock
        self.tokens_given = 0

    def objection(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and text with which a request is turned away, None when it may come in.

        :param headers: of the request.
        """
        if self._settings.state != "open":
            return CLOSED_SHOP[self._settings.state]
        token = headers.get(TOKEN_HEADER, "")
        if token == self._credentials.static_token:
            return None
        known = self._database.rows("SELECT expires_at FROM tokens WHERE token = ?", token)
        return None if known and known[0]["expires_at"] > self._clock() else (401, _UNAUTHORIZED)

    def give_token(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        """The client credentials grant.

        :param form: the body.
        :returns: status and content of the answer.
        """
        if self._settings.state != "open":
            status, text = CLOSED_SHOP[self._settings.state]
            return status, {"errors": text}
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type", "error_description": "grant_type is not supported"}
        known = (self._credentials.client_id, self._credentials.client_secret)
        if (form.get("client_id"), form.get("client_secret")) != known:
            return 400, {"error": "invalid_client", "error_description": "client_id or client_secret is wrong"}
        token = f"granted-{secrets.token_hex(16)}"
        life = self._settings.token_seconds
        self._database.execute("INSERT INTO tokens VALUES (?, ?)", token, int(self._clock()) + life)
        self.tokens_given += 1
        scope = ",".join(sorted(self._settings.scopes))
        return 200, {"access_token": token, "scope": scope, "expires_in": life}

    def revoke_tokens(self) -> None:
        """Make every token that was given out worth nothing."""
        self._database.execute("DELETE FROM tokens")


class Bucket:
    """Points that requests cost, and that come back with time.

    :param settings: size and rate.
    :param clock: seconds from any start.
    """

    def __init__(self, settings: ShopifySettings, clock: Callable[[], float]) -> None:
        self._settings, self._clock = settings, clock
        self._lock = threading.Lock()
        self._level = settings.maximum_available
        self._at = clock()

    def take(self, points: float) -> bool:
        """Take points, or none when there are too few.

        :param points: the cost of a request.
        """
        with self._lock:
            self._refill()
            enough = self._level >= points
            self._level -= points if enough else 0
            return enough

    def give_back(self, points: float) -> None:
        """Put points back that a request did not use.

        :param points: how many.
        """
        with self._lock:
            self._refill()
            self._level = min(self._settings.maximum_available, self._level + points)

    def status(self) -> dict[str, float]:
        """What ``throttleStatus`` shows."""
        with self._lock:
            self._refill()
            return {
                "maximumAvailable": float(self._settings.maximum_available),
                "currentlyAvailable": int(self._level),
                "restoreRate": float(self._settings.restore_rate),
            }

    def _refill(self) -> None:
        now = self._clock()
        gained = (now - self._at) * self._settings.restore_rate
        self._level = min(self._settings.maximum_available, self._level + gained)
        self._at = now
