"""One exchange over HTTP with a partner whose answers may break off: what came back, or why nothing did.

Every way in which it can end is a value, none is an exception: what a caller has to know is whether the partner can
have acted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from order_sync.errors import Outcome
from order_sync.faults import point
from order_sync.partners.call_answers import Verdict

if TYPE_CHECKING:
    import aiohttp

    from order_sync.partners.guarded_body import GuardedBody

_MOST_ANSWER_BYTES = 1 << 18
_SECRET_HEADERS = frozenset({"set-cookie", "www-authenticate", "authorization"})


@dataclass(frozen=True)
class Raw:
    """An answer as it came.

    :param whole: whether it came to its end: if not, the status alone does not say what became of the call.
    :param wait: seconds that the server asks for before the next call (Retry-After).
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    whole: bool
    wait: float | None

    @property
    def text(self) -> str:
        """The body, readable."""
        return self.body.decode("utf-8", "replace")


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: GuardedBody | bytes | None,
    *,
    partner: str,
    read_seconds: float,
    headers: Mapping[str, str] | None = None,
    only_asks: bool = False,
) -> Raw | Verdict:
    """Make one exchange; a verdict where no status came back.

    :param partner: its name, for messages.
    :param read_seconds: after which the session gives up, for messages.
    :param only_asks: whether the partner changes nothing by it, so that it is no place to die at.
    """
    import aiohttp

    try:
        async with session.request(method, url, data=body, headers=headers, allow_redirects=False) as response:
            if not only_asks:
                point("deliver.after_send")
            return await _read(response)
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        return Verdict(Outcome.NOT_SENT, f"no connection to {partner} ({type(error).__name__})")
    except aiohttp.InvalidURL:
        return Verdict(Outcome.NOT_SENT, "the address in the connection is no URL", hopeless=True)
    except TimeoutError:
        return doubt(f"no answer within {read_seconds:g} s")
    except (aiohttp.ClientError, OSError) as error:
        return doubt(f"the connection broke before the answer was there ({type(error).__name__})")


def doubt(message: str) -> Verdict:
    """The partner may or may not have acted."""
    return Verdict(Outcome.IN_DOUBT, message)


async def _read(response: aiohttp.ClientResponse) -> Raw:
    """Read an answer; what breaks off is kept as far as it came."""
    import aiohttp

    parts: list[bytes] = []
    whole = False
    try:
        while True:
            part = await response.content.readany()
            if not part:
                whole = response.content.at_eof()
                break
            parts.append(part)
            if sum(map(len, parts)) > _MOST_ANSWER_BYTES:
                break
    except (aiohttp.ClientError, TimeoutError, OSError):
        pass  # whole stays False: the status alone does not say what became of the call
    headers = {name: value for name, value in response.headers.items() if name.lower() not in _SECRET_HEADERS}
    return Raw(response.status, headers, b"".join(parts), whole, _wait(response.headers))


def _wait(headers: Mapping[str, str]) -> float | None:
    """Seconds of a Retry-After, which is a number, or a date by the server's own clock."""
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, (parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])).total_seconds())
    except (ValueError, TypeError, KeyError):
        return None
