"""A small sheet, and one column filled from it."""

from __future__ import annotations

from collections.abc import Mapping as Values
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from order_sync.errors import BadInput
from order_sync.mapping import model
from order_sync.mapping.engine import Engine, at_level
from order_sync.mapping.model import Vocabulary
from order_sync.mapping.sheet import Level, Numbers, Sheet
from order_sync.mapping.verdicts import Verdicts

VOCABULARY = Vocabulary(
    paths={
        **dict.fromkeys(("order.id", "order.name", "order.nick", "order.colour"), "text"),
        **dict.fromkeys(("line.sku", "line.colour", "fact.kind", "fact.way"), "text"),
        **dict.fromkeys(("order.total", "line.price"), "money"),
        **dict.fromkeys(("order.count", "line.quantity"), "whole"),
        "order.at": "date",
    },
    cases={"fact.kind": frozenset({"a", "b"}), "fact.way": frozenset({"in", "out"})},
    settings=frozenset({"channel", "blank", "date_format"}),
)
#: Three orders of 2, 1 and 3 lines.
COUNTS = [2, 1, 3]
OWNER = np.repeat(np.arange(3), COUNTS)


def texts(*values: str | None) -> pa.Array:
    return pa.array(values, pa.string())


def numbers(*values: int | None) -> Numbers:
    return Numbers(np.array([value or 0 for value in values]), np.array([value is not None for value in values]))


def a_sheet(**changes: Any) -> Sheet:
    sheet = Sheet(
        OWNER,
        np.array([2, 0, 3]),
        texts("A", "B", "C"),
        texts("1", "2", "1", "1", "2", None),
        text={
            "order.id": texts("A", "B", "C"),
            "order.name": texts("Ada", None, "Zoë"),
            "order.nick": texts(None, "Bo", "Z"),
            "order.colour": texts("red", "green", None),
            "line.sku": texts("s1", "s2", "s3", None, "s5", "s6"),
            "line.colour": texts("red", None, "blue", "red", "red", "pink"),
            "fact.kind": texts("a", "b", "a"),
            "fact.way": texts("in", "out", "out", "in", None, "out"),
        },
        money={"order.total": numbers(12345, 678, None), "line.price": numbers(100, -5, 7, 1, None, 1234567)},
        whole={"order.count": numbers(2, None, 3), "line.quantity": numbers(1, 2, 3, 4, 5, -6)},
        instant={"order.at": numbers(1705092327000, None, 1719792000000)},
        line_facts=frozenset({"fact.way"}),
    )
    for kind, fields in changes.items():
        getattr(sheet, kind).update(fields)
    return sheet


class Filling:
    """One column of one mapping, filled.

    :param values: what came out, repeated for the lines.
    """

    def __init__(self, folder: Path, column: str, sheet: Sheet | None = None, zone: str = "UTC") -> None:
        path, tables = folder / "mapping.yaml", folder / "lookups"
        tables.mkdir()
        table = "key,value,description\nred,R,\nblue,B,\nempty,,\n"
        (tables / "colour.csv").write_text(table)
        path.write_text(f"target: t\nsource: s\ncolumns:\n  - {{name: x, {column}}}\n", encoding="utf-8")
        mapping = model.load(path, VOCABULARY, tables, "acme")
        sheet = sheet or a_sheet()
        verdicts = Verdicts(sheet.count(Level.ORDER), sheet.owner)
        filled = Engine(mapping, {"channel": "POS", "blank": "", "date_format": "D/M/YYYY"}, ZoneInfo(zone)).fill(
            sheet, verdicts
        )["x"]
        self.level = filled.level
        values = at_level(filled, Level.LINE, sheet.owner)
        self.lines = [values.as_py()] * len(sheet.owner) if filled.level is Level.ALL else values.to_pylist()
        self.own = [filled.values.as_py()] if filled.level is Level.ALL else filled.values.to_pylist()
        self.causes: Values[int, BadInput] = verdicts.causes

    @property
    def rejected(self) -> dict[int, tuple[str, str, str]]:
        return {at: (cause.reason, cause.field, cause.message) for at, cause in self.causes.items()}


def blank(line: str = "") -> tuple[str, str, str]:
    return "REQUIRED_FIELD", "x", f"{line}x would be empty."
