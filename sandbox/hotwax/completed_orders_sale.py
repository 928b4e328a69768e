"""One completed order as its seed draws it: what was sold, what it cost, which store shipped what and when.

From this both sides are made: the JSON that HotWax writes and the statement of what Retail Pro must end up with.
Everything is invented; amounts are whole minor units of the currency.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

#: External id of each store → HotWax's own facility id.
STORES: dict[str, str] = {
    "A26": "10026",
    "A27": "10027",
    "A32": "10032",
    "A36": "10036",
    "P22": "20022",
    "P24": "20024",
}

#: Kinds of order, and how many percent of a usual feed they are.
KINDS: dict[str, int] = {
    "single": 28,  # one store, 1 to 4 lines
    "quantity": 10,  # a shop line of quantity 2 or 3: as many items of quantity 1 with one external id
    "multi_store": 12,  # shipped from 2 or 3 stores at different times; half of them split one line over two stores
    "same_time": 3,  # from 2 stores in the same second; every third number under one shipment id, too
    "pickup": 8,  # collected in the store
    "cod": 6,  # cash on delivery; after a declined card where the number is odd
    "item_discount": 6,  # promotions on items, often two on one
    "order_discount": 5,  # a promotion on the whole order, often in two parts
    "shipping": 6,  # charged for, and mostly taxed
    "digital_part": 2,  # one digital item beside real ones: no facility, no shipment
    "digital_only": 1,  # nothing but digital items: no store could invoice it
    "several_upcs": 2,  # an expired UPC, younger than the open one, beside it
    "other_method": 2,  # promised for the next day, shipped by ground
    "fiscal": 2,  # the customer, a company, asks for a fiscal credit
    "everything": 2,  # all of EVERYTHING in one order
    "pos": 3,  # sold and taken away at the till
    "send_sale": 2,  # sold at the till of one store, shipped from others
}
#: What an order of the kind `everything` has at once.
EVERYTHING = frozenset(
    {"quantity", "multi_store", "cod", "item_discount", "order_discount", "shipping", "digital_part", "several_upcs"}
    | {"other_method", "fiscal"}
)
MOST_NUMBER = 999_999_999

_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
_STEP = timedelta(seconds=97)
_FIRST_SHIPMENT = 20_000
#: Sales taxes that apply together, each in ten-thousandths; a tax of zero is written down like any other.
_TAXES = ((900, 400), (600, 150, 25), (700, 0, 125))
_CHARGES = (499, 599, 1250)


class Product(NamedTuple):
    """Something for sale. `upc` is the open UPC; a physical one begins with 2, the range for use inside a store."""

    product_id: str
    upc: str
    sku: str


class Parcel(NamedTuple):
    """What one store handed over at one time.

    :param store: external id; ``None`` for what was delivered digitally.
    :param at: when, aware UTC.
    :param shipment_id: ``None`` where nothing was shipped: digital goods, and what was taken away at the till.
    :param promised: shipment method the customer chose.
    :param method: shipment method that was used, ``None`` for digital goods.
    :param carrier: ``None`` for digital goods.
    :param tracking: tracking number, where there is one.
    """

    store: str | None
    at: datetime
    shipment_id: str | None
    promised: str
    method: str | None
    carrier: str | None
    tracking: str | None


class Unit(NamedTuple):
    """One order item; its quantity is 1, as HotWax splits them.

    :param sequence: its place in the order, from 1.
    :param line: the line of the shop's order it belongs to, from 0.
    :param price: before discount and tax.
    :param promotions: negative.
    """

    sequence: int
    line: int
    product: Product
    price: int
    promotions: tuple[int, ...]
    taxes: tuple[int, ...]
    parcel: Parcel


@dataclass(frozen=True)
class Sale:
    """One order.

    :param kind: a key of :data:`KINDS`.
    :param traits: the kind itself, or :data:`EVERYTHING`.
    :param ordered_at: aware UTC.
    :param adjustments: type and amount of each adjustment of the whole order.
    :param selling_store: external id of the store at whose till it was sold, ``None`` for the shop's orders.
    :param shopper: number of the customer.
    """

    number: int
    kind: str
    traits: frozenset[str]
    ordered_at: datetime
    parcels: tuple[Parcel, ...]
    units: tuple[Unit, ...]
    adjustments: tuple[tuple[str, int], ...]
    selling_store: str | None
    shopper: int

    @property
    def total(self) -> int:
        """What the customer pays."""
        items = sum(unit.price + sum(unit.promotions) + sum(unit.taxes) for unit in self.units)
        return items + sum(amount for _, amount in self.adjustments)

    @property
    def discount(self) -> int:
        """All promotions together, as a positive amount."""
        items = sum(sum(unit.promotions) for unit in self.units)
        return -items - sum(amount for name, amount in self.adjustments if name == "EXT_PROMO_ADJUSTMENT")

    @property
    def shipping(self) -> int:
        """Charged for shipping, before tax."""
        return sum(amount for name, amount in self.adjustments if name == "SHIPPING_CHARGES")


def draw(seed: int, number: int, kind: str) -> Sale:
    """The order that seed, number and kind stand for.

    :raises ValueError: unknown kind, or the number is not in 1 to :data:`MOST_NUMBER`.
    """
    if kind not in KINDS:
        raise ValueError(f"unknown kind {kind!r}; known are {', '.join(KINDS)}")
    if not 1 <= number <= MOST_NUMBER:
        raise ValueError(f"order {number}: numbers go from 1 to {MOST_NUMBER}, Retail Pro takes 9 digits at most")
    rng = random.Random(f"{seed}:{number}:{kind}")
    traits = EVERYTHING if kind == "everything" else frozenset({kind})
    ordered_at = _START + number * _STEP
    *stores, till = rng.sample(sorted(STORES), _store_count(rng, traits) + 1)
    selling_store = till if traits & {"pos", "send_sale"} else None
    parcels = _parcels(rng, number, traits, ordered_at, stores, selling_store)
    units = _units(rng, traits, parcels)
    adjustments = (("DONATION_ADJUSTMENT", 0), *_adjustments(rng, traits, sum(unit.price for unit in units)))
    shopper = rng.randrange(10_000)
    return Sale(number, kind, traits, ordered_at, parcels, units, adjustments, selling_store, shopper)


def usual_kind(seed: int, number: int) -> str:
    """The kind of order `number` in the usual mix."""
    return random.Random(f"{seed}:{number}").choices(list(KINDS), list(KINDS.values()))[0]


def _store_count(rng: random.Random, traits: frozenset[str]) -> int:
    """How many stores ship."""
    if "multi_store" in traits:
        return rng.choice((2, 3))
    if "send_sale" in traits:
        return rng.choice((1, 1, 2))
    return 2 if "same_time" in traits else 1


def _parcels(
    rng: random.Random,
    number: int,
    traits: frozenset[str],
    ordered_at: datetime,
    stores: list[str],
    selling_store: str | None,
) -> tuple[Parcel, ...]:
    """What was handed over; neither in the order of time nor in that of shipment ids."""
    entered_at = ordered_at + timedelta(minutes=2)
    if "pos" in traits and selling_store is not None:
        return (_taken_away(selling_store, entered_at),)
    if "digital_only" in traits:
        return (_digital(entered_at),)
    parcels = _shipped(rng, number, traits, ordered_at, stores)
    if "send_sale" in traits and selling_store is not None and rng.random() < 0.5:
        parcels.append(_taken_away(selling_store, entered_at))
    if "digital_part" in traits:
        last = max(parcel.at for parcel in parcels)
        parcels.append(_digital(rng.choice((entered_at, last + timedelta(hours=1)))))
    rng.shuffle(parcels)
    return tuple(parcels)


def _shipped(
    rng: random.Random, number: int, traits: frozenset[str], ordered_at: datetime, stores: list[str]
) -> list[Parcel]:
    hours = rng.sample(range(5, 120), len(stores))
    ids = [str(_FIRST_SHIPMENT + 10 * number + k) for k in range(len(stores))]
    if "same_time" in traits:
        hours = hours[:1] * len(stores)
        ids = ids[:1] * len(stores) if number % 3 == 0 else ids
    rng.shuffle(ids)
    promised, method, carrier = "STANDARD", "STANDARD", "FEDEX"
    if "pickup" in traits:
        promised, method, carrier = "STOREPICKUP", "STOREPICKUP", "_NA_"
    elif "other_method" in traits:
        promised, method = "NEXT_DAY", "GROUND"
    seconds = timedelta(seconds=rng.randrange(3600))
    return [
        Parcel(
            store,
            ordered_at + timedelta(hours=hour) + seconds,
            shipment_id,
            promised,
            method,
            carrier,
            None if carrier == "_NA_" else f"7946{number:09d}{k}",
        )
        for k, (store, hour, shipment_id) in enumerate(zip(stores, hours, ids, strict=True))
    ]


def _taken_away(store: str, at: datetime) -> Parcel:
    return Parcel(store, at, None, "POS_COMPLETED", "POS_COMPLETED", "_NA_", None)


def _digital(at: datetime) -> Parcel:
    return Parcel(None, at, None, "STANDARD", None, None, None)


def _units(rng: random.Random, traits: frozenset[str], parcels: tuple[Parcel, ...]) -> tuple[Unit, ...]:
    places = _places(rng, traits, parcels)
    lines = max(line for line, _ in places) + 1
    products = {line: _product(rng, parcel) for line, parcel in dict(places).items()}
    prices = [rng.randrange(499, 20_000) for _ in range(lines)]
    rates = rng.choice(_TAXES)
    units = []
    for sequence, (line, parcel) in enumerate(places, 1):
        price, product = prices[line], products[line]
        promotions = _promotions(rng, price) if "item_discount" in traits and (line == 0 or rng.random() < 0.5) else ()
        taxed = price + sum(promotions) if parcel.store else 0
        taxes = tuple((taxed * rate + 5_000) // 10_000 for rate in rates)
        units.append(Unit(sequence, line, product, price, promotions, taxes, parcel))
    return tuple(units)


def _places(rng: random.Random, traits: frozenset[str], parcels: tuple[Parcel, ...]) -> list[tuple[int, Parcel]]:
    """For each unit, its line and its parcel. Every parcel holds something, a digital one beside others one unit."""
    real = [parcel for parcel in parcels if parcel.store] or list(parcels)
    extra = rng.randint(0, max(0, 4 - len(parcels)))
    order = [*parcels, *rng.choices(real, k=extra)]
    rng.shuffle(order)
    places = list(enumerate(order))
    first_real = next(line for line, parcel in places if parcel in real)
    if "quantity" in traits:
        places += [places[first_real]] * rng.randint(1, 2)
    if "multi_store" in traits and rng.random() < 0.5:
        places.append((first_real, next(parcel for parcel in real if parcel != order[first_real])))
    return places


def _product(rng: random.Random, parcel: Parcel) -> Product:
    return rng.choice(PRODUCTS if parcel.store else GIFTS)


def _promotions(rng: random.Random, price: int) -> tuple[int, ...]:
    """One or two, together less than half of the price."""
    first = -(price * rng.choice((5, 10, 25)) // 100)
    return (first, -(price * 3 // 100)) if rng.random() < 0.5 else (first,)


def _adjustments(rng: random.Random, traits: frozenset[str], sub_total: int) -> Iterator[tuple[str, int]]:
    """Those of the whole order, besides the donation of zero that every order has."""
    if "order_discount" in traits:
        yield "EXT_PROMO_ADJUSTMENT", -(sub_total * rng.choice((5, 10, 15)) // 100)
        if rng.random() < 0.5:
            yield "EXT_PROMO_ADJUSTMENT", -rng.randrange(1, 20)
    if "shipping" in traits:
        charge = rng.choice(_CHARGES)
        yield "SHIPPING_CHARGES", charge
        yield "SHIPPING_SALES_TAX", charge * rng.choice((0, 4, 9)) // 100
        yield "SHIPPING_SALES_TAX", 0


def _upc(index: int) -> str:
    """Twelve digits, the last one the check digit."""
    digits = f"2{index:010d}"
    weighted = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(digits))
    return f"{digits}{-weighted % 10}"


PRODUCTS = tuple(Product(str(100_000 + i), _upc(i), f"STYLE-{i:04d}") for i in range(500))
GIFTS = tuple(Product(str(200_000 + i), f"gift{i:07d}", f"GIFT-{i:04d}") for i in range(10))
