"""Who is rejected, and for what: the first cause found for an order stands."""

from __future__ import annotations

import numpy as np

from order_sync.errors import BadInput
from order_sync.mapping.verdicts import Verdicts

OWNER = np.array([0, 0, 1, 2, 2])


def mask(*positions: int, size: int) -> np.ndarray:
    found = np.zeros(size, np.bool_)
    found[list(positions)] = True
    return found


def told(verdicts: Verdicts) -> dict[int, tuple[str, str]]:
    return {at: (cause.reason, cause.message) for at, cause in verdicts.causes.items()}


def test_the_first_cause_stands() -> None:
    verdicts = Verdicts(3, OWNER)
    verdicts.orders(mask(1, size=3), "NO_LINES", "f", lambda at: f"one {at}")
    verdicts.orders(mask(0, 1, size=3), "BAD_DATE", "f", lambda at: f"two {at}")
    verdicts.lines(mask(0, 2, 3, 4, size=5), "BAD_MONEY", "f", lambda at: f"line {at}")
    verdicts.order(2, BadInput("RETURN", "late"))
    assert told(verdicts) == {1: ("NO_LINES", "one 1"), 0: ("BAD_DATE", "two 0"), 2: ("BAD_MONEY", "line 3")}
    assert verdicts.rejected.tolist() == [True, True, True]


def test_messages_are_made_only_for_those_that_are_newly_rejected() -> None:
    verdicts = Verdicts(3, OWNER)
    asked: list[int] = []

    def message(at: int) -> str:
        asked.append(at)
        return "m"

    verdicts.order(1, BadInput("RETURN", "first"))
    verdicts.orders(mask(1, 2, size=3), "BAD_DATE", "f", message)
    verdicts.lines(mask(1, 3, 4, size=5), "BAD_DATE", "f", message)
    assert asked == [2, 1]
    assert verdicts.causes[1].message == "first"


def test_nobody_is_rejected_without_a_cause() -> None:
    verdicts = Verdicts(3, OWNER)
    verdicts.orders(mask(size=3), "BAD_DATE", "f", lambda at: "m")
    verdicts.lines(mask(size=5), "BAD_DATE", "f", lambda at: "m")
    assert not verdicts.rejected.any()
    assert told(verdicts) == {}
