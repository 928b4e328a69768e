"""Peer: this repository's transform with the default retailer's mappings, without staging store and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pandas as pd  # noqa: F401 - pyarrow loads it on first use; here it counts as start-up, as for the other peers

from order_sync import settings
from order_sync.contracts import framing
from order_sync.transforms.predictspring_orders import PredictSpringOrders
from order_sync.transforms.tlog_frame import SourceRecord


def run(source: Path, orders_csv: Path, variance_csv: Path) -> None:
    """Write both feeds of the JSON lines in `source`."""
    retailer = settings.load("default")
    flow = retailer.predictspring_order_sync
    transform = PredictSpringOrders(flow, settings.include_folder(), retailer.name)
    with source.open("rb") as stream, orders_csv.open("wb") as orders, variance_csv.open("wb") as variance:
        orders.write(transform.feed_start())
        variance.write(transform.variance_start())
        first = True
        for mapped in transform.read(_records(stream, source.name, flow.limits.max_record_bytes)):
            accepted = ~mapped.judgement.verdicts.rejected
            part, rows = transform.feed_rows(mapped, accepted, first)
            first = first and not rows
            orders.write(part)
            variance.write(transform.variance_rows(mapped, accepted)[0])
        orders.write(transform.feed_end())


def _records(stream: BinaryIO, name: str, most: int) -> Iterator[SourceRecord]:
    layout = framing.inspect(stream, name, most)
    for record in framing.records(stream, name, layout, most):
        yield SourceRecord(0, record.index, record.offset, record.data)
