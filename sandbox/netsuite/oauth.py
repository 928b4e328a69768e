"""OAuth 2.0 client credentials with a signed assertion, as SuiteTalk REST wants it."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from sandbox.keys import password, write_private
from sandbox.netsuite.settings import NetSuiteSettings

TOKEN_PATH = "/services/rest/auth/oauth2/v1/token"
SCOPE = "rest_webservices"
_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST = timedelta(hours=1)
_CLOCK_SKEW = timedelta(seconds=60)
_LEAST_RSA_BITS = 3072
_ES256_BYTES = 64

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


class RefusedAssertionError(Exception):
    """The assertion is not worth a token."""


@dataclass(frozen=True, repr=False)
class Credentials:
    """What one integration needs to log in.

    :param client_id: of the integration record.
    :param certificate_id: of its certificate, the ``kid`` of assertions.
    :param private_key: PEM, for ES256.
    """

    client_id: str
    certificate_id: str
    private_key: str

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read them from a folder of keys, where they are made on first use.

        :param folder: the folder.
        :returns: the credentials.
        """
        path = folder / "netsuite_key.pem"
        if not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            write_private(path, key.private_bytes(*form))
        return cls(
            client_id=password(folder / "netsuite_client_id"),
            certificate_id=password(folder / "netsuite_certificate_id"),
            private_key=path.read_text(encoding="ascii"),
        )

    def public_key(self) -> bytes:
        """The public half of the key, PEM."""
        key = serialization.load_pem_private_key(self.private_key.encode(), None)
        return key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class Authority:
    """Gives out tokens and knows them again; tokens are forgotten on a restart.

    :param client_id: the one integration.
    :param settings: how long a token lasts.
    :param clock: gives the present time, aware UTC.
    :ivar problems: why each assertion was refused; the client hears only that it was.
    """

    def __init__(self, client_id: str, settings: NetSuiteSettings, clock: Callable[[], datetime]) -> None:
        self.problems: list[str] = []
        self._client_id = client_id
        self._settings = settings
        self._clock = clock
        self._keys: dict[str, PublicKey] = {}
        self._tokens: dict[str, datetime] = {}

    def register(self, certificate_id: str, public_key: bytes) -> None:
        """Register a certificate's key.

        :param certificate_id: its id.
        :param public_key: PEM; RSA of at least 3072 bits, or EC on P-256.
        :raises ValueError: it is another key.
        """
        key = serialization.load_pem_public_key(public_key)
        strong = isinstance(key, rsa.RSAPublicKey) and key.key_size >= _LEAST_RSA_BITS
        if not strong and not (isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"):
            raise ValueError(f"certificate {certificate_id}: RSA of at least 3072 bits or EC on P-256 is needed")
        self._keys[certificate_id] = key  # type: ignore[assignment]

    def revoke(self) -> None:
        """Make every token worthless."""
        self._tokens.clear()

    def token(self, form: Mapping[str, str], audience: str) -> tuple[int, dict[str, str]]:
        """Answer a request for a token.

        :param form: its fields.
        :param audience: the URL that was asked.
        :returns: HTTP status and JSON.
        """
        if form.get("grant_type") != "client_credentials":
            return 400, {"error": "unsupported_grant_type"}
        if form.get("client_assertion_type") != _ASSERTION_TYPE or "client_assertion" not in form:
            return 400, {"error": "invalid_request"}
        try:
            self._check(form["client_assertion"], audience)
        except RefusedAssertionError as error:
            self.problems.append(str(error))
            return 400, {"error": "invalid_grant"}
        token = secrets.token_urlsafe(32)
        self._tokens[token] = self._clock() + timedelta(seconds=self._settings.token_seconds)
        return 200, {
            "access_token": token,
            "expires_in": str(int(self._settings.token_seconds)),
            "token_type": "Bearer",
        }

    def knows(self, authorization: str) -> bool:
        """Tell whether a caller may come in.

        :param authorization: that header.
        """
        kind, _, token = authorization.partition(" ")
        until = self._tokens.get(token)
        return kind.lower() == "bearer" and until is not None and self._clock() < until

    def _check(self, assertion: str, audience: str) -> None:
        parts = assertion.split(".")
        if len(parts) != 3:
            raise RefusedAssertionError("it is no JSON web token")
        header, claims = _json(parts[0]), _json(parts[1])
        key = self._keys.get(str(header.get("kid")))
        if key is None:
            raise RefusedAssertionError("kid: no such certificate is registered")
        signed = f"{parts[0]}.{parts[1]}".encode()
        try:
            _verify(str(header.get("alg")), key, signed, _bytes(parts[2]))
        except InvalidSignature as error:
            raise RefusedAssertionError("the signature is wrong") from error
        self._check_claims(claims, audience)

    def _check_claims(self, claims: dict[str, Any], audience: str) -> None:
        scopes = claims.get("scope")
        if claims.get("iss") != self._client_id:
            raise RefusedAssertionError("iss: not the client id of the integration")
        if SCOPE not in (scopes.replace(",", " ").split() if isinstance(scopes, str) else scopes or []):
            raise RefusedAssertionError(f"scope: {SCOPE} is missing")
        if claims.get("aud") != audience:
            raise RefusedAssertionError(f"aud: must be {audience}")
        issued, expires = claims.get("iat"), claims.get("exp")
        if type(issued) is not int or type(expires) is not int:
            raise RefusedAssertionError("iat, exp: must be whole seconds")
        now = self._clock().timestamp()
        if issued > now + _CLOCK_SKEW.total_seconds() or expires <= now:
            raise RefusedAssertionError("iat, exp: not valid now")
        if expires - issued > _LONGEST.total_seconds():
            raise RefusedAssertionError("exp: more than an hour after iat")


def _verify(algorithm: str, key: PublicKey, signed: bytes, signature: bytes) -> None:
    if algorithm == "PS256" and isinstance(key, rsa.RSAPublicKey):
        sha256 = hashes.SHA256()
        key.verify(signature, signed, padding.PSS(padding.MGF1(sha256), padding.PSS.DIGEST_LENGTH), sha256)
    elif algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == _ES256_BYTES:
        halves = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        key.verify(encode_dss_signature(*halves), signed, ec.ECDSA(hashes.SHA256()))
    else:
        raise RefusedAssertionError(f"alg: {algorithm} does not fit the certificate")


def _bytes(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise RefusedAssertionError("it is no JSON web token") from error


def _json(part: str) -> dict[str, Any]:
    try:
        content = json.loads(_bytes(part))
    except ValueError as error:
        raise RefusedAssertionError("it is no JSON web token") from error
    if not isinstance(content, dict):
        raise RefusedAssertionError("it is no JSON web token")
    return content
