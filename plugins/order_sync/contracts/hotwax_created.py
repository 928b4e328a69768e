"""The customers and the created orders that HotWax exports: what of them is read, and how they are decoded.

Orders have the shape of the brokered-order-items feed (hotwax/oms-documentation, api/brokering), only their status is
another. The feed of customers is not published: its fields are named as HotWax's other feeds name them. Fields that
nobody reads here are passed over while parsing. Ids may be text or numbers; amounts are read exactly.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal

import msgspec

from order_sync.contracts.hotwax_completed import (
    Address,
    Adjustment,
    Attribute,
    GoodIdentification,
    Id,
    OrderIdentification,
    Payment,
    Phone,
    text,
)
from order_sync.contracts.hotwax_records import Reader

_NUMBER = re.compile(r"[1-9][0-9]{7,14}")
_NO_PHONE = re.compile(r"[^0-9+()./ \-]")
_PUNCTUATION = re.compile(r"[^0-9]")
_PARTY_ID = re.compile(rb'"partyId"\s*:\s*(?:"([^"\\]{1,64})"|(\d{1,20})(?=\s*[,}]))')


class PartyIdentification(OrderIdentification, gc=False, rename={"kind": "partyIdentificationTypeId"}):
    """A number of the customer, such as the shop's."""

    kind: str | None = None


class Place(Address, gc=False):
    """A person and where they live, down to the post code."""

    stateProvinceGeoCode: str | None = None
    postalCode: Id = None


class CreatedPayment(Payment, gc=False):
    """A payment, with a number of its own where the feed gives one."""

    orderPaymentPreferenceId: Id = None


class Charge(Adjustment, gc=False):
    """An adjustment of the whole order; the code of a discount stands in one of the texts."""

    promoCode: str | None = None
    description: str | None = None
    comments: str | None = None


class Association(msgspec.Struct, gc=False):
    """Two items of the order that belong together, such as a kit and one of its components."""

    orderItemAssocTypeId: str | None = None
    toOrderItemSeqId: Id = None


class OrderItem(msgspec.Struct, gc=False):
    """One line of the order."""

    orderItemSeqId: Id = None
    itemStatusId: str | None = None
    orderItemQuantity: Decimal | None = None
    unitPrice: Decimal | None = None
    shipmentMethodTypeId: str | None = None
    facilityExternalId: Id = None
    productId: Id = None
    productTypeId: str | None = None
    shipTo: Place | None = None
    goodIdentifications: list[GoodIdentification] | None = None
    orderItemAdjustments: list[Adjustment] | None = None
    orderItemAttributes: list[Attribute] | None = None
    fromOrderItemAssocs: list[Association] | None = None
    toOrderItemAssocs: list[Association] | None = None


class CreatedOrder(msgspec.Struct, gc=False):
    """One order."""

    productStoreId: Id = None
    orderId: Id = None
    orderName: Id = None
    orderDate: str | None = None
    orderStatusId: str | None = None
    currency: str | None = None
    grandTotal: Decimal | None = None
    salesChannel: str | None = None
    orderFacilityId: Id = None
    orderNote: str | None = None
    customerPartyId: Id = None
    customerEmail: str | None = None
    email: str | None = None
    billTo: Place | None = None
    orderIdentifications: list[OrderIdentification] | None = None
    customerPartyIdentifications: list[PartyIdentification] | None = None
    payments: list[CreatedPayment] | None = None
    orderAdjustments: list[Charge] | None = None
    orderAttributes: list[Attribute] | None = None
    orderItems: list[OrderItem] | None = None


class Email(msgspec.Struct, gc=False):
    """One of several e-mail addresses."""

    emailAddress: str | None = None


class Classification(msgspec.Struct, gc=False):
    """A group of customers that this one belongs to."""

    partyClassificationGroupId: str | None = None


class Customer(msgspec.Struct, gc=False):
    """One customer."""

    partyId: Id = None
    firstName: str | None = None
    lastName: str | None = None
    email: str | None = None
    emails: list[str | Email] | None = None
    phone: Phone | None = None
    classifications: list[str | Classification] | None = None
    partyIdentifications: list[PartyIdentification] | None = None


orders = Reader(CreatedOrder, "order")
customers = Reader(Customer, "customer")


def guess_party_id(data: bytes) -> str:
    """The party id in a record that could not be decoded, for naming it in messages; blank when there is none."""
    match = _PARTY_ID.search(data)
    return (match[1] or match[2]).decode("ascii", "replace") if match else ""


def e164(phone: Phone | None, country_code: str) -> str | None:
    """A phone number as ``+`` and at most 15 digits; None where it is absent or cannot be one.

    :param country_code: of numbers that have none; blank: then they are none.
    """
    return None if phone is None else _e164(phone.countryCode, phone.areaCode, phone.contactNumber, country_code)


@functools.lru_cache(maxsize=1 << 12)
def _e164(country: Id, area: Id, number: Id, country_code: str) -> str | None:
    """Billing and shipping mostly have the same number."""
    parts = [text(part) or "" for part in (country, area, number)]
    if parts[2].startswith("+"):
        parts = parts[2:]
    elif not parts[0]:
        parts[0] = country_code
        if not country_code:
            return None
    joined = "".join(parts)
    if _NO_PHONE.search(joined):
        return None
    digits = _PUNCTUATION.sub("", joined).removeprefix("00")
    return f"+{digits}" if _NUMBER.fullmatch(digits) else None
