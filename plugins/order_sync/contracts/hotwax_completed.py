"""The completed orders that HotWax exports: what of an order is read, and how it is decoded.

Shape: hotwax/oms-documentation, fulfilled-order-items-feed (header, shipments, items), with ``payments``, ``billTo``,
``orderAttributes`` and the e-mail address as the brokered-order-items feed and retailers' own feeds have them. Fields
that nobody reads here are passed over while parsing. Ids may be text or numbers; amounts are read exactly.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from typing import Generic, TypeVar

import msgspec

from order_sync.contracts import money
from order_sync.contracts.hotwax_records import Reader
from order_sync.errors import BadInput

Id = str | int | None

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_EARLIEST, _LATEST = ((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND for year in (2000, 2100))
#: Decimal arithmetic that never rounds: it raises instead.
_EXACTLY = Context(prec=28, traps=[Inexact, InvalidOperation])
_STEPS = [Decimal(1).scaleb(-decimals) for decimals in range(4)]
_ORDER_ID = re.compile(rb'"orderId"\s*:\s*(?:"([^"\\]{1,64})"|(\d{1,20})(?=\s*[,}]))')


class Identification(msgspec.Struct, gc=False, rename={"value": "idValue", "since": "fromDate", "until": "thruDate"}):
    """A number under which something is known, from a date and perhaps up to one."""

    value: Id = None
    since: str | None = None
    until: str | None = None


class OrderIdentification(Identification, gc=False, rename={"kind": "orderIdentificationTypeId"}):
    """A number of the order, such as the shop's."""

    kind: str | None = None


class GoodIdentification(Identification, gc=False, rename={"kind": "goodIdentificationTypeId"}):
    """A number of the product, such as its UPC."""

    kind: str | None = None


class Adjustment(msgspec.Struct, gc=False, rename={"kind": "orderAdjustmentTypeId"}):
    """A tax, a discount or a charge; one type may occur several times."""

    kind: str | None = None
    amount: Decimal | None = None


class Attribute(msgspec.Struct, gc=False):
    """A named value of the order."""

    attrName: str | None = None
    attrValue: Id | bool = None


class Payment(msgspec.Struct, gc=False):
    """How a part of the order was paid."""

    paymentMethodTypeId: str | None = None
    statusId: str | None = None
    amount: Decimal | None = None


class Phone(msgspec.Struct, gc=False):
    """A telephone number in its parts."""

    countryCode: Id = None
    areaCode: Id = None
    contactNumber: Id = None


class Address(msgspec.Struct, gc=False):
    """A person and where they live."""

    toName: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    countryGeoCode: str | None = None
    email: str | None = None
    phone: Phone | None = None


class ShipmentItem(msgspec.Struct, gc=False):
    """One order item and what became of it."""

    shipmentId: Id = None
    orderItemSeqId: Id = None
    itemStatusId: str | None = None
    itemQuantity: Decimal | None = None
    slaShipmentMethodTypeId: str | None = None
    statusDatetime: str | None = None
    unitPrice: Decimal | None = None
    facilityId: Id = None
    facilityExternalId: Id = None
    facilityTypeId: str | None = None
    parentFacilityTypeId: str | None = None
    goodIdentifications: list[GoodIdentification] | None = None
    itemAdjustments: list[Adjustment] | None = None


class Shipment(msgspec.Struct, gc=False):
    """Items that went out together."""

    shipmentMethodTypeId: str | None = None
    shipTo: Address | None = None
    shipmentItems: list[ShipmentItem] | None = None


class CompletedOrder(msgspec.Struct, gc=False):
    """One order."""

    orderId: Id = None
    orderDate: str | None = None
    currency: str | None = None
    grandTotal: Decimal | None = None
    salesChannel: str | None = None
    customerFirstName: str | None = None
    customerLastName: str | None = None
    customerEmail: str | None = None
    email: str | None = None
    billTo: Address | None = None
    orderIdentifications: list[OrderIdentification] | None = None
    payments: list[Payment] | None = None
    orderAdjustments: list[Adjustment] | None = None
    orderAttributes: list[Attribute] | None = None
    shipments: list[Shipment] | None = None


orders = Reader(CompletedOrder, "order")


def guess_order_id(data: bytes) -> str:
    """The order id in a record that could not be decoded, for naming it in messages; blank when there is none."""
    match = _ORDER_ID.search(data)
    return (match[1] or match[2]).decode("ascii", "replace") if match else ""


def text(value: Id) -> str | None:
    """An id as text without surrounding blanks; a blank one is None."""
    if isinstance(value, str):
        return value.strip() or None
    return None if value is None else str(value)


@functools.lru_cache(maxsize=1 << 14)
def instant(moment: str | None, path: str) -> int:
    """A time with its offset as epoch milliseconds.

    :param path: the field, for the message.
    :raises BadInput: ``BAD_DATE``: it is absent, unreadable or without an offset, or no genuine date.
    """
    try:
        read = datetime.fromisoformat((moment or "").strip())
        if read.tzinfo is None:
            raise ValueError
        milliseconds = (read - _EPOCH) // _MILLISECOND
        if not _EARLIEST <= milliseconds < _LATEST:
            raise ValueError
    except ValueError:
        message = f"{path} is {moment!r:.40}; a time with its offset from UTC is wanted."
        raise BadInput("BAD_DATE", message, field=path) from None
    return milliseconds


def minor_units(amount: Decimal | None, decimals: int) -> int | None:
    """An amount in minor units; None if it is absent, too large, finer than the currency or no number at all."""
    return minor_units_of(str(amount), decimals)


@functools.lru_cache(maxsize=1 << 15)
def minor_units_of(amount: str, decimals: int) -> int | None:
    """What :func:`minor_units` tells, of the amount's text: amounts repeat, and the hash of a decimal is slow."""
    try:
        minor = int(_EXACTLY.quantize(Decimal(amount), _STEPS[decimals]).scaleb(decimals))
    except (ArithmeticError, ValueError):
        return None
    return minor if -money.LIMIT <= minor <= money.LIMIT else None


AnyIdentification = TypeVar("AnyIdentification", OrderIdentification, GoodIdentification)


class Identifications(Generic[AnyIdentification]):
    """Finds the number of one type that is open.

    :param kind: the type.
    :param path: the list in the feed, for messages.
    """

    def __init__(self, kind: str, path: str) -> None:
        self._kind, self._path = kind, path

    def open_at(self, moment: int, among: list[AnyIdentification] | None) -> str | None:
        """The value that is open at a moment: of several the one that began last, then the smallest.

        :param moment: epoch milliseconds; what ended then or before is not open.
        :raises BadInput: ``BAD_DATE``: a date that decides cannot be read.
        """
        kind = self._kind
        found = [one for one in among or () if one.kind == kind]
        if len(found) == 1 and not found[0].until:
            return text(found[0].value)
        if any(one.until for one in found):
            found = [one for one in found if not one.until or instant(one.until, f"{self._path}.thruDate") > moment]
        if len(found) > 1:
            found.sort(key=self._youngest)
        return next((value for one in found if (value := text(one.value))), None)

    def _youngest(self, one: AnyIdentification) -> tuple[int, str]:
        return -(instant(one.since, f"{self._path}.fromDate") if one.since else 0), text(one.value) or ""
