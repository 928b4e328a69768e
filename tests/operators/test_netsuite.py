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


def bad_order(lab: NetSuiteLab) -> str:
    """An order that cannot be mapped, dropped among the created orders."""
    path = lab.shop.created_orders_folder / "bad.json"
    path.write_text('[{"orderId": "X1", "orderDate": "2026-11-20T01:02:03.000+0000"}]', encoding="utf-8")
    return "X1"


@pytest.mark.parametrize("asked", ["X1", "all"])
def test_exceptions_are_brought_again_in_the_stage_they_belong_to(lab: NetSuiteLab, asked: str) -> None:
    bad_order(lab)
    lab.run("one")
    assert lab.record("X1").state.value == "QUARANTINED"
    before = lab.record("X1").batch_id
    lab.run("two", order_ids=[asked])
    assert lab.record("X1").batch_id > before


def test_files_are_looked_for_in_every_inbox(lab: NetSuiteLab) -> None:
    orders = [lab.shop.place(number, "web") for number in (1, 2)]
    lab.offer()
    (name,) = [path.name for path in lab.shop.created_orders_folder.iterdir() if path.is_file()]
    lab.run("one", files=[name])
    assert lab.states(*orders) == {"WAITING": 2}
    assert [path.name for path in lab.shop.customers_folder.iterdir() if path.is_file()]


def test_order_that_netsuite_has_is_no_change_when_it_is_offered_again(lab: NetSuiteLab) -> None:
    order = lab.shop.place(1, "web")
    lab.offer()
    lab.run("one")
    lab.netsuite_works()
    lab.run("two")
    lab.netsuite_works()
    lab.run("three")
    for path in (lab.netsuite.folder("salesorder/import/orderitemattribute")).glob("*.csv"):
        path.unlink()  # the numbers of the lines are lost on their way to HotWax, the order's number is not
    lab.ids.import_now()
    lab.offer()
    lab.run("four")
    versions = lab.book.records_by_order("netsuite_created_orders", "default", [order])
    assert [version.state.value for version in versions] in (["CONFIRMED"], ["CONFIRMED", "EXCLUDED"])
