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
        facility = text(source.facilityExternalId)
        virtual = (
            _NOWHERE in {facility, source.facilityId}
            or source.parentFacilityTypeId in self._virtual
            or source.facilityTypeId in self._virtual
        )
        return Item(
            seq=seq,
            quantity=_quantity(source, seq),
            at=instant(source.statusDatetime, "statusDatetime"),
            method=source.slaShipmentMethodTypeId or shipment.shipmentMethodTypeId,
            virtual=virtual,
            facility=None if virtual else facility,
            store=None if virtual else self.store(facility),
            upc=None,
            shipment=shipment,
            source=source,
        )

    def store(self, facility: str | None) -> str | None:
        """What Retail Pro calls a facility."""
        return self._stores.get(facility, facility) if facility else None


def deciding(items: Sequence[Item], rule: Rule) -> Item:
    """The item whose store issues the invoice; digital items have no say.

    Of items fulfilled at the same time the greatest shipment id decides, then the greatest item number; where the
    first fulfilled one is wanted, the smallest.

    :raises BadInput: ``NO_STORE``.
    """
    real = [item for item in items if not item.virtual]
    if not real:
        raise BadInput("NO_STORE", "every item is digital or of a virtual facility.", field="facilityId")
    if len(real) == 1 or rule == "first_item":
        return real[0]
    return (max if rule == "last_fulfilled" else min)(real, key=_fulfilment)


def _fulfilment(item: Item) -> tuple[int, Rank, Rank]:
    return item.at, rank(item.source.shipmentId), rank(item.seq)


@functools.lru_cache(maxsize=1 << 12)
def rank(number: Id) -> Rank:
    """Where an id comes in order: digits by their value (``9`` before ``10``), then texts; none is the smallest."""
    shown = text(number) or ""
    digits = shown.isascii() and shown.isdigit() and len(shown) < 40
    return (0, int(shown), shown) if digits else (int(bool(shown)), 0, shown)


def _quantity(source: ShipmentItem, seq: str) -> int:
    given = source.itemQuantity
    if given is None or not given.is_finite() or given != given.to_integral_value() or not 1 <= given <= _MOST:
        message = f"item {seq:.40}: itemQuantity is {'absent' if given is None else f'{given!s:.20}'}."
        raise BadInput("BAD_QUANTITY", message, field="itemQuantity")
    return int(given)
