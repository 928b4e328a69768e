"""Orders written down by hand, every figure in view."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

from tests.transforms.kit import Order

#: 2024-01-12 20:45:27 UTC.
PLACED = 1705092327000

STORE: Order = {
    "storeId": "254",
    "name": "Spring Street",
    "addressLine1": "1 Shop Street",
    "addressLine2": "Floor 2",
    "city": "New York",
    "state": "NY",
    "postalCode": "10012",
    "countryCode": "US",
}
#: 2 x 100.50 - 1 + 17.86 = 217.86.
TAKEN: Order = {
    "orderItemId": "1",
    "gtin": "190000000008",
    "price": Decimal("100.5"),
    "quantity": 2,
    "discount": 1,
    "subTotal": 201,
    "tax": Decimal("17.86"),
    "total": Decimal("217.86"),
    "productTax": {"totalTax": Decimal("17.86"), "taxRates": []},
    "fulfillmentType": "IN_STORE",
    "omniFulfillmentType": "IN_STORE",
}
#: 30 + 2.66 = 32.66.
SHIPPED: Order = {
    "orderItemId": "2",
    "gtin": "190001000007",
    "price": 30,
    "quantity": 1,
    "subTotal": 30,
    "tax": Decimal("2.66"),
    "total": Decimal("32.66"),
    "productTax": {"totalTax": Decimal("2.66")},
    "fulfillmentType": "ONLINE",
    "omniFulfillmentType": "SHIP_TO_HOME",
}
_HEAD: Order = {
    "orderId": "PS7",
    "orderStatus": "COMPLETED",
    "orderSource": "IN_STORE",
    "orderDate": PLACED,
    "updateDate": PLACED + 5_000,
    "storeId": "254",
    "store": STORE,
    "billingAddress": {"firstName": "Ada", "lastName": "Lovelace"},
    "customerProfile": {"customerId": "C1", "email": "ada@example.com", "phoneMobile": "+12125550101"},
}
_SHIPPING: Order = {
    "shippingSubTotal": Decimal("8.95"),
    "shippingTax": Decimal("0.72"),
    "shippingName": "Next Day",
    "shippingAddress": {
        "firstName": "Grace",
        "lastName": "Hopper",
        "addressLine1": "2 Elm Street",
        "addressLine2": "Apt 4",
        "city": "Salem",
        "state": "OR",
        "postalCode": "97301",
        "countryCode": "",
    },
}


def in_store(**changes: Any) -> Order:
    """One line, two pieces, taken away: 217.86."""
    amounts: Order = {
        "fulfillmentType": "IN_STORE",
        "orderSubTotal": 201,
        "discount": 1,
        "taxSubTotal": Decimal("17.86"),
        "totalAmount": Decimal("217.86"),
        "tenders": [{"paymentMethod": "Cash", "amountAuthorized": Decimal("217.86")}],
        "orderProductList": [TAKEN],
    }
    return _made(amounts, changes)


def send_sale(**changes: Any) -> Order:
    """One line, one piece, shipped for 8.95 and 0.72 tax: 42.33."""
    amounts: Order = {
        "fulfillmentType": "ONLINE",
        "orderSubTotal": 30,
        "discount": 0,
        "taxSubTotal": Decimal("2.66"),
        "totalAmount": Decimal("42.33"),
        "tenders": [{"paymentMethod": "Miscellaneous", "amountAuthorized": Decimal("42.33")}],
        "orderProductList": [SHIPPED],
    }
    return _made(_SHIPPING | amounts, changes)


def mixed(**changes: Any) -> Order:
    """Both lines; the header names no fulfilment, as in the partners' own mixed carts: 260.19."""
    amounts: Order = {
        "orderSubTotal": 231,
        "discount": 1,
        "taxSubTotal": Decimal("20.52"),
        "totalAmount": Decimal("260.19"),
        "tenders": [
            {"paymentMethod": "Gift Card", "amountAuthorized": Decimal("60.19")},
            {"paymentMethod": "Cash", "amountAuthorized": 100},
            {"paymentMethod": "Credit Card", "amountAuthorized": 100},
        ],
        "orderProductList": [TAKEN, SHIPPED],
    }
    return _made(_SHIPPING | amounts, changes)


def _made(figures: Order, changes: Order) -> Order:
    return copy.deepcopy(_HEAD | figures | changes)


def one_line(price: Any, quantity: int = 1, **changes: Any) -> Order:
    """An in-store order of one line without discount, tax or any figure that repeats another."""
    line = {"orderItemId": "1", "gtin": "19", "price": price, "quantity": quantity, "fulfillmentType": "IN_STORE"}
    whole: Order = {"orderId": "PS8", "orderDate": PLACED, "storeId": "254", "store": STORE, "orderProductList": [line]}
    return copy.deepcopy({**whole, "totalAmount": Decimal(str(price)) * quantity, **changes})
