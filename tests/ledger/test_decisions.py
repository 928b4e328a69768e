from __future__ import annotations

import pytest
import sqlalchemy as sa

from order_sync.ledger import Decision, IllegalMoveError, State
from order_sync.ledger.schema import notes, records
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, later, left_out, ready, set_aside


def test_verdicts_are_written_with_their_reasons(kit) -> None:
    batch = kit.batch()
    one, two, three = (admission.record_id for admission in kit.take(batch, "A", "B", "C"))
    assert kit.decide(batch, *ready(one), left_out(two), set_aside(three, "10.00 against 9.00"), at=later(1)) == 3
    assert kit.states("A", "B", "C") == [State.READY, State.EXCLUDED, State.QUARANTINED]
    record = kit.record("C")
    assert (record.reason, record.field, record.message) == ("TOTALS_MISMATCH", "totalAmount", "10.00 against 9.00")
    assert record.updated_at == later(1)
    assert kit.moves("C") == [("", "SEEN"), ("SEEN", "QUARANTINED")]


def test_many_verdicts_of_one_kind_and_many_of_their_own_kind(kit) -> None:
    batch = kit.batch()
    ids = [admission.record_id for admission in kit.take(batch, *[f"order {number}" for number in range(130)])]
    alone = [set_aside(record_id, f"{record_id} does not add up") for record_id in ids[120:]]
    assert kit.decide(batch, *ready(*ids[:60]), *[left_out(one) for one in ids[60:120]], *alone) == 130
    query = sa.select(records.c.state, sa.func.count(), sa.func.count(records.c.message.distinct()))
    found = {row[0]: row[1:] for row in kit.rows(query.group_by(records.c.state))}
    assert found == {State.READY: (60, 1), State.EXCLUDED: (60, 1), State.QUARANTINED: (10, 10)}


def test_the_same_verdicts_again_change_nothing(kit) -> None:
    batch = kit.batch()
    one, two, three = (admission.record_id for admission in kit.take(batch, "A", "B", "C"))
    verdicts = [*ready(one), left_out(two), set_aside(three, "na\0me \udcff")]
    kit.decide(batch, *verdicts)
    before = kit.everything()
    assert kit.decide(batch, *verdicts, at=later(1)) == 0
    assert kit.everything() == before


def test_a_transform_that_runs_again_before_publishing_may_decide_otherwise(kit) -> None:
    batch = kit.batch()
    one, two, three = (admission.record_id for admission in kit.take(batch, "A", "B", "C"))
    kit.decide(batch, *ready(one), left_out(two), set_aside(three))
    assert kit.decide(batch, set_aside(one), *ready(two, three)) == 3
    assert kit.states("A", "B", "C") == [State.QUARANTINED, State.READY, State.READY]
    assert kit.moves("A")[-1:] == [("READY", "QUARANTINED")]
    assert kit.moves("B")[-2:] == [("EXCLUDED", "SEEN"), ("SEEN", "READY")]
    assert kit.moves("C")[-2:] == [("QUARANTINED", "SEEN"), ("SEEN", "READY")]
    assert kit.record("C").reason == ""


def test_an_order_that_is_not_ready_any_more_leaves_the_staged_feed(kit) -> None:
    batch, (one, _) = kit.transformed("A", "B")
    feed = kit.feed(batch)
    kit.decide(batch, set_aside(one))
    assert kit.ledger.attach_records_to_feed(feed.id) == 1
    assert kit.record("A").feed_id is None


def test_nothing_changes_once_the_orders_are_promised(kit) -> None:
    batch = kit.batch()
    one, two, three = (admission.record_id for admission in kit.take(batch, "A", "B", "C"))
    kit.decide(batch, *ready(one), left_out(two), set_aside(three))
    feed = kit.feed(batch)
    kit.ledger.intend_feed(feed.id, remote_path="/f", at=AT, who=WHO)
    before = kit.everything()
    assert kit.decide(batch, set_aside(one), *ready(two, three)) == 0
    assert kit.everything() == before


def test_a_record_that_went_on_to_another_batch_is_left_alone(kit) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    kit.decide(one, set_aside(first.record_id))
    kit.take(two, "A", content="mended")
    assert kit.decide(one, *ready(first.record_id)) == 0
    assert kit.states("A") == [State.SEEN]


def test_a_record_that_is_cancelled_is_left_alone(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    kit.ledger.move(first.record_id, [State.SEEN], State.CANCELLED, at=AT, who=WHO)
    assert kit.decide(batch, *ready(first.record_id)) == 0


def test_a_new_cause_is_an_exception_to_report_anew_and_the_same_one_is_not(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    kit.decide(batch, set_aside(first.record_id))
    kit.ledger.mark_reported([first.record_id], at=AT)
    kit.decide(batch, set_aside(first.record_id))
    assert kit.record("A").reported_at == AT
    kit.decide(batch, set_aside(first.record_id, "other figures"))
    assert kit.record("A").reported_at is None


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.READY, "TOTALS_MISMATCH"),
        (State.EXCLUDED, "TOTALS_MISMATCH"),
        (State.QUARANTINED, "IN_STORE_SYNC_OFF"),
        (State.QUARANTINED, ""),
        (State.QUARANTINED, "NO_SUCH_REASON"),
        (State.DELIVERED, ""),
    ],
)
def test_a_verdict_without_a_known_reason_is_refused(kit, state: State, reason: str) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    with pytest.raises(ValueError, match=f"Record {first.record_id} cannot be {state} for the reason '{reason}'"):
        kit.decide(batch, Decision(first.record_id, state, reason))


def test_two_verdicts_on_one_record_are_refused(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    with pytest.raises(ValueError, match="two verdicts"):
        kit.decide(batch, *ready(first.record_id, first.record_id))


def test_a_verdict_on_a_record_that_does_not_exist_is_refused_and_nothing_is_written(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    with pytest.raises(LookupError, match="1 of the records decided on in batch"):
        kit.decide(batch, *ready(first.record_id, 99))
    assert kit.states("A") == [State.SEEN]


def test_a_move_happens_once_and_brings_its_values(kit) -> None:
    _, (record_id,) = kit.transformed("A")
    intent = {"from_states": [State.READY], "to_state": State.INTENDED, "who": "deliver", "why": "attempt 1"}
    values = {"attempts": 1, "fence": 7, "lease_until": later(5), "request_hash": "abc"}
    assert kit.ledger.move(record_id, **intent, at=later(1), **values)
    assert not kit.ledger.move(record_id, **intent, at=later(2), attempts=2, fence=8)
    record = kit.record("A")
    assert (record.state, record.attempts, record.fence, record.lease_until) == (State.INTENDED, 1, 7, later(5))
    assert (record.request_hash, record.updated_at) == ("abc", later(1))
    story = kit.ledger.order_of(FLOW, RETAILER, "A")
    last = story.versions[0].moves[-1]
    assert (last.at, last.from_state, last.to_state, last.who, last.why) == (
        later(1), "READY", "INTENDED", "deliver", "attempt 1",
    )  # fmt: skip


def test_a_move_into_quarantine_is_an_exception_to_report(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    kit.decide(batch, set_aside(first.record_id))
    kit.ledger.mark_reported([first.record_id], at=AT)
    kit.decide(batch, *ready(first.record_id))
    assert kit.record("A").reported_at == AT
    kit.ledger.move(first.record_id, [State.READY], State.QUARANTINED, at=AT, who=WHO, reason="HOTWAX_REFUSED")
    assert kit.record("A").reported_at is None


def test_a_move_of_a_record_that_does_not_exist_does_not_happen(ledger) -> None:
    assert not ledger.move(99, [State.READY], State.INTENDED, at=AT, who=WHO)


def test_an_illegal_move_is_refused(kit) -> None:
    _, (record_id,) = kit.transformed("A")
    with pytest.raises(IllegalMoveError, match="from READY to CONFIRMED"):
        kit.ledger.move(record_id, [State.READY], State.CONFIRMED, at=AT, who=WHO)
    assert kit.states("A") == [State.READY]


def test_notes_are_added_once(kit) -> None:
    _, (one, two) = kit.transformed("A", "B")
    texts = {one: ["second tender CASH 20.00", "third\0 tender"], two: ["second tender CASH 20.00"]}
    kit.ledger.add_notes(texts, at=AT)
    kit.ledger.add_notes(texts, at=later(1))
    kit.ledger.add_notes({}, at=AT)
    found = [(row.record_id, row.text, row.at) for row in kit.rows(sa.select(notes).order_by(notes.c.id))]
    assert found == [
        (one, "second tender CASH 20.00", AT),
        (one, "third\ufffd tender", AT),
        (two, "second tender CASH 20.00", AT),
    ]


def test_a_note_that_is_too_long_is_refused(kit) -> None:
    _, (record_id,) = kit.transformed("A")
    kit.ledger.add_notes({record_id: ["x" * 500]}, at=AT)
    with pytest.raises(ValueError, match=f"record {record_id} is longer than 500"):
        kit.ledger.add_notes({record_id: ["x" * 501]}, at=AT)
