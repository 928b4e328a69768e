"""The attachment of a failure report: every reject as a row that is safe to open in a spreadsheet."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable
from datetime import UTC

from order_sync.contracts.money import show
from order_sync.reports.failure_report import Group, Item
from order_sync.reports.plain_text import one_line

#: The header row.
COLUMNS = (
    "Order",
    "File",
    "Record",
    "Cause",
    "Field",
    "Message",
    "What to do",
    "Amount",
    "Currency",
    "Order date (UTC)",
    "Store",
    "Reason code",
)

# Spreadsheets run a cell that begins with one of these as a formula; some also read the full-width forms.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# A cell beyond 32,767 characters is cut or refused by spreadsheets.
_LONGEST_CELL = 32_000


def write_csv(groups: Iterable[Group]) -> bytes:
    """All items of the groups as CSV.

    :returns: UTF-8 with a byte order mark (spreadsheets need it to read UTF-8), CRLF line ends, one header row.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(group, item) for group in groups for item in group.items)
    return codecs.BOM_UTF8 + text.getvalue().encode("utf-8")


def harmless(text: str) -> str:
    """A cell that a spreadsheet shows as text whatever it begins with.

    :returns: the text on one line, after an apostrophe where it would be run as a formula.
    """
    shown = one_line(text, _LONGEST_CELL)
    # Both: cleaning takes a dangerous tab away, and lays bare the "=" behind an invisible mark.
    return f"'{shown}" if text.startswith(_FORMULA_STARTS) or shown.startswith(_FORMULA_STARTS) else shown


def _row(group: Group, item: Item) -> tuple[str, ...]:
    return (
        harmless(item.order_id),
        harmless(item.file),
        "" if item.record is None else str(item.record),
        harmless(group.title),
        harmless(item.field),
        harmless(item.message),
        harmless(group.what_to_do),
        # An amount is our own number and stays one, also below zero.
        "" if item.amount is None else show(item.amount.minor, item.amount.currency),
        "" if item.amount is None else harmless(item.amount.currency),
        "" if item.order_date is None else f"{item.order_date.astimezone(UTC):%Y-%m-%d %H:%M:%S}",
        harmless(item.store),
        harmless(item.reason),
    )
