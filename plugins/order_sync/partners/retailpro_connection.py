"""What the Airflow connection says about a Retail Pro server."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from order_sync.partners.http_connection import HttpConnection, read_http_connection

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
    connection = read_http_connection(conn_id, "Retail Pro", _EXTRAS)
    return RetailProServer(connection.where, connection.origin, _headers(connection))


def _headers(connection: HttpConnection) -> dict[str, str]:
    auth = str(connection.extra.get("auth", "basic" if connection.login else "none"))
    if auth == "none":
        return {}
    if auth in {"basic", "bearer", "api_key"} and not connection.password:
        raise connection.wrong(f"auth {auth} needs a password")
    if auth == "basic":
        token = base64.b64encode(f"{connection.login}:{connection.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}
    if auth == "bearer":
        return {"Authorization": f"Bearer {connection.password}"}
    if auth == "api_key":
        return {str(connection.extra.get("api_key_header", _DEFAULT_HEADER)): connection.password}
    raise connection.wrong(f"auth is {auth!r}; it must be basic, bearer, api_key or none")
