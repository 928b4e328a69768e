"""Created orders and customers to vary, and what becomes of them."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import msgspec
import yaml

from order_sync.errors import BadInput
from order_sync.settings import NetSuiteOrders, include_folder
from order_sync.transforms.netsuite_customers import CustomerDraft, NetSuiteCustomers
from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders, OrderDraft
from order_sync.transforms.tlog_frame import SourceRecord

Order = dict[str, Any]

PROMO, TAX = "EXT_PROMO_ADJUSTMENT", "SALES_TAX"
SHIPPING, SHIPPING_TAX = "SHIPPING_CHARGES", "SHIPPING_SALES_TAX"
CANCELLED = {"itemStatusId": "ITEM_CANCELLED"}
AT_TILL = {"shipmentMethodTypeId": "POS_COMPLETED"}
_SETTINGS = """
generation: camel
date_format: M/D/YYYY
time_zone: America/New_York
max_orders_per_file: 500
max_rows_per_file: 25000
customer_external_id: party
customer_external_id_prefix: ""
order_external_id_prefix: ""
order_statuses: [ORDER_CREATED]
excluded_channels: [LOOP_EXCH]
pos_channels: [POS_SALES_CHANNEL, POS_CHANNEL]
pos_classifications: [POS_SALES_CHANNEL]
pos_completed_method: POS_COMPLETED
pickup_methods: [STOREPICKUP]
gift_card_types: [GIFT_CARD]
kit_association_types: [KIT_COMPONENT]
unpaid_statuses: [PAYMENT_CANCELLED, PAYMENT_DECLINED, PAYMENT_REFUNDED, PAYMENT_NOT_RECEIVED]
prices_include_tax: false
phone_country_code: ""
discount_rows_have_line_id: false
discount_line_type: "HC_DISCOUNT_{line}"
item_discount_item: SHOPIFY DISCOUNT ITEM
gift_card_item: ""
order_note_attribute: ORDER_NOTE
identifications:
  shopify_customer: SHOPIFY_CUST_ID
  netsuite_customer: NETSUITE_CUSTOMER_ID
  shopify_order: SHOPIFY_ORD_ID
  shopify_order_number: SHOPIFY_ORD_NO
  netsuite_order: NETSUITE_ORDER_ID
  netsuite_product: NETSUITE_PRODUCT_ID
  gift_card: NETSUITE_GIFT_CARD
  line_attribute: NetsuiteItemLineId
values:
  blank_name: X
  customer_status: CUSTOMER-Closed Won
  subsidiary: "1"
  taxable: "TRUE"
  default_order_priority: "5"
  lead_source_web: "14"
  lead_source_pos: "13"
  order_discount_item: SHOPIFY DISCOUNT
  discount_quantity: "1"
  tax_code: AVATAX
  not_taxable_code: "-Not Taxable-"
  price_level: Base Price (MSRP)
  custom_price_level: Custom
  shipping_method: "4"
  department: ""
  item_tag: ""
"""
_exact = msgspec.json.Encoder(decimal_format="number")


def settings(**changes: Any) -> NetSuiteOrders:
    """Settings with some changed; what is under ``values`` may be named directly."""
    content = yaml.safe_load(_SETTINGS)
    for name, value in changes.items():
        (content["values"] if name in content["values"] else content)[name] = value
    return msgspec.convert(content, NetSuiteOrders)


def adjustment(kind: str, amount: str, **more: Any) -> Order:
    return {"orderAdjustmentTypeId": kind, "amount": Decimal(amount), **more}


def good(kind: str, value: Any, until: str | None = None) -> Order:
    since = "2024-01-01T00:00:00+00:00"
    return {"goodIdentificationTypeId": kind, "idValue": value, "fromDate": since, "thruDate": until}


def numbered(kind: str, value: Any, of: str = "order", until: str | None = None) -> Order:
    return {f"{of}IdentificationTypeId": kind, "idValue": value, "thruDate": until}


ADDRESS: Order = {
    "toName": "Ana Example",
    "address1": "1 Sample Street",
    "address2": None,
    "city": "Knoxville",
    "stateProvinceGeoCode": "TN",
    "countryGeoCode": "US",
    "postalCode": "37010",
    "phone": {"countryCode": "1", "areaCode": "865", "contactNumber": "555-0100"},
}


def item(seq: str = "00001", *, price: str = "40", product: str = "119214", **changes: Any) -> Order:
    """A line of one piece, without discount or tax; NetSuite's id of the product is HotWax's with a 9 in front."""
    return {
        "orderItemSeqId": seq,
        "itemStatusId": "ITEM_CREATED",
        "orderItemQuantity": 1,
        "unitPrice": Decimal(price),
        "shipmentMethodTypeId": "STANDARD",
        "facilityExternalId": "_NA_",
        "productId": product,
        "productTypeId": "FINISHED_GOOD",
        "shipTo": {**ADDRESS, "address1": "9 Other Street"},
        "goodIdentifications": [good("UPCA", "661812039147"), good("NETSUITE_PRODUCT_ID", f"9{product}")],
        "orderItemAdjustments": [],
        "orderItemAttributes": [],
        "fromOrderItemAssocs": [],
        "toOrderItemAssocs": [],
        **changes,
    }


def order(*items: Order, total: str = "", adjustments: Iterable[Order] = (), **changes: Any) -> Order:
    """An order of these lines; its total is what those that are not cancelled and the adjustments make."""
    items = items or (item(),)
    given = list(adjustments)
    alive = [one for one in items if one["itemStatusId"] != "ITEM_CANCELLED"]
    made = sum((one["unitPrice"] * one["orderItemQuantity"] for one in alive), Decimal(0))
    made += sum(one["amount"] for holder in alive for one in holder["orderItemAdjustments"])
    made += sum(one["amount"] for one in given)
    grand = Decimal(total) if total else made
    return {
        "productStoreId": "STORE",
        "orderId": "M10001",
        "orderName": "#1001",
        "orderDate": "2024-03-09T23:30:00-05:00",
        "orderStatusId": "ORDER_CREATED",
        "currency": "USD",
        "grandTotal": grand,
        "salesChannel": "WEB_CHANNEL",
        "orderFacilityId": None,
        "customerPartyId": "10004",
        "customerEmail": "ana@example.com",
        "billTo": ADDRESS,
        "orderIdentifications": [numbered("SHOPIFY_ORD_ID", 449), numbered("SHOPIFY_ORD_NO", "1001")],
        "customerPartyIdentifications": [numbered("NETSUITE_CUSTOMER_ID", "5501", "party")],
        "payments": [{"paymentMethodTypeId": "EXT_SHOPIFY", "statusId": "PAYMENT_SETTLED", "amount": grand}],
        "orderAdjustments": given,
        "orderAttributes": [],
        "orderItems": list(items),
        **changes,
    }


def customer(**changes: Any) -> Order:
    return {
        "partyId": "10004",
        "firstName": "Ana",
        "lastName": "Example",
        "email": "ana@example.com",
        "phone": {"countryCode": "1", "areaCode": "865", "contactNumber": "555-0100"},
        "classifications": [],
        "partyIdentifications": [numbered("SHOPIFY_CUST_ID", 5700, "party")],
        **changes,
    }


def transform(include: Path | None = None, **changes: Any) -> NetSuiteSalesOrders:
    return NetSuiteSalesOrders(settings(**changes), include or include_folder(), "default")


def with_tables(folder: Path, tables: Mapping[str, str], **changes: Any) -> NetSuiteSalesOrders:
    """The transform with other rows in some lookup tables."""
    include = folder / "include"
    copytree(include_folder(), include)
    for name, rows in tables.items():
        (include / f"mappings/lookups/{name}.csv").write_text(f"key,value,description\n{rows}", encoding="utf-8")
    return transform(include, **changes)


@functools.cache
def usual() -> NetSuiteSalesOrders:
    return transform()


def records(ones: Iterable[Any]) -> list[SourceRecord]:
    return [
        SourceRecord(0, at, 0, one if isinstance(one, bytes) else _exact.encode(one)) for at, one in enumerate(ones)
    ]


def nobody(parties: Sequence[str]) -> Mapping[str, str]:
    """A ledger that knows no customer."""
    return {}


def drafts(
    orders: Iterable[Any], using: NetSuiteSalesOrders | None = None, known: Any = nobody, size: int = 2_000
) -> list[OrderDraft]:
    return [one for frame in (using or usual()).read(records(orders), known, size) for one in frame]


def draft(one: Any, using: NetSuiteSalesOrders | None = None, known: Any = nobody, **changes: Any) -> OrderDraft:
    """What becomes of one order, with some settings changed."""
    (found,) = drafts([one], using or (transform(**changes) if changes else None), known)
    return found


def rows(one: Any, using: NetSuiteSalesOrders | None = None, **changes: Any) -> list[dict[str, str]]:
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


def cause(one: Any, using: NetSuiteSalesOrders | None = None, **changes: Any) -> BadInput:
    """Why one order is rejected; then nothing of it goes out."""
    found = draft(one, using, **changes)
    assert found.cause is not None
    assert (found.rows, found.row_count, found.waits_for, found.left_out) == (b"", 0, (), "")
    return found.cause


def refusal(one: Any, using: NetSuiteSalesOrders | None = None, **changes: Any) -> tuple[str, str]:
    """Code and field of the cause."""
    found = cause(one, using, **changes)
    return found.reason, found.field


def customer_drafts(ones: Iterable[Any], size: int = 5_000, **changes: Any) -> list[CustomerDraft]:
    using = NetSuiteCustomers(settings(**changes), include_folder(), "default")
    return [one for frame in using.read(records(ones), size) for one in frame]


def customer_row(one: Any, **changes: Any) -> dict[str, str]:
    """The row of one customer by column."""
    using = NetSuiteCustomers(settings(**changes), include_folder(), "default")
    ((found,),) = using.read(records([one]))
    assert found.cause is None, found.cause
    (row,) = csv.DictReader(io.StringIO((using.header() + found.row).decode(), newline=""), strict=True)
    return row
