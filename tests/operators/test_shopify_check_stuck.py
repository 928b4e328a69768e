"""Orders that stay in Created, and what becomes of them when a person refreshes them in HotWax."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from order_sync.operators.netsuite_replies import ORDER
from order_sync.operators.netsuite_versions import HOTWAX_ORDER
from tests.support.shopify_check_lab import CheckLab
from tests.support.shopify_lab import RETAILER, number


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckLab]:
    with CheckLab(tmp_path, ledger_template, monkeypatch, approval_attributes=["FRAUD_CHECK", "RISK"]) as opened:
        yield opened


def stuck_till_order(lab: CheckLab) -> str:
    """An order of a till that was fulfilled after its import, and of which the update never came."""
    order = lab.till_order()
    lab.wait(10)
    lab.run("import")
    lab.wait(10)
    lab.shop.fulfil(order)
    lab.next_day()
    return order


def test_order_of_the_web_is_told_with_the_attribute_that_it_lacks(lab: CheckLab) -> None:
    (order,) = lab.placed("web")
    lab.hotwax.shopify.set_attribute(lab.hotwax_id(order), "RISK", "LOW")
    lab.check()
    assert lab.found() == {f"NOT_APPROVED {number(order)}"}
    assert lab.words().endswith("lacks FRAUD_CHECK")
    assert lab.hotwax_id(order) in lab.words()
    lab.hotwax.shopify.approve(lab.hotwax_id(order))
    lab.next_day()
    lab.check("two")
    assert lab.found() == set()


def test_order_that_lacks_nothing_is_told_too(lab: CheckLab) -> None:
    (order,) = lab.placed("web")
    for name in ("RISK", "FRAUD_CHECK"):
        lab.hotwax.shopify.set_attribute(lab.hotwax_id(order), name, "OK")
    lab.check()
    assert "lacks no attribute that approval needs" in lab.words()


def test_young_order_is_not_stuck(lab: CheckLab) -> None:
    lab.shop.place("web")
    lab.wait(10)
    lab.run("import")
    lab.wait(12 * 60)
    lab.check()
    assert lab.found() == set()


def test_order_of_a_till_that_shopify_has_not_fulfilled(lab: CheckLab) -> None:
    order = lab.till_order()
    lab.wait(10)
    lab.run("import")
    lab.next_day()
    lab.check()
    assert lab.found() == {f"NOT_FULFILLED_IN_SHOPIFY {number(order)}"}


def test_stuck_order_that_is_cancelled_in_shopify_is_told_as_that(lab: CheckLab) -> None:
    order = lab.till_order()
    lab.wait(10)
    lab.run("import")
    for _ in range(3):
        lab.next_day()
    lab.shop.cancel(order)
    lab.wait(120)
    lab.check()
    assert lab.found() == {f"CANCELLED_IN_SHOPIFY {number(order)}"}


def test_refresh_is_asked_for_with_links_and_verified_by_the_next_check(lab: CheckLab) -> None:
    order = stuck_till_order(lab)
    old = lab.hotwax_id(order)
    lab.check()
    assert lab.found() == {f"TO_BE_REFRESHED {number(order)}"}
    told = lab.mail()
    assert "press Refresh order" in told.replace("\n", " ")
    assert f"orderId={old}" in told
    assert f"/orders/{number(order)}" in told
    lab.book.keep_ids(RETAILER, ORDER, {old: "777"}, source="test", at=lab.now)
    new = lab.refresh(order)
    assert new != old
    lab.next_day()
    lab.check("two")
    assert lab.found() == set()
    assert "SOLVED" in lab.mail("two")
    assert lab.book.ids_of(RETAILER, HOTWAX_ORDER, [number(order)]) == {number(order): new}
    assert lab.book.ids_of(RETAILER, ORDER, [new]) == {new: "777"}


def test_order_that_nobody_refreshed_stays_to_be_refreshed(lab: CheckLab) -> None:
    order = stuck_till_order(lab)
    lab.check()
    lab.next_day()
    lab.check("two")
    assert lab.found() == {f"TO_BE_REFRESHED {number(order)}"}
    assert lab.book.ids_of(RETAILER, HOTWAX_ORDER, [number(order)]) == {number(order): lab.hotwax_id(order)}


def test_refresh_whose_new_version_is_not_completed_is_told(lab: CheckLab) -> None:
    order = lab.shop.place("send_sale")  # HotWax does not complete what is shipped
    lab.wait(10)
    lab.run("import")
    lab.shop.fulfil(order)
    lab.next_day()
    lab.check()
    assert lab.found() == {f"TO_BE_REFRESHED {number(order)}"}
    new = lab.refresh(order)
    lab.next_day()
    lab.check("two")
    wrong = f"WRONGLY_REFRESHED {number(order)}"
    assert wrong in lab.found()
    assert f"{new} is ORDER_CREATED, and Shopify has fulfilled it" in lab.mail("two").replace("\n ", "")
    with lab.hotwax.database.transaction() as connection:
        change = "UPDATE shopify_orders SET status_id = 'ORDER_COMPLETED' WHERE shopify_id = ? AND tag = ''"
        connection.execute(change, (number(order),))
    lab.next_day()
    lab.check("three")
    assert lab.found() == set()
    assert lab.book.ids_of(RETAILER, HOTWAX_ORDER, [number(order)]) == {number(order): new}


def test_old_version_without_its_tag_is_told(lab: CheckLab) -> None:
    order = stuck_till_order(lab)
    old = lab.hotwax_id(order)
    lab.check()
    lab.refresh(order)
    with lab.hotwax.database.transaction() as connection:
        connection.execute("UPDATE shopify_orders SET tag = '' WHERE shopify_id = ?", (number(order),))
    lab.next_day()
    lab.check("two")
    assert lab.found() == {f"WRONGLY_REFRESHED {number(order)}"}
    assert f"{old} is ORDER_CANCELLED and should be cancelled with the tag 'old version'" in lab.words()


def test_refresh_that_left_both_alive_is_two_live_orders(lab: CheckLab) -> None:
    order = stuck_till_order(lab)
    lab.check()
    lab.refresh(order)
    with lab.hotwax.database.transaction() as connection:
        change = "UPDATE shopify_orders SET tag = '', status_id = 'ORDER_APPROVED' WHERE shopify_id = ?"
        connection.execute(change, (number(order),))
    lab.next_day()
    lab.check("two")
    assert f"TWO_LIVE_ORDERS {number(order)}" in lab.found()
