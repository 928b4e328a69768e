"""Peer: the usual pandas script: load all, `json_normalize`, join lines to their orders, map, `to_csv`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

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


def run(source: Path, orders_csv: Path, variance_csv: Path) -> None:
    """Write both feeds of the JSON lines in `source`."""
    with source.open(encoding="utf-8") as file:
        raw = [json.loads(line) for line in file]
    orders = pd.json_normalize(raw).set_index("orderId")
    tenders = pd.json_normalize(raw, record_path="tenders", meta="orderId", meta_prefix="order.")
    lines = pd.json_normalize(raw, record_path="orderProductList", meta="orderId", meta_prefix="order.")
    orders["payment"] = _payment(tenders)
    joined = lines.join(orders, on="order.orderId", suffixes=(".line", ""))
    feed = _feed(joined)
    complete = (feed[list(REQUIRED_COLUMNS)] != "").all(axis=1)
    feed = feed[complete.groupby(feed["external-id"]).transform("all") & _closes(joined)]
    feed.to_csv(orders_csv, index=False, lineterminator="\n")
    _variance(feed).to_csv(variance_csv, index=False, lineterminator="\n")


def _closes(rows: pd.DataFrame) -> pd.Series:
    """Row by row, whether the figures of the order add up."""
    totals = rows["price"] * rows["quantity"] - rows["discount.line"].fillna(0) + rows["tax"]
    shipping = rows["shippingSubTotal"].fillna(0) + rows["shippingTax"].fillna(0)
    total = totals.groupby(rows["order.orderId"]).transform("sum") + shipping
    return (total - rows["totalAmount"]).abs() < HALF_A_CENT


def _payment(tenders: pd.DataFrame) -> pd.Series:
    """The method of the largest tender, by order."""
    largest = tenders.groupby("order.orderId")["amountAuthorized"].idxmax()
    return tenders.loc[largest].set_index("order.orderId")["paymentMethod"].map(LOOKUPS.payments)


def _feed(rows: pd.DataFrame) -> pd.DataFrame:
    kind = _first(rows, "fulfillmentType.line", "omniFulfillmentType", "fulfillmentType")
    in_store = kind == "IN_STORE"
    facility = rows["storeId"].map(LOOKUPS.facilities)
    feed = pd.DataFrame(index=rows.index)
    feed["external-id"] = feed["order-name"] = rows["order.orderId"]
    feed["external-placing-facility-id"] = feed["origin-external-facility-id"] = facility
    feed["customer-external-id"] = _first(rows, "customerProfile.customerId")
    feed["customer-id"] = np.where(feed["customer-external-id"] == "", "NA", "")
    _people(feed, rows)
    _address(feed, rows, in_store)
    _kinds(feed, rows, in_store)
    _amounts(feed, rows)
    return feed.assign(**CONSTANTS)[list(ORDER_COLUMNS)]


def _people(feed: pd.DataFrame, rows: pd.DataFrame) -> None:
    people = ("billingAddress", "customerProfile", "shippingAddress")
    feed["first-name"] = _first(rows, *(f"{p}.firstName" for p in people), default=DEFAULTS.first_name)
    feed["last-name"] = _first(rows, *(f"{p}.lastName" for p in people), default=DEFAULTS.last_name)
    phones = ("customerProfile.phoneMobile", "phoneNumber", "shippingAddress.phone")
    feed["phone"] = _first(rows, *phones, default=DEFAULTS.phone)
    emails = ("customerProfile.email", "email", "shippingAddress.emailAddress")
    feed["email"] = _first(rows, *emails, default=DEFAULTS.email)
    epoch = pd.to_datetime(rows["orderDate"], unit="ms", utc=True)
    placed = epoch.fillna(pd.to_datetime(rows["creationDate"], format="%Y-%m-%d %H:%M:%S", utc=True))
    feed["order-date"] = placed.dt.strftime("%m/%d/%Y")


def _address(feed: pd.DataFrame, rows: pd.DataFrame, in_store: pd.Series) -> None:
    fields = {
        "address-line-1": "addressLine1",
        "address-line-2": "addressLine2",
        "city": "city",
        "postal-code": "postalCode",
        "state": "state",
    }
    for column, name in fields.items():
        feed[column] = np.where(in_store, _first(rows, f"store.{name}"), _first(rows, f"shippingAddress.{name}"))
    store_country = _first(rows, "store.countryCode", default=DEFAULTS.country)
    names = ("shippingAddress.countryCode", "shippingAddress.country", "store.countryCode")
    feed["country"] = np.where(in_store, store_country, _first(rows, *names, default=DEFAULTS.country))


def _kinds(feed: pd.DataFrame, rows: pd.DataFrame, in_store: pd.Series) -> None:
    method = _first(rows, "shippingName", default="Standard").map(LOOKUPS.shipping)
    feed["item-status-id"] = np.where(in_store, DEFAULTS.in_store_status, DEFAULTS.shipped_status)
    feed["facility-id"] = np.where(in_store, "", "_NA_")
    feed["external-facility-id"] = np.where(in_store, feed["external-placing-facility-id"], "")
    feed["shipment-method-type-id"] = np.where(in_store, "POS_COMPLETED", method)
    feed["payment-method"] = rows["payment"].fillna("")


def _amounts(feed: pd.DataFrame, rows: pd.DataFrame) -> None:
    feed["product-id-value"] = rows["gtin"]
    feed["item-external-id"] = rows["order.orderId"] + "-" + rows["orderItemId"]
    feed["quantity"] = rows["quantity"].astype(str)
    amounts = {
        "unit-price": rows["price"],
        "unit-list-price": rows["price"],
        "item-total-discount": 0 - rows["discount.line"].fillna(0),
        "item-total-tax": rows["productTax.totalTax"].fillna(rows["tax"]),
        "grand-total": rows["totalAmount"],
        "shipping-charges": rows["shippingSubTotal"].fillna(0),
        "shipping-tax": rows["shippingTax"].fillna(0),
    }
    for column, amount in amounts.items():
        feed[column] = amount.map("{:.2f}".format)


def _variance(feed: pd.DataFrame) -> pd.DataFrame:
    sold = feed[feed["facility-id"] == ""]
    variance = pd.DataFrame(index=sold.index)
    variance["externalFacilityId"] = sold["external-facility-id"]
    variance["idValue"] = sold["product-id-value"]
    variance["availableDelta"] = "-" + sold["quantity"]
    variance["comments"] = DEFAULTS.comment + sold["item-external-id"]
    return variance.assign(**VARIANCE_CONSTANTS)[list(VARIANCE_COLUMNS)]


def _first(rows: pd.DataFrame, *names: str, default: str = "") -> pd.Series:
    """Row by row, the first of the columns that is neither missing nor empty."""
    found = rows[names[0]].replace("", np.nan)
    for name in names[1:]:
        found = found.fillna(rows[name].replace("", np.nan))
    return found.fillna(default)
