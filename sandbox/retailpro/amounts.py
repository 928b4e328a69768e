"""Exact numbers: the published type Float(10,4) as whole ten-thousandths."""

from __future__ import annotations

from decimal import Context, Decimal, Inexact, InvalidOperation

#: Ten-thousandths in one unit of money or quantity.
UNIT = 10_000

_DECIMALS = 4
_DIGITS = 10
_EXACT = Context(prec=28, traps=[Inexact, InvalidOperation])


def ten_thousandths(value: int | Decimal) -> int | None:
    """Read a Float(10,4).

    :param value: the number as it stood in the JSON.
    :returns: its ten-thousandths, or None when it has more than 10 digits or more than 4 of them after the point;
        zeros that end the fraction are not counted.
    """
    if isinstance(value, Decimal):
        if value.adjusted() >= _DIGITS:
            return None
        try:
            scaled = int(_EXACT.to_integral_exact(_EXACT.scaleb(value, _DECIMALS)))
        except (Inexact, InvalidOperation):
            return None
    else:
        scaled = value * UNIT
    return scaled if abs(scaled) < 10**_DIGITS or _digits(abs(scaled)) <= _DIGITS else None


def shown(amount: int) -> Decimal:
    """Show an amount with as few decimals as it needs.

    :param amount: ten-thousandths.
    :returns: the exact number, never in exponential form.
    """
    whole, rest = divmod(abs(amount), UNIT)
    fraction = f".{rest:04d}".rstrip("0") if rest else ""
    return Decimal(f"{'-' if amount < 0 else ''}{whole}{fraction}")


def _digits(scaled: int) -> int:
    """Significant digits of an amount of at least one unit."""
    written = str(scaled)
    fraction = written[-_DECIMALS:].rstrip("0")
    return len(written) - _DECIMALS + len(fraction)
