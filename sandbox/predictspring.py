"""PredictSpring, simulated: a seeded generator of transaction logs (TLogs) in the shape its webhook sends.

One TLog is one JSON object. Field names, nesting and arithmetic follow the two order samples that HotWax publishes
(hotwax/oms-documentation, integrations/predictspring/order-import); every value is invented. The bodies of return and
exchange TLogs are not public: what :meth:`Shop.return_order` and :meth:`Shop.exchange_order` make is an assumption.

The figures of an order always close, to the cent, unless the trait `open_total` is asked for::

    line.subTotal   = price * quantity                     (before discount)
    line.total      = subTotal - discount + tax
    header.discount = sum of line.discount
    totalAmount     = orderSubTotal - discount + taxSubTotal + shippingSubTotal + shippingTax = sum of amountAuthorized

Command line: ``python -m sandbox.predictspring --orders 50 --out FOLDER --seed 1``
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from sandbox import predictspring_world as world
from sandbox.predictspring_files import LAYOUTS, dump, write_files, write_templates
from sandbox.predictspring_sale import Order, Sale, Stamps
from sandbox.predictspring_world import KINDS, TRAITS

__all__ = ["DROP", "KINDS", "LAYOUTS", "TRAITS", "Order", "Shop", "dump", "write_files", "write_json_lines"]

#: Value of a change that removes the field.
DROP: Any = object()

_STEP = timedelta(seconds=97)
_DAY_MS = 86_400_000


@dataclass(frozen=True)
class Shop:
    """One retailer whose registers write TLogs. The same shop, number and wishes always give the same order.

    :param seed: another seed, other shoppers and carts.
    :param stores: ids of :data:`sandbox.predictspring_world.STORES` that sell.
    :param start: the instant of order 0 (aware UTC); each order is 97 seconds later than the one before.
    :param prefix: what order ids begin with.
    """

    seed: int = 1
    stores: tuple[str, ...] = tuple(store.store_id for store in world.STORES)
    start: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
    prefix: str = "PS"

    def order(
        self,
        n: int,
        kind: str | None = None,
        *,
        lines: int | None = None,
        slim: bool = False,
        having: Iterable[str] = (),
        lacking: Iterable[str] = (),
        **changes: Any,
    ) -> Order:
        """The TLog of sale number `n`.

        :param kind: a key of :data:`KINDS`; drawn from that mix when not given.
        :param lines: number of lines, 1 to 8 when not given; a mixed order has at least 2.
        :param slim: leave out repetitions: about 4 KB instead of 25 KB.
        :param having: traits of :data:`TRAITS` that the order must have, where they make sense for its kind.
        :param lacking: traits that it must not have; `TRAITS` itself gives the plainest order.
        :param changes: top-level fields to set in the finished order, :data:`DROP` to remove one. No figure follows.
        :raises ValueError: unknown kind or trait.
        """
        forced, barred = frozenset(having), frozenset(lacking)
        if unknown := (forced | barred) - TRAITS.keys():
            raise ValueError(f"unknown trait {', '.join(sorted(unknown))}; known are {', '.join(TRAITS)}")
        if kind is not None and kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
        sale = Sale(self.seed, n, self.stamps(n), self.stores, kind=kind, lines=lines, having=forced, lacking=barred)
        return _changed(sale.tlog(slim=slim), changes)

    def orders(self, count: int, *, first: int = 1, slim: bool = False) -> Iterator[Order]:
        """`count` sales in the usual mix, numbered from `first`."""
        for n in range(first, first + count):
            yield self.order(n, slim=slim)

    def return_order(self, n: int, **changes: Any) -> Order:
        """The TLog sent when the in-store sale `n` comes back a week later: the same order id, all its lines returned.

        :param changes: as for :meth:`order`.
        """
        order = self.order(n, "in_store")
        order |= {"orderStatus": "REFUNDED", "status": "REFUNDED", "orderStatusText": "Refunded", "productList": []}
        order["returnProductList"] = [line | {"isReturnRelated": True} for line in order["orderProductList"]]
        order["refundPaymentDetails"] = [t | {"totalRefundedAmount": t["amountAuthorized"]} for t in order["tenders"]]
        order["updateDate"] += 7 * _DAY_MS
        order["orderActivityLog"][0]["transactionData"]["transactionType"] = "RETURN"
        return _changed(order, changes)

    def exchange_order(self, n: int, old: int) -> tuple[Order, Order]:
        """The two TLogs of an exchange: the new sale `n`, paid with what comes back, and the return of sale `old`."""
        sale, returned = self.order(n, "in_store"), self.return_order(old)
        for tender in sale["tenders"]:
            tender["totalAmountCarriedOverForExchange"] = tender["amountAuthorized"]
        returned |= {"orderStatus": "EXCHANGED", "status": "EXCHANGED", "orderStatusText": "Exchanged"}
        for order in (sale, returned):
            order["orderActivityLog"][0]["transactionData"]["transactionType"] = "EXCHANGE"
        return sale, returned

    def stamps(self, n: int) -> Stamps:
        """The id and the instants of order `n`, as the texts that stand in its JSON."""
        at = self.start + n * _STEP
        ms = int(at.timestamp()) * 1000
        return Stamps(
            order_id=f"{self.prefix}{n:08d}",
            order_ms=str(ms),
            update_ms=str(ms + 183_000),
            return_ms=str(ms + 90 * _DAY_MS),
            created=f"{at:%Y-%m-%d %H:%M:%S}",
            captured=f"{at - timedelta(seconds=3):%Y-%m-%dT%H:%M:%SZ}",
            compact=f"{at - timedelta(seconds=4):%Y%m%d%H%M%S}",
        )


def write_json_lines(path: Path, count: int, *, seed: int = 1, templates: int = 5000, spoiled: int = 500) -> int:
    """Write `count` slim orders, one per line, fast and in little memory: for measurements.

    Order `n` is the n-th of `templates` different orders (counted in a circle) with an id and instants of its own.

    :param spoiled: one template in so many cannot be imported (in turn: no city, wrong total); 0 for none.
    :returns: how many orders were written that cannot be imported.
    """
    shop, templates = Shop(seed), min(templates, count)
    bad = dict(zip(range(spoiled - 1, templates, spoiled), cycle(("no_city", "open_total")))) if spoiled else {}
    plain = {"kind": None, "having": ()}
    wishes = [{"kind": "send_sale", "having": (bad[k],)} if k in bad else plain for k in range(templates)]
    orders = (shop.order(k, slim=True, **wishes[k]) for k in range(templates))
    write_templates(path, count, orders, shop.stamps)
    return sum(1 for n in range(count) if n % templates in bad)


def _changed(order: Order, changes: dict[str, Any]) -> Order:
    return {field: value for field, value in (order | changes).items() if value is not DROP}


def main(arguments: list[str] | None = None) -> None:
    """Write TLogs into a folder, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.predictspring", description="Write invented TLogs.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; made when missing")
    parser.add_argument("--orders", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first order (default: 1)")
    parser.add_argument("--layout", choices=LAYOUTS, default=LAYOUTS[0], help="default: one order per file")
    parser.add_argument("--slim", action="store_true", help="about 4 KB an order instead of 25 KB")
    options = parser.parse_args(arguments)
    orders = Shop(options.seed).orders(options.orders, first=options.first, slim=options.slim)
    files = write_files(options.out, orders, options.layout)
    print(f"{options.orders} orders in {len(files)} files in {options.out}")


if __name__ == "__main__":
    main()
