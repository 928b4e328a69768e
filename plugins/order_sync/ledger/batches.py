"""Batches: sets of inputs that are transformed and published as one."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import insert_one, insert_rows
from order_sync.ledger.connection import Store, read_batch, to_batch
from order_sync.ledger.rows import Batch, BatchFile, BatchInput
from order_sync.ledger.schema import batch_files, batches, feeds, files, repeats
from order_sync.ledger.states import BATCH_MOVES, BatchState, FeedState, check_moves

#: From here on a batch's outcome has left the house.
_PUBLISHED = (BatchState.PUBLISHED, BatchState.CONFIRMED, BatchState.CLOSED)


class BatchValues(TypedDict, total=False):
    """What may change along with a batch's state."""

    mapping_version: str
    summary: Mapping[str, Any]


class Batches(Store):
    """The part of the ledger that keeps batches."""

    def create_batch(
        self,
        *,
        flow: str,
        retailer: str,
        key: str,
        kind: Literal["inbox", "again", "derived"],
        window: tuple[datetime, datetime] | None,
        dag_id: str,
        run_id: str,
        files: Sequence[BatchInput],
        selection: Sequence[int] = (),
        at: datetime,
    ) -> Batch:
        """Register a batch; the same key again returns the batch that exists, unchanged.

        :param key: business key of the batch within flow and retailer: a hash of its inputs, never a run id.
        :param kind: ``inbox`` for files that arrived, ``again`` for records that were set aside,
            ``derived`` for documents made from the records of another batch.
        :param window: data interval, start inclusive, end exclusive; None for a run without one.
        :param dag_id: who collects it, as a pointer for people.
        :param selection: for kind ``again``: ids of the records to bring again.
        """
        start, end = window or (None, None)
        values: dict[str, Any] = {
            "flow": flow, "retailer": retailer, "key": key, "kind": kind, "state": BatchState.COLLECTED,
            "window_start": start, "window_end": end, "dag_id": dag_id, "run_id": run_id, "mapping_version": "",
            "selection": list(selection), "summary": {}, "created_at": at, "updated_at": at,
        }  # fmt: skip
        with self._writing_flow(flow, retailer) as connection:
            known = sa.select(batches).where(
                batches.c.flow == flow, batches.c.retailer == retailer, batches.c.key == key
            )
            row = connection.execute(known).one_or_none()
            if row is not None:
                return to_batch(row)
            batch_id = insert_one(connection, batches, values)
            insert_rows(connection, batch_files, [_input_row(batch_id, file) for file in files])
            return read_batch(connection, batch_id)

    def batch(self, batch_id: int) -> Batch:
        """Return one batch.

        :raises LookupError: if there is no such batch.
        """
        with self._reading() as connection:
            return read_batch(connection, batch_id)

    def batch_by_key(self, flow: str, retailer: str, key: str) -> Batch | None:
        """Return the batch with a business key, None if there is none."""
        found = self._batches(batches.c.flow == flow, batches.c.retailer == retailer, batches.c.key == key)
        return found[0] if found else None

    def batches_of_run(self, dag_id: str, run_id: str, flow: str) -> list[Batch]:
        """Return the batches that a run collected for a flow, oldest first."""
        return self._batches(batches.c.dag_id == dag_id, batches.c.run_id == run_id, batches.c.flow == flow)

    def batches_of_window(self, flow: str, retailer: str, start: datetime, end: datetime) -> list[Batch]:
        """Return the batches whose data interval is this one or lies within it, oldest first."""
        return self._batches(
            batches.c.flow == flow,
            batches.c.retailer == retailer,
            batches.c.window_start >= start,
            batches.c.window_end <= end,
        )

    def unfinished_batches(self, flow: str, retailer: str) -> list[Batch]:
        """Return the batches that are not CLOSED, oldest first."""
        open_states = [state for state in BatchState if state is not BatchState.CLOSED]
        return self._batches(batches.c.flow == flow, batches.c.retailer == retailer, batches.c.state.in_(open_states))

    def _batches(self, *conditions: sa.ColumnElement[bool]) -> list[Batch]:
        with self._reading() as connection:
            rows = connection.execute(sa.select(batches).where(*conditions).order_by(batches.c.id))
            return [to_batch(row) for row in rows]

    def batch_inputs(self, batch_id: int) -> list[BatchFile]:
        """Return the inputs of a batch with their stored bytes, in their order.

        Inputs with ``duplicate_of`` hold the same bytes as an earlier one and must not be read.
        """
        columns = [files.c.sha256, files.c.size, files.c.uri]
        query = (
            sa.select(batch_files, *columns)
            .join(files, files.c.id == batch_files.c.file_id)
            .where(batch_files.c.batch_id == batch_id)
            .order_by(batch_files.c.position)
        )
        first: dict[int, int] = {}
        inputs = []
        with self._reading() as connection:
            for row in connection.execute(query):
                earlier = first.setdefault(row.file_id, row.position)
                duplicate_of = None if earlier == row.position else earlier
                inputs.append(BatchFile(**row._mapping, duplicate_of=duplicate_of))
        return inputs

    def repeat_places(self, batch_id: int) -> list[tuple[int, int]]:
        """Return file and index of every arrival of a batch that was counted as a repeat."""
        query = sa.select(repeats.c.file_id, repeats.c.record_index).where(repeats.c.batch_id == batch_id)
        with self._reading() as connection:
            return [tuple(row) for row in connection.execute(query)]

    def move_batch(
        self,
        batch_id: int,
        from_states: Collection[BatchState],
        to_state: BatchState,
        *,
        at: datetime,
        **values: Unpack[BatchValues],
    ) -> bool:
        """Move a batch if it stands in one of ``from_states``.

        :param values: ``mapping_version`` and ``summary`` to write along with it.
        :returns: whether it moved; False if it stood elsewhere or does not exist.
        :raises IllegalMoveError: if no rule allows the move.
        """
        check_moves(BATCH_MOVES, from_states, to_state)
        move = (
            sa.update(batches)
            .where(batches.c.id == batch_id, batches.c.state.in_(from_states))
            .values(state=to_state, updated_at=at, **values)
        )
        with self._writing() as connection:
            return connection.execute(move).rowcount == 1

    def set_archived(self, batch_id: int, paths: Mapping[int, str]) -> None:
        """Note where the sources of a batch were moved to at the partner.

        :param paths: position of the input to its new path.
        """
        if not paths:
            return
        note = (
            sa.update(batch_files)
            .where(batch_files.c.batch_id == batch_id, batch_files.c.position == sa.bindparam("place"))
            .values(archived_to=sa.bindparam("path"))
        )
        with self._writing() as connection:
            connection.execute(note, [{"place": position, "path": path} for position, path in paths.items()])

    def is_frozen(self, batch_id: int) -> bool:
        """Return whether the outcome of a batch was promised to a partner, so that no transform may change it."""
        with self._reading() as connection:
            return is_frozen(connection, batch_id)


def is_frozen(connection: Connection, batch_id: int) -> bool:
    """Return whether a batch is published, or the feed that carries its records is promised."""
    published = sa.exists().where(batches.c.id == batch_id, batches.c.state.in_(_PUBLISHED))
    promised = sa.exists().where(
        feeds.c.batch_id == batch_id, feeds.c.carries_records.is_(True), feeds.c.state != FeedState.STAGED
    )
    return bool(connection.scalar(sa.select(sa.or_(published, promised))))


def _input_row(batch_id: int, file: BatchInput) -> dict[str, Any]:
    return {
        "batch_id": batch_id, "position": file.position, "file_id": file.file_id, "name": file.name,
        "folder": file.folder, "mtime": file.mtime, "archived_to": "",
    }  # fmt: skip
