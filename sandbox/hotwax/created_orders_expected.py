"""What NetSuite must end up with for a created order: the sandbox's own statement, made without looking at any file."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from sandbox.hotwax.created_orders_json import item_id, order_id, order_name
from sandbox.hotwax.created_orders_sale import TAKEN_AWAY, Line, Sale
from sandbox.hotwax.customers import Customer, netsuite_id


class Fate(StrEnum):
    """What must become of an order in the flow of created orders."""

    SENT = "sent"
    WAITING = "waiting"
    LEFT_OUT = "left out"
    REJECTED = "rejected"


class ExpectedLine(NamedTuple):
    """One line of a sales order.

    :param key: HotWax's id of the line.
    :param item: NetSuite's internal id; ``None`` while it has none.
    :param price: of one piece.
    :param discount: of the whole line: 0 or the negative price of its discount row.
    """

    key: str
    item: str | None
    product_id: str
    quantity: int
    price: Decimal
    closed: bool
    discount: Decimal
    taxed: bool


@dataclass(frozen=True)
class Expected:
    """One order in NetSuite; amounts are those of the order whatever becomes of it.

    :param name: order name, ``Order Id`` in NetSuite.
    :param order_id: HotWax's, ``External Id`` in NetSuite.
    :param customer: HotWax's party id.
    :param waits_for: what has no NetSuite id yet, such as ``customer HC10004`` and ``product 230001``.
    :param lines: those that are sent; components of kits are not among them.
    :param discounts: key of the line and price of each discount row.
    :param order_discount: code and negative amount of the discount on the whole order.
    :param shipping: charged, before tax.
    :param shipping_method: HotWax's, of the first line that is to be shipped; of any line when there is none.
    :param tax: of all open lines and of the shipment.
    :param total: what the customer has to pay.
    :param selling_store: external id of the store at whose till it was made.
    """

    name: str
    order_id: str
    customer: str
    fate: Fate
    waits_for: tuple[str, ...]
    lines: tuple[ExpectedLine, ...]
    discounts: tuple[tuple[str, Decimal], ...]
    order_discount: tuple[str, Decimal] | None
    shipping: Decimal
    shipping_method: str
    tax: Decimal
    total: Decimal
    paid: Decimal
    selling_store: str | None
    note: str | None

    @property
    def rows(self) -> int:
        """How many rows the order has in the file for NetSuite: none unless it is sent."""
        return len(self.lines) + len(self.discounts) if self.fate is Fate.SENT else 0


def expect(sale: Sale, customer: Customer, decimals: int) -> Expected:
    """What NetSuite must end up with.

    :param customer: who bought, a record of the customers feed.
    :param decimals: decimal places of the currency.
    """
    lines = tuple(_line(line, decimals) for line in sale.lines if line.kit is None)
    missing = _missing(sale, customer)
    return Expected(
        name=order_name(sale.number),
        order_id=order_id(sale.number),
        customer=str(customer["partyId"]),
        fate=_fate(sale, missing),
        waits_for=missing,
        lines=lines,
        discounts=tuple((line.key, line.discount) for line in lines if line.discount),
        order_discount=_order_discount(sale, decimals),
        shipping=_money(sale.charged("SHIPPING_CHARGES"), decimals),
        shipping_method=_shipping_method(sale),
        tax=_money(_tax(sale), decimals),
        total=_money(sale.total, decimals),
        paid=_money(sale.paid, decimals),
        selling_store=sale.selling_store,
        note=sale.note,
    )


def _line(line: Line, decimals: int) -> ExpectedLine:
    return ExpectedLine(
        key=item_id(line.sequence),
        item=line.product.netsuite_id,
        product_id=line.product.product_id,
        quantity=line.quantity,
        price=_money(line.price, decimals),
        closed=line.cancelled,
        discount=_money(sum(line.promotions), decimals),
        taxed=any(line.taxes),
    )


def _fate(sale: Sale, missing: tuple[str, ...]) -> Fate:
    """Orders that are not for this flow are left out whatever they lack; what is wrong goes before what is late."""
    if sale.kind in {"exchange", "pos_completed"}:
        return Fate.LEFT_OUT
    if sale.selling_store is not None and sale.paid < sale.total:
        return Fate.REJECTED
    return Fate.WAITING if missing else Fate.SENT


def _missing(sale: Sale, customer: Customer) -> tuple[str, ...]:
    customers = [] if netsuite_id(customer) else [f"customer {customer['partyId']}"]
    products = [line.product for line in sale.lines if line.kit is None and line.product.netsuite_id is None]
    return (*customers, *dict.fromkeys(f"product {product.product_id}" for product in products))


def _order_discount(sale: Sale, decimals: int) -> tuple[str, Decimal] | None:
    amount = sale.charged("EXT_PROMO_ADJUSTMENT")
    return (sale.code, _money(amount, decimals)) if sale.code is not None else None


def _shipping_method(sale: Sale) -> str:
    methods = [line.method for line in sale.lines]
    return next((method for method in methods if method != TAKEN_AWAY), methods[0])


def _tax(sale: Sale) -> int:
    lines = sum(sum(line.taxes) for line in sale.lines if not line.cancelled)
    return lines + sale.charged("SHIPPING_SALES_TAX")


def _money(minor: int, decimals: int) -> Decimal:
    return Decimal(minor).scaleb(-decimals)
