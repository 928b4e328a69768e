"""The equality test: the fast transform gives, byte for byte, what the slow one gives that was written separately."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from sandbox.predictspring import Shop, dump
from tests.support import reference_transform as reference
from tests.transforms.kit import Order, run, settings, transform

COUNT = 300


def slowly(data: list[bytes], options: reference.Options | None = None) -> reference.Feeds:
    return reference.transform([json.loads(one, parse_float=Decimal) for one in data], options=options)


def spoiled(seed: int, slim: bool) -> list[bytes]:
    """The usual mix, every twentieth order with something wrong."""
    shop = Shop(seed)
    orders = []
    for n in range(1, COUNT + 1):
        having = {0: ["open_total"], 7: ["no_city"]}.get(n % 20, [])
        changes: Order = {3: {"storeId": "999"}, 9: {"orderId": " "}, 13: {"currency": "XXX"}}.get(n % 20, {})
        orders.append(dump(shop.order(n, slim=slim, having=having, **changes)))
    return orders


@pytest.mark.parametrize("seed", [1, 2, 3, 2026])
@pytest.mark.parametrize("slim", [True, False], ids=["slim", "whole"])
def test_good_orders_give_the_same_bytes(seed: int, slim: bool) -> None:
    data = [dump(order) for order in Shop(seed).orders(COUNT, slim=slim)]
    ours, theirs = run(data), slowly(data)
    assert ours.causes == {}
    assert theirs.rejects == []
    assert ours.feed == theirs.orders
    assert ours.variance == theirs.variance
    assert len(ours.rows) > COUNT
    assert ours.stock


@pytest.mark.parametrize("seed", [11, 12])
def test_bad_orders_among_good_ones_give_the_same_bytes(seed: int) -> None:
    data = spoiled(seed, slim=True)
    ours, theirs = run(data), slowly(data)
    assert ours.feed == theirs.orders
    assert ours.variance == theirs.variance
    assert len(ours.causes) > 45, "every kind of spoiling took effect"
    named = {reject.order_id.strip(): reject.reason for reject in theirs.rejects if reject.order_id.strip()}
    assert {key: reason for key, reason in ours.reasons.items() if key in named} == named
    assert sorted(ours.reasons.values()) == sorted(reject.reason for reject in theirs.rejects)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Kiritimati"])
def test_another_retailer_gives_the_same_bytes(zone: str) -> None:
    options = reference.Options(
        zone=zone,
        product_store="OTHER, INC",
        external_product_store='"X"',
        id_type="SKU",
        in_store_status="ITEM_DONE",
        shipped_status="ITEM_CREATED",
        first_name="Walk-in",
        last_name="Shopper",
        phone="1",
        email="a@example.com",
        country="CA",
    )
    values = {
        "product_store_id": options.product_store,
        "external_product_store_id": options.external_product_store,
        "product_id_type": options.id_type,
        "in_store_item_status": options.in_store_status,
        "send_sale_item_status": options.shipped_status,
        "guest_first_name": options.first_name,
        "guest_last_name": options.last_name,
        "phone": options.phone,
        "email": options.email,
        "country": options.country,
    }
    data = [dump(order) for order in Shop(5).orders(COUNT, slim=True)]
    ours, theirs = run(data, transform(values, time_zone=zone)), slowly(data, options)
    assert ours.feed == theirs.orders
    assert ours.variance == theirs.variance


@pytest.mark.parametrize("form", ["csv", "json"])
def test_the_size_of_a_frame_changes_nothing(form: str) -> None:
    data = [*spoiled(21, slim=True)[:60], b'{"orderId":', b'{"orderId": 5}', b"[]"]
    using = transform(feed_format=form)
    whole = run(data, using)
    assert whole.reasons["#60"] == "RECORD_NOT_JSON"
    for size in (1, 7, 61, len(data)):
        parts = run(data, using, size)
        assert parts.feed == whole.feed
        assert parts.variance == whole.variance
        assert sorted(parts.reasons.values()) == sorted(whole.reasons.values())


def test_the_same_input_twice_gives_the_same_bytes() -> None:
    data = [dump(order) for order in Shop(8).orders(50, slim=True)]
    first, second = run(data, transform()), run(data, transform())
    assert (first.feed, first.variance) == (second.feed, second.variance)
    assert first.transform.version == second.transform.version


def test_the_version_follows_the_settings() -> None:
    assert transform().version != transform({"country": "CA"}).version
    assert transform().version != transform(feed_format="json").version
    assert settings() == settings()
