"""Which orders of a frame are rejected, and why: the first cause found stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from order_sync.errors import BadInput

BoolArray = npt.NDArray[np.bool_]
Int64Array = npt.NDArray[np.int64]


class Verdicts:
    """Collects rejects while rules and mappings look at whole columns.

    :param count: number of orders.
    :param owner: the order of each line.
    """

    def __init__(self, count: int, owner: Int64Array) -> None:
        self.rejected: BoolArray = np.zeros(count, dtype=np.bool_)
        self._owner = owner
        self._causes: dict[int, BadInput] = {}

    @property
    def causes(self) -> Mapping[int, BadInput]:
        """The cause by order position."""
        return self._causes

    def order(self, position: int, cause: BadInput) -> None:
        """Reject one order, unless it is rejected already."""
        if not self.rejected[position]:
            self.rejected[position] = True
            self._causes[position] = cause

    def orders(self, bad: BoolArray, reason: str, field: str, message: Callable[[int], str]) -> None:
        """Reject the orders where ``bad`` is true.

        :param message: called with the position of each order that is newly rejected.
        """
        for position in np.flatnonzero(bad & ~self.rejected):
            self.order(int(position), BadInput(reason, message(int(position)), field=field))

    def lines(self, bad: BoolArray, reason: str, field: str, message: Callable[[int], str]) -> None:
        """Reject the orders of the lines where ``bad`` is true; the message is about the first such line of each.

        :param message: called with the position of that line.
        """
        for position in np.flatnonzero(bad):
            order = int(self._owner[position])
            if not self.rejected[order]:
                self.order(order, BadInput(reason, message(int(position)), field=field))
