"""The order feed as JSON service calls, field by field, and that every figure keeps its exact decimals."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.predictspring import Shop, dump
from tests.transforms.kit import Order, lines_of, run, transform, usual
from tests.transforms.orders import SHIPPED, TAKEN, in_store, mixed, one_line, send_sale


def calls(order: Order, **settings: Any) -> list[dict[str, Any]]:
    result = run([order], transform(feed_format="json", **settings) if settings else usual("json"))
    assert result.reasons == {}
    (element,) = json.loads(result.feed, parse_float=Decimal)
    assert list(element) == ["dataList"]
    return element["dataList"]


def order_of(order: Order) -> dict[str, Any]:
    first = calls(order)[0]
    assert first["serviceName"] == "createSalesOrder"
    return first["data"]["order"]


CONTACT = {"email": {"infoString": "ada@example.com"}, "phoneNumber": {"contactNumber": "+12125550101"}}
TAKEN_GROUP = {
    "facilityId": "254",
    "orderFacilityId": "254",
    "shipmentMethodTypeId": "POS_COMPLETED",
    "maySplit": "Y",
    "carrierPartyId": "_NA_",
    "shipTo": {
        "postalAddress": {
            "name": "Spring Street",
            "address1": "1 Shop Street",
            "address2": "Floor 2",
            "city": "New York",
            "state": "NY",
            "postalCode": "10012",
            "country": "US",
            "residentialAddress": "Y",
        },
        **CONTACT,
    },
    "items": [
        {
            "idType": "UPCA",
            "idValue": "190000000008",
            "status": "ITEM_COMPLETED",
            "itemExternalId": "PS7-1",
            "quantity": 2,
            "unitPrice": Decimal("100.50"),
            "itemAdjustments": [
                {"type": "SALES_TAX", "amount": Decimal("17.86")},
                {"type": "EXT_PROMO_ADJUSTMENT", "amount": Decimal("-1.00")},
            ],
        }
    ],
}
SHIPPED_GROUP = {
    "facilityId": "_NA_",
    "orderFacilityId": "254",
    "shipmentMethodTypeId": "NEXT_DAY",
    "maySplit": "Y",
    "carrierPartyId": "_NA_",
    "shipTo": {
        "postalAddress": {
            "name": "Grace Hopper",
            "address1": "2 Elm Street",
            "address2": "Apt 4",
            "city": "Salem",
            "state": "OR",
            "postalCode": "97301",
            "country": "US",
            "residentialAddress": "Y",
        },
        **CONTACT,
    },
    "items": [
        {
            "idType": "UPCA",
            "idValue": "190001000007",
            "status": "ITEM_APPROVED",
            "itemExternalId": "PS7-2",
            "quantity": 1,
            "unitPrice": Decimal("30.00"),
            "itemAdjustments": [{"type": "SALES_TAX", "amount": Decimal("2.66")}],
        }
    ],
}
SHARED = {
    "externalId": "PS7",
    "orderName": "PS7",
    "channel": "POS_SALES_CHANNEL",
    "customerExternalId": "C1",
    "firstName": "Ada",
    "LastName": "Lovelace",
    "email": "ada@example.com",
    "phone": "+12125550101",
    "priority": "2",
    "orderDate": "2024-01-12 20:45:27",
    "productStoreId": "STORE",
    "externalProductStoreId": "STORE",
    "currencyCode": "USD",
    "orderIdentifications": [{"orderIdentificationTypeId": "PS_ORD_ID", "idValue": "PS7"}],
}
EXCLUDED = {
    "serviceName": "createExcludedOrderFacilityForOrder",
    "data": {"externalId": "PS7", "orderFacilityId": "254"},
}


def shipping(charges: str, tax: str) -> list[dict[str, Any]]:
    return [
        {"type": "SHIPPING_CHARGES", "amount": Decimal(charges)},
        {"type": "SHIPPING_SALES_TAX", "amount": Decimal(tax)},
    ]


def payment(method: str, amount: str) -> dict[str, Any]:
    return {"statusId": "PAYMENT_SETTLED", "paymentMethodTypeId": method, "maxAmount": Decimal(amount)}


def test_send_sale() -> None:
    order, excluded = calls(send_sale())
    assert order["data"]["order"] == SHARED | {
        "statusId": "ORDER_APPROVED",
        "grandTotal": Decimal("42.33"),
        "shipGroup": [SHIPPED_GROUP],
        "orderAdjustments": shipping("8.95", "0.72"),
        "orderPaymentPref": [payment("EXT_MISC", "42.33")],
    }
    assert excluded == EXCLUDED


def test_in_store() -> None:
    """What was taken away is never brokered, so no store need be excluded."""
    (order,) = calls(in_store())
    assert order["data"]["order"] == SHARED | {
        "statusId": "ORDER_COMPLETED",
        "grandTotal": Decimal("217.86"),
        "shipGroup": [TAKEN_GROUP],
        "orderAdjustments": shipping("0.00", "0.00"),
        "orderPaymentPref": [payment("CASH", "217.86")],
    }


def test_a_mixed_cart_has_two_ship_groups() -> None:
    order, excluded = calls(mixed())
    assert order["data"]["order"] == SHARED | {
        "statusId": "ORDER_APPROVED",
        "grandTotal": Decimal("260.19"),
        "shipGroup": [TAKEN_GROUP, SHIPPED_GROUP],
        "orderAdjustments": shipping("8.95", "0.72"),
        "orderPaymentPref": [
            payment("GIFT_CARD", "60.19"),
            payment("CASH", "100.00"),
            payment("CREDIT_CARD", "100.00"),
        ],
    }
    assert excluded == EXCLUDED


def test_lines_of_a_mixed_cart_keep_their_order_within_their_group() -> None:
    lines = [
        base | {"orderItemId": item}
        for base, item in ((SHIPPED, "5"), (TAKEN, "4"), (SHIPPED, "3"), (TAKEN, "2"), (SHIPPED, "1"))
    ]
    nothing = dict.fromkeys(("orderSubTotal", "discount", "taxSubTotal"))
    groups = order_of(mixed(orderProductList=lines, totalAmount=Decimal("543.37"), **nothing))["shipGroup"]
    found = [[item["itemExternalId"] for item in group["items"]] for group in groups]
    assert found == [["PS7-4", "PS7-2"], ["PS7-5", "PS7-3", "PS7-1"]]


def test_guest() -> None:
    order = order_of(in_store(customerProfile=None))
    assert (order["customerId"], order["customerExternalId"], order["email"]) == ("NA", "", "noreply@example.com")
    assert "customerId" not in order_of(in_store())


@pytest.mark.parametrize(
    ("currency", "price", "text"), [("JPY", 1250, "1250"), ("KWD", Decimal("0.005"), "0.005"), (None, 1, "1.00")]
)
def test_decimals_of_the_currency(currency: str | None, price: Any, text: str) -> None:
    feed = run([one_line(price, currency=currency)], usual("json")).feed.decode()
    assert f'"unitPrice":{text},' in feed
    assert f'"grandTotal":{text},' in feed
    assert f'"currencyCode":"{currency or "USD"}"' in feed


def test_no_figure_is_a_float() -> None:
    big = Decimal("99999999999.99")
    feed = run([one_line(big), one_line(Decimal("0.1"), 3, orderId="B")], usual("json")).feed
    assert b'"unitPrice":99999999999.99,' in feed
    assert b'"grandTotal":0.30,' in feed
    assert b"e+" not in feed.lower()


def test_every_payment_must_be_known_here() -> None:
    """The CSV names the largest payment only; this feed names all."""
    tenders = [{"paymentMethod": "Cash", "amountAuthorized": 217}, {"paymentMethod": "Shells", "amountAuthorized": 1}]
    assert run([in_store(tenders=tenders)]).row["payment-method"] == "CASH"
    (cause,) = run([in_store(tenders=tenders)], usual("json")).causes.values()
    assert (cause.reason, cause.field) == ("UNMAPPED_VALUE", "tenders.paymentMethod")
    assert cause.message == "a payment is 'Shells', which the lookup table payment_method.csv does not hold."


def test_no_payment() -> None:
    assert order_of(in_store(tenders=[]))["orderPaymentPref"] == []


def test_settings_reach_the_feed() -> None:
    values = {
        "in_store_item_status": "A",
        "in_store_order_status": "B",
        "payment_status": "C",
        "order_identification_type": "D",
        "may_split": "N",
        "residential_address": "N",
        "sales_channel": "E",
    }
    order = calls(in_store(), values=values, time_zone="Asia/Kolkata")[0]["data"]["order"]
    group = order["shipGroup"][0]
    assert (group["items"][0]["status"], order["statusId"], order["channel"]) == ("A", "B", "E")
    assert order["orderPaymentPref"][0]["statusId"] == "C"
    assert order["orderIdentifications"][0]["orderIdentificationTypeId"] == "D"
    assert (group["maySplit"], group["shipTo"]["postalAddress"]["residentialAddress"]) == ("N", "N")
    assert order["orderDate"] == "2024-01-13 02:15:27"


def test_the_feed_is_json_whatever_is_left_out() -> None:
    assert run([], usual("json")).elements == []
    bad = in_store(storeId="999")
    using = usual("json")
    for orders, count in (([bad], 0), ([bad, in_store()], 1), ([in_store(), bad, send_sale()], 2)):
        for size in (1, 2, 3):
            assert len(run(orders, using, size).elements) == count


def test_texts_come_through_unchanged() -> None:
    name = 'Zoë "Z", \\ \n\u2028🙂'
    assert order_of(in_store(billingAddress={"firstName": name, "lastName": "L"}))["firstName"] == name


def test_both_feeds_hold_the_same_orders_and_money() -> None:
    data = [dump(order) for order in Shop(6).orders(120, slim=True)]
    csv, js = run(data), run(data, usual("json"))
    assert csv.causes == js.causes == {}
    assert csv.variance == js.variance
    totals = {row["external-id"]: row["grand-total"] for row in csv.rows}
    orders = [element["dataList"][0]["data"]["order"] for element in json.loads(js.feed, parse_float=str)]
    assert {order["externalId"]: order["grandTotal"] for order in orders} == totals
    items = [item["itemExternalId"] for order in orders for group in order["shipGroup"] for item in group["items"]]
    assert sorted(items) == sorted(row["item-external-id"] for row in csv.rows)
    shipped = {row["external-id"] for row in csv.rows if row["facility-id"] == "_NA_"}
    excluded = {
        call["data"]["externalId"]
        for element in js.elements
        for call in element["dataList"]
        if call["serviceName"] == "createExcludedOrderFacilityForOrder"
    }
    assert excluded == shipped


def test_a_line_for_each_piece_is_not_made() -> None:
    order = in_store(orderProductList=lines_of(in_store(), {}))
    assert [item["quantity"] for item in order_of(order)["shipGroup"][0]["items"]] == [2]
