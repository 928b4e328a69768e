from __future__ import annotations

from itertools import product

import pytest

from order_sync.ledger.states import (
    BATCH_MOVES,
    DECIDED,
    FEED_MOVES,
    RECORD_MOVES,
    SENDING,
    BatchState,
    FeedState,
    IllegalMoveError,
    State,
    check_moves,
)

LEGAL = {
    ("SEEN", "READY"), ("SEEN", "EXCLUDED"), ("SEEN", "QUARANTINED"), ("SEEN", "WAITING"), ("SEEN", "CANCELLED"),
    ("READY", "READY"), ("READY", "EXCLUDED"), ("READY", "QUARANTINED"), ("READY", "INTENDED"), ("READY", "CANCELLED"),
    ("EXCLUDED", "SEEN"),
    ("QUARANTINED", "SEEN"), ("QUARANTINED", "QUARANTINED"), ("QUARANTINED", "CONFIRMED"), ("QUARANTINED", "CANCELLED"),
    ("WAITING", "SEEN"), ("WAITING", "READY"), ("WAITING", "EXCLUDED"), ("WAITING", "QUARANTINED"),
    ("WAITING", "CANCELLED"),
    ("INTENDED", "DELIVERED"), ("INTENDED", "UNKNOWN"), ("INTENDED", "READY"), ("INTENDED", "WAITING"),
    ("INTENDED", "QUARANTINED"),
    ("UNKNOWN", "UNKNOWN"),
    ("UNKNOWN", "DELIVERED"), ("UNKNOWN", "READY"), ("UNKNOWN", "QUARANTINED"), ("UNKNOWN", "CANCELLED"),
    ("DELIVERED", "DELIVERED"), ("DELIVERED", "CONFIRMED"), ("DELIVERED", "QUARANTINED"),
}  # fmt: skip


@pytest.mark.parametrize(("start", "end"), product(State, State))
def test_a_record_makes_exactly_the_listed_moves(start: State, end: State) -> None:
    if (start.value, end.value) in LEGAL:
        check_moves(RECORD_MOVES, [start], end)
    else:
        with pytest.raises(IllegalMoveError, match=f"from {start} to {end}"):
            check_moves(RECORD_MOVES, [start], end)


def test_one_illegal_start_among_legal_ones_is_refused() -> None:
    with pytest.raises(IllegalMoveError, match="from CONFIRMED to QUARANTINED"):
        check_moves(RECORD_MOVES, [State.DELIVERED, State.CONFIRMED], State.QUARANTINED)


def test_a_move_without_a_start_is_refused() -> None:
    with pytest.raises(IllegalMoveError, match="from no state"):
        check_moves(RECORD_MOVES, [], State.READY)


@pytest.mark.parametrize(
    ("states", "moves", "first"),
    [
        (State, RECORD_MOVES, State.SEEN),
        (BatchState, BATCH_MOVES, BatchState.COLLECTED),
        (FeedState, FEED_MOVES, FeedState.STAGED),
    ],
)
def test_every_state_has_its_moves_and_can_be_reached(states, moves, first) -> None:
    reached, open_ends = set(), {first}
    while open_ends:
        reached |= open_ends
        open_ends = {end for start in open_ends for end in moves[start]} - reached
    assert set(moves) == reached == set(states)


def test_nothing_leaves_a_final_state() -> None:
    assert not RECORD_MOVES[State.CONFIRMED] | RECORD_MOVES[State.CANCELLED]
    assert not FEED_MOVES[FeedState.CONFIRMED] | FEED_MOVES[FeedState.REFUSED]
    assert not BATCH_MOVES[BatchState.CLOSED]


def test_a_state_is_on_its_way_or_decided_against_or_open_but_never_two_of_them() -> None:
    assert {State.READY, State.WAITING} == SENDING & DECIDED
    assert set(State) - SENDING - DECIDED == {State.SEEN, State.CANCELLED}
