"""Records that a partner has not answered: which they are, what it refused of them, and files that it never got."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import among, chunks
from order_sync.ledger.connection import Store
from order_sync.ledger.decisions import NOT_REPORTED
from order_sync.ledger.feeds import advance_feed, read_feed
from order_sync.ledger.partner_ids import NO_ANSWER, REFUSED
from order_sync.ledger.rows import Feed, Record
from order_sync.ledger.schema import CALLING, UNDER_WAY, feeds, history, records
from order_sync.ledger.states import RECORD_MOVES, FeedState, State, check_moves
from order_sync.ledger.writing import Stamp, note_moves

_AS_FEED = [column for column in feeds.c if column.name not in {"flow", "retailer"}]

#: Since when a record waits: its first move to WAITING after the last one to a state in which it did not.
_LEFT_OFF = (
    sa.select(sa.func.coalesce(sa.func.max(history.c.id), 0))
    .where(history.c.record_id == records.c.id, history.c.to_state.not_in((State.WAITING, State.SEEN)))
    .correlate(records)
    .scalar_subquery()
)
_SINCE = (
    sa.select(sa.func.min(history.c.at))
    .where(history.c.record_id == records.c.id, history.c.to_state == State.WAITING, history.c.id > _LEFT_OFF)
    .correlate(records)
    .scalar_subquery()
    .label("since")
)


class Unanswered(Store):
    """The part of the ledger that knows what a partner still owes an answer for."""

    def standing(self, flow: str, retailer: str, *states: State) -> list[Record]:
        """Return the records of a flow in some of the states between ready and done, in the order in which they came.

        :param states: of WAITING, INTENDED, DELIVERED and UNKNOWN.
        """
        found: list[Record] = []
        with self._reading() as connection:
            for hint in (UNDER_WAY, CALLING):
                query = sa.select(records).where(hint, *_of(flow, retailer), records.c.state.in_(states))
                found += [Record(**row._mapping) for row in connection.execute(query)]
        return sorted(found, key=lambda record: record.id)

    def overdue(self, flow: str, retailer: str, *, before: datetime) -> list[Record]:
        """Return delivered records whose id has not come back although they were delivered before a moment."""
        late = [UNDER_WAY, *_of(flow, retailer), records.c.state == State.DELIVERED, records.c.updated_at < before]
        with self._reading() as connection:
            rows = connection.execute(sa.select(records).where(*late).order_by(records.c.id))
            return [Record(**row._mapping) for row in rows]

    def waiting(self, flow: str, retailer: str) -> list[Record]:
        """Return the records that wait for something else, in the order in which they came."""
        return self.standing(flow, retailer, State.WAITING)

    def waiting_since(self, flow: str, retailer: str, *, before: datetime) -> list[tuple[Record, datetime]]:
        """Return the records that have waited since before a moment, with the moment each of them began to.

        A record that arrived again while it waited has waited all the time.
        """
        waits = [UNDER_WAY, *_of(flow, retailer), records.c.state == State.WAITING, records.c.first_seen_at < before]
        query = sa.select(records, _SINCE).where(*waits).order_by(records.c.id)
        found = []
        with self._reading() as connection:
            for row in connection.execute(query):
                values = dict(row._mapping)
                since = values.pop("since") or values["updated_at"]
                if since < before:
                    found.append((Record(**values), since))
        return found

    def feeds_named(self, flow: str, retailer: str, names: Sequence[str]) -> dict[str, Feed]:
        """Return the feeds of a flow by their names; names that are not known are left out."""
        named = self._feeds(feeds.c.name, sorted(set(names)), _of(flow, retailer, feeds))
        return {feed.name: feed for feed in named}

    def feeds_of_ids(self, ids: Sequence[int]) -> list[Feed]:
        """Return feeds by their ids, oldest first."""
        return self._feeds(feeds.c.id, ids, [])

    def _feeds(self, column: sa.Column[Any], values: Sequence[Any], conditions: list[Any]) -> list[Feed]:
        found: list[Feed] = []
        with self._reading() as connection:
            for chunk in chunks(values):
                query = sa.select(*_AS_FEED).where(among(connection, column, chunk), *conditions).order_by(feeds.c.id)
                found += [Feed(**row._mapping) for row in connection.execute(query)]
        return found

    def refuse_feed(self, feed_id: int, reason: str, message: str, *, at: datetime, who: str) -> int:
        """Set aside what a feed delivered and what has no id yet: the partner complained of the file as a whole.

        :param reason: a code of :data:`~order_sync.reasons.REASONS`.
        :param message: the partner's own words.
        :returns: how many records were set aside.
        :raises IllegalMoveError: if the feed was not published.
        """
        with self._reading() as connection:
            batch_id = read_feed(connection, feed_id).batch_id
        with self._writing_batch(batch_id) as (connection, _):
            feed = read_feed(connection, feed_id)
            refused = _refuse(connection, [records.c.feed_id == feed_id], reason, message, Stamp(at, who))
            if feed.state is not FeedState.REFUSED and refused:
                advance_feed(connection, feed, FeedState.REFUSED)
        return refused

    def refuse_records(self, ids: Sequence[int], reason: str, message: str, *, at: datetime, who: str) -> int:
        """Set aside delivered records of one flow; those that stand elsewhere by now are left alone.

        :param message: why.
        :returns: how many were set aside.
        """
        if not ids:
            return 0
        with self._reading() as connection:
            place = connection.execute(
                sa.select(records.c.flow, records.c.retailer).where(records.c.id == ids[0])
            ).one()
        with self._writing_flow(*place) as connection:
            return sum(
                _refuse(connection, [among(connection, records.c.id, chunk)], reason, message, Stamp(at, who))
                for chunk in chunks(ids)
            )

    def refusals_of(self, record_ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return why records were set aside that the partner had in its hands: reason and message, the last ones.

        A record that was never refused, and never asked for again for lack of an answer, is left out.
        """
        found: dict[int, tuple[str, str]] = {}
        refused = sa.or_(*(history.c.why.startswith(f"{reason}: ", autoescape=True) for reason in (REFUSED, NO_ANSWER)))
        with self._reading() as connection:
            for chunk in chunks(record_ids):
                moves = [among(connection, history.c.record_id, chunk), history.c.to_state == State.QUARANTINED]
                query = sa.select(history.c.record_id, history.c.why).where(*moves, refused).order_by(history.c.id)
                for row in connection.execute(query):
                    reason, _, message = row.why.partition(": ")
                    found[row.record_id] = (reason, message)
        return found

    def put_again(self, feed_id: int, *, at: datetime, who: str) -> int:
        """Note that a published feed was lost and lies at the partner once more: its records are delivered now.

        :returns: how many of its records wait for their ids.
        """
        step = (State.DELIVERED, State.DELIVERED)
        check_moves(RECORD_MOVES, step[:1], step[1])
        with self._reading() as connection:
            batch_id = read_feed(connection, feed_id).batch_id
        with self._writing_batch(batch_id) as (connection, _):
            connection.execute(sa.update(feeds).where(feeds.c.id == feed_id).values(published_at=at))
            chosen = (records.c.feed_id == feed_id, records.c.state == State.DELIVERED)
            note_moves(connection, Stamp(at, who), chosen, step, "its file was lost and lies there once more")
            return connection.execute(sa.update(records).where(*chosen).values(updated_at=at)).rowcount


def _of(flow: str, retailer: str, table: sa.Table = records) -> list[Any]:
    return [table.c.flow == flow, table.c.retailer == retailer]


def _refuse(connection: Connection, which: Sequence[Any], reason: str, message: str, stamp: Stamp) -> int:
    step = (State.DELIVERED, State.QUARANTINED)
    check_moves(RECORD_MOVES, step[:1], step[1])
    chosen = (*which, records.c.state == State.DELIVERED)
    note_moves(connection, stamp, chosen, step, f"{reason}: {message}")
    change: dict[str, Any] = {"state": State.QUARANTINED, "reason": reason, "field": "", "message": message}
    change |= {"updated_at": stamp.at, **NOT_REPORTED}
    return connection.execute(sa.update(records).where(*chosen).values(change)).rowcount
