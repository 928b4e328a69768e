"""An order of Shopify's Admin GraphQL API as it is stored: what of it is read, and how it is decoded.

Names are those of the 2026-10 schema (shopify.dev); what is asked for stands in ``shopify_queries.py``. Amounts are
text there and are read exactly.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Generic, TypeVar

import msgspec

from order_sync.contracts.hotwax_records import Reader
from order_sync.contracts.money import DECIMALS

T = TypeVar("T")
_ID = re.compile(rb'"legacyResourceId"\s*:\s*"?(\d{1,20})')


class _Part(msgspec.Struct, rename="camel", gc=False):
    """Fields are named in Shopify's way."""


class Nodes(msgspec.Struct, Generic[T], gc=False):
    """A connection whose pages were put together."""

    nodes: list[T]


class Money(_Part):
    """An amount in one currency."""

    amount: Decimal
    currency_code: str


class MoneyBag(_Part):
    """An amount in the shop's own currency; the one that the customer saw is not read."""

    shop_money: Money


class CodeApplication(_Part):
    """Where a discount comes from."""

    code: str | None = None
    title: str | None = None


class DiscountAllocation(_Part):
    """A part of a discount, as it fell on one line."""

    allocated_amount_set: MoneyBag
    discount_application: CodeApplication


class TaxLine(_Part):
    """One tax of a line."""

    title: str
    price_set: MoneyBag


class Reference(_Part):
    """Something that is known by its number."""

    legacy_resource_id: str
    sku: str | None = None
    barcode: str | None = None


class LineItem(_Part):
    """One line; ``quantity`` is that of the order as it was placed, ``current_quantity`` that of today."""

    id: str
    name: str
    title: str
    quantity: int
    current_quantity: int
    unfulfilled_quantity: int
    requires_shipping: bool
    is_gift_card: bool
    taxable: bool
    original_unit_price_set: MoneyBag
    discount_allocations: list[DiscountAllocation]
    tax_lines: list[TaxLine]
    sku: str | None = None
    variant: Reference | None = None
    product: Reference | None = None


class ShippingLine(_Part):
    """One way of shipping with its price."""

    title: str
    is_removed: bool
    original_price_set: MoneyBag
    discounted_price_set: MoneyBag
    tax_lines: list[TaxLine]
    discount_allocations: list[DiscountAllocation]
    id: str | None = None
    code: str | None = None


class Id(_Part):
    """A reference by global id."""

    id: str


class PaymentDetails(_Part):
    """With which card somebody paid."""

    company: str | None = None


class Transaction(_Part):
    """One movement of money, or a promise of one."""

    id: str
    kind: str
    status: str
    amount_set: MoneyBag
    gateway: str | None = None
    formatted_gateway: str | None = None
    parent_transaction: Id | None = None
    payment_details: PaymentDetails | None = None


class FulfilmentLine(_Part):
    """A line, or a part of its quantity, that has left."""

    line_item: Id
    quantity: int | None = None


class Fulfilment(_Part):
    """Goods that left together; one that was cancelled or failed counts for nothing."""

    id: str
    status: str
    lines: Nodes[FulfilmentLine] = msgspec.field(name="fulfillmentLineItems")


class RefundLine(_Part):
    """A line, or a part of its quantity, that was given back."""

    quantity: int
    line_item: Id


class Refund(_Part):
    """Goods, money or both given back."""

    id: str
    refund_line_items: Nodes[RefundLine]
    created_at: datetime | None = None


class Address(_Part):
    """A person and where they live."""

    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    country: str | None = None
    country_code_v2: str | None = None
    zip: str | None = None
    phone: str | None = None


class EmailAddress(_Part):
    """Of a customer."""

    email_address: str


class PhoneNumber(_Part):
    """Of a customer."""

    phone_number: str


class Customer(_Part):
    """Who bought."""

    legacy_resource_id: str
    first_name: str | None = None
    last_name: str | None = None
    default_email_address: EmailAddress | None = None
    default_phone_number: PhoneNumber | None = None
    default_address: Address | None = None


class Location(_Part):
    """A store."""

    legacy_resource_id: str


class ShopifyOrder(_Part):
    """One order."""

    id: str
    legacy_resource_id: str
    name: str
    number: int
    created_at: datetime
    updated_at: datetime
    processed_at: datetime
    test: bool
    tags: list[str]
    currency_code: str
    presentment_currency_code: str
    taxes_included: bool
    payment_gateway_names: list[str]
    total_price_set: MoneyBag
    current_total_price_set: MoneyBag
    total_tip_received_set: MoneyBag
    line_items: Nodes[LineItem]
    shipping_lines: Nodes[ShippingLine]
    transactions: list[Transaction]
    fulfilments: list[Fulfilment] = msgspec.field(name="fulfillments")
    refunds: list[Refund]
    fulfilment_status: str = msgspec.field(name="displayFulfillmentStatus")
    source_name: str | None = None
    source_identifier: str | None = None
    retail_location: Location | None = None
    cancelled_at: datetime | None = None
    cancel_reason: str | None = None
    closed_at: datetime | None = None
    note: str | None = None
    display_financial_status: str | None = None
    email: str | None = None
    phone: str | None = None
    customer: Customer | None = None
    shipping_address: Address | None = None
    billing_address: Address | None = None
    subtotal_price_set: MoneyBag | None = None
    total_tax_set: MoneyBag | None = None
    total_discounts_set: MoneyBag | None = None


orders = Reader(ShopifyOrder, "order")


def number_of(gid: str) -> int:
    """The number at the end of a global id."""
    return int(gid.rpartition("/")[2])


def money(bag: MoneyBag | None) -> str | None:
    """An amount in the shop's currency, with all of its decimals."""
    return None if bag is None else exact(bag.shop_money.amount, bag.shop_money.currency_code)


def exact(amount: Decimal, currency: str) -> str:
    """An amount with the decimals of its currency; one that is finer is not rounded."""
    fixed = amount.quantize(Decimal(1).scaleb(-DECIMALS.get(currency, 2)))
    return f"{fixed if fixed == amount else amount:f}"


def guess_order_id(data: bytes) -> str:
    """The id in an order that could not be decoded, for naming it in messages; blank when there is none."""
    match = _ID.search(data)
    return match[1].decode("ascii") if match else ""
