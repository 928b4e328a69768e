"""Values as NetSuite reads them: exact money, dates, yes and no, references."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from typing import Any, NoReturn

from sandbox.netsuite.csv_table import RecordError
from sandbox.netsuite.settings import DateOrder

_NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_YES, _NO = {"t", "true", "yes"}, {"", "f", "false", "no"}
_ID_DIGITS = 15

#: Most characters of text fields.
LENGTHS = {
    "firstName": 32,
    "lastName": 32,
    "email": 254,
    "orderId": 45,
    "orderNote": 999,
    "addressee": 83,
    "address1": 150,
    "address2": 150,
    "city": 50,
    "zip": 36,
    "billingAddressee": 83,
    "billingAddress1": 150,
    "billingAddress2": 150,
    "billingCity": 50,
    "billingZip": 36,
}


def number(text: str, field: str) -> str:
    """Check an exact number.

    :param text: digits, perhaps a sign and a point; no thousands separator, no currency.
    :param field: its column.
    :returns: the same text, blank when it is blank.
    :raises RecordError: it is something else.
    """
    if text and not _NUMBER.fullmatch(text):
        raise RecordError(f"Please enter a valid number for {field}: {text}")
    return text


def quantity(text: str) -> str:
    """Check a quantity, which must be above 0.

    :param text: as in :func:`number`.
    :raises RecordError: it is not.
    """
    if not text or Decimal(number(text, "quantity")) <= 0:
        raise RecordError(f"Invalid number (must be positive): {text}")
    return text


def discount(text: str) -> str:
    """Check an order-level discount: an amount or a percentage.

    :param text: for example ``-10.00`` or ``-10%``.
    :raises RecordError: it is neither.
    """
    number(text.removesuffix("%") or text, "rate")
    return text


def day(text: str, order: DateOrder) -> str:
    """Read a date.

    :param text: as the account writes dates, zeros in front or not.
    :param order: of day and month.
    :returns: ISO 8601.
    :raises RecordError: there is no such day.
    """
    if parts := _DATE.fullmatch(text):
        first, second, year = map(int, parts.groups())
        month, day_of_month = (first, second) if order == "M/D/YYYY" else (second, first)
        try:
            return date(year, month, day_of_month).isoformat()
        except ValueError:
            pass
    raise RecordError(f"Invalid date value (must be {order}): {text}")


def flag(text: str, field: str) -> bool:
    """Read yes or no; blank is no.

    :param text: T, F, true, false, yes or no in any case.
    :param field: its column.
    :raises RecordError: it is something else.
    """
    word = text.lower()
    if word not in _YES | _NO:
        raise RecordError(f"Invalid value for {field}: {text}")
    return word in _YES


def check_lengths(values: dict[str, str]) -> None:
    """Check that no text is too long.

    :param values: by column name.
    :raises RecordError: one is.
    """
    for name, most in LENGTHS.items():
        if len(values.get(name, "")) > most:
            raise RecordError(
                f"The field {name.lower()} contained more than the maximum number ( {most} ) of characters allowed."
            )


def internal_id(text: str) -> int | None:
    """Read an internal id.

    :param text: digits and nothing else.
    :returns: the number, None for what is none.
    """
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS else None


def js_number(value: object) -> Decimal | None:
    """A value of JSON as JavaScript compares it with a number.

    :param value: text, number or anything else.
    :returns: the exact number, None for what is none.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    if isinstance(value, str):
        value = value.strip()
        return Decimal(value) if _NUMBER.fullmatch(value) else None
    return Decimal(value)


def read_json(content: bytes) -> Any:
    """Read JSON; numbers stay exact.

    :param content: the bytes.
    :raises ValueError: it is no JSON in UTF-8.
    """
    try:
        document = json.loads(content.decode(), parse_float=Decimal, parse_constant=_no_constant)
        json.dumps(document, ensure_ascii=False, default=str).encode()  # half a character, escaped, is no text
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return document


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
