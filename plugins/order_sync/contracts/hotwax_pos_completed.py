"""The completed orders of tills that HotWax exports: what of them is read for NetSuite, and how they are decoded.

Orders have the shape of the fulfilled-order-items feed (hotwax/oms-documentation, api/fulfillment): header, shipments,
items. What that feed lacks and a cash sale needs is read as the brokered-order-items feed names it: ``payments``,
``orderFacilityId``, ``orderNote``, and of an item ``productTypeId``, attributes and associations. An order that has
``orderItems`` instead of shipments is read as a created order is. No public feed has the address of a facility: it is
``facilityAddress`` of an item.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from order_sync.contracts.hotwax_completed import Adjustment
from order_sync.contracts.hotwax_created import CreatedOrder, OrderItem, Place
from order_sync.contracts.hotwax_records import Reader


class SoldItem(OrderItem, gc=False):
    """One line, with the address of the facility that it left."""

    facilityAddress: Place | None = None


class _ShippedItem(
    SoldItem,
    gc=False,
    rename={
        "orderItemQuantity": "itemQuantity",
        "shipmentMethodTypeId": "slaShipmentMethodTypeId",
        "orderItemAdjustments": "itemAdjustments",
    },
):
    """One line as a shipment names its fields; its method is the promised one."""

    orderItemQuantity: Decimal | None = None
    shipmentMethodTypeId: str | None = None
    orderItemAdjustments: list[Adjustment] | None = None


class _Shipment(msgspec.Struct, gc=False):
    """Lines that left together."""

    shipmentMethodTypeId: str | None = None
    shipmentItems: list[_ShippedItem] | None = None


class CompletedPosOrder(CreatedOrder, gc=False):
    """One order; once it is decoded its lines are ``orderItems``, whatever shape it came in."""

    orderItems: list[SoldItem] | None = None  # type: ignore[assignment]  # a narrower kind; only read as the wider
    shipments: list[_Shipment] | None = None


_orders = Reader(CompletedPosOrder, "order")


def decode(data: bytes) -> CompletedPosOrder:
    """Read one record; a line without a method of its own has that of its shipment.

    :raises BadInput: as :class:`~order_sync.contracts.hotwax_records.Reader` does.
    """
    order = _orders.decode(data)
    if not order.orderItems:
        order.orderItems = []
        for shipment in order.shipments or ():
            for item in shipment.shipmentItems or ():
                item.shipmentMethodTypeId = item.shipmentMethodTypeId or shipment.shipmentMethodTypeId
                order.orderItems.append(item)
    return order
