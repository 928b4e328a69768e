"""Shopify's orders as HotWax gets them: beside the shape that the sandbox's shop itself gives its webhooks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from order_sync.settings import ShopifyOrders as Settings
from order_sync.settings import include_folder
from order_sync.transforms.shopify_orders import ShopifyDraft, ShopifyOrders
from order_sync.transforms.tlog_frame import SourceRecord
from sandbox.shopify import KINDS
from sandbox.shopify import Shopify as Sandbox
from tests.support.shopify_shop import START, client, sandbox_shop

SETTINGS = Settings(
    admin_url="https://admin.shopify.com/store/sandbox/orders/{id}",
    product_store_id="STORE",
    default_channel="UNKNWN_SALES_CHANNEL",
    pos_channels=["POS_SALES_CHANNEL"],
    pos_completed_method="POS_COMPLETED",
    default_shipping_method="STANDARD",
    no_shipping_method="NO_SHIPPING",
    default_payment_method="EXT_SHOP_OTHR_GTWAY",
    payment_statuses={"paid": "PAYMENT_SETTLED", "authorized": "PAYMENT_AUTHORIZED", "pending": "PAYMENT_NOT_RECEIVED"},
    import_test_orders=False,
    notes="reject",
)
#: Kinds that HotWax would refuse, with the cause that is told.
CAUSES = {
    "no_address": "SHOPIFY_ADDRESS",
    "no_phone": "SHOPIFY_PHONE",
    "bad_email": "SHOPIFY_EMAIL",
    "emoji_note": "SHOPIFY_NOTE",
    "control_note": "SHOPIFY_NOTE",
    "custom_item": "SHOPIFY_PRODUCT",
}
#: What HotWax's own terms are added under.
TERMS = {"productStoreId", "salesChannelEnumId", "shipmentMethodTypeId", "orderAdjustments", "orderPaymentPref"}
MOMENTS = {"created_at", "updated_at", "processed_at", "cancelled_at", "closed_at"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with sandbox_shop(Path(tmp_path_factory.mktemp("shop"))) as running:
        yield running


def placed(shop: Sandbox, kind: str) -> tuple[str, bytes]:
    """An order of a kind: its global id, and what our client reads of it."""
    gid = shop.place(kind, at=START)
    with client(shop) as shopify:
        (order,) = shopify.by_ids([gid.rpartition("/")[2]])
    return gid, order.data


def draft(data: bytes, **changes: Any) -> ShopifyDraft:
    settings = msgspec.structs.replace(SETTINGS, **changes)
    ((one,),) = ShopifyOrders(settings, include_folder(), "default").read([SourceRecord(0, 0, 0, data)])
    return one


def element(data: bytes, **changes: Any) -> dict[str, Any]:
    made = draft(data, **changes)
    assert made.cause is None, made.cause
    return dict(json.loads(made.element))


def same(ours: Any, theirs: Any, name: str = "") -> bool:
    """Whether a value is the shop's own; times by their moment."""
    if name in MOMENTS and ours and theirs:
        return datetime.fromisoformat(ours) == datetime.fromisoformat(theirs)
    return bool(ours == theirs)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in CAUSES and kind != "test_order"])
def test_an_order_has_the_shape_of_shopify_s_webhooks(shop: Sandbox, kind: str) -> None:
    gid, data = placed(shop, kind)
    ours, theirs = element(data), shop.rest_order(gid)
    for name, value in theirs.items():
        if name in {"line_items", "shipping_lines", "refunds"}:
            assert len(ours[name]) == len(value), name
            for one, other in zip(ours[name], value, strict=True):
                for key, wanted in other.items():
                    if key == "discount_allocations":
                        assert [a["amount"] for a in one[key]] == [a["amount"] for a in wanted]
                    else:
                        assert same(one[key], wanted, key), (name, key, one[key], wanted)
        elif name != "discount_codes" or value:
            assert same(ours[name], value, name), (name, ours[name], value)
    assert ours.keys() >= TERMS


@pytest.mark.parametrize(("kind", "reason"), CAUSES.items())
def test_what_hotwax_would_refuse_is_told_with_a_link(shop: Sandbox, kind: str, reason: str) -> None:
    gid, data = placed(shop, kind)
    made, number = draft(data), gid.rpartition("/")[2]
    assert made.cause is not None
    assert made.cause.reason == reason
    assert made.element == b""
    name = shop.database.order(gid)["name"]
    assert f"order {name} (Shopify {number})" in made.cause.message
    assert made.cause.message.endswith(f"https://admin.shopify.com/store/sandbox/orders/{number}")


def test_all_causes_are_told_at_once() -> None:
    data = with_changes(shippingAddress=None, billingAddress=None, phone=None, email="x@y", note="\U0001f600")
    cause = draft(data).cause
    assert cause is not None
    for words in ("no customer address", "no phone number", "no name@domain", "U+1F600"):
        assert words in cause.message


def test_a_note_may_be_cleaned_instead(shop: Sandbox) -> None:
    _, data = placed(shop, "emoji_note")
    note = element(data, notes="clean")["note"]
    assert note
    assert all(character < "\U00010000" for character in note)


def test_a_test_order_is_left_out_unless_wanted(shop: Sandbox) -> None:
    _, data = placed(shop, "test_order")
    assert draft(data).left_out == "TEST_ORDER"
    assert element(data, import_test_orders=True)["test"] is True


@pytest.mark.parametrize(
    ("kind", "channel", "method", "ledger_kind"),
    [
        ("web", "WEB_SALES_CHANNEL", "STANDARD", "ONLINE"),
        ("pos_completed", "POS_SALES_CHANNEL", "POS_COMPLETED", "POS_COMPLETED"),
        ("send_sale", "POS_SALES_CHANNEL", "STANDARD", "SEND_SALE"),
        ("draft", "CSR_SALES_CHANNEL", "STANDARD", "ONLINE"),
        ("exchange", "EXCHG_SALES_CHANNEL", "STANDARD", "ONLINE"),
        ("mobile", "PHONE_SALES_CHANNEL", "STANDARD", "ONLINE"),
        ("marketplace", "UNKNWN_SALES_CHANNEL", "STANDARD", "ONLINE"),
    ],
)
def test_channel_and_method_are_hotwax_s(shop: Sandbox, kind: str, channel: str, method: str, ledger_kind: str) -> None:
    _, data = placed(shop, kind)
    made = element(data)
    assert (made["salesChannelEnumId"], made["shipmentMethodTypeId"]) == (channel, method)
    assert draft(data).kind == ledger_kind


def test_in_a_mixed_cart_each_line_goes_its_own_way(shop: Sandbox) -> None:
    _, data = placed(shop, "mixed_cart")
    methods = [line["shipmentMethodTypeId"] for line in element(data)["line_items"]]
    assert sorted(set(methods)) == ["POS_COMPLETED", "STANDARD"]


@pytest.mark.parametrize(
    "kind", ["web", "line_discount", "order_discount", "several_shipping_lines", "tip", "no_cents_currency"]
)
def test_the_money_closes(shop: Sandbox, kind: str) -> None:
    _, data = placed(shop, kind)
    made = element(data)
    goods = sum(Decimal(line["price"]) * line["quantity"] for line in made["line_items"])
    adjustments = [one for line in made["line_items"] for one in line["itemAdjustments"]] + made["orderAdjustments"]
    total = goods + sum(Decimal(one["amount"]) for one in adjustments)
    assert total == Decimal(made["total_price"])
    assert draft(data).amount_minor == int(total * (1 if made["currency"] == "JPY" else 100))


@pytest.mark.parametrize(
    ("kind", "method", "status"),
    [
        ("paid_by_gift_card", "EXT_GIFT_CARD", "PAYMENT_SETTLED"),
        ("cash_on_delivery", "EXT_SHOP_CASH_ON_DEL", "PAYMENT_NOT_RECEIVED"),
        ("authorized", None, "PAYMENT_AUTHORIZED"),
    ],
)
def test_payments_are_hotwax_s(shop: Sandbox, kind: str, method: str | None, status: str) -> None:
    _, data = placed(shop, kind)
    payments = element(data)["orderPaymentPref"]
    assert status in {one["statusId"] for one in payments}
    assert method is None or method in {one["paymentMethodTypeId"] for one in payments}


def test_an_authorisation_that_was_captured_counts_once() -> None:
    amount = {"shopMoney": {"amount": "10.0", "currencyCode": "USD"}}
    promise = {
        "id": "gid://shopify/OrderTransaction/1",
        "kind": "AUTHORIZATION",
        "status": "SUCCESS",
        "amountSet": amount,
    }
    capture = {
        **promise,
        "id": "gid://shopify/OrderTransaction/2",
        "kind": "CAPTURE",
        "parentTransaction": {"id": promise["id"]},
    }
    made = element(with_changes(transactions=[promise, capture]))
    assert [(one["maxAmount"], one["statusId"]) for one in made["orderPaymentPref"]] == [("10.00", "PAYMENT_SETTLED")]


def test_an_order_that_cannot_be_read_is_named() -> None:
    made = draft(b'{"legacyResourceId": "77", "name": 5}')
    assert made.key == "77"
    assert made.cause is not None
    assert made.cause.reason == "RECORD_WRONG_TYPE"


def test_a_version_is_known_by_the_moment_of_its_change(shop: Sandbox) -> None:
    gid, before = placed(shop, "web")
    shop.touch(gid, at=START + timedelta(minutes=5))
    with client(shop) as shopify:
        (after,) = shopify.by_ids([gid.rpartition("/")[2]])
    first, second = draft(before), draft(after.data)
    assert second.updated_ms is not None
    assert first.updated_ms is not None
    assert second.updated_ms - first.updated_ms == 300_000


def with_changes(**changes: Any) -> bytes:
    """A small order with some fields changed."""
    amount = {"shopMoney": {"amount": "10.0", "currencyCode": "USD"}}
    address = {"name": "Ann Lee", "address1": "1 Main St", "city": "Town", "zip": "1", "phone": "+15550100"}
    line = {
        "id": "gid://shopify/LineItem/1", "name": "Hat", "title": "Hat", "quantity": 1, "currentQuantity": 1,
        "unfulfilledQuantity": 1, "requiresShipping": True, "isGiftCard": False, "taxable": True, "sku": "HAT",
        "originalUnitPriceSet": amount, "discountAllocations": [], "taxLines": [],
    }  # fmt: skip
    order: dict[str, Any] = {
        "id": "gid://shopify/Order/1", "legacyResourceId": "1", "name": "#1001", "number": 1001,
        "createdAt": "2026-11-01T12:00:00Z", "updatedAt": "2026-11-01T12:00:00Z", "processedAt": "2026-11-01T12:00:00Z",
        "test": False, "tags": [], "currencyCode": "USD", "presentmentCurrencyCode": "USD", "taxesIncluded": False,
        "paymentGatewayNames": [], "totalPriceSet": amount, "currentTotalPriceSet": amount,
        "totalTipReceivedSet": {"shopMoney": {"amount": "0.0", "currencyCode": "USD"}}, "lineItems": {"nodes": [line]},
        "shippingLines": {"nodes": []}, "transactions": [], "fulfillments": [], "refunds": [],
        "displayFulfillmentStatus": "UNFULFILLED",
        "shippingAddress": address,
    }  # fmt: skip
    return json.dumps(order | changes).encode()
