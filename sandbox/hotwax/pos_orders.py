"""HotWax's feed of completed orders of tills, simulated: a seeded generator, and the job that writes files of it.

The shape is that of the fulfilled-order-items feed (hotwax/oms-documentation), with what it lacks named as in the
brokered feed; `facilityAddress` of an item is an assumption, no public feed has the address of a store.

Command line: ``python -m sandbox.hotwax.pos_orders --orders 50 --out FOLDER --seed 1``
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.hotwax import customers
from sandbox.hotwax.created_orders_expected import Expected, Fate, expect
from sandbox.hotwax.created_orders_json import Order, Writer, order_identification
from sandbox.hotwax.created_orders_sale import CODES, GIFT_CARDS, STORES, Sale, draw
from sandbox.hotwax.customers import LAYOUTS, Customer, write_feed
from sandbox.hotwax.netsuite_ids import NETSUITE_ORDER_ID

COMPLETED_POS_ORDERS_FOLDER = "hotwax/completed-pos-orders"

#: Kinds of order, and how many percent of a usual feed they are.
KINDS: dict[str, int] = {
    "pos_completed": 60,  # sold and taken away, 1 to 4 lines
    "pos_discount": 14,  # with promotions on lines, and a code on the whole order
    "pos_gift_card": 5,  # a gift card among the lines
    "pos_cancelled_line": 5,  # one line cancelled
    "pos_walk_in": 8,  # nobody knows who bought
    "pos_part_paid": 2,  # less paid than it costs
    "send_sale": 3,  # sold at a till, shipped from elsewhere; NetSuite has it as a sales order, as the next
    "mixed_cart": 3,  # partly taken away, partly shipped
}
_SALES_ORDERS = frozenset({"send_sale", "mixed_cart"})
_STREETS = ("Main Street", "Harbour Road", "Market Square")


def store_address(store: str) -> dict[str, str | None]:
    """The address of a store.

    :param store: its external id.
    """
    number = int(store)
    return {
        "toName": f"Store {store}",
        "address1": f"{number} {_STREETS[number % len(_STREETS)]}",
        "address2": "Unit 1" if number % 2 else None,
        "city": "Nashville",
        "stateProvinceGeoCode": "TN",
        "countryGeoCode": "US",
        "postalCode": f"37{number:03d}",
    }


def as_completed(order: Order) -> Order:
    """A created order as HotWax writes it once it is completed: its items in shipments.

    :param order: as :class:`~.created_orders_json.Writer` writes it; it is left as it is.
    """
    shipments: dict[str, Order] = {}
    for item in order["orderItems"]:
        method = item["shipmentMethodTypeId"]
        shipment = {
            "trackingNumber": None,
            "carrierPartyId": item["carrierPartyId"],
            "shipmentMethodTypeId": method,
            "shipTo": None,
            "shipmentItems": [],
        }
        shipments.setdefault(method, shipment)["shipmentItems"].append(_shipped(item))
    header = {name: value for name, value in order.items() if name != "orderItems"}
    return header | {"orderStatusId": "ORDER_COMPLETED", "shipments": list(shipments.values())}


@dataclass(frozen=True)
class PosOrders:
    """The completed orders of one retailer's tills. The same seed, number and kind always give the same ones.

    Customers are those of :class:`~.created_orders.CreatedOrders` with the same seed.

    :param seed: another seed, other carts.
    :param currency: ISO code.
    :param decimals: decimal places of the currency.
    """

    seed: int
    _: KW_ONLY
    currency: str = "USD"
    decimals: int = 2

    def customer(self, number: int) -> Customer:
        """Customer `number`, who has a NetSuite id."""
        return customers.customer(self.seed, number, "pos")

    def order(self, number: int, kind: str = "pos_completed", *, customer: Customer | None = None) -> Order:
        """Order `number`.

        :param kind: a key of :data:`KINDS`.
        :param customer: who bought; the customer of the same number when not given.
        :raises ValueError: unknown kind, or number out of range.
        """
        buyer = customer or self.customer(number)
        written = Writer(self.currency, self.decimals).write(self._sale(number, kind), buyer)
        if kind in _SALES_ORDERS:
            found = order_identification(number, NETSUITE_ORDER_ID, str(700_000 + number), written["entryDate"])
            written["orderIdentifications"].append(found)
        if kind == "pos_walk_in":
            written |= {"customerPartyId": None, "customerPartyIdentifications": []}
        return as_completed(written)

    def orders(self, count: int, *, first: int = 1, kind: str | None = None) -> Iterator[Order]:
        """`count` orders, numbered from `first`, each of its own customer.

        :param kind: of all of them; the usual mix, :meth:`kind_of`, when not given.
        """
        for number in range(first, first + count):
            yield self.order(number, kind or self.kind_of(number))

    def kind_of(self, number: int) -> str:
        """The kind that order `number` has in :meth:`orders`."""
        return random.Random(f"pos:{self.seed}:{number}").choices(list(KINDS), list(KINDS.values()))[0]

    def expected(self, number: int, kind: str = "pos_completed", *, customer: Customer | None = None) -> Expected:
        """What NetSuite must end up with for :meth:`order`; cancelled lines are no part of a cash sale.

        :param customer: who bought, as in :meth:`order`.
        """
        sale = self._sale(number, kind)
        found = expect(sale, customer or self.customer(number), self.decimals)
        waits_for = () if kind == "pos_walk_in" else found.waits_for
        fate = Fate.WAITING if waits_for else Fate.SENT
        if kind in _SALES_ORDERS:
            fate = Fate.LEFT_OUT
        elif sale.paid < sale.total:
            fate = Fate.REJECTED
        lines = tuple(line for line in found.lines if not line.closed)
        return replace(found, fate=fate, waits_for=waits_for, lines=lines)

    def _sale(self, number: int, kind: str) -> Sale:
        """The order that number and kind stand for, each kind of cash sale made of a plain one.

        :raises ValueError: unknown kind, or number out of range.
        """
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
        if kind in _SALES_ORDERS:
            return draw(self.seed, number, kind)
        sale, rng = draw(self.seed, number, "pos_completed"), random.Random(f"pos:{self.seed}:{number}:{kind}")
        last = sale.lines[-1]
        if kind == "pos_discount":
            promotions = (-(last.price * last.quantity // 10), -1)
            discount = -(sale.lines[0].price // 10)
            sale = replace(
                sale,
                lines=(*sale.lines[:-1], last._replace(promotions=promotions)),
                code=rng.choice(CODES),
                adjustments=(("EXT_PROMO_ADJUSTMENT", discount),),
            )
        elif kind == "pos_gift_card":
            card = last._replace(sequence=last.sequence + 1, product=rng.choice(GIFT_CARDS), quantity=1, taxes=(0,))
            sale = replace(sale, lines=(*sale.lines, card))
        elif kind == "pos_cancelled_line":
            gone = last._replace(sequence=last.sequence + 1, status="ITEM_CANCELLED")
            sale = replace(sale, lines=(*sale.lines, gone))
        part = rng.randrange(10, 90) if kind == "pos_part_paid" else 100
        return replace(sale, paid=sale.total * part // 100)


def write_pos_orders(folder: Path, orders: Iterable[Order], at: datetime, layout: str = "array") -> Path:
    """Write one file of completed orders, see :func:`~sandbox.hotwax.customers.write_feed`.

    :returns: the file, ``CompletedPosOrders_YYYY-MM-DD-HH_MM_SS_mmm.json``.
    """
    return write_feed(folder, "CompletedPosOrders", orders, at, layout)


def _shipped(item: Order) -> dict[str, Any]:
    """An item of a created order as one of a shipment."""
    store, taken = item["facilityExternalId"], item["itemStatusId"] != "ITEM_CANCELLED"
    renamed = {
        "orderItemQuantity": "itemQuantity",
        "shipmentMethodTypeId": "slaShipmentMethodTypeId",
        "orderItemAdjustments": "itemAdjustments",
    }
    kept = {renamed.get(name, name): value for name, value in item.items() if name != "shipTo"}
    return {
        **kept,
        "itemStatusId": "ITEM_COMPLETED" if taken else "ITEM_CANCELLED",
        "shipmentId": None,
        "facilityAddress": store_address(store) if store in STORES else None,
    }


def main(arguments: list[str] | None = None) -> None:
    """Write a file of completed orders of tills into a folder, from the command line."""
    parser = argparse.ArgumentParser(prog="python -m sandbox.hotwax.pos_orders", description=main.__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder to write into; made when missing")
    parser.add_argument("--orders", type=int, default=50, help="how many (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other orders (default: 1)")
    parser.add_argument("--first", type=int, default=1, help="number of the first order (default: 1)")
    parser.add_argument("--kind", choices=KINDS, help="of all orders (default: the usual mix)")
    parser.add_argument("--layout", choices=LAYOUTS, default="array", help="default: one array")
    options = parser.parse_args(arguments)
    orders = PosOrders(options.seed).orders(options.orders, first=options.first, kind=options.kind)
    print(write_pos_orders(options.out, orders, datetime.now(UTC), options.layout))


if __name__ == "__main__":
    main()
