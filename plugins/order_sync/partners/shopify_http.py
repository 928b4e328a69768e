"""Questions to one Shopify shop over GraphQL: paced by points, asked again where that helps, never half an answer.

Sources: shopify.dev (rate limits, response codes). A question is one of reading, so to ask again is always safe.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

import msgspec
import requests

from order_sync.contracts.shopify_api import ShopifyApi
from order_sync.errors import NotSent, Stop
from order_sync.partners.shopify_connection import ShopifyShop, Tokens

_log = logging.getLogger(__name__)

#: A page that was made smaller grows again after so many answers.
_GROWS_AFTER = 20
_FIRST_PAUSE_SECONDS = 1.0
_MOST_PAUSE_SECONDS = 30.0
_SHOWN_CHARACTERS = 300
_PARTS_AT_ONCE = 50


class _Details(msgspec.Struct):
    code: str = ""


class _Fault(msgspec.Struct):
    message: str = ""
    extensions: _Details | None = None
    path: list[Any] | None = None

    @property
    def code(self) -> str:
        return self.extensions.code if self.extensions else ""


class _Bucket(msgspec.Struct):
    currentlyAvailable: float
    restoreRate: float


class _Cost(msgspec.Struct):
    requestedQueryCost: float
    throttleStatus: _Bucket


class _Extensions(msgspec.Struct):
    cost: _Cost | None = None


class _Answer(msgspec.Struct):
    data: msgspec.Raw = msgspec.Raw(b"null")
    errors: list[_Fault] | None = None
    extensions: _Extensions | None = None


_answers = msgspec.json.Decoder(_Answer)


class _FailingError(Exception):
    """No usable answer; a smaller question may get one."""


class _TooCostlyError(Exception):
    """The question costs more than any may."""


class PageSize:
    """How much a page asks for: fewer where that fails, more again after a while.

    :param most: the number to begin with, and never to exceed.
    """

    def __init__(self, most: int) -> None:
        self.now = self._most = max(1, most)
        self._answers = 0

    def halve(self) -> bool:
        """Make it smaller; False if it is 1 already."""
        self._answers = 0
        if self.now == 1:
            return False
        self.now //= 2
        return True

    def worked(self) -> None:
        """Note an answer."""
        self._answers += 1
        if self._answers >= _GROWS_AFTER and self.now < self._most:
            self.now, self._answers = min(self._most, self.now * 2), 0

    def keep(self) -> None:
        """Never grow beyond the present size: larger pages are refused for what they cost."""
        self._most = self.now


class ShopifyHttp:
    """Asks one shop; use it in a ``with`` statement.

    :param pause: seconds before the second try; it doubles with each further one.
    """

    def __init__(self, shop: ShopifyShop, api: ShopifyApi, *, pause: float = _FIRST_PAUSE_SECONDS) -> None:
        self._shop, self._api, self._pause = shop, api, pause
        self._timeouts = (api.connect_seconds, api.read_seconds)
        self._tokens = Tokens(shop, self._timeouts)
        self._session = requests.Session()
        self._address = f"{shop.origin}/admin/api/{api.version}/graphql.json"
        self._points: tuple[float, float, float] | None = None  # available, restored per second, when
        self._costs: dict[tuple[str, int], float] = {}
        #: The sizes of pages of orders, and of pages of what one of them consists of.
        self.orders, self.parts = PageSize(api.page_orders), PageSize(_PARTS_AT_ONCE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def ask(self, question: str, variables: Mapping[str, Any], *, page: PageSize | None = None) -> bytes:
        """The ``data`` of the answer, as Shopify wrote it.

        :param page: gives the variable ``size``, which is made smaller where that may help.
        :raises NotSent: there is no whole answer now; nothing was changed.
        :raises Stop: the question, the token, its scopes or the shop has to be mended by a person.
        """
        wait_until = time.monotonic() + self._api.most_wait_seconds
        number = 0
        while True:
            given = {**variables, "size": page.now} if page else dict(variables)
            try:
                data = self._ask_once(question, given, wait_until)
            except _TooCostlyError as costly:
                if page is None or not page.halve():
                    raise Stop(
                        f"Shopify refuses a question for what it costs: {costly}.",
                        next_step="Set shopify_order_import.api.page_parts to a smaller number.",
                    ) from costly
                page.keep()
                continue
            except _FailingError as failing:
                number += 1
                if number >= self._api.tries:
                    raise NotSent(str(failing), next_step="Nothing to do: the next try goes on from here.") from failing
                if page:
                    page.halve()
                time.sleep(min(self._pause * 2.0 ** (number - 1), _MOST_PAUSE_SECONDS) * random.uniform(0.5, 1.0))  # noqa: S311
                continue
            if page:
                page.worked()
            return data

    def fetch(self, url: str, stream_to: Any) -> int:
        """Download the result of a bulk operation; returns the number of bytes.

        :param stream_to: a file, open for writing bytes.
        :raises NotSent: it cannot be had, or not whole.
        """
        size = 0
        try:
            with self._session.get(url, timeout=self._timeouts, stream=True) as answer:
                if not answer.ok:
                    raise NotSent(
                        f"Shopify's result of a bulk operation cannot be fetched (HTTP {answer.status_code}).",
                        next_step="Nothing to do: the next try fetches it again, or has it made again.",
                    )
                for part in answer.iter_content(1 << 20):
                    size += stream_to.write(part)
        except requests.RequestException as error:
            raise NotSent(
                f"Shopify's result of a bulk operation broke off after {size} bytes ({type(error).__name__}).",
                next_step="Nothing to do: the next try fetches it again.",
            ) from error
        return size

    def _ask_once(self, question: str, variables: dict[str, Any], wait_until: float) -> bytes:
        """One question, waiting for points; the token is renewed once.

        :raises _FailingError: no usable answer.
        :raises _TooCostlyError: it is refused for its cost.
        """
        kind = (question, int(variables.get("size", 0)))
        token = self._tokens.get()
        renewed = False
        while True:
            self._wait_for_points(self._costs.get(kind, 0.0), wait_until)
            response = self._post(question, variables, token)
            if response.status_code == 401 and self._tokens.renewable and not renewed:
                token, renewed = self._tokens.get(refused=token), True
                continue
            answer = self._read(response)
            if answer.extensions and answer.extensions.cost:
                cost = answer.extensions.cost
                self._costs[kind] = cost.requestedQueryCost
                bucket = cost.throttleStatus
                self._points = (bucket.currentlyAvailable, max(bucket.restoreRate, 1e-3), time.monotonic())
            if not answer.errors:
                return bytes(answer.data)
            if any(fault.code == "THROTTLED" for fault in answer.errors):
                self._throttled(wait_until, response)
                continue
            self._refuse(answer.errors)

    def _post(self, question: str, variables: dict[str, Any], token: str) -> requests.Response:
        try:
            return self._session.post(
                self._address,
                json={"query": question, "variables": variables},
                headers={"X-Shopify-Access-Token": token},
                timeout=self._timeouts,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise _FailingError(f"Shopify gave no answer ({type(error).__name__}).") from error

    def _read(self, response: requests.Response) -> _Answer:
        status = response.status_code
        if status == 429:
            return _Answer(errors=[_Fault("Throttled", _Details("THROTTLED"))])
        if status in (401, 403):
            raise Stop(
                f"Shopify refuses the token of the {self._shop.where} (HTTP {status}).",
                next_step="Check the token, or client id and secret, and the scopes of the app (read_orders, "
                "read_all_orders, read_customers, read_products, read_fulfillments).",
            )
        self._shop.stop_if_closed(status)
        if status >= 300:
            raise _FailingError(f"Shopify answered HTTP {status}.")
        try:
            return _answers.decode(response.content)
        except msgspec.DecodeError as error:
            raise _FailingError("Shopify's answer is not whole, or no JSON.") from error

    def _refuse(self, faults: list[_Fault]) -> NoReturn:
        """Raise what the errors of an answer mean; data beside errors is half an answer, and counts as none."""
        first = faults[0]
        told = f"{first.code or 'error'}: {first.message[:_SHOWN_CHARACTERS]}"
        codes = {fault.code for fault in faults}
        if "MAX_COST_EXCEEDED" in codes:
            raise _TooCostlyError(told)
        if "ACCESS_DENIED" in codes:
            place = ".".join(str(step) for step in first.path or [] if not isinstance(step, int))
            raise Stop(
                f"Shopify does not show {place or 'a field'} to this app ({told}).",
                next_step="Give the app of the Airflow connection the scope, or the access to customer data, it needs.",
            )
        if "SHOP_INACTIVE" in codes:
            raise Stop(f"The shop of the {self._shop.where} is not active.", next_step="Ask the owner of the shop.")
        if codes & {"", "INTERNAL_SERVER_ERROR", "TIMEOUT"} and not _is_our_mistake(faults):
            raise _FailingError(f"Shopify failed ({told}).")
        raise Stop(
            f"Shopify does not understand a question ({told}).",
            next_step="Check that api.version is one that Shopify supports; then call the maintainers.",
        )

    def _wait_for_points(self, cost: float, wait_until: float) -> None:
        if self._points is None or not cost:
            return
        available, rate, at = self._points
        missing = cost - available - rate * (time.monotonic() - at)
        if missing > 0:
            self._sleep(missing / rate, wait_until)

    def _throttled(self, wait_until: float, response: requests.Response) -> None:
        """Wait after a refusal for want of points: until there are enough, or as long as Shopify says."""
        asked = response.headers.get("Retry-After", "")
        pause = float(asked) if asked.replace(".", "", 1).isdigit() else self._pause
        self._sleep(max(pause, 0.1), wait_until)

    def _sleep(self, seconds: float, wait_until: float) -> None:
        if time.monotonic() + seconds > wait_until:
            raise NotSent(
                f"Shopify's rate limit asks for a pause of {seconds:.0f} s.",
                next_step="Nothing to do: the next try goes on from here. If it lasts, other apps use up the points.",
            )
        _log.info("Shopify's rate limit: %.1f s of pause.", seconds)
        time.sleep(seconds)


def _is_our_mistake(faults: list[_Fault]) -> bool:
    """Whether the question itself is wrong: such errors come without a code and name no place in the answer."""
    return all(not fault.code and not fault.path for fault in faults)
