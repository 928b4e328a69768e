"""One batch through the transform: what the ledger knows of each order decides what of it goes into the feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from order_sync.contracts.bundles import Bounds
from order_sync.contracts.money import DECIMALS
from order_sync.contracts.predictspring import guess_order_id
from order_sync.errors import BadInput, Stop
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import (
    ORDER_KEY_LENGTH,
    Admission,
    AdmissionKind,
    Arrival,
    Batch,
    BatchState,
    Decision,
    FeedState,
    Ledger,
    PreviousRecord,
    State,
)
from order_sync.mapping.sheet import BoolArray
from order_sync.operators.admission import Admitter
from order_sync.operators.batch_reader import BatchReader, Input
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Outputs
from order_sync.staging import Staging
from order_sync.transforms.predictspring_orders import ORDER_FEED, MappedFrame, PredictSpringOrders
from order_sync.transforms.tlog_frame import SourceRecord
from order_sync.transforms.tlog_rules import Judgement
from order_sync.transforms.tlog_vocabulary import KINDS

#: States of an order that has left us or is about to, so that another version of it is a change of something sent.
_SENT = frozenset({State.READY, State.INTENDED, State.DELIVERED, State.CONFIRMED, State.UNKNOWN})
_TAKEN_UP = frozenset({AdmissionKind.NEW, AdmissionKind.AGAIN, AdmissionKind.MINE, AdmissionKind.CHANGED})


class Candidate(NamedTuple):
    """An order of the batch before the ledger was asked.

    :param cause: why it cannot go out, None if it can.
    :param left_out: the retailer's settings keep it out of the order feed.
    """

    arrival: Arrival
    content: bytes
    cause: BadInput | None
    left_out: bool = False


class BatchTransform:
    """Transforms one batch.

    :param batch: a batch of the ledger; in a dry run one that exists in memory only.
    :param inputs: its stored files.
    """

    def __init__(
        self,
        transform: PredictSpringOrders,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
    ) -> None:
        self._transform, self._book, self._staging, self._batch, self._run = transform, book, staging, batch, run
        limits = transform.settings.limits
        bounds = Bounds(limits.max_unpacked_bytes, limits.max_members, limits.max_ratio)
        self._reader = BatchReader(staging, inputs, bounds, limits.max_record_bytes)
        self._admitter = Admitter(book, staging, batch, run, bounds, limits.max_record_bytes)
        self._inputs = {source.position: source for source in inputs}
        feeds = [] if run.dry_run else book.feeds_of_batch(batch.id)
        #: The order feed that was promised to HotWax: from then on exactly its orders make it up.
        self._promised = next(
            (feed.id for feed in feeds if feed.target == ORDER_FEED and feed.state is not FeedState.STAGED), None
        )
        self._settled = any(feed.state is not FeedState.STAGED for feed in feeds)
        self._outcome = Outcome()
        #: Orders whose stock stands in the variance already.
        self._moved: set[str] = set()

    def transform(self) -> Outcome:
        """Read, decide, write.

        :raises Stop: the count or the money does not close, or other bytes than before would be promised.
        """
        dry_run = self._run.dry_run
        if not dry_run and not self._settled:
            self._book.release_stock(self._batch.id)
        with self._staging.scratch() as folder, Outputs(folder, self._transform) as outputs:
            for mapped in self._transform.read(self._reader.records()):
                self._frame(mapped, outputs)
            self._decide([self._faulty(fault.position, fault.index, fault.error) for fault in self._reader.faults])
            outputs.finish()
            self._outcome.feed_rows = outputs.feed.rows
            self._outcome.variance_rows = outputs.variance.rows
            if not dry_run:
                self._cancel_surrogates()
                self._check_equation()
                point("transform.before_register")
                outputs.register(self._book, self._staging, self._batch, self._run, self._transform)
                self._book.move_batch(
                    self._batch.id,
                    {BatchState.COLLECTED, BatchState.TRANSFORMED},
                    BatchState.TRANSFORMED,
                    at=self._run.now,
                    mapping_version=self._transform.version,
                    summary=self._outcome.as_dict(self._batch.id),
                )
        return self._outcome

    def _frame(self, mapped: MappedFrame, outputs: Outputs) -> None:
        """Decide on the orders of one frame and write those that go out."""
        candidates = list(self._candidates(mapped))
        broken = [
            self._faulty(record.file, record.index, error, record)
            for record, error in mapped.judgement.frame.undecodable
        ]
        admissions, decisions = self._decide([*candidates, *broken])
        count = len(candidates)
        ready = np.array([one is not None and one.state is State.READY for one in decisions[:count]], dtype=np.bool_)
        if self._promised is not None:
            ready = np.array([one.feed_id == self._promised for one in admissions[:count]], dtype=np.bool_)
        kept = np.array([one is not None and one.state is State.EXCLUDED for one in decisions[:count]], dtype=np.bool_)
        self._write(mapped, ready, outputs)
        stock = self._stock(candidates, ready | kept)
        outputs.variance.write(*self._transform.variance_rows(mapped, stock))
        self._note(mapped.judgement, admissions, ready)

    def _decide(self, candidates: Sequence[Candidate]) -> tuple[list[Admission], list[Decision | None]]:
        """Take candidates into the ledger and say what becomes of each; None for a repeat of what is known."""
        admissions = self._admitter.admit(
            [candidate.arrival for candidate in candidates], [candidate.content for candidate in candidates]
        )
        decisions = self._decisions(candidates, admissions)
        for candidate, admission, decision in zip(candidates, admissions, decisions, strict=True):
            self._outcome.count(candidate.arrival, admission.kind, decision)
        point("transform.before_decide")
        if not self._run.dry_run:
            self._book.decide(
                self._batch.id, [decision for decision in decisions if decision], at=self._run.now, who=self._run.who
            )
        return admissions, decisions

    def _decisions(self, candidates: Sequence[Candidate], admissions: Sequence[Admission]) -> list[Decision | None]:
        """The verdict on each candidate; of several versions that could go out together only the last one does."""
        decisions: list[Decision | None] = []
        going: dict[str, int] = {}
        for at, (candidate, admission) in enumerate(zip(candidates, admissions, strict=True)):
            decision, key = None, candidate.arrival.order_key
            if admission.kind in _TAKEN_UP:
                decision = self._decision(candidate, admission, key in going)
                if decision.state is State.READY:
                    if key in going:
                        replaced = admissions[going[key]].record_id or 0
                        decisions[going[key]] = Decision(replaced, State.EXCLUDED, "OLDER_VERSION")
                    going[key] = at
            decisions.append(decision)
        return decisions

    def _decision(self, candidate: Candidate, admission: Admission, going: bool) -> Decision:
        """The verdict on one candidate.

        :param going: whether an earlier version of it goes out with this very frame.
        """
        record_id = admission.record_id or 0
        cause = candidate.cause or self._changed(candidate.arrival.order_key, admission, going)
        if cause:
            return Decision(record_id, State.QUARANTINED, cause.reason, cause.field, cause.message)
        if candidate.left_out:
            return Decision(record_id, State.EXCLUDED, "IN_STORE_SYNC_OFF")
        return Decision(record_id, State.READY)

    def _changed(self, key: str, admission: Admission, going: bool) -> BadInput | None:
        """Why a changed order waits, where an earlier version of it was sent and the settings do not say ``emit``."""
        previous = admission.previous
        if previous is None or self._transform.settings.on_changed_order == "emit":
            return None
        if not going and not self._was_sent(key, previous):
            return None
        return BadInput("CHANGED_ORDER", "an earlier version of this order went out and says something else.")

    def _was_sent(self, key: str, previous: PreviousRecord) -> bool:
        """Whether the version to compare with was sent, or one before it that it was set aside for."""
        if previous.state in _SENT:
            return True
        versions = self._book.records_by_order(self._batch.flow, self._batch.retailer, [key])
        return any(record.state in _SENT for record in versions if record.version < previous.version)

    def _candidates(self, mapped: MappedFrame) -> Iterator[Candidate]:
        """The decoded orders of a frame."""
        judgement, left_out = mapped.judgement, self._transform.left_out(mapped)
        keys = judgement.sheet.labels.to_pylist()
        causes = judgement.verdicts.causes
        dates = judgement.sheet.instant["fact.ordered_at"]
        for at, record in enumerate(judgement.frame.records):
            kind = int(judgement.kind[at])
            arrival = Arrival(
                order_key=self._key(record, keys[at] or ""),
                content_hash=hashlib.sha256(record.data).hexdigest(),
                updated_ms=int(judgement.updated.values[at]) if judgement.updated.present[at] else None,
                file_id=self._inputs[record.file].file_id,
                record_index=record.index,
                offset=record.offset,
                length=len(record.data),
                amount_minor=int(judgement.total.values[at]) if judgement.total.present[at] else None,
                currency=judgement.currency[at],
                lines=int(judgement.frame.counts[at]),
                kind=KINDS[kind].upper() if kind >= 0 else "",
                order_date=datetime.fromtimestamp(int(dates.values[at]) / 1000, UTC) if dates.present[at] else None,
            )
            yield Candidate(arrival, record.data, causes.get(at), bool(left_out[at]))

    def _faulty(self, position: int, index: int, cause: BadInput, record: SourceRecord | None = None) -> Candidate:
        """An order that could not be decoded, or a file that could not be read, as one record of unknown amount."""
        data = record.data if record else b""
        place = record or SourceRecord(position, index, 0, data)
        arrival = Arrival(
            order_key=self._key(place, guess_order_id(data)),
            content_hash=hashlib.sha256(data).hexdigest(),
            updated_ms=None,
            file_id=self._inputs[position].file_id,
            record_index=index,
            offset=place.offset,
            length=len(data),
            amount_minor=None,
            currency="",
            lines=0,
        )
        return Candidate(arrival, data, cause)

    def _key(self, record: SourceRecord, order_id: str) -> str:
        """The order's identity; for one that has none, the place in the file it came in."""
        if 0 < len(order_id) <= ORDER_KEY_LENGTH and order_id.isprintable():
            return order_id
        return f"file:{self._inputs[record.file].sha256[:16]}:{record.index}"

    def _write(self, mapped: MappedFrame, ready: BoolArray, outputs: Outputs) -> None:
        """Write the rows of the orders that go out, after reading them back and counting them.

        :raises Stop: the rows do not say what the orders say.
        """
        part, rows = self._transform.feed_rows(mapped, ready, first=outputs.feed.rows == 0)
        if not rows:
            return
        expected = _money(mapped.judgement, ready)
        found = self._transform.figures(part)
        if (found.orders, found.rows, found.row_money, found.grand_totals) != (ready.sum(), rows, expected, expected):
            raise Stop(
                f"Batch {self._batch.id}: {ready.sum()} orders of {expected} would go out as {found.orders} orders, "
                f"rows of {found.row_money}, grand totals of {found.grand_totals}.",
                next_step="Nothing was published. A mapping drops or changes money: compare it with the last good one.",
            )
        outputs.feed.write(part, rows)
        outputs.feed.orders += int(ready.sum())

    def _stock(self, candidates: Sequence[Candidate], wanted: BoolArray) -> BoolArray:
        """Of the orders whose stock moves, those that move it with this batch: the stock of an order moves once."""
        if self._run.dry_run:
            return wanted
        keys = [candidate.arrival.order_key for candidate in candidates]
        mine = (
            self._book.stock_of(self._batch.id, keys)
            if self._settled
            else self._book.claim_stock(self._batch.id, [keys[at] for at in np.flatnonzero(wanted)], at=self._run.now)
        )
        chosen = np.zeros(len(keys), dtype=np.bool_)
        for at in np.flatnonzero(wanted):
            if keys[at] in mine and keys[at] not in self._moved:
                self._moved.add(keys[at])
                chosen[at] = True
        return chosen

    def _note(self, judgement: Judgement, admissions: Sequence[Admission], ready: BoolArray) -> None:
        """Keep with the order what the feed has no column for."""
        notes = {
            record_id: notes
            for at in np.flatnonzero(ready)
            if (record_id := admissions[int(at)].record_id) and (notes := judgement.notes(int(at)))
        }
        if notes and not self._run.dry_run:
            self._book.add_notes(notes, at=self._run.now)

    def _cancel_surrogates(self) -> None:
        """Close exceptions that stood for a place in a file, where the order in that place can be read by now."""
        for place in self._book.record_locations(self._batch.selection) if self._batch.selection else []:
            if place.state is State.QUARANTINED and place.batch_id != self._batch.id:
                self._book.move(
                    place.record_id,
                    {State.QUARANTINED},
                    State.CANCELLED,
                    at=self._run.now,
                    who=self._run.who,
                    why=f"record {place.record_index + 1} of {place.file_name} can be read now",
                )

    def _check_equation(self) -> None:
        """In = out + left out + set aside, in count and money.

        :raises Stop: it does not close.
        """
        gap = self._book.equation(self._batch.id).gap(self._outcome.arrived)
        if gap:
            raise Stop(
                f"Batch {self._batch.id} does not close: {gap}.",
                next_step="Nothing was published. Keep the batch's files and the ledger, and call its maintainers.",
            )


def _money(judgement: Judgement, orders: BoolArray) -> Decimal:
    """The sum of the orders' totals, over all currencies as plain figures."""
    totals = judgement.total.values
    return sum(
        (Decimal(int(totals[at])).scaleb(-DECIMALS[judgement.currency[at]]) for at in np.flatnonzero(orders)),
        Decimal(0),
    )
