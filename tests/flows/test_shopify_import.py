"""Shopify's orders to HotWax, through Airflow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.support.airflow_lab import SHOPIFY, AirflowLab

TASKS = ("fetch", "transform", "publish", "confirm", "close", "report", "finished")
SOUND = ("web", "pos_completed", "send_sale", "mixed_cart", "refunded", "several_shipping_lines")


def test_orders_are_imported_and_what_is_refused_heals(lab: AirflowLab) -> None:
    shop, now = lab.world.shopify, datetime.now(UTC)
    for at, kind in enumerate(SOUND):
        shop.place(kind, at=now - timedelta(minutes=90 - at))
    lame = shop.place("no_phone", at=now - timedelta(minutes=60))
    known = {one.order_id.rpartition("/")[2] for one in shop.database.truth()}

    run = lab.run(SHOPIFY, at=now)

    assert run.state == "success", run.log[-3000:]
    assert run.tasks == dict.fromkeys(TASKS, "success")
    number = lame.rpartition("/")[2]
    assert lab.states() == dict.fromkeys(known, "CONFIRMED") | {number: "QUARANTINED"}
    (mail,) = lab.mails
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "THE ORDER HAS NO PHONE NUMBER" in text
    assert f"https://admin.shopify.com/store/SHOP/orders/{number}" in text

    with lab.ledger() as book:
        cursor = book.cursor(SHOPIFY, "default")
    assert cursor is not None
    shop.heal(lame, at=cursor - timedelta(minutes=1))
    again = lab.run(SHOPIFY, at=now + timedelta(minutes=15))

    assert again.state == "success", again.log[-3000:]
    assert lab.states() == dict.fromkeys(known, "CONFIRMED")
    assert {one.shopify_id for one in lab.world.hotwax.shopify.arrivals()} == known
    assert len(lab.world.hotwax.shopify.arrivals()) == len(known)
    assert len(lab.mails) == 1, "what is solved is told by the next mail that has something else to tell"
    with lab.ledger() as book:
        assert [row.order_key for row in book.solved_since_report(SHOPIFY, "default")] == [number]


def test_a_shop_that_is_down_is_red_and_nothing_is_left_out(lab: AirflowLab) -> None:
    shop, now = lab.world.shopify, datetime.now(UTC)
    order = shop.place("web", at=now - timedelta(minutes=60)).rpartition("/")[2]
    shop.settings.state = "locked"
    run = lab.run(SHOPIFY, at=now)
    assert (run.state, run.tasks["fetch"]) == ("failed", "failed")
    assert "the shop is locked" in lab.mails[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    shop.settings.state = "open"
    assert lab.run(SHOPIFY, at=now + timedelta(minutes=15)).state == "success"
    assert lab.states() == {order: "CONFIRMED"}
