"""Small operations on whole columns that the rules share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.sheet import BoolArray, Int64Array, Numbers
from order_sync.transforms.tlog_frame import Group


def clean(texts: pa.Array) -> pa.Array:
    """Texts without surrounding blanks; a blank one is null."""
    trimmed = pc.utf8_trim_whitespace(texts)
    blank = pc.equal(pc.binary_length(trimmed), 0)
    if not pc.any(blank).as_py():
        return trimmed
    return pc.if_else(blank, pa.scalar(None, pa.string()), trimmed)


def is_null(values: pa.Array) -> BoolArray:
    """Where a value is absent."""
    return np.asarray(pc.is_null(values).to_numpy(zero_copy_only=False), dtype=np.bool_)


def equals(values: pa.Array, wanted: str) -> Int64Array:
    """1 where the text is the wanted one, else 0."""
    return np.asarray(pc.fill_null(pc.equal(values, wanted), fill_value=False)).astype(np.int64)


def numbers(column: pa.Array) -> Numbers:
    """A column of whole numbers, absent ones as 0."""
    present = ~is_null(column)
    return Numbers(pc.fill_null(column, 0).to_numpy(zero_copy_only=False).astype(np.int64), present)


def sums(values: Int64Array, counts: Int64Array) -> Int64Array:
    """Exact sums of adjacent values, ``counts`` of them at a time."""
    running = np.concatenate((np.zeros(1, np.int64), np.cumsum(values)))
    ends = np.cumsum(counts)
    return np.asarray(running[ends] - running[ends - counts])


def any_of(marked: BoolArray, group: Group) -> BoolArray:
    """Whether any entry of each owner is marked."""
    return sums(marked.astype(np.int64), group.counts) > 0


def first_present(choices: Sequence[Numbers]) -> Int64Array:
    """The first value that is present, else 0."""
    return np.select([choice.present for choice in choices], [choice.values for choice in choices], 0)
