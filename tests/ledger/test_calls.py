"""Calls: the intent before, the outcome after, and what happens when one of them is missing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta

import pytest

from order_sync.errors import Outcome, Stop
from order_sync.ledger import Answer, Claim, Intent, Ledger, State, open_ledger
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, Kit, digest, ready

LEASE = timedelta(minutes=2)
GONE = timedelta(seconds=-1)


@pytest.fixture
def ids(kit: Kit) -> list[int]:
    """Three orders that are ready."""
    batch = kit.batch(kit.file())
    taken = kit.take(batch, "A", "B", "C")
    kit.decide(batch, *ready(*(one.record_id for one in taken)))
    return [one.record_id or 0 for one in taken]


def intent(kit: Kit, record_id: int) -> Intent:
    return Intent(record_id, kit.record_of(record_id).content_hash)


def claim(kit: Kit, *record_ids: int, lease: timedelta = LEASE) -> list[Claim]:
    """Take records over; those that somebody else has are missing."""
    intents = [intent(kit, record_id) for record_id in record_ids]
    done = kit.ledger.exchange(intents, [], operation="invoice", lease=lease, at=AT, who=WHO)
    return list(done.claims.values())


def answer(kit: Kit, *answers: Answer) -> Sequence[Answer]:
    return kit.ledger.exchange([], answers, operation="invoice", lease=LEASE, at=AT, who=WHO).late


def test_intent_is_committed_before_the_call(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    record = kit.record_of(ids[0])
    assert (record.state, record.attempts, record.fence) == (State.INTENDED, 1, 1)
    assert record.request_hash == record.content_hash
    assert mine == Claim(ids[0], 1, 1)
    (call,) = kit.ledger.calls_of([ids[0]])
    assert (call.operation, call.attempt, call.outcome, call.request_hash) == ("invoice", 1, "", record.content_hash)


def test_record_is_claimed_once(kit: Kit, ids: list[int]) -> None:
    assert len(claim(kit, *ids)) == 3
    assert claim(kit, *ids) == []


def test_body_that_was_not_decided_on_is_never_claimed(kit: Kit, ids: list[int]) -> None:
    wrong = Intent(ids[0], digest("another body"))
    with pytest.raises(Stop, match="Order A: the body"):
        kit.ledger.exchange([wrong], [], operation="invoice", lease=LEASE, at=AT, who=WHO)
    assert kit.record_of(ids[0]).state is State.READY


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.DELIVERED, State.DELIVERED),
        (Outcome.REFUSED, State.QUARANTINED),
        (Outcome.NOT_SENT, State.READY),
        (Outcome.IN_DOUBT, State.UNKNOWN),
    ],
)
def test_outcome_moves_the_record(kit: Kit, ids: list[int], outcome: Outcome, state: State) -> None:
    (mine,) = claim(kit, ids[0])
    reason = "RETAILPRO_REFUSED" if outcome is Outcome.REFUSED else ""
    told = Answer(mine, outcome, "words", reason, "INV-1", 201, {"Server": "x"}, "{}", 12)
    assert answer(kit, told) == ()
    record = kit.record_of(ids[0])
    assert (record.state, record.partner_ref) == (state, "INV-1")
    (call,) = kit.ledger.calls_of([ids[0]])
    assert (call.outcome, call.status, call.body, call.milliseconds) == (outcome, 201, "{}", 12)
    assert dict(call.headers) == {"Server": "x"}


def test_what_was_not_sent_can_be_claimed_again(kit: Kit, ids: list[int]) -> None:
    (first,) = claim(kit, ids[0])
    answer(kit, Answer(first, Outcome.NOT_SENT))
    assert claim(kit, ids[0]) == [Claim(ids[0], 2, 2)]


def test_lease_that_is_over_leaves_a_doubt(kit: Kit, ids: list[int]) -> None:
    claim(kit, ids[0], lease=GONE)
    claim(kit, ids[1])
    assert kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO) == 1
    (doubt,) = kit.ledger.doubts(FLOW, RETAILER)
    assert (doubt.order_key, doubt.fence) == ("A", 1)
    assert doubt.age > timedelta(0)
    assert kit.ledger.calls_of([ids[0]])[0].outcome == "IN_DOUBT"
    assert kit.record_of(ids[1]).state is State.INTENDED


def test_claim_is_mine_until_the_lease_is_over_or_somebody_takes_it(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    (over,) = claim(kit, ids[1], lease=GONE)
    assert kit.ledger.still_mine(mine)
    assert not kit.ledger.still_mine(over)
    assert not kit.ledger.still_mine(mine._replace(fence=2))


def test_late_answer_settles_the_doubt_it_belongs_to(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0], lease=GONE)
    kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO)
    assert answer(kit, Answer(mine, Outcome.DELIVERED, reference="INV-1")) == ()
    assert kit.record_of(ids[0]).state is State.DELIVERED


def test_answer_of_a_worker_that_was_replaced_moves_nothing_but_is_kept(kit: Kit, ids: list[int]) -> None:
    (frozen,) = claim(kit, ids[0], lease=GONE)
    kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO)
    kit.ledger.resolve(ids[0], frozen.fence, State.READY, at=AT, who=WHO, why="not there")
    (replacement,) = claim(kit, ids[0])
    late = Answer(frozen, Outcome.DELIVERED, reference="INV-1", body="evidence")
    assert answer(kit, late) == (late,)
    assert kit.record_of(ids[0]).fence == replacement.fence
    assert kit.record_of(ids[0]).state is State.INTENDED
    assert [call.body for call in kit.ledger.calls_of([ids[0]])] == ["evidence", ""]


def test_answer_that_comes_after_its_doubt_was_filed_gets_a_line_of_its_own(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0], lease=GONE)
    kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO)
    (doubt,) = kit.ledger.calls_to_file(FLOW, RETAILER, limit=9)
    kit.ledger.give_file([doubt.id], "one.jsonl")
    kit.ledger.filed([doubt.id], at=AT)
    answer(kit, Answer(mine, Outcome.DELIVERED, reference="INV-1", body="evidence"))
    (late,) = kit.ledger.calls_to_file(FLOW, RETAILER, limit=9)
    assert (late.operation, late.outcome, late.body) == ("late_answer", "DELIVERED", "evidence")


def test_answer_in_time_has_one_line(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0], lease=GONE)
    kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO)
    answer(kit, Answer(mine, Outcome.DELIVERED, reference="INV-1", body="evidence"))
    (call,) = kit.ledger.calls_to_file(FLOW, RETAILER, limit=9)
    assert (call.operation, call.body) == ("invoice", "evidence")


def test_late_answer_leaves_the_look_up_as_it_was(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0], lease=GONE)
    kit.ledger.expire_leases(FLOW, RETAILER, at=AT, who=WHO)
    kit.ledger.note_look_up(
        ids[0], mine.fence, outcome="ABSENT", status=200, headers={}, body="[]", milliseconds=3, message="none",
        request_hash=digest("body"), at=AT,
    )  # fmt: skip
    answer(kit, Answer(mine, Outcome.DELIVERED, reference="INV-1", body="evidence"))
    assert [(call.operation, call.body) for call in kit.ledger.calls_of([ids[0]])] == [
        ("invoice", "evidence"),
        ("look_up", "[]"),
    ]


def test_doubt_is_ended_for_its_own_call_only(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    answer(kit, Answer(mine, Outcome.IN_DOUBT, "no answer in 60 s"))
    end = {"at": AT, "who": WHO, "why": "found", "reference": "INV-7"}
    assert not kit.ledger.resolve(ids[0], mine.fence + 1, State.DELIVERED, **end)
    assert kit.ledger.resolve(ids[0], mine.fence, State.DELIVERED, **end)
    assert not kit.ledger.resolve(ids[0], mine.fence, State.READY, **end)
    assert kit.record_of(ids[0]).partner_ref == "INV-7"


def test_doubt_is_an_exception_until_it_is_solved(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    answer(kit, Answer(mine, Outcome.IN_DOUBT, "no answer in 60 s"))
    (row,) = kit.ledger.exceptions(FLOW, RETAILER, unreported_only=True)
    assert (row.order_key, row.reason, row.message) == ("A", "IN_DOUBT", "no answer in 60 s")
    kit.ledger.mark_reported([ids[0]], at=AT)
    assert kit.ledger.exceptions(FLOW, RETAILER, unreported_only=True) == []
    assert kit.ledger.open_exception_ids(FLOW, RETAILER) == []  # nobody brings a doubt again by asking for 'all'
    kit.ledger.resolve(ids[0], mine.fence, State.DELIVERED, at=AT, who=WHO, why="found")
    (solved,) = kit.ledger.solved_since_report(FLOW, RETAILER)
    assert (solved.order_key, solved.reason) == ("A", "IN_DOUBT")


def test_refused_record_is_ready_again_as_it_is(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    answer(kit, Answer(mine, Outcome.REFUSED, "UPC unknown", "RETAILPRO_REFUSED"))
    assert kit.ledger.bring_back(ids, at=AT, who=WHO) == 1
    assert kit.record_of(ids[0]).state is State.READY
    assert [end for _, end in kit.moves("A")][-2:] == ["SEEN", "READY"]


def test_ten_processes_claim_each_record_once(kit: Kit, ids: list[int], url: str) -> None:
    intents = [intent(kit, record_id) for record_id in ids]
    won: list[Claim] = []
    start = threading.Barrier(10)

    def compete() -> None:
        with open_ledger(url) as book:
            start.wait()
            won.extend(book.exchange(intents, [], operation="invoice", lease=LEASE, at=AT, who=WHO).claims.values())

    threads = [threading.Thread(target=compete) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.record_id for one in won) == sorted(ids)


def test_sendable_are_the_ready_ones_of_the_batch(kit: Kit, ids: list[int]) -> None:
    batch_id = kit.record_of(ids[0]).batch_id
    claim(kit, ids[1])
    assert set(kit.ledger.sendable(batch_id, ["A", "B", "C", "Z"])) == {"A", "C"}
    assert kit.ledger.states_of([batch_id]) == {State.READY: 2, State.INTENDED: 1}


def test_responses_are_filed_once_and_under_the_name_given_first(kit: Kit, ids: list[int]) -> None:
    for mine in claim(kit, *ids):
        answer(kit, Answer(mine, Outcome.DELIVERED))
    first = kit.ledger.calls_to_file(FLOW, RETAILER, limit=2)
    assert [call.order_key for call in first] == ["A", "B"]
    kit.ledger.give_file([call.id for call in first], "one.jsonl")
    again = kit.ledger.calls_to_file(FLOW, RETAILER, limit=100)
    assert [(call.order_key, call.response_file) for call in again] == [("A", "one.jsonl"), ("B", "one.jsonl")]
    kit.ledger.filed([call.id for call in again], at=AT)
    assert [call.order_key for call in kit.ledger.calls_to_file(FLOW, RETAILER, limit=100)] == ["C"]


def test_look_up_is_kept_beside_the_call(kit: Kit, ids: list[int], ledger: Ledger) -> None:
    (mine,) = claim(kit, ids[0])
    ledger.note_look_up(
        ids[0], mine.fence, outcome="ABSENT", status=200, headers={}, body="[]", milliseconds=3, message="none",
        request_hash=digest("body"), at=AT,
    )  # fmt: skip
    assert [call.operation for call in ledger.calls_of(ids[:1])] == ["invoice", "look_up"]


def test_what_no_evidence_can_end_stays_in_doubt_and_is_told(kit: Kit, ids: list[int]) -> None:
    (mine,) = claim(kit, ids[0])
    answer(kit, Answer(mine, Outcome.IN_DOUBT, "no answer in 60 s"))
    kit.ledger.mark_reported([ids[0]], at=AT)
    told = (ids[0], mine.fence, "RETAILPRO_SEVERAL", "found 2")
    assert kit.ledger.leave_to_a_person(*told, at=AT, who=WHO)
    assert not kit.ledger.leave_to_a_person(*told, at=AT, who=WHO)
    (row,) = kit.ledger.exceptions(FLOW, RETAILER, unreported_only=True)
    assert (row.state, row.reason, row.message) == (State.UNKNOWN, "RETAILPRO_SEVERAL", "found 2")
