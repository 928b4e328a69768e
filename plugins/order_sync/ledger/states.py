"""The states of records, batches and feeds, and the only moves that are legal between them.

Every move in the ledger is one statement that names the states it may start from; this module says which starts
may be named at all. A move that is not listed here is a mistake in the program, never a matter of data.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import TypeVar

S = TypeVar("S", bound=StrEnum)


class State(StrEnum):
    """Where one record stands; it is in exactly one of these at any time."""

    SEEN = "SEEN"
    READY = "READY"
    EXCLUDED = "EXCLUDED"
    QUARANTINED = "QUARANTINED"
    WAITING = "WAITING"
    INTENDED = "INTENDED"
    DELIVERED = "DELIVERED"
    CONFIRMED = "CONFIRMED"
    UNKNOWN = "UNKNOWN"
    CANCELLED = "CANCELLED"


class BatchState(StrEnum):
    """How far a batch has come."""

    COLLECTED = "COLLECTED"
    TRANSFORMED = "TRANSFORMED"
    PUBLISHED = "PUBLISHED"
    CONFIRMED = "CONFIRMED"
    CLOSED = "CLOSED"


class FeedState(StrEnum):
    """How far an output file has come; its bytes never change from INTENDED on."""

    STAGED = "STAGED"
    INTENDED = "INTENDED"
    PUBLISHED = "PUBLISHED"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"


class IllegalMoveError(ValueError):
    """The program asked for a move that no rule allows."""


#: Legal moves of a record. INTENDED is committed before the partner is called, so that a crash leaves a trace.
#: DELIVERED again: its file was lost and lies there once more. From QUARANTINED to CONFIRMED goes only what a partner
#: refused and has an id of nevertheless.
RECORD_MOVES: Mapping[State, frozenset[State]] = {
    State.SEEN: frozenset({State.READY, State.EXCLUDED, State.QUARANTINED, State.WAITING, State.CANCELLED}),
    State.READY: frozenset({State.READY, State.EXCLUDED, State.QUARANTINED, State.INTENDED, State.CANCELLED}),
    State.EXCLUDED: frozenset({State.SEEN}),
    State.QUARANTINED: frozenset({State.SEEN, State.QUARANTINED, State.CONFIRMED, State.CANCELLED}),
    State.WAITING: frozenset({State.SEEN, State.READY, State.EXCLUDED, State.QUARANTINED, State.CANCELLED}),
    State.INTENDED: frozenset({State.DELIVERED, State.UNKNOWN, State.READY, State.WAITING, State.QUARANTINED}),
    State.UNKNOWN: frozenset({State.UNKNOWN, State.DELIVERED, State.READY, State.QUARANTINED, State.CANCELLED}),
    State.DELIVERED: frozenset({State.DELIVERED, State.CONFIRMED, State.QUARANTINED}),
    State.CONFIRMED: frozenset(),
    State.CANCELLED: frozenset(),
}

#: Legal moves of a batch; TRANSFORMED again is a transform that ran once more before publishing.
BATCH_MOVES: Mapping[BatchState, frozenset[BatchState]] = {
    BatchState.COLLECTED: frozenset({BatchState.TRANSFORMED}),
    BatchState.TRANSFORMED: frozenset({BatchState.TRANSFORMED, BatchState.PUBLISHED, BatchState.CLOSED}),
    BatchState.PUBLISHED: frozenset({BatchState.CONFIRMED, BatchState.CLOSED}),
    BatchState.CONFIRMED: frozenset({BatchState.CLOSED}),
    BatchState.CLOSED: frozenset(),
}

#: Legal moves of a feed; STAGED again replaces bytes that nobody has been promised yet.
FEED_MOVES: Mapping[FeedState, frozenset[FeedState]] = {
    FeedState.STAGED: frozenset({FeedState.STAGED, FeedState.INTENDED}),
    FeedState.INTENDED: frozenset({FeedState.PUBLISHED}),
    FeedState.PUBLISHED: frozenset({FeedState.CONFIRMED, FeedState.REFUSED}),
    FeedState.CONFIRMED: frozenset(),
    FeedState.REFUSED: frozenset(),
}

#: The states a transform may decide on, and may change as long as nothing was promised to a partner.
DECIDED: frozenset[State] = frozenset({State.READY, State.EXCLUDED, State.QUARANTINED, State.WAITING})

#: The states of a record that goes out, is on its way or has arrived.
SENDING: frozenset[State] = frozenset(
    {State.READY, State.WAITING, State.INTENDED, State.DELIVERED, State.CONFIRMED, State.UNKNOWN}
)


def check_moves(table: Mapping[S, frozenset[S]], starts: Collection[S], end: S) -> None:
    """Refuse a move that the table does not list.

    :param table: one of :data:`RECORD_MOVES`, :data:`BATCH_MOVES`, :data:`FEED_MOVES`.
    :param starts: every state the move may start from.
    :param end: the state it ends in.
    :raises IllegalMoveError: if there is no start, or one of the starts has no such move.
    """
    illegal = sorted(start for start in starts if end not in table[start])
    if illegal or not starts:
        raise IllegalMoveError(f"No rule allows a move from {', '.join(illegal) or 'no state'} to {end}.")
