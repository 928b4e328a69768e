"""What Retail Pro must end up with for an order: the sandbox's own statement, made without looking at any file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sandbox.hotwax.completed_orders_sale import Sale, Unit

#: Which store issues the invoice of an order that several stores shipped.
RULES = ("last_fulfilled", "first_fulfilled", "first_item")


class Slip(NamedTuple):
    """Goods that left `from_store` and stand on the invoice of `to_store`; how many of each UPC."""

    from_store: str
    to_store: str
    quantities: dict[str, int]


@dataclass(frozen=True)
class Expected:
    """One order in Retail Pro.

    Amounts (minor units) and quantities are those of the order, whether it is invoiced or not.

    :param order_no: with leading zeros, 8 digits.
    :param invoiced: not, when it was sold at a till, or when no store shipped anything.
    :param discount: on items and on the whole order, as a positive amount.
    :param invoicing_store: external id; ``None`` when not invoiced.
    :param quantities: UPC → pieces, digital ones included.
    :param slips: by the store they come from.
    """

    order_no: str
    invoiced: bool
    total: int
    discount: int
    shipping: int
    invoicing_store: str | None
    quantities: dict[str, int]
    slips: tuple[Slip, ...]


def expect(sale: Sale, rule: str = RULES[0]) -> Expected:
    """What Retail Pro must end up with.

    :param rule: one of :data:`RULES`.
    :raises ValueError: unknown rule.
    """
    if rule not in RULES:
        raise ValueError(f"unknown rule {rule!r}; known are {', '.join(RULES)}")
    shipped = [unit for unit in sale.units if unit.parcel.store is not None]
    invoiced = bool(shipped) and sale.selling_store is None
    invoicing_store = _invoicing_store(shipped, rule) if invoiced else None
    return Expected(
        order_no=f"{sale.number:08d}",
        invoiced=invoiced,
        total=sale.total,
        discount=sale.discount,
        shipping=sale.shipping,
        invoicing_store=invoicing_store,
        quantities=_quantities(sale.units),
        slips=_slips(shipped, invoicing_store or sale.selling_store),
    )


def _invoicing_store(shipped: list[Unit], rule: str) -> str | None:
    if rule == "first_item":
        return min(shipped, key=lambda unit: unit.sequence).parcel.store
    by_time = sorted(shipped, key=_fulfilment)
    return by_time[-1 if rule == "last_fulfilled" else 0].parcel.store


def _fulfilment(unit: Unit) -> tuple[datetime, int, int]:
    """Time decides, then the shipment id, then the item's place in the order."""
    return unit.parcel.at, int(unit.parcel.shipment_id or 0), unit.sequence


def _slips(shipped: list[Unit], to_store: str | None) -> tuple[Slip, ...]:
    """One for each other store."""
    others = sorted({unit.parcel.store for unit in shipped if unit.parcel.store} - {to_store})
    return tuple(
        Slip(store, to_store, _quantities(unit for unit in shipped if unit.parcel.store == store))
        for store in others
        if to_store is not None
    )


def _quantities(units: Iterable[Unit]) -> dict[str, int]:
    return dict(Counter(unit.product.upc for unit in units))
