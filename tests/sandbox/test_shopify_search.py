"""Searching and paging: what is found, in what order, when, and what happens meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.shopify import Shopify, number_of
from sandbox.shopify.search import read_search
from tests.sandbox.shopify_kit import PAGE, START, Client, Clock, make_shop, text, truth


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shopify]:
    with make_shop(tmp_path, clock) as shop:
        yield shop


@pytest.fixture
def client(shop: Shopify) -> Client:
    return Client(shop)


def at(seconds: float) -> str:
    return text(int(START.timestamp() + seconds))


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2, 3, 4]),
        (f"updated_at:>={at(10)}", [1, 2, 3, 4]),
        (f"updated_at:>{at(10)}", [1, 2, 3, 4]),
        (f"updated_at:<{at(10)}", [0, 1]),
        (f"updated_at:>='{at(10)}' AND updated_at:<\"{at(20)}\"", [1, 2]),
        (f"created_at:{at(20)}", [2]),
        (f"created_at:>={at(10).replace('Z', '.999Z')} created_at:<={at(20).replace('Z', '.001Z')}", [1, 2]),
        ("created_at:>=2026-11-20T07:00:25", [3, 4]),
        ("created_at:2026-11-20", [0, 1, 2, 3, 4]),
        ("created_at:>=2026-11-21", []),
        ("source_name:pos", [1, 2]),
        ("-channel:pos", [0, 3, 4]),
        ("NOT source_name:pos -status:cancelled", [0, 4]),
        ("status:cancelled OR source_name:pos", [1, 2, 3]),
        ("(status:cancelled OR source_name:pos) fulfillment_status:shipped", [1]),
        ("status:open", [0, 2, 4]),
        ("status:closed", [1, 3]),
        ("financial_status:refunded", [3]),
        ("name:#1003", [2]),
        ("name:'#1003' OR name:\"#1001\"", [0, 2]),
        ("#1002", [1]),
        ("tag:vip", [4]),
        ("tag_not:vip", [0, 1, 2, 3]),
        ("test:true", []),
        ("delivery_method:shipping source_name:pos", [2]),
    ],
)
def test_search_syntax(shop: Shopify, client: Client, query: str, places: list[int]) -> None:
    kinds = ("web", "pos_completed", "send_sale", "cancelled", "web")
    ids = [shop.place(kind, at=START + timedelta(seconds=10 * place)) for place, kind in enumerate(kinds)]
    shop.change(ids[4], lambda order, _: order["tags"].append("vip"), at=START + timedelta(seconds=40))
    assert client.found(query, sort="CREATED_AT") == [ids[place] for place in places]


def test_ids_can_be_searched(shop: Shopify, client: Client) -> None:
    ids = [shop.place() for _ in range(5)]
    low, high = number_of(ids[1]), number_of(ids[3])
    assert client.found(f"id:>={low} id:<{high}") == ids[1:3]
    assert client.found(f"id:{low} OR id:{high}") == [ids[1], ids[3]]


def test_a_misspelt_field_is_left_out_with_a_warning(shop: Shopify, client: Client) -> None:
    shop.place()
    answer = client.ask(PAGE, {"q": "update_at:>2030-01-01 status:open"})
    assert len(answer["data"]["orders"]["nodes"]) == 1
    (search,) = answer["extensions"]["search"]
    assert search["path"] == ["orders"]
    assert (search["warnings"][0]["field"], search["warnings"][0]["code"]) == ("update_at", "invalid_field")


@pytest.mark.parametrize("query", ["created_at:>yesterday", "status:nonsense", "id:abc"])
def test_a_value_that_is_none_is_warned_of(query: str) -> None:
    found = read_search(query, "UTC", "any")
    assert (found.sql, found.values, found.warnings[0]["code"]) == ("1", [], "invalid_value")


def test_a_shop_may_show_open_orders_only_by_default(shop: Shopify, client: Client) -> None:
    kept, closed = shop.place(), shop.place("pos_completed")
    shop.settings.default_status = "open"
    assert client.found() == [kept]
    assert client.found("status:any") == [kept, closed]


@pytest.mark.parametrize("size", [1, 2, 3, 7])
@pytest.mark.parametrize("back", [False, True])
def test_equal_timestamps_over_pages(shop: Shopify, client: Client, size: int, back: bool) -> None:
    ids = [shop.place() for _ in range(7)]
    found = client.found("", size, back=back)
    assert found == (ids[::-1] if back else ids)


def test_pages_can_be_read_backwards(shop: Shopify, client: Client) -> None:
    ids = [shop.place() for _ in range(5)]
    fields = "{ edges { cursor node { id } } pageInfo { hasPreviousPage startCursor } }"
    last = client.data(f"{{ orders(last: 2, sortKey: ID) {fields} }}")["orders"]
    assert [edge["node"]["id"] for edge in last["edges"]] == ids[3:]
    assert last["pageInfo"]["hasPreviousPage"]
    before = last["pageInfo"]["startCursor"]
    rest = client.data(f'{{ orders(last: 9, before: "{before}", sortKey: ID) {fields} }}')["orders"]
    assert [edge["node"]["id"] for edge in rest["edges"]] == ids[:3]


def test_an_order_updated_while_pages_are_read_comes_again_at_the_end(
    shop: Shopify, client: Client, clock: Clock
) -> None:
    ids = []
    for _ in range(6):
        ids.append(shop.place())
        clock.forward(seconds=1)
    shop.faults.before_page(2, lambda: shop.touch(ids[0]))
    shop.faults.before_page(3, lambda: shop.touch(ids[5]))
    assert client.found("", 2) == [*ids[:5], ids[0], ids[5]]


def test_the_search_sees_changes_late_and_shows_the_order_as_it_is(shop: Shopify, client: Client, clock: Clock) -> None:
    shop.faults.index_lag_seconds = 30
    order_id = shop.place()
    assert client.found() == []
    assert client.order(order_id, "name") == {"name": "#1001"}
    clock.forward(seconds=30)
    assert client.found() == [order_id]
    shop.touch(order_id)
    (page,) = client.pages(f"updated_at:<={at(0)}")
    assert page == [{"id": order_id, "updatedAt": at(30)}]
    assert client.found(f"updated_at:>={at(30)}") == []
    clock.forward(seconds=30)
    assert client.found(f"updated_at:<={at(0)}") == []
    assert client.found(f"updated_at:>={at(30)}") == [order_id]


def test_an_order_is_never_in_the_index_twice(shop: Shopify, client: Client, clock: Clock) -> None:
    shop.faults.index_lag_spread = 60
    order_id = shop.place()
    for _ in range(100):
        clock.forward(seconds=1)
        shop.touch(order_id)
        assert len(client.found()) <= 1
    clock.forward(seconds=61)
    assert client.pages() == [[{"id": order_id, "updatedAt": at(100)}]]


def test_counts_are_exact_or_say_that_they_are_not(shop: Shopify, client: Client) -> None:
    ids = [shop.place() for _ in range(5)]
    shop.delete(ids[0])
    counts = "{ a: ordersCount(limit: null) { count precision } b: ordersCount(limit: 3) { count precision } }"
    assert client.data(counts) == {
        "a": {"count": 4, "precision": "EXACT"},
        "b": {"count": 3, "precision": "AT_LEAST"},
    }


def test_history_is_kept(shop: Shopify, clock: Clock) -> None:
    order_id = shop.place()
    clock.forward(seconds=5)
    shop.cancel(order_id)
    shop.touch(order_id, at=START)
    assert [one.updated_at - int(START.timestamp()) for one in shop.database.history(order_id)] == [0, 5, 5]
    assert [one.order_id for one in shop.database.truth()] == [order_id]


def test_a_seeded_history_of_changes(tmp_path: Path, clock: Clock) -> None:
    histories = []
    for name in ("a", "b"):
        with make_shop(tmp_path / name, clock) as shop:
            shop.fill(40, start=START - timedelta(days=2), end=START - timedelta(days=1))
            shop.stir(80, start=START - timedelta(days=1), end=START)
            assert shop.database.deleted()
            assert max(one.updated_at for one in shop.database.truth()) < int(START.timestamp())
            assert {(node["id"], node["updatedAt"]) for page in Client(shop).pages() for node in page} == truth(shop)
            histories.append(shop.database.history())
    assert histories[0] == histories[1]
    assert len(histories[0]) > 110


def test_nothing_happens_in_the_future(shop: Shopify) -> None:
    shop.fill(300, start=START - timedelta(hours=1), end=START)
    shop.place("web_fulfilled")
    moments = [one.updated_at for one in shop.database.truth()]
    assert max(moments) == int(START.timestamp())


def test_a_filled_shop_is_read_whole(shop: Shopify, client: Client) -> None:
    shop.fill(700, start=START - timedelta(days=3), end=START)
    pages = client.pages("", 250)
    assert [len(page) for page in pages] == [250, 250, 200]
    assert {(node["id"], node["updatedAt"]) for page in pages for node in page} == truth(shop)
    assert shop.summary()["orders"] == 700


STEPS = st.lists(st.sampled_from(["place", "touch first", "touch last", "wait"]), max_size=10)


@settings(max_examples=15, deadline=None)
@given(before=STEPS, during=STEPS, size=st.integers(1, 4))
def test_sorted_pages_show_every_order_that_was_there_when_reading_began(
    tmp_path_factory: pytest.TempPathFactory, before: list[str], during: list[str], size: int
) -> None:
    clock = Clock()
    with make_shop(tmp_path_factory.mktemp("shop"), clock) as shop:
        ids = [shop.place()]

        def act(step: str) -> None:
            clock.forward(seconds=1)
            if step == "place":
                ids.append(shop.place())
            elif step != "wait":
                shop.touch(ids[0] if step == "touch first" else ids[-1])

        for step in before:
            act(step)
        there = set(ids)
        for page, step in enumerate(during, start=2):
            shop.faults.before_page(page, partial(act, step))
        assert there <= set(Client(shop).found("", size))
        shop.faults.clear()
        shown = {(node["id"], node["updatedAt"]) for page in Client(shop).pages("", size) for node in page}
        assert shown == truth(shop)
