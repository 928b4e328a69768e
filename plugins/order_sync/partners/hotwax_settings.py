"""What the Airflow connection says about a HotWax instance."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from order_sync.partners.http_connection import read_http_connection


class Backend(StrEnum):
    """The two back ends of HotWax; an instance may offer both, each under a host name of its own."""

    MOQUI = "moqui"
    OFBIZ = "ofbiz"


_BASE_PATHS = {Backend.MOQUI: "/rest/s1/", Backend.OFBIZ: "/api/"}
_DOWNLOAD_PATHS = {
    Backend.MOQUI: "/rest/s1/admin/dataManager/downloadDataManagerFile",
    Backend.OFBIZ: "/api/DownloadDataManagerFile",
}
_EXTRAS = ("backend", "api_key", "token", "base_path", "download_path", "connect_timeout", "read_timeout")


@dataclass(frozen=True, repr=False)
class HotWaxSettings:
    """A HotWax instance.

    :param where: the connection in words, for messages.
    :param origin: scheme, host and port, without a slash at the end.
    :param backend: which of the two speaks there.
    :param base_path: path before every call, with slashes at both ends.
    :param download_path: path of the download of an error file.
    :param login: user name, for Basic authentication (Moqui) or for ``login`` (OFBiz).
    :param password: of that user.
    :param token: a JWT made in HotWax under Settings, Create JWT Token; goes before login and password.
    :param api_key: a Moqui API key; goes before all others.
    :param timeouts: seconds to connect, and seconds to wait for an answer.
    """

    where: str
    origin: str
    backend: Backend
    base_path: str
    download_path: str
    login: str
    password: str
    token: str
    api_key: str
    timeouts: tuple[float, float]


def read_settings(conn_id: str) -> HotWaxSettings:
    """Read the Airflow connection `conn_id`, of type ``http``.

    Its extras: `backend` (``moqui``, the default, or ``ofbiz``), `token` or `api_key` instead of login and password,
    `base_path` and `download_path` where the instance differs, `connect_timeout` and `read_timeout` in seconds
    (defaults 10 and 60).

    :raises Stop: if the connection does not exist, lacks something, or holds an extra that is not known.
    """
    connection = read_http_connection(conn_id, "HotWax", _EXTRAS)
    extra = connection.extra
    try:
        backend = Backend(extra.get("backend", Backend.MOQUI))
        timeouts = (float(extra.get("connect_timeout", 10)), float(extra.get("read_timeout", 60)))
    except (ValueError, TypeError) as error:
        raise connection.wrong(str(error)) from error
    settings = HotWaxSettings(
        where=connection.where,
        origin=connection.origin,
        backend=backend,
        base_path=f"/{str(extra.get('base_path', _BASE_PATHS[backend])).strip('/')}/".replace("//", "/"),
        download_path=f"/{str(extra.get('download_path', _DOWNLOAD_PATHS[backend])).lstrip('/')}",
        login=connection.login,
        password=connection.password,
        token=str(extra.get("token", "")),
        api_key=str(extra.get("api_key", "")),
        timeouts=timeouts,
    )
    if not (settings.api_key or settings.token or (settings.login and settings.password)):
        raise connection.wrong("it holds no login and password, no token and no api_key")
    return settings
