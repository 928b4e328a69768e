"""One batch of Shopify's orders: each becomes an element of HotWax's import file, is left out, or is set aside.

HotWax creates orders from one file and changes them by another: an order of which a version was sent before is an
update.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, Ledger
from order_sync.operators.batch_decisions import SENT, BatchDecisions, Candidate, is_sent
from order_sync.operators.batch_reader import Input
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Output, register
from order_sync.operators.shopify_delivery import ORDERS, UPDATES
from order_sync.settings import ShopifyOrderImport
from order_sync.staging import Staging
from order_sync.transforms.shopify_orders import ShopifyDraft, ShopifyOrders

#: What stands for the files in their names.
_LABELS = {ORDERS: "ShopifyOrders", UPDATES: "ShopifyOrderUpdates"}


class _File:
    """One file while it is written."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self.keys: list[str] = []
        self.amounts: Counter[str] = Counter()


class ShopifyBatch:
    """Transforms one batch.

    :param batch: a batch of the ledger; in a dry run one that exists in memory only.
    :param inputs: its stored files.
    """

    def __init__(
        self,
        transform: ShopifyOrders,
        settings: ShopifyOrderImport,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
    ) -> None:
        self._transform, self._settings, self._book = transform, settings, book
        self._staging, self._batch, self._run = staging, batch, run
        self._written: set[str] = set()
        self._decisions = BatchDecisions(book, staging, batch, inputs, run, settings.limits, emit_changes=True)

    def transform(self) -> Outcome:
        """Read, decide, write.

        :raises Stop: the count or the money does not close.
        """
        outcome = self._decisions.outcome
        with self._staging.scratch() as folder:
            files = {target: _File(Output(folder / target, b"[")) for target in _LABELS}
            try:
                for drafts in self._transform.read(self._decisions.reader.records()):
                    self._decide(drafts, files)
                self._decisions.decide_faults()
                outcome.feed_rows = sum(file.output.rows for file in files.values())
                for file in files.values():
                    file.output.finish(b"\n]\n")
                if not self._run.dry_run:
                    self._decisions.cancel_surrogates()
                    self._decisions.check_equation()
                    point("transform.before_register")
                    self._register(files)
            finally:
                for file in files.values():
                    file.output.close()
        return outcome

    def _decide(self, drafts: Sequence[ShopifyDraft], files: dict[str, _File]) -> None:
        _, decisions = self._decisions.decide([self._candidate(draft) for draft in drafts])
        sent = [draft for draft, decision in zip(drafts, decisions, strict=True) if is_sent(decision)]
        known = self._known([draft.key for draft in sent]) | self._written
        for draft in sent:
            file = files[UPDATES if draft.key in known else ORDERS]
            file.output.write((b",\n" if file.output.rows else b"\n") + draft.element, 1)
            file.output.orders += 1
            file.keys.append(draft.key)
            file.amounts[draft.currency] += draft.amount_minor or 0
            self._written.add(draft.key)

    def _known(self, keys: Sequence[str]) -> set[str]:
        """Orders of which an earlier version went out: HotWax has them."""
        records = self._book.records_by_order(self._batch.flow, self._batch.retailer, keys)
        return {record.order_key for record in records if record.state in SENT and record.batch_id != self._batch.id}

    def _candidate(self, draft: ShopifyDraft) -> Candidate:
        return self._decisions.candidate(
            draft.record, draft.key, draft.element, cause=draft.cause, left_out=draft.left_out,
            updated_ms=draft.updated_ms, amount_minor=draft.amount_minor, currency=draft.currency, lines=draft.lines,
            kind=draft.kind, order_date=draft.order_date, store=draft.store,
        )  # fmt: skip

    def _register(self, files: dict[str, _File]) -> None:
        for target, file in files.items():
            if not file.output.rows:
                self._book.drop_staged_feed(self._batch.id, target)
                continue
            feed = register(
                self._book, self._staging, self._batch, self._run, file.output,
                target=target, label=_LABELS[target], ending="json", settings=self._settings, amounts=file.amounts,
                carries_records=True,
            )  # fmt: skip
            self._book.attach_records_to_feed(feed.id, file.keys)
        self._decisions.done(self._transform.version)
