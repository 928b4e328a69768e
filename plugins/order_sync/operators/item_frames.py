"""How the files of order items are cut into records of one item each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from order_sync.contracts import hotwax_items, netsuite_shipments
from order_sync.contracts.framing import RawRecord
from order_sync.errors import BadInput
from order_sync.operators.batch_reader import split_records

#: Items of HotWax's brokered orders.
brokered_items = split_records(hotwax_items.brokered_items)
#: What facilities shipped of items of HotWax's completed orders.
shipped_items = split_records(hotwax_items.shipped_items)
_elements = split_records(netsuite_shipments.fulfilment_items)


def fulfilments(stream: BinaryIO, name: str, most: int) -> Iterator[RawRecord | BadInput]:
    """The rows of NetSuite's CSV, or the lines of its JSON."""
    if name.lower().endswith(".json"):
        return _elements(stream, name, most)
    return _rows(stream, name, netsuite_shipments.FULFILMENT_COLUMNS)


def rejections(stream: BinaryIO, name: str, _: int) -> Iterator[RawRecord | BadInput]:
    """The rows of NetSuite's CSV."""
    return _rows(stream, name, netsuite_shipments.REJECTION_COLUMNS)


def _rows(stream: BinaryIO, name: str, columns: Sequence[str]) -> Iterator[RawRecord | BadInput]:
    stream.seek(0)
    for index, found in enumerate(netsuite_shipments.csv_records(name, stream.read(), columns)):
        yield found if isinstance(found, BadInput) else RawRecord(index, 0, found)
