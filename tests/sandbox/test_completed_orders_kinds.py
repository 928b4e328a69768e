from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest

from sandbox.hotwax.completed_orders import KINDS, RULES, STORES, Slip
from tests.sandbox.completed_orders_reader import (
    FEED,
    NUMBERS,
    Json,
    amounts,
    attributes,
    in_stores,
    item_amounts,
    items,
    open_upc,
    read,
    stores_of,
    upcs,
)


def times_of(order: Json) -> set[datetime]:
    return {datetime.fromisoformat(item["statusDatetime"]) for item in in_stores(order)}


def repeated(order: Json) -> set[int]:
    """How many items stand for one line."""
    found = Counter(item["orderItemExternalId"] for item in items(order))
    products = {(item["orderItemExternalId"], open_upc(item), item["unitPrice"]) for item in items(order)}
    return set(found.values()) if len(products) == len(found) else set()


def methods(order: Json) -> set[tuple[str, str]]:
    return {
        (item["slaShipmentMethodTypeId"], shipment["shipmentMethodTypeId"])
        for shipment in order["shipments"]
        for item in shipment["shipmentItems"]
    }


def digital(order: Json) -> list[Json]:
    found = [item for item in items(order) if item["facilityExternalId"] == "_NA_"]
    types = {(item["facilityId"], item["parentFacilityTypeId"], item["shipmentId"]) for item in found}
    return found if types <= {("_NA_", "VIRTUAL_FACILITY", None)} else []


PROMISES: dict[str, Callable[[Json], bool]] = {
    "single": lambda o: len(stores_of(o)) == 1 and 1 <= len(items(o)) <= 4 and repeated(o) == {1},
    "quantity": lambda o: max(repeated(o)) in {2, 3} and len(stores_of(o)) == 1,
    "multi_store": lambda o: len(stores_of(o)) in {2, 3} and len(times_of(o)) == len(stores_of(o)),
    "same_time": lambda o: len(stores_of(o)) == 2 and len(times_of(o)) == 1,
    "pickup": lambda o: methods(o) == {("STOREPICKUP", "STOREPICKUP")},
    "cod": lambda o: o["payments"][-1]["paymentMethodTypeId"] == "EXT_SHOP_CASH_ON_DEL",
    "item_discount": lambda o: any(sum(found) < 0 for found in item_amounts(o, "EXT_PROMO_ADJUSTMENT")),
    "order_discount": lambda o: sum(amounts(o["orderAdjustments"], "EXT_PROMO_ADJUSTMENT")) < 0,
    "shipping": lambda o: sum(amounts(o["orderAdjustments"], "SHIPPING_CHARGES")) > 0,
    "digital_part": lambda o: len(digital(o)) == 1 and len(in_stores(o)) >= 1,
    "digital_only": lambda o: len(digital(o)) == len(items(o)) and all(s["shipTo"] is None for s in o["shipments"]),
    "several_upcs": lambda o: {len(found) for found in upcs(o)} == {2},
    "other_method": lambda o: methods(o) == {("NEXT_DAY", "GROUND")},
    "fiscal": lambda o: {"companyId", "companyName", "companyAddress", "documentType"} <= attributes(o).keys(),
    "pos": lambda o: methods(o) == {("POS_COMPLETED",) * 2} and stores_of(o) == {attributes(o)["orderFacility"]},
    "send_sale": lambda o: bool(stores_of(o) - {attributes(o)["orderFacility"]}),
}
ALONE = ("quantity", "cod", "item_discount", "order_discount", "shipping", "several_upcs", "fiscal", "digital_part")


@pytest.mark.parametrize("kind", PROMISES)
def test_every_kind_is_what_its_name_promises(kind: str) -> None:
    orders = [read(kind, number) for number in NUMBERS]
    assert [order["orderName"] for order in orders if not PROMISES[kind](order)] == []
    channel = "POS_SALES_CHANNEL" if kind in {"pos", "send_sale"} else "WEB_CHANNEL"
    assert {order["salesChannel"] for order in orders} == {channel}


@pytest.mark.parametrize("kind", ALONE)
def test_no_other_kind_has_what_makes_this_one(kind: str) -> None:
    others = ["single", "pickup", *(name for name in ALONE if name != kind)]
    assert [name for name in others if PROMISES[kind](read(name, 4))] == []


def test_everything_has_it_all_at_once() -> None:
    names = ("cod", "item_discount", "order_discount", "shipping", "digital_part", "several_upcs", "fiscal")
    for number in NUMBERS:
        order = read("everything", number)
        assert [name for name in names if not PROMISES[name](order)] == []
        assert len(stores_of(order)) >= 3
        assert ("NEXT_DAY", "GROUND") in methods(order)
        assert max(repeated(order)) >= 2


def test_expired_upcs_are_younger_and_on_either_side() -> None:
    found = [pair for number in NUMBERS for pair in upcs(read("several_upcs", number))]
    places = [[one["idValue"][0] for one in pair].index("4") for pair in found]
    assert set(places) == {0, 1}
    assert all(pair[i]["fromDate"] > pair[1 - i]["fromDate"] for i, pair in zip(places, found, strict=True))
    assert {pair[1 - i]["thruDate"] is None for i, pair in zip(places, found, strict=True)} == {True, False}


def test_digital_items_stand_anywhere() -> None:
    orders = [read("digital_part", number) for number in NUMBERS]
    assert {items(order)[0] in digital(order) for order in orders} == {True, False}
    assert {order["shipments"][0]["shipTo"] is None for order in orders} == {True, False}


def test_places_in_the_order_do_not_follow_the_shipments() -> None:
    found = [read("multi_store", number)["shipments"] for number in NUMBERS]
    first = [min(one, key=lambda shipment: shipment["shipmentItems"][0]["orderItemSeqId"]) for one in found]
    assert {one.index(shipment) for one, shipment in zip(found, first, strict=True)} >= {0, 1}


def test_taxes_are_those_of_the_discounted_price() -> None:
    for item in (item for number in NUMBERS for item in items(read("item_discount", number))):
        adjustments = item["itemAdjustments"]
        taxed = item["unitPrice"] + sum(amounts(adjustments, "EXT_PROMO_ADJUSTMENT"))
        taxes = amounts(adjustments, "SALES_TAX")
        rates = ("0.13",) if len(taxes) == 2 else ("0.0775", "0.0825")
        assert any(abs(taxed * Decimal(rate) - sum(taxes)) <= Decimal("0.015") for rate in rates)


def test_upcs_have_their_check_digit() -> None:
    for item in items(read("multi_store", 9)):
        digits = [int(digit) for digit in open_upc(item)]
        assert len(digits) == 12
        assert (3 * sum(digits[::2]) + sum(digits[1::2])) % 10 == 0


def test_a_declined_card_may_stand_before_cash_on_delivery() -> None:
    found = {tuple(one["statusId"] for one in read("cod", number)["payments"]) for number in NUMBERS}
    assert found == {("PAYMENT_NOT_RECEIVED",), ("PAYMENT_DECLINED", "PAYMENT_NOT_RECEIVED")}


def test_stores_have_an_id_of_hotwax_and_one_of_the_retailer() -> None:
    found = {(item["facilityId"], item["facilityExternalId"]) for n in NUMBERS for item in items(read("single", n))}
    assert {(ours, theirs) for theirs, ours in STORES.items()} == found
    assert not STORES.keys() & set(STORES.values())


def test_some_send_sales_were_taken_away_in_part() -> None:
    found = [read("send_sale", number) for number in NUMBERS]
    assert 5 < sum(attributes(order)["orderFacility"] in stores_of(order) for order in found) < 35


def fulfilment(item: Json) -> tuple[datetime, int, str]:
    return datetime.fromisoformat(item["statusDatetime"]), int(item["shipmentId"]), item["orderItemSeqId"]


def invoicing_store(order: Json, rule: str) -> str:
    found = in_stores(order)
    chosen = {
        "last_fulfilled": max(found, key=fulfilment),
        "first_fulfilled": min(found, key=fulfilment),
        "first_item": found[0],
    }[rule]
    return str(chosen["facilityExternalId"])


def slips(order: Json, to_store: str) -> tuple[Slip, ...]:
    others = sorted({item["facilityExternalId"] for item in in_stores(order)} - {to_store})
    taken = {store: [i for i in in_stores(order) if i["facilityExternalId"] == store] for store in others}
    return tuple(Slip(store, to_store, dict(Counter(map(open_upc, taken[store])))) for store in others)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_expected_agrees_with_what_is_written(kind: str, rule: str) -> None:
    for number in NUMBERS:
        order, expected = read(kind, number), FEED.expected(number, kind, rule=rule)
        assert expected.order_no == f"{number:08d}"
        assert expected.quantities == Counter(map(open_upc, items(order)))
        assert expected.invoiced is (kind not in {"pos", "send_sale", "digital_only"})
        if expected.invoiced:
            assert expected.invoicing_store == invoicing_store(order, rule)
            assert expected.slips == slips(order, expected.invoicing_store)
        else:
            assert expected.invoicing_store is None
            assert expected.slips == (slips(order, attributes(order)["orderFacility"]) if kind == "send_sale" else ())


def test_orders_of_several_stores_have_slips_and_others_have_none() -> None:
    counted = {kind: {len(FEED.expected(number, kind).slips) for number in NUMBERS} for kind in KINDS}
    assert {kind: found for kind, found in counted.items() if found != {0}} == {
        "multi_store": {1, 2},
        "same_time": {1},
        "everything": {1, 2},
        "send_sale": {1, 2},
    }


def test_which_store_invoices_depends_on_the_rule() -> None:
    chosen = [[FEED.expected(n, "multi_store", rule=rule).invoicing_store for rule in RULES] for n in NUMBERS]
    assert all(last != first for last, first, _ in chosen)
    assert 5 < sum(item == first for _, first, item in chosen) < 35


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("multi_store", lambda item: item["orderItemSeqId"]),
        ("multi_store", lambda item: int(item["shipmentId"])),
        ("same_time", lambda item: (item["statusDatetime"], item["orderItemSeqId"])),
        ("same_time", lambda item: (item["statusDatetime"], item["shipmentId"])),
        ("digital_part", lambda item: item["statusDatetime"]),
    ],
    ids=["items only", "shipments only", "no shipment", "no item", "virtual store"],
)
def test_half_a_tie_break_is_found_out(kind: str, wrong: Callable[[Json], Any]) -> None:
    told = [FEED.expected(number, kind).invoicing_store for number in NUMBERS]
    guessed = [max(items(read(kind, number)), key=wrong)["facilityExternalId"] for number in NUMBERS]
    assert sum(a != b for a, b in zip(told, guessed, strict=True)) >= 3
