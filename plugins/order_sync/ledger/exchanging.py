"""What one transaction of calls writes: outcomes of those that are over, claims of those that may begin.

It is written again and again for a few records at a time while calls wait for it, so its statements are made once:
making them costs several times what the databases need to carry them out.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.errors import Outcome, Stop
from order_sync.ledger.bulk import insert_tuples
from order_sync.ledger.call_rows import Answer, Claim, Intent
from order_sync.ledger.schema import Utc, calls, records, storable
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
_CALL_COLUMNS = ("record_id", "attempt", "fence", "request_hash")
_ANSWER_COLUMNS = ("outcome", "status", "headers", "body", "milliseconds", "message")
_CHANGED_COLUMNS = ("state", "reason", "message", "partner_ref", "lease_until")


@dataclass(frozen=True)
class Task:
    """What the calls of a transaction have in common.

    :param now: by the database's clock.
    :ivar moves: lines of history, to be written in one go by :func:`note`.
    """

    operation: str
    now: datetime
    lease: timedelta
    stamp: Stamp
    moves: list[tuple[int, State, State, str]] = field(default_factory=list)


def note(connection: Connection, task: Task) -> None:
    """Write the history of all that was done."""
    insert_moves(connection, task.stamp, task.moves)


def claim(connection: Connection, intents: Sequence[Intent], task: Task) -> dict[int, Claim]:
    """Move what is READY to INTENDED; the claims by record id.

    :raises Stop: a body is not the one that the record stands for.
    """
    if not intents:
        return {}
    wanted = {intent.record_id: intent.request_hash for intent in intents}
    given = {
        "ids": _ids(connection, list(wanted)), "new_lease_until": task.now + task.lease, "new_updated_at": task.stamp.at
    }  # fmt: skip
    claimed = connection.execute(_statements(connection.dialect.name).claim, given).all()
    for row in claimed:
        if row.content_hash != wanted[row.id]:
            raise Stop(
                f"Order {row.order_key}: the body that is about to be sent is not the one that was decided on.",
                next_step="Nothing was sent. Put the published file back as it was (clear the publish task).",
            )
    _note_calls(connection, claimed, task)
    return {row.id: Claim(row.id, row.attempts, row.fence) for row in claimed}


def settle(connection: Connection, answers: Sequence[Answer], task: Task) -> tuple[Answer, ...]:
    """Write outcomes; one that comes after the record was taken over is kept, but moves nothing.

    :returns: those that came too late.
    """
    if not answers:
        return ()
    statements = _statements(connection.dialect.name)
    ids = _ids(connection, [answer.claim.record_id for answer in answers])
    standing = {row.id: row for row in connection.execute(statements.standing, {"ids": ids})}
    late: list[Answer] = []
    changes: list[dict[str, Any]] = []
    for answer in answers:
        record, end = standing[answer.claim.record_id], _ENDS[answer.outcome]
        open_call = record.fence == answer.claim.fence and record.state in {State.INTENDED, State.UNKNOWN}
        if not open_call or record.state is end:
            if not open_call:
                late.append(answer)
            continue
        check_moves(RECORD_MOVES, [record.state], end)
        changes.append(_change(answer, end, task))
        reason = changes[-1]["new_reason"]
        told = f"{reason}: {answer.message}" if reason else answer.message
        task.moves.append((record.id, record.state, end, told))
    if changes:
        connection.execute(statements.settle, changes)
    connection.execute(statements.answer, [_answered(answer) for answer in answers])
    return tuple(late)


def _note_calls(connection: Connection, claimed: Sequence[Any], task: Task) -> None:
    under_way: dict[str, Any] = {
        "operation": task.operation, "started_at": task.stamp.at, "lease_until": task.now + task.lease, "outcome": "",
        "status": None, "headers": {}, "body": "", "milliseconds": None, "message": "", "response_file": "",
        "filed_at": None,
    }  # fmt: skip
    rows = ((row.id, row.attempts, row.fence, row.content_hash) for row in claimed)
    insert_tuples(connection, calls, _CALL_COLUMNS, rows, under_way)
    task.moves.extend(
        (row.id, State.READY, State.INTENDED, f"{task.operation}, attempt {row.attempts}") for row in claimed
    )


def _change(answer: Answer, end: State, task: Task) -> dict[str, Any]:
    return {
        "record": answer.claim.record_id,
        "new_state": end,
        "new_reason": IN_DOUBT if end is State.UNKNOWN else answer.reason,
        "new_message": "" if end is State.DELIVERED else answer.message,
        "new_partner_ref": storable(answer.reference)[:200],
        # for a doubt: when the call was over, from which on the partner's evidence may be waited for
        "new_lease_until": task.now if end is State.UNKNOWN else None,
        "anew": end in {State.QUARANTINED, State.UNKNOWN},
        "new_updated_at": task.stamp.at,
    }


def _answered(answer: Answer) -> dict[str, Any]:
    values = {f"new_{name}": getattr(answer, name) for name in _ANSWER_COLUMNS}
    return {"record": answer.claim.record_id, "of_fence": answer.claim.fence, **values}


def _ids(connection: Connection, ids: list[int]) -> Any:
    """Record ids as the one parameter that the statements take."""
    return ids if connection.dialect.name == "postgresql" else json.dumps(ids)


class _Statements(NamedTuple):
    """The statements for one kind of database.

    :param standing: what records among ``ids`` are, locked.
    :param settle: what becomes of one record.
    :param answer: what is kept of one call.
    :param claim: from READY to INTENDED, those among ``ids`` that nobody else is claiming at this very moment.
    """

    standing: sa.Select[Any]
    settle: sa.Update
    answer: sa.Update
    claim: sa.Executable


@functools.cache
def _statements(dialect: str) -> _Statements:
    if dialect == "postgresql":
        among: sa.ColumnElement[bool] = records.c.id == sa.any_(sa.bindparam("ids", type_=sa.ARRAY(sa.BigInteger())))
    else:
        listed = sa.func.json_each(sa.bindparam("ids", type_=sa.Text())).table_valued("value")
        among = records.c.id.in_(sa.select(listed.c.value))
    columns = records.c.id, records.c.fence, records.c.state
    standing = sa.select(*columns).where(among).order_by(records.c.id).with_for_update()
    return _Statements(standing, _settling(), _answering(), _claiming(dialect, among))


def _settling() -> sa.Update:
    new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in (*_CHANGED_COLUMNS, "updated_at")}
    anew = sa.bindparam("anew", type_=sa.Boolean())
    for column in (records.c.reported_at, records.c.solved_reported_at):
        new[column.name] = sa.case((anew, None), else_=column)
    return sa.update(records).where(records.c.id == sa.bindparam("record")).values(new)


def _answering() -> sa.Update:
    new: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in _ANSWER_COLUMNS}
    its_call = calls.c.record_id == sa.bindparam("record"), calls.c.fence == sa.bindparam("of_fence")
    return sa.update(calls).where(*its_call).values(new)


def _claiming(dialect: str, among: sa.ColumnElement[bool]) -> sa.Executable:
    ready = [among, records.c.state == State.READY]
    if dialect == "postgresql":
        # in one order, and past those that another process is claiming at this very moment
        free = sa.select(records.c.id).where(*ready).order_by(records.c.id).with_for_update(skip_locked=True)
        ready[0] = records.c.id == free.cte("free").c.id
    new: dict[str, Any] = {
        "state": State.INTENDED,
        "attempts": records.c.attempts + 1,
        "fence": records.c.fence + 1,
        "lease_until": sa.bindparam("new_lease_until", type_=Utc()),
        "request_hash": records.c.content_hash,
        "updated_at": sa.bindparam("new_updated_at", type_=Utc()),
    }
    found = records.c.id, records.c.attempts, records.c.fence, records.c.content_hash, records.c.order_key
    return sa.update(records).where(*ready).values(new).returning(*found)
