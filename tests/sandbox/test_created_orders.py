from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.hotwax.created_orders import (
    CUSTOMER_KINDS,
    KINDS,
    LAYOUTS,
    CreatedOrders,
    Fate,
    dump,
    write_created_orders,
    write_customers,
)

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 1, 31, 4, 22, 5, 87_000, tzinfo=UTC)
FEED = CreatedOrders(7)
NUMBERS = range(1, 31)
HEADER = (
    "productStoreId orderId orderName orderDate orderStatusId entryDate orderExternalId currency grandTotal "
    "orderItemSeqId itemStatusId orderItemQuantity reservedItemQuantity reservedDatetime unitPrice "
    "orderItemExternalId itemDescription requestedDeliveryDate requestedDeliveryTime deliveryWindow shipGroupSeqId "
    "shipmentMethodTypeId postalContactMechId telecomContactMechId orderFacilityId carrierPartyId "
    "externalFulfillmentOrderItemId fulfillmentStatus customerFirstName customerLastName facilityId "
    "facilityExternalId facilityTypeId parentFacilityTypeId statusDatetime productId productTypeId internalName "
    "salesChannel customerPartyId "
).split()
ORDER = "isShippingChargesSent billTo orderIdentifications customerPartyIdentifications payments orderAdjustments"
ITEM = (
    "shipTo goodIdentifications orderItemAdjustments orderItemAttributes facilityGroupMembers fromOrderItemAssocs "
    "toOrderItemAssocs productFeatures"
)
ADDRESS = (
    "countryGeoCode stateProvinceGeoCode contactMechId toName attnName address1 address2 houseNumber houseNumberExt "
    "directions city cityGeoId postalCode postalCodeExt countryGeoId stateProvinceGeoId countyGeoId "
    "municipalityGeoId postalCodeGeoId geoPointId encodedAddressKey latitude longitude isResidentialAddress phone"
)

Json = dict[str, Any]


def read(kind: str, number: int = 5, feed: CreatedOrders = FEED, **options: Any) -> Json:
    """The order as a reader of exact numbers sees it."""
    found: Json = json.loads(dump(feed.order(number, kind, **options)), parse_float=Decimal, parse_int=Decimal)
    return found


def amounts(adjustments: list[Json], *names: str) -> Decimal:
    found = (one["amount"] for one in adjustments if not names or one["orderAdjustmentTypeId"] in names)
    return sum(found, Decimal(0))


def identification(found: list[Json], kind: str) -> str | None:
    (field,) = {name for one in found for name in one if name.endswith("IdentificationTypeId")}
    return next((one["idValue"] for one in found if one[field] == kind and one["thruDate"] is None), None)


def test_the_same_seed_number_and_kind_give_the_same_bytes() -> None:
    for kind in KINDS:
        assert dump(CreatedOrders(7).order(3, kind)) == dump(FEED.order(3, kind))
        assert CreatedOrders(7).expected(3, kind) == FEED.expected(3, kind)
    for kind in CUSTOMER_KINDS:
        assert dump(CreatedOrders(7).customer(3, kind)) == dump(FEED.customer(3, kind))


@pytest.mark.parametrize(("module", "option"), [("created_orders", "--orders"), ("customers", "--customers")])
def test_another_process_writes_the_same_bytes(module: str, option: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", f"sandbox.hotwax.{module}", option, "40", "--seed", "7", "--out", str(tmp_path)]
    environment = os.environ | {"PYTHONHASHSEED": "12345"}
    told = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)
    (written,) = tmp_path.iterdir()
    assert told.stdout.decode().strip() == str(written)
    if module == "created_orders":
        here = write_created_orders(tmp_path / "here", FEED.orders(40), AT)
    else:
        here = write_customers(tmp_path / "here", (FEED.customer(n, "new_customer") for n in range(1, 41)), AT)
    assert written.read_bytes() == here.read_bytes()


def test_another_seed_or_number_gives_another_order() -> None:
    totals = [CreatedOrders(seed).order(n)["grandTotal"] for seed in (7, 8) for n in NUMBERS]
    assert len(set(totals)) > 55


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_figures_close_exactly(kind: str, currency: str, decimals: int) -> None:
    feed = CreatedOrders(7, currency=currency, decimals=decimals)
    for number in NUMBERS:
        order, expected = read(kind, number, feed), feed.expected(number, kind)
        open_items = [item for item in order["orderItems"] if item["itemStatusId"] != "ITEM_CANCELLED"]
        total = sum(item["unitPrice"] * item["orderItemQuantity"] for item in open_items)
        total += sum(amounts(item["orderItemAdjustments"]) for item in open_items)
        total += amounts(order["orderAdjustments"])
        assert (order["grandTotal"], order["currency"]) == (total, currency)
        assert expected.total == total > 0
        assert expected.paid == sum(one["amount"] for one in order["payments"])
        tax = sum(amounts(item["orderItemAdjustments"], "SALES_TAX") for item in open_items)
        assert expected.tax == tax + amounts(order["orderAdjustments"], "SHIPPING_SALES_TAX")


@pytest.mark.parametrize("kind", KINDS)
def test_what_goes_to_netsuite_and_the_tax_are_the_total(kind: str) -> None:
    for number in NUMBERS:
        expected = FEED.expected(number, kind)
        lines = sum(line.price * line.quantity for line in expected.lines if not line.closed)
        discounts = sum(price for _, price in expected.discounts)
        rate = expected.order_discount[1] if expected.order_discount else 0
        assert lines + discounts + rate + expected.shipping + expected.tax == expected.total


def test_amounts_are_exact_and_without_noise() -> None:
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

    assert set(Counter(type(value) for kind in KINDS for value in values(FEED.order(11, kind)))) == {
        str,
        int,
        Decimal,
        type(None),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_fields_are_those_of_the_brokered_feed_and_the_two_it_lacks(kind: str) -> None:
    order = read(kind)
    assert set(order) == {*HEADER, *ORDER.split(), "orderAttributes", "orderItems", "customerEmail", "orderNote"}
    assert [field for field in order if field in HEADER] == HEADER
    for item in order["orderItems"]:
        assert list(item) == [*HEADER, *ITEM.split()]
        assert set(item["shipTo"]) == set(ADDRESS.split())
        assert item["orderId"] == order["orderId"]
    assert order["billTo"] is None or set(order["billTo"]) == set(ADDRESS.split())
    assert [item["orderItemSeqId"] for item in order["orderItems"]] == [
        f"{i:05d}" for i in range(1, len(order["orderItems"]) + 1)
    ]
    assert identification(order["orderIdentifications"], "SHOPIFY_ORD_NO") == "5"
    assert order["orderStatusId"] == ("ORDER_COMPLETED" if kind == "pos_completed" else "ORDER_CREATED")


@pytest.mark.parametrize("kind", KINDS)
def test_expected_lines_are_those_of_the_json(kind: str) -> None:
    for number in NUMBERS:
        order, expected = read(kind, number), FEED.expected(number, kind)
        components = {one["toOrderItemSeqId"] for item in order["orderItems"] for one in item["fromOrderItemAssocs"]}
        items = [item for item in order["orderItems"] if item["orderItemSeqId"] not in components]
        told = [
            (
                item["orderItemSeqId"],
                identification(item["goodIdentifications"], "NETSUITE_PRODUCT_ID")
                or identification(item["goodIdentifications"], "NETSUITE_GIFT_CARD"),
                item["orderItemQuantity"],
                item["unitPrice"],
                item["itemStatusId"] == "ITEM_CANCELLED",
                amounts(item["orderItemAdjustments"], "EXT_PROMO_ADJUSTMENT"),
                amounts(item["orderItemAdjustments"], "SALES_TAX") > 0,
            )
            for item in items
        ]
        assert told == [(x.key, x.item, x.quantity, x.price, x.closed, x.discount, x.taxed) for x in expected.lines]
        assert (expected.name, expected.order_id) == (order["orderName"], order["orderId"])
        assert (expected.customer, expected.note) == (order["customerPartyId"], order["orderNote"])
        assert expected.shipping == amounts(order["orderAdjustments"], "SHIPPING_CHARGES")


def test_the_usual_mix_has_every_kind() -> None:
    kinds = Counter(FEED.kind_of(number) for number in range(1, 3001))
    assert sum(KINDS.values()) == 100
    for kind, percent in KINDS.items():
        assert 0.3 * percent < kinds[kind] / 30 < 2.5 * percent


def test_wrong_kinds_and_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown kind 'webb'; known are web, send_sale"):
        FEED.order(1, "webb")
    with pytest.raises(ValueError, match="unknown kind of customer 'webb'; known are web, pos"):
        FEED.customer(1, "webb")
    with pytest.raises(ValueError, match="order 0: numbers go from 1"):
        FEED.order(0)
    with pytest.raises(ValueError, match="customer 0: numbers begin with 1"):
        FEED.customer(0)


def test_parts_can_be_taken_out_and_fields_set() -> None:
    order = FEED.order(5, lacking=["billTo.phone", "orderItems[].unitPrice"], customerPartyId="1")
    assert "phone" not in order["billTo"]
    assert not any("unitPrice" in item for item in order["orderItems"])
    assert order["customerPartyId"] == "1"
    with pytest.raises(ValueError, match="order N10005 has no nonsense"):
        FEED.order(5, lacking=["nonsense"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_holds_every_order(layout: str, tmp_path: Path) -> None:
    path = write_created_orders(tmp_path / "new", FEED.orders(30), AT, layout)
    assert path.name == "CreatedOrderItemsFeed_2026-01-31-04_22_05_087.json"
    text = path.read_text(encoding="utf-8")
    found = json.loads(text) if layout == "array" else [json.loads(line) for line in text.splitlines()]
    assert [order["orderId"] for order in found] == [f"N{10_000 + number}" for number in range(1, 31)]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_file_without_records_is_an_empty_array(tmp_path: Path) -> None:
    path = write_customers(tmp_path, [], AT)
    assert path.name == "CustomerFeed_2026-01-31-04_22_05_087.json"
    assert json.loads(path.read_bytes()) == []
    with pytest.raises(ValueError, match="unknown layout 'xml'; known are array, lines"):
        write_customers(tmp_path, [], AT, "xml")


def test_a_file_has_a_name_with_a_dot_until_it_is_whole(tmp_path: Path) -> None:
    def orders() -> Iterator[Json]:
        yield FEED.order(1)
        seen.extend(one.name for one in tmp_path.iterdir())
        raise OSError("disk full")

    seen: list[str] = []
    with pytest.raises(OSError, match="disk full"):
        write_created_orders(tmp_path, orders(), AT)
    assert seen == [".CreatedOrderItemsFeed_2026-01-31-04_22_05_087.json.part"]
    assert [one.name for one in tmp_path.glob("[!.]*")] == []


def test_files_of_any_size_are_written_in_flat_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    path = write_created_orders(tmp_path, FEED.orders(400), AT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < path.stat().st_size / 6


def test_what_becomes_of_each_kind() -> None:
    fates = {kind: {FEED.expected(number, kind).fate for number in NUMBERS} for kind in KINDS}
    other = {
        "pos_completed": Fate.LEFT_OUT,
        "exchange": Fate.LEFT_OUT,
        "part_paid_pos": Fate.REJECTED,
        "new_customer": Fate.WAITING,
        "unknown_product": Fate.WAITING,
    }
    assert fates == {kind: {other.get(kind, Fate.SENT)} for kind in KINDS}
    assert {FEED.expected(number, kind).rows for kind in other for number in NUMBERS} == {0}
