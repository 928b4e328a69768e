"""The money of a created order, exactly, in minor units: sums of adjustments, and whether it adds up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from order_sync.contracts import money
from order_sync.contracts.hotwax_completed import Adjustment, Payment, minor_units
from order_sync.errors import BadInput
from order_sync.mapping.lookups import Lookup
from order_sync.transforms.invoice_money import Currency
from order_sync.yaml_file import wrong

#: What an adjustment can be, in the order of `Charges`.
_KINDS = ("tax", "discount", "shipping", "elsewhere")


class Charges(NamedTuple):
    """Adjustments by kind, as they are signed in the feed."""

    tax: int = 0
    discount: int = 0
    shipping: int = 0
    elsewhere: int = 0


_NOTHING = Charges()


class Adjustments:
    """Adds up adjustments for one retailer.

    :param table: type of adjustment → tax, discount, shipping, or elsewhere: it counts in the total only.
    :raises Stop: the table has another kind; the message names file and line.
    """

    def __init__(self, table: Lookup) -> None:
        self._kinds = {name: _KINDS.index(kind) for name, kind in table.values.items() if kind in _KINDS}
        for line, kind in enumerate(table.values.values(), start=2):
            if kind not in _KINDS:
                raise wrong(table.path, line, f"{kind!r} is none of {', '.join(_KINDS)}")

    def charges(self, adjustments: Iterable[Adjustment] | None, currency: Currency, path: str) -> Charges:
        """The sums of adjustments of each kind; one type may occur several times.

        :param path: of the adjustments, for messages.
        :raises BadInput: ``BAD_MONEY``, ``UNMAPPED_VALUE``.
        """
        if not adjustments:
            return _NOTHING
        sums = [0] * len(_KINDS)
        for one in adjustments:
            if one.amount is not None and not one.amount:
                continue
            minor = minor_units(one.amount, currency.decimals)
            if minor is None:
                shown = "absent" if one.amount is None else f"{one.amount!s:.20}"
                raise bad_money(f"{path}: the amount of {one.kind!s:.40} is {shown}", f"{path}.amount")
            kind = self._kinds.get(one.kind or "")
            if kind is None:
                message = f"{path}: {one.kind!r:.60} is not in the lookup table adjustment.csv."
                raise BadInput("UNMAPPED_VALUE", message, field=f"{path}.orderAdjustmentTypeId")
            sums[kind] += minor
        tax, discount, shipping, elsewhere = sums
        if tax < 0 or discount > 0:
            raise bad_money(f"{path}: a discount is positive, or a tax is negative", f"{path}.amount")
        return Charges(tax, discount, shipping, elsewhere)

    def is_discount(self, adjustment: Adjustment) -> bool:
        """Whether it is a discount of some amount."""
        return bool(adjustment.amount) and self._kinds.get(adjustment.kind or "") == _KINDS.index("discount")


def amount(value: Decimal | None, currency: Currency, path: str) -> int:
    """An amount that must be there.

    :raises BadInput: ``BAD_MONEY``: it is absent, negative, too large or finer than the currency.
    """
    minor = minor_units(value, currency.decimals)
    if minor is None or minor < 0:
        raise bad_money(f"{path} is {'absent' if value is None else f'{value!s:.20}'}", path)
    return minor


def check_total(total: int, gross: int, charges: Sequence[Charges], currency: Currency, taxed_prices: bool) -> None:
    """See whether an order adds up.

    :param gross: prices times quantities.
    :param charges: of its lines and of the order itself.
    :param taxed_prices: whether prices contain the tax.
    :raises BadInput: ``TOTALS_MISMATCH`` with both amounts, or ``BAD_MONEY``: an amount is beyond any genuine one.
    """
    tax, discount, shipping, elsewhere = map(sum, zip(*charges, strict=True))
    if max(gross, tax, shipping, -discount) > money.LIMIT:
        raise bad_money("an amount is too large", "unitPrice")
    if shipping < 0:
        raise bad_money("shipping is negative", "orderAdjustments.amount")
    computed = gross + discount + shipping + elsewhere + (0 if taxed_prices else tax)
    if computed != total:
        shown = money.show(total, currency.code), money.show(computed, currency.code)
        message = f"grandTotal says {shown[0]}, lines and adjustments make {shown[1]}."
        raise BadInput("TOTALS_MISMATCH", message, field="grandTotal")


def paid(payments: Iterable[Payment] | None, unpaid_statuses: frozenset[str], currency: Currency) -> int:
    """What was paid, of all payments that count.

    :raises BadInput: ``BAD_MONEY``.
    """
    total = 0
    for one in payments or ():
        if one.statusId in unpaid_statuses:
            continue
        minor = minor_units(one.amount, currency.decimals)
        if minor is None:
            message = f"payment {one.paymentMethodTypeId!s:.40}: amount is {one.amount!s:.20}"
            raise bad_money(message, "payments.amount")
        total += minor
    return total


def bad_money(message: str, field: str) -> BadInput:
    """The cause for an amount that cannot be."""
    return BadInput("BAD_MONEY", f"{message}.", field=field)
