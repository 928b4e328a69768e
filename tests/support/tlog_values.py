"""Reads single values out of a decoded TLog, strictly; what the slow reference transform is built on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

#: Digits after the point, by currency.
DECIMALS: dict[str, int] = {"USD": 2, "CAD": 2, "EUR": 2, "GBP": 2, "AUD": 2, "MXN": 2, "JPY": 0, "KRW": 0, "KWD": 3}


class OrderError(Exception):
    """An order that cannot go out, with the code of the cause and the field at fault."""

    def __init__(self, reason: str, field: str) -> None:
        self.reason, self.field = reason, field
        super().__init__(f"{reason}: {field}")


def text(holder: Mapping[str, Any], name: str) -> str:
    """A text without blanks around it; empty when the field is absent or null.

    :raises OrderError: it is something else.
    """
    value = holder.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise OrderError("RECORD_WRONG_TYPE", name)
    return value.strip()


def first(*texts: str) -> str:
    """The first text that is not empty; empty when all are."""
    return next((candidate for candidate in texts if candidate), "")


def block(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A nested object; empty when the field is absent or null.

    :raises OrderError: it is something else.
    """
    value = holder.get(name)
    if not isinstance(value, dict | None):
        raise OrderError("RECORD_WRONG_TYPE", name)
    return value or {}


def entries(holder: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of objects; empty when the field is absent or null.

    :raises OrderError: it is something else.
    """
    value = holder.get(name)
    if not isinstance(value, list | None) or any(not isinstance(entry, dict) for entry in value or ()):
        raise OrderError("RECORD_WRONG_TYPE", name)
    return value or []


def money(holder: Mapping[str, Any], name: str, decimals: int, *, missing: str = "") -> Decimal:
    """An amount, exact.

    :param decimals: of the currency.
    :param missing: what an absent or null field stands for; without it, the field is compulsory.
    :raises OrderError: no number, negative, or finer than the currency.
    """
    value = holder.get(name)
    if value is None and missing:
        return Decimal(missing)
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise OrderError("BAD_MONEY", name)
    amount = Decimal(value)
    if amount < 0 or amount != round(amount, decimals):
        raise OrderError("BAD_MONEY", name)
    return amount


def quantity(line: Mapping[str, Any]) -> int:
    """How many pieces a line sells.

    :raises OrderError: no number, not whole, zero or negative.
    """
    value = line.get("quantity")
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value) or value < 1:
        raise OrderError("BAD_QUANTITY", "orderProductList[].quantity")
    return int(value)


def placed_at(order: Mapping[str, Any]) -> datetime:
    """When the order was placed: epoch milliseconds first, else text, which is UTC although it does not say so.

    :raises OrderError: neither can be read.
    """
    epoch = order.get("orderDate")
    try:
        if epoch is None:
            return datetime.strptime(text(order, "creationDate"), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch)
    except (ValueError, TypeError, OverflowError):
        raise OrderError("BAD_DATE", "creationDate" if epoch is None else "orderDate") from None
