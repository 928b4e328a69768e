"""Orders out of the sandbox's shop: all of a window, each of them whole, whatever goes wrong on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_sync.errors import NotSent, Stop
from order_sync.partners.shopify import Shopify, ShopifyOrder
from sandbox.shopify import KINDS, Fault
from sandbox.shopify import Shopify as Sandbox
from tests.support.shopify_shop import START, client, sandbox_shop

END = START + timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox_shop(tmp_path) as running:
        yield running


def read(shopify: Shopify, start: datetime = START - timedelta(days=1), end: datetime = END) -> list[ShopifyOrder]:
    return [order for page in shopify.changed(start, end) for order in page]


def truth(shop: Sandbox) -> set[tuple[str, int]]:
    rows = shop.database.rows("SELECT num, updated_at FROM orders WHERE deleted_at IS NULL")
    return {(str(row["num"]), row["updated_at"]) for row in rows}


def found(orders: list[ShopifyOrder]) -> set[tuple[str, int]]:
    return {(order.id, int(order.updated_at.timestamp())) for order in orders}


@pytest.mark.parametrize("kind", KINDS)
def test_an_order_of_every_kind_comes_whole(shop: Sandbox, kind: str) -> None:
    gid = shop.place(kind, at=START)
    with client(shop) as shopify:
        (order,) = shopify.by_ids([gid.rpartition("/")[2]])
    shown, held = json.loads(order.data), shop.database.order(gid)
    assert [line["id"] for line in shown["lineItems"]["nodes"]] == [line["id"] for line in held["lineItems"]]
    for name, inner in (("transactions", ""), ("fulfillments", "fulfillmentLineItems"), ("refunds", "refundLineItems")):
        assert [one["id"] for one in shown[name]] == [one["id"] for one in held[name]]
        if inner:
            assert [len(one[inner]["nodes"]) for one in shown[name]] == [len(one[inner]) for one in held[name]]
    assert shown["totalPriceSet"]["shopMoney"]["amount"]


@pytest.mark.parametrize("page", [1, 7, 250])
def test_every_order_of_a_window_comes_once(shop: Sandbox, page: int) -> None:
    shop.fill(60, start=START, end=END)
    with client(shop, page_orders=page) as shopify:
        orders = read(shopify, end=END + timedelta(days=90))
    assert found(orders) == truth(shop)
    assert len(orders) == 60


def test_windows_are_half_open_although_shopify_s_are_not(shop: Sandbox) -> None:
    for second in (-1, 0, 59, 60):
        shop.place("web", at=START + timedelta(seconds=second))
    with client(shop) as shopify:
        first = read(shopify, START, START + timedelta(minutes=1))
        second = read(shopify, START + timedelta(minutes=1), START + timedelta(minutes=2))
    assert [int((order.updated_at - START).total_seconds()) for order in first + second] == [0, 59, 60]


@pytest.mark.parametrize(
    "what", ["throttled", "internal", "partial", "429", "500", "502", "503", "504", "half", "close", "reset", "html"]
)
def test_what_passes_is_asked_again(shop: Sandbox, what: Any) -> None:
    shop.fill(30, start=START, end=END)
    shop.faults.at(1, Fault(what, times=2))
    with client(shop, page_orders=8) as shopify:
        assert found(read(shopify, end=END + timedelta(days=90))) == truth(shop)
    assert shop.faults.pending == 0


def test_what_does_not_pass_ends_in_an_error(shop: Sandbox) -> None:
    shop.place("web", at=START)
    shop.faults.next(Fault("502", times=99))
    with client(shop) as shopify, pytest.raises(NotSent, match="HTTP 502"):
        read(shopify)


def test_an_answer_that_never_comes_is_given_up(shop: Sandbox) -> None:
    shop.place("web", at=START)
    shop.faults.next(Fault("hang", hang_seconds=5))
    with client(shop, read_seconds=0.3) as shopify:
        assert len(read(shopify)) == 1


def test_pages_shrink_until_shopify_can_answer(shop: Sandbox) -> None:
    shop.fill(40, start=START, end=END)
    shop.faults.internal_above = 6
    with client(shop, page_orders=40) as shopify:
        assert found(read(shopify, end=END + timedelta(days=90))) == truth(shop)
        assert shopify.http.orders.now <= 6


def test_pages_shrink_to_what_a_question_may_cost(tmp_path: Path) -> None:
    with sandbox_shop(tmp_path, costs="linear") as shop:
        shop.fill(12, start=START, end=END)
        with client(shop, page_orders=200) as shopify:
            assert found(read(shopify, end=END + timedelta(days=90))) == truth(shop)


def test_points_are_waited_for_and_not_for_ever(tmp_path: Path) -> None:
    with sandbox_shop(tmp_path, restore_rate=2000.0, maximum_available=1000.0) as shop:
        shop.fill(80, start=START, end=END)
        with client(shop, page_orders=20) as shopify:
            assert found(read(shopify, end=END + timedelta(days=90))) == truth(shop)
        shop.settings.restore_rate = 0.1
        with client(shop, most_wait_seconds=0.5) as shopify, pytest.raises(NotSent, match="rate limit"):
            spend(shopify)


def spend(shopify: Shopify) -> None:
    for _ in range(50):
        read(shopify, end=END + timedelta(days=90))


def test_an_order_that_changes_while_pages_are_read_moves_behind_them(shop: Sandbox) -> None:
    shop.fill(30, start=START, end=END, kind="web")
    (first,) = [
        row["num"] for row in shop.database.rows("SELECT num FROM orders ORDER BY updated_at LIMIT 1 OFFSET 25")
    ]
    gid = f"gid://shopify/Order/{first}"
    shop.faults.before_page(2, lambda: shop.touch(gid, at=END + timedelta(hours=1)))
    with client(shop, page_orders=10) as shopify:
        before = read(shopify)
        after = read(shopify, END, END + timedelta(hours=2))
    assert len(before) == 29
    assert [order.id for order in after] == [str(first)]


def test_an_order_that_changes_between_its_pages_is_read_anew(shop: Sandbox) -> None:
    gid = shop.place("many_lines", at=START)
    touched = []

    def touch() -> None:
        shop.touch(gid, at=START + timedelta(hours=1))
        touched.append(1)

    with client(shop) as shopify:
        ask = shopify.http.ask

        def asking(question: str, *args: Any, **more: Any) -> bytes:
            if "RestOfLineItems" in question and not touched:
                touch()
            return ask(question, *args, **more)

        shopify.http.ask = asking  # type: ignore[method-assign]
        (order,) = shopify.by_ids([gid.rpartition("/")[2]])
    shown = json.loads(order.data)
    assert order.updated_at == START + timedelta(hours=1)
    assert len(shown["lineItems"]["nodes"]) == len(shop.database.order(gid)["lineItems"])


def test_pages_that_lead_nowhere_are_not_read_for_ever(shop: Sandbox) -> None:
    shop.fill(3, start=START, end=END)
    with client(shop, page_orders=2) as shopify:
        ask = shopify.http.ask

        def asking(question: str, *args: Any, **more: Any) -> bytes:
            answer = json.loads(ask(question, *args, **more))
            answer["orders"]["pageInfo"]["endCursor"] = None
            return json.dumps(answer).encode()

        shopify.http.ask = asking  # type: ignore[method-assign]
        with pytest.raises(NotSent, match="another page"):
            read(shopify)


def test_pages_go_on_behind_orders_that_were_deleted(shop: Sandbox) -> None:
    gids = [shop.place("web", at=START + timedelta(seconds=at)) for at in range(5)]
    for gid in gids[:4]:
        shop.delete(gid)
    with client(shop, page_orders=1) as shopify:
        assert [f"gid://shopify/Order/{order.id}" for order in read(shopify)] == gids[4:]


def test_what_does_not_exist_is_missing(shop: Sandbox) -> None:
    kept, gone = shop.place("web", at=START), shop.place("web", at=START)
    shop.delete(gone)
    with client(shop) as shopify:
        assert [
            f"gid://shopify/Order/{one.id}"
            for one in shopify.by_ids([kept.rpartition("/")[2], gone.rpartition("/")[2], "999"])
        ] == [kept]


def test_orders_are_found_by_name(shop: Sandbox) -> None:
    gid = shop.place("web", at=START)
    name = shop.database.order(gid)["name"]
    with client(shop) as shopify:
        assert shopify.ids_by_name([name, "#no such order'"]) == {name: [gid.rpartition("/")[2]]}


def test_counts_are_exact(shop: Sandbox) -> None:
    shop.fill(15, start=START, end=END)
    with client(shop) as shopify:
        assert shopify.count("") == 15
        assert len(list(shopify.heads(""))) == 15


@pytest.mark.parametrize("state", ["frozen", "locked", "missing", "rejected"])
def test_a_closed_shop_needs_a_person(shop: Sandbox, state: Any) -> None:
    shop.settings.state = state
    with client(shop) as shopify, pytest.raises(Stop, match="HTTP"):
        read(shopify)


def test_a_field_that_is_not_shown_stops_the_flow(shop: Sandbox) -> None:
    shop.place("web", at=START)
    shop.settings.denied_fields.add("Order.email")
    with client(shop) as shopify, pytest.raises(Stop, match="email"):
        read(shopify)


def test_a_token_is_fetched_once_and_renewed_when_it_is_refused(shop: Sandbox) -> None:
    shop.place("web", at=START)
    with client(shop, static=False) as shopify:
        assert len(read(shopify)) == 1
    shop.faults.next(Fault("401"))
    with client(shop, static=False) as shopify:
        assert len(read(shopify)) == 1
        assert "read_all_orders" in shopify.scopes()


def test_a_wrong_secret_is_told_without_it(shop: Sandbox) -> None:
    with client(shop, static=False) as shopify:
        shop.credentials.client_secret = "another"
        with pytest.raises(NotSent, match="gave no access token") as told:
            read(shopify)
        assert "another" not in str(told.value)


def test_a_wrong_token_is_not_tried_again(shop: Sandbox) -> None:
    with client(shop) as shopify:
        kept, shop.credentials.static_token = shop.credentials.static_token, "another"
        with pytest.raises(Stop, match="refuses the token") as told:
            read(shopify)
        assert kept not in str(told.value)
