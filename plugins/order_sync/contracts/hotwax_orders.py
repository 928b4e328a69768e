"""How HotWax is asked for the orders that it has, and what of its answers is read.

Shapes: hotwax/oms-api, and notes of other integrators (drpn-ai/darpan-hotwax): pages are cut at 50 without a word,
there is neither a total nor a mark that more follows, the external id may be empty. Tags, attributes and associations
in lists are assumed to have the names that HotWax's other answers give them.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from order_sync.contracts.order_check import HotWaxOrder
from order_sync.errors import Stop

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OrderList(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How lists of orders are asked for and read.

    :param path: below the base path of the connection; blank: ``oms/orders`` (Moqui) or ``orders`` (OFBiz).
    :param page_size: at most what the instance gives; what it cuts off would be missing from every page.
    :param shopify_id_type: type of the identification that holds Shopify's number.
    :param exchange_type: type of the association of items by which an order is one of an exchange.
    :param old_version_tag: of an order that a refresh has replaced.
    """

    path: str
    page_size: int
    shopify_id_type: str
    exchange_type: str
    old_version_tag: str


class _Identification(msgspec.Struct):
    orderIdentificationTypeId: str | None = None
    idValue: str | int | None = None


class _Attribute(msgspec.Struct):
    attrName: str | None = None
    attrValue: str | int | None = None


class _Association(msgspec.Struct):
    orderItemAssocTypeId: str | None = None


class _Listed(msgspec.Struct):
    """One order of a list."""

    orderId: str
    orderName: str | None = None
    orderExternalId: str | int | None = None
    externalId: str | int | None = None
    orderStatusId: str | None = None
    statusId: str | None = None
    orderDate: int | datetime | None = None
    salesChannel: str | None = None
    salesChannelEnumId: str | None = None
    tags: list[str] | None = None
    orderIdentifications: list[_Identification] | None = None
    orderAttributes: list[_Attribute] | None = None
    orderItemAssocs: list[_Association] | None = None


def listed_order(content: Any, settings: OrderList) -> HotWaxOrder:
    """Read one order of a list.

    :raises Stop: it has no id, no status, or another shape.
    """
    try:
        one = msgspec.convert(content, _Listed)
    except msgspec.ValidationError as error:
        raise _strange(str(error)) from error
    status = one.orderStatusId or one.statusId
    if not (one.orderId and status):
        raise _strange("an order has no orderId or no status")
    return HotWaxOrder(
        id=one.orderId,
        name=one.orderName or "",
        shopify_id=_shopify_id(one, settings.shopify_id_type),
        status=status,
        channel=one.salesChannel or one.salesChannelEnumId or "",
        ordered_at=_EPOCH + timedelta(milliseconds=one.orderDate) if isinstance(one.orderDate, int) else one.orderDate,
        old_version=settings.old_version_tag in (one.tags or ()),
        exchange=any(each.orderItemAssocTypeId == settings.exchange_type for each in one.orderItemAssocs or ()),
        attributes=frozenset(
            each.attrName for each in one.orderAttributes or () if each.attrName and str(each.attrValue or "").strip()
        ),
    )


def _shopify_id(one: _Listed, kind: str) -> str:
    """Shopify's number; an external id that is no number is that of another source."""
    ids = [each.idValue for each in one.orderIdentifications or () if each.orderIdentificationTypeId == kind]
    found = next((str(value).strip() for value in (*ids, one.externalId, one.orderExternalId) if value), "")
    return found if found.isdecimal() else ""


def _strange(why: str) -> Stop:
    return Stop(
        f"HotWax's list of orders cannot be read: {why}.",
        next_step="Compare the answer with plugins/order_sync/contracts/hotwax_orders.py; call the maintainers.",
    )
