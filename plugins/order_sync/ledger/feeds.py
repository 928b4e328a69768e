"""Feeds: the output files of a batch, and the records that travel with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.errors import Stop
from order_sync.ledger.bulk import among, chunks, insert_one
from order_sync.ledger.connection import Store
from order_sync.ledger.counting import tally_by
from order_sync.ledger.decisions import NOT_REPORTED
from order_sync.ledger.figures import Tally, difference
from order_sync.ledger.rows import Batch, Feed
from order_sync.ledger.schema import feeds, records, repeats
from order_sync.ledger.states import FEED_MOVES, RECORD_MOVES, FeedState, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves, note_moves


class NameTaken(Stop):
    """A feed of another batch has this name already: choose another one."""


@dataclass(frozen=True)
class Confirmation:
    """What a partner's evidence did to a feed.

    :param confirmed: how many of its records the partner took.
    :param refused: how many it refused.
    :param unmatched: refused keys that are not in the feed.
    """

    feed: Feed
    confirmed: int
    refused: int
    unmatched: tuple[str, ...]


#: What a feed holds before it is promised.
_STAGED = {"state": FeedState.STAGED, "remote_path": "", "published_at": None, "partner_log_id": ""}


class Feeds(Store):
    """The part of the ledger that keeps output files."""

    def register_feed(
        self,
        batch_id: int,
        *,
        target: str,
        name: str,
        sha256: str,
        uri: str,
        rows: int,
        orders: int,
        amounts: Mapping[str, int],
        carries_records: bool,
        at: datetime,
    ) -> Feed:
        """Register an output file that lies in the staging store.

        One of the same batch and target is replaced, as long as it was not promised to the partner. One that was
        is returned as it is, if the bytes are the same: its name and path stay.

        :param target: which of the batch's outputs it is, e.g. ``order_feed``.
        :param rows: number of rows in it.
        :param orders: number of records in it; for a feed that carries records checked by :meth:`intend_feed`.
        :param amounts: money of those records, currency to minor units; checked in the same way.
        :param carries_records: whether the records of the batch move with this feed; for one target per batch.
        :raises NameTaken: if another feed has that name, of any target of its kind (what stands before ``#``).
        :raises Stop: if other bytes were promised to the partner under this batch and target.
        """
        values = {
            "name": name, "sha256": sha256, "uri": uri, "rows": rows, "orders": orders, "amounts": dict(amounts),
            "carries_records": carries_records,
        }  # fmt: skip
        with self._writing_batch(batch_id) as (connection, batch):
            return _stage(connection, batch, target, values, at)

    def feeds_of_batch(self, batch_id: int) -> list[Feed]:
        """Return the feeds of a batch, oldest first."""
        with self._reading() as connection:
            return read_feeds(connection, [batch_id])

    def drop_staged_feed(self, batch_id: int, target: str) -> None:
        """Forget a feed that nobody was promised: the batch, computed again, has nothing for that target any more."""
        with self._writing_batch(batch_id) as (connection, _):
            staged = sa.select(feeds.c.id).where(
                feeds.c.batch_id == batch_id, feeds.c.target == target, feeds.c.state == FeedState.STAGED
            )
            for feed_id in connection.scalars(staged).all():
                connection.execute(sa.update(records).where(records.c.feed_id == feed_id).values(feed_id=None))
                connection.execute(sa.delete(feeds).where(feeds.c.id == feed_id))

    def attach_records_to_feed(self, feed_id: int, order_keys: Sequence[str] | None = None) -> int:
        """Note the feed in every READY record of its batch, or in those of some orders.

        Does nothing once the feed is promised, or if it carries no records.

        :param order_keys: the orders in it, where a batch makes several files of one kind; None: all.
        :returns: how many records the feed carries now.
        """
        with self._writing_feed(feed_id) as (connection, feed):
            if feed.carries_records and feed.state is FeedState.STAGED:
                ready = [records.c.batch_id == feed.batch_id, records.c.state == State.READY]
                if order_keys is None:
                    connection.execute(sa.update(records).where(*ready).values(feed_id=feed_id))
                for chunk in chunks(order_keys or ()):
                    mine = among(connection, records.c.order_key, chunk)
                    connection.execute(sa.update(records).where(*ready, mine).values(feed_id=feed_id))
            return _count(connection, feed_id)

    def intend_feed(self, feed_id: int, *, remote_path: str, at: datetime, who: str) -> Feed:
        """Note, before the upload begins, that the feed is about to be put at ``remote_path``; its records follow.

        :returns: the feed; if it was intended before, with the path of that time, which stays the one to use.
        :raises Stop: if the records it carries are not those that its ``orders`` and ``amounts`` tell of.
        """
        with self._writing_feed(feed_id) as (connection, feed):
            if feed.state is not FeedState.STAGED:
                return feed
            _check_load(connection, feed)
            advance_feed(connection, feed, FeedState.INTENDED, remote_path=remote_path)
            _move_records(
                connection, feed, Stamp(at, who), (State.READY, State.INTENDED), f"about to be put at {remote_path}"
            )
            return read_feed(connection, feed_id)

    def publish_feed(self, feed_id: int, *, at: datetime, who: str) -> Feed:
        """Note that the feed lies complete under its final name at the partner; its records are delivered.

        :returns: the feed; unchanged if it was published before.
        :raises IllegalMoveError: if it was never intended.
        """
        with self._writing_feed(feed_id) as (connection, feed):
            if feed.state in {FeedState.PUBLISHED, FeedState.CONFIRMED, FeedState.REFUSED}:
                return feed
            advance_feed(connection, feed, FeedState.PUBLISHED, published_at=at)
            _move_records(connection, feed, Stamp(at, who), (State.INTENDED, State.DELIVERED), f"in {feed.name}")
            return read_feed(connection, feed_id)

    def confirm_feed(
        self,
        feed_id: int,
        *,
        refused: Mapping[str, str],
        partner_log_id: str,
        at: datetime,
        who: str,
        reason: str = "HOTWAX_REFUSED",
    ) -> Confirmation:
        """Note what the partner says it did with the feed.

        Its records become CONFIRMED, or QUARANTINED where the partner refused them. The feed becomes REFUSED if none
        of it was taken; a feed that carries no records, if anything was refused.

        :param refused: order key to the partner's own words.
        :param partner_log_id: the partner's evidence.
        :param reason: the code that refused records get.
        :returns: the outcome; that of the first call, if it was noted before.
        :raises IllegalMoveError: if the feed was not published.
        """
        with self._writing_feed(feed_id) as (connection, feed):
            if feed.state not in {FeedState.CONFIRMED, FeedState.REFUSED}:
                stamp = Stamp(at, who)
                _refuse(connection, feed, stamp, refused, reason)
                step = (State.DELIVERED, State.CONFIRMED)
                taken = _move_records(connection, feed, stamp, step, f"imported, log {partner_log_id}")
                state = FeedState.REFUSED if refused and not taken else FeedState.CONFIRMED
                advance_feed(connection, feed, state, partner_log_id=partner_log_id)
            carried = _carried_keys(connection, feed_id, list(refused))
            unmatched = tuple(sorted(refused.keys() - carried))
            confirmed = _count(connection, feed_id, State.CONFIRMED)
            total = _count(connection, feed_id) + _moved_on(connection, feed_id)
            return Confirmation(read_feed(connection, feed_id), confirmed, total - confirmed, unmatched)

    @contextmanager
    def _writing_feed(self, feed_id: int) -> Iterator[tuple[Connection, Feed]]:
        with self._reading() as connection:
            batch_id = read_feed(connection, feed_id).batch_id
        with self._writing_batch(batch_id) as (connection, _):
            yield connection, read_feed(connection, feed_id)


def read_feeds(connection: Connection, batch_ids: list[int]) -> list[Feed]:
    """Return the feeds of some batches, oldest first."""
    query = sa.select(*_FEED).where(feeds.c.batch_id.in_(batch_ids)).order_by(feeds.c.id)
    return [Feed(**row._mapping) for row in connection.execute(query)]


_FEED = [column for column in feeds.c if column.name not in {"flow", "retailer"}]


def read_feed(connection: Connection, feed_id: int) -> Feed:
    """Return one feed.

    :raises LookupError: if there is no such feed.
    """
    row = connection.execute(sa.select(*_FEED).where(feeds.c.id == feed_id)).one_or_none()
    if row is None:
        raise LookupError(f"The ledger has no feed {feed_id}.")
    return Feed(**row._mapping)


def _stage(connection: Connection, batch: Batch, target: str, values: Mapping[str, Any], at: datetime) -> Feed:
    query = sa.select(feeds).where(feeds.c.batch_id == batch.id, feeds.c.target == target)
    row = connection.execute(query).one_or_none()
    if row is not None and row.state is not FeedState.STAGED:
        return _promised(row, values["sha256"])
    place = {"flow": batch.flow, "retailer": batch.retailer, "target": target}
    _check_name(connection, {**place, "name": values["name"]}, batch.id)
    if row is not None:
        connection.execute(sa.update(feeds).where(feeds.c.id == row.id).values(values))
        return read_feed(connection, row.id)
    born = {**_STAGED, **values, **place, "batch_id": batch.id, "created_at": at}
    return read_feed(connection, insert_one(connection, feeds, born))


def _promised(row: sa.Row[Any], sha256: str) -> Feed:
    if row.sha256 != sha256:
        raise Stop(
            f"Feed {row.name} of batch {row.batch_id} was promised to the partner with SHA-256 {row.sha256}; "
            f"now the batch gives {sha256}.",
            next_step="Nothing was sent. Find what changed (mapping, lookup tables, code); bring changed orders again "
            "as a new batch.",
        )
    return Feed(**{column.name: row._mapping[column.name] for column in _FEED})


def _check_name(connection: Connection, place: Mapping[str, str], batch_id: int) -> None:
    """Refuse a name that another file of its kind has: ``sales_orders#2`` lies in the folder of ``sales_orders#1``."""
    same = [feeds.c[column] == place[column] for column in ("flow", "retailer", "name")]
    for other in connection.execute(sa.select(feeds.c.batch_id, feeds.c.target).where(*same)):
        if tuple(other) == (batch_id, place["target"]) or _kind(other.target) != _kind(place["target"]):
            continue
        raise NameTaken(
            f"The name {place['name']} of batch {batch_id}'s {place['target']} belongs to batch {other.batch_id} "
            "already.",
            next_step="Run the task again: it takes a name with a later time.",
        )


def _kind(target: str) -> str:
    return target.partition("#")[0]


def _check_load(connection: Connection, feed: Feed) -> None:
    """Compare what the bytes hold with what the ledger is about to call delivered."""
    if not feed.carries_records:
        return
    lines = tally_by(connection, records, (), records.c.feed_id == feed.id)
    carried = sum((tally for _, tally in lines), Tally())
    fault = difference("in the file", Tally(feed.orders, feed.amounts), "attached", carried)
    if fault:
        raise Stop(
            f"Feed {feed.name} of batch {feed.batch_id} does not hold what the ledger attached to it: {fault}.",
            next_step="Nothing was sent. Run the transform of this batch again; if they still differ, report a bug.",
        )


def _count(connection: Connection, feed_id: int, state: State | None = None) -> int:
    query = sa.select(sa.func.count()).select_from(records).where(records.c.feed_id == feed_id)
    if state is not None:
        query = query.where(records.c.state == state)
    return connection.scalar(query) or 0


def _moved_on(connection: Connection, feed_id: int) -> int:
    query = sa.select(sa.func.count()).select_from(repeats).where(repeats.c.feed_id == feed_id)
    return connection.scalar(query) or 0


def _carried_keys(connection: Connection, feed_id: int, keys: list[str]) -> set[str]:
    """Those of the keys whose records are in the feed, or were when it was published."""
    found: set[str] = set()
    moved_on = sa.select(repeats.c.record_id).where(repeats.c.feed_id == feed_id)
    for chunk in chunks(keys):
        query = sa.select(records.c.order_key).where(
            among(connection, records.c.order_key, chunk),
            sa.or_(records.c.feed_id == feed_id, records.c.id.in_(moved_on)),
        )
        found |= set(connection.scalars(query))
    return found


def advance_feed(connection: Connection, feed: Feed, state: FeedState, **values: object) -> None:
    """Move a feed.

    :param values: what else changes along with its state.
    :raises IllegalMoveError: if no rule allows the move.
    """
    check_moves(FEED_MOVES, [feed.state], state)
    connection.execute(sa.update(feeds).where(feeds.c.id == feed.id).values(state=state, **values))


def _move_records(connection: Connection, feed: Feed, stamp: Stamp, step: tuple[State, State], why: str) -> int:
    """Move the records of a feed, all in one statement, and return how many there were."""
    start, end = step
    check_moves(RECORD_MOVES, [start], end)
    chosen = (records.c.feed_id == feed.id, records.c.state == start)
    note_moves(connection, stamp, chosen, step, why)
    return connection.execute(sa.update(records).where(*chosen).values(state=end, updated_at=stamp.at)).rowcount


def _refuse(connection: Connection, feed: Feed, stamp: Stamp, refused: Mapping[str, str], reason: str) -> None:
    check_moves(RECORD_MOVES, [State.DELIVERED], State.QUARANTINED)
    found: list[sa.Row[Any]] = []
    for chunk in chunks(list(refused)):
        query = sa.select(records.c.id, records.c.order_key).where(
            records.c.feed_id == feed.id,
            records.c.state == State.DELIVERED,
            among(connection, records.c.order_key, chunk),
        )
        found += list(connection.execute(query))
    if not found:
        return
    change = {"state": State.QUARANTINED, "updated_at": stamp.at, "reason": reason, "field": "", **NOT_REPORTED}
    statement = (
        sa.update(records)
        .where(records.c.id == sa.bindparam("record"))
        .values(**change, message=sa.bindparam("new_message"))
    )
    connection.execute(statement, [{"record": row.id, "new_message": refused[row.order_key]} for row in found])
    moves = [(row.id, State.DELIVERED, State.QUARANTINED, f"{reason}: {refused[row.order_key]}") for row in found]
    insert_moves(connection, stamp, moves)
