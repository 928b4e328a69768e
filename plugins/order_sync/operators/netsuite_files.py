"""Customers and created orders on their way to NetSuite's import folders: customers first, then their orders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from order_sync.errors import BadInput
from order_sync.flow import NETSUITE_CASH_SALES, NETSUITE_CUSTOMERS, NETSUITE_ORDERS, Run
from order_sync.ledger import Batch, Ledger, State
from order_sync.operators.collect import Collect
from order_sync.operators.netsuite_again import CollectUnanswered
from order_sync.operators.netsuite_external_ids import keep_parties
from order_sync.operators.netsuite_followed import orders_to_look_after
from order_sync.operators.netsuite_replies import CASH_SALE, CUSTOMER, CUSTOMER_BY_SHOPIFY
from order_sync.operators.netsuite_versions import SentVersions
from order_sync.operators.outcome import Outcome
from order_sync.operators.transform import Transform
from order_sync.operators.waking import CollectAndWake
from order_sync.settings import include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.batch_reader import Input
    from order_sync.operators.csv_batch import CsvSettings, Draft, Form, Rows
    from order_sync.operators.transform import BatchFunction
    from order_sync.transforms.netsuite_customers import CustomerDraft, NetSuiteCustomers
    from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders, OrderDraft
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


class CollectOrders(CollectAndWake, CollectUnanswered):
    """Collects created orders, and wakes those whose customer NetSuite knows by now."""

    wakes: ClassVar[Mapping[str, str]] = {"customer": CUSTOMER}

    def _not_elsewhere(self, book: Ledger, asked: Sequence[str]) -> list[str]:
        """An order that is done itself is asked for where something that follows it is not."""
        rest = super()._not_elsewhere(book, asked)
        mine = self._to_bring(book.records_by_order(self.flow, self.retailer, rest))
        followed = orders_to_look_after(book, self.retailer)
        return [order for order in rest if order in mine or order not in followed]


class TransformCustomers(Transform):
    """Customers that NetSuite does not have yet, to rows of its customer import."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.operators.netsuite_rest_rows import by_transport
        from order_sync.transforms.netsuite_customers import NetSuiteCustomers

        settings = load(self.retailer).netsuite_created_orders
        transform = NetSuiteCustomers(settings.sent_rows, include_folder(), self.retailer)
        customers = _CustomerRows(transform, book, run, self.retailer)
        rows, target, form = by_transport(settings.transport, customers, CUSTOMERS, settings.rows.date_format)
        return self._function(book, run, rows, target, "CustomerFeed", settings, form)

    def _function(
        self,
        book: Ledger,
        run: Run,
        rows: Rows,
        target: str,
        label: str,
        settings: CsvSettings,
        form: Form | None = None,
    ) -> BatchFunction:
        """What transforms one batch; one whose files were promised stands."""
        from order_sync.operators.csv_batch import CSV, CsvBatch

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if not run.dry_run and book.is_frozen(batch.id):
                self.log.info("Batch %s was published: its files stand as they are.", batch.id)
                return None
            return CsvBatch(rows, target, label, settings, book, staging, batch, inputs, run, form or CSV).transform()

        return of_batch


class TransformOrders(TransformCustomers):
    """Orders to rows of one of NetSuite's imports; what an order becomes is decided in one flow at a time."""

    def step(self, run: Run, book: Ledger) -> list[dict[str, Any]]:
        """Transform every batch that is not done yet."""
        with book.alone(f"orders for NetSuite of {self.retailer}"):
            return super().step(run, book)


class TransformSalesOrders(TransformOrders):
    """Created orders to rows of NetSuite's sales order import."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.operators.netsuite_rest_rows import by_transport
        from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders

        settings = load(self.retailer).netsuite_created_orders
        transform = NetSuiteSalesOrders(settings.sent_rows, include_folder(), self.retailer)
        versions = SentVersions(book, run, self.retailer)
        orders = _SalesOrderRows(transform, book, self.retailer, (NETSUITE_CASH_SALES, CASH_SALE), versions)
        rows, target, form = by_transport(settings.transport, orders, SALES_ORDERS, settings.rows.date_format)
        return self._function(book, run, rows, target, "CreatedOrderItemsFeed", settings, form)


class _CustomerRows:
    """Customers as drafts; an id that the feed itself tells is kept."""

    def __init__(self, rows: NetSuiteCustomers, book: Ledger, run: Run, retailer: str) -> None:
        self._rows, self._book, self._run, self._retailer = rows, book, run, retailer
        self.version = rows.version

    def header(self) -> bytes:
        return self._rows.header()

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        for drafts in self._rows.read(records, by_shopify=self._by_shopify):
            ids = {draft.key: draft.netsuite_id for draft in drafts if draft.netsuite_id}
            if ids and not self._run.dry_run:
                self._book.keep_ids(self._retailer, CUSTOMER, ids, source="customers feed", at=self._run.now)
            doubles = keep_parties(self._book, self._run, self._retailer, drafts)
            yield [_customer_draft(one, doubles.get(one.key) if one.row else None) for one in drafts]

    def _by_shopify(self, numbers: Sequence[str]) -> Mapping[str, str]:
        return self._book.ids_of(self._retailer, CUSTOMER_BY_SHOPIFY, numbers)


def _customer_draft(one: CustomerDraft, double: BadInput | None) -> Draft:
    """A customer as a draft; ``double`` is why it must not go out although it is sound."""
    from order_sync.operators.csv_batch import Draft

    row = b"" if double else one.row
    return Draft(one.record, one.key, one.cause or double, one.left_out, (), row, 1 if row else 0)


class OrderRows:
    """Orders as drafts.

    :param other: the ledger's flow that sends orders as documents of another kind, and the kind of their ids.
    :param versions: which order went out for a Shopify order.
    """

    def __init__(
        self,
        rows: NetSuiteSalesOrders,
        book: Ledger,
        retailer: str,
        other: tuple[str, str],
        versions: SentVersions,
    ) -> None:
        self._rows, self._book, self._retailer, self._other = rows, book, retailer, other
        self._versions = versions
        self.version = rows.version

    def header(self) -> bytes:
        """The first line of every file."""
        return self._rows.header()

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        """Drafts, some thousand at a time; the ledger is asked for what the feed does not have."""
        from order_sync.operators.csv_batch import Draft

        asked = {"by_shopify": self._by_shopify, "elsewhere": self._elsewhere, "other_versions": self._versions.others}
        for drafts in self._rows.read(records, self._known, **asked):
            yield [
                Draft(
                    one.record, one.key, one.cause, one.left_out, one.waits_for, one.rows, one.row_count,
                    one.amount_minor, one.currency, one.lines, one.order_date, one.store, self.told(one),
                )
                for one in drafts
            ]  # fmt: skip

    def told(self, draft: OrderDraft) -> bytes:  # noqa: ARG002
        """What later steps have to know of an order; nothing follows a cash sale."""
        return b""

    def _known(self, parties: Sequence[str]) -> Mapping[str, str]:
        return self._book.ids_of(self._retailer, CUSTOMER, parties)

    def _by_shopify(self, numbers: Sequence[str]) -> Mapping[str, str]:
        return self._book.ids_of(self._retailer, CUSTOMER_BY_SHOPIFY, numbers)

    def _elsewhere(self, keys: Sequence[str]) -> dict[str, bool]:
        """Whether NetSuite has, or may have, an order by the other flow: once it was in a file of it."""
        from order_sync.operators.batch_decisions import SENT

        flow, kind = self._other
        there: dict[str, bool] = {}
        for record in self._book.records_by_order(flow, self._retailer, keys):
            if record.state is not State.EXCLUDED:
                sent = record.state in SENT or record.feed_id is not None
                there[record.order_key] = sent or there.get(record.order_key, False)
        return there | dict.fromkeys(self._book.ids_of(self._retailer, kind, keys), True)


class _SalesOrderRows(OrderRows):
    """Created orders as drafts: deposits and the approval follow them."""

    def told(self, draft: OrderDraft) -> bytes:
        from order_sync.transforms.netsuite_deposits import told_of

        return told_of(draft)


#: Customers first: an order whose customer NetSuite does not know would be refused there.
STAGES = (
    Stage("customers", NETSUITE_CUSTOMERS, CUSTOMERS, CollectUnanswered, TransformCustomers),
    Stage("orders", NETSUITE_ORDERS, SALES_ORDERS, CollectOrders, TransformSalesOrders),
)
