"""Steps on the way to NetSuite are cleared, backfilled and asked for again, while HotWax offers everything anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.netsuite_books import Books
from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from order_sync.ledger import BatchState
from order_sync.operators.netsuite_files import STAGES
from tests.support.netsuite_lab import NetSuiteLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    """Three orders that wait for their customers, whose ids have just come; HotWax offers the orders once more."""
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        for number in (1, 2, 3):
            opened.shop.place(number, "web")
        opened.offer()
        opened.run("one")
        opened.world.tick()
        opened.offer()
        opened.answers("two")
        yield opened


def _right(lab: NetSuiteLab) -> None:
    """Every order stands in NetSuite once, and every batch is done."""
    lab.world.tick()
    lab.run("last")
    books = Books()
    books.want_orders(lab.shop, (1, 2, 3), deposits=False)
    assert books.faults(lab.netsuite, ["order"]) == []
    assert lab.netsuite.database.refusals() == []
    assert lab.states("N10001", "N10002", "N10003") == {"CONFIRMED": 3}
    for flow in (NETSUITE_CUSTOMERS, NETSUITE_ORDERS):
        assert lab.book.unfinished_batches(flow, "default") == []


def test_orders_that_wake_and_come_again_in_one_run_go_out_once(lab: NetSuiteLab) -> None:
    """The batch that wakes them finds them taken up by the file that came; clearing changes nothing about that."""
    work = lab.collect("orders", run="two")
    assert len(work["batches"]) == 2
    assert lab.collect("orders", run="two") == work, "collect was cleared"
    for _ in range(3):
        lab.transform("orders", work, run="two")
    for _ in range(2):
        lab.publish("orders", work, run="two")
        lab.archive("orders", work, run="two")
    equations = [lab.book.equation(batch) for batch in work["batches"]]
    assert [equation.gap(equation.arrived) for equation in equations] == ["", ""]
    assert {lab.book.batch(batch).state for batch in work["batches"]} == {BatchState.CLOSED}
    _right(lab)


def test_transform_that_failed_is_done_by_the_next_run(lab: NetSuiteLab) -> None:
    """The next run has the batches of this one, and a third file with the same orders."""
    before = lab.collect("orders", run="two")
    lab.offer()
    work = lab.send(next(stage for stage in STAGES if stage.name == "orders"), "three")
    assert set(before["batches"]) < set(work["batches"])
    lab.transform("orders", work, run="three")
    _right(lab)


def test_backfill_publishes_nothing_and_changes_nothing(lab: NetSuiteLab) -> None:
    for stage in STAGES:
        lab.send(stage, "two")
    files = sorted(path.read_bytes() for path in lab.netsuite.folder("salesorder/export").glob("*.csv"))
    lab.run("backfill", kind="backfill")
    assert sorted(path.read_bytes() for path in lab.netsuite.folder("salesorder/export").glob("*.csv")) == files
    _right(lab)
