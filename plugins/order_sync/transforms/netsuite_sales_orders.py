"""Created orders to NetSuite: the rows of the sales order file, order by order.

The one entry for everything that turns created orders into rows: operators feed it raw records and put together files
of whole orders from what it returns. It decides per order (write, let wait, leave out, set aside) and never touches a
file, a clock or a network.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.contracts import hotwax_created
from order_sync.contracts.hotwax_completed import guess_order_id
from order_sync.contracts.money import DECIMALS
from order_sync.errors import BadInput, Stop
from order_sync.mapping import lookups
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.model import Vocabulary
from order_sync.mapping.sheet import Numbers, Sheet
from order_sync.settings import NetSuiteOrders
from order_sync.transforms.arrays import clean
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.netsuite_lines import LineReader
from order_sync.transforms.netsuite_order import Finding, OrderRules
from order_sync.transforms.netsuite_rows import Rows, row_sheet
from order_sync.transforms.netsuite_vocabulary import (
    BILL_TO,
    CASES,
    CUSTOMER,
    ORDER_PATHS,
    ORDER_TEXTS,
    ROW_TEXTS,
    SHIP_TO,
)
from order_sync.transforms.tlog_frame import SourceRecord

FRAME_ORDERS = 2_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Stands for an id that is not there yet while all other rules are looked at.
_LATER = "0"

#: Tells NetSuite's ids of customers by HotWax's party ids; those that it does not have are left out.
Known = Callable[[Sequence[str]], Mapping[str, str]]


class OrderDraft(msgspec.Struct, frozen=True, gc=False):
    """What becomes of one order.

    :param key: HotWax's order id, blank where it cannot be read.
    :param name: the order's name, as people know it.
    :param customer: HotWax's party id of the customer.
    :param waits_for: what NetSuite has to know first, such as ``customer 10004``; then there are no rows.
    :param cause: why it is rejected, as a whole.
    :param left_out: why it does not go to NetSuite, a code of the exclusions; blank otherwise.
    :param rows: exactly what is sent, every row with its line feed; blank where nothing is.
    :param amount_minor: the order's total; ``paid_minor`` what was paid of it, where that was looked at.
    :param lines: of the order; rows of discounts are no lines.
    :param order_date: aware UTC.
    :param line_keys: HotWax's numbers of the lines, in the order of the rows.
    :param is_pos: whether a till sold it.
    """

    record: SourceRecord
    key: str
    name: str
    customer: str
    waits_for: tuple[str, ...]
    cause: BadInput | None
    left_out: str
    rows: bytes
    row_count: int
    amount_minor: int | None
    paid_minor: int | None
    currency: str
    lines: int
    order_date: datetime | None
    store: str
    line_keys: tuple[str, ...]
    is_pos: bool


class NetSuiteSalesOrders:
    """The transform of one retailer.

    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping, a table or a setting is wrong; the message names it.
    """

    def __init__(self, settings: NetSuiteOrders, include: Path, retailer: str) -> None:
        self.settings = settings
        _check_line_type(settings.discount_line_type)
        folder = include / "mappings"
        tables = folder / "lookups"
        vocabulary = Vocabulary(ORDER_PATHS, CASES, frozenset(settings.texts))
        path = folder / f"netsuite_sales_order_{settings.generation}.yaml"
        mapping = mapping_model.load(path, vocabulary, tables, retailer)
        adjustments, discount_items = (
            lookups.load(lookups.find(tables, retailer, name)) for name in ("adjustment", "netsuite_discount_item")
        )
        self._rows = Rows(Engine(mapping, settings.texts, settings.zone))
        self._rules = OrderRules(settings, LineReader(settings, adjustments), discount_items)
        self.version = mapping_model.combined_version(
            mapping, tables=[adjustments.path, discount_items.path], settings=settings
        )

    def header(self) -> bytes:
        """The header line of a file."""
        return self._rows.header()

    def read(
        self, records: Iterable[SourceRecord], known: Known, size: int = FRAME_ORDERS
    ) -> Iterator[list[OrderDraft]]:
        """A draft for every order, in their order, some thousand at a time; memory is one such frame.

        :param known: asked once per frame, for customers whose id the feed does not have.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, known))

    def _drafts(self, records: Sequence[SourceRecord], known: Known) -> list[OrderDraft]:
        findings = [self._find(record) for record in records]
        waits = _waits(findings, known)
        rows = self._write(findings)
        return [_draft(*one, waits.get(at, ())) for at, one in enumerate(zip(records, findings, rows, strict=True))]

    def _find(self, record: SourceRecord) -> Finding:
        try:
            order = hotwax_created.orders.decode(record.data)
        except BadInput as cause:
            return Finding(order_id=guess_order_id(record.data), cause=told(cause))
        return self._rules.find(order)

    def _write(self, findings: Sequence[Finding]) -> list[bytes]:
        """The rows of each order, blank where it has none; a value that does not fit becomes the order's cause."""
        rows = [b""] * len(findings)
        places = [at for at, finding in enumerate(findings) if finding.facts]
        if not places:
            return rows
        written, verdicts = self._rows.write(_sheet([findings[at] for at in places]))
        for place, (at, text) in enumerate(zip(places, written, strict=True)):
            findings[at].cause = verdicts.causes.get(place)
            rows[at] = text
        return rows


def _waits(findings: Sequence[Finding], known: Known) -> dict[int, tuple[str, ...]]:
    """What orders wait for, by place; customers that are known by now are filled in."""
    unknown = dict.fromkeys(one.party for one in findings if one.facts and one.party and not one.customer)
    ids = known(list(unknown)) if unknown else {}
    waits = {}
    for at, finding in enumerate(findings):
        if not finding.facts:
            continue
        finding.customer = finding.customer or ids.get(finding.party, "")
        lacks = [f"customer {finding.party}"] if finding.party and not finding.customer else []
        lacks += [f"product {product}" for product in finding.products]
        if lacks:
            waits[at] = tuple(lacks)
    return waits


def _draft(record: SourceRecord, finding: Finding, rows: bytes, waits_for: tuple[str, ...]) -> OrderDraft:
    sound = finding.cause is None
    goes = sound and not waits_for and not finding.left_out
    return OrderDraft(
        record=record,
        key=finding.order_id,
        name=finding.name,
        customer=finding.party,
        waits_for=waits_for if sound else (),
        cause=finding.cause,
        left_out=finding.left_out if sound else "",
        rows=rows if goes else b"",
        row_count=len(finding.facts.rows) if goes and finding.facts else 0,
        amount_minor=finding.amount,
        paid_minor=finding.paid,
        currency=finding.currency if finding.currency in DECIMALS else "",
        lines=len(finding.line_keys),
        order_date=None if finding.ordered_at is None else _EPOCH + timedelta(milliseconds=finding.ordered_at),
        store=finding.store,
        line_keys=finding.line_keys,
        is_pos=finding.is_pos,
    )


def _sheet(findings: Sequence[Finding]) -> Sheet:
    orders = [finding.facts for finding in findings if finding.facts]
    rows = [row for order in orders for row in order.rows]
    counts = np.array([len(order.rows) for order in orders])
    decimals = np.array([order.decimals for order in orders])
    seqs, *of_rows, prices, quantities = zip(*rows, strict=True)
    sheet = row_sheet(counts, decimals, [finding.order_id for finding in findings], seqs)
    texts = dict[str, Sequence[str | None]]()
    texts.update(zip(ORDER_TEXTS, zip(*(order.texts for order in orders), strict=True), strict=True))
    texts.update(zip(SHIP_TO, zip(*(order.ship_to for order in orders), strict=True), strict=True))
    texts.update(zip(BILL_TO, zip(*(order.bill_to for order in orders), strict=True), strict=True))
    sheet.text = {path: clean(pa.array(values, pa.string())) for path, values in texts.items()}
    sheet.text[CUSTOMER] = pa.array([one.customer or (_LATER if one.party else None) for one in findings], pa.string())
    sheet.text.update(zip(ROW_TEXTS, (pa.array(values, pa.string()) for values in of_rows), strict=True))
    sheet.text["line.item"] = pc.fill_null(sheet.text["line.item"], _LATER)
    price, quantity = np.array(prices, np.int64), np.array(quantities, np.int64)
    sheet.money = {
        "line.price": _numbers(price),
        "line.amount": _numbers(price * quantity),
        "fact.shipping_cost": _numbers(np.array([order.shipping for order in orders], np.int64)),
        "fact.discount": _present(np.array([order.discount for order in orders], np.int64)),
    }
    sheet.whole["line.quantity"] = _numbers(quantity)
    sheet.instant["fact.ordered_at"] = _numbers(np.array([order.ordered_at for order in orders]))
    return sheet


def _numbers(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Numbers:
    return Numbers(values, np.ones(len(values), np.bool_))


def _present(values: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Numbers:
    """Numbers that are blank where they are 0."""
    return Numbers(values, values != 0)


def _check_line_type(pattern: str) -> None:
    """Discount rows of two lines must have types of their own: they may be all that tells them apart.

    :raises Stop: they have not.
    """
    try:
        distinct = pattern.format(line="1") != pattern.format(line="2")
    except (KeyError, IndexError, ValueError):
        distinct = False
    if not distinct:
        raise Stop(
            f"discount_line_type {pattern!r} does not give every line a type of its own.",
            next_step="Let it name {line}.",
        )
