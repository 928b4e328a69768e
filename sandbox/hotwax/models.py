"""What an import file turns into before it is stored: one shape for CSV rows and for service calls.

Amounts and quantities stay the text that was sent; nothing here calculates with them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


class RecordError(Exception):
    """One record is not imported; the text goes into the error file."""


class FileError(Exception):
    """The rest of the file cannot be read; the import ends as failed."""


@dataclass(frozen=True)
class Adjustment:
    """An amount added to an order or, where `item` is its position from 0, to one item."""

    kind: str
    amount: str
    item: int | None = None


@dataclass(frozen=True)
class Payment:
    """One payment; `status` is empty where the file names none."""

    method: str
    amount: str
    status: str


@dataclass(frozen=True)
class NewItem:
    """One order item; facility and shipment method are blank where the file leaves them out."""

    external_id: str
    id_type: str
    id_value: str
    quantity: str
    unit_price: str
    list_price: str
    status: str
    facility_id: str
    external_facility_id: str
    shipment_method: str
    carrier: str


@dataclass(frozen=True)
class NewOrder:
    """One order to create; `order_date` is ISO text, the facilities are those named in the file, blank if none."""

    external_id: str
    name: str
    product_store: str
    channel: str
    status: str
    order_date: str
    currency: str
    grand_total: str
    customer_external_id: str
    first_name: str
    last_name: str
    address: str
    city: str
    postal_code: str
    state: str
    country: str
    email: str
    phone: str
    placing_facility_id: str
    placing_external_facility_id: str
    origin_facility_id: str
    origin_external_facility_id: str
    items: tuple[NewItem, ...]
    adjustments: tuple[Adjustment, ...]
    payments: tuple[Payment, ...]


@dataclass(frozen=True)
class Variance:
    """One stock change; `delta` is signed and is applied again each time it is imported."""

    facility_id: str
    external_facility_id: str
    id_type: str
    id_value: str
    delta: str
    location: str
    reason: str
    comments: str


@dataclass(frozen=True)
class Record:
    """One unit of an import file, imported in a transaction of its own.

    :param key: external id of the order, or product id of the variance row; blank if the record has none.
    :param apply: stores it; raises :class:`RecordError`.
    :param rows: the CSV rows as they stood in the file, for the error file.
    :param text: the JSON element as it stood in the file, for the error file.
    """

    key: str
    apply: Callable[[], None]
    rows: tuple[tuple[str, ...], ...] = ()
    text: str = ""
