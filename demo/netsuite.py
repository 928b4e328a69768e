"""The demo's last part: customers, created orders and what follows them go to NetSuite, and its ids come back."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from demo.local_airflow import LocalAirflow
from demo.netsuite_books import Books
from demo.quiet import Stage
from order_sync.flow import (
    NETSUITE_APPROVALS,
    NETSUITE_CASH_SALES,
    NETSUITE_CUSTOMERS,
    NETSUITE_DEPOSITS,
    NETSUITE_ORDERS,
)
from sandbox.hotwax.created_orders import KINDS
from sandbox.world import World

if TYPE_CHECKING:
    from demo.tables import Tables

DAG, CASH_SALES_DAG = "netsuite_created_orders", "netsuite_cash_sales"
#: One of every kind, and a few of the usual mix.
ORDERS = dict(enumerate([*KINDS, *["web"] * 8, *["pos_completed"] * 2], 1))


class Round(NamedTuple):
    """One run.

    :param offers: what HotWax writes before it.
    """

    dag: str
    title: str
    offers: Callable[[World], object]


class Line(NamedTuple):
    """One line of the table: a kind of thing on its way to NetSuite.

    :param flow: under which the ledger keeps it.
    :param held: how many there are at the partner, by its own database.
    """

    title: str
    flow: str
    held: Callable[[World], int]


def _nothing(_: World) -> None:
    """HotWax offers nothing new: what waits wakes by itself."""


def _shop(world: World) -> None:
    world.shop.feed_customers()
    world.shop.feed_created_orders()


ROUNDS = (
    Round(DAG, "customers go; their orders wait for them", _shop),
    Round(DAG, "the customers' ids are back: their orders wake", _nothing),
    Round(DAG, "the orders' ids are back: deposits go, HotWax learns of it", _nothing),
    Round(DAG, "deposits are confirmed, orders approved", _nothing),
    Round(DAG, "HotWax has imported the approvals", _nothing),
    Round(CASH_SALES_DAG, "tills: paid and taken away at once", lambda world: world.shop.feed_completed_pos_orders()),
    Round(CASH_SALES_DAG, "cash sales are confirmed", _nothing),
)
LINES = (
    Line("customers", NETSUITE_CUSTOMERS, lambda world: world.netsuite.database.figures()["customers"]),
    Line("orders", NETSUITE_ORDERS, lambda world: world.netsuite.database.figures()["sales_orders"]),
    Line("deposits", NETSUITE_DEPOSITS, lambda world: world.netsuite.database.figures()["deposits"]),
    Line("approved in HotWax", NETSUITE_APPROVALS, lambda world: len(world.netsuite_ids.approvals())),
    Line("cash sales", NETSUITE_CASH_SALES, lambda world: world.netsuite.database.figures()["cash_sales"]),
)
_HEAD = ("", "", "offered", "at the partner", "confirmed", "waiting", "set aside", "left out")
#: What the last columns count.
_STATES = ("CONFIRMED", "WAITING", "QUARANTINED", "EXCLUDED")


class NetSuiteDemo:
    """Runs the flows round by round and checks NetSuite's own database.

    :param first: number of the first run, for the titles.
    """

    def __init__(self, stage: Stage, world: World, airflow: LocalAirflow, tables: Tables, first: int) -> None:
        self._stage, self._world, self._airflow, self._tables = stage, world, airflow, tables
        self._first = first
        self._books = Books()

    def run(self) -> list[str]:
        """Every round and the comparison; returns what does not close."""
        shop, books = self._world.shop, self._books
        for number, kind in ORDERS.items():
            shop.place(number, kind)
        books.want_customers(str(customer["partyId"]) for customer in shop.customers_due())
        faults = [fault for at, one in enumerate(ROUNDS, self._first) for fault in self._round(at, one)]
        books.want_orders(shop, ORDERS)
        books.want_cash_sales(shop, (number for number, kind in ORDERS.items() if kind == "pos_completed"))
        self._table()
        faults += [*books.faults(self._world.netsuite), *books.unequal(self._world.netsuite)]
        if not faults:
            self._stage.say(f"  Money in is money out, order by order: {self._money()}.")
        return faults

    def sum_up(self) -> str:
        """The end in one line."""
        return (
            f"{len(self._books.of('order'))} orders and {len(self._books.of('cash_sale'))} cash sales of "
            f"{len(self._books.of('customer'))} customers stand in NetSuite once, with every cent that was paid."
        )

    def _round(self, number: int, one: Round) -> list[str]:
        one.offers(self._world)
        self._stage.step(f"run {number}: {one.title}")
        run = self._airflow.run(one.dag)
        self._world.tick()
        return [] if run.state == "success" else [f"run {number} ended as {run.state}: {run.tasks}"]

    def _table(self) -> None:
        """The ledger's account beside NetSuite's database."""
        states = self._states()
        rows = []
        for line in LINES:
            here = states[line.flow]
            figures = (here[state] for state in _STATES)
            rows.append((line.title, "", str(here.total()), str(line.held(self._world)), *map(str, figures)))
        self._tables.table("from HotWax to NetSuite and back", _HEAD, rows)

    def _states(self) -> dict[str, Counter[str]]:
        """How many records of each flow stand where, each by its latest version."""
        query = "SELECT flow, order_key, state FROM records ORDER BY version"
        with closing(sqlite3.connect(self._airflow.ledger_path)) as ledger:
            latest = {(flow, key): state for flow, key, state in ledger.execute(query)}
        states: dict[str, Counter[str]] = defaultdict(Counter)
        for (flow, _), state in latest.items():
            states[flow][state] += 1
        return states

    def _money(self) -> str:
        books = self._books
        taxes = sum(books.taxes.values(), Decimal(0))
        return (
            f"{books.money('deposit'):,.2f} USD deposited and {books.paid_at_tills:,.2f} USD paid at tills are "
            f"{books.money('order') + books.money('cash_sale'):,.2f} USD billed and {taxes:,.2f} USD tax"
        )
