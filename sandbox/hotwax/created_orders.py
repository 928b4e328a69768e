"""HotWax's feed of created orders, simulated: a seeded generator, and the job that writes files of it.

Amounts always close, to the minor unit; cancelled items do not count::

    grandTotal = sum(unitPrice * orderItemQuantity) + sum(orderItemAdjustments) + sum(orderAdjustments)

Command line: ``python -m sandbox.hotwax.created_orders --orders 50 --out FOLDER --seed 1``
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.hotwax import customers
from sandbox.hotwax.completed_orders_lacking import take_out
from sandbox.hotwax.created_orders_expected import Expected, ExpectedLine, Fate, expect
from sandbox.hotwax.created_orders_json import Order, Writer
from sandbox.hotwax.created_orders_sale import KINDS, NETSUITE_ITEMS, STORES, TILL_KINDS, draw, usual_kind
from sandbox.hotwax.customers import CUSTOMER_KINDS, LAYOUTS, Customer, dump, write_customers, write_feed

__all__ = [
    "CUSTOMER_KINDS",
    "KINDS",
    "LAYOUTS",
    "NETSUITE_ITEMS",
    "STORES",
    "CreatedOrders",
    "Customer",
    "Expected",
    "ExpectedLine",
    "Fate",
    "Order",
    "customer_kind",
    "dump",
    "write_created_orders",
    "write_customers",
]


def customer_kind(kind: str) -> str:
    """What kind of customer an order of a kind has; what is no kind of order stands for itself."""
    if kind in CUSTOMER_KINDS or kind not in KINDS:
        return kind
    return "pos" if kind in TILL_KINDS else "web"


@dataclass(frozen=True)
class CreatedOrders:
    """The customers and created orders of one retailer. The same seed, number and kind always give the same ones.

    :param seed: another seed, other customers and carts.
    :param currency: ISO code.
    :param decimals: decimal places of the currency.
    """

    seed: int
    _: KW_ONLY
    currency: str = "USD"
    decimals: int = 2

    def customer(self, number: int, kind: str = "web", **changes: Any) -> Customer:
        """Customer `number`.

        :param kind: a key of :data:`CUSTOMER_KINDS`, or of :data:`KINDS` for one who orders so.
        :param changes: fields of the record to set, after that.
        :raises ValueError: unknown kind, or a number below 1.
        """
        return customers.customer(self.seed, number, customer_kind(kind)) | changes

    def order(
        self,
        number: int,
        kind: str = "web",
        *,
        customer: Customer | None = None,
        lacking: Iterable[str] = (),
        **changes: Any,
    ) -> Order:
        """Order `number`, which is its ``SHOPIFY_ORD_NO``, too.

        :param kind: a key of :data:`KINDS`.
        :param customer: who bought, a record of :meth:`customer`; the one of the same number and kind when not given.
        :param lacking: dotted paths of parts to take out, see :func:`~.completed_orders_lacking.take_out`.
        :param changes: fields of the order to set, after that. No figure follows.
        :raises ValueError: unknown kind, number out of range, or a part that is not there.
        """
        sale = draw(self.seed, number, kind)
        order = Writer(self.currency, self.decimals).write(sale, customer or self.customer(number, kind))
        for path in lacking:
            take_out(order, path)
        return order | changes

    def kind_of(self, number: int) -> str:
        """The kind that order `number` has in :meth:`orders`."""
        return usual_kind(self.seed, number)

    def orders(self, count: int, *, first: int = 1, kind: str | None = None) -> Iterator[Order]:
        """`count` orders, numbered from `first`, each of its own customer.

        :param kind: of all of them; the usual mix, :meth:`kind_of`, when not given.
        """
        for number in range(first, first + count):
            yield self.order(number, kind or self.kind_of(number))

    def expected(self, number: int, kind: str = "web", *, customer: Customer | None = None) -> Expected:
        """What NetSuite must end up with for :meth:`order`.

        :param customer: who bought, as in :meth:`order`.
        :raises ValueError: unknown kind, or number out of range.
        """
        return expect(draw(self.seed, number, kind), customer or self.customer(number, kind), self.decimals)


def write_created_orders(folder: Path, orders: Iterable[Order], at: datetime, layout: str = "array") -> Path:
    """Write one file of created orders, see :func:`~sandbox.hotwax.customers.write_feed`.

    :returns: the file, ``CreatedOrderItemsFeed_YYYY-MM-DD-HH_MM_SS_mmm.json``.
    """
    return write_feed(folder, "CreatedOrderItemsFeed", orders, at, layout)


def main(arguments: list[str] | None = None) -> None:
    """Write a file of created orders into a folder, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hotwax.created_orders", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; made when missing")
    parser.add_argument("--orders", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first order (default: 1)")
    parser.add_argument("--kind", choices=KINDS, help="of all orders (default: the usual mix)")
    parser.add_argument("--layout", choices=LAYOUTS, default="array", help="default: one array")
    options = parser.parse_args(arguments)
    orders = CreatedOrders(options.seed).orders(options.orders, first=options.first, kind=options.kind)
    print(write_created_orders(options.out, orders, datetime.now(UTC), options.layout))


if __name__ == "__main__":
    main()
