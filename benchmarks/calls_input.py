"""What the calls are measured with: bodies of invented orders, records that wait in a ledger, a Retail Pro."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count, islice
from pathlib import Path
from uuid import uuid4

from benchmarks.child import environment
from benchmarks.measure import ROOT
from order_sync import settings
from order_sync.contracts.retailpro_api import document_number
from order_sync.ledger import Arrival, BatchInput, Decision, FileSeen, Ledger, State
from order_sync.transforms.retailpro_invoices import RetailProInvoices
from order_sync.transforms.tlog_frame import SourceRecord
from sandbox.hotwax.completed_orders import CompletedOrders, dump

_AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
_RETAILER = "bench"


def make_bodies(number: int) -> list[bytes]:
    """The invoices of invented orders, as the transform writes them."""
    transform = RetailProInvoices(settings.load("default"), settings.include_folder())
    shop = CompletedOrders(1)
    orders = (shop.order(at, shop.kind_of(at)) for at in count(1))
    records = (SourceRecord(0, at, 0, dump(order)) for at, order in enumerate(orders))
    return list(islice((draft.body for drafts in transform.read(records) for draft in drafts if draft.body), number))


def write_bodies(path: Path, bodies: Sequence[bytes]) -> Path:
    """Write them as the flow publishes them."""
    path.write_bytes(b"[\n" + b",\n".join(bodies) + b"\n]\n")
    return path


def make_ready(book: Ledger, bodies: Sequence[bytes]) -> int:
    """Give the ledger a batch of them, all READY; returns its id."""
    flow = f"bench-{uuid4().hex[:8]}"
    seen = FileSeen(uuid4().hex * 2, sum(map(len, bodies)), "file:///orders.json", "orders.json")
    (file,) = book.record_files(flow, _RETAILER, [seen], at=_AT)
    batch = book.create_batch(
        flow=flow, retailer=_RETAILER, key=uuid4().hex, kind="inbox", window=None, dag_id=flow, run_id="bench",
        files=[BatchInput(file.id, file.first_name, "", None, 0)], at=_AT,
    )  # fmt: skip
    arrivals = [_arrival(file.id, index, body) for index, body in enumerate(bodies)]
    admissions = book.admit(batch, arrivals, at=_AT, who="bench")
    ready = [Decision(admission.record_id or 0, State.READY) for admission in admissions]
    book.decide(batch.id, ready, at=_AT, who="bench")
    return batch.id


def _arrival(file_id: int, index: int, body: bytes) -> Arrival:
    return Arrival(
        order_key=document_number(body), content_hash=hashlib.sha256(body).hexdigest(), updated_ms=None,
        file_id=file_id, record_index=index, offset=0, length=len(body), amount_minor=1_000, currency="USD", lines=1,
        kind="INVOICE", order_date=_AT,
    )  # fmt: skip


@dataclass(frozen=True)
class Partner:
    """A Retail Pro in a process of its own."""

    url: str

    def calls(self) -> int:
        """How many calls reached it so far."""
        with urllib.request.urlopen(f"{self.url}/sandbox/summary", timeout=60) as answer:
            return int(json.load(answer)["calls"])


@contextmanager
def retailpro(folder: Path, latency_ms: int) -> Iterator[Partner]:
    """Start one, and end it afterwards.

    :param latency_ms: between the deed and its answer.
    :raises RuntimeError: it does not start.
    """
    command = [sys.executable, "-m", "sandbox.retailpro", "--no-auth", "--latency-ms", str(latency_ms)]
    command += ["--database", str(folder / f"retailpro-{latency_ms}.sqlite")]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            url = process.stdout.readline().strip() if process.stdout else ""
            if not url:
                raise RuntimeError("The sandbox's Retail Pro did not start.")
            yield Partner(url)
        finally:
            process.terminate()
