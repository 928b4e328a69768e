"""Calls that create something at a partner: the intent before, the outcome after, doubt in between.

A call is made by whoever moved its record from READY to INTENDED; the record's fence, which grows with every intent,
says who that is. The intent is committed before the partner is called, so that a process that dies leaves a trace:
once the lease is over, nobody knows what became of the call, and the record is UNKNOWN until somebody finds out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.errors import Outcome
from order_sync.ledger.bulk import among, chunks
from order_sync.ledger.call_rows import Answer, Claim, Doubt, Exchanged, Intent
from order_sync.ledger.connection import Kept, Store
from order_sync.ledger.decisions import NOT_REPORTED
from order_sync.ledger.exchanging import IN_DOUBT, Task, exchange
from order_sync.ledger.schema import calls, records, storable
from order_sync.ledger.states import RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves

#: One transaction: intents and answers in, claims and late answers out.
Exchange = Callable[[Sequence[Intent], Sequence[Answer]], Exchanged]


class Calls(Store):
    """The part of the ledger that guards calls."""

    @contextmanager
    def exchanging(self, *, operation: str, lease: timedelta, at: datetime, who: str) -> Iterator[Exchange]:
        """Make transactions of outcomes of calls that are over, and intents of calls that may begin after it.

        Both travel together because a commit costs the same for one as for many. The connection is kept in between,
        so all of it belongs into one thread.

        :param operation: which call it is, e.g. ``invoice``.
        :param lease: how long the caller has; the database's own clock counts.
        :returns: what makes one transaction; it raises :class:`Stop`, and writes nothing, if a body is not the one
            that the record stands for.
        """
        task, kept = Task(operation, lease, Stamp(at, who)), Kept(self._writer)

        def once(intents: Sequence[Intent], answers: Sequence[Answer]) -> Exchanged:
            with kept.begin() as connection:
                return exchange(connection, intents, answers, task)

        try:
            yield once
        finally:
            kept.close()

    def exchange(
        self,
        intents: Sequence[Intent],
        answers: Sequence[Answer],
        *,
        operation: str,
        lease: timedelta,
        at: datetime,
        who: str,
    ) -> Exchanged:
        """Make one transaction of :meth:`exchanging`.

        :raises Stop: a body is not the one that the record stands for.
        """
        with self.exchanging(operation=operation, lease=lease, at=at, who=who) as once:
            return once(intents, answers)

    def still_mine(self, claim: Claim) -> bool:
        """Whether nobody has taken the record over, and the lease runs."""
        query = sa.select(records.c.lease_until).where(
            records.c.id == claim.record_id, records.c.fence == claim.fence, records.c.state == State.INTENDED
        )
        with self._reading() as connection:
            lease_until = connection.scalar(query)
            return lease_until is not None and lease_until > _clock(connection)

    def expire_leases(self, flow: str, retailer: str, *, at: datetime, who: str) -> int:
        """Turn intents whose lease is over into doubts: whoever made the call is gone.

        :returns: how many there were.
        """
        with self._writing() as connection:
            over = [records.c.state == State.INTENDED, records.c.lease_until <= _clock(connection)]
            query = sa.select(records.c.id, records.c.fence).where(
                records.c.flow == flow, records.c.retailer == retailer, *over
            )
            found = connection.execute(query.with_for_update()).all()
            why = "the process that made the call ended before it could note the outcome"
            change: dict[str, Any] = {
                "state": State.UNKNOWN,
                "reason": IN_DOUBT,
                "message": why,
                "updated_at": at,
                **NOT_REPORTED,
            }
            for chunk in chunks([row.id for row in found]):
                connection.execute(sa.update(records).where(among(connection, records.c.id, chunk)).values(change))
                connection.execute(
                    sa.update(calls)
                    .where(among(connection, calls.c.record_id, chunk), calls.c.outcome == "")
                    .values(outcome=Outcome.IN_DOUBT, message=why)
                )
            moves = [(row.id, State.INTENDED, State.UNKNOWN, f"{IN_DOUBT}: {why}") for row in found]
            insert_moves(connection, Stamp(at, who), moves)
        return len(found)

    def doubts(self, flow: str, retailer: str, *, batch_ids: Collection[int] | None = None) -> list[Doubt]:
        """Return the records whose last call may or may not have been carried out, oldest first.

        :param batch_ids: only those of these batches.
        """
        conditions = [records.c.flow == flow, records.c.retailer == retailer, records.c.state == State.UNKNOWN]
        if batch_ids is not None:
            conditions.append(records.c.batch_id.in_(batch_ids))
        names = ("order_key", "batch_id", "fence", "attempts", "amount_minor", "currency", "reason", "message")
        columns = [records.c[name] for name in (*names, "request_hash")]
        query = sa.select(records.c.id.label("record_id"), records.c.lease_until.label("since"), *columns)
        with self._reading() as connection:
            now = _clock(connection)
            rows = connection.execute(query.where(*conditions).order_by(records.c.id)).all()
        return [Doubt(**row._mapping, age=now - row.since) for row in rows]

    def resolve(
        self, record_id: int, fence: int, state: State, *, at: datetime, who: str, why: str, reference: str = ""
    ) -> bool:
        """End a doubt.

        :param fence: that of the doubt: what was found out about an earlier call says nothing about a later one.
        :param state: DELIVERED, or READY: it may be sent again.
        :returns: False if the record is not, or no longer, in this doubt.
        """
        check_moves(RECORD_MOVES, [State.UNKNOWN], state)
        change: dict[str, Any] = {"state": state, "reason": "", "message": "", "lease_until": None, "updated_at": at}
        with self._writing() as connection:
            doubted = _doubted(record_id, fence)
            change["partner_ref"] = storable(reference)
            if not connection.execute(sa.update(records).where(*doubted).values(change)).rowcount:
                return False
            insert_moves(connection, Stamp(at, who), [(record_id, State.UNKNOWN, state, why)])
        return True

    def leave_to_a_person(
        self, record_id: int, fence: int, reason: str, message: str, *, at: datetime, who: str
    ) -> bool:
        """Note why no evidence can end a doubt; it stays one, so that nothing is sent again, and is reported anew.

        :param reason: a code of :data:`order_sync.reasons.REASONS`.
        :returns: False if the record is not in this doubt, or that is noted already.
        """
        change: dict[str, Any] = {"reason": reason, "message": message, "updated_at": at, **NOT_REPORTED}
        with self._writing() as connection:
            doubted = [*_doubted(record_id, fence), records.c.reason != reason]
            if not connection.execute(sa.update(records).where(*doubted).values(change)).rowcount:
                return False
            moves = [(record_id, State.UNKNOWN, State.UNKNOWN, f"{reason}: {message}")]
            insert_moves(connection, Stamp(at, who), moves)
        return True

    def bring_back(self, record_ids: Sequence[int], *, at: datetime, who: str) -> int:
        """Make refused records ready to be sent as they are, because the cause lay elsewhere and is mended.

        :returns: how many were refused and are ready now.
        """
        with self._writing() as connection:
            chosen = [among(connection, records.c.id, record_ids), records.c.state == State.QUARANTINED]
            found = connection.scalars(sa.select(records.c.id).where(*chosen).with_for_update()).all()
            ready = {"state": State.READY, "reason": "", "field": "", "message": "", "updated_at": at}
            connection.execute(sa.update(records).where(among(connection, records.c.id, found)).values(ready))
            insert_moves(
                connection,
                Stamp(at, who),
                [(record_id, start, end, "brought again") for record_id in found for start, end in _BACK],
            )
        return len(found)

    def sendable(self, batch_id: int, order_keys: Sequence[str]) -> dict[str, Intent]:
        """Return what may be sent now, by order key: the READY records of a batch among some orders."""
        query = sa.select(records.c.order_key, records.c.id, records.c.content_hash).where(
            records.c.batch_id == batch_id, records.c.state == State.READY
        )
        found: dict[str, Intent] = {}
        with self._reading() as connection:
            for chunk in chunks(order_keys):
                for row in connection.execute(query.where(among(connection, records.c.order_key, chunk))):
                    found[row.order_key] = Intent(row.id, row.content_hash)
        return found

    def states_of(self, batch_ids: Collection[int]) -> Counter[State]:
        """Count the records of some batches by state."""
        query = sa.select(records.c.state, sa.func.count()).where(records.c.batch_id.in_(batch_ids))
        with self._reading() as connection:
            return Counter({row[0]: row[1] for row in connection.execute(query.group_by(records.c.state))})


def _doubted(record_id: int, fence: int) -> list[sa.ColumnElement[bool]]:
    return [records.c.id == record_id, records.c.fence == fence, records.c.state == State.UNKNOWN]


_POSTGRESQL_CLOCK = sa.select(sa.func.clock_timestamp())
_BACK = ((State.QUARANTINED, State.SEEN), (State.SEEN, State.READY))


def _clock(connection: Connection) -> datetime:
    """The database's time: workers' clocks may differ."""
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(_POSTGRESQL_CLOCK).scalar_one()
        return now.astimezone(UTC)
    text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
