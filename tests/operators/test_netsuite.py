"""Customers first, then their orders, then the ids: against NetSuite's own database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.netsuite_lab import NetSuiteLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def test_orders_go_once_their_customers_are_known(lab: NetSuiteLab) -> None:
    orders = [lab.shop.place(number, "web") for number in range(1, 6)]
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"WAITING": 5}
    lab.netsuite_works()
    lab.run("two")  # nothing new from HotWax: the orders wake by themselves
    assert lab.states(*orders) == {"DELIVERED": 5}
    lab.netsuite_works()
    lab.run("three")
    assert lab.states(*orders) == {"CONFIRMED": 5}
    assert all(lab.netsuite.database.order(order) for order in orders)
    assert {lab.record(order).partner_ref for order in orders} == {
        str(lab.netsuite.database.order(order)["internal_id"]) for order in orders
    }
