"""What NetSuite has not answered is sent once more where a person asks for it by name, never by itself."""

from __future__ import annotations

from collections.abc import Sequence

from order_sync.flow import Run
from order_sync.ledger import NO_ANSWER, Ledger, Record, State
from order_sync.operators.collect import Collect


class CollectUnanswered(Collect):
    """Collects files; ``order_ids`` brings, beside exceptions, records that were delivered and have no id."""

    def _to_bring(self, records: Sequence[Record]) -> dict[str, Record]:
        latest = {record.order_key: record for record in records}
        unanswered = {key: record for key, record in latest.items() if record.state is State.DELIVERED}
        return super()._to_bring(records) | unanswered

    def _standing(self, record: Record) -> str:
        state = super()._standing(record)
        return f"{state}: NetSuite has it as {record.partner_ref}" if record.state is State.CONFIRMED else state

    def _set_aside(self, run: Run, book: Ledger, records: Sequence[Record]) -> None:
        """By way of an exception, so that the next transform takes it up as one and not as a repeat.

        Of an order that was mended after it was sent the later version goes, and the one without an answer ends.
        """
        latest = {record.order_key: record for record in records}
        message = f"asked for by {run.who}"
        of_move = {"at": run.now, "who": run.who}
        for record in book.records_by_order(self.flow, self.retailer, list(latest)):
            why = f"{NO_ANSWER}: {message}"
            moved = book.move(
                record.id, {State.DELIVERED}, State.QUARANTINED, why=why, reason=NO_ANSWER, message=message, **of_move
            )
            if moved and record.id != latest[record.order_key].id:
                why = f"version {latest[record.order_key].version} goes instead"
                book.move(record.id, {State.QUARANTINED}, State.CANCELLED, why=why, **of_move)
