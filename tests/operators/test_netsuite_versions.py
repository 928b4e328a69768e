"""One Shopify order goes to NetSuite once, although a refresh in HotWax gives it another id there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from order_sync.flow import Run
from order_sync.operators.netsuite_versions import SentVersions
from tests.support.netsuite_lab import RETAILER, NetSuiteLab
from tests.support.step_lab import context


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def feed(lab: NetSuiteLab, name: str, **changes: Any) -> list[dict[str, Any]]:
    """HotWax's feed of created orders, taken out of the inbox; and each order changed, put there anew."""
    lab.shop.feed_created_orders()
    (path,) = [path for path in lab.shop.created_orders_folder.iterdir() if path.is_file()]
    orders = json.loads(path.read_text(encoding="utf-8"))
    path.unlink()
    put(lab, name, *({**order, **changes} for order in orders))
    return orders if isinstance(orders, list) else orders["orders"]


def put(lab: NetSuiteLab, name: str, *orders: dict[str, Any]) -> None:
    (lab.shop.created_orders_folder / f"{name}.json").write_text(json.dumps(list(orders)), encoding="utf-8")


def send(lab: NetSuiteLab, run: str) -> None:
    lab.answers(run)
    for stage in ("customers", "orders"):
        work = lab.collect(stage, run=run)
        for step in (lab.transform, lab.publish, lab.archive):
            step(stage, work, run=run)


def test_refreshed_order_that_netsuite_has_is_left_out(lab: NetSuiteLab) -> None:
    old = lab.shop.place(1, "web")
    lab.know_customers(1)
    (order,) = feed(lab, "first")
    send(lab, "one")
    lab.netsuite_works()
    lab.answers("two")
    assert lab.states(old) == {"CONFIRMED": 1}
    put(lab, "refreshed", {**order, "orderId": "M99001"})
    send(lab, "three")
    assert lab.record("M99001").state.value == "EXCLUDED"
    assert lab.record("M99001").reason == "OTHER_VERSION"
    lab.netsuite_works()
    assert lab.netsuite.database.order("M99001") is None
    assert lab.netsuite.database.order(old)


def test_new_version_goes_where_the_old_one_never_did(lab: NetSuiteLab) -> None:
    lab.shop.place(1, "web")
    lab.know_customers(1)
    (order,) = feed(lab, "first", orderStatusId="ORDER_CANCELLED")
    send(lab, "one")
    put(lab, "refreshed", {**order, "orderId": "M99001"})
    send(lab, "two")
    assert lab.states("M99001") == {"DELIVERED": 1}
    put(lab, "late", order)
    send(lab, "three")
    assert lab.record(order["orderId"]).reason == "OTHER_VERSION"


def test_two_versions_in_one_file_go_once(lab: NetSuiteLab) -> None:
    lab.shop.place(1, "web")
    lab.know_customers(1)
    (order,) = feed(lab, "first")
    put(lab, "first", order, {**order, "orderId": "M99001"})
    send(lab, "one")
    assert lab.states(order["orderId"], "M99001") == {"DELIVERED": 1, "EXCLUDED": 1}


def test_old_version_that_waits_for_its_customer_holds_the_place(lab: NetSuiteLab) -> None:
    lab.shop.place(7, "web")
    (order,) = feed(lab, "first")
    send(lab, "one")
    assert lab.states(order["orderId"]) == {"WAITING": 1}
    put(lab, "refreshed", {**order, "orderId": "M99001"})
    send(lab, "two")
    assert lab.record("M99001").reason == "OTHER_VERSION"


def test_version_that_was_set_aside_gives_its_place_away(lab: NetSuiteLab) -> None:
    lab.shop.place(1, "web")
    lab.know_customers(1)
    (order,) = feed(lab, "first", grandTotal=0.01)
    send(lab, "one")
    assert lab.states(order["orderId"]) == {"QUARANTINED": 1}
    put(lab, "refreshed", {**order, "orderId": "M99001"})
    send(lab, "two")
    assert lab.states("M99001") == {"DELIVERED": 1}


def test_orders_of_other_sources_are_not_versions_of_each_other(lab: NetSuiteLab) -> None:
    lab.shop.place(1, "web")
    lab.know_customers(1)
    (order,) = feed(lab, "first", orderIdentifications=[])
    put(lab, "second", {**order, "orderId": "M99001", "orderIdentifications": []})
    send(lab, "one")
    assert lab.states(order["orderId"], "M99001") == {"DELIVERED": 2}


def test_dry_run_notes_nothing(lab: NetSuiteLab) -> None:
    for dry_run, kept in ((True, {}), (False, {"5001": "M1"})):
        run = Run(context("transform", "one", dag_id="x", dry_run=dry_run))
        assert SentVersions(lab.book, run, RETAILER).others({"M1": "5001"}, True) == set()
        assert lab.book.ids_of(RETAILER, "netsuite_shopify_order", ["5001"]) == kept


def test_looking_takes_no_place(lab: NetSuiteLab) -> None:
    versions = SentVersions(lab.book, Run(context("transform", "one", dag_id="x")), RETAILER)
    assert versions.others({"M1": "5001"}, False) == set()
    assert lab.book.ids_of(RETAILER, "netsuite_shopify_order", ["5001"]) == {}
