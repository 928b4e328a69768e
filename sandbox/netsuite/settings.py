"""How the simulated NetSuite is set up: its account, its folders, what it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Generation = Literal["camel", "title"]
DateOrder = Literal["M/D/YYYY", "D/M/YYYY"]

ROOT = "netsuite"
CUSTOMER_EXPORT = "customer/export"
CUSTOMER_IMPORT = "customer/import"
ORDER_EXPORT = "salesorder/export"
ORDER_UPDATE = "salesorder/update"
ORDER_IDS = "salesorder/import/orderidentification"
LINE_IDS = "salesorder/import/orderitemattribute"
DEPOSIT_IDS = "salesorder/import/orderpayment"
FULFILMENTS = "salesorder/import/fulfillment-nifi"
REJECTED_ITEMS = "salesorder/rejectedorderitem"
DEPOSITS = "salesorder/customerdeposit"
CASH_SALE_EXPORT = "cashsale/export"
FULFILLED_ORDERS = "fulfilledsalesorder/export"
HISTORICAL_CUSTOMERS = "historicalshopifycustomer/csv"

_SUBFOLDERS: dict[str, tuple[str, ...]] = {
    CUSTOMER_EXPORT: ("archive", "error", "failed", "required_fields_missing"),
    CUSTOMER_IMPORT: ("archive",),
    ORDER_EXPORT: ("archive", "error", "failed", "required_fields_missing", "partial_payment"),
    **{
        f"salesorder/import/{name}": ("archive",)
        for name in (
            *("orderidentification", "orderitemattribute", "orderpayment"),
            *("fulfillment", "fulfillment-nifi", "oms-fulfillment-nifi"),
        )
    },
    DEPOSITS: ("archive", "error"),
    "salesorder/customer-refund": ("archive", "error"),
    ORDER_UPDATE: ("archive", "error", "failed"),
    REJECTED_ITEMS: ("archive",),
    "salesorder/giftcard-fulfillment": ("archive",),
    "salesorder/invoice": ("error",),
    CASH_SALE_EXPORT: ("archive", "error", "failed", "required_fields_missing"),
    FULFILLED_ORDERS: ("archive", "error"),
    "discountitem": ("import", "delete"),
    "salesorder_audit_report/csv": ("archive",),
    HISTORICAL_CUSTOMERS: ("archive",),
}

#: Every folder below the SFTP root, as HC_SC_CreateSFTPDirectory makes them.
FOLDERS = tuple(f"{ROOT}/{folder}/{sub}" for folder, subs in _SUBFOLDERS.items() for sub in subs)


@dataclass
class NetSuiteSettings:
    """What a NetSuite account is set up with; any of it may be changed while it runs.

    :param generation: the header texts of the saved CSV imports and the keys of deposits: ``camel`` (since 2025) or
        ``title`` (before).
    :param date_order: the date format of the user that the scripts run as.
    :param zone: the time zone in which scripts write dates into file names.
    :param poll_seconds: pause between two runs of all scripts.
    :param most_rows: rows that one CSV import takes.
    :param move_replaces: whether a file moved onto an archived one of the same name replaces it; if not, the move fails
        after the import was submitted, so that the file lands in ``failed``.
    :param subsidiaries: known internal ids.
    :param price_levels: known names.
    :param unknown_items: internal ids that are refused; every other whole number is known.
    :param named_items: items that may be called by name, as discount rows call theirs.
    :param unknown_locations: the same for locations.
    :param location_subsidiaries: the one subsidiary of a location; a location that is not named here serves all.
    :param unknown_shipping_methods: the same as of items.
    :param unknown_payment_methods: ids or names that are refused.
    :param concurrency_limit: REST requests that may be under way at once.
    :param concurrency_status: how one request too many is answered.
    :param token_seconds: how long a REST token lasts.
    """

    generation: Generation = "camel"
    date_order: DateOrder = "M/D/YYYY"
    zone: str = "America/Los_Angeles"
    poll_seconds: float = 2.0
    most_rows: int = 25_000
    move_replaces: bool = True
    subsidiaries: set[str] = field(default_factory=lambda: {"1"})
    price_levels: set[str] = field(default_factory=lambda: {"Base Price", "Base Price (MSRP)", "Custom"})
    unknown_items: set[str] = field(default_factory=set)
    named_items: set[str] = field(default_factory=lambda: {"SHOPIFY DISCOUNT ITEM"})
    unknown_locations: set[str] = field(default_factory=set)
    location_subsidiaries: dict[str, str] = field(default_factory=dict)
    unknown_shipping_methods: set[str] = field(default_factory=set)
    unknown_payment_methods: set[str] = field(default_factory=set)
    concurrency_limit: int = 5
    concurrency_status: Literal[429, 400] = 429
    token_seconds: float = 3600.0
