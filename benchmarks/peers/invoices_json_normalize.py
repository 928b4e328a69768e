"""Peer: the usual pandas script: load all, one `json_normalize` per list, group, merge, `json.dump`.

Amounts are floating point; a discount or a tax on several pieces is divided and rounded, so that only the sums of an
order are those of the exact bodies, not the price of each piece.
"""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.child import Watch
from benchmarks.measure import ROOT

_LOOKUPS = ROOT / "include" / "mappings" / "lookups"
_KEY = ["orderId", "orderItemSeqId"]
_TILLS = ("POS_SALES_CHANNEL", "POS_CHANNEL")
_HALF_A_CENT = 0.005
_META = ["orderId", ["shipments", "shipmentItems", "orderItemSeqId"]]
_ITEM_PATH = ["shipments", "shipmentItems"]


def run(watch: Watch, *, source: str, target: str) -> int:
    """Write the bodies of the orders in `source`; returns how many there are."""
    with watch:
        with Path(source).open(encoding="utf-8") as file:
            raw = json.load(file)
        items = _items(raw)
        bodies = _bodies(_orders(raw, items), items)
        with Path(target).open("w", encoding="utf-8") as file:
            json.dump(bodies, file, ensure_ascii=False)
    return len(bodies)


def _items(raw: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per item that a store or a digital facility fulfilled, with its UPC and its own adjustments."""
    items = pd.json_normalize(raw, record_path=_ITEM_PATH)
    items = items[items["itemStatusId"] == "ITEM_COMPLETED"].set_index(_KEY)
    items["at"] = pd.to_datetime(items["statusDatetime"], utc=True, format="ISO8601")
    items["virtual"] = items["parentFacilityTypeId"] == "VIRTUAL_FACILITY"
    own = _sums(pd.json_normalize(raw, record_path=[*_ITEM_PATH, "itemAdjustments"]), _KEY)
    items = items.join(own).fillna({"discount": 0.0, "tax": 0.0, "shipping": 0.0})
    items["UPC"] = _upcs(raw, items["at"].groupby("orderId").max())
    pieces = items["itemQuantity"]
    items["price"] = (items["unitPrice"] + items["discount"] / pieces).round(4)
    items["unitTax"] = (items["tax"] / pieces).round(4)
    return items


def _upcs(raw: list[dict[str, Any]], fulfilled: pd.Series) -> pd.Series:
    """The UPC that was open when the order was fulfilled, by item: of several the youngest."""
    path = [*_ITEM_PATH, "goodIdentifications"]
    numbers = pd.json_normalize(raw, record_path=path, meta=_META)
    numbers = numbers[numbers["goodIdentificationTypeId"] == "UPCA"]
    since, until = (pd.to_datetime(numbers[name], utc=True, format="ISO8601") for name in ("fromDate", "thruDate"))
    numbers = numbers.assign(since=since)[until.isna() | (until > numbers["orderId"].map(fulfilled))]
    numbers = numbers.rename(columns={"shipments.shipmentItems.orderItemSeqId": "orderItemSeqId"})
    return numbers.sort_values("since").groupby(_KEY)["idValue"].last()


def _sums(adjustments: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Adjustments by what they are."""
    table = pd.read_csv(_LOOKUPS / "adjustment.csv").set_index("key")["value"]
    kinds = adjustments["orderAdjustmentTypeId"].map(table)
    sums = adjustments.assign(kind=kinds).pivot_table(index=key, columns="kind", values="amount", aggfunc="sum")
    return sums.reindex(columns=["discount", "tax", "shipping"])


def _orders(raw: list[dict[str, Any]], items: pd.DataFrame) -> pd.DataFrame:
    """One row per order that needs an invoice and adds up."""
    orders = pd.json_normalize(raw, max_level=2).set_index("orderId")
    physical = items[~items["virtual"]].reset_index()
    by_time = physical.sort_values(["at", "shipmentId", "orderItemSeqId"]).groupby("orderId")
    orders["InvoicingStore"] = by_time["facilityExternalId"].last()
    orders["pickup"] = (physical["slaShipmentMethodTypeId"] == "STOREPICKUP").groupby(physical["orderId"]).all()
    orders = orders[orders["InvoicingStore"].notna() & ~orders["salesChannel"].isin(_TILLS)]
    whole = _sums(pd.json_normalize(raw, record_path="orderAdjustments"), ["orderId"])
    orders = orders.join(whole).fillna({"discount": 0.0, "tax": 0.0, "shipping": 0.0})
    lines = items.assign(gross=items["unitPrice"] * items["itemQuantity"]).groupby("orderId")
    totals = lines[["gross", "discount", "tax", "shipping"]].sum()
    orders[["TotalDiscAmt", "ShippingAmt"]] = (
        orders[["discount", "shipping"]] + totals[["discount", "shipping"]]
    ).round(2)
    orders["TotalDiscAmt"] = orders["TotalDiscAmt"].abs()
    total = orders[["discount", "tax", "shipping"]].sum(axis=1) + totals.sum(axis=1)
    orders = orders[(total - orders["grandTotal"]).abs() < _HALF_A_CENT]
    return orders.join(_parties(raw))


def _parties(raw: list[dict[str, Any]]) -> pd.DataFrame:
    """Number, document, way of payment and address of delivery, by order."""
    numbers = pd.json_normalize(raw, record_path="orderIdentifications")
    numbers = numbers[numbers["orderIdentificationTypeId"] == "SHOPIFY_ORD_NO"].groupby("orderId")["idValue"].last()
    attributes = pd.json_normalize(raw, record_path="orderAttributes", meta="orderId")
    documents = attributes[attributes["attrName"] == "customerId"].set_index("orderId")["attrValue"]
    payments = pd.json_normalize(raw, record_path="payments").sort_values("amount").groupby("orderId")
    shipments = pd.json_normalize(raw, record_path="shipments", meta="orderId")
    addresses = shipments.dropna(subset="shipTo.address1").groupby("orderId").first().filter(like="shipTo.")
    found = pd.DataFrame({"OrderNo": numbers.str.zfill(8), "NoDocument": documents})
    cash = payments["paymentMethodTypeId"].last() == "EXT_SHOP_CASH_ON_DEL"
    found["PaymentType"] = cash.map({True: 2, False: 1})
    return found.join(addresses)


def _bodies(orders: pd.DataFrame, items: pd.DataFrame) -> list[dict[str, Any]]:
    lines = _lines(orders, items)
    placed = pd.to_datetime(orders["orderDate"], utc=True, format="ISO8601")
    header = pd.DataFrame({
        "InvoicingStore": orders["InvoicingStore"],
        "OrderNo": orders["OrderNo"],
        "CreatedDate": placed.dt.strftime("%Y-%m-%dT%H:%M:%S"),
        "DeliveryType": orders["pickup"].map({True: 1, False: 2}),
        "PaymentType": orders["PaymentType"],
        "TotalAmt": orders["grandTotal"],
        "TotalDiscAmt": orders["TotalDiscAmt"],
        "ShippingAmt": orders["ShippingAmt"],
    })  # fmt: skip
    shipping, billing = _customer(orders, "shipTo").to_dict("records"), _customer(orders, "billTo").to_dict("records")
    return [
        {**top, "CustomerShipping": ship_to, "CustomerBilling": bill_to, "Items": lines[order_id]}
        for order_id, top, ship_to, bill_to in zip(
            orders.index, header.to_dict("records"), shipping, billing, strict=True
        )
    ]


def _customer(orders: pd.DataFrame, part: str) -> pd.DataFrame:
    def column(name: str) -> pd.Series:
        return orders[f"{part}.{name}"].fillna(orders[f"billTo.{name}"])

    names = column("toName").str.split(" ", n=1, expand=True)
    customer = pd.DataFrame({
        "FirstName": names[0].fillna(orders["customerFirstName"]),
        "LastName": names[1].fillna(orders["customerLastName"]),
        "Email": orders["customerEmail"],
        "Address1": column("address1"),
        "Address2": column("address2"),
        "City": column("city"),
        "Country": column("countryGeoCode"),
        "NoDocument": orders["NoDocument"],
    })  # fmt: skip
    return customer.astype(object).where(customer.notna(), None)


def _lines(orders: pd.DataFrame, items: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """The lines of each order: equal pieces as one."""
    chosen = items.reset_index().merge(orders[["InvoicingStore"]], left_on="orderId", right_index=True)
    chosen["StoreOrig"] = chosen["facilityExternalId"].where(~chosen["virtual"], chosen["InvoicingStore"])
    same = ["orderId", "UPC", "unitPrice", "price", "unitTax", "StoreOrig"]
    merged = chosen.groupby(same, sort=False, as_index=False)["itemQuantity"].sum()
    merged["OrigTax"] = (merged["unitTax"] * merged["unitPrice"] / merged["price"]).round(4)
    merged = merged.fillna({"OrigTax": 0.0})
    names = {"unitPrice": "OrigPrice", "price": "Price", "unitTax": "Tax", "itemQuantity": "Qty"}
    order_ids = merged["orderId"].to_list()
    lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
    wanted = ["UPC", "OrigPrice", "OrigTax", "Price", "Tax", "Qty", "StoreOrig"]
    for order_id, line in zip(order_ids, merged.rename(columns=names)[wanted].to_dict("records"), strict=True):
        lines[order_id].append(line)
    return lines
