"""Brokered items to NetSuite: which facility has to ship a line, and that a line was cancelled.

Only what NetSuite's own facilities have to ship goes out: what HotWax's ship, NetSuite learns when it is shipped. Where
a line that NetSuite was told of goes next, it is told in any case, or its facility would ship it, too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from order_sync.contracts import hotwax_items
from order_sync.contracts.hotwax_completed import guess_order_id, instant, text
from order_sync.contracts.hotwax_items import Allocation, BrokeredItem
from order_sync.errors import BadInput
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

_CANCELLED = "ITEM_CANCELLED"

#: Tells which of some lines NetSuite was told a facility of.
ToldLines = Callable[[Sequence[str]], Collection[str]]


class NetSuiteAllocations:
    """The transform of one retailer.

    :param orders: what is said of created orders: which channels go to NetSuite, and names of identifications.
    :param include: the folder with mappings and lookup tables.
    :raises Stop: a mapping or a table is wrong; the message names file and line.
    """

    def __init__(self, settings: NetSuiteFulfilment, orders: NetSuiteOrders, include: Path, retailer: str) -> None:
        without = (
            *(() if settings.allocate_address else ("fact.ship_to.",)),
            *(() if settings.allocate_shipping_method else ("fact.shipping_method",)),
        )
        self._orders = orders
        self._reader = ItemReader(settings, orders)
        self._rows = ItemRows("netsuite_allocation", settings, include, retailer, without)
        self.version = self._rows.version

    def header(self) -> bytes:
        """The header line of a file."""
        return self._rows.header()

    def read(
        self,
        records: Iterable[SourceRecord],
        known: KnownIds,
        was_told: ToldLines,
        clocks: Mapping[int, int],
        size: int = FRAME_ITEMS,
    ) -> Iterator[list[ItemDraft]]:
        """A draft for every item, in their order, some thousand at a time.

        :param known: asked once per frame.
        :param was_told: likewise, for lines that NetSuite's facilities need not ship.
        :param clocks: when the files were written, epoch milliseconds, for items without a time of their own.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, known, was_told, clocks))

    def _drafts(
        self, records: Sequence[SourceRecord], known: KnownIds, was_told: ToldLines, clocks: Mapping[int, int]
    ) -> list[ItemDraft]:
        found = [self._find(record, clocks) for record in records]
        lines = was_told([draft.line for draft, facts in found if draft.left_out == "HOTWAX_FULFILS" and facts])
        for draft, facts in found:
            if facts and draft.line in lines:
                draft.left_out = ""
        _drop_older([draft for draft, facts in found if facts])
        self._rows.write(fill(((draft, facts) for draft, facts in found if facts and not draft.left_out), known))
        return [draft for draft, _ in found]

    def _find(self, record: SourceRecord, clocks: Mapping[int, int]) -> tuple[ItemDraft, Facts | None]:
        """The draft; without facts where it goes nowhere in any case."""
        draft = ItemDraft(record)
        try:
            allocation = hotwax_items.allocations.decode(record.data)
        except BadInput as cause:
            draft.key, draft.cause = guess_order_id(record.data), told(cause)
            return draft, None
        try:
            return draft, self._judge(allocation, draft, clocks.get(record.file))
        except BadInput as cause:
            draft.cause = told(cause)
            return draft, None

    def _judge(self, allocation: Allocation, draft: ItemDraft, clock: int | None) -> Facts | None:
        draft.key = draft.order = required(allocation.orderId, "orderId")
        item = allocation.item
        if item is None:
            raise BadInput("NO_LINES", "the order has no orderItems.", field="orderItems")
        draft.key = draft.line = f"{draft.order}:{required(item.orderItemSeqId, 'orderItemSeqId')}"
        draft.together = draft.order
        facility, cancelled = self._reader.facility(item), item.itemStatusId == _CANCELLED
        draft.updated_ms = instant(item.reservedDatetime, "reservedDatetime") if item.reservedDatetime else clock
        draft.facility = facility or ""
        draft.left_out = self._left_out(allocation, item, facility, cancelled)
        if draft.left_out not in ("", "HOTWAX_FULFILS"):
            return None
        facts = self._facts(allocation, item, None if cancelled else facility, cancelled)
        draft.known_by = msgspec.json.encode((facts.texts, facts.quantity))
        return facts

    def _left_out(self, allocation: Allocation, item: BrokeredItem, facility: str | None, cancelled: bool) -> str:
        if allocation.salesChannel in self._orders.excluded_channels:
            return "EXCLUDED_CHANNEL"
        if self._reader.is_component(item):
            return "KIT_COMPONENT"
        if item.shipmentMethodTypeId == self._orders.pos_completed_method:
            return "HOTWAX_FULFILS"
        if cancelled:
            return ""
        if facility is None:
            return "NOT_ALLOCATED"
        return "" if self._reader.is_netsuites(item) else "HOTWAX_FULFILS"

    def _facts(self, allocation: Allocation, item: BrokeredItem, facility: str | None, cancelled: bool) -> Facts:
        place = item.shipTo
        address: tuple[str | None, ...] = (None,) * 7
        if place is not None:
            where = place.address1, place.address2, place.city, place.stateProvinceGeoCode, place.countryGeoCode
            address = (place.toName, *where, text(place.postalCode))
        numbers = {one.attrName: text(one.attrValue) for one in item.orderItemAttributes or ()}
        return Facts(
            texts=(
                self._reader.product(item),
                facility,
                "yes" if cancelled else "no",
                item.shipmentMethodTypeId,
                *address,
            ),
            quantity=pieces(item.orderItemQuantity, "orderItemQuantity"),
            order=self._reader.order(allocation.orderIdentifications),
            line=numbers.get(self._reader.line_attribute),
        )


def _drop_older(drafts: Sequence[ItemDraft]) -> None:
    """Of several allocations of one line only the last counts: by its clock, then by its place."""
    last: dict[str, ItemDraft] = {}
    for draft in drafts:
        other = last.get(draft.line)
        if other is None or (draft.updated_ms or 0) >= (other.updated_ms or 0):
            last[draft.line] = draft
    for draft in drafts:
        if last[draft.line] is not draft:
            draft.left_out = "OLDER_VERSION"
