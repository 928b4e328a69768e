"""Amounts: whole minor units (cents) in the shop's currency and in the one shown to the customer."""

from __future__ import annotations

from collections.abc import Iterable

#: Amount in the shop's currency and in the presented one, in minor units of each; a list, as JSON gives it back.
Pair = list[int]

_DIGITS = {"JPY": 0, "KWD": 3}
#: Presented minor units for one of the shop's, as a fraction; the shop's currency is taken as US dollars.
_RATES = {"USD": (1, 1), "CAD": (137, 100), "EUR": (92, 100), "JPY": (149, 100), "KWD": (307, 100), "MXN": (1715, 100)}


def digits(currency: str) -> int:
    """How many digits follow the point.

    :param currency: ISO code.
    """
    return _DIGITS.get(currency, 2)


def presented(minor: int, currency: str) -> Pair:
    """An amount with what the customer is shown, rounded down.

    :param minor: in the shop's currency.
    :param currency: that the customer is shown.
    """
    times, by = _RATES[currency]
    return [minor, minor * times // by]


def total(pairs: Iterable[Pair]) -> Pair:
    """The sum.

    :param pairs: amounts.
    """
    shop, shown = 0, 0
    for one, other in pairs:
        shop += one
        shown += other
    return [shop, shown]


def times(pair: Pair, count: int) -> Pair:
    """An amount so many times."""
    return [pair[0] * count, pair[1] * count]


def share(pair: Pair, part: int, whole: int) -> Pair:
    """A part of an amount, rounded down; nothing of nothing.

    :param pair: the amount.
    :param part: how much of it.
    :param whole: what all of it is.
    """
    return [pair[0] * part // whole, pair[1] * part // whole] if whole else [0, 0]


def minus(pair: Pair, other: Pair) -> Pair:
    """The difference."""
    return [pair[0] - other[0], pair[1] - other[1]]


def decimal_text(minor: int, currency: str, *, shortest: bool = True) -> str:
    """An amount as Shopify writes it.

    :param minor: in minor units.
    :param currency: ISO code.
    :param shortest: without zeros at the end but the first: 12.5, 12.0; else with all digits of the currency.
    """
    places = digits(currency)
    sign, units = ("-", -minor) if minor < 0 else ("", minor)
    whole, part = divmod(units, 10**places)
    decimals = f"{part:0{places}d}" if places else ""
    if shortest:
        return f"{sign}{whole}.{decimals.rstrip('0') or '0'}"
    return f"{sign}{whole}.{decimals}" if decimals else f"{sign}{whole}"
