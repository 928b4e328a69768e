"""What is about to be published is read back and counted: the figures are right, and damage to the bytes shows."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.predictspring import Shop, dump
from tests.transforms.kit import run, transform, usual
from tests.transforms.orders import in_store, mixed, one_line, send_sale

ORDERS = [in_store(orderId="A"), send_sale(orderId="B"), mixed(orderId="C")]
MONEY = Decimal("217.86") + Decimal("42.33") + Decimal("260.19")


@pytest.mark.parametrize("form", ["csv", "json"])
def test_figures(form: str) -> None:
    result = run(ORDERS, usual(form))
    (part,) = result.parts
    assert usual(form).figures(part) == (3, 4, MONEY, MONEY)


@pytest.mark.parametrize("form", ["csv", "json"])
def test_figures_of_parts_add_up(form: str) -> None:
    data = [dump(order) for order in Shop(9).orders(60, slim=True)]
    using = usual(form)
    whole = using.figures(run(data, using).parts[0])
    parts = [using.figures(part) for part in run(data, using, 13).parts]
    assert [sum(figure) for figure in zip(*parts, strict=True)] == list(whole)
    assert whole.row_money == whole.grand_totals
    assert whole.orders == 60


@pytest.mark.parametrize("form", ["csv", "json"])
def test_figures_with_other_decimals(form: str) -> None:
    orders = [one_line(1250, 3, orderId="A", currency="JPY"), one_line(Decimal("1.005"), orderId="B", currency="KWD")]
    (part,) = run(orders, usual(form)).parts
    assert usual(form).figures(part) == (2, 2, Decimal("3751.005"), Decimal("3751.005"))


def test_figures_read_quoted_values_with_line_breaks() -> None:
    name = {"firstName": 'two\nlines, "quoted"\r\n', "lastName": "x"}
    (part,) = run([in_store(billingAddress=name), send_sale(orderId="B")]).parts
    assert usual().figures(part)[:2] == (2, 2)


def test_figures_of_large_amounts_are_exact() -> None:
    orders = [one_line(Decimal("99999999999.99"), orderId=str(n)) for n in range(50)]
    (part,) = run(orders).parts
    assert usual().figures(part).grand_totals == Decimal("4999999999999.50")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"100.50,100.50,-1.00", b"100.51,100.50,-1.00"),
        (b"100.50,100.50,-1.00", b"100.50,100.50,1.00"),
        (b",17.86,", b",17.80,"),
        (b",8.95,", b",8.96,"),
        (b",0.72,", b",0.00,"),
        (b",260.19,", b",260.18,"),
        (b",2,100.50", b",3,100.50"),
    ],
)
def test_tampered_csv_shows(old: bytes, new: bytes) -> None:
    (part,) = run(ORDERS).parts
    right = usual().figures(part)
    assert old in part
    wrong = usual().figures(part.replace(old, new))
    assert (wrong.row_money, wrong.grand_totals) != (right.row_money, right.grand_totals)
    assert wrong.row_money != wrong.grand_totals


def test_lost_and_doubled_rows_show() -> None:
    (part,) = run(ORDERS).parts
    right = usual().figures(part)
    lines = part.splitlines(keepends=True)
    for rows in (lines[:-1], lines[1:], [*lines, lines[0]]):
        wrong = usual().figures(b"".join(rows))
        assert wrong.rows != right.rows
        assert wrong.row_money != right.row_money


@pytest.mark.parametrize("damage", [lambda part: part[:-40], lambda part: part.replace(b"PS", b"P,S", 1)])
def test_rows_that_are_no_rows_are_refused(damage: object) -> None:
    (part,) = run([in_store(), send_sale(orderId="PSB")]).parts
    with pytest.raises(ValueError, match=r"columns|CSV"):
        usual().figures(damage(part))  # type: ignore[operator]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"unitPrice":100.50', b'"unitPrice":100.51'),
        (b'"amount":-1.00', b'"amount":1.00'),
        (b'"quantity":2', b'"quantity":1'),
        (b'"amount":8.95', b'"amount":0'),
        (b'"grandTotal":260.19', b'"grandTotal":260.20'),
    ],
)
def test_tampered_json_shows(old: bytes, new: bytes) -> None:
    using = usual("json")
    (part,) = run(ORDERS, using).parts
    assert old in part
    wrong = using.figures(part.replace(old, new))
    assert wrong.row_money != wrong.grand_totals


def test_json_that_is_none_is_refused() -> None:
    using = usual("json")
    (part,) = run(ORDERS, using).parts
    with pytest.raises(ValueError, match=r"truncated|JSON"):
        using.figures(part[:-5])


def test_a_part_without_orders_says_nothing() -> None:
    assert transform(feed_format="json").figures(b"") == (0, 0, 0, 0)
