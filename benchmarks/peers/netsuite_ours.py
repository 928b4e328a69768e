"""Peer: this repository's transform with the default retailer's settings, without staging store and ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import pandas as pd  # noqa: F401 - pyarrow loads it on first use; here it counts as start-up, as for the other peer

from benchmarks.child import Watch
from order_sync import settings
from order_sync.contracts import framing
from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders
from order_sync.transforms.tlog_frame import SourceRecord


def run(watch: Watch, *, source: str, target: str) -> int:
    """Write the rows of the orders in `source`; returns how many there are, without the header."""
    written = 0
    with watch:
        retailer = settings.load("default")
        flow = retailer.netsuite_created_orders
        transform = NetSuiteSalesOrders(flow.rows, settings.include_folder(), retailer.name)
        with Path(source).open("rb") as stream, Path(target).open("wb") as rows:
            rows.write(transform.header())
            for drafts in transform.read(_records(stream, source, flow.limits.max_record_bytes), _nobody):
                for draft in drafts:
                    rows.write(draft.rows)
                    written += draft.row_count
    return written


def _nobody(_: Sequence[str]) -> dict[str, str]:
    """No customer is known but those whose NetSuite id stands in the feed."""
    return {}


def _records(stream: BinaryIO, name: str, most: int) -> Iterator[SourceRecord]:
    layout = framing.inspect(stream, name, most)
    for record in framing.records(stream, name, layout, most):
        yield SourceRecord(0, record.index, record.offset, record.data)
