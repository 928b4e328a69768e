"""How fast the ledger keeps a batch: records per second for each step of its life.

``python -m benchmarks.ledger [--records N] [--write]``. SQLite always; PostgreSQL too where ``LEDGER_PG_URL`` names an
empty database. The tables it makes there stay.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar
from uuid import uuid4

from benchmarks.results import write_section
from order_sync.ledger import (
    Arrival,
    Batch,
    BatchInput,
    Decision,
    FileSeen,
    Ledger,
    State,
    open_ledger,
    upgrade,
)

AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
RECORDS_PER_FILE = 10_000
REJECTED_EVERY = 20

T = TypeVar("T")


_lines: list[str] = []


def main() -> int:
    """Print one table per database; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/results.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(f"sqlite:///{folder}/ledger.db", options.records)
    if "LEDGER_PG_URL" in os.environ:
        measure(os.environ["LEDGER_PG_URL"], options.records)
    _tell("\nCommand: `python -m benchmarks.ledger`.")
    if options.write:
        write_section("ledger", "\n".join(_lines))
    return 0


def _tell(text: str) -> None:
    _lines.append(text)
    print(text, flush=True)


def measure(url: str, count: int) -> None:
    """Take one batch through its life and print what each step cost.

    :param url: where the ledger is to be made.
    :param count: number of records in the batch.
    """
    upgrade(url)
    _tell(f"\n{count:,} records, {url.split(':', maxsplit=1)[0]}\n\n| step | seconds | records/s |\n|---|---:|---:|")
    with open_ledger(url) as ledger:
        flow = f"bench-{uuid4().hex[:8]}"
        batch, arrivals = new_batch(ledger, flow, count)
        answers = timed("admit", count, lambda: ledger.admit(batch, arrivals, at=AT, who="bench"))
        timed("admit again", count, lambda: ledger.admit(batch, arrivals, at=AT, who="bench"))
        verdicts = [verdict(index, answer.record_id or 0) for index, answer in enumerate(answers)]
        timed("decide", count, lambda: ledger.decide(batch.id, verdicts, at=AT, who="bench"))
        timed("decide again", count, lambda: ledger.decide(batch.id, verdicts, at=AT, who="bench"))
        feed_life(ledger, batch, count)
        timed("equation", count, lambda: ledger.equation(batch.id))
        timed("exceptions", count // REJECTED_EVERY, lambda: ledger.exceptions(flow, "bench"))
        other, _ = new_batch(ledger, flow, 1)
        timed("admit repeats", count, lambda: ledger.admit(other, arrivals, at=AT, who="bench"))


def feed_life(ledger: Ledger, batch: Batch, count: int) -> None:
    """Publish and confirm what is READY."""
    ready = ledger.equation(batch.id).sending
    feed = ledger.register_feed(
        batch.id,
        target="order_feed",
        name=f"{batch.flow}.csv",
        sha256="0" * 64,
        uri="file:///feed.csv",
        rows=ready.count,
        orders=ready.count,
        amounts=ready.amounts,
        carries_records=True,
        at=AT,
    )
    timed("attach", count, lambda: ledger.attach_records_to_feed(feed.id))
    timed("intend", count, lambda: ledger.intend_feed(feed.id, remote_path="/in/feed.csv", at=AT, who="bench"))
    timed("publish", count, lambda: ledger.publish_feed(feed.id, at=AT, who="bench"))
    refused = {"order-1": "no such product"}
    timed(
        "confirm",
        count,
        lambda: ledger.confirm_feed(feed.id, refused=refused, partner_log_id="1", at=AT, who="bench"),
    )


def new_batch(ledger: Ledger, flow: str, count: int) -> tuple[Batch, list[Arrival]]:
    """Register files and a batch of them, and make up the records found in them."""
    seen = [
        FileSeen(uuid4().hex * 2, 4_000, "file:///tlog.json", f"tlog-{number}.json")
        for number in range(1 + (count - 1) // RECORDS_PER_FILE)
    ]
    rows = ledger.record_files(flow, "bench", seen, at=AT)
    batch = ledger.create_batch(
        flow=flow,
        retailer="bench",
        key=uuid4().hex,
        kind="inbox",
        window=None,
        dag_id="bench",
        run_id="bench",
        files=[BatchInput(row.id, row.first_name, "", None, position) for position, row in enumerate(rows)],
        at=AT,
    )
    return batch, [arrival(rows[index // RECORDS_PER_FILE].id, index) for index in range(count)]


def arrival(file_id: int, index: int) -> Arrival:
    """Make up one record."""
    return Arrival(
        order_key=f"order-{index}",
        content_hash=f"{index:064x}",
        updated_ms=1_780_000_000_000 + index,
        file_id=file_id,
        record_index=index % RECORDS_PER_FILE,
        offset=index * 4_000,
        length=4_000,
        amount_minor=1_000 + index,
        currency="USD",
        lines=3,
        kind="IN_STORE",
        order_date=AT,
    )


def verdict(index: int, record_id: int) -> Decision:
    """Reject one record in twenty, each with its own words."""
    if index % REJECTED_EVERY:
        return Decision(record_id, State.READY)
    return Decision(record_id, State.QUARANTINED, "TOTALS_MISMATCH", "totalAmount", f"10.00 against {index}.00")


def timed(step: str, count: int, call: Callable[[], T]) -> T:
    """Run one step and print its line."""
    started = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - started
    _tell(f"| {step} | {seconds:.2f} | {count / seconds:,.0f} |")
    return result


if __name__ == "__main__":
    sys.exit(main())
