"""The items of a completed order: what was fulfilled, which store did it, and which store answers for the order."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from itertools import pairwise
from operator import attrgetter
from typing import Literal

import msgspec

from order_sync.contracts.hotwax_completed import (
    CompletedOrder,
    GoodIdentification,
    Id,
    Identifications,
    Shipment,
    ShipmentItem,
    instant,
    minor_units,
    text,
)
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.settings import RetailProInvoicing

_COMPLETED, _CANCELLED = "ITEM_COMPLETED", "ITEM_CANCELLED"
_NOWHERE = "_NA_"
_MOST = 100_000
_AT = attrgetter("at")

Rule = Literal["last_fulfilled", "first_fulfilled", "first_item"]
Rank = tuple[int, int, str]
#: Whether it is virtual; facility and store if it is not.
Place = tuple[bool, str | None, str | None]


class Item(msgspec.Struct, gc=False):
    """One fulfilled item.

    :param seq: its number in the order.
    :param at: when it was fulfilled, epoch milliseconds.
    :param method: the promised shipment method, else the one that was used.
    :param virtual: whether its facility is no store: a digital item.
    :param facility: external id of the facility.
    :param store: what Retail Pro calls that facility.
    :param upc: the open number of the product; None where it has none.
    """

    seq: str
    quantity: int
    at: int
    method: str | None
    virtual: bool
    facility: str | None
    store: str | None
    upc: str | None
    shipment: Shipment
    source: ShipmentItem


class ItemReader:
    """Reads the items of orders for one retailer.

    :param stores: facility (external id) → store of Retail Pro; one that is not in it is taken as it is.
    """

    def __init__(self, settings: RetailProInvoicing, stores: Lookup) -> None:
        self._stores = stores.values
        self._place = functools.lru_cache(maxsize=1 << 12)(self._find_place)
        self._virtual = frozenset(settings.virtual_facility_types)
        self._products = Identifications[GoodIdentification](settings.product_id_type, "goodIdentifications")

    def read(self, order: CompletedOrder) -> tuple[list[Item], int]:
        """The items that were fulfilled, and when the last of them was, in epoch milliseconds.

        They come by their number: the order in which the feed lists them must not matter.

        :raises BadInput: ``NO_LINES``, ``NOT_FULFILLED``, ``DUPLICATE_LINE``, ``BAD_QUANTITY`` or ``BAD_DATE``.
        """
        items = [
            self._item(source, shipment)
            for shipment in order.shipments or ()
            for source in shipment.shipmentItems or ()
            if source.itemStatusId != _CANCELLED
        ]
        if not items:
            raise BadInput("NO_LINES", "shipments hold no item that is not cancelled.", field="shipments")
        if len(items) > 1:
            items.sort(key=lambda item: rank(item.seq))
            for before, item in pairwise(items):
                if before.seq == item.seq:
                    message = f"orderItemSeqId {item.seq:.40} comes twice."
                    raise BadInput("DUPLICATE_LINE", message, field="orderItemSeqId")
        last = max(map(_AT, items))
        for item in items:
            item.upc = self._products.open_at(last, item.source.goodIdentifications)
        return items, last

    def _item(self, source: ShipmentItem, shipment: Shipment) -> Item:
        seq = text(source.orderItemSeqId) or ""
        if source.itemStatusId != _COMPLETED:
            message = f"item {seq:.40}: itemStatusId is {source.itemStatusId!r:.40}."
            raise BadInput("NOT_FULFILLED", message, field="itemStatusId")
        quantity = minor_units(source.itemQuantity, 0)
        if quantity is None or not 1 <= quantity <= _MOST:
            shown = "absent" if source.itemQuantity is None else f"{source.itemQuantity!s:.20}"
            raise BadInput("BAD_QUANTITY", f"item {seq:.40}: itemQuantity is {shown}.", field="itemQuantity")
        at = instant(source.statusDatetime, "statusDatetime")
        method = source.slaShipmentMethodTypeId or shipment.shipmentMethodTypeId
        virtual, facility, store = self._place(
            source.facilityExternalId, source.facilityId, source.facilityTypeId, source.parentFacilityTypeId
        )
        return Item(seq, quantity, at, method, virtual, facility, store, None, shipment, source)

    def _find_place(self, external_id: Id, facility_id: Id, kind: str | None, parent_kind: str | None) -> Place:
        """Where an item was; places repeat, so each is worked out once."""
        facility = text(external_id)
        if _NOWHERE in {facility, facility_id} or not self._virtual.isdisjoint((kind, parent_kind)):
            return True, None, None
        return False, facility, self._stores.get(facility, facility) if facility else None


def deciding(items: Sequence[Item], rule: Rule) -> Item:
    """An item of the store that issues the invoice; digital items have no say.

    Of items fulfilled at the same time the greatest shipment id decides, then the greatest item number; where the
    first fulfilled one is wanted, the smallest.

    :raises BadInput: ``NO_STORE``.
    """
    real = [item for item in items if not item.virtual]
    if not real:
        raise BadInput("NO_STORE", "every item is digital or of a virtual facility.", field="facilityId")
    if rule == "first_item" or len({item.facility for item in real}) == 1:
        return real[0]  # they are in order, or it does not matter which one it is
    choose = max if rule == "last_fulfilled" else min
    at = choose(map(_AT, real))
    real = [item for item in real if item.at == at]
    return real[0] if len(real) == 1 else choose(real, key=_parcel)


def _parcel(item: Item) -> tuple[Rank, Rank]:
    return rank(item.source.shipmentId), rank(item.seq)


@functools.lru_cache(maxsize=1 << 12)
def rank(number: Id) -> Rank:
    """Where an id comes in order: digits by their value (``9`` before ``10``), then texts; none is the smallest."""
    shown = text(number) or ""
    digits = shown.isascii() and shown.isdigit() and len(shown) < 40
    return (0, int(shown), shown) if digits else (int(bool(shown)), 0, shown)
