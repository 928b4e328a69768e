"""Completed orders to Retail Pro: the bodies of Order to Invoice, and the manual slips that go with them.

The one entry for everything that turns completed orders into documents: operators feed it raw records and deliver what
it returns. It decides per order (invoice, leave out, set aside) and never touches a file, a clock or a network.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from operator import itemgetter
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from order_sync.contracts import hotwax_completed
from order_sync.contracts.money import DECIMALS
from order_sync.errors import BadInput, Stop
from order_sync.mapping import lookups
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.exact import NUMBER_DECIMALS
from order_sync.mapping.model import Vocabulary
from order_sync.mapping.sheet import Numbers, Sheet
from order_sync.settings import Retailer
from order_sync.transforms.arrays import clean
from order_sync.transforms.invoice_bodies import Bodies, body_sheet
from order_sync.transforms.invoice_items import ItemReader
from order_sync.transforms.invoice_money import Reckoner
from order_sync.transforms.invoice_order import Finding, InvoiceFacts, Kind, OrderRules, told
from order_sync.transforms.invoice_slips import SlipFacts
from order_sync.transforms.invoice_vocabulary import (
    BILL_TO,
    CASES,
    INVOICE_NUMBERS,
    INVOICE_PATHS,
    INVOICE_TEXTS,
    LINE_NUMBERS,
    SHIP_TO,
    SLIP_PATHS,
)
from order_sync.transforms.tlog_frame import SourceRecord

FRAME_ORDERS = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_INVOICES = {"v1": "retailpro_invoice_v1", "v2_fiscal": "retailpro_invoice_v2_fiscal"}
_TEXTS = itemgetter(*INVOICE_TEXTS)
_SLIPS = "retailpro_manual_slip"


class Slip(msgspec.Struct, frozen=True, gc=False):
    """A manual slip.

    :param body: exactly what is sent.
    """

    number: str
    from_store: str
    to_store: str
    quantity: int
    body: bytes


class InvoiceDraft(msgspec.Struct, frozen=True, gc=False):
    """What becomes of one order.

    :param order_key: OrderNo, zeros and all, even where it is too long to be sent; blank where there is none.
    :param order_id: HotWax's own, blank where it cannot be read.
    :param store: the store that issues the invoice, as InvoicingStore names it; of a till's order the selling store.
    :param amount_minor: the order's total.
    :param lines: of the invoice.
    :param order_date: aware UTC.
    :param cause: why it is rejected.
    :param left_out: why it needs no invoice, a code of the exclusions; blank otherwise.
    :param body: exactly what is sent; blank where nothing is.
    :param notes: what the invoice cannot say.
    """

    record: SourceRecord
    order_key: str
    order_id: str
    kind: Kind
    store: str
    amount_minor: int | None
    currency: str
    lines: int
    order_date: datetime | None
    cause: BadInput | None
    left_out: str
    body: bytes
    slips: tuple[Slip, ...]
    notes: tuple[str, ...]


class RetailProInvoices:
    """The transform of one retailer.

    :param include: the folder with mappings and lookup tables.
    :raises Stop: a mapping, a table or a setting is wrong; the message names it.
    """

    def __init__(self, retailer: Retailer, include: Path) -> None:
        settings = self.settings = retailer.retailpro_invoicing
        folder = include / "mappings"
        tables = folder / "lookups"
        invoice, slip = (
            mapping_model.load(
                folder / f"{name}.yaml", Vocabulary(paths, CASES, frozenset(settings.values)), tables, retailer.name
            )
            for name, paths in ((_INVOICES[settings.body], INVOICE_PATHS), (_SLIPS, SLIP_PATHS))
        )
        stores, invoicing_stores, adjustments = (
            lookups.load(lookups.find(tables, retailer.name, name))
            for name in ("retailpro_store", "retailpro_invoicing_store", "adjustment")
        )
        _check_slip_number(settings.slip_number, settings.order_number_digits)
        bare = {"order.FiscalCredit"} if settings.fiscal_credit_as == "boolean" else ()
        self._invoices = Bodies(Engine(invoice, settings.values, settings.zone), bare)
        self._slips = Bodies(Engine(slip, settings.values, settings.zone))
        items, reckoner = ItemReader(settings, stores), Reckoner(settings, adjustments)
        self._rules = OrderRules(settings, items, reckoner, invoicing_stores)
        self.version = mapping_model.combined_version(
            invoice, slip, tables=[stores.path, invoicing_stores.path, adjustments.path], settings=settings
        )

    def read(self, records: Iterable[SourceRecord], size: int = FRAME_ORDERS) -> Iterator[list[InvoiceDraft]]:
        """A draft for every order, in their order, some thousand at a time; memory is one such frame."""
        source = iter(records)
        while chunk := list(islice(source, size)):
            with _collector_paused():
                drafts = self._drafts(chunk)
            yield drafts

    def _drafts(self, records: Sequence[SourceRecord]) -> list[InvoiceDraft]:
        findings = [self._find(record) for record in records]
        bodies = self._write_invoices(findings)
        slips = self._write_slips(findings)
        return [
            _draft(record, finding, body, slips.get(at, ()))
            for at, (record, finding, body) in enumerate(zip(records, findings, bodies, strict=True))
        ]

    def _find(self, record: SourceRecord) -> Finding:
        try:
            order = hotwax_completed.orders.decode(record.data)
        except BadInput as cause:
            return Finding(order_id=hotwax_completed.guess_order_id(record.data), cause=told(cause))
        return self._rules.find(order)

    def _write_invoices(self, findings: Sequence[Finding]) -> list[bytes]:
        """The body of each order, blank where it has none; a value that does not fit becomes the order's cause."""
        bodies = [b""] * len(findings)
        places = [at for at, finding in enumerate(findings) if finding.cause is None and finding.invoice]
        invoices = [invoice for at in places if (invoice := findings[at].invoice)]
        if not places:
            return bodies
        written, verdicts = self._invoices.write(_invoice_sheet(invoices))
        for place, (at, body) in enumerate(zip(places, written, strict=True)):
            cause = verdicts.causes.get(place)
            bodies[at] = b"" if cause else body
            if cause:
                _reject(findings[at], cause)
        return bodies

    def _write_slips(self, findings: Sequence[Finding]) -> dict[int, tuple[Slip, ...]]:
        """The slips of each order that has some; one that cannot be written becomes its order's cause."""
        owners = [at for at, finding in enumerate(findings) if finding.cause is None for _ in finding.slips]
        facts = [slip for finding in findings if finding.cause is None for slip in finding.slips]
        if not facts:
            return {}
        written, verdicts = self._slips.write(_slip_sheet(facts))
        found: dict[int, tuple[Slip, ...]] = {}
        for place, (at, slip, body) in enumerate(zip(owners, facts, written, strict=True)):
            if (cause := verdicts.causes.get(place)) is not None:
                _reject(findings[at], cause)
            quantity = sum(slip.quantities.values())
            found[at] = (
                *found.get(at, ()),
                Slip(slip.number, slip.from_store or "", slip.to_store or "", quantity, body),
            )
        return found


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Keep Python from looking for cycles among the objects of a frame: they have none, and it costs an eighth."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _reject(finding: Finding, cause: BadInput) -> None:
    if finding.cause is None:
        finding.cause = cause


def _draft(record: SourceRecord, finding: Finding, body: bytes, slips: tuple[Slip, ...]) -> InvoiceDraft:
    sound = finding.cause is None
    return InvoiceDraft(
        record=record,
        order_key=finding.order_no,
        order_id=finding.order_id,
        kind=finding.kind,
        store=finding.store,
        amount_minor=finding.amount,
        currency=finding.currency if finding.currency in DECIMALS else "",
        lines=len(finding.invoice.lines) if finding.invoice else 0,
        order_date=None if finding.ordered_at is None else _EPOCH + finding.ordered_at * _MILLISECOND,
        cause=finding.cause,
        left_out=finding.left_out if sound else "",
        body=body if sound else b"",
        slips=slips if sound else (),
        notes=finding.notes,
    )


def _invoice_sheet(invoices: Sequence[InvoiceFacts]) -> Sheet:
    lines = [line for invoice in invoices for line in invoice.lines]
    counts = np.array([len(invoice.lines) for invoice in invoices])
    labels = [invoice.texts["fact.order_no"] or "" for invoice in invoices]
    seqs, upcs, orig_prices, orig_taxes, prices, taxes, quantities, stores, pickup_stores = zip(*lines, strict=True)
    sheet = body_sheet(counts, labels, seqs)
    texts = zip(*(_TEXTS(invoice.texts) + invoice.bill_to + invoice.ship_to for invoice in invoices), strict=True)
    for path, values in zip((*INVOICE_TEXTS, *BILL_TO, *SHIP_TO), texts, strict=True):
        sheet.text[path] = clean(pa.array(values, pa.string()))
    scale = 10 ** (NUMBER_DECIMALS - np.array([invoice.decimals for invoice in invoices]))
    amounts = np.array([invoice.numbers for invoice in invoices], np.int64)
    for at, path in enumerate(INVOICE_NUMBERS):
        sheet.number[path] = _numbers(amounts[:, at] * scale)
    sheet.instant["fact.ordered_at"] = _numbers(np.array([invoice.ordered_at for invoice in invoices]))
    for path, values in (("line.upc", upcs), ("line.store", stores), ("line.pickup_store", pickup_stores)):
        sheet.text[path] = pa.array(values, pa.string())
    pieces = np.array(quantities, np.int64) * 10**NUMBER_DECIMALS
    for path, numbers in zip(LINE_NUMBERS, (orig_prices, orig_taxes, prices, taxes, pieces), strict=True):
        sheet.number[path] = _numbers(np.array(numbers, np.int64))
    return sheet


def _slip_sheet(slips: Sequence[SlipFacts]) -> Sheet:
    numbers = [slip.number for slip in slips]
    upcs = [upc for slip in slips for upc in slip.quantities]
    sheet = body_sheet(np.array([len(slip.quantities) for slip in slips]), numbers, (upc or "" for upc in upcs))
    sheet.text = {
        "fact.slip_no": pa.array(numbers, pa.string()),
        "fact.from_store": pa.array([slip.from_store for slip in slips], pa.string()),
        "fact.to_store": pa.array([slip.to_store for slip in slips], pa.string()),
        "line.upc": pa.array(upcs, pa.string()),
    }
    sheet.whole["fact.quantity"] = _numbers(np.array([sum(slip.quantities.values()) for slip in slips]))
    sheet.whole["line.quantity"] = _numbers(np.array([count for slip in slips for count in slip.quantities.values()]))
    sheet.instant["fact.fulfilled_at"] = _numbers(np.array([slip.at for slip in slips]))
    return sheet


def _numbers(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Numbers:
    return Numbers(values, np.ones(len(values), np.bool_))


def _check_slip_number(pattern: str, digits: int) -> None:
    """Two slips of one order, and slips of two orders, must have numbers of their own.

    :param digits: that order numbers have at least.
    :raises Stop: they have not.
    """
    orders = [number.rjust(digits, "0") for number in ("1", "11")]
    try:
        distinct = len({pattern.format(order_no=order_no, n=n) for order_no in orders for n in (1, 11)}) == 4
    except (KeyError, IndexError, ValueError):
        distinct = False
    if not distinct:
        raise Stop(
            f"slip_number {pattern!r} does not give every slip a number of its own.",
            next_step="Let it name {order_no} and {n}, with something between them where order numbers vary in length.",
        )
