"""The four ways of order items between HotWax and NetSuite: allocated, shipped here, shipped there, rejected there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from order_sync.contracts.netsuite_files import Kind
from order_sync.flow import (
    HOTWAX_FULFILMENTS,
    HOTWAX_REJECTIONS,
    NETSUITE_ALLOCATIONS,
    NETSUITE_FULFILMENTS,
    NETSUITE_ORDERS,
    Run,
)
from order_sync.ledger import Batch, Ledger, State
from order_sync.operators.collect import Collect
from order_sync.operators.netsuite_replies import LINE, ORDER, Replies
from order_sync.operators.outcome import Outcome
from order_sync.operators.transform import Transform
from order_sync.operators.waking import CollectAndWake
from order_sync.settings import NetSuiteFulfilment, NetSuiteOrders, Retailer, include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.batch_reader import Frames, Input
    from order_sync.operators.csv_batch import Draft
    from order_sync.operators.transform import BatchFunction
    from order_sync.transforms.netsuite_items import Ids, ItemDraft
    from order_sync.transforms.tlog_frame import SourceRecord

#: Names of the files in the ledger.
ALLOCATIONS, FULFILLED, FULFILMENTS, REJECTIONS = "allocations", "fulfilled", "fulfilments", "rejections"
#: What NetSuite shipped itself, by order, line and facility: the ledger's kind of id.
SHIPPED_THERE = "netsuite_shipment"
#: Why an order is left out of those for NetSuite for good.
_NEVER = frozenset({"CANCELLED_ORDER", "EXCLUDED_CHANNEL", "POS_COMPLETED"})
_PROMISED = frozenset({State.INTENDED, State.DELIVERED, State.CONFIRMED, State.UNKNOWN})


class Work(NamedTuple):
    """What a batch is transformed with."""

    book: Ledger
    run: Run
    batch: Batch
    retailer: Retailer

    @property
    def settings(self) -> tuple[NetSuiteFulfilment, NetSuiteOrders, Path, str]:
        """What the transforms of items for NetSuite are made of."""
        retailer = self.retailer
        return retailer.netsuite_fulfilment, retailer.netsuite_created_orders.rows, include_folder(), retailer.name


class CollectItems(CollectAndWake):
    """Collects items of orders, and wakes those whose order or line NetSuite knows by now."""

    wakes: ClassVar[Mapping[str, str]] = {"order": ORDER, "line": LINE}


class TransformItems(Transform):
    """Items of orders to the files of the other side.

    :cvar target: name of its files in the ledger.
    :cvar label: what stands for them in file names.
    :cvar emit_changes: whether an item that changed goes out once more.
    :cvar as_json: whether files are JSON; None: as the settings say.
    """

    target: ClassVar[str]
    label: ClassVar[str]
    emit_changes: ClassVar[bool] = False
    as_json: ClassVar[bool | None] = False

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """What transforms one batch; one whose files were promised stands."""
        from order_sync.operators.csv_batch import CSV, CsvBatch, Form

        retailer = load(self.retailer)
        settings = retailer.netsuite_fulfilment
        is_json = settings.fulfilled == "json" if self.as_json is None else self.as_json
        form = Form("json", between=b",", end=b"]\n") if is_json else CSV

        def of_batch(staging: Staging, batch: Batch, inputs: list[Input]) -> Outcome | None:
            if not run.dry_run and book.is_frozen(batch.id):
                self.log.info("Batch %s was published: its files stand as they are.", batch.id)
                return None
            rows = self.rows(Work(book, run, batch, retailer))
            return CsvBatch(
                rows, self.target, self.label, settings, book, staging, batch, inputs, run, form,
                frames=self.frames(), emit_changes=self.emit_changes,
            ).transform()  # fmt: skip

        return of_batch

    def rows(self, work: Work) -> ItemRows:
        """What turns the records of a batch into rows."""
        raise NotImplementedError

    def frames(self) -> Frames:
        """What cuts a source file into items."""
        raise NotImplementedError


class TransformAllocations(TransformItems):
    """Brokered items to updates of NetSuite's orders; the last facility of a line is the one that counts."""

    target, label, emit_changes = ALLOCATIONS, "BrokeredOrderItemsFeed", True

    def rows(self, work: Work) -> ItemRows:
        """The retailer's transform."""
        from order_sync.transforms.netsuite_allocations import NetSuiteAllocations

        transform, ids = NetSuiteAllocations(*work.settings), _Lookups(work)
        clocks = {position: _milliseconds(moment) for position, moment in ids.times.items()}
        return ItemRows(
            transform, lambda records: ids.left_out(transform.read(records, ids.known, ids.told_before, clocks))
        )

    def frames(self) -> Frames:
        """Items of orders."""
        from order_sync.operators.item_frames import brokered_items

        return brokered_items


class TransformFulfilled(TransformItems):
    """Completed orders to what tells NetSuite that HotWax's facilities shipped."""

    target, label, as_json = FULFILLED, "FulfilledOrderItemsFeed", None

    def rows(self, work: Work) -> ItemRows:
        """The retailer's transform."""
        from order_sync.transforms.netsuite_fulfilled import NetSuiteFulfilled

        transform, ids = NetSuiteFulfilled(*work.settings), _Lookups(work)
        return ItemRows(transform, lambda records: ids.left_out(transform.read(records, ids.known, ids.shipped_there)))

    def frames(self) -> Frames:
        """What facilities shipped of items."""
        from order_sync.operators.item_frames import shipped_items

        return shipped_items


class TransformFulfilments(TransformItems):
    """What NetSuite shipped to HotWax's import; what it was is kept, for it is not told back as shipped by HotWax."""

    target, label, as_json = FULFILMENTS, "OrderItemFulfillment", True

    def rows(self, work: Work) -> ItemRows:
        """The retailer's transform."""
        from order_sync.transforms.hotwax_shipments import HotWaxFulfilments

        transform = HotWaxFulfilments()

        def read(records: Iterable[SourceRecord]) -> Iterator[list[ItemDraft]]:
            for drafts in transform.read(records):
                if not work.run.dry_run:
                    shipped = {f"{one.line}:{one.facility}": one.facility for one in drafts if not one.cause}
                    at, name = work.run.now, work.retailer.name
                    work.book.keep_ids(name, SHIPPED_THERE, shipped, source="fulfilments", at=at)
                yield drafts

        return ItemRows(transform, read)

    def frames(self) -> Frames:
        """The rows of NetSuite's CSV, or the lines of its JSON."""
        from order_sync.operators.item_frames import fulfilments

        return fulfilments


class TransformRejections(TransformItems):
    """What NetSuite's facilities will not ship, to HotWax's import."""

    target, label = REJECTIONS, "RejectedOrderItems"

    def rows(self, work: Work) -> ItemRows:
        """The retailer's transform."""
        from order_sync.transforms.hotwax_shipments import HotWaxRejections

        transform, ids = HotWaxRejections(), _Lookups(work)
        return ItemRows(transform, lambda records: transform.read(records, ids.allocated))

    def frames(self) -> Frames:
        """The rows of NetSuite's CSV."""
        from order_sync.operators.item_frames import rejections

        return rejections


class ItemRows:
    """Items as drafts of a batch.

    :param transform: what knows the version and the beginning of a file.
    :param read: gives the drafts of records.
    """

    def __init__(self, transform: Any, read: Any) -> None:
        self._transform, self._read = transform, read
        self.version: str = transform.version

    def header(self) -> bytes:
        """What a file begins with."""
        return bytes(self._transform.header())

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        """Drafts, some thousand at a time, in the order of the records."""
        from order_sync.operators.csv_batch import Draft

        for drafts in self._read(records):
            yield [
                Draft(
                    one.record, one.key, one.cause, one.left_out, one.waits_for, one.row, 1 if one.row else 0,
                    store=one.facility, known_by=one.known_by, updated_ms=one.updated_ms, together=one.together,
                    opening=one.opening, closing=one.closing,
                )
                for one in drafts
            ]  # fmt: skip


class _Lookups:
    """What the ledger knows of the items of a batch."""

    def __init__(self, work: Work) -> None:
        self._book, self._batch, self._retailer = work.book, work.batch, work.retailer.name
        files = work.book.batch_inputs(work.batch.id) if work.batch.id else []  # a dry run's batch has none
        #: When the files were written, by their place.
        self.times = {file.position: file.mtime for file in files if file.mtime}

    def known(self, orders: Sequence[str], lines: Sequence[str]) -> Ids:
        """NetSuite's ids of orders and lines."""
        from order_sync.transforms.netsuite_items import Ids

        book, retailer = self._book, self._retailer
        return Ids(book.ids_of(retailer, ORDER, orders), book.ids_of(retailer, LINE, lines))

    def left_out(self, frames: Iterable[list[ItemDraft]]) -> Iterator[list[ItemDraft]]:
        """The same drafts; those whose order is left out of what goes to NetSuite wait for nothing."""
        for drafts in frames:
            waiting = [draft for draft in drafts if draft.waits_for]
            records = self._book.records_by_order(NETSUITE_ORDERS, self._retailer, [draft.order for draft in waiting])
            latest = {record.order_key: record for record in records}
            for draft in waiting:
                order = latest.get(draft.order)
                if order and order.state is State.EXCLUDED and order.reason in _NEVER:
                    draft.left_out, draft.waits_for = "NOT_IN_NETSUITE", ()
            yield drafts

    def told_before(self, lines: Sequence[str]) -> Collection[str]:
        """The lines whose facility NetSuite was told, or will be before this batch goes out."""
        return {
            record.order_key
            for record in self._book.records_by_order(NETSUITE_ALLOCATIONS, self._retailer, lines)
            if record.state in _PROMISED or (record.state is State.READY and record.batch_id != self._batch.id)
        }

    def shipped_there(self, shipments: Sequence[str]) -> Collection[str]:
        """Those that NetSuite made itself."""
        return self._book.ids_of(self._retailer, SHIPPED_THERE, shipments)

    def allocated(self, lines: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], int]:
        """How often lines had been given to a facility when the file that tells of them was written.

        A line that is brought again keeps the number that it had.
        """
        kept = dict[str, int]()
        for place in self._book.record_locations(self._batch.selection) if self._batch.selection else []:
            line, _, number = place.order_key.rpartition(":")
            if number.isdecimal():
                kept[line] = int(number)
        told: dict[str, list[datetime]] = {}
        for record in self._book.records_by_order(NETSUITE_ALLOCATIONS, self._retailer, [line for _, line in lines]):
            if record.state in _PROMISED:
                told.setdefault(record.order_key, []).append(record.first_seen_at)
        return {
            (file, line): kept.get(line, sum(moment < self._until(file) for moment in told.get(line, ())))
            for file, line in lines
        }

    def _until(self, file: int) -> datetime:
        """The end of the second in which a file was written: SFTP tells no less."""
        written = self.times.get(file)
        return written + timedelta(seconds=1) if written else datetime.max.replace(tzinfo=UTC)


class ItemStage(NamedTuple):
    """One way of items.

    :param flow: under which the ledger keeps its records.
    :param target: what its files are called in the ledger, and in the settings.
    :param to_netsuite: whether HotWax tells NetSuite, else the other way round.
    """

    name: str
    flow: str
    target: str
    to_netsuite: bool
    collect: type[Collect]
    transform: type[Transform]


STAGES = (
    ItemStage("allocations", NETSUITE_ALLOCATIONS, ALLOCATIONS, True, CollectItems, TransformAllocations),
    ItemStage("fulfilled", NETSUITE_FULFILMENTS, FULFILLED, True, CollectItems, TransformFulfilled),
    ItemStage("fulfilments", HOTWAX_FULFILMENTS, FULFILMENTS, False, Collect, TransformFulfilments),
    ItemStage("rejections", HOTWAX_REJECTIONS, REJECTIONS, False, Collect, TransformRejections),
)
FLOWS = tuple(stage.flow for stage in STAGES)


def fulfilment_replies(settings: NetSuiteFulfilment) -> tuple[Replies, ...]:
    """What NetSuite answers to what it is told: nothing, but what it refuses."""
    folders = settings.folders
    is_json = settings.fulfilled == "json"
    errors = Kind.FULFILLED_ORDER_ERRORS if is_json else Kind.FULFILMENT_ERRORS
    export = folders.fulfilled_json if is_json else folders.update
    return (
        Replies(
            NETSUITE_ALLOCATIONS, errors=(Kind.UPDATE_ERRORS,), export=folders.update, also=(NETSUITE_FULFILMENTS,)
        ),
        Replies(NETSUITE_FULFILMENTS, errors=(errors,), export=export),
    )


def _milliseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
