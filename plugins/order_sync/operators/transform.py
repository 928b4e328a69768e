"""transform: typed decode, rules, mapping; writes the feeds to the staging store and every decision to the ledger.

The same batch with the same mapping version always gives the same bytes. Once a feed was promised to HotWax, a further
try only proves that, it decides nothing anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from order_sync.flow import Run
from order_sync.ledger import Batch, BatchState, FeedState, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.operators.outcome import Outcome
from order_sync.settings import include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.batch_reader import Input

    BatchFunction = Callable[[Staging, Batch, list[Input]], Outcome | None]


class Transform(FlowOperator):
    """Turns the files of each batch into the target's files, and notes what became of each order.

    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    :returns: the counts of each batch.
    :raises Stop: the count or the money of a batch does not close.
    """

    template_fields = ("work",)

    def __init__(self, *, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work

    def step(self, run: Run, book: Ledger) -> list[dict[str, Any]]:
        """Transform every batch that is not done yet."""
        transform, staging = self.prepared(book, run), Staging()
        outcomes = []
        # Nobody may publish a batch, or decide on its stock, while it is computed.
        with book.alone(f"{self.flow} for {self.retailer}"):
            for batch, inputs in self._batches(run, book):
                outcome = transform(staging, batch, inputs)
                if outcome:
                    outcomes.append(self._told(batch, outcome))
        return outcomes

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """What transforms one batch; it returns None for a batch that stands as it is."""
        raise NotImplementedError

    def _batches(self, run: Run, book: Ledger) -> list[tuple[Batch, list[Input]]]:
        from order_sync.operators.batch_reader import Input

        if "dry_run" in self.work:
            files = self.work["dry_run"]
            inputs = [
                Input(at, at, file["sha256"], file["uri"], file["name"], file.get("wanted"))
                for at, file in enumerate(files)
            ]
            return [(_imagined_batch(self.flow, self.retailer, run), inputs)]
        batches = [book.batch(batch_id) for batch_id in self.work["batches"]]
        return [(batch, inputs_of(book, batch)) for batch in batches]

    def _told(self, batch: Batch, outcome: Outcome) -> dict[str, Any]:
        for line in outcome.words():
            self.log.info("Batch %s: %s", batch.id, line)
        return outcome.as_dict(batch.id)


class TransformTlogs(Transform):
    """TLogs to the order feed and the stock variance."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform; a batch that went out under another mapping stands."""
        from order_sync.operators.transform_batch import BatchTransform
        from order_sync.transforms.predictspring_orders import PredictSpringOrders

        settings = load(self.retailer).predictspring_order_sync
        transform = PredictSpringOrders(settings, include_folder(), self.retailer)

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if self._computed_before(book, batch, transform.version):
                return None
            return BatchTransform(transform, book, staging, batch, inputs, run).transform()

        return of_batch

    def _computed_before(self, book: Ledger, batch: Batch, version: str) -> bool:
        """Whether the batch went out under another mapping: its feeds stand, there is nothing to compute."""
        staged = all(feed.state is FeedState.STAGED for feed in book.feeds_of_batch(batch.id))
        if batch.mapping_version in ("", version) or (staged and not book.is_frozen(batch.id)):
            return False
        self.log.info(
            "Batch %s went out with mapping version %s, the current one is %s: its feeds stand as they are.",
            batch.id,
            batch.mapping_version,
            version,
        )
        return True


class TransformInvoices(Transform):
    """Completed orders to "Order to Invoice" bodies and manual slips."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform; a batch whose bodies were published stands, they never change again."""
        from order_sync.operators.invoice_batch import InvoiceBatch
        from order_sync.transforms.retailpro_invoices import RetailProInvoices

        transform = RetailProInvoices(load(self.retailer), include_folder())

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if not run.dry_run and book.is_frozen(batch.id):
                self.log.info("Batch %s was published: its bodies stand as they are.", batch.id)
                return None
            return InvoiceBatch(transform, book, staging, batch, inputs, run).transform()

        return of_batch


def inputs_of(book: Ledger, batch: Batch) -> list[Input]:
    """What to read: every file once; of a batch of orders brought again only their records.

    A record may lie elsewhere since another batch took it up; what an earlier try read counts as a repeat and is read
    again, so that the batch closes however often it is transformed.
    """
    from order_sync.operators.batch_reader import Input

    files = book.batch_inputs(batch.id)
    wanted: dict[int, set[int]] = {}
    for place in book.record_locations(batch.selection) if batch.selection else []:
        wanted.setdefault(place.file_id, set()).add(place.record_index)
    for file_id, index in book.repeat_places(batch.id) if batch.selection else []:
        wanted.setdefault(file_id, set()).add(index)
    return [
        Input(
            file.position,
            file.file_id,
            file.sha256,
            file.uri,
            file.name,
            wanted.get(file.file_id, frozenset()) if batch.selection else None,
        )
        for file in files
        if file.duplicate_of is None
    ]


def _imagined_batch(flow: str, retailer: str, run: Run) -> Batch:
    """The batch of a dry run: it exists for the length of this task."""
    return Batch(
        id=0,
        flow=flow,
        retailer=retailer,
        key="",
        kind="inbox",
        state=BatchState.COLLECTED,
        window_start=None,
        window_end=None,
        dag_id=run.dag_id,
        run_id=run.run_id,
        mapping_version="",
        selection=(),
        summary={},
        created_at=run.now,
        updated_at=run.now,
    )
