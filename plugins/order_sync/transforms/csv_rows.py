"""Filled columns to CSV text: commas, line feeds, UTF-8, quotes only where a value needs them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.engine import Filled
from order_sync.mapping.sheet import Int64Array, Level

_SPECIAL = np.zeros(256, dtype=np.bool_)
_SPECIAL[list(b'",\r\n')] = True


def header(names: list[str]) -> bytes:
    """The header line."""
    return (",".join(names) + "\n").encode()


def rows(columns: Mapping[str, Filled], owner: Int64Array, lines: Int64Array) -> pa.Buffer:
    """The CSV text of some lines.

    :param columns: the filled columns in the order of the header.
    :param owner: the order of every line of the frame.
    :param lines: positions of the lines to write, at least one.
    """
    orders, whole = pa.array(owner[lines]), len(lines) == len(owner)
    chosen = pa.array(lines)
    last = len(columns) - 1
    cells = []
    for position, filled in enumerate(columns.values()):
        values = _quoted(filled.values)
        if position == last:
            values = pc.binary_join_element_wise(values, "\n", "", null_handling="replace")
        if filled.level is Level.ORDER:
            values = values.take(orders)
        elif filled.level is Level.LINE and not whole:
            values = values.take(chosen)
        cells.append(values)
    text = pc.binary_join_element_wise(*cells, ",", null_handling="replace")
    return text.buffers()[2].slice(0, pc.sum(pc.binary_length(text)).as_py() or 0)


def _quoted(values: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    """Values that hold a comma, a quote or a line break in quotes; most columns hold none and stay as they are."""
    if isinstance(values, pa.Array):
        data = values.buffers()[2]
        if data is None or not _SPECIAL[np.frombuffer(data, np.uint8)].any():
            return values
    needs = pc.match_substring_regex(values, '[",\r\n]')
    inside = pc.replace_substring(values, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', inside, '"', ""), values)
