"""What the Airflow connection says about a Retail Pro server."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from order_sync.errors import Stop

if TYPE_CHECKING:
    from airflow.sdk import Connection

_EXTRAS = ("auth", "api_key_header")
_DEFAULT_HEADER = "X-API-Key"


@dataclass(frozen=True, repr=False)
class RetailProServer:
    """Where Retail Pro is and how it knows us.

    :param where: the connection in words, for messages; no secret in it.
    :param origin: scheme, host and port, without a slash at the end.
    :param headers: what every call carries to be let in.
    """

    where: str
    origin: str
    headers: dict[str, str]


def read_server(conn_id: str) -> RetailProServer:
    """Read the Airflow connection `conn_id`, of type ``http``.

    Its extra `auth` says how the password is used: ``basic`` (with the login; the default where there is a login),
    ``bearer`` (a token), ``api_key`` (in the header `api_key_header`, default ``X-API-Key``) or ``none``.

    :raises Stop: if the connection does not exist, lacks something, or holds an extra that is not known.
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.exceptions import AirflowNotFoundException

    try:
        connection = BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise _wrong(f"connection {conn_id!r}", "it does not exist") from error
    where = f"connection {conn_id!r} ({connection.host})"
    extra: dict[str, Any] = connection.extra_dejson
    unknown = sorted(set(extra) - set(_EXTRAS))
    if unknown:
        raise _wrong(where, f"its extra {unknown[0]!r} is not known; known are {', '.join(_EXTRAS)}")
    if not connection.host:
        raise _wrong(where, "it names no host")
    host = str(connection.host).rstrip("/")
    origin = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    if connection.port:
        origin = f"{origin}:{connection.port}"
    return RetailProServer(where, origin, _headers(connection, extra, where))


def _headers(connection: Connection, extra: dict[str, Any], where: str) -> dict[str, str]:
    password = connection.password or ""
    auth = str(extra.get("auth", "basic" if connection.login else "none"))
    if auth == "none":
        return {}
    if not password:
        raise _wrong(where, f"auth {auth} needs a password")
    if auth == "basic":
        token = base64.b64encode(f"{connection.login or ''}:{password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}
    if auth == "bearer":
        return {"Authorization": f"Bearer {password}"}
    if auth == "api_key":
        return {str(extra.get("api_key_header", _DEFAULT_HEADER)): password}
    raise _wrong(where, f"auth is {auth!r}; it must be basic, bearer, api_key or none")


def _wrong(where: str, why: str) -> Stop:
    return Stop(
        f"The Retail Pro {where} cannot be used: {why}.",
        next_step="Correct the Airflow connection (type http), or its name in the retailer's settings.",
    )
