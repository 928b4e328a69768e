"""An order in the older shape: that of webhooks, of the REST API, and of the JSON that HotWax imports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.database import number_of
from sandbox.shopify.money import Pair, decimal_text

Order = dict[str, Any]


def rest_order(order: Order, zone: str) -> dict[str, Any]:
    """Show an order; ids are numbers, amounts text in the shop's currency, times in the shop's zone.

    :param order: the document.
    :param zone: of the shop.
    """
    shown = _Shown(order, ZoneInfo(zone))
    return shown.whole()


class _Shown:
    def __init__(self, order: Order, zone: ZoneInfo) -> None:
        self._order, self._zone = order, zone

    def whole(self) -> dict[str, Any]:
        order = self._order
        person = order["customer"]
        return {
            "id": number_of(order["id"]),
            "admin_graphql_api_id": order["id"],
            "name": order["name"],
            "number": order["number"],
            "order_number": order["number"],
            "email": order["email"],
            "phone": order["phone"],
            "note": order["note"],
            "tags": ", ".join(order["tags"]),
            "test": order["test"],
            "source_name": order["sourceName"],
            "source_identifier": order["sourceIdentifier"],
            "location_id": number_of(order["retailLocation"]["id"]) if order["retailLocation"] else None,
            "currency": order["currencyCode"],
            "presentment_currency": order["presentmentCurrencyCode"],
            "taxes_included": order["taxesIncluded"],
            **self._moments(),
            "financial_status": order["displayFinancialStatus"].lower(),
            "fulfillment_status": _fulfillment(order["displayFulfillmentStatus"]),
            **self._totals(),
            "payment_gateway_names": order["paymentGatewayNames"],
            "discount_codes": [{"code": code} for code in order["discountCodes"]],
            "customer": None if person is None else self._customer(person),
            "shipping_address": _address(order["shippingAddress"]),
            "billing_address": _address(order["billingAddress"]),
            "line_items": [self._line(line) for line in order["lineItems"]],
            "shipping_lines": [self._shipping(line) for line in order["shippingLines"] if not line["isRemoved"]],
            "transactions": [self._transaction(one) for one in order["transactions"]],
            "refunds": [self._refund(refund) for refund in order["refunds"]],
        }

    def _moments(self) -> dict[str, Any]:
        order = self._order
        return {
            "created_at": self._moment(order["createdAt"]),
            "updated_at": self._moment(order["updatedAt"]),
            "processed_at": self._moment(order["processedAt"]),
            "cancelled_at": self._moment(order["cancelledAt"]),
            "closed_at": self._moment(order["closedAt"]),
            "cancel_reason": order["cancelReason"] and order["cancelReason"].lower(),
        }

    def _totals(self) -> dict[str, Any]:
        order = self._order
        return {
            "total_price": self._money(order["totalPriceSet"]),
            "subtotal_price": self._money(order["subtotalPriceSet"]),
            "total_tax": self._money(order["totalTaxSet"]),
            "total_discounts": self._money(order["totalDiscountsSet"]),
            "total_tip_received": self._money(order["totalTipReceivedSet"]),
            "current_total_price": self._money(order["currentTotalPriceSet"]),
        }

    def _refund(self, refund: dict[str, Any]) -> dict[str, Any]:
        lines = refund["refundLineItems"]
        return {
            "id": number_of(refund["id"]),
            "created_at": self._moment(refund["createdAt"]),
            "refund_line_items": [
                {"line_item_id": number_of(line["lineItem"]), "quantity": line["quantity"]} for line in lines
            ],
        }

    def _line(self, line: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number_of(line["id"]),
            "title": line["title"],
            "name": line["name"],
            "sku": line["sku"],
            "product_id": number_of(line["product"]["id"]) if line["product"] else None,
            "variant_id": number_of(line["variant"]["id"]) if line["variant"] else None,
            "quantity": line["quantity"],
            "current_quantity": line["currentQuantity"],
            "fulfillable_quantity": line["unfulfilledQuantity"],
            "fulfillment_status": "fulfilled" if line["fulfilledQuantity"] else None,
            "price": self._money(line["originalUnitPriceSet"]),
            "total_discount": self._money(line["totalDiscountSet"]),
            "requires_shipping": line["requiresShipping"],
            "taxable": line["taxable"],
            "gift_card": line["isGiftCard"],
            "tax_lines": self._taxes(line),
            "discount_allocations": self._discounts(line),
        }

    def _shipping(self, line: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number_of(line["id"]),
            "title": line["title"],
            "code": line["code"],
            "price": self._money(line["originalPriceSet"]),
            "discounted_price": self._money(line["discountedPriceSet"]),
            "tax_lines": self._taxes(line),
            "discount_allocations": self._discounts(line),
        }

    def _transaction(self, one: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number_of(one["id"]),
            "kind": one["kind"].lower(),
            "status": one["status"].lower(),
            "gateway": one["gateway"],
            "amount": self._money(one["amountSet"]),
            "credit_card_company": one["paymentDetails"]["company"] if one["paymentDetails"] else None,
        }

    def _taxes(self, line: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"title": tax["title"], "price": self._money(tax["priceSet"])} for tax in line["taxLines"]]

    def _discounts(self, line: dict[str, Any]) -> list[dict[str, Any]]:
        return [
            {"amount": self._money(one["amount"]), "discount_application_index": one["index"]}
            for one in line["discountAllocations"]
        ]

    def _customer(self, person: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number_of(person["id"]),
            "email": person["email"],
            "phone": person["phone"],
            "first_name": person["firstName"],
            "last_name": person["lastName"],
            "default_address": _address(person["defaultAddress"]),
        }

    def _money(self, pair: Pair) -> str:
        return decimal_text(pair[0], self._order["currencyCode"], shortest=False)

    def _moment(self, seconds: int | None) -> str | None:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC).astimezone(self._zone).isoformat()


def _address(place: dict[str, Any] | None) -> dict[str, Any] | None:
    if place is None:
        return None
    return {
        "first_name": place["firstName"],
        "last_name": place["lastName"],
        "name": place["name"],
        "company": place["company"],
        "address1": place["address1"],
        "address2": place["address2"],
        "city": place["city"],
        "province": place["province"],
        "province_code": place["provinceCode"],
        "zip": place["zip"],
        "country": place["country"],
        "country_code": place["countryCodeV2"],
        "phone": place["phone"],
    }


def _fulfillment(status: str) -> str | None:
    return {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(status)
