"""Peer: this repository's transform with the default retailer's settings, without staging store and ledger."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pandas as pd  # noqa: F401 - pyarrow loads it on first use; here it counts as start-up, as for the other peer

from benchmarks.child import Watch
from order_sync import settings
from order_sync.contracts import framing
from order_sync.transforms.retailpro_invoices import RetailProInvoices
from order_sync.transforms.tlog_frame import SourceRecord


def run(watch: Watch, *, source: str, target: str) -> int:
    """Write the bodies of the orders in `source`; returns how many there are."""
    written = 0
    with watch:
        retailer = settings.load("default")
        transform = RetailProInvoices(retailer, settings.include_folder())
        limit = retailer.retailpro_invoicing.limits.max_record_bytes
        with Path(source).open("rb") as stream, Path(target).open("wb") as bodies:
            for drafts in transform.read(_records(stream, source, limit)):
                for draft in drafts:
                    if draft.body:
                        bodies.write((b",\n" if written else b"[\n") + draft.body)
                        written += 1
            bodies.write(b"\n]\n" if written else b"[]\n")
    return written


def _records(stream: BinaryIO, name: str, most: int) -> Iterator[SourceRecord]:
    ends = array("Q")
    layout = framing.inspect(stream, name, most, ends)
    for record in framing.records(stream, name, layout, most, ends):
        yield SourceRecord(0, record.index, record.offset, record.data)
