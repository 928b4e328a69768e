"""Peer: the usual pandas script: load all, one `json_normalize` per list, group, merge, `to_csv`.

It writes the same bytes as the transform of this repository as long as the orders are those of the sandbox's usual mix:
no field has another kind of value than it should have, every adjustment is known. Amounts are floating point.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.child import Watch
from benchmarks.measure import ROOT

_LOOKUPS = ROOT / "include" / "mappings" / "lookups"
_KEY = ["orderId", "orderItemSeqId"]
_META = ["orderId", ["orderItems", "orderItemSeqId"]]
_TILLS = ("POS_SALES_CHANNEL", "POS_CHANNEL")
_TAKEN_AWAY, _PICKED_UP = "POS_COMPLETED", "STOREPICKUP"
_HALF_A_CENT = 0.005
#: Column of an address → field of the feed, and how many characters NetSuite takes.
_ADDRESS = {
    "addressee": ("toName", 83),
    "address1": ("address1", 150),
    "address2": ("address2", 150),
    "city": ("city", 50),
    "state": ("stateProvinceGeoCode", None),
    "country": ("countryGeoCode", None),
    "zip": ("postalCode", None),
}


_COLUMNS = """
    orderId orderLineId orderLineTypeId externalId HCOrderId HCShopifySalesOrderId salesChannel item price quantity
    priceLevel shippingMethod shippingCost taxCode shippingTaxCode date customer addressee address1 address2 city
    state country zip email phone tag closed discountItem rate subsidiary department location itemLocation orderNote
    billingAddressee billingAddress1 billingAddress2 billingCity billingState billingCountry billingZip billingPhone
""".split()


def run(watch: Watch, *, source: str, target: str) -> int:
    """Write the rows of the orders in `source`; returns how many there are, without the header."""
    with watch:
        with Path(source).open(encoding="utf-8") as file:
            raw = json.load(file)
        lines = _lines(raw)
        rows = _rows(_orders(raw, lines), lines)
        rows.to_csv(target, index=False, lineterminator="\n")
    return len(rows)


def _lines(raw: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per line that goes to NetSuite, with its item there and the sums of its adjustments."""
    lines = pd.json_normalize(raw, record_path="orderItems").set_index(_KEY)
    components = pd.json_normalize(raw, record_path=["orderItems", "toOrderItemAssocs"])
    if len(components):
        parts = components[components["orderItemAssocTypeId"] == "KIT_COMPONENT"]
        lines = lines.drop(pd.MultiIndex.from_frame(parts[["orderId", "toOrderItemSeqId"]]))
    lines["gift_card"] = lines["productTypeId"] == "GIFT_CARD"
    products, cards = _items(raw, "NETSUITE_PRODUCT_ID"), _items(raw, "NETSUITE_GIFT_CARD")
    lines["item"] = products.reindex(lines.index)
    lines["item"] = cards.reindex(lines.index).where(lines["gift_card"]).fillna(lines["item"])
    lines["closed"] = lines["itemStatusId"] == "ITEM_CANCELLED"
    lines["shipped"] = ~lines["shipmentMethodTypeId"].isin((_TAKEN_AWAY, _PICKED_UP))
    sums = _sums(pd.json_normalize(raw, record_path=["orderItems", "orderItemAdjustments"]), _KEY)
    return lines.join(sums).fillna({"discount": 0.0, "tax": 0.0, "shipping": 0.0})


def _items(raw: list[dict[str, Any]], kind: str) -> pd.Series:
    """NetSuite's number of each line's product that has not ended."""
    numbers = pd.json_normalize(raw, record_path=["orderItems", "goodIdentifications"], meta=_META)
    numbers = numbers[(numbers["goodIdentificationTypeId"] == kind) & numbers["thruDate"].isna()]
    numbers = numbers.rename(columns={"orderItems.orderItemSeqId": "orderItemSeqId"})
    return numbers.sort_values("fromDate", kind="stable").groupby(_KEY)["idValue"].last()


def _sums(adjustments: pd.DataFrame, key: list[str]) -> pd.DataFrame:
    """Adjustments by what they are."""
    table = pd.read_csv(_LOOKUPS / "adjustment.csv").set_index("key")["value"]
    kinds = adjustments["orderAdjustmentTypeId"].map(table)
    sums = adjustments.assign(kind=kinds).pivot_table(index=key, columns="kind", values="amount", aggfunc="sum")
    return sums.reindex(columns=["discount", "tax", "shipping"])


def _orders(raw: list[dict[str, Any]], lines: pd.DataFrame) -> pd.DataFrame:
    """One row per order that goes to NetSuite and adds up, with all that its rows repeat."""
    orders = pd.json_normalize(raw, max_level=2).set_index("orderId")
    orders["position"] = range(len(orders))
    orders = orders.join(_sums(pd.json_normalize(raw, record_path="orderAdjustments"), ["orderId"]))
    orders = orders.fillna({"discount": 0.0, "tax": 0.0, "shipping": 0.0})
    orders["customer"] = _open(raw, "customerPartyIdentifications", "partyIdentificationTypeId", "NETSUITE_CUSTOMER_ID")
    orders["HCShopifySalesOrderId"] = _open(raw, "orderIdentifications", "orderIdentificationTypeId", "SHOPIFY_ORD_ID")
    alive = lines[~lines["closed"]]
    gross = (alive["unitPrice"] * alive["orderItemQuantity"]).groupby("orderId").sum()
    own = alive[["discount", "tax", "shipping"]].groupby("orderId").sum().reindex(orders.index, fill_value=0.0)
    total = (
        gross.reindex(orders.index, fill_value=0.0)
        + own.sum(axis=1)
        + orders[["discount", "tax", "shipping"]].sum(axis=1)
    )
    paid = pd.json_normalize(raw, record_path="payments").groupby("orderId")["amount"].sum().reindex(orders.index)
    away = (
        (alive["shipmentMethodTypeId"] == _TAKEN_AWAY).groupby("orderId").all().reindex(orders.index, fill_value=True)
    )
    known = lines["item"].notna().groupby("orderId").all().reindex(orders.index, fill_value=False)
    goes = (
        (orders["salesChannel"] != "LOOP_EXCH")
        & (orders["orderStatusId"] == "ORDER_CREATED")
        & ~away
        & known
        & orders["customer"].notna()
        & ((total - orders["grandTotal"]).abs() < _HALF_A_CENT)
        & ~(orders["salesChannel"].isin(_TILLS) & (paid - orders["grandTotal"] < -_HALF_A_CENT))
    )
    orders["shippingCost"] = orders["shipping"] + own["shipping"]
    telling = (
        lines.sort_values(["closed", "shipped"], ascending=[True, False], kind="stable").groupby("orderId").first()
    )
    return orders.join(telling.filter(regex=r"^(shipTo\.|shipmentMethodTypeId)"), rsuffix="_line")[goes]


def _open(raw: list[dict[str, Any]], path: str, kinds: str, kind: str) -> pd.Series:
    """The number of a kind that each order, or its customer, has and that has not ended."""
    numbers = pd.json_normalize(raw, record_path=path, meta="orderId", meta_prefix="of.")
    numbers = numbers[(numbers[kinds] == kind) & numbers["thruDate"].isna()]
    return numbers.sort_values("fromDate", kind="stable").groupby("of.orderId")["idValue"].last()


def _rows(orders: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """The rows of the file: one per line, and one more behind it for its discount."""
    items = lines.reset_index()
    items = items[items["orderId"].isin(orders.index)].assign(behind=0)
    items = items.assign(
        orderLineId=items["orderItemSeqId"],
        orderLineTypeId="",
        price=items["unitPrice"],
        quantity=items["orderItemQuantity"].astype(int),
    )
    discounts = items[items["discount"] != 0].assign(behind=1, orderLineId="", quantity=1, item="SHOPIFY DISCOUNT ITEM")
    discounts = discounts.assign(
        orderLineTypeId="HC_DISCOUNT_" + discounts["orderItemSeqId"], price=discounts["discount"]
    )
    rows = pd.concat([items, discounts])
    rows["position"] = rows["orderId"].map(orders["position"])
    rows = rows.sort_values(["position", "orderItemSeqId", "behind"])
    of_order = _header(orders)
    repeated = of_order.loc[rows["orderId"]].reset_index(drop=True)
    return _columns(rows.reset_index(drop=True), repeated)


def _header(orders: pd.DataFrame) -> pd.DataFrame:
    """The columns that all rows of an order share."""
    placed = pd.to_datetime(orders["orderDate"], utc=True, format="ISO8601")
    header = pd.DataFrame({
        "orderId": orders["orderName"],
        "externalId": orders.index,
        "HCShopifySalesOrderId": orders["HCShopifySalesOrderId"],
        "salesChannel": _looked_up("netsuite_sales_channel", orders["salesChannel"], orders["salesChannel"]),
        "shippingMethod": _looked_up("netsuite_shipping_method", orders["shipmentMethodTypeId_line"], ""),
        "shippingCost": _two(orders["shippingCost"]),
        "shippingTaxCode": _tax_code(orders["tax"]),
        "date": placed.dt.strftime("%-m/%-d/%Y"),
        "customer": orders["customer"],
        "email": orders["customerEmail"],
        "discountItem": (orders["discount"] != 0).map({True: "SHOPIFY DISCOUNT", False: ""}),
        "rate": _two(orders["discount"]).where(orders["discount"] != 0, ""),
        "subsidiary": _looked_up("netsuite_subsidiary", orders["productStoreId"], "1"),
        "department": _looked_up("netsuite_department", orders["orderFacilityId"], ""),
        "location": _looked_up("netsuite_location", orders["orderFacilityId"], orders["orderFacilityId"]),
        "orderNote": orders["orderNote"].str.strip().str.slice(0, 999),
        "phone": _phone(orders, "shipTo", "billTo"),
        "billingPhone": _phone(orders, "billTo", "shipTo"),
    })  # fmt: skip
    for column, (field, most) in _ADDRESS.items():
        ship_to, bill_to = (orders[f"{part}.{field}"].str.slice(0, most) for part in ("shipTo", "billTo"))
        billed = orders["billTo.countryGeoCode"].notna()
        header[column] = ship_to.where(orders["shipTo.countryGeoCode"].notna(), bill_to)
        header[f"billing{column[0].upper()}{column[1:]}"] = bill_to.where(billed, ship_to)
    return header


def _columns(rows: pd.DataFrame, of_order: pd.DataFrame) -> pd.DataFrame:
    """All columns of the file, in their order."""
    gift_or_discount = rows["gift_card"] | (rows["behind"] == 1)
    place = rows["facilityExternalId"].where(rows["facilityExternalId"] != "_NA_")
    own = {
        "orderLineId": rows["orderLineId"],
        "orderLineTypeId": rows["orderLineTypeId"],
        "item": rows["item"],
        "price": _two(rows["price"]),
        "quantity": rows["quantity"],
        "priceLevel": gift_or_discount.map({True: "Custom", False: "Custom"}),
        "taxCode": _tax_code(rows["tax"]),
        "tag": "",
        "closed": rows["closed"].map({True: "TRUE", False: ""}),
        "itemLocation": _looked_up("netsuite_location", place, place),
        "HCOrderId": rows["orderId"],
    }
    every = of_order.assign(**own)
    return every[_COLUMNS]


def _looked_up(table: str, keys: pd.Series, otherwise: pd.Series | str) -> pd.Series:
    values = pd.read_csv(_LOOKUPS / f"{table}.csv", dtype=str).set_index("key")["value"]
    return keys.map(values.to_dict()).astype(object).fillna(otherwise)


def _two(amounts: pd.Series) -> pd.Series:
    return amounts.map("{:.2f}".format)


def _tax_code(taxes: pd.Series) -> pd.Series:
    return (taxes != 0).map({True: "AVATAX", False: "-Not Taxable-"})


def _phone(orders: pd.DataFrame, part: str, otherwise: str) -> pd.Series:
    def number(of: str) -> pd.Series:
        country, area, own = (orders[f"{of}.phone.{name}"] for name in ("countryCode", "areaCode", "contactNumber"))
        return "+" + country + area + own

    return number(part).where(orders[f"{part}.countryGeoCode"].notna(), number(otherwise))
