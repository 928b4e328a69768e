"""Counts and money: what came in, what went out, and whether the two close."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from order_sync.ledger.rows import Batch, Feed
from order_sync.ledger.states import State


@dataclass(frozen=True)
class Tally:
    """How many records, and how much money.

    :param count: number of records.
    :param amounts: currency to minor units, of those whose amount is known; currencies without one are left out.
    :param unpriced: how many of them have no readable amount.
    :param lines: number of order lines.
    """

    count: int = 0
    amounts: Mapping[str, int] = field(default_factory=dict)
    unpriced: int = 0
    lines: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Sum of both."""
        amounts = dict(self.amounts)
        for currency, minor in other.amounts.items():
            amounts[currency] = amounts.get(currency, 0) + minor
        return Tally(self.count + other.count, amounts, self.unpriced + other.unpriced, self.lines + other.lines)


@dataclass(frozen=True)
class Equation:
    """The promise in figures: arrived = sending + excluded + rejected, in count and in money.

    :param arrived: every arrival of the batch, whether it made a record or not.
    :param sending: records that are READY or further on their way out.
    :param excluded: left out on purpose: EXCLUDED and CANCELLED records, repeats of the same content, older versions.
    :param rejected: set aside: QUARANTINED, or set aside here and taken up by a later batch since.
    :param undecided: records nobody has decided on yet; must be none after a transform.
    """

    arrived: Tally
    sending: Tally
    excluded: Tally
    rejected: Tally
    undecided: Tally

    def gap(self, counted: Tally) -> str:
        """Say why the equation does not close.

        :param counted: what the caller counted while it read the files; every record, readable or not.
        :returns: both figures in words; empty if the equation closes.
        """
        split = self.sending + self.excluded + self.rejected + self.undecided
        faults = [
            difference("read", counted, "in the ledger", self.arrived),
            difference("arrived", self.arrived, "accounted for", split),
            f"nobody decided about {_words(self.undecided)}" if self.undecided.count else "",
        ]
        return "; ".join(fault for fault in faults if fault)


def difference(first: str, one: Tally, second: str, other: Tally) -> str:
    """Say how two tallies that should agree in count and money differ.

    :param first: what ``one`` counts.
    :param second: what ``other`` counts.
    :returns: both figures in words; empty if they agree.
    """
    if _equal(one, other):
        return ""
    return f"{_words(one)} {first}, {_words(other)} {second}"


def _equal(one: Tally, other: Tally) -> bool:
    """Whether two tallies agree in count and money; zero of a currency is as good as none."""
    money = [{currency: minor for currency, minor in tally.amounts.items() if minor} for tally in (one, other)]
    return one.count == other.count and money[0] == money[1]


def _words(tally: Tally) -> str:
    money = ", ".join(f"{minor} {currency or '?'} (minor units)" for currency, minor in sorted(tally.amounts.items()))
    return f"{tally.count} records of {money}" if money else f"{tally.count} records"


@dataclass(frozen=True)
class BatchSummary:
    """Everything countable about one batch.

    :param files: number of inputs.
    :param states: per record state.
    :param reasons: per (state, reason) of EXCLUDED and QUARANTINED records.
    :param repeats: per kind of repeat (``SAME``, ``OLDER``, ``MOVED``).
    :param kinds: per (state, kind of order).
    :param feeds: the output files.
    """

    batch: Batch
    files: int
    states: Mapping[State, Tally]
    reasons: Mapping[tuple[State, str], Tally]
    repeats: Mapping[str, Tally]
    kinds: Mapping[tuple[State, str], Tally]
    feeds: tuple[Feed, ...]


@dataclass(frozen=True)
class TotalLine:
    """Records of one currency that are in one state for one reason.

    :param state: state of the records, or kind of repeat (``SAME``, ``OLDER``, ``MOVED``) of arrivals that made none.
    :param currency: empty if it cannot be read.
    :param minor: minor units of those whose amount is known.
    """

    state: str
    reason: str
    currency: str
    count: int
    minor: int


@dataclass(frozen=True)
class ExceptionRow:
    """One record that needs a person, or that no longer does.

    :param file_name: the name under which its batch got the file.
    :param reason: a code of :data:`order_sync.reasons.REASONS`; for a solved one the code it was set aside for.
    """

    record_id: int
    order_key: str
    version: int
    batch_id: int
    file_name: str
    record_index: int
    state: State
    reason: str
    field: str
    message: str
    kind: str
    store: str
    amount_minor: int | None
    currency: str
    order_date: datetime | None
    first_seen_at: datetime
    updated_at: datetime
