"""The money of a completed order, exactly: discounts and taxes shared over units, and the lines of the invoice.

Everything is counted in minor units of the currency; what cannot be shared evenly goes to the largest remainders, so
that the parts always add up to the whole. The lines leave in ten-thousandths, which is what Retail Pro takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

import msgspec

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import Adjustment, CompletedOrder, minor_units_of
from order_sync.errors import BadInput
from order_sync.mapping.exact import NUMBER_DECIMALS
from order_sync.mapping.lookups import Lookup
from order_sync.settings import RetailProInvoicing
from order_sync.transforms.invoice_items import Item
from order_sync.yaml_file import wrong

#: What an adjustment can be. Sums of adjustments come in this order, in minor units as they are signed in the feed.
_KINDS = ("tax", "discount", "shipping", "elsewhere")
_NOTHING = (0,) * len(_KINDS)
#: Far above what any field takes, far below 64 bits.
_BEYOND = 10**17
_PRICE = attrgetter("price")


class Run(msgspec.Struct, frozen=True, gc=False):
    """Units of one item that are alike.

    :param price: of one unit after its discounts.
    :param tax: of one unit.
    """

    item: Item
    units: int
    orig_price: int
    price: int
    tax: int


class Line(NamedTuple):
    """A line of the invoice; prices and taxes are of one unit, in ten-thousandths."""

    seq: str
    upc: str | None
    orig_price: int
    orig_tax: int
    price: int
    tax: int
    quantity: int
    store: str | None
    pickup_store: str | None


class Reckoning(msgspec.Struct, frozen=True, gc=False):
    """What an order costs, in minor units; discounts are positive.

    :param runs: its units after all discounts.
    :param order_tax: taxes that belong to no item (on shipping): they stand in the total only.
    """

    runs: Sequence[Run]
    total: int
    discount: int
    shipping: int
    order_tax: int


class Currency(NamedTuple):
    """A currency by its code and its number of decimals."""

    code: str
    decimals: int


class Reckoner:
    """Adds up orders for one retailer.

    :param adjustments: type of adjustment → tax, discount, shipping, or elsewhere: it counts in the total only.
    :raises Stop: the table has another kind; the message names file and line.
    """

    def __init__(self, settings: RetailProInvoicing, adjustments: Lookup) -> None:
        self._kinds = {name: _KINDS.index(kind) for name, kind in adjustments.values.items() if kind in _KINDS}
        self._taxed_prices = settings.prices_include_tax
        self._spread = settings.order_discount == "spread"
        for line, kind in enumerate(adjustments.values.values(), start=2):
            if kind not in _KINDS:
                raise wrong(adjustments.path, line, f"{kind!r} is none of {', '.join(_KINDS)}")

    def reckon(self, order: CompletedOrder, items: Sequence[Item], currency: Currency) -> Reckoning:
        """Share what is to be shared, and check that the order adds up.

        :raises BadInput: ``BAD_MONEY``, ``UNMAPPED_VALUE`` or ``TOTALS_MISMATCH``.
        """
        total = _amount(order.grandTotal, currency, "grandTotal")
        whole = self._sums(order.orderAdjustments, currency, "orderAdjustments")
        tax, discount, shipping, elsewhere = whole_tax, whole_discount, _, _ = whole
        gross, runs = 0, list[Run]()
        for item in items:
            price = _amount(item.source.unitPrice, currency, "unitPrice")
            own = self._sums(item.source.itemAdjustments, currency, "itemAdjustments")
            own_tax, own_discount, own_shipping, own_elsewhere = own
            tax, discount = tax + own_tax, discount + own_discount
            shipping, elsewhere = shipping + own_shipping, elsewhere + own_elsewhere
            gross += price * item.quantity
            runs += _units(item, price, own_discount, own_tax)
        _check(max(gross, tax, shipping, -discount) <= money.LIMIT, "an amount is too large", "unitPrice")
        _check(min(map(_PRICE, runs)) >= 0, "a discount is larger than its item's price", "unitPrice")
        _check(whole_discount <= 0 <= whole_tax, "a discount of the order is positive, or a tax is negative")
        _check(shipping >= 0, "shipping is negative")
        computed = gross + discount + shipping + elsewhere + (0 if self._taxed_prices else tax)
        if computed != total:
            shown = money.show(total, currency.code), money.show(computed, currency.code)
            message = f"grandTotal says {shown[0]}, items and adjustments make {shown[1]}."
            raise BadInput("TOTALS_MISMATCH", message, field="grandTotal")
        if whole_discount and self._spread:
            runs = spread(-whole_discount, runs)
        return Reckoning(runs, total, -discount, shipping, whole_tax)

    def _sums(self, adjustments: Iterable[Adjustment] | None, currency: Currency, path: str) -> Sequence[int]:
        """The adjustments of each kind together."""
        if not adjustments:
            return _NOTHING
        sums, decimals = list(_NOTHING), currency.decimals
        for one in adjustments:
            minor = minor_units_of(str(one.amount), decimals)
            if minor == 0:
                continue
            if minor is None:
                shown = "absent" if one.amount is None else f"{one.amount!s:.20}"
                raise _bad_money(f"{path}: the amount of {one.kind!s:.40} is {shown}", f"{path}.amount")
            kind = self._kinds.get(one.kind or "")
            if kind is None:
                message = f"{path}: {one.kind!r:.60} is not in the lookup table adjustment.csv."
                raise BadInput("UNMAPPED_VALUE", message, field=f"{path}.orderAdjustmentTypeId")
            sums[kind] += minor
        return sums


def _units(item: Item, price: int, discount: int, tax: int) -> Iterable[Run]:
    """The units of an item with their shares of its discount and its tax; of units that are alike one run.

    :param discount: as it is signed in the feed.
    """
    if discount > 0 or tax < 0:
        raise _bad_money(f"item {item.seq:.40}: a discount is positive, or a tax is negative", "itemAdjustments.amount")
    count = item.quantity
    if count == 1:
        return (Run(item, 1, price, price + discount, tax),)
    discount, more_discount = divmod(-discount, count)
    tax, more_tax = divmod(tax, count)
    borders = sorted({0, more_discount, more_tax, count})
    return [
        Run(item, end - start, price, price - discount - (start < more_discount), tax + (start < more_tax))
        for start, end in pairwise(borders)
    ]


def spread(discount: int, runs: Sequence[Run]) -> list[Run]:
    """Take a discount on the whole order off its units, in proportion to their prices; it is used up exactly.

    :param discount: positive.
    :raises BadInput: ``BAD_MONEY``: it is larger than the prices together.
    """
    weight = sum(run.price * run.units for run in runs)
    _check(discount <= weight, "a discount of the order is larger than the prices together", "orderAdjustments.amount")
    shares = [divmod(discount * run.price, weight) for run in runs]
    left = discount - sum(share * run.units for (share, _), run in zip(shares, runs, strict=True))
    more = [0] * len(runs)
    for at in sorted(range(len(runs)), key=lambda at: -shares[at][1]):
        more[at] = min(runs[at].units, left)
        left -= more[at]
    result = []
    for run, (share, _), extra in zip(runs, shares, more, strict=True):
        for count, taken in ((extra, share + 1), (run.units - extra, share)):
            if count:
                result.append(Run(run.item, count, run.orig_price, run.price - taken, run.tax))
    return result


def invoice_lines(runs: Sequence[Run], decimals: int, store: str | None, pickup_methods: frozenset[str]) -> list[Line]:
    """Units of one product, price and place as one line; its tax per unit is exact, or it is more than one line.

    :param store: the store that answers for digital items.
    """
    scale = 10 ** (NUMBER_DECIMALS - decimals)
    places: dict[tuple[str | None, int, int, str | None, str | None], list[Run]] = {}
    for run in runs:
        item = run.item
        origin = store if item.virtual else item.store
        pickup = item.store if item.method in pickup_methods else None
        place = item.upc, run.orig_price, run.price, origin, pickup
        if place in places:
            places[place].append(run)
        else:
            places[place] = [run]
    lines = []
    for (_, orig, price, origin, pickup), alike in places.items():
        first = alike[0].item
        for tax, count in _taxes(alike, scale):
            orig_tax = tax if orig == price else min(scaled_half_even(tax, orig, price), _BEYOND)
            prices = orig * scale, orig_tax, price * scale, tax
            lines.append(Line(first.seq, first.upc, *prices, count, origin, pickup))
    return lines


def _taxes(runs: Sequence[Run], scale: int) -> Iterable[tuple[int, int]]:
    """Taxes per unit in ten-thousandths, each with the number of units that bear it."""
    if len(runs) == 1:
        return ((runs[0].tax * scale, runs[0].units),)
    count = sum(run.units for run in runs)
    each, rest = divmod(sum(run.tax * run.units for run in runs) * scale, count)
    if not rest:
        return ((each, count),)
    by_tax: dict[int, int] = {}
    for run in runs:
        by_tax[run.tax * scale] = by_tax.get(run.tax * scale, 0) + run.units
    return by_tax.items()


def scaled_half_even(value: int, numerator: int, denominator: int) -> int:
    """``value x numerator / denominator``, rounded half to even; the value itself where the denominator is 0."""
    if not denominator or numerator == denominator:
        return value
    whole, rest = divmod(value * numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def _amount(amount: Decimal | None, currency: Currency, path: str) -> int:
    minor = minor_units_of(str(amount), currency.decimals)
    if minor is None or minor < 0:
        raise _bad_money(f"{path} is {'absent' if amount is None else f'{amount!s:.20}'}", path)
    return minor


def _check(holds: bool, message: str, field: str = "orderAdjustments.amount") -> None:
    if not holds:
        raise _bad_money(message, field)


def _bad_money(message: str, field: str) -> BadInput:
    return BadInput("BAD_MONEY", f"{message}.", field=field)
