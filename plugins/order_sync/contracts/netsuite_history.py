"""The files in which NetSuite tells which customers it has: one line each, with Shopify's number of the customer.

Source: hotwax/netsuite-integration, the scripts of historical customers, and hotwax/oms-documentation on the first
deployment. The columns are not published: they are found by the names that the settings give them.
"""

from __future__ import annotations

import csv
import io
from typing import NamedTuple

from order_sync.errors import BadInput


class HistoricalCustomer(NamedTuple):
    """One customer.

    :param shopify_id: blank where NetSuite has none; ``party_id``, HotWax's, likewise.
    """

    netsuite_id: str
    shopify_id: str
    party_id: str


class History(NamedTuple):
    """What stands in one file.

    :param customers: those that something leads to, as they came.
    :param strange: numbers of the lines that could not be read, counted from 1.
    """

    customers: list[HistoricalCustomer]
    strange: list[int]


def read(name: str, data: bytes, columns: HistoricalCustomer) -> History:
    """The customers of one file.

    :param name: of the file, for messages.
    :param columns: the names of the columns; the last one need not be there.
    :raises BadInput: ``FILE_EMPTY``, ``FILE_ENCODING`` or ``FILE_WRONG_HEADER``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("FILE_ENCODING", f"File {name}: byte {error.start} is not UTF-8.") from error
    rows = csv.reader(io.StringIO(text, newline=""))
    header = [cell.strip() for cell in next(rows, [])]
    if not header:
        raise BadInput("FILE_EMPTY", f"File {name}: it holds no data.")
    if lacking := [column for column in columns[:2] if column not in header]:
        message = f"File {name}: it has no column {' and no column '.join(lacking)}."
        raise BadInput("FILE_WRONG_HEADER", message)
    places = [header.index(column) if column in header else None for column in columns]
    found = History([], [])
    for cells in rows:
        if not any(map(str.strip, cells)):
            continue
        values = ["" if at is None or at >= len(cells) else cells[at].strip() for at in places]
        if len(cells) != len(header) or not values[0]:
            found.strange.append(rows.line_num)
        elif values[1] or values[2]:
            found.customers.append(HistoricalCustomer(*values))
    return found
