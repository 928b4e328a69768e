from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.hotwax.completed_orders import KINDS, LAYOUTS, STORES, CompletedOrders, dump, write_feed
from sandbox.hotwax.completed_orders_sale import MOST_NUMBER
from tests.sandbox.completed_orders_reader import (
    FEED,
    NUMBERS,
    Json,
    amounts,
    attributes,
    exact,
    item_amounts,
    items,
    read,
    stores_of,
    upcs,
)

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 31, 4, 22, 5, tzinfo=UTC)
HEADER = (
    "productStoreId orderId orderName orderDate orderStatusId entryDate currency grandTotal orderItemSeqId "
    "itemStatusId itemQuantity unitPrice orderItemExternalId shipGroupSeqId slaShipmentMethodTypeId "
    "postalContactMechId telecomContactMechId externalFulfillmentOrderItemId fulfillmentStatus "
    "customerFirstName customerLastName "
    "facilityId facilityExternalId facilityTypeId parentFacilityTypeId statusDatetime productId salesChannel "
    "customerPartyId shippedQuantity shipmentId shipmentItemSeqId shippedProductId statusId destinationContactMechId "
    "destinationTelecomNumberId shipmentMethodTypeId trackingIdNumber carrierPartyId orderIdentifications "
    "customerPartyIdentifications billTo orderAdjustments shipments"
).split()
ADDED = ["customerEmail", "payments", "orderAttributes"]
ITEM = (
    "shipmentId shipmentItemSeqId orderId orderItemSeqId orderItemExternalId shipGroupSeqId itemStatusId itemQuantity "
    "slaShipmentMethodTypeId statusDatetime productId unitPrice facilityId facilityExternalId facilityTypeId "
    "parentFacilityTypeId shippedQuantity goodIdentifications itemAdjustments"
).split()
SHIPMENT = "trackingNumber carrierPartyId shipmentMethodTypeId shipTo shipmentItems".split()


def test_the_same_seed_number_and_kind_give_the_same_bytes() -> None:
    for kind in KINDS:
        assert dump(CompletedOrders(7).order(3, kind)) == dump(FEED.order(3, kind))
        assert CompletedOrders(7).expected(3, kind) == FEED.expected(3, kind)


def test_another_process_writes_the_same_bytes(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.hotwax.completed_orders", "--orders", "60", "--seed", "7"]
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    told = subprocess.run([*command, "--out", tmp_path], cwd=ROOT, env=environment, check=True, capture_output=True)
    (written,) = tmp_path.iterdir()
    assert told.stdout.decode().strip() == str(written)
    assert written.read_bytes() == write_feed(tmp_path / "here", FEED.orders(60), AT).read_bytes()


def test_another_seed_or_number_gives_another_order() -> None:
    totals = [CompletedOrders(seed).order(n)["grandTotal"] for seed in (7, 8) for n in NUMBERS]
    assert len(set(totals)) > 75


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_close_exactly(kind: str, currency: str, decimals: int) -> None:
    feed = CompletedOrders(7, currency=currency, decimals=decimals)
    for number in NUMBERS:
        order, expected = read(kind, number, feed), feed.expected(number, kind)
        found = items(order)
        total = sum(item["unitPrice"] * item["itemQuantity"] for item in found)
        total += sum(map(sum, item_amounts(order))) + sum(amounts(order["orderAdjustments"]))
        assert order["grandTotal"] == total > 0
        assert order["currency"] == currency
        assert order["payments"][-1]["amount"] == total
        discount = -sum(amounts(order["orderAdjustments"], "EXT_PROMO_ADJUSTMENT"))
        discount -= sum(map(sum, item_amounts(order, "EXT_PROMO_ADJUSTMENT")))
        shipping = sum(amounts(order["orderAdjustments"], "SHIPPING_CHARGES"))
        told = (expected.total, expected.discount, expected.shipping)
        assert told == tuple(Decimal(value).scaleb(decimals) for value in (total, discount, shipping))


def test_amounts_are_written_without_noise() -> None:
    text = b"".join(dump(FEED.order(number, kind)) for kind in KINDS for number in NUMBERS).decode()
    written = re.findall(r'"(?:grandTotal|unitPrice|amount)":([^,}\]]+)', text)
    numbers = [one for one in written if one != "null"]
    assert len(numbers) > 5000
    assert [one for one in numbers if not re.fullmatch(r"-?(0|[1-9]\d*)(\.\d?[1-9])?", one)] == []


def test_no_value_is_a_float() -> None:
    def values(node: Any) -> Iterator[Any]:
        if isinstance(node, dict | list):
            for child in node.values() if isinstance(node, dict) else node:
                yield from values(child)
        else:
            yield node

    found = Counter(type(value) for kind in KINDS for value in values(FEED.order(11, kind)))
    assert set(found) == {str, int, Decimal, type(None)}


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_those_of_the_published_feed_and_the_four_it_lacks(kind: str) -> None:
    order = read(kind, 5)
    assert [field for field in order if field not in ADDED] == HEADER
    assert set(order) - set(HEADER) == set(ADDED)
    blank = set(HEADER[8:15] + HEADER[16:19] + HEADER[21:27] + HEADER[29:39])
    assert {field for field in order if order[field] is None} - {"postalContactMechId"} == blank
    for shipment in order["shipments"]:
        assert list(shipment) == SHIPMENT
        assert all(list(item) == ITEM for item in shipment["shipmentItems"])
        assert shipment["shipTo"] is None or len(shipment["shipTo"]) == 21
    dated = {"fromDate", "thruDate", "lastUpdatedStamp"}
    assert all(dated <= one.keys() for item in items(order) for one in item["goodIdentifications"])
    assert all(len(taxes) >= 2 for taxes in item_amounts(order, "SALES_TAX"))
    assert order["billTo"]["phone"]["contactNumber"].startswith("0000")
    assert order["customerEmail"].endswith("@example.com")
    assert attributes(order)["customerId"]
    numbers = {one["orderIdentificationTypeId"]: one["idValue"] for one in order["orderIdentifications"]}
    assert numbers["SHOPIFY_ORD_NO"] == "5"
    assert len({order["orderId"], *numbers.values()}) == 4


def test_items_are_numbered_once_and_of_quantity_1() -> None:
    for kind in KINDS:
        for number in NUMBERS:
            found = items(read(kind, number))
            assert [item["orderItemSeqId"] for item in found] == [f"{101 + i:05d}" for i in range(len(found))]
            assert {item["itemQuantity"] for item in found} == {1}
            places = [(item["shipmentId"], item["shipmentItemSeqId"]) for item in found if item["shipmentId"]]
            assert len(places) == len(set(places))


def test_times_have_the_offset_of_winter_and_of_summer() -> None:
    offsets = {read("single", number)["orderDate"][-6:] for number in (1, 100_000)}
    assert offsets == {"-05:00", "-04:00"}


def test_the_usual_mix_holds_every_kind() -> None:
    kinds = Counter(FEED.kind_of(number) for number in range(1, 1001))
    assert kinds.keys() == KINDS.keys()
    assert 200 < kinds["single"] < 360
    assert sum(KINDS.values()) == 100
    assert list(FEED.orders(20, first=5)) == [FEED.order(n, FEED.kind_of(n)) for n in range(5, 25)]
    assert list(FEED.orders(2, kind="pickup")) == [FEED.order(1, "pickup"), FEED.order(2, "pickup")]


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("billTo", lambda o: "billTo" not in o),
        ("customerEmail", lambda o: "customerEmail" not in o),
        ("billTo.phone", lambda o: "phone" not in o["billTo"] and o["billTo"]["city"]),
        ("orderAttributes.customerId", lambda o: "customerId" not in attributes(o) and len(attributes(o)) == 2),
        ("payments.EXT_SHOP_VISA", lambda o: o["payments"] == []),
        ("payments.EXT_SHOP_VISA.amount", lambda o: [one.get("amount") for one in o["payments"]] == [None]),
        ("shipments[].shipmentItems[].goodIdentifications.UPCA", lambda o: not any(upcs(o))),
        ("shipments.0.shipTo", lambda o: [len(s) for s in o["shipments"]] == [4, *[5] * (len(o["shipments"]) - 1)]),
        ("shipments.shipmentItems.0", lambda o: len(items(o)) < len(items(read("multi_store", 2)))),
    ],
)
def test_parts_can_be_lacking(path: str, gone: Callable[[Json], bool]) -> None:
    assert not gone(read("multi_store", 2))
    assert gone(exact(FEED.order(2, "multi_store", lacking=[path])))


def test_a_part_that_is_not_there_cannot_be_lacking() -> None:
    with pytest.raises(ValueError, match=r"order M10002 has no shipments\[\]\.upc"):
        FEED.order(2, lacking=["shipments[].upc"])


def test_fields_of_the_order_can_be_changed() -> None:
    changes = {"billTo": None, "grandTotal": Decimal("0.01")}
    whole = FEED.order(2)
    del whole["payments"]
    assert FEED.order(2, lacking=["payments"], **changes) == whole | changes


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: FEED.order(1, "gift"), "unknown kind 'gift'"),
        (lambda: FEED.order(0), "numbers go from 1"),
        (lambda: FEED.expected(MOST_NUMBER + 1), "9 digits at most"),
        (lambda: FEED.expected(1, rule="nearest"), "unknown rule 'nearest'"),
        (lambda: write_feed(Path("nowhere"), [], AT, "csv"), "unknown layout 'csv'"),
    ],
)
def test_wrong_wishes_are_refused(call: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


@pytest.mark.parametrize("number", [1, MOST_NUMBER])
def test_the_first_and_the_last_number_make_orders(number: int) -> None:
    assert all(FEED.expected(number, kind).total > 0 and FEED.order(number, kind) for kind in KINDS)


def test_a_feed_is_one_array_or_lines(tmp_path: Path) -> None:
    orders = [exact(order) for order in FEED.orders(30)]
    array = write_feed(tmp_path / "a" / "b", FEED.orders(30), AT)
    lines = write_feed(tmp_path, FEED.orders(30), AT, "lines")
    assert array.name == lines.name == "HOTWAX-HotWaxFulfilledOrderItemsFeed-2026-01-31-04-22-05.json"
    decode = json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).decode
    assert decode(array.read_text(encoding="utf-8")) == orders
    assert [decode(line) for line in lines.read_text(encoding="utf-8").splitlines()] == orders
    assert json.loads(write_feed(tmp_path, [], AT).read_bytes()) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_feed_has_its_name_only_when_it_is_whole(tmp_path: Path, layout: str) -> None:
    seen: list[list[str]] = []

    def orders() -> Iterator[Json]:
        for order in FEED.orders(5):
            seen.append([path.name for path in tmp_path.iterdir()])
            yield order

    path = write_feed(tmp_path, orders(), AT, layout)
    assert seen == [[f".{path.name}.part"]] * 5
    assert list(tmp_path.iterdir()) == [path]


def test_a_feed_is_written_order_by_order(tmp_path: Path) -> None:
    list(FEED.orders(100))
    tracemalloc.start()
    try:
        path = write_feed(tmp_path, FEED.orders(1500, first=1000), AT)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path.stat().st_size > 5_000_000
    assert peak < 3_000_000


def test_every_store_ships() -> None:
    seen = set().union(*(stores_of(read("single", number)) for number in range(1, 60)))
    assert seen == STORES.keys()
    assert all(len(store) == 3 for store in STORES)
