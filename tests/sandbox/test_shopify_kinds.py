"""The orders that the simulated shop makes, and what happens to them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sandbox.shopify import KINDS, changes
from sandbox.shopify.money import decimal_text, presented
from sandbox.shopify.orders import kind_of, make_order
from sandbox.shopify.rest_shape import rest_order

AT = 1_795_000_000


def order_of(kind: str, number: int = 7) -> dict[str, Any]:
    return make_order(3, number, kind, AT)


def paid(order: dict[str, Any], side: int = 0) -> int:
    total = sum(line["discountedTotalSet"][side] for line in order["lineItems"])
    total += sum(line["discountedPriceSet"][side] for line in order["shippingLines"] if not line["isRemoved"])
    taxes = [tax for line in order["lineItems"] + order["shippingLines"] for tax in line["taxLines"]]
    total += 0 if order["taxesIncluded"] else sum(tax["priceSet"][side] for tax in taxes)
    return int(total + order["totalTipReceivedSet"][side])


@pytest.mark.parametrize("kind", KINDS)
def test_totals_add_up(kind: str) -> None:
    order = order_of(kind)
    removed = [line for line in order["shippingLines"] if line["isRemoved"]]
    if not any(line["taxLines"] for line in removed):
        assert order["totalPriceSet"] == [paid(order), paid(order, 1)]
    net = order["totalReceivedSet"][0] - order["totalRefundedSet"][0]
    assert order["netPaymentSet"][0] == net
    assert order["totalOutstandingSet"][0] == max(0, order["currentTotalPriceSet"][0] - net)


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_seed_gives_the_same_order(kind: str) -> None:
    assert order_of(kind) == order_of(kind)
    assert order_of(kind) != order_of(kind, 8)


@pytest.mark.parametrize(
    ("kind", "source", "fulfilled", "financial", "ships"),
    [
        ("web", "web", "UNFULFILLED", "PAID", True),
        ("web_fulfilled", "web", "FULFILLED", "PAID", True),
        ("partly_fulfilled", "web", "PARTIALLY_FULFILLED", "PAID", True),
        ("pos_completed", "pos", "FULFILLED", "PAID", False),
        ("send_sale", "pos", "UNFULFILLED", "PAID", True),
        ("mixed_cart", "pos", "PARTIALLY_FULFILLED", "PAID", True),
        ("cancelled", "web", "UNFULFILLED", "REFUNDED", True),
        ("refunded", "web", "UNFULFILLED", "REFUNDED", True),
        ("partly_refunded", "web", "UNFULFILLED", "PARTIALLY_REFUNDED", True),
        ("draft", "shopify_draft_order", "UNFULFILLED", "PAID", True),
        ("exchange", "exchange", "UNFULFILLED", "PAID", True),
        ("gift_card", "web", "FULFILLMENT_NOT_REQUIRED", "PAID", False),
        ("authorized", "web", "UNFULFILLED", "AUTHORIZED", True),
        ("cash_on_delivery", "web", "UNFULFILLED", "PENDING", True),
    ],
)
def test_kinds_can_be_told_apart(kind: str, source: str, fulfilled: str, financial: str, ships: bool) -> None:
    order = order_of(kind)
    shown = (order["sourceName"], order["displayFulfillmentStatus"], order["displayFinancialStatus"])
    assert shown == (source, fulfilled, financial)
    assert bool(order["shippingLines"]) is ships


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("edited_removed", lambda order: order["lineItems"][-1]["currentQuantity"] == 0 and order["edited"]),
        ("edited_added", lambda order: order["totalOutstandingSet"][0] == 0 and order["edited"]),
        ("paid_by_gift_card", lambda order: order["paymentGatewayNames"] == ["gift_card", "shopify_payments"]),
        (
            "several_shipping_lines",
            lambda order: [x["isRemoved"] for x in order["shippingLines"]] == [False, False, True],
        ),
        ("free_shipping", lambda order: order["currentShippingPriceSet"] == [0, 0]),
        ("multi_currency", lambda order: order["presentmentCurrencyCode"] == "CAD" != order["currencyCode"]),
        ("no_cents_currency", lambda order: order["presentmentCurrencyCode"] == "JPY"),
        ("no_customer", lambda order: order["customer"] is None and order["email"] is None),
        ("no_address", lambda order: order["shippingAddress"] is None is order["billingAddress"]),
        ("no_phone", lambda order: order["phone"] is None is order["shippingAddress"]["phone"]),
        ("bad_email", lambda order: "@" not in order["email"]),
        ("emoji_note", lambda order: any(ord(letter) > 0xFFFF for letter in order["note"])),
        ("control_note", lambda order: "\x00" in order["note"]),
        ("custom_item", lambda order: order["lineItems"][-1]["product"] is None is order["lineItems"][-1]["sku"]),
        ("unknown_product", lambda order: order["lineItems"][0]["variant"] is None),
        ("many_lines", lambda order: len(order["lineItems"]) > 250),
        ("many_refunds", lambda order: len(order["refunds"]) > 10),
        ("many_fulfilments", lambda order: len(order["fulfillments"]) > 10),
        ("many_transactions", lambda order: len(order["transactions"]) > 10),
    ],
)
def test_kinds_are_what_their_names_say(kind: str, check: Any) -> None:
    assert check(order_of(kind))


def test_a_mixed_shop_has_common_and_rare_kinds() -> None:
    kinds = [kind_of(1, number) for number in range(1, 3000)]
    assert kinds.count("web") > 500
    assert {"send_sale", "cancelled", "bad_email", "custom_item", "no_address"} <= set(kinds)


def test_discounts_are_spread_to_the_cent() -> None:
    order = order_of("order_discount")
    assert order["totalDiscountsSet"][0] == 1_001
    assert sum(line["totalDiscountSet"][0] for line in order["lineItems"]) == 1_001


def test_a_full_refund_gives_everything_back() -> None:
    order = order_of("web")
    changes.refund(order, AT + 60)
    assert order["displayFinancialStatus"] == "REFUNDED"
    assert order["netPaymentSet"] == order["currentTotalPriceSet"] == [0, 0]
    assert order["updatedAt"] == AT + 60


@pytest.mark.parametrize("kind", ["web", "partly_refunded", "authorized", "tip"])
def test_cancelling_twice_gives_back_once(kind: str) -> None:
    order = order_of(kind)
    for at in (AT + 7200, AT + 9000):
        changes.cancel(order, at)
    assert order["cancelledAt"] == AT + 7200
    assert order["netPaymentSet"] == order["currentTotalPriceSet"] == [0, 0]
    assert order["totalRefundedSet"] == order["totalReceivedSet"]


def test_healing_mends_what_an_importer_refuses() -> None:
    for kind in ("no_customer", "no_address", "no_phone", "bad_email", "emoji_note"):
        order = order_of(kind)
        changes.heal(order, AT + 60)
        assert order["shippingAddress"]["phone"]
        assert "@" in order["email"]
        assert order["note"] is None


@pytest.mark.parametrize(
    ("minor", "currency", "shortest", "two"),
    [
        (1250, "USD", "12.5", "12.50"),
        (-5, "USD", "-0.05", "-0.05"),
        (1200, "USD", "12.0", "12.00"),
        (149, "JPY", "149.0", "149"),
        (12345, "KWD", "12.345", "12.345"),
        (0, "USD", "0.0", "0.00"),
    ],
)
def test_amounts_are_written_exactly(minor: int, currency: str, shortest: str, two: str) -> None:
    assert decimal_text(minor, currency) == shortest
    assert decimal_text(minor, currency, shortest=False) == two


def test_other_currencies_have_minor_units_of_their_own() -> None:
    assert presented(1_000, "JPY") == [1_000, 1_490]
    assert Decimal(decimal_text(presented(1_000, "KWD")[1], "KWD")) == Decimal("3.070")


def test_the_older_shape_has_ids_as_numbers_and_times_with_the_shops_zone() -> None:
    order = order_of("partly_refunded")
    shown = rest_order(order, "America/New_York")
    assert shown["admin_graphql_api_id"] == f"gid://shopify/Order/{shown['id']}"
    assert shown["updated_at"].endswith(("-05:00", "-04:00"))
    assert shown["financial_status"] == "partially_refunded"
    assert [line["id"] for line in shown["line_items"]] == sorted(line["id"] for line in shown["line_items"])
    assert shown["refunds"][0]["refund_line_items"][0]["quantity"] == 1
