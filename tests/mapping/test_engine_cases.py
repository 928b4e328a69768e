"""Lookup tables and cases: what they give, and whom they reject."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from order_sync.mapping.sheet import Level, Numbers, Sheet
from tests.mapping.filling import VOCABULARY, Filling, a_sheet, blank, texts


def unknown(path: str, value: str) -> tuple[str, str, str]:
    return "UNMAPPED_VALUE", path, f"{path} is {value!r}, which the lookup table colour.csv does not hold."


@pytest.mark.parametrize(
    ("column", "own", "rejected"),
    [
        (
            "lookup: colour, key: order.colour, unknown: reject",
            ["R", None, None],
            {1: unknown("order.colour", "green")},
        ),
        ("lookup: colour, key: order.colour, unknown: pass", ["R", "green", None], {}),
        ("lookup: colour, key: order.colour, unknown: default, default: D", ["R", "D", "D"], {}),
        (
            "lookup: colour, key: line.colour, unknown: reject",
            ["R", None, "B", "R", "R", None],
            {2: unknown("line.colour", "pink")},
        ),
        ("lookup: colour, key: line.colour, unknown: pass", ["R", None, "B", "R", "R", "pink"], {}),
        (
            "lookup: colour, key: line.colour, unknown: default, default_setting: channel",
            ["R", "POS", "B", "R", "R", "POS"],
            {},
        ),
    ],
)
def test_lookups(tmp_path: Path, column: str, own: list[str | None], rejected: dict[int, Any]) -> None:
    filling = Filling(tmp_path, column)
    assert (filling.own, filling.rejected) == (own, rejected)


def test_a_long_unknown_value_is_shown_in_part(tmp_path: Path) -> None:
    sheet = a_sheet(text={"order.colour": texts("x" * 500, None, None)})
    filling = Filling(tmp_path, "lookup: colour, key: order.colour, unknown: reject", sheet)
    assert len(filling.causes[0].message) < 200


# Cases.

IN_OUT = "by: fact.way, cases: {in: {constant: I}, out: {constant: O}}"
REJECTING = "{lookup: colour, key: order.colour, unknown: reject}"


@pytest.mark.parametrize(
    ("column", "level", "own"),
    [
        (
            "by: fact.kind, cases: {a: {constant: A}, b: {setting: channel}}",
            Level.ORDER,
            ["A", "POS", "A"],
        ),
        ("by: fact.kind, cases: {a: {from: order.name}, b: {from: order.nick}}", Level.ORDER, ["Ada", "Bo", "Zoë"]),
        (
            "by: fact.kind, cases: {a: {from: line.sku}, b: {constant: c}}",
            Level.LINE,
            ["s1", "s2", "c", None, "s5", "s6"],
        ),
        (
            IN_OUT,
            Level.LINE,
            ["I", "O", "O", "I", None, "O"],
        ),
        (
            "by: fact.way, cases: {in: {from: order.name}, out: {from: order.nick}}",
            Level.LINE,
            ["Ada", None, "Bo", "Zoë", None, "Z"],
        ),
        (
            "by: fact.way, cases: {in: {from: line.sku}, out: {from: order.nick}}",
            Level.LINE,
            ["s1", None, "Bo", None, None, "Z"],
        ),
        (
            'by: fact.way, cases: {in: {constant: ""}, out: {from: [order.nick, order.name]}}, default: d',
            Level.LINE,
            ["d", "Ada", "Bo", "d", "d", "Z"],
        ),
        (
            f"by: fact.kind, cases: {{a: {{{IN_OUT}}}, b: {{constant: b}}}}",
            Level.LINE,
            ["I", "O", "b", "I", None, "O"],
        ),
    ],
)
def test_cases(tmp_path: Path, column: str, level: Level, own: list[str | None]) -> None:
    filling = Filling(tmp_path, column)
    assert (filling.level, filling.own, filling.rejected) == (level, own, {})


GREEN = unknown("order.colour", "green")
PINK = unknown("line.colour", "pink")


@pytest.mark.parametrize(
    ("column", "rejected"),
    [
        (f"by: fact.kind, cases: {{a: {REJECTING}, b: {{constant: c}}}}", {}),
        (f"by: fact.kind, cases: {{a: {{constant: c}}, b: {REJECTING}}}", {1: GREEN}),
        (f"by: fact.way, cases: {{in: {REJECTING}, out: {{constant: c}}}}", {}),
        (f"by: fact.way, cases: {{in: {{constant: c}}, out: {REJECTING}}}", {1: GREEN}),
        ("by: fact.way, cases: {in: {lookup: colour, key: line.colour, unknown: reject}, out: {constant: c}}", {}),
        (
            "by: fact.way, cases: {in: {constant: c}, out: {lookup: colour, key: line.colour, unknown: reject}}",
            {2: PINK},
        ),
        ("by: fact.kind, cases: {a: {lookup: colour, key: line.colour, unknown: reject}, b: {constant: c}}", {2: PINK}),
        ("by: fact.kind, cases: {a: {constant: c}, b: {lookup: colour, key: line.colour, unknown: reject}}", {}),
    ],
)
def test_a_case_that_does_not_count_rejects_nothing(tmp_path: Path, column: str, rejected: dict[int, Any]) -> None:
    assert Filling(tmp_path, column).rejected == rejected


def test_required_holds_for_the_case_that_counts(tmp_path: Path) -> None:
    column = "by: fact.way, cases: {in: {from: order.name}, out: {from: order.nick}}, required: true"
    assert Filling(tmp_path, column).rejected == {0: blank("line 2: "), 2: blank("line 2: ")}


def test_no_orders_at_all(tmp_path: Path) -> None:
    none: list[Any] = []
    sheet = Sheet(
        np.array(none, np.int64), np.array(none, np.int64), texts(), texts(), line_facts=frozenset({"fact.way"})
    )
    sheet.text = {path: texts() for path, kind in VOCABULARY.paths.items() if kind == "text"}
    sheet.money = {"line.price": Numbers(np.array(none, np.int64), np.array(none, bool))}
    sheet.instant = {"order.at": sheet.money["line.price"]}
    for at, column in enumerate(
        (
            f"by: fact.way, cases: {{in: {REJECTING}, out: {{constant: c}}}}, required: true",
            "by: fact.kind, cases: {a: {from: line.sku}, b: {constant: c}}, max_length: 1, too_long: reject",
            "from: line.price, type: money, functions: [negate]",
            "from: order.at, type: date, format: MM/DD/YYYY",
        )
    ):
        folder = tmp_path / str(at)
        folder.mkdir()
        filling = Filling(folder, column, sheet)
        assert (filling.lines, filling.rejected) == ([], {})
