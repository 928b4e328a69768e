"""The JSON that HotWax imports (``CRT_SHOPIFY_ORDER``): the shape of Shopify's webhooks, with HotWax's own terms.

HotWax publishes no schema of this file. Its troubleshooting pages say that it is the order's JSON and is found by
Shopify's order id; so the shape is the one that Shopify publishes for webhooks [A]. What HotWax maps by tables of its
own (channel, shipment method, payments, adjustments) stands there under the names of its ``createSalesOrder``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from order_sync.contracts.shopify_order import (
    Address,
    Customer,
    DiscountAllocation,
    LineItem,
    ShippingLine,
    ShopifyOrder,
    TaxLine,
    Transaction,
    exact,
    money,
    number_of,
)
from order_sync.transforms.shopify_terms import Terms

Json = dict[str, Any]

_FULFILLED = {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}


def order_json(order: ShopifyOrder, terms: Terms, note: str | None) -> Json:
    """The element of the file.

    :param terms: HotWax's words for what the order is.
    :param note: the order's note as HotWax may store it.
    """
    return {
        "id": int(order.legacy_resource_id),
        "admin_graphql_api_id": order.id,
        "name": order.name,
        "number": order.number,
        "order_number": order.number,
        "productStoreId": terms.product_store_id,
        "salesChannelEnumId": terms.channel,
        "shipmentMethodTypeId": terms.shipment_method,
        **_header(order, note),
        **_money(order),
        "customer": order.customer and _customer(order.customer),
        "shipping_address": order.shipping_address and _address(order.shipping_address),
        "billing_address": order.billing_address and _address(order.billing_address),
        "line_items": [_line(line, order, terms) for line in order.line_items.nodes],
        "shipping_lines": [_shipping(line) for line in order.shipping_lines.nodes if not line.is_removed],
        "orderAdjustments": terms.order_adjustments,
        "transactions": [_transaction(one) for one in order.transactions],
        "orderPaymentPref": terms.payments,
        "refunds": [
            {
                "id": number_of(refund.id),
                "created_at": _moment(refund.created_at),
                "refund_line_items": [
                    {"line_item_id": number_of(line.line_item.id), "quantity": line.quantity}
                    for line in refund.refund_line_items.nodes
                ],
            }
            for refund in order.refunds
        ],
    }


def _header(order: ShopifyOrder, note: str | None) -> Json:
    return {
        "email": order.email,
        "phone": order.phone,
        "note": note,
        "tags": ", ".join(order.tags),
        "test": order.test,
        "source_name": order.source_name,
        "source_identifier": order.source_identifier,
        "location_id": int(order.retail_location.legacy_resource_id) if order.retail_location else None,
        "currency": order.currency_code,
        "presentment_currency": order.presentment_currency_code,
        "taxes_included": order.taxes_included,
        "created_at": _moment(order.created_at),
        "updated_at": _moment(order.updated_at),
        "processed_at": _moment(order.processed_at),
        "cancelled_at": _moment(order.cancelled_at),
        "closed_at": _moment(order.closed_at),
        "cancel_reason": order.cancel_reason and order.cancel_reason.lower(),
        "financial_status": order.display_financial_status and order.display_financial_status.lower(),
        "fulfillment_status": _FULFILLED.get(order.fulfilment_status),
        "payment_gateway_names": order.payment_gateway_names,
        "discount_codes": [{"code": code} for code in _codes(order)],
    }


def _money(order: ShopifyOrder) -> Json:
    return {
        "total_price": money(order.total_price_set),
        "subtotal_price": money(order.subtotal_price_set),
        "total_tax": money(order.total_tax_set),
        "total_discounts": money(order.total_discounts_set),
        "total_tip_received": money(order.total_tip_received_set),
        "current_total_price": money(order.current_total_price_set),
    }


def _codes(order: ShopifyOrder) -> list[str]:
    """The discount codes that fell on any line, each once."""
    lines: list[LineItem | ShippingLine] = [*order.line_items.nodes, *order.shipping_lines.nodes]
    codes = [one.discount_application.code for line in lines for one in line.discount_allocations]
    return list(dict.fromkeys(code for code in codes if code))


def _line(line: LineItem, order: ShopifyOrder, terms: Terms) -> Json:
    return {
        "id": number_of(line.id),
        "title": line.title,
        "name": line.name,
        "sku": line.sku,
        "product_id": int(line.product.legacy_resource_id) if line.product else None,
        "variant_id": int(line.variant.legacy_resource_id) if line.variant else None,
        "quantity": line.quantity,
        "current_quantity": line.current_quantity,
        "fulfillable_quantity": line.unfulfilled_quantity,
        "fulfillment_status": "fulfilled" if line.id in terms.left else None,
        "shipmentMethodTypeId": terms.method_of(line),
        "price": money(line.original_unit_price_set),
        "total_discount": exact(
            sum((one.allocated_amount_set.shop_money.amount for one in line.discount_allocations), Decimal(0)),
            order.currency_code,
        ),
        "requires_shipping": line.requires_shipping,
        "taxable": line.taxable,
        "gift_card": line.is_gift_card,
        "tax_lines": _taxes(line.tax_lines),
        "discount_allocations": _discounts(line.discount_allocations),
        "itemAdjustments": terms.adjustments_of(line),
    }


def _shipping(line: ShippingLine) -> Json:
    return {
        "id": line.id and number_of(line.id),
        "title": line.title,
        "code": line.code,
        "price": money(line.original_price_set),
        "discounted_price": money(line.discounted_price_set),
        "tax_lines": _taxes(line.tax_lines),
        "discount_allocations": _discounts(line.discount_allocations),
    }


def _taxes(lines: list[TaxLine]) -> list[Json]:
    return [{"title": tax.title, "price": money(tax.price_set)} for tax in lines]


def _discounts(allocations: list[DiscountAllocation]) -> list[Json]:
    return [{"amount": money(one.allocated_amount_set)} for one in allocations]


def _transaction(one: Transaction) -> Json:
    return {
        "id": number_of(one.id),
        "kind": one.kind.lower(),
        "status": one.status.lower(),
        "gateway": one.gateway,
        "amount": money(one.amount_set),
        "credit_card_company": one.payment_details.company if one.payment_details else None,
    }


def _customer(person: Customer) -> Json:
    return {
        "id": int(person.legacy_resource_id),
        "email": person.default_email_address and person.default_email_address.email_address,
        "phone": person.default_phone_number and person.default_phone_number.phone_number,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "default_address": person.default_address and _address(person.default_address),
    }


def _address(place: Address) -> Json:
    return {
        "first_name": place.first_name,
        "last_name": place.last_name,
        "name": place.name,
        "company": place.company,
        "address1": place.address1,
        "address2": place.address2,
        "city": place.city,
        "province": place.province,
        "province_code": place.province_code,
        "zip": place.zip,
        "country": place.country,
        "country_code": place.country_code_v2,
        "phone": place.phone,
    }


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
