from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest

from sandbox.predictspring import DROP, Shop, dump
from tests.support.reference_transform import ORDER_COLUMNS, VARIANCE_COLUMNS, Options, Reject, transform

Order = dict[str, Any]

STORE: Order = {
    "addressLine1": "1 Shop Street",
    "city": "New York",
    "postalCode": "10012",
    "state": "NY",
    "countryCode": "US",
}
IN_STORE_LINE: Order = {
    "orderItemId": "1",
    "gtin": "190000000008",
    "price": Decimal("100.5"),
    "quantity": 2,
    "discount": 1,
    "productTax": {"totalTax": Decimal("17.86")},
    "fulfillmentType": "IN_STORE",
}
SHIPPED_LINE: Order = {
    "orderItemId": "2",
    "gtin": "190001000007",
    "price": 30,
    "quantity": 1,
    "tax": Decimal("2.66"),
    "omniFulfillmentType": "SHIP_TO_HOME",
}
TWO_RATES: Order = {"taxRates": [{"taxAmount": 10}, {"taxAmount": Decimal("7.86")}]}
SHELLS: Order = {"paymentMethod": "Shells", "amountAuthorized": 1}
#: A mixed cart by hand: 201 - 1 + 17.86, then 30 + 2.66, shipped for 8.95 + 0.72.
MIXED: Order = {
    "orderId": "PS7",
    "orderDate": 1705077927000,
    "storeId": "254",
    "store": STORE,
    "totalAmount": Decimal("260.19"),
    "orderSubTotal": 231,
    "taxSubTotal": Decimal("20.52"),
    "discount": 1,
    "shippingSubTotal": Decimal("8.95"),
    "shippingTax": Decimal("0.72"),
    "shippingName": "Next Day",
    "billingAddress": {"firstName": "Ada", "lastName": 'O"Neil, Jr.'},
    "customerProfile": {"customerId": "C1", "email": "ada@example.com", "phoneMobile": "+12125550101"},
    "shippingAddress": {
        "addressLine1": "2 Elm Street",
        "addressLine2": "Apt 4",
        "city": "Salem",
        "postalCode": "97301",
        "state": "OR",
        "countryCode": "",
    },
    "tenders": [
        {"paymentMethod": "Gift Card", "amountAuthorized": Decimal("60.19")},
        {"paymentMethod": "Cash", "amountAuthorized": 100},
        {"paymentMethod": "Credit Card", "amountAuthorized": 100},
    ],
    "orderProductList": [IN_STORE_LINE, SHIPPED_LINE],
}


def rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def row(order: Order, index: int = 0, options: Options | None = None) -> dict[str, str]:
    feeds = transform([order], options=options)
    assert feeds.rejects == []
    return rows(feeds.orders)[index]


def only_in_store(**changes: Any) -> Order:
    line = IN_STORE_LINE | changes.pop("line", {})
    order = MIXED | {"orderProductList": [line], "totalAmount": Decimal("217.86"), "orderSubTotal": 201}
    order |= {"taxSubTotal": Decimal("17.86"), "shippingSubTotal": None, "shippingTax": None} | changes
    return {name: value for name, value in order.items() if value is not DROP}


def reject(order: Order) -> Reject:
    feeds = transform([order])
    assert rows(feeds.orders) == rows(feeds.variance) == []
    return feeds.rejects[0]


def test_a_mixed_cart_gives_these_bytes() -> None:
    feeds = transform([MIXED])
    header, *lines = feeds.orders.decode().split("\n")
    assert header == ",".join(ORDER_COLUMNS)
    assert len(ORDER_COLUMNS) == 42
    assert lines == [
        (
            ',PS7,PS7,,STORE,STORE,ITEM_COMPLETED,,254,,254,,C1,Ada,"O""Neil, Jr.",1 Shop Street,,New York,10012,NY,US,'
            "+12125550101,ada@example.com,01/12/2024,,UPCA,190000000008,PS7-1,2,100.50,100.50,-1.00,260.19,CASH,8.95,0.72,"
            "17.86,POS_COMPLETED,_NA_,POS_SALES_CHANNEL,,254"
        ),
        (
            ',PS7,PS7,,STORE,STORE,ITEM_APPROVED,_NA_,,,254,,C1,Ada,"O""Neil, Jr.",2 Elm Street,Apt 4,Salem,97301,OR,'
            "US,+12125550101,ada@example.com,01/12/2024,,UPCA,190001000007,PS7-2,1,30.00,30.00,0.00,260.19,CASH,8.95,0.72,"
            "2.66,NEXT_DAY,_NA_,POS_SALES_CHANNEL,,254"
        ),
        "",
    ]
    assert feeds.variance.decode() == (
        ",".join(VARIANCE_COLUMNS) + "\n,254,UPCA,190000000008,-2,TLTLTLLL01,POS_SALE,PS7-1\n"
    )
    assert feeds.rejects == []


def test_a_generated_batch_comes_out_whole() -> None:
    orders = [json.loads(dump(Shop(5).order(n)), parse_float=Decimal) for n in range(300)]
    feeds = transform(orders)
    assert feeds.rejects == []
    found = rows(feeds.orders)
    lines = [(order, line) for order in orders for line in order["orderProductList"]]
    assert [r["item-external-id"] for r in found] == [f"{o['orderId']}-{line['orderItemId']}" for o, line in lines]
    in_store = [line for _, line in lines if line["omniFulfillmentType"] == "IN_STORE"]
    assert [r["idValue"] for r in rows(feeds.variance)] == [line["gtin"] for line in in_store]
    for order in orders:
        own = [r for r in found if r["external-id"] == order["orderId"]]
        sums = (Decimal(r["unit-price"]) * int(r["quantity"]) for r in own)
        extras = (Decimal(r[name]) for r in own for name in ("item-total-discount", "item-total-tax"))
        shipping = Decimal(own[0]["shipping-charges"]) + Decimal(own[0]["shipping-tax"])
        assert sum(sums) + sum(extras) + shipping == Decimal(own[0]["grand-total"])


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"customerProfile": DROP}, "customer-id", "NA"),
        ({"customerProfile": {"customerId": " "}}, "customer-id", "NA"),
        ({"customerProfile": {"customerId": " "}}, "customer-external-id", ""),
        ({"customerProfile": DROP, "phoneNumber": "555"}, "phone", "555"),
        ({"customerProfile": DROP, "shippingAddress": {"phone": "777"}}, "phone", "777"),
        ({"customerProfile": DROP}, "phone", "0000000000"),
        ({"customerProfile": {"email": ""}, "email": "b@example.com"}, "email", "b@example.com"),
        ({"customerProfile": None}, "email", "noreply@example.com"),
        ({"billingAddress": DROP, "customerProfile": {"firstName": "Mei"}}, "first-name", "Mei"),
        ({"billingAddress": {"firstName": "Ada"}, "shippingAddress": {"lastName": "Lee"}}, "last-name", "Lee"),
        ({"billingAddress": DROP}, "first-name", "Guest"),
        ({"billingAddress": DROP}, "last-name", "Customer"),
        ({"orderDate": DROP, "creationDate": "2024-01-12 23:59:59"}, "order-date", "01/12/2024"),
        ({"orderDate": 1705103999000, "creationDate": "2020-02-02 00:00:00"}, "order-date", "01/12/2024"),
        ({"tenders": []}, "payment-method", ""),
        ({"store": STORE | {"countryCode": ""}}, "country", "US"),
        ({"line": {"fulfillmentType": None}, "fulfillmentType": "IN_STORE"}, "item-status-id", "ITEM_COMPLETED"),
        (
            {"line": {"productTax": {"taxRates": [{"taxAmount": 10}, {"taxAmount": Decimal("7.86")}]}}},
            "item-total-tax",
            "17.86",
        ),
        ({"line": {"productTax": None, "tax": Decimal("17.86")}}, "item-total-tax", "17.86"),
        ({"billingAddress": {"firstName": " Ada\t"}}, "first-name", "Ada"),
        ({"line": {"gtin": " 190000000008 "}}, "product-id-value", "190000000008"),
    ],
)
def test_where_a_column_comes_from(changes: Order, column: str, value: str) -> None:
    assert row(only_in_store(**changes))[column] == value


@pytest.mark.parametrize(
    ("address", "country"),
    [({"country": "CA"}, "CA"), ({"countryCode": "MX", "country": "CA"}, "MX"), ({"countryCode": ""}, "US")],
)
def test_the_country_of_a_shipped_line(address: Order, country: str) -> None:
    order = MIXED | {"shippingAddress": MIXED["shippingAddress"] | address}
    assert row(order, 1)["country"] == country


def test_a_shipped_line_without_a_method_is_standard() -> None:
    assert row(MIXED | {"shippingName": None}, 1)["shipment-method-type-id"] == "STANDARD"


def test_the_date_is_that_of_the_retailers_zone() -> None:
    order = only_in_store(orderDate=1705104000000)
    assert row(order)["order-date"] == "01/13/2024"
    assert row(order, options=Options(zone="America/New_York"))["order-date"] == "01/12/2024"


def test_amounts_have_the_decimals_of_their_currency() -> None:
    line = {"price": 1000, "discount": 0, "productTax": {"totalTax": 100}}
    totals = {"totalAmount": 2100, "orderSubTotal": 2000, "taxSubTotal": 100, "discount": 0}
    found = row(only_in_store(currency="JPY", line=line, tenders=[], **totals))
    assert (found["unit-price"], found["item-total-discount"], found["grand-total"]) == ("1000", "0", "2100")


def test_one_bad_order_does_not_stop_the_others() -> None:
    feeds = transform([MIXED | {"orderId": "A"}, MIXED | {"orderProductList": []}, MIXED | {"orderId": "B"}])
    assert [r["external-id"] for r in rows(feeds.orders)] == ["A", "A", "B", "B"]
    assert feeds.rejects == [Reject("PS7", "NO_LINES", "orderProductList")]


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"orderId": None}, "MISSING_ORDER_ID", "orderId"),
        ({"orderId": 7}, "RECORD_WRONG_TYPE", "orderId"),
        ({"returnProductList": [{"orderItemId": "1"}]}, "RETURN", "returnProductList"),
        ({"refundPaymentDetails": [{}]}, "RETURN", "refundPaymentDetails"),
        ({"line": {"isReturnRelated": True}}, "RETURN", "orderProductList[].isReturnRelated"),
        ({"currency": "XXX"}, "BAD_CURRENCY", "currency"),
        ({"storeId": "999"}, "UNMAPPED_VALUE", "storeId"),
        (
            {"tenders": [{"paymentMethod": "Shells", "amountAuthorized": 1}]},
            "UNMAPPED_VALUE",
            "tenders[].paymentMethod",
        ),
        ({"line": {"fulfillmentType": "DRONE"}}, "UNKNOWN_FULFILMENT", "orderProductList[].fulfillmentType"),
        ({"line": {"omniFulfillmentType": "SHIP_TO_HOME"}}, "UNKNOWN_FULFILMENT", "orderProductList[].fulfillmentType"),
        ({"line": {"omniFulfillmentType": "DRONE"}}, "UNKNOWN_FULFILMENT", "orderProductList[].fulfillmentType"),
        ({"line": {"fulfillmentType": ""}}, "UNKNOWN_FULFILMENT", "orderProductList[].fulfillmentType"),
        ({"line": {"quantity": 0}}, "BAD_QUANTITY", "orderProductList[].quantity"),
        ({"line": {"quantity": Decimal("1.5")}}, "BAD_QUANTITY", "orderProductList[].quantity"),
        ({"line": {"quantity": "2"}}, "BAD_QUANTITY", "orderProductList[].quantity"),
        ({"line": {"price": Decimal("100.505")}}, "BAD_MONEY", "price"),
        ({"line": {"price": "100.5"}}, "BAD_MONEY", "price"),
        ({"line": {"price": None}}, "BAD_MONEY", "price"),
        ({"line": {"discount": -1}}, "BAD_MONEY", "discount"),
        ({"orderDate": DROP}, "BAD_DATE", "creationDate"),
        ({"orderDate": "yesterday"}, "BAD_DATE", "orderDate"),
        ({"orderDate": 10**18}, "BAD_DATE", "orderDate"),
        ({"line": {"gtin": " "}}, "REQUIRED_FIELD", "product-id-value"),
        ({"line": {"orderItemId": None}}, "REQUIRED_FIELD", "item-external-id"),
        ({"store": STORE | {"city": None}}, "REQUIRED_FIELD", "city"),
        ({"totalAmount": Decimal("217.87")}, "TOTALS_MISMATCH", "totalAmount"),
        ({"line": {"subTotal": 200}}, "TOTALS_MISMATCH", "subTotal"),
        ({"line": {"total": 200}}, "TOTALS_MISMATCH", "total"),
        ({"line": {"tax": 17}}, "TOTALS_MISMATCH", "tax"),
        ({"orderSubTotal": 200}, "TOTALS_MISMATCH", "orderSubTotal"),
        ({"taxSubTotal": 18}, "TOTALS_MISMATCH", "taxSubTotal"),
        ({"discount": 0}, "TOTALS_MISMATCH", "discount"),
        ({"store": "254"}, "RECORD_WRONG_TYPE", "store"),
        ({"tenders": ["Cash"]}, "RECORD_WRONG_TYPE", "tenders"),
    ],
)
def test_what_is_left_out_and_why(changes: Order, reason: str, field: str) -> None:
    order = only_in_store(**changes)
    expected_id = order["orderId"] if isinstance(order["orderId"], str) else str(order["orderId"] or "")
    assert reject(order) == Reject(expected_id, reason, field)


def test_two_lines_with_one_id_are_refused() -> None:
    order = MIXED | {"orderProductList": [IN_STORE_LINE, SHIPPED_LINE | {"orderItemId": "1"}]}
    assert reject(order).reason == "DUPLICATE_LINE"


def test_returns_and_both_files_of_an_exchange_are_refused() -> None:
    orders = [Shop().return_order(3), *Shop().exchange_order(5, old=4)]
    feeds = transform(json.loads(dump(order), parse_float=Decimal) for order in orders)
    assert [found.reason for found in feeds.rejects] == ["RETURN"] * 3
