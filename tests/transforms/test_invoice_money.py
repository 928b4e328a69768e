"""Prices, taxes and discounts of an invoice: exact per unit, and closing with the order's total."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_sync.errors import Stop
from order_sync.transforms.invoice_money import scaled_half_even
from tests.transforms.completed_kit import (
    adjustment,
    body,
    cause,
    draft,
    drafts,
    exact,
    item,
    lines,
    order,
    refusal,
    with_tables,
)

PROMO, TAX = "EXT_PROMO_ADJUSTMENT", "SALES_TAX"


def D(text: str) -> Decimal:
    return Decimal(text)


def test_repeated_adjustments_are_summed() -> None:
    goods = item(
        itemAdjustments=[
            adjustment(TAX, "1.10"),
            adjustment(PROMO, "-3"),
            adjustment(TAX, "2"),
            adjustment(PROMO, "-1"),
        ]
    )
    assert lines(order(goods), "OrigPrice", "Price", "Tax", "Qty") == [(40, 36, D("3.1"), 1)]


def test_units_of_one_product_and_price_become_one_line() -> None:
    goods = [item("00101"), item("00102"), item("00103", price="39"), item("00104", upc="other")]
    assert lines(order(*goods), "UPC", "Price", "Qty") == [
        ("750000000001", 40, 2),
        ("750000000001", 39, 1),
        ("other", 40, 1),
    ]


def test_an_item_discount_that_cannot_be_shared_evenly_makes_two_prices() -> None:
    goods = item(price="10", itemQuantity=3, itemAdjustments=[adjustment(PROMO, "-1")])
    assert lines(order(goods), "OrigPrice", "Price", "Qty") == [(10, D("9.66"), 1), (10, D("9.67"), 2)]


def test_tax_of_several_units_is_their_average_where_that_is_exact() -> None:
    goods = [
        item("00101", itemAdjustments=[adjustment(TAX, "4.61")]),
        item("00102", itemAdjustments=[adjustment(TAX, "4.60")]),
    ]
    assert lines(order(*goods), "Tax", "Qty") == [(D("4.605"), 2)]


def test_tax_that_is_no_exact_average_makes_a_line_per_tax() -> None:
    goods = item(itemQuantity=3, itemAdjustments=[adjustment(TAX, "10")])
    assert lines(order(goods), "Tax", "Qty") == [(D("3.34"), 1), (D("3.33"), 2)]


@pytest.mark.parametrize(
    ("price", "promo", "tax", "wanted"),
    [
        ("50", "-10", "4.60", "5.75"),  # the published sample
        ("10", "-7", "1", "3.3333"),
        ("20", "-17", "1", "6.6667"),
        ("40", "-40", "2", "2"),  # nothing is left of the price
        ("40", "0", "4.6", "4.6"),
    ],
)
def test_original_tax(price: str, promo: str, tax: str, wanted: str) -> None:
    goods = item(price=price, itemAdjustments=[adjustment(PROMO, promo), adjustment(TAX, tax)])
    assert lines(order(goods), "OrigTax") == [(D(wanted),)]


@pytest.mark.parametrize(
    ("value", "numerator", "denominator", "wanted"),
    [(1, 1, 2, 0), (3, 1, 2, 2), (5, 1, 2, 2), (7, 1, 2, 4), (2, 2, 3, 1), (1, 2, 3, 1), (9, 5, 0, 9)],
)
def test_halves_go_to_the_even_side(value: int, numerator: int, denominator: int, wanted: int) -> None:
    assert scaled_half_even(value, numerator, denominator) == wanted


def test_an_order_discount_is_spread_in_proportion() -> None:
    goods = [item("00101", price="30"), item("00102", price="10", upc="b"), item("00103", price="0", upc="c")]
    one = order(*goods, adjustments=[adjustment(PROMO, "-4"), adjustment("DISCOUNT_ADJUSTMENT", "-0.01")])
    assert lines(one, "OrigPrice", "Price") == [(30, D("26.99")), (10, 9), (0, 0)]
    assert body(one)["TotalDiscAmt"] == D("4.01")


def test_what_is_left_of_a_discount_goes_to_the_largest_remainders() -> None:
    """1.00 over 10, 10 and 9.99 is 0.3334, 0.3334 and 0.3331: the odd cent goes to the first of the larger ones."""
    goods = [
        item("00101", price="9.99", upc="c"),
        item("00102", price="10", upc="a"),
        item("00103", price="10", upc="b"),
    ]
    one = order(*goods, adjustments=[adjustment(PROMO, "-1")])
    assert lines(one, "UPC", "Price") == [("c", D("9.66")), ("a", D("9.66")), ("b", D("9.67"))]


def test_an_order_discount_may_stay_in_the_header() -> None:
    one = order(item(itemQuantity=2), adjustments=[adjustment(PROMO, "-4")])
    assert lines(one, "OrigPrice", "Price", "Qty", order_discount="header") == [(40, 40, 2)]
    assert body(one, order_discount="header")["TotalDiscAmt"] == 4


def test_total_discount_and_shipping() -> None:
    charges = [adjustment(PROMO, "-2"), adjustment("SHIPPING_CHARGES", "7"), adjustment("EXT_SHIP_ADJUSTMENT", "-3")]
    found = body(order(item(itemAdjustments=[adjustment(PROMO, "-1.5")]), adjustments=charges))
    assert (found["TotalAmt"], found["TotalDiscAmt"], found["ShippingAmt"]) == (D("40.5"), D("3.5"), 4)


def test_tax_within_the_prices_does_not_count_twice() -> None:
    taxed = order(item(itemAdjustments=[adjustment(TAX, "4.6")]), total="40")
    assert refusal(taxed) == ("TOTALS_MISMATCH", "grandTotal")
    found = body(taxed, prices_include_tax=True)
    assert (found["TotalAmt"], found["Items"][0]["Tax"]) == (40, D("4.6"))


def test_totals_that_do_not_close() -> None:
    found = cause(order(total="40.01"))
    assert (found.reason, found.field) == ("TOTALS_MISMATCH", "grandTotal")
    assert found.message == "grandTotal says 40.01, items and adjustments make 40.00."


def test_tax_of_the_order_is_noted() -> None:
    found = draft(order(adjustments=[adjustment("SHIPPING_CHARGES", "5"), adjustment("SHIPPING_SALES_TAX", "0.65")]))
    assert found.notes == ("Tax of 0.65 on the order stands in TotalAmt only.",)
    assert found.amount_minor == 4565


def test_an_unknown_adjustment_may_only_be_zero() -> None:
    assert body(order(adjustments=[adjustment("DONATION_ADJUSTMENT", "0")]))["TotalAmt"] == 40
    assert refusal(order(adjustments=[adjustment("DONATION_ADJUSTMENT", "1")])) == (
        "UNMAPPED_VALUE",
        "orderAdjustments.orderAdjustmentTypeId",
    )
    inside = order(item(itemAdjustments=[adjustment("FEE", "1")]))
    assert refusal(inside) == ("UNMAPPED_VALUE", "itemAdjustments.orderAdjustmentTypeId")


def test_an_adjustment_may_count_in_the_total_only(tmp_path: Path) -> None:
    using = with_tables(tmp_path, adjustment="DONATION_ADJUSTMENT,elsewhere,\n")
    found = body(order(adjustments=[adjustment("DONATION_ADJUSTMENT", "1")]), using)
    assert (found["TotalAmt"], found["TotalDiscAmt"], found["ShippingAmt"]) == (41, 0, 0)


def test_a_kind_of_adjustment_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"adjustment.csv:3: 'duty' is none of tax, discount, shipping, elsewhere"):
        with_tables(tmp_path, adjustment="FEE,tax,\nDUTY,duty,\n")


@pytest.mark.parametrize(
    "one",
    [
        order(item(price="-1")),
        order(total="-40"),
        {**order(), "grandTotal": None},
        {**order(), "grandTotal": Decimal("40.001")},
        {**order(), "grandTotal": "NaN"},
        {**order(), "grandTotal": "1E+999999"},
        order(item(itemAdjustments=[adjustment(PROMO, "-40.01")])),
        order(item(itemAdjustments=[adjustment(PROMO, "1")])),
        order(item(itemAdjustments=[adjustment(TAX, "-1")])),
        order(item(itemAdjustments=[adjustment(TAX, "0.125")])),
        order(adjustments=[adjustment(PROMO, "-41"), adjustment("SHIPPING_CHARGES", "1")]),
        order(adjustments=[adjustment("SHIPPING_CHARGES", "-1")]),
        order(adjustments=[adjustment(PROMO, "2")]),
        order(item(price="100000000000", itemQuantity=1000)),
    ],
    ids=range(14),
)
def test_amounts_that_cannot_be_meant(one: dict[str, Any]) -> None:
    assert cause(one).reason == "BAD_MONEY"


def test_numbers_of_more_than_ten_digits() -> None:
    assert lines(order(item(price="999999.99")), "Price") == [(D("999999.99"),)]
    found = cause(order(item(price="1000000")))
    assert (found.reason, found.field) == ("BAD_MONEY", "order.TotalAmt")
    assert found.message == "order.TotalAmt is 1000000, at most 6 digits may precede the point."


@pytest.mark.parametrize(
    ("currency", "price", "reason"),
    [
        ("JPY", "40", ""),
        ("JPY", "40.5", "BAD_MONEY"),
        ("KWD", "40.125", ""),
        ("ZZZ", "40", "BAD_CURRENCY"),
        (None, "40", "BAD_CURRENCY"),
    ],
)
def test_currencies(currency: str | None, price: str, reason: str) -> None:
    found = draft(order(item(price=price), currency=currency))
    assert (found.cause.reason if found.cause else "") == reason
    if not reason:
        assert exact(found.body)["Items"][0]["Price"] == D(price)


CENTS = st.integers(0, 100_00)
ITEM = st.tuples(CENTS, st.integers(1, 7), st.integers(0, 100), st.integers(0, 500), st.sampled_from("ab"))


def some_order(drawn: list[tuple[int, int, int, int, str]], percent: int, shipping: int) -> dict[str, Any]:
    """Items of random prices with a random part of the price off, and a random part of the whole off."""
    goods, worth = [], 0
    for at, (price, quantity, off, tax, upc) in enumerate(drawn):
        discount = price * quantity * off // 100
        worth += price * quantity - discount
        changes = [adjustment(PROMO, str(Decimal(-discount) / 100)), adjustment(TAX, str(Decimal(tax) / 100))]
        goods.append(
            item(f"{at:05d}", price=str(Decimal(price) / 100), upc=upc, itemQuantity=quantity, itemAdjustments=changes)
        )
    promo = adjustment(PROMO, str(Decimal(-(worth * percent // 100)) / 100))
    return order(*goods, adjustments=[promo, adjustment("SHIPPING_CHARGES", str(Decimal(shipping) / 100))])


@given(st.lists(ITEM, min_size=1, max_size=6), st.integers(0, 100), st.integers(0, 2000))
@settings(max_examples=150, deadline=None)
def test_lines_close_with_the_total(drawn: list[tuple[int, int, int, int, str]], percent: int, shipping: int) -> None:
    one = some_order(drawn, percent, shipping)
    (found,) = drafts([one])
    assert found.cause is None, found.cause
    made = exact(found.body)
    items = made["Items"]
    assert sum((line["Price"] + line["Tax"]) * line["Qty"] for line in items) + made["ShippingAmt"] == one["grandTotal"]
    assert sum((line["OrigPrice"] - line["Price"]) * line["Qty"] for line in items) == made["TotalDiscAmt"]
    assert sum(line["Tax"] * line["Qty"] for line in items) == Decimal(sum(tax for _, _, _, tax, _ in drawn)) / 100
    for upc in "ab":
        assert sum(line["Qty"] for line in items if line["UPC"] == upc) == sum(
            q for _, q, _, _, one in drawn if one == upc
        )
    assert all(0 <= line["Price"] <= line["OrigPrice"] for line in items)
    assert len({tuple(line.values()) for line in items}) == len(items)
