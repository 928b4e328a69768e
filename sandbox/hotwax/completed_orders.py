"""HotWax's feed of completed orders, simulated: a seeded generator, and the job that writes files of it.

The published Fulfilled Order Items feed lacks payments, e-mail, bill-to and attributes, without which no invoice can be
made; this is the extended shape that carries them. Amounts always close, to the minor unit::

    grandTotal = sum(unitPrice * itemQuantity) + sum(itemAdjustments) + sum(orderAdjustments)

Command line: ``python -m sandbox.hotwax.completed_orders --orders 50 --out FOLDER --seed 1``
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from sandbox.hotwax.completed_orders_expected import RULES, Expected, Slip, expect
from sandbox.hotwax.completed_orders_json import Order, Writer
from sandbox.hotwax.completed_orders_lacking import take_out
from sandbox.hotwax.completed_orders_sale import KINDS, STORES, draw, usual_kind

__all__ = ["KINDS", "LAYOUTS", "RULES", "STORES", "CompletedOrders", "Expected", "Order", "Slip", "dump", "write_feed"]

#: How orders lie in a file: what stands before, between and after them.
LAYOUTS: dict[str, tuple[bytes, bytes, bytes]] = {"array": (b"[", b",\n", b"]\n"), "lines": (b"", b"\n", b"\n")}

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class CompletedOrders:
    """The completed orders of one retailer. The same seed, number and kind always give the same order.

    :param seed: another seed, other customers, carts and stores.
    :param currency: ISO code.
    :param decimals: decimal places of the currency.
    """

    seed: int
    _: KW_ONLY
    currency: str = "USD"
    decimals: int = 2

    def order(self, number: int, kind: str = "single", *, lacking: Sequence[str] = (), **changes: Any) -> Order:
        """Order `number`, which is its ``SHOPIFY_ORD_NO``, too.

        :param kind: a key of :data:`KINDS`.
        :param lacking: dotted paths of parts to take out, see :func:`~.completed_orders_lacking.take_out`.
        :param changes: fields of the order to set, after that. No figure follows.
        :raises ValueError: unknown kind, number out of range, or a part that is not there.
        """
        order = Writer(self.currency, self.decimals).write(draw(self.seed, number, kind))
        for path in lacking:
            take_out(order, path)
        return order | changes

    def kind_of(self, number: int) -> str:
        """The kind that order `number` has in :meth:`orders`."""
        return usual_kind(self.seed, number)

    def orders(self, count: int, *, first: int = 1, kind: str | None = None) -> Iterator[Order]:
        """`count` orders, numbered from `first`.

        :param kind: of all of them; the usual mix, :meth:`kind_of`, when not given.
        """
        for number in range(first, first + count):
            yield self.order(number, kind or self.kind_of(number))

    def expected(self, number: int, kind: str = "single", *, rule: str = RULES[0]) -> Expected:
        """What Retail Pro must end up with for :meth:`order`.

        :param rule: which store invoices, one of :data:`RULES`.
        :raises ValueError: unknown kind or rule, or number out of range.
        """
        return expect(draw(self.seed, number, kind), rule)


def dump(order: Order) -> bytes:
    """One order as compact JSON in UTF-8; amounts as exact numbers."""
    return _encoder.encode(order)


def write_feed(folder: Path, orders: Iterable[Order], at: datetime, layout: str = "array") -> Path:
    """Write one file of the feed, order by order, as HotWax's job does: under a name with a dot until it is whole.

    A file of the same second is replaced.

    :param folder: made when missing.
    :param at: stands in the file's name, as it is.
    :param layout: one of :data:`LAYOUTS`.
    :returns: the file, ``HOTWAX-HotWaxFulfilledOrderItemsFeed-YYYY-MM-DD-HH-MM-SS.json``.
    :raises ValueError: unknown layout.
    """
    if layout not in LAYOUTS:
        raise ValueError(f"unknown layout {layout!r}; known are {', '.join(LAYOUTS)}")
    before, between, after = LAYOUTS[layout]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"HOTWAX-HotWaxFulfilledOrderItemsFeed-{at:%Y-%m-%d-%H-%M-%S}.json"
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(before)
        for index, order in enumerate(orders):
            file.write(between + dump(order) if index else dump(order))
        file.write(after)
    return part.replace(path)


def main(arguments: list[str] | None = None) -> None:
    """Write a file of completed orders into a folder, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hotwax.completed_orders", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; made when missing")
    parser.add_argument("--orders", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first order (default: 1)")
    parser.add_argument("--kind", choices=KINDS, help="of all orders (default: the usual mix)")
    parser.add_argument("--layout", choices=LAYOUTS, default="array", help="default: one array")
    options = parser.parse_args(arguments)
    orders = CompletedOrders(options.seed).orders(options.orders, first=options.first, kind=options.kind)
    print(write_feed(options.out, orders, datetime.now(UTC), options.layout))


if __name__ == "__main__":
    main()
