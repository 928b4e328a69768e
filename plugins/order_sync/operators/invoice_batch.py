"""One batch of completed orders: each becomes a body for Retail Pro, is left out, or is set aside."""

from __future__ import annotations

from collections.abc import Sequence

from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, Ledger, State
from order_sync.operators.batch_decisions import BatchDecisions, Candidate, is_sent
from order_sync.operators.batch_reader import Input
from order_sync.operators.deliver import ORDER_TO_INVOICE
from order_sync.operators.manual_slips import MANUAL_SLIPS, SEND_SALE, slip_line
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Output, register
from order_sync.staging import Staging
from order_sync.transforms.retailpro_invoices import InvoiceDraft, RetailProInvoices

_LABELS = {ORDER_TO_INVOICE: ("OrderToInvoice", "json"), MANUAL_SLIPS: ("ManualSlips", "jsonl")}


class InvoiceBatch:
    """Transforms one batch.

    :param batch: a batch of the ledger; in a dry run one that exists in memory only.
    :param inputs: its stored files.
    """

    def __init__(
        self,
        transform: RetailProInvoices,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
    ) -> None:
        self._transform, self._book, self._staging, self._batch, self._run = transform, book, staging, batch, run
        # a changed order is never invoiced a second time, whatever a retailer wishes
        self._decisions = BatchDecisions(
            book, staging, batch, inputs, run, transform.settings.limits, emit_changes=False
        )

    def transform(self) -> Outcome:
        """Read, decide, write.

        :raises Stop: the count or the money does not close.
        """
        outcome = self._decisions.outcome
        with self._staging.scratch() as folder:
            outputs = {ORDER_TO_INVOICE: Output(folder / "invoices", b"["), MANUAL_SLIPS: Output(folder / "slips", b"")}
            try:
                for drafts in self._transform.read(self._decisions.reader.records()):
                    self._decide(drafts, outputs)
                self._decisions.decide_faults()
                outputs[ORDER_TO_INVOICE].finish(b"\n]\n")
                outputs[MANUAL_SLIPS].finish()
                outcome.feed_rows = outputs[ORDER_TO_INVOICE].rows
                outcome.slips = outputs[MANUAL_SLIPS].rows
                if not self._run.dry_run:
                    self._decisions.cancel_surrogates()
                    self._decisions.check_equation()
                    point("transform.before_register")
                    self._register(outputs)
            finally:
                for output in outputs.values():
                    output.close()
        return outcome

    def _decide(self, drafts: Sequence[InvoiceDraft], outputs: dict[str, Output]) -> None:
        admissions, decisions = self._decisions.decide([self._candidate(draft) for draft in drafts])
        invoices, slips = outputs[ORDER_TO_INVOICE], outputs[MANUAL_SLIPS]
        if not self._run.dry_run:
            self._cancel_unnumbered(drafts)
        notes = {}
        for draft, admission, decision in zip(drafts, admissions, decisions, strict=True):
            if is_sent(decision):
                invoices.write((b",\n" if invoices.rows else b"\n") + draft.body, 1)
                invoices.orders += 1
            if is_sent(decision) or (decision and decision.reason == SEND_SALE):
                for slip in draft.slips:
                    slips.write(slip_line(draft.order_key, slip.number, slip.body), 1)
            if draft.notes and admission.record_id and decision:
                notes[admission.record_id] = draft.notes
        if notes and not self._run.dry_run:
            self._book.add_notes(notes, at=self._run.now)

    def _cancel_unnumbered(self, drafts: Sequence[InvoiceDraft]) -> None:
        """Close exceptions about orders that had no number when they came first, and have one now."""
        names = [f"hotwax:{draft.order_id}" for draft in drafts if draft.order_key and draft.order_id]
        for record in self._book.records_by_order(self._batch.flow, self._batch.retailer, names):
            if record.state is State.QUARANTINED:
                self._book.move(
                    record.id,
                    {State.QUARANTINED},
                    State.CANCELLED,
                    at=self._run.now,
                    who=self._run.who,
                    why=f"it has come with a number in batch {self._batch.id}",
                )

    def _candidate(self, draft: InvoiceDraft) -> Candidate:
        """An order as the ledger takes it: known by the number that Retail Pro will have, equal if the body is."""
        hotwax = f"hotwax:{draft.order_id}" if draft.order_id else ""
        return self._decisions.candidate(
            draft.record, draft.order_key or hotwax, draft.body, cause=draft.cause, left_out=draft.left_out,
            amount_minor=draft.amount_minor, currency=draft.currency, lines=draft.lines, kind=draft.kind,
            order_date=draft.order_date, store=draft.store,
        )  # fmt: skip

    def _register(self, outputs: dict[str, Output]) -> None:
        money = self._book.equation(self._batch.id).sending.amounts
        for target, (label, ending) in _LABELS.items():
            output = outputs[target]
            if not output.rows:
                self._book.drop_staged_feed(self._batch.id, target)
                continue
            register(
                self._book, self._staging, self._batch, self._run, output,
                target=target, label=label, ending=ending, settings=self._transform.settings,
                amounts=money if target == ORDER_TO_INVOICE else {}, carries_records=False,
            )  # fmt: skip
        self._decisions.done(self._transform.version)
