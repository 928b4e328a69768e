"""Created orders to NetSuite: the rows of the sales order file, order by order.

The one entry for everything that turns created orders into rows: operators feed it raw records and put together files
of whole orders from what it returns. It decides per order (write, let wait, leave out, set aside) and never touches a
file, a clock or a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.contracts import hotwax_created
from order_sync.contracts.hotwax_completed import guess_order_id
from order_sync.contracts.hotwax_created import CreatedOrder
from order_sync.contracts.money import DECIMALS
from order_sync.errors import BadInput, Stop
from order_sync.mapping import lookups
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.lookups import Lookup
from order_sync.mapping.model import Vocabulary
from order_sync.mapping.sheet import Numbers, Sheet
from order_sync.settings import NetSuiteOrders
from order_sync.transforms.arrays import clean
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_deposits import PaidPart
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.netsuite_known import Elsewhere, Known, OtherVersions, no_versions, nothing
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
#: Why an order is left out of which NetSuite gets or has another version: a refresh in HotWax makes one.
OTHER_VERSION = "OTHER_VERSION"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Stands for an id that is not there yet while all other rules are looked at.
_LATER = "0"


class OrderDraft(msgspec.Struct, frozen=True, gc=False):
    """What becomes of one order.

    :param key: HotWax's order id, blank where it cannot be read.
    :param name: the order's name, as people know it.
    :param customer: HotWax's party id of the customer; ``netsuite_customer`` NetSuite's, where it is known.
    :param waits_for: what NetSuite has to know first, such as ``customer 10004``; then there are no rows.
    :param cause: why it is rejected, as a whole.
    :param left_out: why it does not go to NetSuite, a code of the exclusions; blank otherwise.
    :param rows: exactly what is sent, every row with its line feed; blank where nothing is.
    :param amount_minor: the order's total; ``paid_minor`` what was paid of it, where that was looked at.
    :param lines: of the order; rows of discounts are no lines.
    :param order_date: aware UTC.
    :param line_keys: HotWax's numbers of the lines, in the order of the rows.
    :param is_pos: whether a till sold it.
    :param parts: the payments that become deposits.
    :param shopify: Shopify's id and its number of the order, blank where the feed lacks them.
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
    parts: tuple[PaidPart, ...]
    shopify: tuple[str, str]
    netsuite_customer: str


class NetSuiteSalesOrders:
    """The transform of one retailer.

    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping, a table or a setting is wrong; the message names it.
    """

    target = "netsuite_sales_order"
    paths = ORDER_PATHS
    tables: tuple[str, ...] = ("adjustment", "netsuite_discount_item", "netsuite_payment_method")
    #: Why an order is left out that went to NetSuite by the other flow.
    gone_elsewhere = "SENT_AS_CASH_SALE"

    def __init__(self, settings: NetSuiteOrders, include: Path, retailer: str) -> None:
        self.settings = settings
        _check_line_type(settings.discount_line_type)
        folder = include / "mappings"
        vocabulary = Vocabulary(self.paths, CASES, frozenset(settings.texts))
        path = folder / f"{self.target}_{settings.generation}.yaml"
        mapping = mapping_model.load(path, vocabulary, folder / "lookups", retailer)
        tables = {name: lookups.load(lookups.find(folder / "lookups", retailer, name)) for name in self.tables}
        self._rows = Rows(Engine(mapping, settings.texts, settings.zone))
        self._rules = self.rules(tables)
        self.version = mapping_model.combined_version(
            mapping, tables=[table.path for table in tables.values()], settings=self.all_settings()
        )

    def rules(self, tables: Mapping[str, Lookup]) -> OrderRules:
        """The rules for one order."""
        lines = LineReader(self.settings, tables["adjustment"])
        return OrderRules(self.settings, lines, tables["netsuite_discount_item"], tables["netsuite_payment_method"])

    def all_settings(self) -> msgspec.Struct:
        """Every setting that the bytes depend on."""
        return self.settings

    def decode(self, data: bytes) -> CreatedOrder:
        """Read one record.

        :raises BadInput: it cannot be read.
        """
        return hotwax_created.orders.decode(data)

    def header(self) -> bytes:
        """The header line of a file."""
        return self._rows.header()

    def read(
        self,
        records: Iterable[SourceRecord],
        known: Known,
        size: int = FRAME_ORDERS,
        *,
        by_shopify: Known = nothing,
        elsewhere: Elsewhere = nothing,
        other_versions: OtherVersions = no_versions,
    ) -> Iterator[list[OrderDraft]]:
        """A draft for every order, in their order, some thousand at a time; memory is one such frame.

        :param known: asked once per frame, for customers whose id the feed does not have.
        :param by_shopify: asked for those that it does not know either, by Shopify's numbers.
        :param elsewhere: asked once per frame, what the other flow did with an order: what it sent is left out.
        :param other_versions: asked once per frame: other versions of what NetSuite gets or has are left out.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, known, by_shopify, elsewhere, other_versions))

    def _drafts(
        self,
        records: Sequence[SourceRecord],
        known: Known,
        by_shopify: Known,
        elsewhere: Elsewhere,
        other_versions: OtherVersions,
    ) -> list[OrderDraft]:
        findings = [self._find(record) for record in records]
        self._leave_out(findings, elsewhere, other_versions)
        waits = _waits(findings, known, by_shopify)
        rows = self._write(findings)
        return [_draft(*one, waits.get(at, ())) for at, one in enumerate(zip(records, findings, rows, strict=True))]

    def _find(self, record: SourceRecord) -> Finding:
        try:
            order = self.decode(record.data)
        except BadInput as cause:
            return Finding(order_id=guess_order_id(record.data), cause=told(cause))
        return self._rules.find(order)

    def _leave_out(self, findings: Sequence[Finding], elsewhere: Elsewhere, other_versions: OtherVersions) -> None:
        """Leave out what went to NetSuite by the other flow or as another version, whatever is wrong with it by now.

        What neither flow took up, although it is too late for the other one, is set aside.
        """
        concerned = [finding for finding in findings if finding.chosen or finding.missed]
        there = elsewhere([finding.order_id for finding in concerned]) if concerned else {}
        for finding in concerned:
            if finding.chosen and there.get(finding.order_id):
                finding.left_out, finding.cause, finding.facts = self.gone_elsewhere, None, None
        _leave_out_versions([one for one in concerned if one.left_out != self.gone_elsewhere], other_versions)
        for finding in concerned:
            if finding.left_out in (self.gone_elsewhere, OTHER_VERSION):
                continue
            if finding.missed and finding.order_id not in there:
                message = "it is completed and no cash sale, but it was never taken up as a sales order."
                finding.left_out, finding.cause = "", BadInput("MISSED_ORDER", message, field="orderStatusId")

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


def _leave_out_versions(findings: Sequence[Finding], other_versions: OtherVersions) -> None:
    """Leave out orders of which NetSuite gets or has another version."""
    for going in (False, True):
        asked = {
            one.order_id: one.shopify_order
            for one in findings
            if one.shopify_order and (one.facts is not None) is going
        }
        others = other_versions(asked, going) if asked else set()
        for finding in findings:
            if finding.order_id in others:
                finding.left_out, finding.cause, finding.facts = OTHER_VERSION, None, None


def _waits(findings: Sequence[Finding], known: Known, by_shopify: Known) -> dict[int, tuple[str, ...]]:
    """What orders wait for, by place; customers that are known by now are filled in."""
    lacking = [one for one in findings if one.facts and one.party and not one.customer]
    ids = known(list(dict.fromkeys(one.party for one in lacking))) if lacking else {}
    numbers = dict.fromkeys(one.shopify_customer for one in lacking if one.shopify_customer and one.party not in ids)
    shoppers = by_shopify(list(numbers)) if numbers else {}
    waits = {}
    for at, finding in enumerate(findings):
        if not finding.facts:
            continue
        finding.customer = finding.customer or ids.get(finding.party) or shoppers.get(finding.shopify_customer, "")
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
        parts=finding.parts,
        shopify=(finding.shopify_order, finding.shopify_number),
        netsuite_customer=finding.customer,
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
