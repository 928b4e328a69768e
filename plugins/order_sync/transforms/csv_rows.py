"""Filled columns to CSV text: commas, line feeds, UTF-8, quotes only where a value needs them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.engine import Filled
from order_sync.mapping.sheet import Int64Array, Level

_SPECIAL = (b",", b'"', b"\n", b"\r")


def header(names: list[str]) -> bytes:
    """The header line."""
    return (",".join(names) + "\n").encode()


def rows(columns: Mapping[str, Filled], owner: Int64Array, lines: Int64Array) -> pa.Buffer:
    """The CSV text of some lines.

    Columns of the order that stand side by side become one piece of text per order, before it is repeated per line.

    :param columns: the filled columns in the order of the header.
    :param owner: the order of every line of the frame.
    :param lines: positions of the lines to write, at least one.
    """
    orders, chosen = pa.array(owner[lines]), pa.array(lines)
    pieces = []
    for of_line, side_by_side in groupby(columns.values(), key=lambda filled: filled.level is Level.LINE):
        if of_line:
            every = len(lines) == len(owner)
            pieces += [_quoted(filled.values if every else filled.values.take(chosen)) for filled in side_by_side]
        else:
            piece = _joined([_quoted(filled.values) for filled in side_by_side], ",")
            pieces.append(piece if isinstance(piece, pa.Scalar) else piece.take(orders))
    text = _joined([_joined(pieces, ","), pa.scalar("\n")], "")
    return text.buffers()[2].slice(0, pc.sum(pc.binary_length(text)).as_py() or 0)


def _joined(pieces: list[pa.Array | pa.Scalar], separator: str) -> pa.Array | pa.Scalar:
    return pc.binary_join_element_wise(*pieces, separator, null_handling="replace")


def _quoted(values: pa.Array | pa.Scalar) -> pa.Array | pa.Scalar:
    """Values that hold a comma, a quote or a line break in quotes; most columns hold none and stay as they are."""
    if isinstance(values, pa.Array):
        data = values.buffers()[2]
        text = data.to_pybytes() if data else b""
        if not any(mark in text for mark in _SPECIAL):
            return values
    needs = pc.match_substring_regex(values, '[",\r\n]')
    inside = pc.replace_substring(values, '"', '""')
    return pc.if_else(needs, pc.binary_join_element_wise('"', inside, '"', ""), values)
