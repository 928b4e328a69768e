"""Reading what the ledger knows about the arrivals of one call, and putting its answers into words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.arrivals import Admission, AdmissionKind, Arrival, PreviousRecord
from order_sync.ledger.bulk import among, chunks
from order_sync.ledger.judging import Known, Outcome, Place, Settled
from order_sync.ledger.rows import Batch
from order_sync.ledger.schema import files, records, repeats
from order_sync.ledger.states import State

#: The columns of a record that come from its arrival, in the order of the fields of :class:`Arrival`.
ARRIVAL_COLUMNS = tuple(Arrival.__slots__)

_COLUMNS = [records.c[name] for name in ("id", "version", "batch_id", "state", "feed_id", *ARRIVAL_COLUMNS)]


def load(
    connection: Connection, batch: Batch, arrivals: Sequence[Arrival]
) -> tuple[dict[Place, Known], dict[Place, Settled], dict[str, list[Known]]]:
    """Read the records and repeats of the batch by place, and every version of every order by key.

    A record that is found both ways is one object in both answers.
    """
    by_id: dict[int, Known] = {}
    mine = {}
    for row in _at_places(connection, records, _COLUMNS, batch.id, arrivals):
        record = _known(row, by_id)
        mine[record.place] = record
    settled = dict(_settled(connection, batch, arrivals, by_id))
    versions: dict[str, list[Known]] = {}
    keys = {arrival.order_key for arrival in arrivals if not _plainly_mine(arrival, mine)}
    for chunk in chunks(list(keys)):
        query = (
            sa.select(*_COLUMNS)
            .where(
                records.c.flow == batch.flow,
                records.c.retailer == batch.retailer,
                among(connection, records.c.order_key, chunk),
            )
            .order_by(records.c.version)
        )
        for row in connection.execute(query):
            versions.setdefault(row.order_key, []).append(_known(row, by_id))
    return mine, settled, versions


def _plainly_mine(arrival: Arrival, mine: dict[Place, Known]) -> bool:
    """Whether other versions of the order do not matter: the batch holds the first one, and at this very place."""
    record = mine.get((arrival.file_id, arrival.record_index))
    return record is not None and record.version == 1 and record.arrival.order_key == arrival.order_key


def ids_at(connection: Connection, batch_id: int, arrivals: Sequence[Arrival]) -> dict[Place, int]:
    """Read the record ids of a batch by place."""
    columns = [records.c.file_id, records.c.record_index, records.c.id]
    return {(row[0], row[1]): row[2] for row in _at_places(connection, records, columns, batch_id, arrivals)}


def answers(connection: Connection, outcomes: Sequence[Outcome]) -> list[Admission]:
    """Put outcomes into words, once every record has its id."""
    file_ids = sorted({outcome.previous.place[0] for outcome in outcomes if outcome.previous})
    uris: dict[int, str] = {}
    for chunk in chunks(file_ids):
        query = sa.select(files.c.id, files.c.uri).where(among(connection, files.c.id, chunk))
        uris |= {row.id: row.uri for row in connection.execute(query)}
    return [_answer(outcome, uris) for outcome in outcomes]


def _answer(outcome: Outcome, uris: dict[int, str]) -> Admission:
    previous = _previous(outcome.previous, uris) if outcome.previous else None
    record = outcome.record
    if record is None:
        return Admission(outcome.kind, None, 0, State.SEEN, None, previous)
    feed_id = outcome.settled.feed_id if outcome.settled else None
    if outcome.kind is AdmissionKind.MINE:
        feed_id = record.feed_id
    return Admission(outcome.kind, record.record_id or None, record.version, record.state, feed_id, previous)


def _previous(record: Known, uris: dict[int, str]) -> PreviousRecord:
    arrival = record.arrival
    return PreviousRecord(
        record_id=record.record_id,
        version=record.version,
        batch_id=record.batch_id,
        file_uri=uris[arrival.file_id],
        record_index=arrival.record_index,
        offset=arrival.offset,
        length=arrival.length,
        content_hash=arrival.content_hash,
        updated_ms=arrival.updated_ms,
        state=record.state,
    )


def _settled(
    connection: Connection, batch: Batch, arrivals: Sequence[Arrival], by_id: dict[int, Known]
) -> Iterator[tuple[Place, Settled]]:
    columns = [repeats.c.file_id, repeats.c.record_index, repeats.c.record_id, repeats.c.kind, repeats.c.feed_id]
    found = _at_places(connection, repeats, columns, batch.id, arrivals)
    for chunk in chunks(sorted({row.record_id for row in found} - by_id.keys())):
        for row in connection.execute(sa.select(*_COLUMNS).where(among(connection, records.c.id, chunk))):
            _known(row, by_id)
    for row in found:
        settled = Settled(AdmissionKind(row.kind), by_id[row.record_id], row.feed_id)
        yield (row.file_id, row.record_index), settled


def _at_places(
    connection: Connection,
    table: sa.Table,
    columns: Iterable[sa.Column[Any]],
    batch_id: int,
    arrivals: Sequence[Arrival],
) -> list[sa.Row[*tuple[Any, ...]]]:
    """Rows of one batch at the places of arrivals, and maybe a few between them."""
    if not arrivals:
        return []
    indexes = [arrival.record_index for arrival in arrivals]
    found: list[sa.Row[*tuple[Any, ...]]] = []
    for chunk in chunks(sorted({arrival.file_id for arrival in arrivals})):
        query = sa.select(*columns).where(
            table.c.batch_id == batch_id,
            among(connection, table.c.file_id, chunk),
            table.c.record_index.between(min(indexes), max(indexes)),
        )
        found += connection.execute(query).all()
    return found


def _known(row: sa.Row[*tuple[Any, ...]], by_id: dict[int, Known]) -> Known:
    known = by_id.get(row[0])
    if known is None:
        known = by_id[row[0]] = Known(row[0], row[1], row[2], row[3], row[4], Arrival(*row[5:]))
    return known
