"""What is special about each kind of created order and of customer."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.hotwax.created_orders import CUSTOMER_KINDS, KINDS, NETSUITE_ITEMS, STORES, CreatedOrders, Fate, dump

FEED = CreatedOrders(7)
NUMBERS = range(1, 31)

Json = dict[str, Any]


def read(kind: str, number: int = 5, **options: Any) -> Json:
    found: Json = json.loads(dump(FEED.order(number, kind, **options)), parse_float=Decimal, parse_int=Decimal)
    return found


def all_of(kind: str) -> list[Json]:
    return [read(kind, number) for number in NUMBERS]


def column(order: Json, field: str) -> list[Any]:
    return [item[field] for item in order["orderItems"]]


def promotions(order: Json) -> list[Json]:
    return [one for one in order["orderAdjustments"] if one["orderAdjustmentTypeId"] == "EXT_PROMO_ADJUSTMENT"]


def ids_of(record: list[Json]) -> dict[str, str]:
    return {one["partyIdentificationTypeId"]: one["idValue"] for one in record if one["thruDate"] is None}


def test_channels() -> None:
    channels = {kind: {order["salesChannel"] for order in all_of(kind)} for kind in KINDS}
    till = {kind: {"POS_CHANNEL"} for kind in ("send_sale", "pos_completed", "mixed_cart", "part_paid_pos")}
    assert channels == {kind: {"WEB_CHANNEL"} for kind in KINDS} | till | {"exchange": {"LOOP_EXCH"}}


def test_a_web_order_is_not_brokered_yet() -> None:
    for order in all_of("web"):
        assert set(column(order, "facilityExternalId")) == {"_NA_"}
        assert set(column(order, "itemStatusId")) == {"ITEM_CREATED"}
        assert order["orderFacilityId"] is None
        assert order["orderAttributes"] == []


def test_a_send_sale_is_shipped_from_elsewhere_than_its_till() -> None:
    for number in NUMBERS:
        order, expected = read("send_sale", number), FEED.expected(number, "send_sale")
        assert set(column(order, "shipmentMethodTypeId")) == {"STANDARD"}
        assert expected.selling_store not in column(order, "facilityExternalId")
        assert set(column(order, "facilityExternalId")) < STORES.keys()
        assert order["orderAttributes"] == [{"attrName": "orderFacility", "attrValue": expected.selling_store}]
        assert order["orderFacilityId"] not in {None, *column(order, "facilityId")}
        assert expected.fate is Fate.SENT


def test_what_was_taken_away_at_the_till_is_complete() -> None:
    for number in NUMBERS:
        order, expected = read("pos_completed", number), FEED.expected(number, "pos_completed")
        assert set(column(order, "shipmentMethodTypeId")) == {"POS_COMPLETED"}
        assert set(column(order, "facilityExternalId")) == {expected.selling_store}
        assert set(column(order, "itemStatusId")) == {"ITEM_COMPLETED"}


def test_a_mixed_cart_is_partly_taken_away_and_shipped_by_the_other_method() -> None:
    for number in NUMBERS:
        order = read("mixed_cart", number)
        methods = column(order, "shipmentMethodTypeId")
        assert methods[0] == "POS_COMPLETED"
        assert set(methods[1:]) == {"STANDARD"}
        assert FEED.expected(number, "mixed_cart").shipping_method == "STANDARD"


def test_an_order_discount_has_one_code_in_one_or_two_parts() -> None:
    orders = all_of("order_discount")
    assert {len(promotions(order)) for order in orders} == {1, 2}
    for number, order in zip(NUMBERS, orders, strict=True):
        (code,) = {one["promoCode"] for one in promotions(order)}
        total = sum(one["amount"] for one in promotions(order))
        assert FEED.expected(number, "order_discount").order_discount == (code, total)
        assert total < 0
    assert all(not promotions(order) for order in all_of("item_discount"))


def test_item_discounts_are_one_row_each_however_many_parts() -> None:
    parts = set()
    for number in NUMBERS:
        expected = FEED.expected(number, "item_discount")
        assert expected.discounts[0][0] == "00001"
        assert expected.rows == len(expected.lines) + len(expected.discounts)
        for item in read("item_discount", number)["orderItems"]:
            names = [one["orderAdjustmentTypeId"] for one in item["orderItemAdjustments"]]
            parts.add(names.count("EXT_PROMO_ADJUSTMENT"))
    assert parts == {0, 1, 2}


def test_a_gift_card_has_the_item_that_stands_for_gift_cards_and_no_tax() -> None:
    alone = set()
    for order in all_of("gift_card"):
        (card,) = [item for item in order["orderItems"] if item["productTypeId"] == "GIFT_CARD"]
        found = {one["goodIdentificationTypeId"]: one["idValue"] for one in card["goodIdentifications"]}
        assert found["NETSUITE_GIFT_CARD"] in NETSUITE_ITEMS
        assert "NETSUITE_PRODUCT_ID" not in found
        assert {one["amount"] for one in card["orderItemAdjustments"]} == {0}
        alone.add(len(order["orderItems"]) == 1)
    assert alone == {True, False}


def test_a_cancelled_line_is_closed_and_costs_nothing() -> None:
    for number in NUMBERS:
        assert column(read("cancelled_line", number), "itemStatusId")[1] == "ITEM_CANCELLED"
        closed = [line.closed for line in FEED.expected(number, "cancelled_line").lines]
        assert closed == [False, True, *[False] * (len(closed) - 2)]


def test_components_of_a_kit_cost_nothing_and_are_not_sent() -> None:
    for number in NUMBERS:
        order = read("kit", number)
        *_, kit, first, second = order["orderItems"]
        assert kit["productTypeId"] == "MARKETING_PKG_PICK"
        assert [one["toOrderItemSeqId"] for one in kit["fromOrderItemAssocs"]] == [
            first["orderItemSeqId"],
            second["orderItemSeqId"],
        ]
        assert [one["orderItemSeqId"] for one in second["toOrderItemAssocs"]] == [kit["orderItemSeqId"]]
        assert first["unitPrice"] == second["unitPrice"] == 0
        keys = [line.key for line in FEED.expected(number, "kit").lines]
        assert keys == [item["orderItemSeqId"] for item in order["orderItems"][:-2]]


def test_a_part_paid_order_lacks_some_of_its_money() -> None:
    for number in NUMBERS:
        expected = FEED.expected(number, "part_paid_pos")
        assert 0 < expected.paid < expected.total
    assert all(FEED.expected(n, k).paid == FEED.expected(n, k).total for n in NUMBERS for k in KINDS if "part" not in k)


def test_a_new_customer_is_waited_for_by_name() -> None:
    order, expected = read("new_customer"), FEED.expected(5, "new_customer")
    assert set(ids_of(order["customerPartyIdentifications"])) == {"SHOPIFY_CUST_ID"}
    assert expected.waits_for == (f"customer {order['customerPartyId']}",)
    known = FEED.customer(5, "web")
    assert FEED.expected(5, "new_customer", customer=known).fate is Fate.SENT
    assert "NETSUITE_CUSTOMER_ID" in ids_of(read("new_customer", customer=known)["customerPartyIdentifications"])


def test_an_unknown_product_is_waited_for_by_name() -> None:
    order, expected = read("unknown_product"), FEED.expected(5, "unknown_product")
    product = order["orderItems"][-1]
    assert "NETSUITE_PRODUCT_ID" not in {one["goodIdentificationTypeId"] for one in product["goodIdentifications"]}
    assert expected.waits_for == (f"product {product['productId']}",)
    both = FEED.expected(5, "unknown_product", customer=FEED.customer(9, "new_customer"))
    assert both.waits_for == ("customer HC10009", f"product {product['productId']}")


def test_notes_have_what_breaks_a_csv_file() -> None:
    notes = {order["orderNote"] for order in all_of("notes")}
    assert {character for note in notes for character in note} >= set(',"\n\r=ñ🎁')
    assert {order["orderNote"] for order in all_of("web")} == {None}


def test_long_names_are_longer_than_netsuite_takes() -> None:
    order = read("long_names")
    assert len(order["customerFirstName"]) > 13
    assert len(order["customerLastName"]) > 83
    assert len(order["orderItems"][0]["shipTo"]["address1"]) > 150


def test_one_kind_has_no_bill_to() -> None:
    assert {kind for kind in KINDS if read(kind)["billTo"] is None} == {"no_bill_to"}
    bill_to, ship_to = read("web")["billTo"], read("web")["orderItems"][0]["shipTo"]
    assert bill_to["address1"] != ship_to["address1"]


def test_an_order_shows_its_customer() -> None:
    customer = FEED.customer(9, "pos")
    order = read("web", customer=customer)
    assert order["customerPartyId"] == customer["partyId"] == "HC10009"
    assert order["customerEmail"] == customer["email"]
    assert order["billTo"]["toName"] == f"{customer['firstName']} {customer['lastName']}"
    assert FEED.expected(5, "web", customer=customer).customer == "HC10009"
    assert read("web", customer=FEED.customer(9, "emails"))["customerEmail"] == "shopper00009@example.com"
    assert read("web", customer=FEED.customer(9, "no_names"))["billTo"]["toName"] == "Shopper HC10009"


@pytest.mark.parametrize("kind", CUSTOMER_KINDS)
def test_customers_have_one_shape(kind: str) -> None:
    record = FEED.customer(4, kind)
    contact = "emails" if kind == "emails" else "email"
    assert set(record) == {
        "partyId",
        "firstName",
        "lastName",
        contact,
        "phone",
        "classifications",
        "partyIdentifications",
    }
    known = {"web", "pos", "long_names"}
    assert ("NETSUITE_CUSTOMER_ID" in ids_of(record["partyIdentifications"])) is (kind in known)
    assert ("SHOPIFY_CUST_ID" in ids_of(record["partyIdentifications"])) is (kind != "no_shopify_id")
    assert record["classifications"] == (["POS_SALES_CHANNEL"] if kind in {"pos", "new_pos"} else [])


def test_what_customers_can_lack() -> None:
    assert [FEED.customer(4, "no_names")[name] for name in ("firstName", "lastName")] == [" ", None]
    assert FEED.customer(4, "no_phone")["phone"] is None
    assert FEED.customer(4, "no_email")["email"] is None
    assert not FEED.customer(4, "bad_phone")["phone"]["contactNumber"].isdigit()
    (ended,) = [one for one in FEED.customer(4, "ended_id")["partyIdentifications"] if one["thruDate"]]
    assert ended["partyIdentificationTypeId"] == "NETSUITE_CUSTOMER_ID"
    assert FEED.customer(4, firstName="Eva")["firstName"] == "Eva"


def test_a_kind_of_order_gives_the_customer_who_orders_so() -> None:
    assert FEED.customer(4, "send_sale") == FEED.customer(4, "pos")
    assert FEED.customer(4, "kit") == FEED.customer(4, "web")
    assert FEED.customer(4, "new_customer") != FEED.customer(4, "web")
