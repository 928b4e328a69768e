"""What HotWax checks before it creates an order or a stock change. Money arithmetic is not checked."""

from __future__ import annotations

import re
from collections.abc import Container
from datetime import datetime
from decimal import Decimal, InvalidOperation

from sandbox.hotwax.models import NewItem, NewOrder, RecordError, Variance
from sandbox.hotwax.settings import (
    ADJUSTMENT_TYPES,
    ITEM_STATUSES,
    NOT_APPLICABLE,
    ORDER_STATUSES,
    PRODUCT_ID_TYPES,
    STATUSES,
    VARIANCE_REASONS,
    HotWaxSettings,
)


def check_order(order: NewOrder, settings: HotWaxSettings) -> list[str]:
    """Check the codes, facilities, products and numbers of an order.

    :param order: the order as read.
    :param settings: what is known.
    :returns: one text per fault, none if the order is good.
    """
    faults = [
        *_unknown("product store", order.product_store, settings.product_stores),
        *_unknown("sales channel", order.channel, settings.sales_channels),
        *_unknown("order status", order.status, ORDER_STATUSES),
        *_number("grand total", order.grand_total),
        *_facilities(order.placing_facility_id, order.placing_external_facility_id, settings),
        *_facilities(order.origin_facility_id, order.origin_external_facility_id, settings),
    ]
    for payment in order.payments:
        faults += _unknown("payment method", payment.method, settings.payment_methods)
        faults += _number("payment amount", payment.amount)
    for adjustment in order.adjustments:
        faults += _unknown("adjustment type", adjustment.kind, ADJUSTMENT_TYPES)
        faults += _number(f"amount of {adjustment.kind}", adjustment.amount)
    for item in order.items:
        faults += _check_item(item, settings)
    return list(dict.fromkeys(faults))


def check_variance(variance: Variance, settings: HotWaxSettings) -> list[str]:
    """Check one stock change.

    :param variance: the row as read.
    :param settings: what is known.
    :returns: one text per fault, none if the row is good.
    """
    faults = [
        *_facilities(variance.facility_id, variance.external_facility_id, settings),
        *_product(variance.id_type, variance.id_value, settings),
        *_unknown("variance reason", variance.reason, VARIANCE_REASONS),
    ]
    if not (variance.facility_id or variance.external_facility_id):
        faults.append("Required Field: facilityId or externalFacilityId is blank")
    if re.fullmatch(r"[+-]?\d+", variance.delta) is None:
        faults.append(f"Invalid Format: availableDelta {variance.delta!r} is not a whole number")
    if not variance.location:
        faults.append("Required Field: locationSeqId is blank")
    if not variance.reason:
        faults.append("Required Field: varianceReasonId is blank")
    return faults


def facility(facility_id: str, external_id: str, settings: HotWaxSettings) -> str:
    """Resolve the facility a file names, by its own or its external id.

    :param facility_id: HotWax's id, or blank.
    :param external_id: the external id, or blank.
    :param settings: what is known.
    :returns: HotWax's id, blank when none is named.
    :raises KeyError: when the external id is not known.
    """
    if facility_id or not external_id:
        return facility_id
    return NOT_APPLICABLE if external_id == NOT_APPLICABLE else settings.facilities[external_id]


def iso_date(text: str, pattern: str, shown_pattern: str) -> str:
    """Read a date.

    :param text: the text in the file.
    :param pattern: the ``strptime`` pattern.
    :param shown_pattern: the same, as HotWax's pages write it.
    :returns: ISO text, without a zone.
    :raises RecordError: when the text is not a valid date of exactly this pattern.
    """
    try:
        moment = datetime.strptime(text, pattern)  # the file names no zone
    except ValueError:
        moment = None
    if moment is None or moment.strftime(pattern) != text:
        raise RecordError(f"Invalid Format: order date {text!r} is not {shown_pattern}")
    return moment.isoformat()


def _check_item(item: NewItem, settings: HotWaxSettings) -> list[str]:
    return [
        *_unknown("item status", item.status, ITEM_STATUSES | STATUSES),
        *_product(item.id_type, item.id_value, settings),
        *_number("quantity", item.quantity, above_zero=True),
        *_number("unit price", item.unit_price),
        *_number("unit list price", item.list_price),
        *_unknown("shipment method", item.shipment_method, settings.shipment_methods),
        *_facilities(item.facility_id, item.external_facility_id, settings),
    ]


def _unknown(what: str, value: str, known: Container[str]) -> list[str]:
    return [] if not value or value in known else [f"Invalid Data: {what} {value!r} is not known"]


def _facilities(facility_id: str, external_id: str, settings: HotWaxSettings) -> list[str]:
    return [
        *_unknown("facility", facility_id, {NOT_APPLICABLE, *settings.facilities.values()}),
        *_unknown("external facility", external_id, {NOT_APPLICABLE, *settings.facilities}),
    ]


def _product(id_type: str, id_value: str, settings: HotWaxSettings) -> list[str]:
    if not id_value:
        return ["Required Field: the product is blank"]
    if id_type not in PRODUCT_ID_TYPES:
        return [f"Invalid Data: product id type {id_type!r} is not known"]
    if id_value in settings.refuse_gtins:
        return [f"Invalid Data: no product with {id_type} {id_value!r}"]
    return []


def _number(what: str, text: str, *, above_zero: bool = False) -> list[str]:
    if not text:
        return []
    try:
        value = Decimal(text)
    except InvalidOperation:
        return [f"Invalid Format: {what} {text!r} is not a number"]
    if not value.is_finite() or (above_zero and value <= 0):
        return [f"Invalid Data: {what} {text!r} is out of range"]
    return []
