"""Created orders for NetSuite: each rule by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.transforms.created_kit import (
    AT_TILL,
    CANCELLED,
    PROMO,
    SHIPPING,
    TAX,
    adjustment,
    columns,
    draft,
    drafts,
    good,
    item,
    numbered,
    order,
    refusal,
)

NOT_PRODUCT = [good("UPCA", "661812039147")]


def left_out(one: Any, **changes: Any) -> str:
    found = draft(one, **changes)
    assert (found.cause, found.rows, found.row_count, found.waits_for) == (None, b"", 0, ())
    return found.left_out


# What goes, and what does not.


def test_what_a_draft_says() -> None:
    found = draft(order(item(), item("00002"), salesChannel="POS_CHANNEL", orderFacilityId="7"))
    assert (found.key, found.name, found.customer) == ("M10001", "#1001", "10004")
    assert (found.amount_minor, found.paid_minor, found.currency) == (8000, 8000, "USD")
    assert (found.lines, found.line_keys, found.row_count) == (2, ("00001", "00002"), 2)
    assert (found.store, found.is_pos) == ("7", True)
    assert found.order_date == datetime(2024, 3, 10, 4, 30, tzinfo=UTC)
    assert draft(order()).store == "STORE"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"salesChannel": "LOOP_EXCH"}, "EXCLUDED_CHANNEL"),
        ({"orderStatusId": "ORDER_APPROVED"}, "NOT_CREATED"),
        ({"orderStatusId": "ORDER_COMPLETED"}, "NOT_CREATED"),
        ({"orderStatusId": "ORDER_CANCELLED"}, "CANCELLED_ORDER"),
        ({"orderIdentifications": [numbered("NETSUITE_ORDER_ID", "77")]}, "HAS_NETSUITE_ID"),
    ],
)
def test_orders_that_do_not_go(changes: dict[str, Any], code: str) -> None:
    assert left_out(order(**changes)) == code


def test_an_order_whose_lines_netsuite_has_is_left_out() -> None:
    line = item(orderItemAttributes=[{"attrName": "NetsuiteItemLineId", "attrValue": 1}])
    assert left_out(order(item("00002"), line)) == "HAS_NETSUITE_ID"
    assert draft(order(item(orderItemAttributes=[{"attrName": "NetsuiteItemLineId", "attrValue": " "}]))).rows


def test_what_was_taken_away_at_a_till_is_left_out() -> None:
    assert left_out(order(item(**AT_TILL), item("00002", **AT_TILL))) == "POS_COMPLETED"
    assert left_out(order(item(**AT_TILL), item("00002", **CANCELLED))) == "POS_COMPLETED"


def test_a_mixed_cart_goes_whole() -> None:
    goods = item(**AT_TILL), item("00002", shipmentMethodTypeId="NEXT_DAY")
    assert columns(order(*goods, salesChannel="POS_CHANNEL"), "orderLineId") == [("00001",), ("00002",)]


def test_a_send_sale_goes_like_any_other_order() -> None:
    assert columns(order(salesChannel="POS_SALES_CHANNEL"), "salesChannel", "closed") == [("POS Channel", "")]


def test_an_order_of_which_everything_is_cancelled_is_left_out() -> None:
    assert left_out(order(item(**CANCELLED))) == "CANCELLED_ORDER"


def test_other_statuses_by_setting() -> None:
    assert draft(order(orderStatusId="ORDER_HOLD"), order_statuses=["ORDER_CREATED", "ORDER_HOLD"]).rows


# What waits.


def knows(**ids: str) -> Any:
    asked: list[Sequence[str]] = []

    def known(parties: Sequence[str]) -> Mapping[str, str]:
        asked.append(list(parties))
        return {party.removeprefix("p"): value for party, value in ids.items()}

    known.asked = asked  # type: ignore[attr-defined]
    return known


def test_an_order_waits_for_its_customer() -> None:
    found = draft(order(customerPartyIdentifications=[]))
    assert (found.waits_for, found.rows, found.row_count, found.cause) == (("customer 10004",), b"", 0, None)


def test_an_order_wakes_when_the_ledger_knows_its_customer() -> None:
    found = draft(order(customerPartyIdentifications=[]), known=knows(p10004="5502"))
    assert found.waits_for == ()
    assert b",5502," in found.rows


def test_the_id_of_the_feed_wins_and_the_ledger_is_asked_once() -> None:
    known = knows(p10004="5502", p10005="5503")
    without = {"customerPartyIdentifications": []}
    found = drafts(
        [order(), order(**without), order(customerPartyId="10005", **without), order(**without)], known=known
    )
    assert known.asked == [["10004", "10005"]]
    assert [one.rows.split(b",")[16] for one in found] == [b"5501", b"5502", b"5503", b"5502"]
    drafts([order()], known=known)
    assert len(known.asked) == 1


def test_an_expired_id_of_the_customer_does_not_count() -> None:
    ended = numbered("NETSUITE_CUSTOMER_ID", "5501", "party", until="2024-01-01T00:00:00Z")
    assert draft(order(customerPartyIdentifications=[ended])).waits_for == ("customer 10004",)


def test_an_order_waits_for_every_product() -> None:
    goods = [item("00003", product="7", goodIdentifications=NOT_PRODUCT), item("00002"), item(product="8")]
    goods[2]["goodIdentifications"] = NOT_PRODUCT
    goods.append(item("00004", product="8", goodIdentifications=None))
    found = draft(order(*goods, customerPartyIdentifications=[]))
    assert found.waits_for == ("customer 10004", "product 8", "product 7")
    assert found.rows == b""


def test_what_waits_is_set_aside_at_once_where_it_cannot_go_anyway() -> None:
    one = order(customerPartyIdentifications=[], billTo=None)
    one["orderItems"][0]["shipTo"] = None
    assert refusal(one) == ("REQUIRED_FIELD", "country")


def test_an_order_without_a_customer_is_set_aside() -> None:
    none = {"customerPartyId": None, "customerPartyIdentifications": []}
    assert refusal(order(**none)) == ("REQUIRED_FIELD", "customer")


# Lines.


def test_lines_come_by_their_number_and_one_after_the_other() -> None:
    goods = [item("00010"), item("9", orderItemAdjustments=[adjustment(PROMO, "-1")]), item("00001")]
    assert columns(order(*goods), "orderLineId", "orderLineTypeId") == [
        ("00001", ""),
        ("9", ""),
        ("", "HC_DISCOUNT_9"),
        ("00010", ""),
    ]


def test_a_discount_of_a_line_is_a_row_of_its_own() -> None:
    promo = [adjustment(PROMO, "-4"), adjustment(TAX, "1"), adjustment("DISCOUNT_ADJUSTMENT", "-0.50")]
    line = item(orderItemQuantity=3, orderItemAdjustments=promo)
    names = ("orderLineId", "item", "price", "quantity", "priceLevel", "taxCode")
    assert columns(order(line), *names) == [
        ("00001", "9119214", "40.00", "3", "Base Price (MSRP)", "AVATAX"),
        ("", "SHOPIFY DISCOUNT ITEM", "-4.50", "1", "Custom", "AVATAX"),
    ]
    changes = {
        "item_discount_item": "",
        "discount_rows_have_line_id": True,
        "discount_line_type": "HC_DISCOUNT_X_{line}",
    }
    assert columns(order(line), "orderLineId", "orderLineTypeId", "item", **changes)[1:] == [
        ("00001", "HC_DISCOUNT_X_00001", "9119214")
    ]


def test_a_cancelled_line_is_closed_and_costs_nothing() -> None:
    gone = item("00002", **CANCELLED, orderItemAdjustments=[adjustment(PROMO, "-1"), adjustment(SHIPPING, "3")])
    one = order(item(), gone, total="40")
    assert columns(one, "orderLineId", "closed", "shippingCost") == [
        ("00001", "", "0.00"),
        ("00002", "TRUE", "0.00"),
        ("", "TRUE", "0.00"),
    ]


@pytest.mark.parametrize("side", ["fromOrderItemAssocs", "toOrderItemAssocs"])
def test_components_of_a_kit_are_left_out(side: str) -> None:
    link = {"orderItemAssocTypeId": "KIT_COMPONENT", "orderItemSeqId": "00001", "toOrderItemSeqId": "00002"}
    kit = item("00001", fromOrderItemAssocs=[link])
    part = item("00002", price="0", product="5", goodIdentifications=None, **{side: [link]})
    found = draft(order(kit, part))
    assert (found.line_keys, found.waits_for) == (("00001",), ())
    exchanged = {**link, "orderItemAssocTypeId": "EXCHANGE"}
    assert draft(order(kit, item("00002", **{side: [exchanged]}))).line_keys == ("00001", "00002")


def test_components_that_hold_the_money_do_not_vanish() -> None:
    link = {"orderItemAssocTypeId": "KIT_COMPONENT", "toOrderItemSeqId": "00002"}
    assert refusal(order(item("00001"), item("00002", toOrderItemAssocs=[link]))) == ("TOTALS_MISMATCH", "grandTotal")


def test_gift_cards() -> None:
    card = item(productTypeId="GIFT_CARD", goodIdentifications=[good("NETSUITE_GIFT_CARD", 88)])
    assert columns(order(card), "item", "priceLevel") == [("88", "Custom")]
    card["goodIdentifications"] = [good("NETSUITE_PRODUCT_ID", 99)]
    assert columns(order(card), "item") == [("99",)]
    assert columns(order(card), "item", gift_card_item="77") == [("77",)]
    card["goodIdentifications"] = None
    assert draft(order(card)).waits_for == ("product 119214",)


def test_expired_products_do_not_count() -> None:
    old = good("NETSUITE_PRODUCT_ID", 1, until="2024-02-01T00:00:00Z")
    one = item(goodIdentifications=[old, good("NETSUITE_PRODUCT_ID", 2)])
    assert columns(order(one), "item") == [("2",)]


@pytest.mark.parametrize("quantity", [0, -1, Decimal("1.5"), None])
def test_bad_quantities(quantity: Any) -> None:
    one = order()
    one["orderItems"][0]["orderItemQuantity"] = quantity
    assert refusal(one) == ("BAD_QUANTITY", "orderItemQuantity")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"orderItems": []}, ("NO_LINES", "orderItems")),
        ({"orderItems": None}, ("NO_LINES", "orderItems")),
        ({"orderItems": [item(), item()]}, ("DUPLICATE_LINE", "orderItemSeqId")),
        ({"orderItems": [item(orderItemSeqId=None)]}, ("REQUIRED_FIELD", "orderItems.orderItemSeqId")),
        ({"orderItems": [item(productId="")]}, ("REQUIRED_FIELD", "orderItems.productId")),
        ({"orderId": " "}, ("MISSING_ORDER_ID", "orderId")),
        ({"orderName": ""}, ("REQUIRED_FIELD", "orderId")),
        ({"orderName": "n" * 46}, ("VALUE_TOO_LONG", "orderId")),
        ({"customerEmail": "e" * 255}, ("VALUE_TOO_LONG", "email")),
        ({"orderDate": None}, ("BAD_DATE", "orderDate")),
        ({"orderDate": "2024-03-09 23:30"}, ("BAD_DATE", "orderDate")),
        ({"orderStatusId": None}, ("REQUIRED_FIELD", "orderStatusId")),
        ({"currency": "XXX"}, ("BAD_CURRENCY", "currency")),
        ({"grandTotal": None}, ("BAD_MONEY", "grandTotal")),
        ({"grandTotal": "x"}, ("RECORD_WRONG_TYPE", "grandTotal")),
    ],
)
def test_an_order_that_lacks_something_is_set_aside_whole(changes: dict[str, Any], refused: tuple[str, str]) -> None:
    assert refusal(order(**changes)) == refused


def test_one_bad_line_sets_the_whole_order_aside() -> None:
    """Nothing of it may go out: NetSuite takes the part for the whole."""
    assert refusal(order(item(), item("00002", product="5", orderItemQuantity=0))) == (
        "BAD_QUANTITY",
        "orderItemQuantity",
    )
    found = drafts([order(), order(item(), item("00002", orderItemQuantity=0)), order()])
    assert [bool(one.rows) for one in found] == [True, False, True]


@pytest.mark.parametrize(
    ("data", "reason", "key"),
    [
        (b'{"orderId": "M9", "grandTotal"', "RECORD_NOT_JSON", "M9"),
        (b'{"orderId": 9, "orderName": "\xe9"}', "FILE_ENCODING", "9"),
        (b'{"orderId": "M9", "orderItems": {}}', "RECORD_WRONG_TYPE", "M9"),
    ],
)
def test_records_that_cannot_be_read(data: bytes, reason: str, key: str) -> None:
    found = draft(data)
    assert found.cause
    assert (found.cause.reason, found.key, found.rows) == (reason, key, b"")
