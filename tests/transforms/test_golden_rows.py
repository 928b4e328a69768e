"""Rows of both CSV feeds, column by column, for orders that can be added up by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.transforms.kit import column, encode, run, transform, without
from tests.transforms.orders import PLACED, SHIPPED, STORE, TAKEN, in_store, mixed, one_line, send_sale

SHARED = {
    "order-id": "",
    "external-id": "PS7",
    "order-name": "PS7",
    "order-identification": "",
    "product-store-id": "STORE",
    "external-product-store-id": "STORE",
    "placing-facility-id": "",
    "external-placing-facility-id": "254",
    "customer-id": "",
    "customer-external-id": "C1",
    "first-name": "Ada",
    "last-name": "Lovelace",
    "phone": "+12125550101",
    "email": "ada@example.com",
    "order-date": "01/12/2024",
    "product-id": "",
    "product-id-type": "UPCA",
    "carrier-party-id": "_NA_",
    "sales-channel-code": "POS_SALES_CHANNEL",
    "origin-facility-id": "",
    "origin-external-facility-id": "254",
}
TAKEN_ROW = {
    "item-status-id": "ITEM_COMPLETED",
    "facility-id": "",
    "external-facility-id": "254",
    "address-line-1": "1 Shop Street",
    "address-line-2": "Floor 2",
    "city": "New York",
    "postal-code": "10012",
    "state": "NY",
    "country": "US",
    "product-id-value": "190000000008",
    "item-external-id": "PS7-1",
    "quantity": "2",
    "unit-price": "100.50",
    "unit-list-price": "100.50",
    "item-total-discount": "-1.00",
    "item-total-tax": "17.86",
    "shipment-method-type-id": "POS_COMPLETED",
}
SHIPPED_ROW = {
    "item-status-id": "ITEM_APPROVED",
    "facility-id": "_NA_",
    "external-facility-id": "",
    "address-line-1": "2 Elm Street",
    "address-line-2": "Apt 4",
    "city": "Salem",
    "postal-code": "97301",
    "state": "OR",
    "country": "US",
    "product-id-value": "190001000007",
    "item-external-id": "PS7-2",
    "quantity": "1",
    "unit-price": "30.00",
    "unit-list-price": "30.00",
    "item-total-discount": "0.00",
    "item-total-tax": "2.66",
    "shipment-method-type-id": "NEXT_DAY",
}
STOCK_ROW = {
    "facilityId": "",
    "externalFacilityId": "254",
    "idType": "UPCA",
    "idValue": "190000000008",
    "availableDelta": "-2",
    "locationSeqId": "TLTLTLLL01",
    "varianceReasonId": "POS_SALE",
    "comments": "PS7-1",
}


def paid(total: str, method: str, charges: str = "0.00", tax: str = "0.00") -> dict[str, str]:
    return {"grand-total": total, "payment-method": method, "shipping-charges": charges, "shipping-tax": tax}


def test_in_store() -> None:
    result = run([in_store()])
    assert result.row == SHARED | TAKEN_ROW | paid("217.86", "CASH")
    assert result.stock == [STOCK_ROW]


def test_send_sale() -> None:
    result = run([send_sale()])
    assert result.row == SHARED | SHIPPED_ROW | paid("42.33", "EXT_MISC", "8.95", "0.72")
    assert result.stock == []


def test_mixed() -> None:
    result = run([mixed()])
    money = paid("260.19", "CASH", "8.95", "0.72")
    assert result.rows == [SHARED | TAKEN_ROW | money, SHARED | SHIPPED_ROW | money]
    assert result.stock == [STOCK_ROW]


def test_headers() -> None:
    result = run([])
    assert result.feed.decode() == (
        "order-id,external-id,order-name,order-identification,product-store-id,external-product-store-id,"
        "item-status-id,facility-id,external-facility-id,placing-facility-id,external-placing-facility-id,customer-id,"
        "customer-external-id,first-name,last-name,address-line-1,address-line-2,city,postal-code,state,country,phone,"
        "email,order-date,product-id,product-id-type,product-id-value,item-external-id,quantity,unit-price,"
        "unit-list-price,item-total-discount,grand-total,payment-method,shipping-charges,shipping-tax,item-total-tax,"
        "shipment-method-type-id,carrier-party-id,sales-channel-code,origin-facility-id,origin-external-facility-id\n"
    )
    assert result.variance == (
        b"facilityId,externalFacilityId,idType,idValue,availableDelta,locationSeqId,varianceReasonId,comments\n"
    )


def test_rows_of_an_order_stand_together_in_file_order() -> None:
    lines = [TAKEN | {"orderItemId": "9"}, SHIPPED | {"orderItemId": "3"}, TAKEN | {"orderItemId": "1"}]
    figures: dict[str, Any] = dict.fromkeys(("orderSubTotal", "discount", "taxSubTotal"))
    first = mixed(orderId="B", orderProductList=lines, totalAmount=Decimal("478.05"), **figures)
    result = run([first, in_store(orderId="A")])
    assert result.causes == {}
    assert column(result.rows, "item-external-id") == ["B-9", "B-3", "B-1", "A-1"]
    assert column(result.stock, "comments") == ["B-9", "B-1", "A-1"]


def test_only_order_product_list_counts() -> None:
    """productList repeats the lines, in mixed carts with wrong ids."""
    repeated = [TAKEN | {"orderItemId": "3", "price": 1}] * 4
    assert run([in_store(productList=repeated)]).feed == run([in_store()]).feed


def test_status_and_source_say_nothing() -> None:
    for status in ("COMPLETED", "CREATED", "FULFILLED", ""):
        changed = send_sale(orderStatus=status, status=status, orderSource="IN_STORE", orderStatusText=status)
        assert run([changed]).feed == run([send_sale()]).feed


@pytest.mark.parametrize(
    ("product_tax", "tax"),
    [
        ({"totalTax": Decimal("17.86")}, None),
        ({"totalTax": Decimal("17.86"), "taxRates": [{"taxAmount": 1}]}, None),
        ({"taxRates": [{"taxAmount": 10}, {"taxAmount": Decimal("7.86")}]}, None),
        ({"totalTax": None, "taxRates": [{"taxAmount": 10}, {"taxAmount": None}, {"taxAmount": "7.86"}]}, None),
        ({}, Decimal("17.86")),
        (None, Decimal("17.86")),
    ],
)
def test_tax_of_a_line(product_tax: Any, tax: Any) -> None:
    line = TAKEN | {"productTax": product_tax, "tax": tax}
    assert run([in_store(orderProductList=[line])]).row["item-total-tax"] == "17.86"


@pytest.mark.parametrize(
    ("discount", "adjustments"),
    [
        (1, None),
        (Decimal("1.0000"), [{"price": 5}]),
        (None, [{"price": Decimal("0.25")}, {"price": Decimal("0.75")}]),
    ],
)
def test_discount_of_a_line(discount: Any, adjustments: Any) -> None:
    line = TAKEN | {"discount": discount, "priceAdjustments": adjustments}
    row = run([in_store(orderProductList=[line])]).row
    assert (row["unit-price"], row["item-total-discount"]) == ("100.50", "-1.00")


@pytest.mark.parametrize("discount", [None, 0, "0.00", Decimal("0.0000")])
def test_no_discount(discount: Any) -> None:
    assert run([one_line(5) | {"discount": discount}]).row["item-total-discount"] == "0.00"


@pytest.mark.parametrize(
    ("tenders", "method"),
    [
        ([], ""),
        (None, ""),
        ([("Cash", 1)], "CASH"),
        ([("Cash", 1), ("Gift Card", 2)], "GIFT_CARD"),
        ([("Cash", 2), ("Gift Card", 1)], "CASH"),
        ([("Gift Card", 2), ("Cash", 2), ("Credit Card", 2)], "GIFT_CARD"),
        ([("Cash", None), ("Gift Card", 0)], "CASH"),
        ([(" Cash ", 3)], "CASH"),
        ([("Shells", 1), ("Cash", 2)], "CASH"),
    ],
)
def test_the_largest_payment_stands_in_the_column(tenders: list[tuple[str, Any]] | None, method: str) -> None:
    paid_with = [{"paymentMethod": name, "amountAuthorized": amount} for name, amount in tenders or ()]
    result = run([in_store(tenders=paid_with if tenders is not None else None)])
    assert result.row["payment-method"] == method


def test_the_other_payments_are_noted() -> None:
    (frame,) = run([in_store(), mixed()]).mapped
    assert frame.judgement.notes(0) == []
    assert frame.judgement.notes(1) == [
        "A further payment, Gift Card 60.19, has no column.",
        "A further payment, Credit Card 100.00, has no column.",
    ]


@pytest.mark.parametrize("profile", [None, {}, {"customerId": None}, {"customerId": "  "}])
def test_guest(profile: Any) -> None:
    order = without(in_store(customerProfile=profile, email="", phoneNumber=None), "billingAddress")
    row = run([order]).row
    assert (row["customer-id"], row["customer-external-id"]) == ("NA", "")
    assert (row["first-name"], row["last-name"]) == ("Guest", "Customer")
    assert (row["phone"], row["email"]) == ("0000000000", "noreply@example.com")


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, ("Ada", "Lovelace", "+12125550101", "ada@example.com")),
        ({"billingAddress": {"firstName": " ", "lastName": "L"}}, ("Grace", "L", "+12125550101", "ada@example.com")),
        (
            {
                "billingAddress": None,
                "customerProfile": {"firstName": "P", "lastName": "R"},
                "email": "o@x",
                "phoneNumber": "5",
            },
            ("P", "R", "5", "o@x"),
        ),
        ({"billingAddress": {}, "customerProfile": None}, ("Grace", "Hopper", "0000000000", "noreply@example.com")),
    ],
)
def test_where_the_customer_comes_from(changes: dict[str, Any], wanted: tuple[str, ...]) -> None:
    row = run([send_sale(**changes)]).row
    assert (row["first-name"], row["last-name"], row["phone"], row["email"]) == wanted


@pytest.mark.parametrize(
    ("currency", "price", "shown", "total"),
    [
        ("absent", Decimal("12.5"), "12.50", "25.00"),
        (None, Decimal("12.50"), "12.50", "25.00"),
        ("", 12, "12.00", "24.00"),
        ("usd", Decimal("0.01"), "0.01", "0.02"),
        (" EUR ", Decimal("99999999.99"), "99999999.99", "199999999.98"),
        ("JPY", 1250, "1250", "2500"),
        ("jpy", Decimal("1250.00"), "1250", "2500"),
        ("KWD", Decimal("1.005"), "1.005", "2.010"),
        ("kwd", 1, "1.000", "2.000"),
        ("USD", Decimal("1E+2"), "100.00", "200.00"),
    ],
)
def test_currency(currency: str | None, price: Any, shown: str, total: str) -> None:
    order = one_line(price, 2, currency=currency)
    row = run([without(order, "currency") if currency == "absent" else order]).row
    assert (row["unit-price"], row["unit-list-price"], row["grand-total"]) == (shown, shown, total)
    zero = f"{0:.{len(shown.partition('.')[2])}f}"
    assert (row["item-total-discount"], row["item-total-tax"], row["shipping-charges"]) == (zero, zero, zero)


def test_currencies_side_by_side() -> None:
    """Each order has the decimals of its own currency, whatever its neighbours have."""
    orders = [
        one_line(1000, orderId="1", currency="JPY"),
        one_line(Decimal("2.5"), orderId="2"),
        one_line(Decimal("3.125"), orderId="3", currency="KWD"),
        mixed(orderId="4"),
    ]
    rows = run(orders).rows
    assert column(rows, "unit-price") == ["1000", "2.50", "3.125", "100.50", "30.00"]
    assert column(rows, "grand-total") == ["1000", "2.50", "3.125", "260.19", "260.19"]
    assert column(rows, "item-total-discount") == ["0", "0.00", "0.000", "-1.00", "0.00"]
    assert column(rows, "shipping-tax") == ["0", "0.00", "0.000", "0.72", "0.72"]


def test_the_retailers_currency_stands_in() -> None:
    assert run([one_line(7)], transform({"currency": "jpy"})).row["unit-price"] == "7"


@pytest.mark.parametrize(
    ("address", "store", "country"),
    [
        ({"countryCode": "CA", "country": "US"}, {"countryCode": "US"}, "CA"),
        ({"countryCode": "", "country": "CA"}, {"countryCode": "US"}, "CA"),
        ({"countryCode": " "}, {"countryCode": "GB"}, "GB"),
        ({"countryCode": None}, {"countryCode": ""}, "US"),
    ],
)
def test_country_of_a_shipped_order(address: dict[str, Any], store: dict[str, Any], country: str) -> None:
    order = send_sale(store=STORE | store)
    order["shippingAddress"] |= address
    assert run([order]).row["country"] == country


@pytest.mark.parametrize(
    ("store", "country"),
    [({}, "US"), ({"countryCode": "", "country": "MX"}, "MX"), ({"countryCode": None}, "US")],
)
def test_country_of_an_in_store_order(store: dict[str, Any], country: str) -> None:
    assert run([in_store(store=STORE | store)]).row["country"] == country


@pytest.mark.parametrize(
    ("dates", "shown"),
    [
        ({"orderDate": PLACED}, "01/12/2024"),
        ({"orderDate": str(PLACED)}, "01/12/2024"),
        ({"orderDate": PLACED, "creationDate": "2025-06-01 00:00:00"}, "01/12/2024"),
        ({"orderDate": None, "creationDate": "2024-02-29 23:59:59"}, "02/29/2024"),
        ({"orderDate": None, "creationDate": "2024-02-29T23:59:59"}, "02/29/2024"),
        ({"orderDate": None, "creationDate": "2024-02-29 23:59:59+00:00"}, "02/29/2024"),
        ({"orderDate": None, "creationDate": "2024-02-29 23:59:59-05:00"}, "03/01/2024"),
        ({"orderDate": None, "creationDate": "2024-02-29T23:59:59Z"}, "02/29/2024"),
        ({"orderDate": 946684800000}, "01/01/2000"),
        ({"orderDate": 4102444799999}, "12/31/2099"),
    ],
)
def test_dates(dates: dict[str, Any], shown: str) -> None:
    assert run([in_store(**dates)]).row["order-date"] == shown


def test_a_text_date_is_utc_whatever_the_zone_of_the_retailer() -> None:
    """20:45 UTC is the next morning in Tokyo, said as an instant or as a text."""
    using = transform(time_zone="Asia/Tokyo")
    texts = in_store(orderDate=None, creationDate="2024-01-12 20:45:27")
    assert run([texts], using).feed == run([in_store()], using).feed
    assert run([texts], using).row["order-date"] == "01/13/2024"


@pytest.mark.parametrize(("name", "method"), [(None, "STANDARD"), ("  ", "STANDARD"), ("Second Day", "SECOND_DAY")])
def test_shipping_method(name: str | None, method: str) -> None:
    assert run([send_sale(shippingName=name)]).row["shipment-method-type-id"] == method


def test_in_store_sync_off_leaves_in_store_orders_out_but_not_their_stock() -> None:
    using = transform(sync_in_store_orders=False)
    result = run([in_store(orderId="A"), send_sale(orderId="B"), mixed(orderId="C")], using)
    assert result.causes == {}
    assert column(result.rows, "external-id") == ["B", "C", "C"]
    assert column(result.stock, "comments") == ["A-1", "C-1"]


def test_a_sale_for_nothing() -> None:
    row = run([one_line(0, tenders=[{"paymentMethod": "Cash", "amountAuthorized": 0}])]).row
    assert (row["unit-price"], row["grand-total"], row["payment-method"]) == ("0.00", "0.00", "CASH")


def test_an_amount_that_no_float_holds() -> None:
    """0.1 + 0.2, thrice, and cents beyond the digits of a double."""
    assert run([one_line(Decimal("0.1"), 3)]).row["grand-total"] == "0.30"
    big = Decimal("99999999999.99")
    assert run([one_line(big)]).row["unit-price"] == "99999999999.99"
    raw = encode(one_line(5)).replace(b'"price":5', b'"price":0.30000000000000004')
    assert run([raw]).cause.reason == "BAD_MONEY"


@pytest.mark.parametrize(
    "text", ["Ünï, Ltd", 'say "hi"', "two\nlines", "a\r\nb", "=1+1", "-5", "+1", "@sum", "🙂" * 3, "tab\there", "';--"]
)
def test_texts_come_through_unchanged(text: str) -> None:
    result = run([in_store(billingAddress={"firstName": text, "lastName": f"{text}x"}), send_sale(orderId="B")])
    assert result.causes == {}
    assert column(result.rows, "first-name") == [text, "Ada"]
    assert column(result.rows, "last-name") == [f"{text}x", "Lovelace"]


def test_blanks_around_texts_do_not_count() -> None:
    padded = in_store(orderId="  PS7\t", storeId=" 254 ")
    padded["billingAddress"] = {"firstName": "\u00a0Ada ", "lastName": "Lovelace\n"}
    assert run([padded]).feed == run([in_store()]).feed
