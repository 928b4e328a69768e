"""HotWax's feeds of order items, cut into records of one item each: items go their ways one by one.

Shapes: hotwax/oms-documentation, brokered-order-items-feed (items of an order) and fulfilled-order-items-feed (items of
its shipments). A part keeps what it needs of its order, so that it can be read by itself. Cutting never fails: what
cannot be cut stays whole, and reading it tells why.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from order_sync.contracts.hotwax_completed import Attribute, GoodIdentification, Id, OrderIdentification, text
from order_sync.contracts.hotwax_created import Association, Place
from order_sync.contracts.hotwax_records import Reader


class Member(msgspec.Struct, gc=False):
    """That a facility belongs to a group."""

    facilityGroupId: str | None = None
    thruDate: str | None = None


class Item(msgspec.Struct, gc=False):
    """What both feeds tell of an item."""

    orderItemSeqId: Id = None
    itemStatusId: str | None = None
    facilityExternalId: Id = None
    parentFacilityTypeId: str | None = None
    facilityGroupMembers: list[Member] | None = None
    goodIdentifications: list[GoodIdentification] | None = None
    fromOrderItemAssocs: list[Association] | None = None
    toOrderItemAssocs: list[Association] | None = None


class BrokeredItem(Item, gc=False):
    """An item and the facility that it was given to."""

    orderItemQuantity: Decimal | None = None
    reservedDatetime: str | None = None
    shipmentMethodTypeId: str | None = None
    shipTo: Place | None = None
    orderItemAttributes: list[Attribute] | None = None


class Allocation(msgspec.Struct, gc=False):
    """One item of the brokered-order-items feed, with what it needs of its order."""

    orderId: Id = None
    salesChannel: str | None = None
    orderIdentifications: list[OrderIdentification] | None = None
    item: BrokeredItem | None = None


class ShippedItem(Item, gc=False):
    """An item, or some pieces of it, in a shipment."""

    itemQuantity: Decimal | None = None
    shippedQuantity: Decimal | None = None
    slaShipmentMethodTypeId: str | None = None


class Shipped(msgspec.Struct, gc=False):
    """What one facility shipped of one item, with what it needs of the order.

    :param methods: every shipment method that was promised in the order.
    :param facilities: how many facilities shipped pieces of the item.
    """

    orderId: Id = None
    salesChannel: str | None = None
    orderIdentifications: list[OrderIdentification] | None = None
    methods: list[str] | None = None
    facilities: int = 0
    parts: list[ShippedItem] | None = None


allocations = Reader(Allocation, "item")
shipped = Reader(Shipped, "item")


class _BrokeredOrder(msgspec.Struct, gc=False):
    orderId: Id = None
    salesChannel: str | None = None
    orderIdentifications: msgspec.Raw = msgspec.Raw(b"null")
    orderItems: list[msgspec.Raw] | None = None


class _Shipment(msgspec.Struct, gc=False):
    shipmentItems: list[msgspec.Raw] | None = None


class _CompletedOrder(msgspec.Struct, gc=False):
    orderId: Id = None
    salesChannel: str | None = None
    orderIdentifications: msgspec.Raw = msgspec.Raw(b"null")
    shipments: list[_Shipment] | None = None


class _Where(msgspec.Struct, gc=False):
    orderItemSeqId: Id = None
    facilityExternalId: Id = None
    slaShipmentMethodTypeId: str | None = None


_brokered = msgspec.json.Decoder(_BrokeredOrder)
_completed = msgspec.json.Decoder(_CompletedOrder)
_where = msgspec.json.Decoder(_Where)
_UNCUTTABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def brokered_items(data: bytes) -> list[bytes]:
    """The items of an order of the brokered-order-items feed, in their order."""
    try:
        order = _brokered.decode(data)
    except _UNCUTTABLE:
        return [data]
    header = _header(order)
    return [msgspec.json.encode({**header, "item": item}) for item in order.orderItems or ()] or [data]


def shipped_items(data: bytes) -> list[bytes]:
    """What facilities shipped of the items of a completed order, those of a facility side by side."""
    try:
        order = _completed.decode(data)
        parts = [(_where.decode(raw), raw) for one in order.shipments or () for raw in one.shipmentItems or ()]
    except _UNCUTTABLE:
        return [data]
    methods = sorted({where.slaShipmentMethodTypeId or "" for where, _ in parts})
    places: dict[tuple[str, str], list[msgspec.Raw]] = {}
    facilities: dict[str, set[str]] = {}
    for where, raw in parts:
        line, facility = text(where.orderItemSeqId) or "", text(where.facilityExternalId) or ""
        places.setdefault((facility, line), []).append(raw)
        facilities.setdefault(line, set()).add(facility)
    header = {**_header(order), "methods": methods}
    return [
        msgspec.json.encode({**header, "facilities": len(facilities[line]), "parts": raws})
        for (_, line), raws in sorted(places.items(), key=lambda one: one[0])
    ] or [data]


def _header(order: _BrokeredOrder | _CompletedOrder) -> dict[str, object]:
    return {
        "orderId": order.orderId,
        "salesChannel": order.salesChannel,
        "orderIdentifications": order.orderIdentifications,
    }
