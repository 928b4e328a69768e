"""Filling columns: every kind of source, what is done with the value, and which orders it rejects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_sync.mapping.sheet import Level
from tests.mapping.filling import Filling, a_sheet, blank, numbers, texts


@pytest.mark.parametrize(
    ("column", "level", "own"),
    [
        ("constant: c", Level.ALL, ["c"]),
        ('constant: ""', Level.ALL, [None]),
        ("setting: channel", Level.ALL, ["POS"]),
        ("setting: blank", Level.ALL, [None]),
        ("from: order.name", Level.ORDER, ["Ada", None, "Zoë"]),
        ("from: line.sku", Level.LINE, ["s1", "s2", "s3", None, "s5", "s6"]),
        ("from: fact.kind", Level.ORDER, ["a", "b", "a"]),
        ("from: fact.way", Level.LINE, ["in", "out", "out", "in", None, "out"]),
        ("from: [order.name]", Level.ORDER, ["Ada", None, "Zoë"]),
        ("from: [order.name, order.nick]", Level.ORDER, ["Ada", "Bo", "Zoë"]),
        ("from: [order.nick, order.name]", Level.ORDER, ["Ada", "Bo", "Z"]),
        ("from: [line.sku, order.id]", Level.LINE, ["s1", "s2", "s3", "C", "s5", "s6"]),
        ("from: [order.nick, line.sku]", Level.LINE, ["s1", "s2", "Bo", "Z", "Z", "Z"]),
        ('join: [order.id, order.nick], with: "-"', Level.ORDER, [None, "B-Bo", "C-Z"]),
        ('join: [order.id, line.sku], with: "-"', Level.LINE, ["A-s1", "A-s2", "B-s3", None, "C-s5", "C-s6"]),
        ("join: [order.id, order.id]", Level.ORDER, ["AA", "BB", "CC"]),
        ("from: order.count, type: whole", Level.ORDER, ["2", None, "3"]),
        ("from: line.quantity, type: whole", Level.LINE, ["1", "2", "3", "4", "5", "-6"]),
        ("from: [order.count, line.quantity], type: whole", Level.LINE, ["2", "2", "3", "3", "3", "3"]),
    ],
)
def test_sources(tmp_path: Path, column: str, level: Level, own: list[str | None]) -> None:
    filling = Filling(tmp_path, column)
    assert (filling.level, filling.own, filling.rejected) == (level, own, {})


def test_money_has_the_decimals_of_its_order(tmp_path: Path) -> None:
    assert Filling(tmp_path, "from: line.price, type: money").own == ["1.00", "-0.05", "7", "0.001", None, "1234.567"]


def test_money_of_the_order(tmp_path: Path) -> None:
    assert Filling(tmp_path, "from: order.total, type: money").own == ["123.45", "678", None]


def test_money_negated(tmp_path: Path) -> None:
    filling = Filling(tmp_path, "from: line.price, type: money, functions: [negate]")
    assert filling.own == ["-1.00", "0.05", "-7", "-0.001", None, "-1234.567"]


def test_money_in_one_currency(tmp_path: Path) -> None:
    sheet = a_sheet()
    sheet.decimals[:] = 0
    assert Filling(tmp_path, "from: line.price, type: money", sheet).own == ["100", "-5", "7", "1", None, "1234567"]


def test_zero_is_never_negative(tmp_path: Path) -> None:
    sheet = a_sheet(money={"line.price": numbers(0, 0, 0, 0, 0, 0)})
    filling = Filling(tmp_path, "from: line.price, type: money, functions: [negate]", sheet)
    assert filling.own == ["0.00", "0.00", "0", "0.000", "0.000", "0.000"]


@pytest.mark.parametrize(
    ("column", "own"),
    [
        ("from: order.name, default: d", ["Ada", "d", "Zoë"]),
        ('from: order.name, default: ""', ["Ada", "", "Zoë"]),
        ("from: order.name, default_setting: channel", ["Ada", "POS", "Zoë"]),
        ("from: [order.name, order.nick], default: d", ["Ada", "Bo", "Zoë"]),
        ("from: order.count, type: whole, default: '0'", ["2", "0", "3"]),
        ("from: order.total, type: money, default: '0'", ["123.45", "678", "0"]),
        ('constant: "", default: d', ["d"]),
        ("setting: blank, default_setting: channel", ["POS"]),
        ("lookup: colour, key: order.colour, unknown: default, default: d", ["R", "d", "d"]),
        ("from: order.name, functions: [upper]", ["ADA", None, "ZOË"]),
        ("from: order.name, functions: [lower], default: D", ["ada", "d", "zoë"]),
        ("from: order.name, functions: [lower, upper]", ["ADA", None, "ZOË"]),
        ("setting: channel, functions: [lower]", ["pos"]),
        ("from: order.name, max_length: 2, too_long: cut", ["Ad", None, "Zo"]),
        ("from: order.name, max_length: 3, too_long: cut", ["Ada", None, "Zoë"]),
        ("setting: channel, max_length: 1, too_long: cut", ["P"]),
        ("from: order.name, default: Somebody, max_length: 4, too_long: cut", ["Ada", "Some", "Zoë"]),
    ],
)
def test_what_is_done_with_a_value(tmp_path: Path, column: str, own: list[str | None]) -> None:
    filling = Filling(tmp_path, column)
    assert (filling.own, filling.rejected) == (own, {})


@pytest.mark.parametrize(
    ("column", "rejected"),
    [
        ("from: order.name, required: true", {1: blank()}),
        ("from: order.name, required: true, default: d", {}),
        ("from: line.sku, required: true", {2: blank("line 1: ")}),
        ("from: [line.sku, order.id], required: true", {}),
        ('constant: "", required: true', {0: blank(), 1: blank(), 2: blank()}),
        ("setting: blank, required: true", {0: blank(), 1: blank(), 2: blank()}),
        ("setting: channel, required: true", {}),
        ("from: order.count, type: whole, required: true", {1: blank()}),
        ("from: order.total, type: money, required: true", {2: blank()}),
        ("from: order.at, type: date, format: MM/DD/YYYY, required: true", {1: blank()}),
        ("join: [order.id, line.sku], required: true", {2: blank("line 1: ")}),
        ("lookup: colour, key: order.colour, unknown: pass, required: true", {2: blank()}),
    ],
)
def test_required(tmp_path: Path, column: str, rejected: dict[int, Any]) -> None:
    assert Filling(tmp_path, column).rejected == rejected


def test_a_blank_in_a_table_is_no_value(tmp_path: Path) -> None:
    sheet = a_sheet(text={"order.colour": texts("empty", "red", "blue")})
    filling = Filling(tmp_path, "lookup: colour, key: order.colour, unknown: reject, required: true", sheet)
    assert (filling.own, filling.rejected) == ([None, "R", "B"], {0: blank()})


def long(length: int, limit: int) -> tuple[str, str, str]:
    return "VALUE_TOO_LONG", "x", f"x would have {length} characters, at most {limit} are allowed."


@pytest.mark.parametrize(
    ("column", "rejected"),
    [
        ("from: order.name, max_length: 3, too_long: reject", {}),
        ("from: order.name, max_length: 2, too_long: reject", {0: long(3, 2), 2: long(3, 2)}),
        ("from: line.sku, max_length: 1, too_long: reject", {0: long(2, 1), 1: long(2, 1), 2: long(2, 1)}),
        ("setting: channel, max_length: 2, too_long: reject", {0: long(3, 2), 1: long(3, 2), 2: long(3, 2)}),
        ("from: order.total, type: money, max_length: 5, too_long: reject", {0: long(6, 5)}),
    ],
)
def test_too_long(tmp_path: Path, column: str, rejected: dict[int, Any]) -> None:
    assert Filling(tmp_path, column).rejected == rejected
