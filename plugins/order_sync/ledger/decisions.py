"""The verdicts of transforms on records, single moves, and notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, TypedDict, Unpack

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.arrivals import AdmissionKind, Decision
from order_sync.ledger.batches import is_frozen
from order_sync.ledger.bulk import among, chunks, insert_rows
from order_sync.ledger.connection import Store
from order_sync.ledger.schema import history, notes, records, repeats, storable
from order_sync.ledger.states import DECIDED, RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves
from order_sync.reasons import EXCLUSIONS, REASONS, WAITS

#: From this many records with one verdict on, one statement for all of them is cheaper than one for each.
_WORTH_A_STATEMENT = 50

#: What a verdict writes into the record.
_VERDICT = ("state", "reason", "field", "message")

#: A record that is set aside is a new exception, whatever was reported about it before.
NOT_REPORTED: Mapping[str, None] = {"reported_at": None, "solved_reported_at": None}

_CODES: Mapping[State, Collection[str]] = {
    State.READY: ("",),
    State.EXCLUDED: EXCLUSIONS,
    State.QUARANTINED: REASONS,
    State.WAITING: WAITS,
}

#: The kind of a batch of records that a person asked for.
BROUGHT_AGAIN = "again"
#: Why a record was set aside last, as its history tells it: ``<reason>: <message>``.
LAST_SET_ASIDE = (
    sa.select(history.c.why)
    .where(history.c.record_id == records.c.id, history.c.to_state.in_((State.QUARANTINED, State.UNKNOWN)))
    .order_by(history.c.id.desc())
    .limit(1)
    .correlate(records)
    .scalar_subquery()
    .label("set_aside")
)

#: Hash of what a record said before another batch took it up; null if none has.
_CONTENT_BEFORE = (
    sa.select(repeats.c.content_hash)
    .where(repeats.c.record_id == records.c.id, repeats.c.kind == AdmissionKind.MOVED.value)
    .order_by(repeats.c.id.desc())
    .limit(1)
    .correlate(records)
    .scalar_subquery()
)

NOTE_LENGTH = 500


class RecordValues(TypedDict, total=False):
    """What may change along with a record's state."""

    attempts: int
    lease_until: datetime | None
    fence: int
    request_hash: str
    partner_ref: str
    reason: str
    field: str
    message: str


class Decisions(Store):
    """The part of the ledger that keeps what was decided about records."""

    def decide(self, batch_id: int, decisions: Sequence[Decision], *, at: datetime, who: str) -> int:
        """Write a transform's verdicts on records of a batch.

        Writes nothing once the batch is frozen, for records that went on to another batch, and where the verdict
        is the one that stands. A record that was left out or set aside by an earlier try of this batch goes back to
        SEEN first, and the history shows it. A record that is set aside is to be reported anew, unless it came once
        more by itself and is set aside for the very same cause: feeds repeat what nobody has mended yet.

        :returns: how many records changed.
        :raises ValueError: if a verdict has a state or reason that no rule knows, or a record has two of them.
        :raises LookupError: if a record does not exist.
        """
        _check(decisions)
        with self._writing_batch(batch_id) as (connection, batch):
            if is_frozen(connection, batch_id):
                return 0
            standing = _standing(connection, batch_id, [decision.record_id for decision in decisions])
            changed = [
                decision
                for decision in decisions
                if decision.record_id in standing and standing[decision.record_id] != _verdict(decision)
            ]
            told = set() if batch.kind == BROUGHT_AGAIN else _told_already(connection, changed)
            _write_verdicts(connection, changed, told, at)
            moves: list[tuple[int, State, State, str]] = []
            for decision in changed:
                moves += _moves(State(standing[decision.record_id][0]), decision)
            insert_moves(connection, Stamp(at, who), moves)
        return len(changed)

    def move(
        self,
        record_id: int,
        from_states: Collection[State],
        to_state: State,
        *,
        at: datetime,
        who: str,
        why: str = "",
        **values: Unpack[RecordValues],
    ) -> bool:
        """Move one record if it stands in one of ``from_states``.

        :param values: attempts, lease and the like to write along with it.
        :returns: whether it moved; False if someone else was faster or there is no such record.
        :raises IllegalMoveError: if no rule allows the move.
        """
        check_moves(RECORD_MOVES, from_states, to_state)
        look = sa.select(records.c.state).where(records.c.id == record_id, records.c.state.in_(from_states))
        with self._writing() as connection:
            start = connection.scalar(look.with_for_update())
            if start is None:
                return False
            change = {"state": to_state, "updated_at": at, **values}
            if to_state is State.QUARANTINED:
                change |= NOT_REPORTED
            connection.execute(sa.update(records).where(records.c.id == record_id).values(change))
            insert_moves(connection, Stamp(at, who), [(record_id, start, to_state, why)])
        return True

    def add_notes(self, texts: Mapping[int, Sequence[str]], *, at: datetime) -> None:
        """Add remarks to records; a remark that a record has is not added again.

        :param texts: record id to remarks of at most 500 characters, without personal data.
        :raises ValueError: if a remark is longer.
        """
        wanted = {(record_id, storable(text)): None for record_id, lines in texts.items() for text in lines}
        for record_id, text in wanted:
            if len(text) > NOTE_LENGTH:
                raise ValueError(f"The note on record {record_id} is longer than {NOTE_LENGTH} characters. Shorten it.")
        with self._writing("notes") as connection:
            known = set()
            for chunk in chunks(sorted(texts)):
                query = sa.select(notes.c.record_id, notes.c.text).where(among(connection, notes.c.record_id, chunk))
                known |= {tuple(row) for row in connection.execute(query)}
            rows = [{"record_id": key[0], "text": key[1], "at": at} for key in wanted if key not in known]
            insert_rows(connection, notes, rows)


def _check(decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        if decision.state not in _CODES or decision.reason not in _CODES[decision.state]:
            raise ValueError(
                f"Record {decision.record_id} cannot be {decision.state} for the reason '{decision.reason}'. "
                "Add the reason to reasons.py, or correct the transform."
            )
    if len({decision.record_id for decision in decisions}) < len(decisions):
        raise ValueError("A record has two verdicts in one call. Correct the transform.")


def _verdict(decision: Decision) -> tuple[str, ...]:
    return decision.state, decision.reason, storable(decision.field), storable(decision.message)


def _why(decision: Decision) -> str:
    return storable(f"{decision.reason}: {decision.message}") if decision.reason else ""


def _standing(connection: Connection, batch_id: int, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Verdicts as they stand, of the records that may be decided on."""
    standing = {}
    met = 0
    columns = [records.c.id, records.c.batch_id, *(records.c[name] for name in _VERDICT)]
    for chunk in chunks(ids):
        query = sa.select(*columns).where(among(connection, records.c.id, chunk)).with_for_update()
        for row in connection.execute(query):
            met += 1
            if row.batch_id == batch_id and row.state in DECIDED | {State.SEEN}:
                standing[row.id] = tuple(row[2:])
    if met < len(ids):
        raise LookupError(f"{len(ids) - met} of the records decided on in batch {batch_id} do not exist.")
    return standing


def _told_already(connection: Connection, decisions: Sequence[Decision]) -> set[int]:
    """Of the records that are set aside, those that a report listed with the same cause and the same content."""
    causes = {decision.record_id: _why(decision) for decision in decisions if decision.state is State.QUARANTINED}
    told = set()
    for chunk in chunks(list(causes)):
        reported = [among(connection, records.c.id, chunk), records.c.reported_at.is_not(None)]
        same = sa.func.coalesce(_CONTENT_BEFORE, records.c.content_hash) == records.c.content_hash
        query = sa.select(records.c.id, LAST_SET_ASIDE).where(*reported, same, records.c.solved_reported_at.is_(None))
        told |= {row.id for row in connection.execute(query) if row.set_aside == causes[row.id]}
    return told


def _write_verdicts(connection: Connection, decisions: Sequence[Decision], told: Collection[int], at: datetime) -> None:
    """Write verdicts, those that are alike in one statement.

    :param told: records that need not be reported anew.
    """
    groups: dict[tuple[State, bool, tuple[str, ...]], list[int]] = defaultdict(list)
    for decision in decisions:
        groups[decision.state, decision.record_id in told, _verdict(decision)[1:]].append(decision.record_id)
    single: dict[tuple[State, bool], list[dict[str, Any]]] = defaultdict(list)
    for (state, known, words), ids in groups.items():
        if len(ids) < _WORTH_A_STATEMENT:
            values = dict(zip(("new_reason", "new_field", "new_message"), words, strict=True))
            single[state, known] += [{"record": record_id, **values} for record_id in ids]
            continue
        change = _change(state, known, at) | dict(zip(_VERDICT[1:], words, strict=True))
        for chunk in chunks(ids):
            connection.execute(sa.update(records).where(among(connection, records.c.id, chunk)).values(change))
    for (state, known), rows in single.items():
        change = _change(state, known, at) | {name: sa.bindparam(f"new_{name}") for name in _VERDICT[1:]}
        connection.execute(sa.update(records).where(records.c.id == sa.bindparam("record")).values(change), rows)


def _change(state: State, told: bool, at: datetime) -> dict[str, Any]:
    change: dict[str, Any] = {"state": state, "updated_at": at}
    if state is not State.READY:
        change["feed_id"] = None
    if state is State.QUARANTINED and not told:
        change |= NOT_REPORTED
    return change


def _moves(start: State, decision: Decision) -> list[tuple[int, State, State, str]]:
    why = _why(decision)
    if decision.state in RECORD_MOVES[start]:
        return [(decision.record_id, start, decision.state, why)]
    return [
        (decision.record_id, start, State.SEEN, "transformed again"),
        (decision.record_id, State.SEEN, decision.state, why),
    ]
