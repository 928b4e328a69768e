"""The money of orders for NetSuite: exact, adding up, and paid."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_sync.errors import Stop
from tests.transforms.created_kit import (
    PROMO,
    SHIPPING,
    TAX,
    adjustment,
    cause,
    columns,
    draft,
    drafts,
    item,
    order,
    refusal,
    rows,
    usual,
    with_tables,
)


def payment(amount: str, status: str = "PAYMENT_SETTLED") -> dict[str, Any]:
    return {"paymentMethodTypeId": "CASH", "statusId": status, "amount": Decimal(amount)}


def test_an_order_that_does_not_add_up_is_set_aside_with_both_amounts() -> None:
    found = cause(order(total="41"))
    assert (found.reason, found.field) == ("TOTALS_MISMATCH", "grandTotal")
    assert found.message == "grandTotal says 41.00, lines and adjustments make 40.00."


def test_taxes_are_added_unless_prices_contain_them() -> None:
    taxed = item(orderItemAdjustments=[adjustment(TAX, "2")])
    assert draft(order(taxed, total="42")).rows
    assert refusal(order(taxed, total="40")) == ("TOTALS_MISMATCH", "grandTotal")
    assert draft(order(taxed, total="40"), prices_include_tax=True).rows


def test_an_order_of_a_till_that_is_paid_in_part_is_set_aside_with_both_amounts() -> None:
    given = [payment("10.50"), payment("4"), payment("25.5", "PAYMENT_REFUNDED")]
    one = order(salesChannel="POS_CHANNEL", payments=given)
    found = cause(one)
    assert (found.reason, found.message) == ("PART_PAID", "paid are 14.50 of 40.00 USD.")
    assert draft(one).paid_minor == 1450
    assert refusal(order(salesChannel="POS_CHANNEL", payments=[])) == ("PART_PAID", "payments")


def test_what_is_paid_in_full_or_not_at_a_till_goes() -> None:
    assert draft(order(salesChannel="POS_CHANNEL", payments=[payment("39.99"), payment("0.01")])).rows
    assert draft(order(salesChannel="POS_CHANNEL", payments=[payment("50")])).rows
    web = draft(order(payments=None))
    assert (bool(web.rows), web.paid_minor) == (True, 0)


@pytest.mark.parametrize(
    ("change", "refused"),
    [
        ({"unitPrice": Decimal("1.001")}, ("BAD_MONEY", "unitPrice")),
        ({"unitPrice": Decimal(-1)}, ("BAD_MONEY", "unitPrice")),
        ({"unitPrice": None}, ("BAD_MONEY", "unitPrice")),
        ({"orderItemAdjustments": [adjustment(PROMO, "1")]}, ("BAD_MONEY", "orderItemAdjustments.amount")),
        ({"orderItemAdjustments": [adjustment(PROMO, "-40.01")]}, ("BAD_MONEY", "orderItemAdjustments.amount")),
        ({"orderItemAdjustments": [adjustment(TAX, "-1")]}, ("BAD_MONEY", "orderItemAdjustments.amount")),
        (
            {"orderItemAdjustments": [adjustment("NEW", "1")]},
            ("UNMAPPED_VALUE", "orderItemAdjustments.orderAdjustmentTypeId"),
        ),
    ],
)
def test_bad_money_of_a_line(change: dict[str, Any], refused: tuple[str, str]) -> None:
    one = order()
    one["orderItems"][0] |= change
    assert refusal(one) == refused


def test_bad_money_of_the_order() -> None:
    assert refusal(order(adjustments=[adjustment(SHIPPING, "-1")])) == ("BAD_MONEY", "orderAdjustments.amount")
    assert refusal(order(payments=[payment("1.001")])) == ("BAD_MONEY", "payments.amount")
    assert refusal(order(total="40.001")) == ("BAD_MONEY", "grandTotal")
    huge = item(price="99999999999", orderItemQuantity=100_000)
    assert refusal(order(huge, total="40")) == ("BAD_MONEY", "unitPrice")
    assert draft(order(adjustments=[adjustment("NEW", "0")])).rows


@pytest.mark.parametrize("number", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+40", "1E-40"])
def test_numbers_that_are_none_harm_nobody_else(number: str) -> None:
    """HotWax may write amounts as text, and there these are numbers."""
    price, count, tax, paid, total = order(), order(), order(), order(), order(total="1")
    price["orderItems"][0]["unitPrice"] = number
    count["orderItems"][0]["orderItemQuantity"] = number
    tax["orderItems"][0]["orderItemAdjustments"] = [{"orderAdjustmentTypeId": TAX, "amount": number}]
    paid["payments"][0]["amount"] = number
    total["grandTotal"] = number
    *bad, good = drafts([price, count, tax, paid, total, order()])
    reasons = [one.cause.reason if one.cause else "" for one in bad]
    assert reasons == ["BAD_MONEY", "BAD_QUANTITY", "BAD_MONEY", "BAD_MONEY", "BAD_MONEY"]
    assert good.rows


@pytest.mark.parametrize(("currency", "price", "shown"), [("JPY", "4000", "4000"), ("KWD", "1.234", "1.234")])
def test_each_currency_has_its_decimals(currency: str, price: str, shown: str) -> None:
    both = drafts([order(item(price=price), currency=currency), order()])
    assert [one.rows.split(b",")[8].decode() for one in both] == [shown, "40.00"]


def test_amount_of_the_older_columns_is_price_times_quantity() -> None:
    line = item(price="0.07", orderItemQuantity=3, orderItemAdjustments=[adjustment(PROMO, "-0.01")])
    assert columns(order(line), "Price", "Quantity", "Amount", generation="title") == [
        ("0.07", "3", "0.21"),
        ("-0.01", "1", "-0.01"),
    ]


def test_a_kind_of_adjustment_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"adjustment\.csv:2: 'gift' is none of"):
        with_tables(tmp_path, {"adjustment": "X,gift,\n"})


cents = st.integers(0, 100_000)


@st.composite
def lines(draw: st.DrawFn, seq: int) -> dict[str, Any]:
    price, quantity = draw(cents), draw(st.integers(1, 5))
    promos = [-draw(st.integers(0, price * quantity // 2)) for _ in range(draw(st.integers(0, 2)))]
    given = [adjustment(PROMO, str(Decimal(cent).scaleb(-2))) for cent in promos]
    given += [adjustment(TAX, str(Decimal(draw(cents)).scaleb(-2))) for _ in range(draw(st.integers(0, 2)))]
    return item(
        f"{seq:05d}",
        price=str(Decimal(price).scaleb(-2)),
        orderItemQuantity=quantity,
        orderItemAdjustments=given,
        itemStatusId=draw(st.sampled_from(["ITEM_CREATED", "ITEM_CREATED", "ITEM_CANCELLED"])),
    )


@st.composite
def orders(draw: st.DrawFn) -> dict[str, Any]:
    goods = [draw(lines(seq)) for seq in draw(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True))]
    goods.append(item("00100", price="1000"))
    given = [adjustment(SHIPPING, str(Decimal(draw(cents)).scaleb(-2)))]
    given += [
        adjustment(PROMO, str(Decimal(-draw(st.integers(1, 1000))).scaleb(-2))) for _ in range(draw(st.integers(0, 2)))
    ]
    number = draw(st.integers(1, 10**6))
    return order(*draw(st.permutations(goods)), adjustments=given, orderId=f"M{number}", orderName=f"#{number}")


@settings(max_examples=60, deadline=None)
@given(orders())
def test_money_in_is_money_out(one: dict[str, Any]) -> None:
    """What is not closed, the discount on the order, shipping, and the taxes that NetSuite reckons itself."""
    table = rows(one)
    alive = [row for row in table if row["closed"] != "TRUE"]
    made = sum(Decimal(row["price"]) * int(row["quantity"]) for row in alive)
    made += Decimal(table[0]["shippingCost"]) + Decimal(table[0]["rate"] or 0)
    taxes = sum(
        tax["amount"]
        for line in one["orderItems"]
        if line["itemStatusId"] != "ITEM_CANCELLED"
        for tax in line["orderItemAdjustments"]
        if tax["orderAdjustmentTypeId"] == TAX
    )
    assert made + taxes == one["grandTotal"]


@settings(max_examples=40, deadline=None)
@given(st.lists(orders(), min_size=1, max_size=6, unique_by=lambda one: one["orderId"]), st.integers(1, 7))
def test_rows_of_an_order_are_adjacent_and_all_there(some: list[dict[str, Any]], size: int) -> None:
    found = drafts(some, size=size)
    text = usual().header() + b"".join(one.rows for one in found)
    table = list(csv.DictReader(io.StringIO(text.decode(), newline=""), strict=True))
    assert len(table) == sum(one.row_count for one in found)
    seen = list(dict.fromkeys(row["externalId"] for row in table))
    assert seen == [one["orderId"] for one in some]
    borders = sum(one["externalId"] != other["externalId"] for one, other in pairwise(table))
    assert borders == len(some) - 1
    for one in found:
        own = [row for row in table if row["externalId"] == one.key]
        assert tuple(row["orderLineId"] for row in own if row["orderLineId"]) == one.line_keys
        assert len({tuple(value for name, value in row.items() if name in ORDER_COLUMNS) for row in own}) == 1


#: Columns that must say the same in every row of an order.
ORDER_COLUMNS = {"orderId", "HCOrderId", "customer", "date", "shippingCost", "rate", "discountItem", "city", "country"}
