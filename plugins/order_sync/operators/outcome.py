"""What a batch came to, counted while it is read: the second opinion to the ledger's own figures."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from order_sync.ledger import AdmissionKind, Arrival, Decision, State, Tally

#: How a repeat of something known is counted: by code of :data:`order_sync.reasons.EXCLUSIONS`.
_REPEATS = {AdmissionKind.SAME: "ALREADY_SENT", AdmissionKind.OLDER: "OLDER_VERSION"}


@dataclass
class Outcome:
    """Counts of one batch.

    :param count: every order, readable or not.
    :param amounts: their money, minor units by currency.
    :param unpriced: orders whose amount cannot be read.
    :param emitted: orders in the order feed.
    :param excluded: orders left out, by code of :data:`~order_sync.reasons.EXCLUSIONS`.
    :param rejected: orders set aside, by code of :data:`~order_sync.reasons.REASONS`.
    :param waiting: orders that wait for something else.
    """

    count_in: int = 0
    amounts: Counter[str] = field(default_factory=Counter)
    unpriced: int = 0
    lines: int = 0
    emitted: int = 0
    excluded: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    feed_rows: int = 0
    variance_rows: int = 0
    slips: int = 0

    def count(self, arrival: Arrival, kind: AdmissionKind, decision: Decision | None) -> None:
        """Count one order."""
        self.count_in += 1
        self.lines += arrival.lines
        if arrival.amount_minor is None:
            self.unpriced += 1
        else:
            self.amounts[arrival.currency] += arrival.amount_minor
        if decision is None:
            if kind in _REPEATS:
                self.excluded[_REPEATS[kind]] += 1
            else:
                self.rejected[kind.value] += 1
        elif decision.state is State.READY:
            self.emitted += 1
        elif decision.state is State.WAITING:
            self.waiting += 1
        else:
            counted = self.excluded if decision.state is State.EXCLUDED else self.rejected
            counted[decision.reason] += 1

    @property
    def arrived(self) -> Tally:
        """Everything that came in, to compare with the ledger."""
        return Tally(self.count_in, dict(self.amounts), self.unpriced, self.lines)

    def words(self) -> list[str]:
        """The outcome for the log."""
        told = [f"{self.count_in} orders in, {self.emitted} into the feed ({self.feed_rows} rows)"]
        told += [f"{count} left out: {code}" for code, count in sorted(self.excluded.items())]
        told += [f"{self.waiting} wait for something that the partner does not know yet"] if self.waiting else []
        told += [f"{count} set aside: {code}" for code, count in sorted(self.rejected.items())]
        told += [f"{self.variance_rows} rows of stock variance"] if self.variance_rows else []
        return told + ([f"{self.slips} manual slips"] if self.slips else [])

    def as_dict(self, batch_id: int) -> dict[str, Any]:
        """The counts, small enough for an XCom."""
        return {
            "batch": batch_id,
            "arrived": self.count_in,
            "emitted": self.emitted,
            "excluded": dict(self.excluded),
            "rejected": dict(self.rejected),
            "feed_rows": self.feed_rows,
            "variance_rows": self.variance_rows,
            "slips": self.slips,
            "waiting": self.waiting,
        }
