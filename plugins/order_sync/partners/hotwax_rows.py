"""Reads the error files of the Data Manager: the refused records, each with HotWax's reason.

A CSV error file holds the columns of the imported file and the reason as an extra last column
(hotwax/oms-documentation, data-manager pages). What a JSON error file looks like is not published; the names under
which a reason may stand are those of HotWax's other answers.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from order_sync.errors import NotSent

_KEYS = ("external-id", "externalId")
_REASONS = ("_ERROR_MESSAGE_", "_ERROR_MESSAGE_LIST_", "errorMessage", "error", "errors", "message")
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class FailedRow:
    """A record that HotWax did not import.

    :param key: the order's external id; None where the record has none.
    :param fields: the record as HotWax gives it back, without the reason.
    :param message: HotWax's reason.
    """

    key: str | None
    fields: dict[str, object]
    message: str


def failed_rows(text: str) -> list[FailedRow]:
    """Read an error file, CSV or JSON.

    :param text: its content, with or without a byte order mark.
    :raises NotSent: if it cannot be read.
    """
    text = text.removeprefix(_BYTE_ORDER_MARK)
    try:
        if text.lstrip()[:1] in ("[", "{"):
            return [_from_json(record) for record in _records(json.loads(text))]
        return list(_from_csv(text))
    except (csv.Error, ValueError, RecursionError) as error:
        raise NotSent(
            f"HotWax's error file cannot be read: {error}.",
            next_step="Open the error file in HotWax (EXIM, Data Manager); if it looks sound, clear the task.",
        ) from error


def _from_csv(text: str) -> Iterator[FailedRow]:
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [name.strip() for name in next(rows, [])]
    for row in rows:
        if not any(row):
            continue
        # Where the header does not name the reason, the row is one longer than the header.
        names = header if len(row) > len(header) else header[:-1]
        fields: dict[str, object] = {name: value for name, value in zip(names, row, strict=False) if name}
        message = row[len(names)] if len(row) > len(names) else ""
        yield FailedRow(_filled(fields.get("external-id")), fields, message.strip())


def _records(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content] if content else []


def _from_json(record: Any) -> FailedRow:
    fields = dict(record) if isinstance(record, dict) else {"record": record}
    reason = next((fields.pop(name) for name in _REASONS if fields.get(name)), "")
    message = "; ".join(map(str, reason)) if isinstance(reason, list) else str(reason)
    return FailedRow(_external_id(fields), fields, message.strip())


def _external_id(record: object) -> str | None:
    """:returns: the external id that stands least deep in the record; of an order in Shopify's shape Shopify's id."""
    order = record.get("order", record) if isinstance(record, dict) else record
    if isinstance(order, dict) and order.get("admin_graphql_api_id"):
        return _filled(order.get("id"))
    level = [record]
    while level:
        for entry in level:
            if isinstance(entry, dict) and (key := next((entry[name] for name in _KEYS if entry.get(name)), None)):
                return _filled(key)
        level = [child for entry in level for child in _children(entry)]
    return None


def _children(entry: object) -> list[object]:
    if isinstance(entry, dict):
        return list(entry.values())
    return entry if isinstance(entry, list) else []


def _filled(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None
