"""The rows of NetSuite's CSV files, from filled columns: the text of each order or customer, apart from the others.

Written like the order feed (commas, line feeds, UTF-8, quotes only where a value needs them). Values that a spreadsheet
would take for a formula stay as they are: NetSuite imports them as text, and has to get what HotWax has.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.engine import Engine, Filled, at_level
from order_sync.mapping.sheet import Int64Array, Level, Sheet
from order_sync.mapping.verdicts import Verdicts
from order_sync.transforms import csv_rows

_SPECIAL = '[",\r\n]'


class Rows:
    """Writes the rows of one target.

    :param engine: fills the columns.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def header(self) -> bytes:
        """The header line."""
        return csv_rows.header([column.name for column in self._engine.mapping.columns])

    def write(self, sheet: Sheet) -> tuple[list[bytes], Verdicts]:
        """The rows of each order of a sheet, and which orders are rejected: their rows mean nothing."""
        verdicts = Verdicts(sheet.count(Level.ORDER), sheet.owner)
        fields = self._engine.fill(sheet, verdicts).values()
        pieces = []
        for of_line, side_by_side in groupby(fields, key=lambda filled: filled.level is Level.LINE):
            cells = [_quoted(filled.values) for filled in side_by_side]
            if of_line:
                pieces += cells
            else:  # put together once per order, before they are repeated in its rows
                pieces.append(at_level(Filled(_joined(cells), _level(cells)), Level.LINE, sheet.owner))
        lines = pc.binary_join_element_wise(_joined(pieces), "\n", "")
        ends = np.cumsum(np.bincount(sheet.owner, minlength=sheet.count(Level.ORDER)))
        of_orders = pa.ListArray.from_arrays(pa.array(np.concatenate(([0], ends)), pa.int32()), lines)
        return pc.binary_join(of_orders, "").cast(pa.binary()).to_pylist(), verdicts


def row_sheet(counts: Int64Array, decimals: Int64Array, labels: Sequence[str], line_labels: Sequence[str]) -> Sheet:
    """An empty sheet for orders with so many rows each; every one has at least one."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return Sheet(owner, decimals, pa.array(labels, pa.string()), pa.array(line_labels, pa.string()))


def _level(cells: Iterable[pa.Array | pa.Scalar]) -> Level:
    return Level.ALL if all(isinstance(cell, pa.Scalar) for cell in cells) else Level.ORDER


def _joined(cells: Iterable[pa.Array | pa.Scalar]) -> pa.Array | pa.Scalar:
    return pc.binary_join_element_wise(*cells, ",", null_handling="replace")


def _quoted(values: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    """Values that hold a comma, a quote or a line break in quotes; most columns hold none and stay as they are."""
    needs = pc.match_substring_regex(values, _SPECIAL)
    if isinstance(values, pa.Array) and not pc.any(needs).as_py():
        return values
    inside = pc.replace_substring(values, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', inside, '"', ""), values)
