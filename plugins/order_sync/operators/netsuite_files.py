"""Customers and created orders on their way to NetSuite's import folders: customers first, then their orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS, Run
from order_sync.ledger import Batch, BatchInput, Ledger, Record
from order_sync.operators.collect import Collect
from order_sync.operators.netsuite_answers import CUSTOMER
from order_sync.operators.outcome import Outcome
from order_sync.operators.transform import Transform
from order_sync.settings import include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.batch_reader import Input
    from order_sync.operators.csv_batch import Draft
    from order_sync.operators.transform import BatchFunction
    from order_sync.transforms.netsuite_customers import NetSuiteCustomers
    from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders
    from order_sync.transforms.tlog_frame import SourceRecord

#: Names of the files in the ledger.
CUSTOMERS, SALES_ORDERS = "customers", "sales_orders"


class Stage(NamedTuple):
    """One kind of file on its way to NetSuite.

    :param flow: under which the ledger keeps its records.
    :param target: what its files are called in the ledger.
    """

    name: str
    flow: str
    target: str
    collect: type[Collect]
    transform: type[Transform]


class CollectOrders(Collect):
    """Collects created orders, and wakes those whose customer NetSuite knows by now."""

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """What :class:`Collect` finds, and a batch of the orders that need not wait any longer."""
        work = super().step(run, book)
        if "batches" in work and not run.dry_run and (due := self._due(book)):
            work["batches"].append(self._woken(run, book, due).id)
        return work

    def _due(self, book: Ledger) -> list[Record]:
        """The orders that waited for a customer who has an id by now."""
        waiting = book.waiting(self.flow, self.retailer)
        parties = {
            record.id: record.field.partition(" ")[2] for record in waiting if record.field.startswith("customer ")
        }
        known = book.ids_of(self.retailer, CUSTOMER, sorted(set(parties.values())))
        return [record for record in waiting if parties.get(record.id) in known]

    def _woken(self, run: Run, book: Ledger, due: Sequence[Record]) -> Batch:
        places = book.record_locations([record.id for record in due])
        files = {place.file_id: place.file_name for place in places}
        inputs = [BatchInput(file, name, "", None, position) for position, (file, name) in enumerate(files.items())]
        parts = [f"{place.record_id} {place.batch_id}" for place in places]
        self.log.info("%s orders wake: NetSuite knows their customers now.", len(places))
        return self._created(run, book, "again", parts, inputs, [place.record_id for place in places])


class TransformCustomers(Transform):
    """Customers that NetSuite does not have yet, to rows of its customer import."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.transforms.netsuite_customers import NetSuiteCustomers

        rows = NetSuiteCustomers(load(self.retailer).netsuite_created_orders.rows, include_folder(), self.retailer)
        return self._function(book, run, _CustomerRows(rows, book, run, self.retailer), CUSTOMERS, "CustomerFeed")

    def _function(self, book: Ledger, run: Run, rows: Any, target: str, label: str) -> BatchFunction:
        """What transforms one batch; one whose files were promised stands."""
        from order_sync.operators.csv_batch import CsvBatch

        settings = load(self.retailer).netsuite_created_orders

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if not run.dry_run and book.is_frozen(batch.id):
                self.log.info("Batch %s was published: its files stand as they are.", batch.id)
                return None
            return CsvBatch(rows, target, label, settings, book, staging, batch, inputs, run).transform()

        return of_batch


class TransformSalesOrders(TransformCustomers):
    """Created orders to rows of NetSuite's sales order import."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders

        rows = NetSuiteSalesOrders(load(self.retailer).netsuite_created_orders.rows, include_folder(), self.retailer)
        return self._function(book, run, _OrderRows(rows, book, self.retailer), SALES_ORDERS, "CreatedOrderItemsFeed")


class _CustomerRows:
    """Customers as drafts; an id that the feed itself tells is kept."""

    def __init__(self, rows: NetSuiteCustomers, book: Ledger, run: Run, retailer: str) -> None:
        self._rows, self._book, self._run, self._retailer = rows, book, run, retailer
        self.version = rows.version

    def header(self) -> bytes:
        return self._rows.header()

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        from order_sync.operators.csv_batch import Draft

        for drafts in self._rows.read(records):
            ids = {draft.key: draft.netsuite_id for draft in drafts if draft.netsuite_id}
            if ids and not self._run.dry_run:
                self._book.keep_ids(self._retailer, CUSTOMER, ids, source="customers feed", at=self._run.now)
            yield [
                Draft(one.record, one.key, one.cause, one.left_out, (), one.row, 1 if one.row else 0) for one in drafts
            ]


class _OrderRows:
    """Created orders as drafts."""

    def __init__(self, rows: NetSuiteSalesOrders, book: Ledger, retailer: str) -> None:
        self._rows, self._book, self._retailer = rows, book, retailer
        self.version = rows.version

    def header(self) -> bytes:
        return self._rows.header()

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        from order_sync.operators.csv_batch import Draft

        for drafts in self._rows.read(records, self._known):
            yield [
                Draft(
                    one.record, one.key, one.cause, one.left_out, one.waits_for, one.rows, one.row_count,
                    one.amount_minor, one.currency, one.lines, one.order_date, one.store,
                )
                for one in drafts
            ]  # fmt: skip

    def _known(self, parties: Sequence[str]) -> Mapping[str, str]:
        return self._book.ids_of(self._retailer, CUSTOMER, parties)


#: Customers first: an order whose customer NetSuite does not know would be refused there.
STAGES = (
    Stage("customers", NETSUITE_CUSTOMERS, CUSTOMERS, Collect, TransformCustomers),
    Stage("orders", NETSUITE_ORDERS, SALES_ORDERS, CollectOrders, TransformSalesOrders),
)
