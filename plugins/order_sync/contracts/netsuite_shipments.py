"""What NetSuite's scripts tell of shipments and of items that a facility rejected.

Sources: hotwax/netsuite-integration, HC_MR_ExportedSalesOrderFulfillmentCSV (its CSV is not quoted, and the older one
lacks the last two columns), HC_MR_ExportedSalesOrderFulfillmentJson, HC_MR_ExportedRejectedSalesOrderItemCSV. The JSON
is what HotWax's import ``IMP_ODR_ITM_FLFLMNT`` takes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import msgspec

from order_sync.contracts.hotwax_completed import Id
from order_sync.contracts.hotwax_records import Reader
from order_sync.errors import BadInput


class Fulfilment(msgspec.Struct, gc=False):
    """Pieces of one line that NetSuite shipped; several tracking numbers stand apart by `` | ``."""

    orderId: Id = None
    orderItemSeqId: Id = None
    externalFacilityId: Id = None
    shippedDate: str | None = None
    quantity: Id = None
    trackingNumber: Id = None
    carrier: str | None = None
    shippingMethod: str | None = None


class Rejection(msgspec.Struct, gc=False):
    """A line that a facility will not ship."""

    orderId: Id = None
    orderItemSeqId: Id = None
    rejectionComments: str | None = None
    rejectionReason: str | None = None


fulfilments = Reader(Fulfilment, "fulfilment")
rejections = Reader(Rejection, "rejection")

#: The columns that a file must have; others may be missing, or come on top.
FULFILMENT_COLUMNS = ("orderId", "orderItemSeqId", "externalFacilityId", "shippedDate", "quantity")
REJECTION_COLUMNS = ("orderId", "orderItemSeqId", "rejectionComments", "rejectionReason")

#: How JavaScript writes that there is nothing.
_NOTHING = frozenset({"null", "undefined"})


class _Order(msgspec.Struct, gc=False):
    orderId: Id = None
    items: list[dict[str, msgspec.Raw]] | None = None


class _Element(msgspec.Struct, gc=False):
    orderMap: _Order | None = None


_elements = msgspec.json.Decoder(_Element)


def fulfilment_items(data: bytes) -> list[bytes]:
    """The lines of one element of the JSON file; one that is none stays whole, and reading it tells why."""
    try:
        order = _elements.decode(data).orderMap
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return [data]
    items = (order.items if order else None) or []
    return [msgspec.json.encode({**item, "orderId": order.orderId}) for item in items if order] or [data]


def csv_records(name: str, data: bytes, columns: Sequence[str]) -> Iterator[bytes | BadInput]:
    """The rows of a CSV file as JSON objects; one that is damaged comes as its error and costs nothing but itself.

    :param columns: that it must have, by name.
    :raises BadInput: ``FILE_EMPTY``, ``FILE_ENCODING`` or ``FILE_WRONG_HEADER``.
    """
    try:
        content = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("FILE_ENCODING", f"File {name}: byte {error.start} is not UTF-8.") from error
    rows = csv.reader(io.StringIO(content, newline=""), skipinitialspace=True)
    header = next((row for row in rows if any(row)), None)
    if header is None:
        raise BadInput("FILE_EMPTY", f"File {name}: it holds no data.")
    names = [cell.strip() for cell in header]
    if missing := [column for column in columns if column not in names]:
        raise BadInput("FILE_WRONG_HEADER", f"File {name}: its first line lacks {', '.join(missing)}.")
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            yield BadInput("BAD_ROW", f"line {rows.line_num}: {error}.")
            continue
        if row is None:
            return
        if any(cell.strip() for cell in row):
            yield _record(names, row, rows.line_num)


def _record(names: Sequence[str], row: Sequence[str], line: int) -> bytes | BadInput:
    if len(row) != len(names):
        return BadInput("BAD_ROW", f"line {line}: it has {len(row)} values, {len(names)} are wanted.")
    values = {name: cell.strip() for name, cell in zip(names, row, strict=True)}
    return msgspec.json.encode({name: None if cell in _NOTHING else cell for name, cell in values.items()})
