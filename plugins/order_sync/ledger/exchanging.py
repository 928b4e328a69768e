"""What one transaction of calls writes: outcomes of those that are over, claims of those that may begin.

It is written again and again for a few records at a time while calls wait for it, and what it costs is above all how
often it waits for the database. So the statements decide by themselves what they change, none needs the result of the
one before, and over a connection that takes many at once (:class:`order_sync.ledger.connection.Kept`) there are two
waits: for what the statements found, and for the commit.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from order_sync.errors import Outcome, Stop
from order_sync.ledger.bulk import converter
from order_sync.ledger.call_rows import Answer, Claim, Exchanged, Intent
from order_sync.ledger.connection import send
from order_sync.ledger.schema import history, storable
from order_sync.ledger.states import RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp

#: The reason that a record in doubt shows.
IN_DOUBT = "IN_DOUBT"

#: Where a record goes when its call is over.
_ENDS = {
    Outcome.DELIVERED: State.DELIVERED,
    Outcome.REFUSED: State.QUARANTINED,
    Outcome.NOT_SENT: State.READY,
    Outcome.IN_DOUBT: State.UNKNOWN,
}
#: Where a record is as long as its call has no outcome.
_OPEN = (State.INTENDED, State.UNKNOWN)


class _Sql(NamedTuple):
    """A statement for both databases: ``:name`` is a value, ``<name>`` a piece of :data:`_PIECES`.

    :param given: the columns of its table ``given``, which holds the values that differ from record to record, with
        their types in PostgreSQL; none if there is no such table.
    """

    text: str
    given: Mapping[str, str] = {}


#: How each database tells its own time (workers' clocks may differ), finds records, and locks them in one order.
#: PostgreSQL cannot guess how many rows are given, so it is told which records they are about, too.
_PIECES = {
    "postgresql": {
        "clock": "clock_timestamp()",
        "end of lease": "clock_timestamp() + :lease",
        "among ids": "= ANY(CAST(:ids AS bigint[]))",
        "and records": "AND records.id = ANY(CAST(:ids AS bigint[]))",
        "and calls": "AND calls.record_id = ANY(CAST(:ids AS bigint[]))",
        "lock": "ORDER BY id FOR UPDATE",
        "lock what is free": "ORDER BY id FOR UPDATE SKIP LOCKED",
        "headers": "CAST(given.headers AS json)",
    },
    "sqlite": {
        "clock": "strftime('%Y-%m-%d %H:%M:%f000', 'now')",
        "end of lease": "strftime('%Y-%m-%d %H:%M:%f000', 'now', :lease)",
        "among ids": "IN (SELECT value FROM json_each(:ids))",
        "and records": "",
        "and calls": "",
        "lock": "",
        "lock what is free": "",
        "headers": "given.headers",
    },
}
_STANDING = _Sql("SELECT id, fence, state FROM records WHERE id <among ids> <lock>")
_OUTCOME = {
    "record": "bigint", "fence": "bigint", "state": "text", "reason": "text", "words": "text", "reference": "text",
    "told": "text",
}  # fmt: skip
_MOVES = (
    "records.id = given.record <and records> AND records.fence = given.fence "
    f"AND records.state IN ({', '.join(repr(state.value) for state in _OPEN)}) AND records.state <> given.state"
)
_NOTE_END = _Sql(
    "INSERT INTO history (record_id, at, from_state, to_state, who, why) "  # noqa: S608 - constants only
    f"SELECT records.id, :at, records.state, given.state, :who, given.told FROM given JOIN records ON {_MOVES}",
    _OUTCOME,
)
# The lease of a doubt is when the call was over, from which on the partner's evidence may be waited for.
_END = _Sql(
    "UPDATE records SET state = given.state, reason = given.reason, message = given.words, "  # noqa: S608 - constants
    "partner_ref = given.reference, lease_until = CASE given.state WHEN 'UNKNOWN' THEN <clock> END, "
    "reported_at = CASE WHEN given.state NOT IN ('QUARANTINED', 'UNKNOWN') THEN reported_at END, "
    "solved_reported_at = CASE WHEN given.state NOT IN ('QUARANTINED', 'UNKNOWN') THEN solved_reported_at END, "
    f"updated_at = :at FROM given WHERE {_MOVES}",
    _OUTCOME,
)
_ANSWER = _Sql(
    "UPDATE calls SET outcome = given.outcome, status = given.status, headers = <headers>, body = given.body, "
    "milliseconds = given.milliseconds, message = given.message "
    # attempt 0 is a look-up, which shares the fence of the call that it asks about
    "FROM given WHERE calls.record_id = given.record <and calls> AND calls.fence = given.fence AND calls.attempt > 0",
    {
        "record": "bigint", "fence": "bigint", "outcome": "text", "status": "integer", "headers": "text",
        "body": "text", "milliseconds": "bigint", "message": "text",
    },
)  # fmt: skip
# What was filed stays as it is: an answer that comes after its doubt was filed gets a line of its own.
_FILE_LATE = _Sql(
    "INSERT INTO calls (record_id, operation, attempt, fence, request_hash, started_at, lease_until, outcome, status, "
    "headers, body, milliseconds, message, response_file) SELECT record_id, 'late_answer', 0, calls.fence, "
    "request_hash, started_at, NULL, outcome, status, headers, body, milliseconds, message, '' FROM calls JOIN given "
    "ON calls.record_id = given.record <and calls> AND calls.fence = given.fence "
    "WHERE calls.attempt > 0 AND calls.filed_at IS NOT NULL",
    {"record": "bigint", "fence": "bigint"},
)
_CLAIM = _Sql(
    # in one order, and past those that another process is claiming at this very moment
    "WITH free (record) AS (SELECT id FROM records WHERE id <among ids> AND state = 'READY' <lock what is free>) "
    "UPDATE records SET state = 'INTENDED', attempts = attempts + 1, fence = fence + 1, lease_until = <end of lease>, "
    "request_hash = content_hash, updated_at = :at FROM free WHERE id = record AND state = 'READY' "
    "RETURNING id, attempts, fence, content_hash, order_key"
)
_CALL = _Sql(
    "INSERT INTO calls (record_id, operation, attempt, fence, request_hash, started_at, lease_until, outcome, headers, "
    "body, message, response_file) SELECT id, :operation, attempts, fence, request_hash, :at, lease_until, '', '{}', "
    "'', '', '' FROM records WHERE id <among ids>"
)
_NOTE_CALL = _Sql(
    "INSERT INTO history (record_id, at, from_state, to_state, who, why) SELECT id, :at, 'READY', 'INTENDED', :who, "
    ":operation || ', attempt ' || attempts FROM records WHERE id <among ids>"
)


@dataclass(frozen=True)
class Task:
    """What all calls have in common.

    :param lease: how long each may take, by the database's clock.
    """

    operation: str
    lease: timedelta
    stamp: Stamp


def exchange(connection: Connection, intents: Sequence[Intent], answers: Sequence[Answer], task: Task) -> Exchanged:
    """Write outcomes, then move what is READY to INTENDED.

    An outcome that comes after the record was taken over is kept, and filed once more, but moves nothing.

    :raises Stop: a body is not the one that the record stands for.
    """
    tell = _Sender(connection, task)
    standing = _settle(tell, answers) if answers else None
    claimed = tell(_CLAIM, [intent.record_id for intent in intents]) if intents else None
    # Everything is sent; whoever looks at a result first waits for all of them.
    stood = standing.fetchall() if standing else []
    late = _late(answers, stood)
    if given_up := _given_up(answers, stood):
        tell(_FILE_LATE, [record_id for record_id, _ in given_up], given_up)
    begun = claimed.fetchall() if claimed else []
    _check(begun, dict(intents))
    if begun:
        ids = [row[0] for row in begun]
        tell(_CALL, ids)
        tell(_NOTE_CALL, ids)
    return Exchanged({row[0]: Claim(*row[:3]) for row in begun}, late)


def _settle(tell: _Sender, answers: Sequence[Answer]) -> Any:
    """Write outcomes; the records as they stood before, to be fetched."""
    ids = [answer.claim.record_id for answer in answers]
    standing = tell(_STANDING, ids)
    ends = [_end(answer) for answer in answers]
    tell(_NOTE_END, ids, ends)
    tell(_END, ids, ends)
    tell(_ANSWER, ids, [_answered(answer) for answer in answers])
    return standing


def _late(answers: Sequence[Answer], standing: Sequence[Any]) -> tuple[Answer, ...]:
    """Those whose call had been taken over, or had an outcome already.

    :param standing: id, fence and state of their records.
    """
    fences = {record_id: fence for record_id, fence, state in standing if state in _OPEN}
    return tuple(answer for answer in answers if fences.get(answer.claim.record_id) != answer.claim.fence)


def _given_up(answers: Sequence[Answer], standing: Sequence[Any]) -> list[tuple[int, int]]:
    """Record and fence of those whose call counted as a doubt, or as over, before they came."""
    under_way = {(record_id, fence) for record_id, fence, state in standing if state == State.INTENDED}
    claims = [(answer.claim.record_id, answer.claim.fence) for answer in answers]
    return [claim for claim in claims if claim not in under_way]


def _check(begun: Sequence[Any], wanted: Mapping[int, str]) -> None:
    for record_id, _, _, content_hash, order_key in begun:
        if content_hash != wanted[record_id]:
            raise Stop(
                f"Order {order_key}: the body that is about to be sent is not the one that was decided on.",
                next_step="Nothing was sent. Put the published file back as it was (clear the publish task).",
            )


def _end(answer: Answer) -> tuple[Any, ...]:
    """The values of :data:`_OUTCOME`."""
    end = _ENDS[answer.outcome]
    check_moves(RECORD_MOVES, _OPEN, end)
    reason = IN_DOUBT if end is State.UNKNOWN else answer.reason
    words = storable(answer.message)
    return (
        answer.claim.record_id,
        answer.claim.fence,
        end.value,
        reason,
        "" if end is State.DELIVERED else words,
        storable(answer.reference)[:200],
        f"{reason}: {words}" if reason else words,
    )


def _answered(answer: Answer) -> tuple[Any, ...]:
    """The values that :data:`_ANSWER` is given."""
    return (
        answer.claim.record_id,
        answer.claim.fence,
        answer.outcome.value,
        answer.status,
        json.dumps(dict(answer.headers)),
        storable(answer.body),
        answer.milliseconds,
        storable(answer.message),
    )


class _Sender:
    """Sends statements about some records to the database, which need not have answered yet when that returns."""

    def __init__(self, connection: Connection, task: Task) -> None:
        self._connection, self._name = connection, connection.dialect.name
        to_time = converter(history.c.at, connection.dialect)
        self._common = {
            "operation": task.operation,
            "at": to_time(task.stamp.at),
            "who": task.stamp.who,
            "lease": task.lease if self._name == "postgresql" else f"{task.lease.total_seconds():+f} seconds",
        }

    def __call__(self, sql: _Sql, ids: Sequence[int], rows: Sequence[Sequence[Any]] = ()) -> Any:
        """Send one; a cursor, to fetch from.

        :param ids: of the records it is about.
        :param rows: its table ``given``.
        """
        text = _text(sql.text, tuple(sql.given.items()), self._name)
        given = [dict(zip(sql.given, row, strict=True)) for row in rows]
        listed = ",".join(map(str, ids))
        if self._name != "postgresql":
            one = {**self._common, "ids": f"[{listed}]"}
            return send(self._connection, text, [{**self._common, **row} for row in given] if sql.given else one)
        return send(self._connection, text, {**self._common, "ids": f"{{{listed}}}", "given": json.dumps(given)})


@functools.cache
def _text(text: str, given: tuple[tuple[str, str], ...], dialect: str) -> str:
    """The statement as the driver takes it: PostgreSQL is given all rows as one value, SQLite is called once per row.

    The driver of PostgreSQL takes lists, too, but needs several times as long for them.
    """
    for name, piece in _PIECES[dialect].items():
        text = text.replace(f"<{name}>", piece)
    if given:
        names = ", ".join(name for name, _ in given)
        rows = f"VALUES ({', '.join(f':{name}' for name, _ in given)})"
        if dialect == "postgresql":
            columns = ", ".join(f"{name} {kind}" for name, kind in given)
            rows = f"SELECT * FROM json_to_recordset(CAST(:given AS json)) AS one ({columns})"  # noqa: S608 - constants
        text = f"WITH given ({names}) AS ({rows}) {text}"
    return re.sub(r":(\w+)", r"%(\1)s", text) if dialect == "postgresql" else text
