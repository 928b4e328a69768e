"""The rules for completed orders, each by its name."""

from __future__ import annotations

import gc
from decimal import Decimal
from typing import Any

import pytest

from tests.transforms.completed_kit import (
    ADDRESS,
    Order,
    adjustment,
    attributes,
    body,
    cause,
    digital,
    draft,
    drafts,
    identified,
    item,
    lines,
    numbered,
    order,
    refusal,
    shipment,
    usual,
)


def numbers(*given: Order) -> Order:
    return order(orderIdentifications=[*given])


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (numbers(numbered("SHOPIFY_ORD_NO", 68)), "00000068"),
        (numbers(numbered("SHOPIFY_ORD_NO", "123456789")), "123456789"),
        (numbers(numbered("SHOPIFY_ORD_NAME", "#1"), numbered("SHOPIFY_ORD_NO", " 7 ")), "00000007"),
        (numbers(numbered("SHOPIFY_ORD_NO", "1"), numbered("SHOPIFY_ORD_NO", "2", "2024-02-01T00:00:00Z")), "00000002"),
        (
            numbers(numbered("SHOPIFY_ORD_NO", "1"), numbered("SHOPIFY_ORD_NO", "2", until="2024-05-02T15:00:00Z")),
            "00000001",
        ),
        (
            numbers(
                numbered("SHOPIFY_ORD_NO", "1"),
                numbered("SHOPIFY_ORD_NO", "2", "2024-02-01T00:00:00Z", "2024-05-02T17:00:00Z"),
            ),
            "00000002",
        ),
    ],
)
def test_order_number(one: Order, wanted: str) -> None:
    assert body(one)["OrderNo"] == wanted
    assert draft(one).order_key == wanted


def test_order_number_that_is_too_long_or_missing() -> None:
    long = numbers(numbered("SHOPIFY_ORD_NO", "1234567890"))
    assert refusal(long) == ("VALUE_TOO_LONG", "order.OrderNo")
    closed = numbers(numbered("SHOPIFY_ORD_NO", "1", until="2024-05-02T16:00:00Z"))
    for one in (numbers(), closed):
        assert refusal(one) == ("REQUIRED_FIELD", "order.OrderNo")
    assert draft(long).order_key == "1234567890"  # so that the report names it
    assert draft(closed).order_key == ""
    assert draft(long).order_id == "M1001"


def test_order_number_without_zeros() -> None:
    assert (
        body(numbers(numbered("X", "7")), order_number_digits=0, order_number_type="X", slip_number="{order_no}-{n}")[
            "OrderNo"
        ]
        == "7"
    )


@pytest.mark.parametrize(
    ("zone", "given", "wanted"),
    [
        ("UTC", "2024-05-01T08:30:00.999-06:00", "2024-05-01T14:30:00"),
        ("America/New_York", "2024-03-10T06:59:59Z", "2024-03-10T01:59:59"),
        ("America/New_York", "2024-03-10T07:00:00Z", "2024-03-10T03:00:00"),
        ("America/New_York", "2024-11-03T06:30:00+0000", "2024-11-03T01:30:00"),
    ],
)
def test_created_date_is_that_of_the_zone(zone: str, given: str, wanted: str) -> None:
    assert body(order(orderDate=given), time_zone=zone)["CreatedDate"] == wanted


@pytest.mark.parametrize("given", [None, "", "yesterday", "2024-05-01", "2024-05-01T08:30:00", "1970-01-01T00:00:00Z"])
def test_dates_that_say_nothing(given: str | None) -> None:
    assert refusal(order(orderDate=given)) == ("BAD_DATE", "orderDate")
    assert refusal(order(item(statusDatetime=given))) == ("BAD_DATE", "statusDatetime")


@pytest.mark.parametrize("status", ["ITEM_APPROVED", None])
def test_an_item_that_is_not_completed(status: str | None) -> None:
    assert refusal(order(item(), item("00102", itemStatusId=status))) == ("NOT_FULFILLED", "itemStatusId")


def test_a_cancelled_item_is_none() -> None:
    one = order(
        item(), total="40", shipments=[shipment(item(), item("00102", price="99", itemStatusId="ITEM_CANCELLED"))]
    )
    assert lines(one, "Qty") == [(1,)]
    assert refusal(order(item(itemStatusId="ITEM_CANCELLED"))) == ("NO_LINES", "shipments")
    assert refusal(order(shipments=[])) == refusal(order(shipments=None)) == ("NO_LINES", "shipments")


@pytest.mark.parametrize("quantity", [0, -1, Decimal("1.5"), None, 100_001])
def test_quantities_that_are_none(quantity: Any) -> None:
    one = order(total="40", shipments=[shipment(item(itemQuantity=quantity))])
    assert refusal(one) == ("BAD_QUANTITY", "itemQuantity")


def test_one_item_that_comes_twice() -> None:
    assert refusal(order(item(), item())) == ("DUPLICATE_LINE", "orderItemSeqId")


def test_what_is_open_is_decided_by_the_last_item() -> None:
    """The UPC of the first item ended before the last one was fulfilled."""
    ended = [identified("UPCA", "1"), identified("UPCA", "2", "2024-02-01T00:00:00Z", "2024-05-02T17:00:00Z")]
    first, last = (
        item("00101", goodIdentifications=ended),
        item("00102", upc="b", statusDatetime="2024-05-02T18:00:00Z"),
    )
    assert lines(order(first), "UPC") == [("2",)]
    assert lines(order(first, last), "UPC") == [("1",), ("b",)]


def test_missing_order_id() -> None:
    assert refusal(order(orderId=None)) == ("MISSING_ORDER_ID", "orderId")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ([identified("UPCA", "1")], "1"),
        ([identified("UPCA", 750000000001)], "750000000001"),
        ([identified("SKU", "9"), identified("UPCA", "1")], "1"),
        # the expired one began later
        ([identified("UPCA", "1"), identified("UPCA", "2", "2024-03-01T00:00:00Z", "2024-04-01T00:00:00Z")], "1"),
        ([identified("UPCA", "1"), identified("UPCA", "2", "2024-03-01T00:00:00Z", "2024-06-01T00:00:00Z")], "2"),
        ([identified("UPCA", "2"), identified("UPCA", "1")], "1"),
        ([identified("UPCA", "1"), identified("UPCA", "2", "2024-01-02T00:00:00Z")], "2"),
    ],
)
def test_the_open_upc_counts(given: list[Order], wanted: str) -> None:
    for listed in (given, given[::-1]):
        assert lines(order(item(goodIdentifications=listed)), "UPC") == [(wanted,)]


@pytest.mark.parametrize(
    "given",
    [
        [],
        None,
        [identified("SKU", "1")],
        [identified("UPCA", "1", until="2024-05-02T16:00:00Z")],
        [identified("UPCA", " ")],
    ],
)
def test_no_open_upc(given: list[Order] | None) -> None:
    found = cause(order(item(goodIdentifications=given)))
    assert (found.reason, found.field) == ("REQUIRED_FIELD", "Items.UPC")
    assert found.message.startswith("line 00101: Items.UPC would be empty: the product has no open identification")


@pytest.mark.parametrize(
    ("methods", "delivery", "destinations"),
    [
        (["STANDARD"], 2, [None]),
        (["STOREPICKUP"], 1, ["P22"]),
        (["STOREPICKUP", "NEXT_DAY"], 2, ["P22", None]),
        ([None], 2, [None]),  # nothing promised: it went by ground
    ],
)
def test_delivery(methods: list[str | None], delivery: int, destinations: list[str | None]) -> None:
    goods = [item(f"{at}", upc=f"{at}", slaShipmentMethodTypeId=method) for at, method in enumerate(methods)]
    one = order(*goods, digital())
    assert body(one)["DeliveryType"] == delivery
    assert [destination for (destination,) in lines(one, "StoreDest")][:-1] == destinations


def test_the_promised_method_counts_not_the_used_one() -> None:
    one = order(shipments=[shipment(item(slaShipmentMethodTypeId="NEXT_DAY"), shipmentMethodTypeId="STOREPICKUP")])
    assert body(one)["DeliveryType"] == 2
    used = order(shipments=[shipment(item(slaShipmentMethodTypeId=None), shipmentMethodTypeId="STOREPICKUP")])
    assert body(used)["DeliveryType"] == 1


def test_of_several_ways_of_collecting_the_first_item_decides() -> None:
    methods = [item("1", slaShipmentMethodTypeId="STOREPICKUP"), item("2", slaShipmentMethodTypeId="CURBSIDE")]
    both = ["STOREPICKUP", "CURBSIDE"]
    assert body(order(digital("0"), *methods), pickup_methods=both)["DeliveryType"] == 1
    renumbered = [item("2", slaShipmentMethodTypeId="STOREPICKUP"), item("1", slaShipmentMethodTypeId="CURBSIDE")]
    assert body(order(digital("0"), *renumbered), pickup_methods=both)["DeliveryType"] == 2


def paid(*payments: tuple[str | None, str, str]) -> Order:
    names = ("paymentMethodTypeId", "statusId", "amount")
    return order(
        payments=[
            dict(zip(names, (method, status, Decimal(amount)), strict=True)) for method, status, amount in payments
        ]
    )


CARD, CASH, OK = "EXT_SHOPIFY", "EXT_SHOP_CASH_ON_DEL", "PAYMENT_SETTLED"


@pytest.mark.parametrize(
    ("one", "wanted"),
    [
        (paid((CARD, OK, "40")), 1),
        (paid((CASH, OK, "40")), 2),
        (paid((CARD, OK, "30"), (CASH, "PAYMENT_NOT_RECEIVED", "30.01")), 2),
        (paid((CARD, "PAYMENT_DECLINED", "40"), (CASH, OK, "1")), 2),
        (paid((CASH, "PAYMENT_CANCELLED", "40"), (CASH, "PAYMENT_REFUNDED", "40"), (CARD, OK, "1")), 1),
        (paid((None, OK, "40")), 1),
    ],
)
def test_payment_type(one: Order, wanted: int) -> None:
    assert body(one)["PaymentType"] == wanted
    assert body({**one, "payments": one["payments"][::-1]})["PaymentType"] == wanted


def test_payments_are_required() -> None:
    for one in (order(payments=None), order(payments=[]), paid((CARD, "PAYMENT_DECLINED", "40"))):
        assert refusal(one) == ("REQUIRED_FIELD", "payments")
    assert cause(order(payments=None)).message == "PaymentType would be empty: the feed has no payments."
    assert refusal(paid((CARD, OK, "0.001"))) == ("BAD_MONEY", "payments.amount")


def test_customers() -> None:
    made = body(order())
    assert (made["CustomerBilling"]["Address1"], made["CustomerShipping"]["Address1"]) == ("Calle 1", "Calle 9")
    digital_first = order(total="50", shipments=[shipment(digital("00100"), shipTo=None), shipment(item())])
    assert body(digital_first)["CustomerShipping"]["Address1"] == "Calle 9"
    assert body(order(shipments=[shipment(item(), shipTo=None)]))["CustomerShipping"]["Address1"] == "Calle 1"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("Ana María Prueba", ("Ana", "María Prueba")),
        (" Ana  Prueba ", ("Ana", "Prueba")),
        ("Solo", ("Solo", "Muestra")),
        (None, ("Ana", "Muestra")),
        ("x" * 31 + " " + "y" * 31, ("x" * 30, "y" * 30)),
    ],
)
def test_names(name: str | None, wanted: tuple[str, str]) -> None:
    made = body(order(billTo={**ADDRESS, "toName": name}))["CustomerBilling"]
    assert (made["FirstName"], made["LastName"]) == wanted


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"customerEmail": None, "email": "b@example.com"}, "b@example.com"),
        ({"customerEmail": " ", "billTo": {**ADDRESS, "email": "c@example.com"}}, "c@example.com"),
    ],
)
def test_email(changes: Order, wanted: str) -> None:
    made = body(order(**changes))
    assert made["CustomerBilling"]["Email"] == made["CustomerShipping"]["Email"] == wanted


def test_optional_fields_are_left_out() -> None:
    bare = {"toName": "A B", "address1": "C"}
    made = body(order(billTo=bare, shipments=[shipment(item(), shipTo=bare)]))
    assert list(made["CustomerBilling"]) == ["FirstName", "LastName", "Email", "Address1", "NoDocument"]


@pytest.mark.parametrize(
    ("changes", "field", "lack"),
    [
        ({"customerEmail": None}, "CustomerShipping.Email", "the feed has no customerEmail, email or billTo.email"),
        ({"billTo": None}, "CustomerBilling.Address1", "the feed has no billTo.address1"),
        (
            {"orderAttributes": []},
            "CustomerShipping.NoDocument",
            "the order has no attribute with the customer's identity document",
        ),
        (
            {"billTo": {"address1": "x"}, "customerFirstName": None},
            "CustomerBilling.FirstName",
            "the feed has neither billTo.toName nor customerFirstName",
        ),
    ],
)
def test_what_is_required_is_named(changes: Order, field: str, lack: str) -> None:
    found = cause(order(**changes))
    assert (found.reason, found.field, found.message) == ("REQUIRED_FIELD", field, f"{field} would be empty: {lack}.")


def test_what_identifies_is_never_cut() -> None:
    assert refusal(order(customerEmail="x" * 61)) == ("VALUE_TOO_LONG", "CustomerShipping.Email")
    assert refusal(order(orderAttributes=attributes(customerId="1" * 21)))[0] == "VALUE_TOO_LONG"
    assert refusal(order(item(upc="1" * 20))) == ("VALUE_TOO_LONG", "Items.UPC")
    long = {**ADDRESS, "address1": "é" * 41, "address2": "y" * 41, "city": "z" * 41}
    made = body(order(billTo=long))["CustomerBilling"]
    assert (made["Address1"], made["Address2"], made["City"]) == ("é" * 40, "y" * 40, "z" * 40)


COMPANY = {"companyId": "C-1", "companyName": "Muestra", "companyAddress": "Calle 3"}


def fiscal(**given: Any) -> Order:
    return order(orderAttributes=attributes(**given))


@pytest.mark.parametrize(
    ("given", "wanted"),
    [("true", "true"), (True, "true"), ("Y", "true"), ("false", "false"), (False, "false"), (None, "false")],
)
def test_fiscal_credit(given: Any, wanted: str) -> None:
    one = fiscal(fiscalCredit=given, **COMPANY)
    made = body(one, body="v2_fiscal")
    assert made["FiscalCredit"] == wanted
    assert ("CompanyId" in made) is (wanted == "true")
    assert body(one, body="v2_fiscal", fiscal_credit_as="boolean")["FiscalCredit"] is (wanted == "true")
    assert "FiscalCredit" not in body(one)


@pytest.mark.parametrize("lacking", COMPANY)
def test_a_fiscal_credit_needs_the_company(lacking: str) -> None:
    one = fiscal(fiscalCredit="true", **{name: value for name, value in COMPANY.items() if name != lacking})
    field = f"order.C{lacking[1:]}"
    assert refusal(one, body="v2_fiscal") == ("REQUIRED_FIELD", field)
    assert body(one)["OrderNo"] == "00001001"


def test_fiscal_credit_that_is_neither() -> None:
    assert refusal(fiscal(fiscalCredit="maybe"), body="v2_fiscal") == (
        "RECORD_WRONG_TYPE",
        "orderAttributes.fiscalCredit",
    )


def test_type_of_document() -> None:
    assert body(fiscal(), body="v2_fiscal")["CustomerBilling"]["TypeDocument"] == "dui"
    assert body(fiscal(documentType="nit"), body="v2_fiscal")["CustomerShipping"]["TypeDocument"] == "nit"


def test_what_a_draft_says_besides() -> None:
    found = draft(order(item(itemQuantity=2), item("00102", upc="b")))
    assert (found.order_id, found.order_key, found.kind, found.lines) == ("M1001", "00001001", "INVOICE", 2)
    assert (found.amount_minor, found.currency) == (12000, "USD")
    assert found.order_date is not None
    assert found.order_date.isoformat() == "2024-05-01T14:30:00+00:00"
    broken = draft(b'{"orderId": "M7", "shipments": 5}')
    assert (broken.order_id, broken.kind, broken.amount_minor, broken.order_date) == ("M7", "", None, None)


def test_a_cause_keeps_nothing_alive() -> None:
    for found in drafts([order(payments=[]), order(orderDate="x"), b"[]", b"\xff", order(customerEmail=None)]):
        assert found.cause is not None
        assert found.cause.__traceback__ is found.cause.__context__ is found.cause.__cause__ is None


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled: bool) -> None:
    try:
        (gc.enable if enabled else gc.disable)()
        assert len(drafts([order()], usual())) == 1
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


def test_order_taxes_of_zero_are_no_note() -> None:
    assert draft(order(adjustments=[adjustment("SHIPPING_SALES_TAX", "0")])).notes == ()
