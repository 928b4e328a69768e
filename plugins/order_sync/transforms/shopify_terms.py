"""HotWax's words for what a Shopify order is: channel, shipment method, payments, adjustments.

Which word stands for what is told by the lookup tables ``shopify_channel``, ``shopify_shipping_method``,
``shopify_payment_method`` and ``shopify_adjustment`` (values: HotWax's seed data).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from order_sync.contracts.shopify_order import (
    LineItem,
    MoneyBag,
    ShippingLine,
    ShopifyOrder,
    Transaction,
    exact,
    money,
)
from order_sync.settings import ShopifyOrders

#: What money may be that is neither a price nor a payment: the keys of the lookup table ``shopify_adjustment``.
ADJUSTMENTS = ("tax", "included_tax", "discount", "shipping", "shipping_tax", "shipping_discount", "tip")
_PROMISES = frozenset({"AUTHORIZATION", "SALE", "CAPTURE"})
_FULFILLED = frozenset({"SUCCESS", "OPEN", "PENDING"})
_TAKEN = frozenset({"SUCCESS", "PENDING"})

Adjustment = dict[str, Any]


@dataclass(frozen=True)
class Tables:
    """The lookup tables of a retailer; channels, methods and payments by lower-case keys."""

    channels: Mapping[str, str]
    methods: Mapping[str, str]
    payments: Mapping[str, str]
    adjustments: Mapping[str, str]


class Terms:
    """HotWax's words for one order.

    :ivar channel: its sales channel.
    :ivar left: ids of the lines of which something has been fulfilled.
    :ivar ships: whether any of it is shipped: a send sale, where a till sold it.
    """

    def __init__(self, order: ShopifyOrder, settings: ShopifyOrders, tables: Tables) -> None:
        self._order, self._settings, self._tables = order, settings, tables
        source = (order.source_name or "web").lower()
        self.channel = tables.channels.get(source, settings.default_channel)
        self._shipping = [line for line in order.shipping_lines.nodes if not line.is_removed]
        self.ships = bool(self._shipping)
        self.left = {
            line.line_item.id for one in order.fulfilments if one.status in _FULFILLED for line in one.lines.nodes
        }
        self.at_till = self.channel in settings.pos_channels and not self.ships

    @property
    def product_store_id(self) -> str:
        """HotWax's product store."""
        return self._settings.product_store_id

    @property
    def kind(self) -> str:
        """What the ledger calls such an order."""
        if self.at_till:
            return "POS_COMPLETED"
        return "SEND_SALE" if self.channel in self._settings.pos_channels else "ONLINE"

    @property
    def shipment_method(self) -> str:
        """How it is shipped; ``POS_COMPLETED`` if all of it was taken away at a till."""
        if self.at_till:
            return self._settings.pos_completed_method
        if not self._shipping:
            return self._settings.no_shipping_method
        return self._method(self._shipping[0])

    def method_of(self, line: LineItem) -> str:
        """How one line is shipped: in a mixed cart of a till, what is fulfilled already was taken away."""
        till = self.channel in self._settings.pos_channels
        if till and self.ships and line.id in self.left and not line.unfulfilled_quantity:
            return self._settings.pos_completed_method
        return self.shipment_method

    def adjustments_of(self, line: LineItem) -> list[Adjustment]:
        """Taxes and discounts of a line."""
        tax = "included_tax" if self._order.taxes_included else "tax"
        found = [(tax, one.price_set, 1) for one in line.tax_lines]
        found += [("discount", one.allocated_amount_set, -1) for one in line.discount_allocations]
        return [self._adjustment(*one) for one in found]

    @property
    def order_adjustments(self) -> list[Adjustment]:
        """Shipping with its taxes and discounts, and a tip."""
        found: list[tuple[str, MoneyBag, int]] = []
        for line in self._shipping:
            found.append(("shipping", line.original_price_set, 1))
            found += [("shipping_tax", one.price_set, 1) for one in line.tax_lines]
            found += [("shipping_discount", one.allocated_amount_set, -1) for one in line.discount_allocations]
        if self._order.total_tip_received_set.shop_money.amount:
            found.append(("tip", self._order.total_tip_received_set, 1))
        return [self._adjustment(*one) for one in found]

    @property
    def payments(self) -> list[dict[str, Any]]:
        """What was paid or promised; an authorisation that was captured counts once, refunds are none."""
        return [
            {
                "paymentMethodTypeId": self._payment_method(one),
                "maxAmount": money(one.amount_set),
                "statusId": self._payment_status(one),
            }
            for one in self._standing()
        ]

    def _standing(self) -> Iterator[Transaction]:
        taken = [one for one in self._order.transactions if one.kind in _PROMISES and one.status in _TAKEN]
        captured = {one.parent_transaction.id for one in taken if one.kind == "CAPTURE" and one.parent_transaction}
        return (one for one in taken if one.id not in captured)

    def _payment_status(self, one: Transaction) -> str:
        statuses = self._settings.payment_statuses
        if one.status == "PENDING":
            return statuses["pending"]
        return statuses["authorized" if one.kind == "AUTHORIZATION" else "paid"]

    def _payment_method(self, one: Transaction) -> str:
        company = one.payment_details.company if one.payment_details else None
        for name in (one.gateway, company, one.formatted_gateway):
            if name and (method := self._tables.payments.get(name.lower())):
                return method
        return self._settings.default_payment_method

    def _method(self, line: ShippingLine) -> str:
        for name in (line.code, line.title):
            if name and (method := self._tables.methods.get(name.lower())):
                return method
        return self._settings.default_shipping_method

    def _adjustment(self, kind: str, amount: MoneyBag, sign: int) -> Adjustment:
        return {
            "type": self._tables.adjustments[kind],
            "amount": exact(sign * amount.shop_money.amount, amount.shop_money.currency_code),
        }
