"""One created order as its seed draws it: what was ordered, at which price, to be shipped from where, what was paid.

From this both sides are made: the JSON that HotWax writes and the statement of what NetSuite must end up with.
Everything is invented; amounts are whole minor units of the currency.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sandbox.hotwax.completed_orders_sale import PRODUCTS as _SOLD
from sandbox.hotwax.completed_orders_sale import STORES as _STORES

#: Kinds of order, and how many percent of a usual feed they are.
KINDS: dict[str, int] = {
    "web": 40,  # the shop's, 1 to 4 lines, not brokered yet
    "send_sale": 8,  # sold at the till of one store, to be shipped from others
    "pos_completed": 5,  # sold and taken away at the till: a cash sale
    "mixed_cart": 4,  # sold at the till, partly taken away, partly to be shipped
    "order_discount": 8,  # a code on the whole order, half of them in two parts
    "item_discount": 10,  # promotions on lines, often two on one
    "gift_card": 4,  # a gift card among the lines, every third alone
    "cancelled_line": 4,  # one line cancelled, one or more left
    "kit": 3,  # a kit with its components as lines without a price
    "exchange": 2,  # from the exchange channel
    "part_paid_pos": 2,  # of a till, with less paid than it costs
    "new_customer": 4,  # of a customer without a NetSuite id
    "unknown_product": 1,  # a product without a NetSuite id among the lines
    "notes": 2,  # with a note that has commas, quotes, line ends and letters beyond ASCII
    "long_names": 2,  # names and addresses longer than NetSuite takes
    "no_bill_to": 1,  # without a billing address
}
#: Of those, the ones that a till made.
TILL_KINDS = frozenset({"send_sale", "pos_completed", "mixed_cart", "part_paid_pos"})
#: External id of each store, which is NetSuite's internal id of the location → HotWax's own facility id.
STORES: dict[str, str] = {str(40 + place): facility for place, facility in enumerate(_STORES.values(), 1)}
#: Promotion codes of whole orders.
CODES = ("WELCOME10", "FRIENDS15", "SPRING5")
TAKEN_AWAY = "POS_COMPLETED"
MOST_NUMBER = 999_999_999

_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_STEP = timedelta(seconds=97)
_TAXES = ((900, 400), (600, 150, 25), (700, 0, 125))  # taxes that apply together, in ten-thousandths
_NOTES = (
    'Leave at the door, "side entrance"',
    "Regalo para Zoë,\nsin factura; envolver con papel ñandú",
    "=1+1 is how this note begins, 'not a formula'",
    "Línea uno\r\nLínea dos, fin 🎁",
)


class Product(NamedTuple):
    """Something for sale.

    :param type_id: HotWax's product type.
    :param netsuite_id: NetSuite's internal id, of a gift card that of the item which stands for gift cards; ``None``
        for what NetSuite does not know yet.
    """

    product_id: str
    upc: str
    sku: str
    type_id: str
    netsuite_id: str | None


class Line(NamedTuple):
    """One order item.

    :param sequence: its place in the order, from 1.
    :param price: of one piece, before discount and tax.
    :param promotions: negative, of the whole line.
    :param taxes: of the whole line.
    :param method: shipment method.
    :param store: external id of the facility it is to come from; ``None`` while not brokered.
    :param status: HotWax's status of the item.
    :param kit: sequence of the kit that it is a component of.
    """

    sequence: int
    product: Product
    quantity: int
    price: int
    promotions: tuple[int, ...]
    taxes: tuple[int, ...]
    method: str
    store: str | None
    status: str
    kit: int | None = None

    @property
    def cancelled(self) -> bool:
        """Whether it counts no longer."""
        return self.status == "ITEM_CANCELLED"

    @property
    def total(self) -> int:
        """What the customer pays for it, were it not cancelled."""
        return self.price * self.quantity + sum(self.promotions) + sum(self.taxes)


@dataclass(frozen=True)
class Sale:
    """One order.

    :param kind: a key of :data:`KINDS`.
    :param ordered_at: aware UTC.
    :param code: promotion code of the whole order.
    :param adjustments: type and amount of each adjustment of the whole order.
    :param selling_store: external id of the store at whose till it was made, ``None`` for others.
    :param paid: what came in.
    :param note: the customer's words.
    """

    number: int
    kind: str
    ordered_at: datetime
    lines: tuple[Line, ...]
    code: str | None
    adjustments: tuple[tuple[str, int], ...]
    selling_store: str | None
    paid: int
    note: str | None

    @property
    def total(self) -> int:
        """What the customer has to pay; cancelled lines are not in it."""
        return _total(self.lines, self.adjustments)

    def charged(self, kind: str) -> int:
        """Sum of the whole order's adjustments of one type."""
        return sum(amount for name, amount in self.adjustments if name == kind)


def draw(seed: int, number: int, kind: str) -> Sale:
    """The order that seed, number and kind stand for.

    :raises ValueError: unknown kind, or the number is not in 1 to :data:`MOST_NUMBER`.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
    if not 1 <= number <= MOST_NUMBER:
        raise ValueError(f"order {number}: numbers go from 1 to {MOST_NUMBER}")
    rng = random.Random(f"created:{seed}:{number}:{kind}")
    selling_store, *others = rng.sample(sorted(STORES), 3)
    lines = tuple(_lines(rng, number, kind, selling_store, others))
    code = rng.choice(CODES) if kind == "order_discount" else None
    adjustments = tuple(_adjustments(rng, kind, lines))
    total = _total(lines, adjustments)
    return Sale(
        number=number,
        kind=kind,
        ordered_at=_START + number * _STEP,
        lines=lines,
        code=code,
        adjustments=adjustments,
        selling_store=selling_store if kind in TILL_KINDS else None,
        paid=total * rng.randrange(10, 90) // 100 if kind == "part_paid_pos" else total,
        note=_NOTES[number % len(_NOTES)] if kind == "notes" else None,
    )


def usual_kind(seed: int, number: int) -> str:
    """The kind of order `number` in the usual mix."""
    return random.Random(f"created:{seed}:{number}").choices(list(KINDS), list(KINDS.values()))[0]


def _total(lines: tuple[Line, ...], adjustments: tuple[tuple[str, int], ...]) -> int:
    return sum(line.total for line in lines if not line.cancelled) + sum(amount for _, amount in adjustments)


def _lines(rng: random.Random, number: int, kind: str, till: str, others: list[str]) -> Iterator[Line]:
    products = list(_products(rng, number, kind))
    rates = rng.choice(_TAXES)
    kit = None
    for sequence, product in enumerate(products, 1):
        component = kit is not None and kind == "kit" and sequence <= kit + 2
        price = 0 if component else rng.randrange(499, 20_000)
        quantity = 1 if product in GIFT_CARDS else rng.choice((1, 1, 1, 2, 3))
        promotions = _promotions(rng, price * quantity) if kind == "item_discount" and rng.random() < 0.7 else ()
        if kind == "item_discount" and sequence == 1 and not promotions:
            promotions = _promotions(rng, price * quantity)
        taxed = 0 if product in GIFT_CARDS else price * quantity + sum(promotions)
        method, store, status = _handling(kind, sequence, till, others[sequence % len(others)])
        yield Line(
            sequence=sequence,
            product=product,
            quantity=quantity,
            price=price,
            promotions=promotions,
            taxes=tuple((taxed * rate + 5_000) // 10_000 for rate in rates),
            method=method,
            store=store,
            status=status,
            kit=kit if component else None,
        )
        if product in KITS:
            kit = sequence


def _products(rng: random.Random, number: int, kind: str) -> Iterator[Product]:
    """What the lines hold; a special one stands where its kind wants it."""
    if kind == "gift_card" and number % 3 == 0:
        yield rng.choice(GIFT_CARDS)
        return
    yield from rng.sample(PRODUCTS, rng.randint(2 if kind in {"mixed_cart", "cancelled_line"} else 1, 4))
    if kind == "gift_card":
        yield rng.choice(GIFT_CARDS)
    elif kind == "unknown_product":
        yield rng.choice(UNKNOWN_PRODUCTS)
    elif kind == "kit":
        yield rng.choice(KITS)
        yield from rng.sample(PRODUCTS, 2)


def _handling(kind: str, sequence: int, till: str, other: str) -> tuple[str, str | None, str]:
    """Shipment method, store and status of the line with that sequence."""
    if kind == "pos_completed" or (kind == "mixed_cart" and sequence == 1):
        return TAKEN_AWAY, till, "ITEM_COMPLETED"
    if kind == "cancelled_line" and sequence == 2:
        return "STANDARD", None, "ITEM_CANCELLED"
    if kind in TILL_KINDS:
        return "STANDARD", other, "ITEM_CREATED"
    return "STANDARD", None, "ITEM_CREATED"


def _promotions(rng: random.Random, price: int) -> tuple[int, ...]:
    """One or two, together less than half of the price."""
    first = -(price * rng.choice((5, 10, 25)) // 100)
    return (first, -(price * 3 // 100)) if rng.random() < 0.5 else (first,)


def _adjustments(rng: random.Random, kind: str, lines: tuple[Line, ...]) -> Iterator[tuple[str, int]]:
    """Those of the whole order; nothing is charged for the shipment of what was taken away."""
    if kind == "order_discount":
        yield "EXT_PROMO_ADJUSTMENT", -(sum(line.price * line.quantity for line in lines) * 10 // 100)
        if rng.random() < 0.5:
            yield "EXT_PROMO_ADJUSTMENT", -rng.randrange(1, 20)
    if kind != "pos_completed" and rng.random() < 0.6:
        charge = rng.choice((499, 599, 1250))
        yield "SHIPPING_CHARGES", charge
        if rng.random() < 0.3:
            yield "SHIPPING_CHARGES", 100
        yield "SHIPPING_SALES_TAX", charge * rng.choice((0, 4, 9)) // 100


PRODUCTS = tuple(
    Product(sold.product_id, sold.upc, sold.sku, "FINISHED_GOOD", str(60_000 + index))
    for index, sold in enumerate(_SOLD)
)
GIFT_CARDS = tuple(Product(str(210_000 + i), f"card{i:07d}", f"CARD-{i:02d}", "GIFT_CARD", "62000") for i in range(3))
KITS = tuple(
    Product(str(220_000 + i), f"kit{i:07d}", f"KIT-{i:02d}", "MARKETING_PKG_PICK", str(61_000 + i)) for i in range(5)
)
UNKNOWN_PRODUCTS = tuple(
    Product(str(230_000 + i), f"new{i:07d}", f"NEW-{i:02d}", "FINISHED_GOOD", None) for i in range(5)
)
#: Internal ids of all items that NetSuite knows.
NETSUITE_ITEMS = frozenset(
    product.netsuite_id for product in (*PRODUCTS, *GIFT_CARDS, *KITS) if product.netsuite_id is not None
)
