"""Peer: the standard library alone, one order at a time (`json`, `csv`), streamed."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.peers.job import (
    CONSTANTS,
    DEFAULTS,
    HALF_A_CENT,
    LOOKUPS,
    ORDER_COLUMNS,
    REQUIRED_COLUMNS,
    VARIANCE_COLUMNS,
    VARIANCE_CONSTANTS,
)

Row = dict[str, str]


def run(source: Path, orders_csv: Path, variance_csv: Path) -> None:
    """Write both feeds of the JSON lines in `source`."""
    with (
        source.open(encoding="utf-8") as lines,
        orders_csv.open("w", encoding="utf-8", newline="") as order_file,
        variance_csv.open("w", encoding="utf-8", newline="") as variance_file,
    ):
        orders = csv.DictWriter(order_file, ORDER_COLUMNS, lineterminator="\n")
        variance = csv.DictWriter(variance_file, VARIANCE_COLUMNS, lineterminator="\n")
        orders.writeheader()
        variance.writeheader()
        for line in lines:
            order = json.loads(line)
            rows = _order_rows(order)
            if all(row[column] for row in rows for column in REQUIRED_COLUMNS) and _closes(order):
                orders.writerows(rows)
                variance.writerows(_variance_row(row) for row in rows if row["facility-id"] == "")


def _closes(order: Mapping[str, Any]) -> bool:
    lines = order["orderProductList"]
    total = sum(line["price"] * line["quantity"] - (line.get("discount") or 0) + line["tax"] for line in lines)
    shipping = (order.get("shippingSubTotal") or 0) + (order.get("shippingTax") or 0)
    return bool(abs(total + shipping - order["totalAmount"]) < HALF_A_CENT)


def _order_rows(order: Mapping[str, Any]) -> list[Row]:
    shared = CONSTANTS | _shared(order)
    store = _address(order["store"], order)
    in_store = {
        "item-status-id": DEFAULTS.in_store_status,
        "facility-id": "",
        "external-facility-id": shared["external-placing-facility-id"],
        "shipment-method-type-id": "POS_COMPLETED",
        **store,
    }
    shipped = in_store
    if "shippingAddress" in order:
        shipped = {
            "item-status-id": DEFAULTS.shipped_status,
            "facility-id": "_NA_",
            "external-facility-id": "",
            "shipment-method-type-id": LOOKUPS.shipping[order.get("shippingName") or "Standard"],
            **_address(order["shippingAddress"], order),
        }
    return [
        shared | _line(order["orderId"], line) | (in_store if _is_in_store(order, line) else shipped)
        for line in order["orderProductList"]
    ]


def _is_in_store(order: Mapping[str, Any], line: Mapping[str, Any]) -> bool:
    kind = line.get("fulfillmentType") or line.get("omniFulfillmentType") or order.get("fulfillmentType")
    return bool(kind == "IN_STORE")


def _shared(order: Mapping[str, Any]) -> Row:
    profile, shipping = order.get("customerProfile") or {}, order.get("shippingAddress") or {}
    people = (order.get("billingAddress") or {}, profile, shipping)
    order_id, facility = order["orderId"], LOOKUPS.facilities[order["storeId"]]
    customer_id = profile.get("customerId") or ""
    return {
        "external-id": order_id,
        "order-name": order_id,
        "external-placing-facility-id": facility,
        "customer-id": "" if customer_id else "NA",
        "customer-external-id": customer_id,
        "first-name": next((p["firstName"] for p in people if p.get("firstName")), DEFAULTS.first_name),
        "last-name": next((p["lastName"] for p in people if p.get("lastName")), DEFAULTS.last_name),
        "phone": profile.get("phoneMobile") or order.get("phoneNumber") or shipping.get("phone") or DEFAULTS.phone,
        "email": profile.get("email") or order.get("email") or shipping.get("emailAddress") or DEFAULTS.email,
        "order-date": f"{_placed_at(order):%m/%d/%Y}",
        "grand-total": f"{order['totalAmount']:.2f}",
        "payment-method": _payment(order["tenders"]),
        "shipping-charges": f"{order.get('shippingSubTotal') or 0:.2f}",
        "shipping-tax": f"{order.get('shippingTax') or 0:.2f}",
        "origin-external-facility-id": facility,
    }


def _placed_at(order: Mapping[str, Any]) -> datetime:
    if order.get("orderDate") is not None:
        return datetime.fromtimestamp(order["orderDate"] / 1000, UTC)
    return datetime.strptime(order["creationDate"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _payment(tenders: list[Mapping[str, Any]]) -> str:
    if not tenders:
        return ""
    return LOOKUPS.payments[max(tenders, key=lambda tender: tender["amountAuthorized"])["paymentMethod"]]


def _address(address: Mapping[str, Any], order: Mapping[str, Any]) -> Row:
    store_country = order["store"].get("countryCode")
    return {
        "address-line-1": address.get("addressLine1") or "",
        "address-line-2": address.get("addressLine2") or "",
        "city": address.get("city") or "",
        "postal-code": address.get("postalCode") or "",
        "state": address.get("state") or "",
        "country": address.get("countryCode") or address.get("country") or store_country or DEFAULTS.country,
    }


def _line(order_id: str, line: Mapping[str, Any]) -> Row:
    price, tax = f"{line['price']:.2f}", line["productTax"].get("totalTax")
    return {
        "product-id-value": line["gtin"],
        "item-external-id": f"{order_id}-{line['orderItemId']}",
        "quantity": str(line["quantity"]),
        "unit-price": price,
        "unit-list-price": price,
        "item-total-discount": f"{0 - (line.get('discount') or 0):.2f}",
        "item-total-tax": f"{line['tax'] if tax is None else tax:.2f}",
    }


def _variance_row(row: Row) -> Row:
    return VARIANCE_CONSTANTS | {
        "externalFacilityId": row["external-facility-id"],
        "idValue": row["product-id-value"],
        "availableDelta": f"-{row['quantity']}",
        "comments": f"{DEFAULTS.comment}{row['item-external-id']}",
    }
