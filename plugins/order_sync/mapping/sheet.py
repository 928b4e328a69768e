"""What a mapping reads: the columns of a frame with their types, at the level of the order or of the line."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]


class Level(Enum):
    """How many values a column has: one per order, one per line, or a single one for all."""

    ORDER = "order"
    LINE = "line"
    ALL = "all"


class Numbers(NamedTuple):
    """Whole numbers that may be absent: money in minor units, ten-thousandths, quantities, epoch milliseconds."""

    values: Int64Array
    present: BoolArray


@dataclass
class Sheet:
    """Typed columns by path.

    :param owner: the order of each line.
    :param decimals: decimals of each order's currency.
    :param labels: the order id by order position, for messages.
    :param line_labels: the line id by line position, for messages.
    :param text: texts without surrounding blanks; blank is null.
    :param money: amounts in minor units.
    :param number: exact numbers in ten-thousandths.
    :param whole: whole numbers.
    :param instant: instants in epoch milliseconds, UTC.
    :param line_facts: paths beginning with ``fact.`` that belong to the line.
    """

    owner: Int64Array
    decimals: Int64Array
    labels: pa.Array
    line_labels: pa.Array
    text: dict[str, pa.Array] = field(default_factory=dict)
    money: dict[str, Numbers] = field(default_factory=dict)
    number: dict[str, Numbers] = field(default_factory=dict)
    whole: dict[str, Numbers] = field(default_factory=dict)
    instant: dict[str, Numbers] = field(default_factory=dict)
    line_facts: frozenset[str] = frozenset()

    def level(self, path: str) -> Level:
        """Whether the path has one value per order or one per line."""
        return Level.LINE if path.startswith("line.") or path in self.line_facts else Level.ORDER

    def count(self, level: Level) -> int:
        """How many values a column of this level has."""
        return {Level.ORDER: len(self.decimals), Level.LINE: len(self.owner), Level.ALL: 1}[level]
