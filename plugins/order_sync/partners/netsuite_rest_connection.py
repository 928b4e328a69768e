"""What the Airflow connection says about a NetSuite account's REST API."""

from __future__ import annotations

from dataclasses import dataclass

from order_sync.partners.http_connection import HttpConnection, read_http_connection

_EXTRAS = ("certificate_id", "algorithm")
_ALGORITHMS = {"PS256": "RSA PRIVATE KEY", "ES256": "EC PRIVATE KEY"}


@dataclass(frozen=True, repr=False)
class NetSuiteAccount:
    """Where an account's API is and how it knows us.

    :param where: the connection in words, for messages; no secret in it.
    :param origin: scheme, host and port, without a slash at the end.
    :param client_id: of the integration record.
    :param certificate_id: of the certificate that is mapped to it.
    :param algorithm: ``PS256`` (RSA) or ``ES256`` (EC).
    :param private_key: PEM; it goes nowhere.
    """

    where: str
    origin: str
    client_id: str
    certificate_id: str
    algorithm: str
    private_key: str


def read_account(conn_id: str) -> NetSuiteAccount:
    """Read the Airflow connection `conn_id`, of type ``http``: login = client id, password = private key (PEM).

    Its extra names the ``certificate_id`` and the ``algorithm`` (default ``PS256``).

    :raises Stop: if the connection does not exist, lacks something, or holds something that cannot be used.
    """
    connection = read_http_connection(conn_id, "NetSuite", _EXTRAS)
    algorithm = str(connection.extra.get("algorithm", "PS256"))
    certificate_id = str(connection.extra.get("certificate_id", ""))
    if algorithm not in _ALGORITHMS:
        raise connection.wrong(f"its extra algorithm is {algorithm!r:.40}; it must be {' or '.join(_ALGORITHMS)}")
    if not connection.login:
        raise connection.wrong("its login, the client id of the integration, is blank")
    if not certificate_id:
        raise connection.wrong("its extra certificate_id is missing")
    key = _checked_key(connection, algorithm)
    origin = connection.origin
    return NetSuiteAccount(connection.where, origin, connection.login, certificate_id, algorithm, key)


def _checked_key(connection: HttpConnection, algorithm: str) -> str:
    """The private key; line breaks that a form or a shell wrote as a backslash and an n are made good.

    :raises Stop: it is none, or none for the algorithm.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    pem = connection.password.replace("\\n", "\n")
    try:
        key = serialization.load_pem_private_key(pem.encode(), None)
    except Exception:  # noqa: BLE001 - whatever it is, its words may hold a part of the key
        raise connection.wrong("its password is no private key in PEM without a passphrase") from None
    if not isinstance(key, rsa.RSAPrivateKey if algorithm == "PS256" else ec.EllipticCurvePrivateKey):
        raise connection.wrong(f"its password is no {_ALGORITHMS[algorithm]}, which {algorithm} needs")
    return pem
