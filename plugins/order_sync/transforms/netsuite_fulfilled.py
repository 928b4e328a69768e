"""Completed orders to NetSuite: what HotWax's own facilities shipped, item by item and facility by facility.

Two forms: rows for the update of orders, whose tag lets NetSuite's script fulfil the lines, and the older JSON, one
object per order and facility. A row says how many pieces the line has, so it cannot tell of a part of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from order_sync.contracts import hotwax_items
from order_sync.contracts.hotwax_completed import guess_order_id
from order_sync.contracts.hotwax_items import Shipped
from order_sync.errors import BadInput
from order_sync.mapping import lookups
from order_sync.settings import NetSuiteFulfilment, NetSuiteOrders
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.netsuite_items import (
    FRAME_ITEMS,
    Facts,
    ItemDraft,
    ItemReader,
    ItemRows,
    KnownIds,
    fill,
    pieces,
    required,
)
from order_sync.transforms.tlog_frame import SourceRecord

_COMPLETED = "ITEM_COMPLETED"

#: Tells which of some shipments (``M1:00001:40``) NetSuite made itself.
OwnShipments = Callable[[Sequence[str]], Collection[str]]


class NetSuiteFulfilled:
    """The transform of one retailer.

    :param orders: what is said of created orders: which channels go to NetSuite, and names of identifications.
    :param include: the folder with mappings and lookup tables.
    :raises Stop: a mapping or a table is wrong; the message names file and line.
    """

    def __init__(self, settings: NetSuiteFulfilment, orders: NetSuiteOrders, include: Path, retailer: str) -> None:
        self.settings, self._orders = settings, orders
        self._reader = ItemReader(settings, orders)
        self._rows = ItemRows("netsuite_fulfilled", settings, include, retailer)
        table = lookups.find(include / "mappings/lookups", retailer, "netsuite_location")
        self._locations = lookups.load(table).values
        self.is_json = settings.fulfilled == "json"
        self.version = self._rows.version

    def header(self) -> bytes:
        """What a file begins with."""
        return b"[" if self.is_json else self._rows.header()

    def read(
        self, records: Iterable[SourceRecord], known: KnownIds, own: OwnShipments, size: int = FRAME_ITEMS
    ) -> Iterator[list[ItemDraft]]:
        """A draft for every item and facility, in their order, some thousand at a time.

        :param known: asked once per frame; ``own`` likewise.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, known, own))

    def _drafts(self, records: Sequence[SourceRecord], known: KnownIds, own: OwnShipments) -> list[ItemDraft]:
        found = [self._find(record) for record in records]
        shipped_there = own([draft.key for draft, facts in found if facts])
        for draft, _ in found:
            if draft.key in shipped_there:
                draft.left_out = "NETSUITE_FULFILS"
        sound = fill(((draft, facts) for draft, facts in found if facts and not draft.left_out), known)
        if self.is_json:
            for one in sound:
                self._write(*one)
        else:
            self._rows.write(sound)
        return [draft for draft, _ in found]

    def _find(self, record: SourceRecord) -> tuple[ItemDraft, Facts | None]:
        draft = ItemDraft(record)
        try:
            shipped = hotwax_items.shipped.decode(record.data)
        except BadInput as cause:
            draft.key, draft.cause = guess_order_id(record.data), told(cause)
            return draft, None
        try:
            return draft, self._judge(shipped, draft)
        except BadInput as cause:
            draft.cause = told(cause)
            return draft, None

    def _judge(self, shipped: Shipped, draft: ItemDraft) -> Facts | None:
        draft.key = draft.order = required(shipped.orderId, "orderId")
        if not shipped.parts:
            raise BadInput("NO_LINES", "the order has no shipmentItems.", field="shipments.shipmentItems")
        item = shipped.parts[0]
        draft.line = f"{draft.order}:{required(item.orderItemSeqId, 'orderItemSeqId')}"
        facility = self._reader.facility(item)
        draft.facility = facility or ""
        draft.key = f"{draft.line}:{facility or '_NA_'}"
        draft.left_out = self._left_out(shipped, facility)
        if draft.left_out:
            return None
        quantity = sum(pieces(self._shipped(one), "shippedQuantity") for one in shipped.parts)
        ordered = pieces(item.itemQuantity, "itemQuantity")
        if not self.is_json and (quantity != ordered or shipped.facilities > 1):
            said = f"facility {facility} shipped {quantity} of {ordered}; {shipped.facilities} facilities in all."
            raise BadInput("PARTLY_SHIPPED", said, field="shippedQuantity")
        draft.together = f"{draft.order}:{facility}" if self.is_json else draft.order
        draft.known_by = msgspec.json.encode((draft.key, quantity))
        texts = (self._reader.product(item), facility, "no", None, *(None,) * 7)
        return Facts(texts, quantity, self._reader.order(shipped.orderIdentifications))

    @staticmethod
    def _shipped(part: hotwax_items.ShippedItem) -> Decimal | None:
        """What a part holds; the feed leaves it blank where the item went out as a whole."""
        return part.itemQuantity if part.shippedQuantity is None else part.shippedQuantity

    def _left_out(self, shipped: Shipped, facility: str | None) -> str:
        parts = shipped.parts or []
        if shipped.salesChannel in self._orders.excluded_channels:
            return "EXCLUDED_CHANNEL"
        if shipped.methods == [self._orders.pos_completed_method]:
            return "POS_COMPLETED"
        if self._reader.is_component(parts[0]):
            return "KIT_COMPONENT"
        if facility is None or any(part.itemStatusId != _COMPLETED for part in parts):
            return "NOT_SHIPPED"
        return "NETSUITE_FULFILS" if self._reader.is_netsuites(parts[0]) else ""

    def _write(self, draft: ItemDraft, facts: Facts, order: str, line: str) -> None:
        """One item of the older JSON; the object around it is that of order and facility."""
        location = self._locations.get(draft.facility, draft.facility)
        item = {
            "line_id": line,
            "quantity": str(facts.quantity),
            "location_id": location,
            "tags": self.settings.values["fulfilled_tag"],
        }
        draft.row = msgspec.json.encode(item)
        draft.opening = b'{"order_id":' + msgspec.json.encode(order) + b',"order_attributes":[],"items":['
        draft.closing = b"]}"
