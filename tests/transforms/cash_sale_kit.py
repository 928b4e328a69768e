"""Completed orders of tills to vary, and what becomes of them."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Mapping
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec

from order_sync.errors import BadInput
from order_sync.settings import CashSaleRows, include_folder
from order_sync.transforms.netsuite_cash_sales import NetSuiteCashSales
from order_sync.transforms.netsuite_sales_orders import OrderDraft
from tests.transforms.created_kit import AT_TILL, Order, item, nobody, records, settings
from tests.transforms.created_kit import order as created

STORE: Order = {
    "address1": "42 Main Street",
    "address2": "Unit 1",
    "city": "Nashville",
    "stateProvinceGeoCode": "TN",
    "countryGeoCode": "US",
    "postalCode": "37042",
}
_OWN = {
    "order_statuses": ["ORDER_COMPLETED"],
    "other_channels": "exception",
    "missed_orders": "exception",
    "walk_in_customer": "",
    "max_orders_per_file": 500,
    "max_rows_per_file": 25_000,
}
_RENAMED = {
    "orderItemQuantity": "itemQuantity",
    "shipmentMethodTypeId": "slaShipmentMethodTypeId",
    "orderItemAdjustments": "itemAdjustments",
}


def sold(seq: str = "00001", **changes: Any) -> Order:
    """A line that was taken away in store 42."""
    usual = {"itemStatusId": "ITEM_COMPLETED", "facilityExternalId": "42", "facilityAddress": STORE, **AT_TILL}
    return item(seq, **{**usual, "shipTo": None, **changes})


def cash_sale(*items: Order, **changes: Any) -> Order:
    """A completed order of a till, in the shape of the completed orders' feed."""
    usual = {"orderStatusId": "ORDER_COMPLETED", "salesChannel": "POS_CHANNEL", "orderFacilityId": "10027"}
    return as_completed(created(*(items or (sold(),)), **{**usual, **changes}))


def as_completed(order: Order) -> Order:
    """An order with its lines in shipments, one for each method."""
    shipments: dict[Any, Order] = {}
    for line in order["orderItems"]:
        method = line["shipmentMethodTypeId"]
        shipment = shipments.setdefault(method, {"shipmentMethodTypeId": method, "shipmentItems": []})
        shipment["shipmentItems"].append({_RENAMED.get(name, name): value for name, value in line.items()})
    kept = {name: value for name, value in order.items() if name != "orderItems"}
    return kept | {"shipments": list(shipments.values())}


def transform(include: Path | None = None, **changes: Any) -> NetSuiteCashSales:
    own = {name: changes.pop(name, value) for name, value in _OWN.items()}
    usual, of_sale = settings(**changes), msgspec.convert(own, CashSaleRows)
    return NetSuiteCashSales(usual, of_sale, include or include_folder(), "default")


def with_tables(folder: Path, tables: Mapping[str, str], **changes: Any) -> NetSuiteCashSales:
    """The transform with other rows in some lookup tables."""
    include = folder / "include"
    copytree(include_folder(), include)
    for name, rows in tables.items():
        (include / f"mappings/lookups/{name}.csv").write_text(f"key,value,description\n{rows}", encoding="utf-8")
    return transform(include, **changes)


@functools.cache
def usual() -> NetSuiteCashSales:
    return transform()


def drafts(
    orders: Iterable[Any], using: NetSuiteCashSales | None = None, known: Any = nobody, size: int = 2_000, **asked: Any
) -> list[OrderDraft]:
    return [one for frame in (using or usual()).read(records(orders), known, size, **asked) for one in frame]


def draft(one: Any, using: NetSuiteCashSales | None = None, known: Any = nobody, **changes: Any) -> OrderDraft:
    """What becomes of one order, with some settings changed."""
    (found,) = drafts([one], using or (transform(**changes) if changes else None), known)
    return found


def rows(one: Any, using: NetSuiteCashSales | None = None, **changes: Any) -> list[dict[str, str]]:
    """The rows of one order by column, as a CSV reader sees them."""
    using = using or (transform(**changes) if changes else usual())
    found = draft(one, using)
    assert found.cause is None, found.cause
    assert not found.waits_for
    table = list(csv.DictReader(io.StringIO((using.header() + found.rows).decode(), newline=""), strict=True))
    assert len(table) == found.row_count
    return table


def columns(one: Any, *names: str, **changes: Any) -> list[tuple[str, ...]]:
    """Some columns of every row."""
    return [tuple(row[name] for name in names) for row in rows(one, **changes)]


def cause(one: Any, using: NetSuiteCashSales | None = None, **changes: Any) -> BadInput:
    """Why one order is rejected; then nothing of it goes out."""
    found = draft(one, using, **changes)
    assert found.cause is not None, found
    assert (found.rows, found.row_count, found.waits_for, found.left_out) == (b"", 0, (), "")
    return found.cause


def refusal(one: Any, using: NetSuiteCashSales | None = None, **changes: Any) -> tuple[str, str]:
    """Code and field of the cause."""
    found = cause(one, using, **changes)
    return found.reason, found.field
