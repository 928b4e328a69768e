"""What the reports and the people behind them ask: exceptions, their solutions, and where records lie."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from order_sync.ledger.bulk import among, chunks
from order_sync.ledger.connection import Store
from order_sync.ledger.decisions import LAST_SET_ASIDE
from order_sync.ledger.figures import ExceptionRow
from order_sync.ledger.rows import Record, RecordLocation
from order_sync.ledger.schema import OPEN_EXCEPTION, REPORTED_NOT_SOLVED, batch_files, files, records
from order_sync.ledger.states import State

#: An exception is solved once its record is out of quarantine and back at a verdict.
_SOLVED = (State.READY, State.INTENDED, State.DELIVERED, State.CONFIRMED, State.EXCLUDED)

_FILE_NAME = sa.func.coalesce(
    sa.select(batch_files.c.name)
    .where(batch_files.c.batch_id == records.c.batch_id, batch_files.c.file_id == records.c.file_id)
    .order_by(batch_files.c.position)
    .limit(1)
    .correlate(records)
    .scalar_subquery(),
    files.c.first_name,
).label("file_name")

_EXCEPTION = [
    records.c.id.label("record_id"),
    _FILE_NAME,
    *(
        records.c[name]
        for name in (
            "order_key", "version", "batch_id", "record_index", "state", "reason", "field", "message", "kind", "store",
            "amount_minor", "currency", "order_date", "first_seen_at", "updated_at",
        )
    ),
]  # fmt: skip


class Exceptions(Store):
    """The part of the ledger that answers about records that need a person."""

    def exceptions(
        self,
        flow: str,
        retailer: str,
        *,
        unreported_only: bool = False,
        batch_ids: Collection[int] | None = None,
    ) -> list[ExceptionRow]:
        """Return the records that are set aside or in doubt, in the order in which they came.

        :param unreported_only: leave out what a report has listed already.
        :param batch_ids: only those of these batches.
        """
        conditions: list[sa.ColumnElement[bool] | sa.TextClause] = [OPEN_EXCEPTION]
        if unreported_only:
            conditions.append(records.c.reported_at.is_(None))
        if batch_ids is not None:
            conditions.append(records.c.batch_id.in_(batch_ids))
        return self._exceptions(flow, retailer, conditions)

    def solved_since_report(self, flow: str, retailer: str) -> list[ExceptionRow]:
        """Return the records that a report listed, that are solved now, and of which no report has told so.

        Their reason is the one they were set aside for.
        """
        return self._exceptions(flow, retailer, [REPORTED_NOT_SOLVED, records.c.state.in_(_SOLVED)], solved=True)

    def _exceptions(
        self,
        flow: str,
        retailer: str,
        conditions: Sequence[sa.ColumnElement[bool] | sa.TextClause],
        *,
        solved: bool = False,
    ) -> list[ExceptionRow]:
        query = (
            sa.select(*_EXCEPTION, *([LAST_SET_ASIDE] if solved else []))
            .join(files, files.c.id == records.c.file_id)
            .where(records.c.flow == flow, records.c.retailer == retailer, *conditions)
            .order_by(records.c.id)
        )
        with self._reading() as connection:
            rows = [dict(row._mapping) for row in connection.execute(query)]
        for row in rows if solved else []:
            row["reason"] = (row.pop("set_aside") or "").partition(":")[0]
        return [ExceptionRow(**row) for row in rows]

    def mark_reported(self, record_ids: Sequence[int], *, at: datetime) -> None:
        """Note that a report listed these records as exceptions; those that are none any more are left alone."""
        self._mark(record_ids, [OPEN_EXCEPTION, records.c.reported_at.is_(None)], {"reported_at": at})

    def mark_solved_reported(self, record_ids: Sequence[int], *, at: datetime) -> None:
        """Note that a report told that the exceptions about these records are solved."""
        conditions = [REPORTED_NOT_SOLVED, records.c.state.in_(_SOLVED)]
        self._mark(record_ids, conditions, {"solved_reported_at": at})

    def _mark(self, record_ids: Sequence[int], conditions: Sequence[Any], values: dict[str, datetime]) -> None:
        with self._writing() as connection:
            for chunk in chunks(record_ids):
                connection.execute(
                    sa.update(records).where(among(connection, records.c.id, chunk), *conditions).values(values)
                )

    def unread_files(self, batch_id: int) -> set[int]:
        """Return the ids of the batch's files of which nothing could be read: all they gave is a fault of the file."""
        fault = sa.case((records.c.reason.startswith("FILE_"), 0), else_=1)
        query = (
            sa.select(records.c.file_id)
            .where(records.c.batch_id == batch_id)
            .group_by(records.c.file_id)
            .having(sa.func.sum(fault) == 0)
        )
        with self._reading() as connection:
            return set(connection.scalars(query))

    def open_exception_ids(self, flow: str, retailer: str) -> list[int]:
        """Return the ids of every record that is set aside, in the order in which they came."""
        query = (
            sa.select(records.c.id)
            .where(
                records.c.flow == flow,
                records.c.retailer == retailer,
                OPEN_EXCEPTION,
                records.c.state == State.QUARANTINED,
            )
            .order_by(records.c.id)
        )
        with self._reading() as connection:
            return list(connection.scalars(query))

    def records_by_order(self, flow: str, retailer: str, order_keys: Sequence[str]) -> list[Record]:
        """Return every version of some orders, by key and version; orders that are not known are left out."""
        found: list[Record] = []
        with self._reading() as connection:
            for chunk in chunks(sorted(set(order_keys))):
                query = (
                    sa.select(records)
                    .where(
                        records.c.flow == flow,
                        records.c.retailer == retailer,
                        among(connection, records.c.order_key, chunk),
                    )
                    .order_by(records.c.order_key, records.c.version)
                )
                found += [Record(**row._mapping) for row in connection.execute(query)]
        return found

    def record_locations(self, record_ids: Sequence[int]) -> list[RecordLocation]:
        """Return where the raw bytes of records lie, by id; ids that are not known are left out."""
        names = (
            "order_key",
            "version",
            "state",
            "content_hash",
            "batch_id",
            "file_id",
            "record_index",
            "offset",
            "length",
        )
        columns = [records.c[name] for name in names]
        found: list[RecordLocation] = []
        with self._reading() as connection:
            for chunk in chunks(sorted(set(record_ids))):
                query = (
                    sa.select(records.c.id.label("record_id"), *columns, files.c.sha256, files.c.uri, _FILE_NAME)
                    .join(files, files.c.id == records.c.file_id)
                    .where(among(connection, records.c.id, chunk))
                    .order_by(records.c.id)
                )
                found += [RecordLocation(**row._mapping) for row in connection.execute(query)]
        return found
