"""Taking the records of a batch into the ledger, in bulk."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy.engine import Connection

from order_sync.ledger.arrivals import Admission, AdmissionKind, Arrival, OtherDecision, OtherKind
from order_sync.ledger.batches import is_frozen
from order_sync.ledger.connection import Store
from order_sync.ledger.judging import Judge, Outcome
from order_sync.ledger.known import answers, load
from order_sync.ledger.rows import Batch
from order_sync.ledger.states import State
from order_sync.ledger.writing import Stamp, write

#: The longest key an order may have; a longer one is for the caller to replace like that of an unreadable record.
ORDER_KEY_LENGTH = 250

_BIGGEST = 2**63


class Admitting(Store):
    """The part of the ledger that takes records in."""

    def admit(
        self, batch: Batch, arrivals: Sequence[Arrival], *, at: datetime, who: str, dry_run: bool = False
    ) -> list[Admission]:
        """Register the records found in a batch's files and say what each of them is.

        May be called in pieces, and any number of times: a record that the batch registered before is MINE. Of two
        arrivals with one key the first counts, and the second is judged against it. Every input must be read once
        (inputs with ``duplicate_of`` not at all), for file and index identify an arrival within its batch.

        :param at: the time to note for everything that is written.
        :param who: who does it, for the history.
        :param dry_run: judge, but write nothing.
        :returns: one answer per arrival, in their order.
        :raises ValueError: if an arrival cannot be kept (see :class:`Arrival`) or two have one place.
        :raises Stop: if the batch was published without one of them, or a place holds another order than before.
        """
        return self._take(batch, arrivals, [None] * len(arrivals), None if dry_run else Stamp(at, who))

    def settle_others(
        self, batch: Batch, decisions: Sequence[OtherDecision], *, at: datetime, who: str, dry_run: bool = False
    ) -> list[Admission]:
        """Register what the caller found on comparing the content of arrivals that came back as OTHER.

        SAME and OLDER are counted as repeats. CHANGED becomes the next version of the order, or takes up a later
        version that was set aside. An answer is OTHER again where another version came first: compare with that.

        :param dry_run: answer as told, but write nothing.
        :returns: one answer per decision, in their order.
        :raises ValueError: as :meth:`admit`.
        :raises Stop: as :meth:`admit`.
        """
        if dry_run:
            return [_as_told(decision) for decision in decisions]
        return self._take(batch, [decision.arrival for decision in decisions], decisions, Stamp(at, who))

    def _take(
        self,
        batch: Batch,
        arrivals: Sequence[Arrival],
        verdicts: Sequence[OtherDecision | None],
        stamp: Stamp | None,
    ) -> list[Admission]:
        _check(arrivals)
        if stamp is None:
            with self._reading() as connection:
                return answers(connection, _judge(connection, batch, arrivals, verdicts)[1])
        with self._writing_batch(batch.id) as (connection, current):
            judge, outcomes = _judge(connection, current, arrivals, verdicts)
            write(connection, current, judge.plan, stamp)
            return answers(connection, outcomes)


def _judge(
    connection: Connection, batch: Batch, arrivals: Sequence[Arrival], verdicts: Iterable[OtherDecision | None]
) -> tuple[Judge, list[Outcome]]:
    judge = Judge(batch.id, *load(connection, batch, arrivals), frozen=is_frozen(connection, batch.id))
    return judge, [judge.judge(arrival, verdict) for arrival, verdict in zip(arrivals, verdicts, strict=True)]


def _as_told(decision: OtherDecision) -> Admission:
    if decision.kind is OtherKind.CHANGED:
        return Admission(AdmissionKind.CHANGED, None, 0, State.SEEN)
    return Admission(AdmissionKind(decision.kind.value), decision.previous_id, 0, State.SEEN)


def _check(arrivals: Sequence[Arrival]) -> None:
    places = set()
    for arrival in arrivals:
        fault = _fault(arrival)
        place = (arrival.file_id, arrival.record_index)
        if place in places:
            fault = "was handed in twice in one call; read each input once, and none with duplicate_of"
        if fault:
            raise ValueError(f"Record {arrival.record_index} of file {arrival.file_id} {fault}.")
        places.add(place)


def _fault(arrival: Arrival) -> str:
    """Say why the databases could not keep an arrival; empty if they can."""
    if not arrival.order_key.isprintable() or not 0 < len(arrival.order_key) <= ORDER_KEY_LENGTH:
        return f"needs an order_key of 1 to {ORDER_KEY_LENGTH} printable characters"
    if len(arrival.content_hash) > 64 or len(arrival.currency) > 10 or len(arrival.kind) > 20:
        return "has a content_hash, currency or kind that is too long"
    if abs(arrival.amount_minor or 0) >= _BIGGEST or abs(arrival.updated_ms or 0) >= _BIGGEST:
        return "has an amount_minor or updated_ms beyond 64 bits"
    return ""
