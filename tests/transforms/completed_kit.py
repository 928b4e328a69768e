"""Completed orders to vary, and what becomes of them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec

from order_sync.errors import BadInput
from order_sync.settings import Retailer, include_folder, load
from order_sync.transforms.retailpro_invoices import InvoiceDraft, RetailProInvoices
from order_sync.transforms.tlog_frame import SourceRecord

Order = dict[str, Any]

BORN = "2024-01-01T00:00:00+00:00"
FULFILLED = "2024-05-02T10:00:00-06:00"
_DEFAULT = load("default")
_exact = msgspec.json.Encoder(decimal_format="number")


def adjustment(kind: str, amount: str) -> Order:
    return {"orderAdjustmentTypeId": kind, "amount": Decimal(amount)}


def identified(kind: str, value: Any, since: str = BORN, until: str | None = None) -> Order:
    return {"goodIdentificationTypeId": kind, "idValue": value, "fromDate": since, "thruDate": until}


def numbered(kind: str, value: Any, since: str = BORN, until: str | None = None) -> Order:
    return {"orderIdentificationTypeId": kind, "idValue": value, "fromDate": since, "thruDate": until}


def item(
    seq: str = "00101", *, price: str = "40", upc: str = "750000000001", facility: str = "P22", **changes: Any
) -> Order:
    """A fulfilled item of one unit, without discount or tax."""
    return {
        "shipmentId": "5001",
        "orderItemSeqId": seq,
        "itemStatusId": "ITEM_COMPLETED",
        "itemQuantity": 1,
        "slaShipmentMethodTypeId": "STANDARD",
        "statusDatetime": FULFILLED,
        "unitPrice": Decimal(price),
        "facilityId": f"1{facility}",
        "facilityExternalId": facility,
        "facilityTypeId": "RETAIL_STORE",
        "parentFacilityTypeId": "PHYSICAL_STORE",
        "goodIdentifications": [identified("SKU", f"S-{upc}"), identified("UPCA", upc)],
        "itemAdjustments": [],
        **changes,
    }


def digital(seq: str = "00109", *, price: str = "10", upc: str = "gift0001", **changes: Any) -> Order:
    """An item that no store handed over."""
    nowhere = {"facilityId": "_NA_", "facilityTypeId": "NA", "parentFacilityTypeId": "VIRTUAL_FACILITY"}
    return item(seq, price=price, upc=upc, facility="_NA_", shipmentId=None, **nowhere | changes)


ADDRESS: Order = {
    "toName": "Ana Muestra Prueba",
    "address1": "Calle 1",
    "address2": "Casa 2",
    "city": "San Salvador",
    "countryGeoCode": "SV",
    "phone": {"countryCode": "503", "areaCode": None, "contactNumber": 22001100},
}


def shipment(*items: Order, **changes: Any) -> Order:
    return {
        "shipmentMethodTypeId": "GROUND",
        "shipTo": {**ADDRESS, "address1": "Calle 9"},
        "shipmentItems": [*items],
        **changes,
    }


def order(*items: Order, total: str = "", adjustments: Iterable[Order] = (), **changes: Any) -> Order:
    """An order with one shipment of these items; its total is what they and the adjustments make."""
    items = items or (item(),)
    given = list(adjustments)
    made = sum(one["unitPrice"] * one["itemQuantity"] for one in items)
    made += sum(one["amount"] for holder in items for one in holder["itemAdjustments"]) + sum(
        one["amount"] for one in given
    )
    return {
        "orderId": "M1001",
        "orderName": "#1001",
        "orderDate": "2024-05-01T08:30:00-06:00",
        "currency": "USD",
        "grandTotal": Decimal(total) if total else Decimal(made),
        "salesChannel": "WEB_CHANNEL",
        "customerFirstName": "Ana",
        "customerLastName": "Muestra",
        "customerEmail": "ana@example.com",
        "billTo": ADDRESS,
        "orderIdentifications": [numbered("SHOPIFY_ORD_ID", 449), numbered("SHOPIFY_ORD_NO", "1001")],
        "payments": [{"paymentMethodTypeId": "EXT_SHOPIFY", "statusId": "PAYMENT_SETTLED", "amount": Decimal("40")}],
        "orderAdjustments": given,
        "orderAttributes": [{"attrName": "customerId", "attrValue": "0614-000000-001-1"}],
        "shipments": [shipment(*items)],
        **changes,
    }


def attributes(**values: Any) -> list[Order]:
    """Attributes of an order: its identity document and others."""
    given = {"customerId": "0614-000000-001-1"} | values
    return [{"attrName": name, "attrValue": value} for name, value in given.items()]


def retailer(**changes: Any) -> Retailer:
    """The default retailer with some settings of the flow changed."""
    return msgspec.structs.replace(
        _DEFAULT, retailpro_invoicing=msgspec.structs.replace(_DEFAULT.retailpro_invoicing, **changes)
    )


def transform(include: Path | None = None, **changes: Any) -> RetailProInvoices:
    return RetailProInvoices(retailer(**changes), include or include_folder())


def with_tables(folder: Path, **tables: str) -> RetailProInvoices:
    """The default retailer's transform with other rows in some lookup tables."""
    include = folder / "include"
    copytree(include_folder(), include)
    for name, rows in tables.items():
        (include / f"mappings/lookups/{name}.csv").write_text(f"key,value,description\n{rows}", encoding="utf-8")
    return RetailProInvoices(retailer(), include)


@functools.cache
def usual() -> RetailProInvoices:
    return transform()


def drafts(orders: Iterable[Any], using: RetailProInvoices | None = None, size: int = 2_000) -> list[InvoiceDraft]:
    records = [
        SourceRecord(0, at, 0, one if isinstance(one, bytes) else _exact.encode(one)) for at, one in enumerate(orders)
    ]
    return [draft for frame in (using or usual()).read(records, size) for draft in frame]


def draft(one: Any, using: RetailProInvoices | None = None, **settings: Any) -> InvoiceDraft:
    """What becomes of one order, with some settings changed."""
    (found,) = drafts([one], using or (transform(**settings) if settings else None))
    return found


def body(one: Any, using: RetailProInvoices | None = None, **settings: Any) -> Mapping[str, Any]:
    """The invoice of one order, its numbers as exact decimals."""
    found = draft(one, using, **settings)
    assert found.cause is None, found.cause
    assert found.body
    return exact(found.body)


def exact(data: bytes) -> Any:
    """JSON with numbers as decimals, as they are written."""
    return json.loads(data, parse_float=Decimal)


def cause(one: Any, using: RetailProInvoices | None = None, **settings: Any) -> BadInput:
    """Why one order is rejected; then nothing of it goes out."""
    found = draft(one, using, **settings)
    assert found.cause is not None
    assert (found.body, found.slips, found.left_out) == (b"", (), "")
    return found.cause


def refusal(one: Any, using: RetailProInvoices | None = None, **settings: Any) -> tuple[str, str]:
    """Code and field of the cause."""
    found = cause(one, using, **settings)
    return found.reason, found.field


def lines(one: Any, *names: str, **settings: Any) -> list[tuple[Any, ...]]:
    """Some fields of every line of the invoice."""
    return [tuple(line.get(name) for name in names) for line in body(one, **settings)["Items"]]
