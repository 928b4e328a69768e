"""Peer: polars, lazy and streaming: one scan with an explicit schema, both feeds written by one pass."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.peers.job import (
    CONSTANTS,
    DEFAULTS,
    HALF_A_CENT,
    LOOKUPS,
    ORDER_COLUMNS,
    VARIANCE_COLUMNS,
    VARIANCE_CONSTANTS,
)

_TEXT, _NUMBER = pl.String, pl.Float64
_ADDRESS: dict[str, Any] = dict.fromkeys(
    ("addressLine1", "addressLine2", "city", "postalCode", "state", "countryCode", "country"), _TEXT
)
_PERSON: dict[str, Any] = dict.fromkeys(("firstName", "lastName"), _TEXT)
_LINE: dict[str, Any] = {
    **dict.fromkeys(("orderItemId", "gtin", "fulfillmentType", "omniFulfillmentType"), _TEXT),
    **dict.fromkeys(("price", "discount", "tax"), _NUMBER),
    "quantity": pl.Int64,
    "productTax": pl.Struct({"totalTax": _NUMBER}),
}
_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(("orderId", "storeId", "creationDate", "phoneNumber", "email"), _TEXT),
    **dict.fromkeys(("shippingName", "fulfillmentType"), _TEXT),
    **dict.fromkeys(("totalAmount", "shippingSubTotal", "shippingTax"), _NUMBER),
    "orderDate": pl.Int64,
    "store": pl.Struct(_ADDRESS),
    "shippingAddress": pl.Struct(_ADDRESS | _PERSON | dict.fromkeys(("phone", "emailAddress"), _TEXT)),
    "billingAddress": pl.Struct(_PERSON),
    "customerProfile": pl.Struct(_PERSON | dict.fromkeys(("customerId", "email", "phoneMobile"), _TEXT)),
    "tenders": pl.List(pl.Struct({"paymentMethod": _TEXT, "amountAuthorized": _NUMBER})),
    "orderProductList": pl.List(pl.Struct(_LINE)),
}
_PLACES = {"address-line-1": "addressLine1", "address-line-2": "addressLine2", "city": "city"}
_PLACES |= {"postal-code": "postalCode", "state": "state"}


def run(source: Path, orders_csv: Path, variance_csv: Path) -> None:
    """Write both feeds of the JSON lines in `source`."""
    orders = (
        pl.scan_ndjson(source, schema=_SCHEMA)
        .with_columns(_kinds())
        .with_columns(**_shared())
        .filter(_complete() & _closes())
    )
    rows = orders.explode("orderProductList", "kinds").with_columns(pl.col("kinds") == "IN_STORE")
    feed = rows.with_columns(**_row(), **{name: pl.lit(value) for name, value in CONSTANTS.items()})
    sold = feed.filter(pl.col("kinds")).with_columns(
        **{name: pl.lit(value) for name, value in VARIANCE_CONSTANTS.items()},
        externalFacilityId=pl.col("external-facility-id"),
        idValue=pl.col("product-id-value"),
        availableDelta=-pl.col("quantity"),
        comments=DEFAULTS.comment + pl.col("item-external-id"),
    )
    sinks = [
        _unquoted(feed.select(ORDER_COLUMNS)).sink_csv(orders_csv, float_precision=2, lazy=True),
        _unquoted(sold.select(VARIANCE_COLUMNS)).sink_csv(variance_csv, lazy=True),
    ]
    pl.collect_all([sink for sink in sinks if sink is not None], engine="streaming")


def _unquoted(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Empty texts as nulls, which polars writes as nothing rather than as two quotes."""
    return frame.with_columns(pl.when(pl.col(_TEXT) != "").then(pl.col(_TEXT)).name.keep())


def _kinds() -> pl.Expr:
    """Per order, the fulfilment word of each line."""
    line = pl.element().struct
    words = pl.coalesce(line.field("fulfillmentType"), line.field("omniFulfillmentType"))
    return pl.col("orderProductList").list.eval(words).alias("kinds")


def _shared() -> Mapping[str, pl.Expr]:
    """The columns that are computed once per order."""
    facility = pl.col("storeId").replace_strict(LOOKUPS.facilities, return_dtype=_TEXT)
    people = ("billingAddress", "customerProfile", "shippingAddress")
    customer_id = _first(("customerProfile", "customerId"))
    placed = pl.coalesce(
        pl.from_epoch("orderDate", time_unit="ms"), pl.col("creationDate").str.to_datetime("%Y-%m-%d %H:%M:%S")
    )
    return {
        "external-id": pl.col("orderId"),
        "order-name": pl.col("orderId"),
        "external-placing-facility-id": facility,
        "origin-external-facility-id": facility,
        "customer-id": pl.when(customer_id == "").then(pl.lit("NA")).otherwise(pl.lit("")),
        "customer-external-id": customer_id,
        "first-name": _first(*((person, "firstName") for person in people), default=DEFAULTS.first_name),
        "last-name": _first(*((person, "lastName") for person in people), default=DEFAULTS.last_name),
        "phone": _first(
            ("customerProfile", "phoneMobile"), "phoneNumber", ("shippingAddress", "phone"), default=DEFAULTS.phone
        ),
        "email": _first(
            ("customerProfile", "email"), "email", ("shippingAddress", "emailAddress"), default=DEFAULTS.email
        ),
        "order-date": placed.dt.strftime("%m/%d/%Y"),
        "grand-total": pl.col("totalAmount"),
        "payment-method": _payment(),
        "shipping-charges": pl.col("shippingSubTotal").fill_null(0.0),
        "shipping-tax": pl.col("shippingTax").fill_null(0.0),
        "method": _first("shippingName", default="Standard").replace_strict(LOOKUPS.shipping, return_dtype=_TEXT),
    }


def _payment() -> pl.Expr:
    """The method of the largest tender."""
    tenders = pl.col("tenders")
    largest = tenders.list.eval(pl.element().struct.field("amountAuthorized")).list.arg_max()
    method = tenders.list.get(largest, null_on_oob=True).struct.field("paymentMethod")
    return method.replace_strict(LOOKUPS.payments, return_dtype=_TEXT).fill_null("")


def _complete() -> pl.Expr:
    """Whether no row of the order will have an empty required column."""
    line = pl.element().struct
    ids = pl.all_horizontal(_filled(line.field("orderItemId")), _filled(line.field("gtin")))
    shared = [_filled(pl.col(name)) for name in ("orderId", "first-name", "last-name", "phone", "email", "order-date")]
    required = [place for column, place in _PLACES.items() if column != "address-line-2"]
    in_store, shipped = (
        pl.all_horizontal(_filled(pl.col(block).struct.field(place)) for place in required)
        for block in ("store", "shippingAddress")
    )
    any_in_store = pl.col("kinds").list.contains("IN_STORE")
    any_shipped = pl.col("kinds").list.eval(pl.element() != "IN_STORE").list.any()
    return pl.all_horizontal(
        *shared,
        pl.col("orderProductList").list.eval(ids).list.all(),
        ~any_in_store | in_store,
        ~any_shipped | shipped,
    )


def _closes() -> pl.Expr:
    """Whether the figures of the order add up."""
    line = pl.element().struct
    total = line.field("price") * line.field("quantity") - line.field("discount").fill_null(0.0) + line.field("tax")
    shipping = pl.col("shippingSubTotal").fill_null(0.0) + pl.col("shippingTax").fill_null(0.0)
    sums = pl.col("orderProductList").list.eval(total).list.sum() + shipping
    return (sums - pl.col("totalAmount")).abs() < HALF_A_CENT


def _row() -> Mapping[str, pl.Expr]:
    """The columns that differ from line to line."""
    in_store, line = pl.col("kinds"), pl.col("orderProductList").struct
    price = line.field("price")
    store_country = _first(("store", "countryCode"), default=DEFAULTS.country)
    country = _first(
        ("shippingAddress", "countryCode"),
        ("shippingAddress", "country"),
        ("store", "countryCode"),
        default=DEFAULTS.country,
    )
    return {
        **{
            column: _either(_first(("store", place)), _first(("shippingAddress", place)))
            for column, place in _PLACES.items()
        },
        "country": _either(store_country, country),
        "item-status-id": _either(pl.lit(DEFAULTS.in_store_status), pl.lit(DEFAULTS.shipped_status)),
        "facility-id": _either(pl.lit(""), pl.lit("_NA_")),
        "external-facility-id": _either(pl.col("external-placing-facility-id"), pl.lit("")),
        "shipment-method-type-id": pl.when(in_store).then(pl.lit("POS_COMPLETED")).otherwise(pl.col("method")),
        "product-id-value": line.field("gtin"),
        "item-external-id": pl.col("orderId") + "-" + line.field("orderItemId"),
        "quantity": line.field("quantity"),
        "unit-price": price,
        "unit-list-price": price,
        "item-total-discount": pl.when(line.field("discount") > 0).then(-line.field("discount")).otherwise(0.0),
        "item-total-tax": pl.coalesce(line.field("productTax").struct.field("totalTax"), line.field("tax")),
    }


def _either(in_store: pl.Expr, shipped: pl.Expr) -> pl.Expr:
    return pl.when(pl.col("kinds")).then(in_store).otherwise(shipped)


def _filled(value: pl.Expr) -> pl.Expr:
    return value.fill_null("") != ""


def _first(*paths: str | tuple[str, str], default: str = "") -> pl.Expr:
    """The first of the fields that is neither missing nor empty."""
    fields = (pl.col(path) if isinstance(path, str) else pl.col(path[0]).struct.field(path[1]) for path in paths)
    return pl.coalesce(*(pl.when(field != "").then(field) for field in fields), pl.lit(default))
