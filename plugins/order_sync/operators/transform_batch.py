"""One batch through the transform: what the ledger knows of each order decides what of it goes into the feeds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from order_sync.contracts.money import DECIMALS
from order_sync.errors import Stop
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import (
    Admission,
    Arrival,
    Batch,
    FeedState,
    Ledger,
    State,
)
from order_sync.mapping.sheet import BoolArray
from order_sync.operators.batch_decisions import BatchDecisions, Candidate
from order_sync.operators.batch_reader import Input
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Outputs
from order_sync.staging import Staging
from order_sync.transforms.predictspring_orders import ORDER_FEED, MappedFrame, PredictSpringOrders
from order_sync.transforms.tlog_rules import Judgement
from order_sync.transforms.tlog_vocabulary import KINDS

_IN_STORE_SYNC_OFF = "IN_STORE_SYNC_OFF"


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
        settings = transform.settings
        self._decisions = BatchDecisions(
            book, staging, batch, inputs, run, settings.limits, emit_changes=settings.on_changed_order == "emit"
        )
        feeds = [] if run.dry_run else book.feeds_of_batch(batch.id)
        #: The order feed that was promised to HotWax: from then on exactly its orders make it up.
        self._promised = next(
            (feed.id for feed in feeds if feed.target == ORDER_FEED and feed.state is not FeedState.STAGED), None
        )
        self._settled = any(feed.state is not FeedState.STAGED for feed in feeds)
        self._outcome = self._decisions.outcome
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
            for mapped in self._transform.read(self._decisions.reader.records()):
                self._frame(mapped, outputs)
            self._decisions.decide_faults()
            outputs.finish()
            self._outcome.feed_rows = outputs.feed.rows
            self._outcome.variance_rows = outputs.variance.rows
            if not dry_run:
                self._decisions.cancel_surrogates()
                self._decisions.check_equation()
                point("transform.before_register")
                outputs.register(self._book, self._staging, self._batch, self._run, self._transform)
                self._decisions.done(self._transform.version)
        return self._outcome

    def _frame(self, mapped: MappedFrame, outputs: Outputs) -> None:
        """Decide on the orders of one frame and write those that go out."""
        candidates = list(self._candidates(mapped))
        broken = [
            self._decisions.faulty(record.file, record.index, error, record)
            for record, error in mapped.judgement.frame.undecodable
        ]
        admissions, decisions = self._decisions.decide([*candidates, *broken])
        count = len(candidates)
        ready = np.array([one is not None and one.state is State.READY for one in decisions[:count]], dtype=np.bool_)
        if self._promised is not None:
            ready = np.array([one.feed_id == self._promised for one in admissions[:count]], dtype=np.bool_)
        kept = np.array([one is not None and one.state is State.EXCLUDED for one in decisions[:count]], dtype=np.bool_)
        self._write(mapped, ready, outputs)
        stock = self._stock(candidates, ready | kept)
        outputs.variance.write(*self._transform.variance_rows(mapped, stock))
        self._note(mapped.judgement, admissions, ready)

    def _candidates(self, mapped: MappedFrame) -> Iterator[Candidate]:
        """The decoded orders of a frame."""
        judgement, left_out = mapped.judgement, self._transform.left_out(mapped)
        keys = judgement.sheet.labels.to_pylist()
        causes = judgement.verdicts.causes
        dates = judgement.sheet.instant["fact.ordered_at"]
        for at, record in enumerate(judgement.frame.records):
            kind = int(judgement.kind[at])
            arrival = Arrival(
                order_key=self._decisions.key(record, keys[at] or ""),
                content_hash=hashlib.sha256(record.data).hexdigest(),
                updated_ms=int(judgement.updated.values[at]) if judgement.updated.present[at] else None,
                file_id=self._decisions.inputs[record.file].file_id,
                record_index=record.index,
                offset=record.offset,
                length=len(record.data),
                amount_minor=int(judgement.total.values[at]) if judgement.total.present[at] else None,
                currency=judgement.currency[at],
                lines=int(judgement.frame.counts[at]),
                kind=KINDS[kind].upper() if kind >= 0 else "",
                order_date=datetime.fromtimestamp(int(dates.values[at]) / 1000, UTC) if dates.present[at] else None,
            )
            yield Candidate(arrival, record.data, causes.get(at), _IN_STORE_SYNC_OFF if left_out[at] else "")

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


def _money(judgement: Judgement, orders: BoolArray) -> Decimal:
    """The sum of the orders' totals, over all currencies as plain figures."""
    totals = judgement.total.values
    return sum(
        (Decimal(int(totals[at])).scaleb(-DECIMALS[judgement.currency[at]]) for at in np.flatnonzero(orders)),
        Decimal(0),
    )
