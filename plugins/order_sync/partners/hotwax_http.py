"""HTTP to HotWax: every way in which a call can end becomes one of our errors. Bodies are never logged."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any

import requests
import urllib3.exceptions

from order_sync.errors import InDoubt, NotSent, Rejected, Stop
from order_sync.partners.hotwax_settings import Backend, HotWaxSettings

_TRIES = 3
_SHOWN_CHARACTERS = 300


class _UnclearError(Exception):
    """No usable answer came back; what was sent may have been acted upon."""


class _UnreachableError(_UnclearError):
    """No connection was made: nothing was sent."""


class HotWaxHttp:
    """Calls one HotWax instance.

    Reads are tried three times where trying again may help. Nothing that changes something is ever repeated.

    :param settings: the instance.
    :param pause: seconds before the second try of a read; the pause before the third is twice as long.
    """

    def __init__(self, settings: HotWaxSettings, *, pause: float) -> None:
        self.settings = settings
        self._pause = pause
        self._token = settings.token
        self._session = requests.Session()
        self._session.auth = self._authorize
        # A session cookie would make Moqui ask for a CSRF token: every call stands for itself.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def read(self, path: str, params: Mapping[str, str], *, query: Mapping[str, Any] | None = None) -> bytes:
        """Read something: by GET, or with a `query` by a POST that changes nothing.

        :param path: below the base path, or from the root when it begins with a slash.
        :raises NotSent: if HotWax cannot be asked now, or refuses the login.
        :raises Rejected: if it refuses the question.
        :raises Stop: if there is nothing at that address.
        """
        self._log_in()
        method = "GET" if query is None else "POST"
        for number in range(_TRIES):
            if number:
                time.sleep(self._pause * number)
            try:
                return self._call(method, path, params=dict(params), json=query).content
            except _UnclearError as error:
                unclear = error
        raise NotSent(str(unclear), next_step="Nothing to do: it is asked again later.") from unclear

    def read_json(self, path: str, params: Mapping[str, str], *, query: Mapping[str, Any] | None = None) -> Any:
        """Read a JSON document; see :meth:`read`.

        :raises NotSent: also if the answer is not JSON.
        :raises Rejected: also if the answer is an error inside of HTTP 200.
        """
        try:
            content = json.loads(self.read(path, params, query=query))
        except ValueError as error:
            raise NotSent(
                f"HotWax answered {self._address(path)} with something other than JSON.",
                next_step="Check host and `base_path` of the Airflow connection: often it is a login page.",
            ) from error
        self._check_refusal(path, content)
        return content

    def read_text(self, path: str, params: Mapping[str, str]) -> str:
        """Read a text file; see :meth:`read`.

        :raises Rejected: also if the answer is an error inside of HTTP 200.
        """
        text = self.read(path, params).decode("utf-8-sig", errors="replace")
        with suppress(ValueError):
            self._check_refusal(path, json.loads(text))
        return text

    def send_file(self, path: str, field: str, file: Path, name: str, fields: Mapping[str, str]) -> dict[str, Any]:
        """Post a file as a multipart form, once, over a new connection. The file is held in memory.

        :param field: the name of the form's file field.
        :param name: the file name in the form.
        :param fields: the form's other fields.
        :returns: HotWax's receipt.
        :raises NotSent: if nothing reached HotWax, or it refused the login.
        :raises Rejected: if it refused the file.
        :raises InDoubt: if no readable answer came back.
        :raises Stop: if there is nothing at that address, or the local file cannot be read.
        """
        try:
            data = file.read_bytes()
        except OSError as error:
            raise Stop(
                f"The file {str(file)!r} cannot be read: {error}.", next_step="Check the staging store."
            ) from error
        self._log_in()
        self._session.close()  # a kept connection that HotWax has closed meanwhile would leave a needless doubt
        try:
            receipt = self._call("POST", path, files={field: (name, data)}, data=dict(fields)).json()
        except _UnreachableError as error:
            raise NotSent(str(error), next_step="Nothing to do: it is sent again later.") from error
        except (_UnclearError, requests.JSONDecodeError) as error:
            raise self._doubt(name, str(error)) from error
        self._check_refusal(path, receipt)
        if not isinstance(receipt, dict):
            raise self._doubt(name, "the answer is not a receipt")
        return receipt

    def _call(self, method: str, path: str, **content: Any) -> requests.Response:
        address = self._address(path)
        try:
            response = self._session.request(
                method, address, timeout=self.settings.timeouts, allow_redirects=False, **content
            )
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise self._nothing_there(address, str(error)) from error
        except requests.RequestException as error:
            kind = _UnreachableError if _never_connected(error) else _UnclearError
            raise kind(f"HotWax gave no answer at {address} ({type(error).__name__}).") from error
        self._check_status(address, response)
        return response

    def _check_status(self, address: str, response: requests.Response) -> None:
        status = response.status_code
        if status < 300:
            return
        told = f"HotWax answered HTTP {status} at {address}{_told(response)}"
        if status in (401, 403):
            raise NotSent(
                told, next_step="Check the login, token or api_key of the Airflow connection and its permissions."
            )
        if status in (408, 429):
            wait = response.headers.get("Retry-After")
            raise NotSent(
                told, next_step=f"Nothing to do: it is tried again later{f', after {wait} s' if wait else ''}."
            )
        if status >= 500:
            raise _UnclearError(told)
        if status == 404 or status < 400:
            raise self._nothing_there(address, f"HTTP {status}{_told(response)}")
        raise Rejected(told, next_step="Correct what HotWax names, then send it again.")

    def _check_refusal(self, path: str, content: Any) -> None:
        """OFBiz tells its refusals inside of HTTP 200 (hotwax/oms-api, `hasError`)."""
        if not isinstance(content, dict):
            return
        refused = content.get("responseMessage") in ("error", "fail")
        words = [
            content.get("_ERROR_MESSAGE_"),
            *(content.get("_ERROR_MESSAGE_LIST_") or []),
            content.get("errorMessage") if refused else None,
        ]
        text = "; ".join(str(word) for word in words if word)
        if text or refused:
            raise Rejected(
                f"HotWax refused {self._address(path)}: {text[:_SHOWN_CHARACTERS] or 'no reason given'}.",
                next_step="Correct what HotWax names, then send it again.",
            )

    def _log_in(self) -> None:
        """Fetch a token where OFBiz wants one and the connection holds login and password only."""
        if self._token or self.settings.backend is not Backend.OFBIZ:
            return
        body = {"USERNAME": self.settings.login, "PASSWORD": self.settings.password}
        try:
            answer = self._call("POST", "login", json=body).json()
            self._check_refusal("login", answer)
            self._token = str(answer["token"])
        except (_UnclearError, requests.JSONDecodeError, Rejected, KeyError, TypeError) as error:
            raise NotSent(
                f"HotWax gave no token for the login of the {self.settings.where} ({error}).",
                next_step="Check login and password of the Airflow connection.",
            ) from error

    def _authorize(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        settings = self.settings
        if settings.api_key:
            request.headers["api_key"] = settings.api_key
        elif self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        elif settings.backend is Backend.MOQUI:
            pair = f"{settings.login}:{settings.password}".encode()
            request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return request

    def _address(self, path: str) -> str:
        return self.settings.origin + (path if path.startswith("/") else self.settings.base_path + path)

    def _nothing_there(self, address: str, why: str) -> Stop:
        return Stop(
            f"HotWax has nothing at {address} ({why}).",
            next_step=f"Correct host, `backend`, `base_path` or `download_path` of the {self.settings.where}.",
        )

    def _doubt(self, name: str, why: str) -> InDoubt:
        return InDoubt(
            f"It is not known whether HotWax took the file {name!r}: {why}",
            next_step="Look for the file in HotWax (EXIM, Data Manager) before it is sent again.",
        )


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _told(response: requests.Response) -> str:
    """:returns: HotWax's own words on an error, for the end of a sentence; blank where it has none."""
    try:
        content = response.json()
    except ValueError:
        return "."
    words = content.get("errors") or content.get("_ERROR_MESSAGE_") if isinstance(content, dict) else None
    return f": {str(words)[:_SHOWN_CHARACTERS]}." if words else "."
