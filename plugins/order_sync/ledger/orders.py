"""The whole way of one order through the ledger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import among
from order_sync.ledger.call_rows import Call
from order_sync.ledger.connection import Store, read_batch
from order_sync.ledger.feeds import read_feed
from order_sync.ledger.responses import read_calls
from order_sync.ledger.rows import Batch, Feed, FileRow, Move, Record, Repeat, Sighting
from order_sync.ledger.schema import calls, file_sightings, files, history, notes, records, repeats


@dataclass(frozen=True)
class VersionStory:
    """One version of an order with all that belongs to it.

    :param file: the bytes it was read from.
    :param sightings: every name and time those bytes were seen under.
    :param batch: the batch that has it now.
    :param feed: the feed that carries it.
    :param moves: its history, oldest first.
    :param repeats: arrivals that were counted as this version.
    :param calls: calls to a partner about it, oldest first.
    """

    record: Record
    file: FileRow
    sightings: tuple[Sighting, ...]
    batch: Batch
    feed: Feed | None
    moves: tuple[Move, ...]
    repeats: tuple[Repeat, ...]
    notes: tuple[str, ...]
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class OrderStory:
    """Everything the ledger knows about one order, its versions oldest first."""

    order_key: str
    versions: tuple[VersionStory, ...]


class Orders(Store):
    """The part of the ledger that tells an order's story."""

    def order_of(self, flow: str, retailer: str, order_key: str) -> OrderStory | None:
        """Return the whole way of one order; None if it was never seen."""
        with self._reading() as connection:
            named = among(connection, records.c.order_key, [order_key])
            query = (
                sa.select(records)
                .where(records.c.flow == flow, records.c.retailer == retailer, named)
                .order_by(records.c.version)
            )
            versions = [_story(connection, Record(**row._mapping)) for row in connection.execute(query).all()]
        return OrderStory(order_key, tuple(versions)) if versions else None


def _story(connection: Connection, record: Record) -> VersionStory:
    file = connection.execute(sa.select(files).where(files.c.id == record.file_id)).one()
    return VersionStory(
        record=record,
        file=FileRow(**file._mapping),
        sightings=tuple(_rows(connection, file_sightings, Sighting, file_sightings.c.file_id == record.file_id)),
        batch=read_batch(connection, record.batch_id),
        feed=None if record.feed_id is None else read_feed(connection, record.feed_id),
        moves=tuple(_rows(connection, history, Move, history.c.record_id == record.id)),
        repeats=tuple(_rows(connection, repeats, Repeat, repeats.c.record_id == record.id)),
        notes=tuple(
            connection.scalars(sa.select(notes.c.text).where(notes.c.record_id == record.id).order_by(notes.c.id))
        ),
        calls=tuple(read_calls(connection, calls.c.record_id == record.id)),
    )


def _rows(connection: Connection, table: sa.Table, shape: type[Any], condition: sa.ColumnElement[bool]) -> list[Any]:
    columns = [table.c[name] for name in shape.__dataclass_fields__]
    query = sa.select(*columns).where(condition).order_by(table.c.id)
    return [shape(**row._mapping) for row in connection.execute(query)]
