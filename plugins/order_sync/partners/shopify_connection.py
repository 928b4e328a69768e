"""What the Airflow connection says about a Shopify shop, and the token that every question carries."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import msgspec
import requests

from order_sync.errors import NotSent, Stop
from order_sync.partners.http_connection import read_http_connection

_EXTRAS = ("token",)
#: A token is fetched anew so long before its end.
_MARGIN_SECONDS = 3600.0
#: States of a shop in which nobody gets an answer.
_CLOSED = {
    402: "the shop is frozen: its owner owes Shopify money",
    404: "there is no such shop, or no such version of the API",
    423: "the shop is locked",
    430: "Shopify rejects the request for security reasons",
}


@dataclass(frozen=True, repr=False)
class ShopifyShop:
    """One shop.

    :param where: the connection in words, for messages.
    :param origin: scheme and host, without a slash at the end.
    :param token: one that does not end; blank: one is fetched for client id and secret.
    """

    where: str
    origin: str
    client_id: str
    client_secret: str
    token: str

    def stop_if_closed(self, status: int) -> None:
        """Tell a shop that is closed to everybody.

        :param status: of an HTTP answer.
        :raises Stop: it is.
        """
        if status in _CLOSED:
            raise Stop(
                f"Shopify answers HTTP {status} to the {self.where}: {_CLOSED[status]}.",
                next_step="Ask the owner of the shop; clear the task when it is open again.",
            )


def read_shop(conn_id: str) -> ShopifyShop:
    """Read the Airflow connection `conn_id`, of type ``http``.

    Its host is ``<shop>.myshopify.com``. Login and password are client id and secret of an app of the Dev Dashboard; or
    the extra `token` is the token of an app that was made in Shopify's admin.

    :raises Stop: if the connection does not exist, lacks something, or holds an extra that is not known.
    """
    connection = read_http_connection(conn_id, "Shopify", _EXTRAS)
    token = str(connection.extra.get("token", ""))
    if not (token or (connection.login and connection.password)):
        raise connection.wrong("it holds neither client id (login) and secret (password), nor the extra token")
    return ShopifyShop(connection.where, connection.origin, connection.login, connection.password, token)


class _Granted(msgspec.Struct):
    access_token: str
    expires_in: float


_kept: dict[tuple[str, str], tuple[str, float]] = {}
_lock = threading.Lock()


class Tokens:
    """Gives the token of a shop; those that end are kept for the life of the process.

    :param timeouts: seconds to connect, and seconds to wait for an answer.
    """

    def __init__(self, shop: ShopifyShop, timeouts: tuple[float, float]) -> None:
        self._shop, self._timeouts = shop, timeouts

    @property
    def renewable(self) -> bool:
        """Whether another token can be had where one is refused."""
        return not self._shop.token

    def get(self, refused: str = "") -> str:
        """The token to send.

        :param refused: one that Shopify does not take any more; it is not given again.
        :raises NotSent: Shopify gives none.
        """
        if self._shop.token:
            return self._shop.token
        key = (self._shop.origin, self._shop.client_id)
        with _lock:
            token, ends_at = _kept.get(key, ("", 0.0))
            if token == refused or time.monotonic() > ends_at - _MARGIN_SECONDS:
                token, lasts = self._grant()
                _kept[key] = (token, time.monotonic() + lasts)
            return token

    def _grant(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials", "client_id": self._shop.client_id,
            "client_secret": self._shop.client_secret,
        }  # fmt: skip
        address = f"{self._shop.origin}/admin/oauth/access_token"
        try:
            answer = requests.post(address, data=form, timeout=self._timeouts, allow_redirects=False)
            granted = msgspec.json.decode(answer.content, type=_Granted) if answer.ok else None
        except (requests.RequestException, msgspec.DecodeError) as error:
            raise self._none(type(error).__name__) from error
        self._shop.stop_if_closed(answer.status_code)
        if granted is None:
            raise self._none(f"HTTP {answer.status_code}")
        return granted.access_token, granted.expires_in

    def _none(self, why: str) -> NotSent:
        return NotSent(
            f"Shopify gave no access token for the {self._shop.where} ({why}).",
            next_step="Check client id, client secret, and that the app is installed in this shop.",
        )
