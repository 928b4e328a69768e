"""Calls that create something at a partner: the intent before, the outcome after, doubt in between.

A call is made by whoever moved its record from READY to INTENDED; the record's fence, which grows with every intent,
says who that is. The intent is committed before the partner is called, so that a process that dies leaves a trace:
once the lease is over, nobody knows what became of the call, and the record is UNKNOWN until somebody finds out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.errors import Outcome, Stop
from order_sync.ledger.bulk import among, chunks, insert_tuples
from order_sync.ledger.call_rows import Answer, Claim, Doubt, Exchanged, Intent
from order_sync.ledger.connection import Store
from order_sync.ledger.decisions import NOT_REPORTED
from order_sync.ledger.schema import calls, records, storable
from order_sync.ledger.states import RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves

#: The reason that a record in doubt shows.
IN_DOUBT = "IN_DOUBT"

#: Where a record goes when its call is over.
_ENDS = {
    Outcome.DELIVERED: State.DELIVERED,
    Outcome.REFUSED: State.QUARANTINED,
    Outcome.NOT_SENT: State.READY,
    Outcome.IN_DOUBT: State.UNKNOWN,
}


class Calls(Store):
    """The part of the ledger that guards calls."""

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
        """Commit outcomes of calls that are over, and intents of calls that may begin when this returns.

        Both travel together because a commit costs the same for one as for many.

        :param operation: which call it is, e.g. ``invoice``.
        :param lease: how long the caller has; the database's own clock counts.
        :raises Stop: a body is not the one that the record stands for.
        """
        stamp = Stamp(at, who)
        with self._writing() as connection:
            now = _clock(connection)
            late = _settle(connection, answers, now, stamp)
            claims = _claim(connection, intents, operation, now + lease, stamp)
        return Exchanged(claims, late)

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
        names = ("order_key", "batch_id", "fence", "attempts", "amount_minor", "currency", "message", "request_hash")
        columns = [records.c[name] for name in names]
        query = sa.select(records.c.id.label("record_id"), records.c.lease_until.label("since"), *columns)
        with self._reading() as connection:
            now = _clock(connection)
            rows = connection.execute(query.where(*conditions).order_by(records.c.id)).all()
        return [Doubt(**row._mapping, age=now - row.since) for row in rows]

    def resolve(
        self,
        record_id: int,
        fence: int,
        state: State,
        *,
        at: datetime,
        who: str,
        why: str,
        reference: str = "",
        reason: str = "",
    ) -> bool:
        """End a doubt.

        :param fence: that of the doubt: what was found out about an earlier call says nothing about a later one.
        :param state: DELIVERED, READY (it may be sent again) or QUARANTINED (with ``reason``).
        :returns: False if the record is not, or no longer, in this doubt.
        """
        check_moves(RECORD_MOVES, [State.UNKNOWN], state)
        change: dict[str, Any] = {
            "state": state,
            "reason": reason,
            "message": why if reason else "",
            "lease_until": None,
        }
        change |= {"partner_ref": storable(reference), "updated_at": at}
        if state is State.QUARANTINED:
            change |= NOT_REPORTED
        doubted = [records.c.id == record_id, records.c.fence == fence, records.c.state == State.UNKNOWN]
        with self._writing() as connection:
            if not connection.execute(sa.update(records).where(*doubted).values(change)).rowcount:
                return False
            told = f"{reason}: {why}" if reason else why
            insert_moves(connection, Stamp(at, who), [(record_id, State.UNKNOWN, state, told)])
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


_BACK = ((State.QUARANTINED, State.SEEN), (State.SEEN, State.READY))


def _clock(connection: Connection) -> datetime:
    """The database's time: workers' clocks may differ."""
    if connection.dialect.name == "postgresql":
        now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        return now.astimezone(UTC)
    text = connection.exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _claim(
    connection: Connection, intents: Sequence[Intent], operation: str, lease_until: datetime, stamp: Stamp
) -> dict[int, Claim]:
    if not intents:
        return {}
    wanted = {intent.record_id: intent.request_hash for intent in intents}
    ready = [among(connection, records.c.id, list(wanted)), records.c.state == State.READY]
    if connection.dialect.name == "postgresql":
        # in one order, and past those that another process is claiming at this very moment
        free = connection.scalars(
            sa.select(records.c.id).where(*ready).order_by(records.c.id).with_for_update(skip_locked=True)
        ).all()
        ready[0] = among(connection, records.c.id, free)
    claimed = connection.execute(
        sa.update(records)
        .where(*ready)
        .values(
            state=State.INTENDED,
            attempts=records.c.attempts + 1,
            fence=records.c.fence + 1,
            lease_until=lease_until,
            request_hash=records.c.content_hash,
            updated_at=stamp.at,
        )
        .returning(records.c.id, records.c.attempts, records.c.fence, records.c.content_hash, records.c.order_key)
    ).all()
    for row in claimed:
        if row.content_hash != wanted[row.id]:
            raise Stop(
                f"Order {row.order_key}: the body that is about to be sent is not the one that was decided on.",
                next_step="Nothing was sent. Put the published file back as it was (clear the publish task).",
            )
    _note_calls(connection, claimed, operation, lease_until, stamp)
    return {row.id: Claim(row.id, row.attempts, row.fence) for row in claimed}


def _note_calls(
    connection: Connection, claimed: Sequence[Any], operation: str, lease_until: datetime, stamp: Stamp
) -> None:
    under_way: dict[str, Any] = {
        "operation": operation, "started_at": stamp.at, "lease_until": lease_until, "outcome": "", "status": None,
        "headers": {}, "body": "", "milliseconds": None, "message": "", "response_file": "", "filed_at": None,
    }  # fmt: skip
    columns = ("record_id", "attempt", "fence", "request_hash")
    rows = ((row.id, row.attempts, row.fence, row.content_hash) for row in claimed)
    insert_tuples(connection, calls, columns, rows, under_way)
    moves = [(row.id, State.READY, State.INTENDED, f"{operation}, attempt {row.attempts}") for row in claimed]
    insert_moves(connection, stamp, moves)


def _settle(connection: Connection, answers: Sequence[Answer], now: datetime, stamp: Stamp) -> tuple[Answer, ...]:
    """Write outcomes; one that comes after the record was taken over is kept, but moves nothing."""
    if not answers:
        return ()
    wanted = [answer.claim.record_id for answer in answers]
    query = sa.select(records.c.id, records.c.fence, records.c.state).where(among(connection, records.c.id, wanted))
    standing = {row.id: row for row in connection.execute(query.order_by(records.c.id).with_for_update())}
    late: list[Answer] = []
    changes: list[dict[str, Any]] = []
    moves: list[tuple[int, State, State, str]] = []
    for answer in answers:
        record, end = standing[answer.claim.record_id], _ENDS[answer.outcome]
        open_call = record.fence == answer.claim.fence and record.state in {State.INTENDED, State.UNKNOWN}
        if not open_call or record.state is end:
            if not open_call:
                late.append(answer)
            continue
        check_moves(RECORD_MOVES, [record.state], end)
        changes.append(_change(answer, end, now))
        reason = changes[-1]["new_reason"]
        moves.append((record.id, record.state, end, f"{reason}: {answer.message}" if reason else answer.message))
    if changes:
        columns = ("state", "reason", "message", "partner_ref", "lease_until")
        new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in columns}
        keep = records.c.reported_at, records.c.solved_reported_at
        anew = sa.bindparam("anew", type_=sa.Boolean())
        new["reported_at"], new["solved_reported_at"] = (sa.case((anew, None), else_=column) for column in keep)
        statement = sa.update(records).where(records.c.id == sa.bindparam("record"))
        connection.execute(statement.values(**new, updated_at=stamp.at), changes)
        insert_moves(connection, stamp, moves)
    _write_answers(connection, answers)
    return tuple(late)


def _change(answer: Answer, end: State, now: datetime) -> dict[str, Any]:
    return {
        "record": answer.claim.record_id,
        "new_state": end,
        "new_reason": IN_DOUBT if end is State.UNKNOWN else answer.reason,
        "new_message": "" if end is State.DELIVERED else answer.message,
        "new_partner_ref": storable(answer.reference)[:200],
        # for a doubt: when the call was over, from which on the partner's evidence may be waited for
        "new_lease_until": now if end is State.UNKNOWN else None,
        "anew": end in {State.QUARANTINED, State.UNKNOWN},
    }


def _write_answers(connection: Connection, answers: Sequence[Answer]) -> None:
    values = ("outcome", "status", "headers", "body", "milliseconds", "message")
    statement = (
        sa.update(calls)
        .where(calls.c.record_id == sa.bindparam("record"), calls.c.fence == sa.bindparam("of_fence"))
        .values({name: sa.bindparam(f"new_{name}") for name in values})
    )
    rows = [
        {
            "record": answer.claim.record_id,
            "of_fence": answer.claim.fence,
            **{f"new_{name}": getattr(answer, name) for name in values},
        }
        for answer in answers
    ]
    connection.execute(statement, rows)
