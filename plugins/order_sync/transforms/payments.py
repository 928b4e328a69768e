"""The payments of the orders of a frame, and which of them is the largest."""

from __future__ import annotations

from operator import attrgetter
from typing import NamedTuple

import numpy as np

from order_sync.mapping.sheet import Int64Array


class Payment(NamedTuple):
    """A payment: PredictSpring's name of the method and the amount in minor units."""

    method: str
    minor: int


by_amount = attrgetter("minor")


class Payments(NamedTuple):
    """The payments of all orders of a frame: methods and amounts in one row, and where each order's begin."""

    methods: list[str | None]
    minor: Int64Array
    starts: Int64Array
    counts: Int64Array

    def of(self, order: int) -> list[Payment]:
        """The payments of one order, as they came."""
        start = int(self.starts[order])
        places = range(start, start + int(self.counts[order]))
        return [Payment(self.methods[at] or "", int(self.minor[at])) for at in places]

    def largest_methods(self) -> list[str | None]:
        """The method of the largest payment of each order, of equals the first; None where there is none."""
        begins = zip(self.starts.tolist(), self.counts.tolist(), strict=True)
        methods = [self.methods[start] if count else None for start, count in begins]
        for order in np.flatnonzero(self.counts > 1).tolist():
            methods[order] = max(self.of(order), key=by_amount).method or None
        return methods
