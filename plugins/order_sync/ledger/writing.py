"""Writing the plan of one admission, in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.arrivals import AdmissionKind, Arrival
from order_sync.ledger.bulk import among, chunks, insert_rows, insert_tuples
from order_sync.ledger.judging import Known, Plan
from order_sync.ledger.known import ARRIVAL_COLUMNS, ids_at
from order_sync.ledger.rows import Batch
from order_sync.ledger.schema import history, records, repeats
from order_sync.ledger.states import RECORD_MOVES, State, check_moves

#: What a record holds before anything was decided about it.
_UNDECIDED: dict[str, Any] = {
    "state": State.SEEN, "reason": "", "field": "", "message": "", "feed_id": None, "partner_ref": "",
    "lease_until": None, "request_hash": "",
}  # fmt: skip
_values = attrgetter(*ARRIVAL_COLUMNS)

_NEVER_TRIED: dict[str, Any] = {"attempts": 0, "fence": 0, "reported_at": None, "solved_reported_at": None}


@dataclass(frozen=True)
class Stamp:
    """When something is done, and by whom, as the history notes it."""

    at: datetime
    who: str


def write(connection: Connection, batch: Batch, plan: Plan, stamp: Stamp) -> None:
    """Write everything that a call decided."""
    _create(connection, batch, plan.created, stamp)
    _adopt(connection, batch, plan.adopted, stamp)
    _update(connection, plan.refreshed, {"updated_at": stamp.at})
    rows = [_repeat(batch.id, arrival, kind, record, stamp.at) for arrival, kind, record in plan.repeats]
    insert_rows(connection, repeats, rows)


def _create(connection: Connection, batch: Batch, created: Sequence[Known], stamp: Stamp) -> None:
    constants = {
        "flow": batch.flow, "retailer": batch.retailer, "batch_id": batch.id, "first_seen_at": stamp.at,
        "updated_at": stamp.at, **_UNDECIDED, **_NEVER_TRIED,
    }  # fmt: skip
    rows = ((record.version, *_values(record.arrival)) for record in created)
    insert_tuples(connection, records, ("version", *ARRIVAL_COLUMNS), rows, constants)
    ids = ids_at(connection, batch.id, [record.arrival for record in created])
    for record in created:
        record.record_id = ids[record.place]
    for chunk in chunks([record.record_id for record in created]):
        note_moves(connection, stamp, [among(connection, records.c.id, chunk)], ("", State.SEEN), "")


def _adopt(connection: Connection, batch: Batch, adopted: Sequence[tuple[Known, Known]], stamp: Stamp) -> None:
    moved = AdmissionKind.MOVED
    left = [
        {**_repeat(before.batch_id, before.arrival, moved, before, stamp.at), "feed_id": before.feed_id}
        for before, _ in adopted
    ]
    insert_rows(connection, repeats, left)
    _update(connection, [after for _, after in adopted], {**_UNDECIDED, "batch_id": batch.id, "updated_at": stamp.at})
    moves = []
    for before, after in adopted:
        check_moves(RECORD_MOVES, [before.state], after.state)
        why = f"brought again in batch {batch.id}, set aside in batch {before.batch_id}"
        moves.append((before.record_id, before.state, after.state, why))
    insert_moves(connection, stamp, moves)


def _update(connection: Connection, changed: Sequence[Known], constants: dict[str, Any]) -> None:
    if not changed:
        return
    columns: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in ARRIVAL_COLUMNS}
    statement = sa.update(records).where(records.c.id == sa.bindparam("record")).values(**constants, **columns)
    names = ("record", *(f"new_{name}" for name in ARRIVAL_COLUMNS))
    rows = [(record.record_id, *_values(record.arrival)) for record in changed]
    connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


def _repeat(batch_id: int, arrival: Arrival, kind: AdmissionKind, record: Known, at: datetime) -> dict[str, Any]:
    return {
        "record_id": record.record_id, "batch_id": batch_id, "file_id": arrival.file_id,
        "record_index": arrival.record_index, "kind": kind.value, "content_hash": arrival.content_hash,
        "amount_minor": arrival.amount_minor, "currency": arrival.currency, "lines": arrival.lines,
        "feed_id": None, "at": at,
    }  # fmt: skip


def insert_moves(connection: Connection, stamp: Stamp, moves: Sequence[tuple[int, State, State, str]]) -> None:
    """Write lines of history.

    :param moves: record id, the state left, the state entered, and why.
    """
    rows = ((record_id, start.value, end.value, why) for record_id, start, end, why in moves)
    columns = ("record_id", "from_state", "to_state", "why")
    insert_tuples(connection, history, columns, rows, {"at": stamp.at, "who": stamp.who})


def note_moves(
    connection: Connection,
    stamp: Stamp,
    chosen: Sequence[sa.ColumnElement[bool]],
    step: tuple[State | Literal[""], State],
    why: str,
) -> None:
    """Write one line of history for each of the records that meet the conditions, in one statement.

    :param step: the state they leave, empty if they come into being, and the one they enter.
    """
    start, end = step
    values = {"at": stamp.at, "from_state": str(start), "to_state": str(end), "who": stamp.who, "why": why}
    literals = [sa.literal(value, history.c[name].type) for name, value in values.items()]
    lines = sa.select(records.c.id, *literals).where(*chosen)
    connection.execute(sa.insert(history).from_select(["record_id", *values], lines))
