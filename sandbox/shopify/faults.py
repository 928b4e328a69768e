"""What the simulated shop shall do wrong: scripted by request, by page, by bulk operation, or at random from a seed."""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, get_args

What = Literal[
    "throttled",
    "internal",
    "partial",
    "shop_inactive",
    "401",
    "429",
    "500",
    "502",
    "503",
    "504",
    "half",
    "close",
    "reset",
    "hang",
    "html",
]
BulkWhat = Literal[
    "failed",
    "timeout",
    "access_denied",
    "expired",
    "stuck",
    "short",
    "object_count",
    "root_count",
    "file_size",
    "cut",
    "url_expired",
]
WHATS: tuple[What, ...] = get_args(What)
BULK_WHATS: tuple[BulkWhat, ...] = get_args(BulkWhat)


@dataclass(frozen=True)
class Fault:
    """One answer that goes wrong.

    :param what: an error inside a 200 (``throttled``, ``internal``, ``shop_inactive``), data with an error beside it
        (``partial``), a status (429 and the others with an HTML page), or a lie of the connection (``half``,
        ``close``, ``reset``, ``hang``, ``html``).
    :param times: how many requests it meets.
    :param committed: of a mutation behind a status or a lie: whether it was carried out.
    :param hang_seconds: the longest that ``hang`` waits for the client to leave.
    """

    what: What
    times: int = 1
    committed: bool = True
    hang_seconds: float = 60.0

    def __post_init__(self) -> None:
        if self.what not in WHATS or self.times < 1:
            raise ValueError(f"{self}: what must be one of {', '.join(WHATS)}, times at least 1")


@dataclass(frozen=True)
class BulkFault:
    """One bulk operation that goes wrong.

    :param what: it ends as ``failed``, ``timeout`` or ``access_denied`` after half its roots, with a partial result;
        or ``expired``; or never (``stuck``); its result lacks the last lines though every count has them (``short``);
        one number is wrong (``object_count``, ``root_count``, ``file_size``); the download ends early (``cut``); the
        address of the result is worth nothing (``url_expired``).
    :param lines: how many lines ``short`` takes away; by how much a number is too high.
    :param times: of ``cut`` and ``url_expired``: how many downloads it meets.
    """

    what: BulkWhat
    lines: int = 1
    times: int = 1

    def __post_init__(self) -> None:
        if self.what not in BULK_WHATS or self.lines < 1 or self.times < 1:
            raise ValueError(f"{self}: what must be one of {', '.join(BULK_WHATS)}, lines and times at least 1")


class ShopifyFaults:
    """The faults; as it is made, there are none but the one that Shopify has: see `sorted_bulk_omits`.

    :ivar internal_above: queries with a page size above this get INTERNAL_SERVER_ERROR inside a 200; None: none does.
    :ivar index_lag_seconds: a change is seen by searches only so long after it was made.
    :ivar index_lag_spread: further seconds, 0 to this, different for each version.
    :ivar clock_skew_seconds: how much the shop's clock is ahead of ours.
    :ivar latency_ms: before every answer.
    :ivar probability: of a fault where none is scripted, 0 to 1; what meets the n-th request depends on the seed and n.
    :ivar seed: of those faults and of `index_lag_spread`.
    :ivar whats: the faults that random draws from.
    :ivar sorted_bulk_omits: a bulk query with a sort key leaves out one order in seven, and counts as if that were all.
    :ivar happened: every fault that was played, oldest first.
    """

    def __init__(self) -> None:
        self.internal_above: int | None = None
        self.index_lag_seconds = 0.0
        self.index_lag_spread = 0.0
        self.clock_skew_seconds = 0.0
        self.latency_ms = 0.0
        self.probability = 0.0
        self.seed = 0
        self.whats: tuple[What, ...] = ("throttled", "internal", "502", "half", "reset")
        self.sorted_bulk_omits = True
        self.happened: list[str] = []
        self._lock = threading.Lock()
        self._next: deque[Fault] = deque()
        self._at: dict[int, Fault] = {}
        self._bulk: deque[BulkFault] = deque()
        self._downloads: dict[int, BulkFault] = {}
        self._pages: dict[int, Callable[[], object]] = {}
        self._roots: dict[int, Callable[[], object]] = {}
        self._requests = self._page = 0

    @property
    def pending(self) -> int:
        """How many scripted faults are still to be played, bulk operations' too."""
        with self._lock:
            scripted = sum(fault.times for fault in self._next) + len(self._at)
            return scripted + len(self._bulk) + sum(fault.times for fault in self._downloads.values())

    def next(self, *faults: Fault) -> None:
        """Script the next requests.

        :param faults: each meets as many as it says; a real answer follows the last.
        """
        with self._lock:
            self._next.extend(faults)

    def at(self, request: int, fault: Fault) -> None:
        """Script a request, and those after it, as many as the fault says.

        :param request: GraphQL requests counted from 1 since the shop was made; those turned away at the door count.
        :param fault: what goes wrong.
        """
        with self._lock:
            self._at.update({request + offset: fault for offset in range(fault.times)})

    def next_bulk(self, *faults: BulkFault) -> None:
        """Script the next bulk operations, one fault for each.

        :param faults: the first for the next operation.
        """
        with self._lock:
            self._bulk.extend(faults)

    def before_page(self, page: int, action: Callable[[], object]) -> None:
        """Do something just before a page of orders is read, an update for example.

        :param page: pages of orders counted from 1 since the shop was made.
        :param action: is called in the server's thread.
        """
        self._pages[page] = action

    def before_bulk_root(self, place: int, action: Callable[[], object]) -> None:
        """Do something in the midst of the next bulk operation.

        :param place: before this order of its result is read, counted from 1.
        :param action: is called in the operation's thread.
        """
        self._roots[place] = action

    def clear(self) -> None:
        """Forget every scripted and random fault; lag, skew and latency stay."""
        with self._lock:
            for scripted in (self._next, self._at, self._bulk, self._downloads, self._pages, self._roots):
                scripted.clear()
            self.probability, self.internal_above = 0.0, None

    def take(self) -> Fault | None:
        """The fault that meets a request, used up by asking."""
        with self._lock:
            self._requests += 1
            fault = self._at.pop(self._requests, None)
            if fault is None and self._next:
                fault = self._next.popleft()
                if fault.times > 1:
                    self._next.appendleft(replace(fault, times=fault.times - 1))
            if fault is None:
                fault = self._random()
            if fault is not None:
                self.happened.append(fault.what)
            return fault

    def take_page(self) -> None:
        """Do what was scripted for the page of orders that is about to be read."""
        with self._lock:
            self._page += 1
            action = self._pages.pop(self._page, None)
        if action is not None:
            action()

    def take_root(self, place: int) -> None:
        """Do what was scripted for a place in a bulk operation.

        :param place: counted from 1.
        """
        if (action := self._roots.pop(place, None)) is not None:
            action()

    def take_bulk(self, number: int) -> BulkFault | None:
        """The fault of a bulk operation, used up by asking.

        :param number: of the operation.
        """
        with self._lock:
            fault = self._bulk.popleft() if self._bulk else None
            if fault is None:
                return None
            if fault.what in {"cut", "url_expired"}:
                self._downloads[number] = fault
            self.happened.append(fault.what)
            return fault

    def take_download(self, number: int) -> BulkFault | None:
        """The fault of a download, used up by asking.

        :param number: of the operation.
        """
        with self._lock:
            fault = self._downloads.pop(number, None)
            if fault is not None and fault.times > 1:
                self._downloads[number] = replace(fault, times=fault.times - 1)
            return fault

    def lag(self, num: int, updated_at: int) -> float:
        """How long the search does not see a version.

        :param num: number of the order.
        :param updated_at: of the version.
        """
        return self.index_lag_seconds + self.index_lag_spread * _draw(self.seed, num, updated_at)

    def _random(self) -> Fault | None:
        if _draw(self.seed, self._requests, "happens") >= self.probability:
            return None
        return Fault(self.whats[int(_draw(self.seed, self._requests, "which") * len(self.whats))])


def _draw(*parts: object) -> float:
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
