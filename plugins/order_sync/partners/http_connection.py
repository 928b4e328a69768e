"""What every Airflow connection of type ``http`` to a partner has in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from order_sync.errors import Stop

if TYPE_CHECKING:
    from airflow.sdk import Connection


class HttpConnection(NamedTuple):
    """A connection that names a host and holds no extra that nobody knows.

    :param partner: the partner's name, for messages.
    :param where: the connection in words, for messages; no secret in it.
    :param origin: scheme, host and port, without a slash at the end.
    """

    partner: str
    where: str
    origin: str
    login: str
    password: str
    extra: dict[str, Any]

    def wrong(self, why: str) -> Stop:
        """The error that says that it cannot be used."""
        return _wrong(self.partner, self.where, why)


def read_http_connection(conn_id: str, partner: str, known_extras: Sequence[str]) -> HttpConnection:
    """Read the Airflow connection `conn_id`.

    :raises Stop: if the connection does not exist, names no host, or holds an extra that is not known.
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _wrong(partner, f"connection {conn_id!r}", "it does not exist") from error
    where = f"connection {conn_id!r} ({connection.host})"
    extra: dict[str, Any] = connection.extra_dejson
    unknown = sorted(set(extra) - set(known_extras))
    if unknown:
        raise _wrong(partner, where, f"its extra {unknown[0]!r} is not known; known are {', '.join(known_extras)}")
    if not connection.host:
        raise _wrong(partner, where, "it names no host")
    return HttpConnection(partner, where, _origin(connection), connection.login or "", connection.password or "", extra)


def _origin(connection: Connection) -> str:
    host = str(connection.host).rstrip("/")
    origin = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    return f"{origin}:{connection.port}" if connection.port else origin


def _wrong(partner: str, where: str, why: str) -> Stop:
    return Stop(
        f"The {partner} {where} cannot be used: {why}.",
        next_step="Correct the Airflow connection (type http), or its name in the retailer's settings.",
    )
