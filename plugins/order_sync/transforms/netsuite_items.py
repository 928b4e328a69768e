"""What the transforms of order items have in common: drafts, NetSuite's ids, facilities, and rows of one item each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from order_sync.contracts.hotwax_completed import (
    GoodIdentification,
    Identifications,
    OrderIdentification,
    text,
)
from order_sync.contracts.hotwax_items import Item
from order_sync.errors import BadInput
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine
from order_sync.mapping.model import Type, Vocabulary
from order_sync.mapping.sheet import Numbers
from order_sync.settings import NetSuiteFulfilment, NetSuiteOrders
from order_sync.transforms.arrays import clean
from order_sync.transforms.netsuite_rows import Rows, row_sheet
from order_sync.transforms.netsuite_vocabulary import SHIP_TO
from order_sync.transforms.tlog_frame import SourceRecord

FRAME_ITEMS = 5_000
_NOWHERE = frozenset({None, "_NA_"})
_VIRTUAL = "VIRTUAL_FACILITY"
_MOST = 100_000

#: Texts of an item, in the order in which rules give them; those of the address come behind.
_TEXTS = ("fact.netsuite_order", "fact.netsuite_line", "fact.item", "fact.facility", "fact.closed")
ITEM_TEXTS = (*_TEXTS, "fact.shipping_method", *SHIP_TO[:-1])
#: Paths that a mapping of items may name.
ITEM_PATHS: dict[str, Type] = {**dict.fromkeys(ITEM_TEXTS, "text"), "fact.quantity": "whole"}
ITEM_CASES = {"fact.closed": frozenset({"yes", "no"})}


class ItemDraft(msgspec.Struct, gc=False):
    """What becomes of one item.

    :param key: its business identity; blank where it cannot be read.
    :param order: HotWax's id of the order.
    :param line: HotWax's number of the line, with the order before it: ``M1:00001``.
    :param cause: why it is rejected.
    :param left_out: why it does not go out, a code of the exclusions; blank otherwise.
    :param waits_for: what NetSuite has to know first.
    :param facility: its external id.
    :param row: exactly what is sent; blank where nothing is.
    :param known_by: what tells it from another version.
    :param updated_ms: its clock, epoch milliseconds.
    :param together: items side by side with the same text stand in one file.
    :param opening: stands once before the rows of such items, ``closing`` behind them.
    """

    record: SourceRecord
    key: str = ""
    order: str = ""
    line: str = ""
    cause: BadInput | None = None
    left_out: str = ""
    waits_for: tuple[str, ...] = ()
    facility: str = ""
    row: bytes = b""
    known_by: bytes = b""
    updated_ms: int | None = None
    together: str = ""
    opening: bytes = b""
    closing: bytes = b""


class Ids(NamedTuple):
    """NetSuite's ids: of orders by HotWax's, of lines by order and number."""

    orders: Mapping[str, str]
    lines: Mapping[str, str]


#: Tells the ids that the ledger has, of some orders and some lines.
KnownIds = Callable[[Sequence[str], Sequence[str]], Ids]


class Facts(NamedTuple):
    """What the mappings read of one item.

    :param texts: in the order of :data:`ITEM_TEXTS` without the two ids of NetSuite.
    :param order: NetSuite's id where the feed has it; ``line`` likewise.
    """

    texts: tuple[str | None, ...]
    quantity: int
    order: str | None = None
    line: str | None = None


class ItemReader:
    """Reads what all items have."""

    def __init__(self, settings: NetSuiteFulfilment, orders: NetSuiteOrders) -> None:
        facilities = settings.netsuite_facilities
        self._ids, self._groups = frozenset(facilities.ids), frozenset(facilities.groups)
        self._kits = frozenset(orders.kit_association_types)
        kinds = orders.identifications
        self._products = Identifications[GoodIdentification](kinds.netsuite_product, "goodIdentifications")
        self._orders = Identifications[OrderIdentification](kinds.netsuite_order, "orderIdentifications")
        self.line_attribute = kinds.line_attribute

    def product(self, item: Item) -> str | None:
        """NetSuite's id of the product, of those that have no end the first."""
        return self._products.open_at(0, [one for one in item.goodIdentifications or () if not one.until])

    def order(self, identifications: Sequence[OrderIdentification] | None) -> str | None:
        """NetSuite's id of the order, where the feed has it."""
        return self._orders.open_at(0, [one for one in identifications or () if not one.until])

    def facility(self, item: Item) -> str | None:
        """External id of the facility; None where the item lies with none."""
        facility = text(item.facilityExternalId)
        return None if facility in _NOWHERE or item.parentFacilityTypeId == _VIRTUAL else facility

    def is_netsuites(self, item: Item) -> bool:
        """Whether NetSuite fulfils what its facility has to ship."""
        groups = {one.facilityGroupId for one in item.facilityGroupMembers or () if not one.thruDate}
        return text(item.facilityExternalId) in self._ids or not self._groups.isdisjoint(groups)

    def is_component(self, item: Item) -> bool:
        """Whether it is a component of a kit, which NetSuite has no line for."""
        given = [*(item.fromOrderItemAssocs or ()), *(item.toOrderItemAssocs or ())]
        seq = text(item.orderItemSeqId)
        return any(one.orderItemAssocTypeId in self._kits and text(one.toOrderItemSeqId) == seq for one in given)


class ItemRows:
    """Writes rows of one item each.

    :param target: of the mapping; the generation is that of the settings.
    :param without: beginnings of paths whose columns are not wanted.
    :raises Stop: the mapping is wrong; the message names file and line.
    """

    def __init__(
        self, target: str, settings: NetSuiteFulfilment, include: Path, retailer: str, without: tuple[str, ...] = ()
    ) -> None:
        folder = include / "mappings"
        vocabulary = Vocabulary(ITEM_PATHS, ITEM_CASES, frozenset(settings.values))
        path = folder / f"{target}_{settings.generation}.yaml"
        mapping = mapping_model.load(path, vocabulary, folder / "lookups", retailer)
        columns = tuple(column for column in mapping.columns if not _reads(column, without))
        mapping = mapping_model.Mapping(mapping.path, columns, mapping.lookups, mapping.version)
        self._rows = Rows(Engine(mapping, settings.values, settings.zone))
        self.version = mapping_model.combined_version(mapping, tables=[], settings=settings)

    def header(self) -> bytes:
        """The header line."""
        return self._rows.header()

    def write(self, items: Sequence[tuple[ItemDraft, Facts, str, str]]) -> None:
        """Give every draft its row, or the cause for which it has none.

        :param items: drafts with their facts and NetSuite's ids of order and line.
        """
        if not items:
            return
        labels = [draft.key for draft, *_ in items]
        sheet = row_sheet(np.ones(len(items), np.int64), np.full(len(items), 2), labels, labels)
        rows = [(order, line, *facts.texts) for _, facts, order, line in items]
        columns = zip(ITEM_TEXTS, zip(*rows, strict=True), strict=True)
        sheet.text = {path: clean(pa.array(values, pa.string())) for path, values in columns}
        quantities = np.array([facts.quantity for _, facts, *_ in items], np.int64)
        sheet.whole["fact.quantity"] = Numbers(quantities, quantities > 0)
        written, verdicts = self._rows.write(sheet)
        for at, ((draft, *_), row) in enumerate(zip(items, written, strict=True)):
            draft.cause = verdicts.causes.get(at)
            draft.row = b"" if draft.cause else row


def fill(found: Iterable[tuple[ItemDraft, Facts]], known: KnownIds) -> list[tuple[ItemDraft, Facts, str, str]]:
    """The items whose order and line NetSuite knows, with its ids; the others wait."""
    asked = list(found)
    orders = [draft.order for draft, facts in asked if not facts.order]
    lines = [draft.line for draft, facts in asked if not facts.line]
    ids = known(list(dict.fromkeys(orders)), list(dict.fromkeys(lines)))
    sound = []
    for draft, facts in asked:
        order = facts.order or ids.orders.get(draft.order, "")
        line = facts.line or ids.lines.get(draft.line, "")
        if order and line:
            sound.append((draft, facts, order, line))
        else:
            lacks = [] if order else [f"order {draft.order}"]
            draft.waits_for = (*lacks, *([] if line else [f"line {draft.line}"]))
    return sound


def required(value: object, field: str) -> str:
    """An id as text.

    :raises BadInput: ``REQUIRED_FIELD``: it is blank.
    """
    if found := text(value):  # type: ignore[arg-type]
        return found
    raise BadInput("REQUIRED_FIELD", f"{field} is empty.", field=field)


def pieces(given: Decimal | None, field: str) -> int:
    """A number of pieces.

    :raises BadInput: ``BAD_QUANTITY``: it is absent, no whole number, or none that can be.
    """
    if given is not None and given.is_finite() and 1 <= given <= _MOST and given == given.to_integral_value():
        return int(given)
    raise BadInput("BAD_QUANTITY", f"{field} is {'absent' if given is None else f'{given!s:.20}'}.", field=field)


def _reads(column: mapping_model.Column, beginnings: tuple[str, ...]) -> bool:
    return bool(beginnings) and any(path.startswith(beginnings) for path in column.paths())
