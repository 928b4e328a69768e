"""Exact numbers that are no money of a currency: whole ten-thousandths, written with as few decimals as they need."""

from __future__ import annotations

import functools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.mapping.sheet import Int64Array

#: The decimals that a number of a mapping can have.
NUMBER_DECIMALS = 4
_UNIT = 10**NUMBER_DECIMALS


def shortest_text(values: Int64Array) -> pa.StringArray:
    """Ten-thousandths as decimal text, vectorised: ``400000`` → ``40``, ``57500`` → ``5.75``."""
    whole, rest = np.divmod(np.abs(values), _UNIT)
    parts = [pa.array(whole).cast(pa.string()), _endings().take(pa.array(rest))]
    if (negative := values < 0).any():
        parts.insert(0, pa.array(["", "-"]).take(pa.array(negative.astype(np.int8))))
    return pc.binary_join_element_wise(*parts, "")


@functools.cache
def _endings() -> pa.StringArray:
    endings = (f".{rest:0{NUMBER_DECIMALS}d}".rstrip("0") for rest in range(_UNIT))
    return pa.array([ending.rstrip(".") for ending in endings])
