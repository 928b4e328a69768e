"""A shop's random history beside the runs that read it: what has to arrive in HotWax, and what did."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from airflow.sdk.exceptions import AirflowException

from order_sync import faults
from order_sync.errors import OrderSyncError
from order_sync.partners.shopify_http import ShopifyHttp
from tests.support.shopify_lab import FLOW, RETAILER, ShopifyLab, number

RED = (OrderSyncError, AirflowException)
QUARTER = timedelta(minutes=15)
#: Kinds that neither we nor HotWax refuse.
SOUND = ("web", "pos_completed", "send_sale", "several_shipping_lines", "partly_refunded", "edited_removed")
CHANGES = ("touch", "fulfil", "cancel", "refund")
STEPS = ("transform", "publish", "confirm")
#: Where a process may die: fault points in the order in which a run passes them, and after the n-th request.
PLACES = (
    "collect.before_batch", "collect.before_cursor", "transform.before_decide", "transform.before_register",
    "publish.before_upload", "publish.before_rename", "publish.after_rename", "publish.before_commit",
    "confirm.before_commit", *(f"request {number}" for number in range(1, 7)),
)  # fmt: skip

Version = tuple[str, str]


class CrashError(BaseException):
    """The process is gone: nothing of ours handles this."""


class RunPlan(NamedTuple):
    """One run.

    :param quarters: how many quarters of an hour pass before it: more than one, and runs in between did not happen.
    :param late: seconds after its interval's end.
    :param dies_at: one of PLACES, blank: nowhere.
    :param given_up: a try that died is the run's last one: the next run has to do its work.
    :param twice: it is cleared, and done once more, after its success.
    :param meanwhile: before this page of orders an order is changed, 0: never.
    """

    quarters: int = 1
    late: int = 0
    dies_at: str = ""
    given_up: bool = False
    twice: bool = False
    meanwhile: int = 0


class ShopHistory:
    """What happens in a shop, and the runs that follow it; time passes as the plan says.

    :ivar due: versions that stood, and could be found, when a window was read that they lie in.
    """

    def __init__(self, lab: ShopifyLab, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lab, self.shop = lab, lab.shop
        self.due: set[Version] = set()
        self._cursor: datetime | None = None
        self._numbers = itertools.count(1)
        self._dies_at, self._requests, self._pages = "", 0, 0
        monkeypatch.setattr(faults, "os", SimpleNamespace(environ=os.environ, getpid=os.getpid, kill=self._die))
        post = ShopifyHttp._post

        def posted(http: ShopifyHttp, *arguments: Any) -> Any:
            answer = post(http, *arguments)
            self._requests += 1
            if self._dies_at == f"request {self._requests}":
                self._die()
            return answer

        monkeypatch.setattr(ShopifyHttp, "_post", posted)
        monkeypatch.setattr(self.shop.faults, "take_page", self._counted(self.shop.faults.take_page))
        self._environment = monkeypatch

    # What people do in the shop.

    def place(self, kind: str) -> str:
        """An order is placed now."""
        return self.shop.place(kind)

    def change(self, which: int, what: str) -> None:
        """One of the orders that are there is changed, or deleted."""
        orders = [one.order_id for one in self.shop.database.truth()]
        if orders:
            order = orders[which % len(orders)]
            change = getattr(self.shop, what)
            change(order)

    # Runs.

    def run(self, plan: RunPlan) -> None:
        """A run of the flow, as Airflow makes them: each step again until it is green, unless the run is given up."""
        end = _quarter_after(self.lab.now) + (plan.quarters - 1) * QUARTER
        self.lab.now = end + timedelta(seconds=plan.late)
        name, interval = f"run {next(self._numbers)}", end - QUARTER
        self._environment.setenv("ORDER_SYNC_FAULT_AT", "" if plan.dies_at.startswith("request") else plan.dies_at)
        faults._reached.clear()
        self._dies_at, self._requests = plan.dies_at, 0
        if plan.meanwhile:
            page = self._pages + plan.meanwhile
            self.shop.faults.before_page(page, lambda: self.change(plan.meanwhile, "touch"))
        try:
            for _ in range(1 + plan.twice):
                self._go(name, interval, plan)
        except CrashError:
            assert plan.given_up
        finally:
            self._dies_at = ""
            self._environment.delenv("ORDER_SYNC_FAULT_AT")

    def settle(self) -> None:
        """Nothing goes wrong any more, and nothing happens: a few quiet runs."""
        self.shop.faults.clear()
        self.shop.faults.index_lag_seconds = self.shop.faults.index_lag_spread = 0.0
        for _ in range(3):
            self.run(RunPlan(quarters=2))

    def _go(self, name: str, interval: datetime, plan: RunPlan) -> None:
        work = self._green(lambda: self._fetch(name, interval), plan)
        for step in STEPS:
            if step == "confirm":
                self.lab.hotwax.importer.import_now()
            self._green(lambda step=step: getattr(self.lab, step)(name, work, window=interval), plan)  # type: ignore[misc]
        self.lab.close(name, work, window=interval)

    def _fetch(self, name: str, interval: datetime) -> dict[str, Any]:
        """Fetch, and note what has to come of it."""
        had = self.lab.batches_of(name)
        before = self._standing(interval + QUARTER)
        try:
            return self.lab.fetch(name, window=interval, kind="scheduled")
        finally:
            read = self.lab.book.cursor(FLOW, RETAILER) or self._cursor
            if not had and (self.lab.batches_of(name) or read != self._cursor):
                self.due |= before & self._standing(interval + QUARTER)
            self._cursor = read

    def _green(self, step: Callable[[], Any], plan: RunPlan) -> Any:
        for _ in range(5):
            try:
                return step()
            except CrashError:
                if plan.given_up:
                    raise
            except RED as red:
                last = red
            self.lab.wait(1)
        raise AssertionError(f"still red: {last}") from last

    def _standing(self, interval_end: datetime) -> set[Version]:
        """The orders as they stand and can be found, whose last change lies in the window of a run."""
        settings = self.lab.settings
        end = interval_end - settings.lag
        start = self._cursor - settings.overlap if self._cursor else end - timedelta(hours=settings.first_hours)
        rows = self.shop.database.rows(
            "SELECT o.num, o.updated_at FROM orders o JOIN versions v ON v.num = o.num AND v.version = o.version "
            "WHERE o.deleted_at IS NULL AND v.visible_at <= ? AND o.updated_at >= ? AND o.updated_at < ?",
            self.shop.now(), start.timestamp(), end.timestamp(),
        )  # fmt: skip
        return {(str(row["num"]), as_text(row["updated_at"])) for row in rows}

    def _die(self, *_: Any) -> None:
        self._dies_at = ""
        raise CrashError

    def _counted(self, take_page: Callable[[], None]) -> Callable[[], None]:
        def counted() -> None:
            self._pages += 1
            take_page()

        return counted

    # Judgement.

    def judge(self) -> None:
        """Missed 0, duplicated 0."""
        arrived = self.lab.arrived()
        ever = {(number(one.order_id), as_text(one.updated_at)) for one in self.shop.database.history()}
        assert {version: count for version, count in arrived.items() if count > 1} == {}, "duplicated"
        assert arrived.keys() - ever == set(), "never stood"
        assert self.due - arrived.keys() == set(), "missed, though it stood when its window was read"
        assert self.lab.truth() - arrived.keys() == set(), "missed"
        refused = [one for one in self.lab.hotwax.shopify.arrivals() if one.outcome not in {"created", "updated"}]
        assert refused == []
        assert self.lab.hotwax.shopify.duplicated() == []
        assert self.lab.book.unfinished_batches(FLOW, RETAILER) == []


def as_text(seconds: int) -> str:
    """A moment as HotWax shows it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _quarter_after(moment: datetime) -> datetime:
    whole = moment.replace(minute=moment.minute // 15 * 15, second=0, microsecond=0)
    return whole + QUARTER
