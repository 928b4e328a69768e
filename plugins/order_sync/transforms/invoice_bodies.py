"""The JSON that Retail Pro gets, from filled columns: whole columns at a time, without an object per order.

The names of a mapping's columns say where a value stands: ``order.X`` at the top, ``CustomerBilling.X`` in an object,
``Items.X`` in the list of lines. Their order is that of the mapping; an optional field without a value is left out.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.engine import Engine, Filled, at_level
from order_sync.mapping.model import Column
from order_sync.mapping.sheet import Int64Array, Level, Sheet
from order_sync.mapping.verdicts import Verdicts

TOP, LINES = "order", "Items"
_QUOTED = frozenset({"text", "date"})


class Bodies:
    """Writes the bodies of one target.

    :param engine: fills the columns.
    :param bare: names of text columns that are written without quotes, as ``true`` and ``false``.
    """

    def __init__(self, engine: Engine, bare: Iterable[str] = ()) -> None:
        self._engine, self._bare = engine, frozenset(bare)

    def write(self, sheet: Sheet) -> tuple[list[bytes], Verdicts]:
        """The body of each order of a sheet, and which orders are rejected: their bodies mean nothing."""
        verdicts = Verdicts(sheet.count(Level.ORDER), sheet.owner)
        fields = self._engine.fill(sheet, verdicts)
        parts: dict[str, list[pa.Array | pa.Scalar]] = {}
        for column in self._engine.mapping.columns:
            part, _, name = column.name.partition(".")
            parts.setdefault(part, []).append(self._member(column, name, fields[column.name], part, sheet))
        members = [self._part(part, parts[part], sheet.owner) for part in parts]
        bodies = pc.binary_join_element_wise("{", _joined(members), "}", "")
        return bodies.cast(pa.binary()).to_pylist(), verdicts

    def _member(self, column: Column, name: str, filled: Filled, part: str, sheet: Sheet) -> pa.Array | pa.Scalar:
        """``"name":value``, null where there is no value."""
        quoted = column.type in _QUOTED and column.name not in self._bare
        member = _labelled(f"{_encoded(name)}:", filled.values, quoted)
        return at_level(Filled(member, filled.level), Level.LINE if part == LINES else Level.ORDER, sheet.owner)

    @staticmethod
    def _part(part: str, members: list[pa.Array | pa.Scalar], owner: Int64Array) -> pa.Array:
        if part == TOP:
            return _joined(members)
        objects = pc.binary_join_element_wise("{", _joined(members), "}", "")
        if part != LINES:
            return pc.binary_join_element_wise(f"{_encoded(part)}:", objects, "")
        ends = np.cumsum(np.bincount(owner))
        lists = pa.ListArray.from_arrays(pa.array(np.concatenate(([0], ends)), pa.int32()), objects)
        return pc.binary_join_element_wise(f"{_encoded(part)}:[", pc.binary_join(lists, ","), "]", "")


def body_sheet(counts: Int64Array, labels: Iterable[str], line_labels: Iterable[str]) -> Sheet:
    """An empty sheet for orders with so many lines each; every one has at least one."""
    owner = np.repeat(np.arange(len(counts)), counts)
    return Sheet(
        owner, np.full(len(counts), 2), pa.array(list(labels), pa.string()), pa.array(list(line_labels), pa.string())
    )


def _joined(members: Iterable[pa.Array | pa.Scalar]) -> pa.Array:
    return pc.binary_join_element_wise(*members, ",", null_handling="skip")


def _labelled(label: str, values: pa.Array | pa.Scalar, quoted: bool) -> pa.Array | pa.Scalar:
    """Values behind their label, as JSON texts where they are to be quoted."""
    if not quoted:
        return pc.binary_join_element_wise(label, values, "")
    if isinstance(values, pa.Scalar):
        return pa.scalar(None if values.as_py() is None else label + _encoded(values.as_py()), pa.string())
    if _plain(values):
        return pc.binary_join_element_wise(f'{label}"', values, '"', "")
    return pa.array([None if text is None else label + _encoded(text) for text in values.to_pylist()], pa.string())


def _plain(texts: pa.StringArray) -> bool:
    """Whether no text has a character that JSON escapes: a quote, a backslash or a control character."""
    characters = texts.buffers()[2]
    if characters is None:
        return True
    codes = np.frombuffer(characters, np.uint8)
    return not ((codes < ord(" ")) | (codes == ord('"')) | (codes == ord("\\"))).any()


def _encoded(text: str) -> str:
    return msgspec.json.encode(text).decode()
