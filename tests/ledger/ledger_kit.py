"""Shorthand for tests of the ledger: batches of made-up orders, and a look at everything it holds."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa

from order_sync.ledger import (
    Admission,
    Arrival,
    Batch,
    BatchInput,
    BatchState,
    Decision,
    Feed,
    FileRow,
    FileSeen,
    Ledger,
    Record,
    State,
)
from order_sync.ledger.schema import history, metadata, records

#: Where the tests make their ledgers instead of in SQLite files, if it is set.
POSTGRESQL = os.environ.get("LEDGER_PG_URL", "")

FLOW, RETAILER = "predictspring_order_sync", "default"
AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
WHO = "test"


def later(minutes: int) -> datetime:
    """Some minutes after :data:`AT`."""
    return AT + timedelta(minutes=minutes)


def digest(text: str) -> str:
    """A hash to use for content or files."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def seen(name: str, content: str = "", **changes: Any) -> FileSeen:
    """Bytes under a name; the content is the name where none is given."""
    values = {"folder": "predictspring/tlog", "mtime": AT, **changes}
    return FileSeen(digest(content or name), 4_000, f"file:///staging/{name}", name, **values)


def ready(*record_ids: int | None) -> list[Decision]:
    """READY for each of the records."""
    return [Decision(record_id or 0, State.READY) for record_id in record_ids]


def set_aside(record_id: int | None, message: str = "10.00 against 9.00", reason: str = "TOTALS_MISMATCH") -> Decision:
    """QUARANTINED for one record."""
    return Decision(record_id or 0, State.QUARANTINED, reason, "totalAmount", message)


def left_out(record_id: int | None) -> Decision:
    """EXCLUDED for one record."""
    return Decision(record_id or 0, State.EXCLUDED, "IN_STORE_SYNC_OFF")


class Kit:
    """The calls of a ledger, with everything that a test does not care about filled in."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._numbers = count(1)

    def file(self, name: str = "", content: str = "") -> FileRow:
        """Register one file; a new one where no name is given."""
        return self.ledger.record_file(FLOW, RETAILER, seen(name or f"tlog-{next(self._numbers)}.json", content), at=AT)

    def batch(self, *files: FileRow, key: str = "", **changes: Any) -> Batch:
        """Register a batch of files; of one new file where none is given."""
        inputs = [
            BatchInput(file.id, file.first_name, "predictspring/tlog", AT, position)
            for position, file in enumerate(files or [self.file()])
        ]
        values = {
            "flow": FLOW,
            "retailer": RETAILER,
            "key": key or f"batch-{next(self._numbers)}",
            "kind": "inbox",
            "window": (AT, later(15)),
            "dag_id": "predictspring_order_sync",
            "run_id": "scheduled__1",
            "files": inputs,
            "at": AT,
        }
        return self.ledger.create_batch(**{**values, **changes})

    def arrival(self, batch: Batch, index: int, key: str, content: str = "a", **changes: Any) -> Arrival:
        """A record in the first file of a batch."""
        values = {
            "order_key": key,
            "content_hash": digest(content),
            "updated_ms": 1_788_000_000_000,
            "file_id": self.ledger.batch_inputs(batch.id)[0].file_id,
            "record_index": index,
            "offset": index * 4_000,
            "length": 4_000,
            "amount_minor": 1_000,
            "currency": "USD",
            "lines": 2,
            "kind": "IN_STORE",
            "order_date": AT,
        }
        return Arrival(**{**values, **changes})

    def admit(self, batch: Batch, *arrivals: Arrival, **changes: Any) -> list[Admission]:
        """Take records in."""
        return self.ledger.admit(batch, arrivals, **{"at": AT, "who": WHO, **changes})

    def take(self, batch: Batch, *keys: str, content: str = "a") -> list[Admission]:
        """Take records in that differ by their keys only."""
        arrivals = [self.arrival(batch, index, key, content) for index, key in enumerate(keys)]
        return self.admit(batch, *arrivals)

    def decide(self, batch: Batch, *decisions: Decision, at: datetime = AT) -> int:
        """Write verdicts."""
        return self.ledger.decide(batch.id, decisions, at=at, who=WHO)

    def transformed(self, *keys: str, content: str = "a") -> tuple[Batch, list[int]]:
        """A batch whose records are all READY, and their ids."""
        batch = self.batch()
        ids = [admission.record_id or 0 for admission in self.take(batch, *keys, content=content)]
        self.decide(batch, *ready(*ids))
        return batch, ids

    def feed(self, batch: Batch, name: str = "", **changes: Any) -> Feed:
        """Register an order feed of whatever is READY, and attach the records."""
        sending = self.ledger.equation(batch.id).sending
        values = {
            "target": "order_feed",
            "name": name or f"feed-{batch.id}.csv",
            "sha256": digest(f"feed {batch.id}"),
            "uri": f"file:///staging/feed-{batch.id}.csv",
            "rows": sending.lines,
            "orders": sending.count,
            "amounts": sending.amounts,
            "carries_records": True,
            "at": AT,
        }
        feed = self.ledger.register_feed(batch.id, **{**values, **changes})
        self.ledger.attach_records_to_feed(feed.id)
        return feed

    def publish(self, batch: Batch) -> Feed:
        """Take a transformed batch to PUBLISHED."""
        feed = self.feed(batch)
        self.ledger.intend_feed(feed.id, remote_path=f"/hotwax/{feed.name}", at=AT, who=WHO)
        states = BatchState.COLLECTED, BatchState.TRANSFORMED, BatchState.PUBLISHED
        self.ledger.move_batch(batch.id, [states[0]], states[1], at=AT)
        self.ledger.move_batch(batch.id, [states[1]], states[2], at=AT)
        return self.ledger.publish_feed(feed.id, at=AT, who=WHO)

    def record(self, key: str, version: int = 1) -> Record:
        """One version of an order."""
        found = self.ledger.records_by_order(FLOW, RETAILER, [key])
        return next(record for record in found if record.version == version)

    def record_of(self, record_id: int) -> Record:
        """One version of an order by its id."""
        (place,) = self.ledger.record_locations([record_id])
        return self.record(place.order_key, place.version)

    def states(self, *keys: str) -> list[State]:
        """State of the first version of each order."""
        return [self.record(key).state for key in keys]

    def moves(self, key: str, version: int = 1) -> list[tuple[str, str]]:
        """The moves of one version of an order."""
        record_id = self.record(key, version).id
        query = sa.select(history.c.from_state, history.c.to_state).where(history.c.record_id == record_id)
        return [tuple(row) for row in self.rows(query.order_by(history.c.id))]

    def versions(self) -> list[tuple[str, int]]:
        """Key and version of every record."""
        query = sa.select(records.c.order_key, records.c.version).order_by(records.c.order_key, records.c.version)
        return [tuple(row) for row in self.rows(query)]

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """What a query finds."""
        with self.ledger._engine.connect() as connection:
            return connection.execute(query).all()

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        tables = metadata.sorted_tables
        return {
            table.name: [tuple(row) for row in self.rows(sa.select(table).order_by(*table.primary_key))]
            for table in tables
        }
