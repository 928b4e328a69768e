from __future__ import annotations

import pytest

from order_sync.ledger import Admission, AdmissionKind, Arrival, Batch, OtherDecision, OtherKind, State
from tests.ledger.ledger_kit import AT, WHO, digest, later, ready, set_aside

CHANGED, OTHER, MINE = AdmissionKind.CHANGED, AdmissionKind.OTHER, AdmissionKind.MINE


def settle(kit, batch: Batch, *decisions: tuple[Arrival, OtherKind, int | None], **changes) -> list[Admission]:
    told = [OtherDecision(arrival, kind, previous or 0) for arrival, kind, previous in decisions]
    return kit.ledger.settle_others(batch, told, **{"at": AT, "who": WHO, **changes})


@pytest.fixture
def sent(kit) -> int:
    """Id of order A, which went out with content a."""
    batch, (record_id,) = kit.transformed("A")
    kit.publish(batch)
    return record_id


@pytest.mark.parametrize("kind", [OtherKind.SAME, OtherKind.OLDER])
def test_the_same_or_an_older_content_is_counted_once(kit, sent: int, kind: OtherKind) -> None:
    batch = kit.batch()
    arrival = kit.arrival(batch, 0, "A", "other layout")
    for _ in range(2):
        (answer,) = settle(kit, batch, (arrival, kind, sent))
        assert (answer.kind, answer.record_id) == (AdmissionKind(kind.value), sent)
    assert kit.admit(batch, arrival)[0].kind == AdmissionKind(kind.value)
    assert kit.versions() == [("A", 1)]
    (summary,) = kit.ledger.summaries([batch.id])
    assert {name: tally.count for name, tally in summary.repeats.items()} == {kind.value: 1}


def test_a_changed_order_becomes_the_next_version(kit, sent: int) -> None:
    batch = kit.batch()
    arrival = kit.arrival(batch, 0, "A", "changed", amount_minor=7)
    (answer,) = settle(kit, batch, (arrival, OtherKind.CHANGED, sent), at=later(1))
    record = kit.record("A", 2)
    assert (answer.kind, answer.record_id, answer.version, answer.state) == (CHANGED, record.id, 2, State.SEEN)
    assert answer.previous is not None
    assert (answer.previous.record_id, answer.previous.state) == (sent, State.DELIVERED)
    assert (record.amount_minor, record.content_hash, record.first_seen_at) == (7, digest("changed"), later(1))
    assert kit.record("A").state is State.DELIVERED
    assert kit.moves("A", 2) == [("", "SEEN")]


def test_a_changed_order_is_found_again_with_what_it_changed(kit, sent: int) -> None:
    batch = kit.batch()
    arrival = kit.arrival(batch, 0, "A", "changed")
    (first,) = settle(kit, batch, (arrival, OtherKind.CHANGED, sent))
    before = kit.everything()
    (again,) = kit.admit(batch, arrival)
    (settled,) = settle(kit, batch, (arrival, OtherKind.CHANGED, sent))
    assert (again.kind, again.record_id, again.version, again.previous) == (MINE, first.record_id, 2, first.previous)
    assert settled == again
    assert kit.everything() == before


def test_a_verdict_against_a_version_that_is_not_the_latest_any_more_is_void(kit, sent: int) -> None:
    one, two = kit.batch(), kit.batch()
    (second,) = settle(kit, one, (kit.arrival(one, 0, "A", "second"), OtherKind.CHANGED, sent))
    kit.decide(one, *ready(second.record_id))
    third = kit.arrival(two, 0, "A", "third")
    before = kit.everything()
    (answer,) = settle(kit, two, (third, OtherKind.CHANGED, sent))
    assert answer.kind is OTHER
    assert answer.previous is not None
    assert answer.previous.record_id == second.record_id
    assert kit.everything() == before
    (answer,) = settle(kit, two, (third, OtherKind.CHANGED, second.record_id))
    assert (answer.kind, answer.version) == (CHANGED, 3)


def test_of_two_changes_in_one_call_the_second_is_to_be_compared_with_the_first(kit, sent: int) -> None:
    batch = kit.batch()
    arrivals = [kit.arrival(batch, index, "A", content) for index, content in enumerate("bbc")]
    answers = settle(kit, batch, *[(arrival, OtherKind.CHANGED, sent) for arrival in arrivals])
    assert [answer.kind for answer in answers] == [CHANGED, AdmissionKind.SAME, OTHER]
    assert answers[2].previous is not None
    assert answers[2].previous.record_id == answers[1].record_id == answers[0].record_id


def test_a_change_of_a_version_that_waits_takes_that_one_up(kit, sent: int) -> None:
    one, two = kit.batch(), kit.batch()
    (second,) = settle(kit, one, (kit.arrival(one, 0, "A", "second"), OtherKind.CHANGED, sent))
    kit.decide(one, set_aside(second.record_id, reason="CHANGED_ORDER"))
    (answer,) = settle(kit, two, (kit.arrival(two, 0, "A", "third"), OtherKind.CHANGED, sent))
    assert (answer.kind, answer.record_id, answer.version) == (CHANGED, second.record_id, 2)
    assert answer.previous is not None
    assert answer.previous.record_id == sent
    assert kit.record("A", 2).batch_id == two.id
    assert kit.versions() == [("A", 1), ("A", 2)]
    assert kit.ledger.equation(one.id).rejected.count == 1


def test_a_stray_copy_of_an_earlier_version_is_not_a_change_back(kit, sent: int) -> None:
    one, two, three = kit.batch(), kit.batch(), kit.batch()
    settle(kit, one, (kit.arrival(one, 0, "A", "second"), OtherKind.CHANGED, sent))
    (copy,) = kit.take(two, "A")
    assert (copy.kind, copy.record_id, copy.version) == (AdmissionKind.SAME, sent, 1)
    (back,) = kit.admit(three, kit.arrival(three, 0, "A", updated_ms=1_788_000_000_001))
    assert back.kind is OTHER


def test_a_dry_run_answers_as_told_and_writes_nothing(kit, sent: int) -> None:
    batch = kit.batch()
    arrival = kit.arrival(batch, 0, "A", "changed")
    before = kit.everything()
    answers = settle(kit, batch, (arrival, OtherKind.CHANGED, sent), (arrival, OtherKind.OLDER, sent), dry_run=True)
    assert [(answer.kind, answer.record_id) for answer in answers] == [(CHANGED, None), (AdmissionKind.OLDER, sent)]
    assert kit.everything() == before
