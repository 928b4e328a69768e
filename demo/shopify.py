"""The demo's Shopify part: orders reach HotWax, what is refused is told with a link, and heals by itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from demo.local_airflow import LocalAirflow
from demo.quiet import Stage
from order_sync.flow import SHOPIFY_ORDERS as DAG
from order_sync.ledger import BatchSummary, State, Tally, equation_of, open_ledger
from sandbox.shopify import KINDS
from sandbox.world import World

if TYPE_CHECKING:
    from demo.tables import Tables

#: One of every kind but those whose totals are in another currency than the shop's table, and a few of the usual.
ORDERS = [*(kind for kind in KINDS if not kind.startswith("many_")), *["web"] * 6]
#: The order that HotWax refuses, by its place in ORDERS, and in which words.
REFUSED, WORDS = ORDERS.index("web"), "Invalid Data: no product with SHOPIFY_PROD_ID or SKU"


class ShopifyDemo:
    """Runs the flow twice: with everything that is refused, and when it was mended in Shopify.

    :param first: number of the first run, for the titles.
    """

    def __init__(self, stage: Stage, world: World, airflow: LocalAirflow, tables: Tables, first: int) -> None:
        self._stage, self._world, self._airflow, self._tables = stage, world, airflow, tables
        self._first = first
        self._url = f"sqlite:///{airflow.ledger_path}"
        self._ids: list[str] = []

    def run(self) -> list[str]:
        """Both runs and the comparison; returns what does not close."""
        shop, now = self._world.shopify, datetime.now(UTC)
        for at, kind in enumerate(ORDERS):
            self._ids.append(shop.place(kind, at=now - timedelta(minutes=90) + timedelta(seconds=at * 20)))
        refused = _number(self._ids[REFUSED])
        self._world.hotwax.shopify.reader.refuse[refused] = WORDS
        self._stage.step(f"run {self._first}: {len(ORDERS)} orders were placed in Shopify")
        faults = self._round("an hour of Shopify's orders", self._first, now)
        waiting = self._waiting()
        self._world.hotwax.shopify.reader.refuse.clear()
        for order in self._ids:
            if _number(order) in waiting and self._mendable(order):
                shop.heal(order, at=self._cursor() - timedelta(minutes=1))
        self._stage.step(f"run {self._first + 1}: {len(waiting)} orders were mended in Shopify, nothing was done here")
        faults += self._round("the same, mended: they come again by themselves", self._first + 1, now, later=True)
        return faults + self._compare(waiting)

    def sum_up(self) -> str:
        """The end in one line."""
        return f"{self._held()[0]} orders stand in HotWax once, of {len(self._ids)} in Shopify."

    def _round(self, title: str, number: int, at: datetime, *, later: bool = False) -> list[str]:
        run = self._airflow.run(DAG, at=at + timedelta(minutes=15) if later else at)
        self._tables.run(f"{number}  {title}", DAG, run, _sent)
        return [] if run.state == "success" else [f"run {number} ended as {run.state}: {run.tasks}"]

    def _waiting(self) -> set[str]:
        with open_ledger(self._url) as book:
            return {row.order_key for row in book.exceptions(DAG, "default")}

    def _cursor(self) -> datetime:
        with open_ledger(self._url) as book:
            cursor = book.cursor(DAG, "default")
        if cursor is None:
            raise RuntimeError("the cursor has not moved")
        return cursor

    def _mendable(self, order: str) -> bool:
        """Whether customer data and note are all that is wrong: a line without a product needs another hand."""
        return self._world.shopify.database.order(order)["kind"] != "custom_item"

    def _states(self) -> Counter[str]:
        with open_ledger(self._url) as book:
            records = book.records_by_order(DAG, "default", [_number(one) for one in self._ids])
        return Counter({record.order_key: record.state.value for record in records}.values())

    def _held(self) -> tuple[int, Decimal]:
        orders = self._world.hotwax.shopify.orders()
        return len(orders), sum((Decimal(row["grand_total"]) for row in orders), Decimal(0))

    def _compare(self, waited: set[str]) -> list[str]:
        """Shopify's orders beside HotWax's."""
        states, (count, money) = self._states(), self._held()
        rows = [
            ("in", "orders in Shopify", str(len(self._ids))),
            ("out", "in HotWax, confirmed", str(states[State.CONFIRMED])),
            ("", f"  by HotWax's own count, {money:,.2f} in all", str(count)),
            ("left out", "tests", str(states[State.EXCLUDED])),
            ("waits", f"of {len(waited)} that waited after the first run", str(states[State.QUARANTINED])),
        ]
        self._tables.table("Shopify's orders", ("", "", "orders"), rows)
        closes = states[State.CONFIRMED] + states[State.EXCLUDED] + states[State.QUARANTINED] == len(self._ids)
        faults = [] if closes else [f"Shopify has {len(self._ids)} orders, the ledger tells {dict(states)}"]
        confirmed = states[State.CONFIRMED]
        faults += [] if count == confirmed else [f"{count} orders in HotWax, {confirmed} confirmed"]
        return faults + [f"order {one} stands in HotWax twice" for one in self._world.hotwax.shopify.duplicated()]


def _sent(summary: BatchSummary) -> list[tuple[str, str, Tally | None]]:
    rows: list[tuple[str, str, Tally | None]] = [("out", "new orders and updates", equation_of(summary).sending)]
    rows += [("", f"  {feed.name}: {feed.orders} orders, {feed.state.lower()}", None) for feed in summary.feeds]
    return rows


def _number(gid: str) -> str:
    return gid.rpartition("/")[2]
