"""Shopify's search syntax: terms with comparators, AND, OR, NOT, a minus, brackets, quotes.

A field that is not known is left out of the search, and a warning says so: the answer then has more orders than were
asked for. ``>`` and ``<`` on dates are taken as ``>=`` and ``<=``, to the second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.shopify.settings import DAYS_WITHOUT_ALL_ORDERS, ShopifySettings

_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<minus>-)?(?:(?P<field>[A-Za-z_]+):)?(?P<sign>[<>]=?)?
    (?P<value>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s()]+))""",
    re.VERBOSE,
)
_DATES = {"created_at", "updated_at", "processed_at", "closed_at"}
_NUMBERS = {"id": "num", "customer_id": "customer_num", "location_id": "location_num"}
_TEXTS = {
    "name": "name",
    "email": "email",
    "source_name": "source_name",
    "channel": "source_name",
    "sales_channel": "source_name",
    "source_identifier": "source_identifier",
    "confirmation_number": "confirmation_number",
    "po_number": "po_number",
    "financial_status": "financial_status",
    "return_status": "return_status",
    "delivery_method": "delivery_method",
    "test": "test",
}
_LISTS = {"tag": "tags", "sku": "skus"}
_SHIPPED = {
    "shipped": "fulfilled",
    "unshipped": "unfulfilled",
    "partial": "partially_fulfilled",
}
_STATUSES = {
    "any": "1",
    "open": "closed_at IS NULL AND cancelled_at IS NULL",
    "closed": "closed_at IS NOT NULL",
    "not_closed": "closed_at IS NULL",
    "cancelled": "cancelled_at IS NOT NULL",
}
_COMPARATORS = {"": "=", ">": ">", "<": "<", ">=": ">=", "<=": "<="}


@dataclass
class Condition:
    """What a search means.

    :param sql: a condition on the index.
    :param values: its parameters.
    :param warnings: what was not understood, as ``extensions.search`` tells it.
    :param names_status: whether it says which status is wanted.
    """

    sql: str = "1"
    values: list[Any] = field(default_factory=list)
    warnings: list[dict[str, str]] = field(default_factory=list)
    names_status: bool = False


class _Reader:
    """Reads one search by recursive descent."""

    def __init__(self, text: str, zone: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._zone = ZoneInfo(zone)
        self.found = Condition()

    def read(self) -> Condition:
        parts = []
        while self._at < len(self._tokens):
            parts.append(self._either())
            self._at += self._word() == ")"
        self.found.sql = _joined("AND", parts)
        return self.found

    def _word(self) -> str:
        """The token at hand where it is a bracket or a connecting word, else blank."""
        if self._at >= len(self._tokens):
            return ""
        token = self._tokens[self._at]
        plain = token["value"] if not (token["field"] or token["sign"] or token["minus"]) else ""
        return str(token["bracket"] or (plain if plain in {"AND", "OR", "NOT"} else "") or "")

    def _either(self) -> str:
        parts = [self._both()]
        while self._word() == "OR":
            self._at += 1
            parts.append(self._both())
        return _joined("OR", parts)

    def _both(self) -> str:
        parts = []
        while self._at < len(self._tokens) and self._word() not in {"OR", ")"}:
            if self._word() == "AND":
                self._at += 1
            else:
                parts.append(self._one())
        return _joined("AND", parts)

    def _one(self) -> str:
        word = self._word()
        if word == "NOT":
            self._at += 1
            return f"NOT ({self._one()})" if self._at < len(self._tokens) else "1"
        if word == "(":
            self._at += 1
            inner = self._either()
            self._at += self._word() == ")"
            return f"({inner})"
        token = self._tokens[self._at]
        self._at += 1
        before = len(self.found.values)
        sql = self._term(token["field"] or "", token["sign"] or "", _unquoted(token["value"]))
        if sql is None:
            del self.found.values[before:]
            return "1"
        return f"NOT ({sql})" if token["minus"] else sql

    def _term(self, name: str, sign: str, value: str) -> str | None:
        if not name:
            self.found.values += [value, value]
            return "(name = ? COLLATE NOCASE OR email = ? COLLATE NOCASE)"
        if name in _DATES:
            return self._date(name, sign, value)
        if name in _NUMBERS:
            return self._number(name, sign, value)
        if name == "status":
            self.found.names_status = True
            if value not in _STATUSES:
                self._warn(name, "invalid_value", f"Input `{value}` is not an accepted value.")
            return _STATUSES.get(value)
        if name == "fulfillment_status":
            self.found.values.append(_SHIPPED.get(value, value))
            return "fulfillment_status = ? COLLATE NOCASE"
        if name in _TEXTS:
            self.found.values.append(value)
            return f"{_TEXTS[name]} = ? COLLATE NOCASE"
        if name.removesuffix("_not") in _LISTS:
            self.found.values.append(f"%\n{value}\n%")
            return f"{_LISTS[name.removesuffix('_not')]} {'NOT ' if name.endswith('_not') else ''}LIKE ?"
        self._warn(name, "invalid_field", "Invalid search field for this query.")
        return None

    def _number(self, name: str, sign: str, value: str) -> str | None:
        digits = value.rpartition("/")[2]
        if not digits.isdecimal():
            self._warn(name, "invalid_value", f"Input `{value}` is not an accepted value.")
            return None
        self.found.values.append(int(digits))
        return f"{_NUMBERS[name]} {_COMPARATORS[sign]} ?"

    def _date(self, name: str, sign: str, value: str) -> str | None:
        span = _seconds(value, self._zone)
        if span is None:
            self._warn(name, "invalid_value", f"Input `{value}` is not an accepted value.")
            return None
        first, last = span
        if sign:
            self.found.values.append(first)
            return f"{name} {sign[0]}= ?"
        self.found.values += [first, last]
        return f"{name} BETWEEN ? AND ?"

    def _warn(self, name: str, code: str, message: str) -> None:
        self.found.warnings.append({"field": name, "message": message, "code": code})


def read_search(text: str, zone: str, default_status: str) -> Condition:
    """Read a search.

    :param text: the `query` argument, blank for every order.
    :param zone: that dates without one are meant in.
    :param default_status: the status that is meant where none is named.
    """
    found = _Reader(text, zone).read()
    if not found.names_status and default_status != "any":
        found.sql = f"({found.sql}) AND ({_STATUSES[default_status]})"
    return found


def orders_wanted(text: str | None, settings: ShopifySettings, now: float) -> Condition:
    """What a search for orders means for this app.

    :param text: the `query` argument.
    :param settings: of the shop.
    :param now: seconds.
    """
    found = read_search(text or "", settings.zone, settings.default_status)
    if "read_all_orders" not in settings.scopes:
        found.sql = f"({found.sql}) AND created_at >= ?"
        found.values.append(int(now) - DAYS_WITHOUT_ALL_ORDERS * 86_400)
    return found


def _tokens(text: str) -> list[dict[str, Any]]:
    return [match.groupdict() for match in _TOKEN.finditer(text.strip())]


def _joined(word: str, parts: list[str]) -> str:
    return "1" if not parts else parts[0] if len(parts) == 1 else f"({f' {word} '.join(parts)})"


def _unquoted(value: str) -> str:
    if value[0] in "'\"" and value[-1] == value[0] and len(value) > 1:
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return re.sub(r"\\(.)", r"\1", value)


def _seconds(value: str, zone: ZoneInfo) -> tuple[int, int] | None:
    """First and last second that a date means; fractions of a second are cut off."""
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
            return int(start.timestamp()), int(end.timestamp()) - 1
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    at = int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
    return at, at
