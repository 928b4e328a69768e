from __future__ import annotations

from dataclasses import replace

import pytest

from order_sync.errors import Stop
from order_sync.ledger import (
    Admission,
    AdmissionKind,
    BatchInput,
    Decision,
    OtherDecision,
    OtherKind,
    PreviousRecord,
    State,
)
from tests.ledger.ledger_kit import AT, RETAILER, WHO, digest, later, left_out, ready, set_aside

NEW, MINE, AGAIN = AdmissionKind.NEW, AdmissionKind.MINE, AdmissionKind.AGAIN
SAME, OTHER, MOVED = AdmissionKind.SAME, AdmissionKind.OTHER, AdmissionKind.MOVED


def kinds(admissions: list[Admission]) -> list[AdmissionKind]:
    return [admission.kind for admission in admissions]


def test_an_unknown_order_becomes_a_record_with_everything_that_was_said_about_it(kit) -> None:
    batch = kit.batch()
    arrival = kit.arrival(batch, 3, "A", amount_minor=1299, currency="EUR", lines=4)
    (admission,) = kit.admit(batch, arrival, at=later(1))
    record = kit.record("A")
    assert admission == Admission(NEW, record.id, 1, State.SEEN)
    for name in arrival.__slots__:
        assert getattr(record, name) == getattr(arrival, name)
    assert (record.version, record.batch_id, record.state, record.reason) == (1, batch.id, State.SEEN, "")
    assert (record.first_seen_at, record.updated_at, record.attempts, record.feed_id) == (later(1), later(1), 0, None)
    assert kit.moves("A") == [("", "SEEN")]


def test_answers_come_in_the_order_of_the_arrivals(kit) -> None:
    batch = kit.batch()
    keys = [f"order {number}" for number in range(50)]
    admissions = kit.take(batch, *keys)
    assert [admission.record_id for admission in admissions] == [kit.record(key).id for key in keys]


def test_more_arrivals_than_one_look_up_names(kit, monkeypatch) -> None:
    monkeypatch.setattr("order_sync.ledger.bulk.chunks.__defaults__", (3,))
    batch, other = kit.batch(), kit.batch()
    keys = [f"order {number}" for number in range(10)]
    assert kinds(kit.take(batch, *keys)) == [NEW] * 10
    assert kinds(kit.take(batch, *keys)) == [MINE] * 10
    assert kinds(kit.take(other, *keys)) == [SAME] * 10


def test_a_transform_that_runs_again_finds_its_records_and_changes_nothing(kit) -> None:
    batch = kit.batch()
    first = kit.take(batch, "A", "B")
    before = kit.everything()
    assert kit.take(batch, "A", "B") == [replace(admission, kind=MINE) for admission in first]
    assert kit.everything() == before


def test_a_record_tells_which_feed_carried_it(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.publish(batch)
    (admission,) = kit.take(batch, "A")
    assert (admission.kind, admission.state, admission.feed_id) == (MINE, State.DELIVERED, feed.id)


@pytest.mark.parametrize("decision", [None, ready, left_out], ids=["SEEN", "READY", "EXCLUDED"])
def test_the_same_content_in_another_batch_is_counted_and_not_sent(kit, decision) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    if decision:
        verdicts = decision(first.record_id)
        kit.decide(one, *(verdicts if isinstance(verdicts, list) else [verdicts]))
    for _ in range(2):
        (second,) = kit.take(two, "A")
        assert (second.kind, second.record_id) == (SAME, first.record_id)
    assert kit.versions() == [("A", 1)]
    assert kit.ledger.equation(two.id).arrived.count == 1


def test_the_same_content_of_an_order_that_went_out_is_counted_and_not_sent(kit) -> None:
    batch, (record_id,) = kit.transformed("A")
    kit.publish(batch)
    (admission,) = kit.take(kit.batch(), "A")
    assert (admission.kind, admission.record_id, admission.state) == (SAME, record_id, State.DELIVERED)


def test_an_order_that_was_set_aside_is_taken_up_with_its_new_content(kit) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    kit.decide(one, set_aside(first.record_id))
    arrival = kit.arrival(two, 7, "A", "mended", amount_minor=900)
    (second,) = kit.admit(two, arrival, at=later(1))
    record = kit.record("A")
    assert second == Admission(AGAIN, first.record_id, 1, State.SEEN)
    assert (record.batch_id, record.file_id, record.record_index) == (two.id, arrival.file_id, 7)
    assert (record.content_hash, record.amount_minor) == (digest("mended"), 900)
    assert (record.state, record.reason, record.field, record.message) == (State.SEEN, "", "", "")
    assert kit.moves("A") == [("", "SEEN"), ("SEEN", "QUARANTINED"), ("QUARANTINED", "SEEN")]
    assert kinds(kit.admit(two, arrival)) == [MINE]


def test_the_batch_that_set_it_aside_still_counts_it_and_leaves_it_alone(kit) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    kit.decide(one, set_aside(first.record_id))
    before = kit.ledger.equation(one.id)
    kit.take(two, "A", content="mended")
    assert kit.ledger.equation(one.id) == before
    (admission,) = kit.take(one, "A")
    assert (admission.kind, admission.record_id) == (MOVED, first.record_id)
    assert kit.record("A").batch_id == two.id


def test_a_refused_order_that_moved_on_still_tells_the_feed_that_carried_it(kit) -> None:
    batch, _ = kit.transformed("A", "B")
    feed = kit.publish(batch)
    kit.ledger.confirm_feed(feed.id, refused={"A": "no such product"}, partner_log_id="1", at=AT, who=WHO)
    kit.take(kit.batch(), "A", content="mended")
    admissions = kit.take(batch, "A", "B")
    assert [(one.kind, one.feed_id) for one in admissions] == [(MOVED, feed.id), (MINE, feed.id)]


def test_other_content_is_written_nowhere_and_says_what_to_compare_with(kit) -> None:
    one, (record_id,) = kit.transformed("A")
    two = kit.batch()
    stored = kit.ledger.batch_inputs(one.id)[0]
    before = kit.everything()
    (admission,) = kit.take(two, "A", content="other")
    assert admission.previous == PreviousRecord(
        record_id=record_id,
        version=1,
        batch_id=one.id,
        file_uri=stored.uri,
        record_index=0,
        offset=0,
        length=4_000,
        content_hash=digest("a"),
        updated_ms=1_788_000_000_000,
        state=State.READY,
    )
    assert (admission.kind, admission.record_id) == (OTHER, None)
    assert kit.everything() == before


def test_of_two_arrivals_with_one_key_the_first_counts(kit) -> None:
    batch = kit.batch()
    arrivals = [
        kit.arrival(batch, 0, "A"),
        kit.arrival(batch, 1, "A"),
        kit.arrival(batch, 2, "A", "other"),
    ]
    first, second, third = kit.admit(batch, *arrivals)
    assert kinds([first, second, third]) == [NEW, SAME, OTHER]
    assert second.record_id == first.record_id
    assert third.previous is not None
    assert (third.previous.record_id, third.previous.state) == (first.record_id, State.SEEN)
    before = kit.everything()
    assert kinds(kit.admit(batch, *arrivals)) == [MINE, SAME, OTHER]
    assert kit.everything() == before


def test_a_second_arrival_is_judged_against_what_the_first_took_up(kit) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    kit.decide(one, set_aside(first.record_id))
    arrivals = [kit.arrival(two, 0, "A", "mended"), kit.arrival(two, 1, "A", "mended")]
    assert kinds(kit.admit(two, *arrivals)) == [AGAIN, SAME]


def test_pieces_of_a_batch_see_what_earlier_pieces_brought(kit) -> None:
    batch = kit.batch()
    (first,) = kit.take(batch, "A")
    kit.decide(batch, set_aside(first.record_id))
    (same,) = kit.admit(batch, kit.arrival(batch, 5, "A"))
    (other,) = kit.admit(batch, kit.arrival(batch, 6, "A", "other"))
    assert kinds([same, other]) == [SAME, OTHER]


def test_a_stray_copy_of_what_was_sent_does_not_take_up_a_later_version_that_waits(kit) -> None:
    batch, (sent,) = kit.transformed("A")
    kit.publish(batch)
    changed = kit.batch()
    kit.take(changed, "A", content="changed")
    (second,) = kit.ledger.settle_others(changed, [changed_order(kit, changed, "A", "changed", sent)], at=AT, who=WHO)
    kit.decide(changed, set_aside(second.record_id, reason="CHANGED_ORDER"))
    stray, fresh = kit.batch(), kit.batch()
    (copy,) = kit.take(stray, "A")
    assert (copy.kind, copy.record_id) == (SAME, sent)
    (newer,) = kit.take(fresh, "A", content="newer")
    assert newer.kind is OTHER
    assert newer.previous is not None
    assert newer.previous.record_id == sent
    assert kit.record("A", 2).state is State.QUARANTINED


def changed_order(kit, batch, key, content, previous_id) -> OtherDecision:
    return OtherDecision(kit.arrival(batch, 0, key, content), OtherKind.CHANGED, previous_id)


def test_retailers_do_not_see_each_other(kit) -> None:
    kit.take(kit.batch(), "A")
    assert kinds(kit.take(kit.batch(retailer="acme"), "A")) == [NEW]


def test_a_dry_run_judges_and_writes_nothing(kit) -> None:
    one, two = kit.batch(), kit.batch()
    first, _ = kit.take(one, "A", "B")
    kit.decide(one, set_aside(first.record_id))
    before = kit.everything()
    arrivals = [
        kit.arrival(two, 0, "A", "mended"),
        kit.arrival(two, 1, "B"),
        kit.arrival(two, 2, "C"),
        kit.arrival(two, 3, "C", "other"),
    ]
    admissions = kit.admit(two, *arrivals, dry_run=True)
    assert kinds(admissions) == [AGAIN, SAME, NEW, OTHER]
    assert admissions[2].record_id is None
    assert kit.everything() == before


def test_a_dry_run_needs_no_batch_in_the_ledger(kit) -> None:
    batch = kit.batch()
    unwritten = replace(batch, id=0)
    assert kinds(kit.admit(unwritten, kit.arrival(batch, 0, "A"), dry_run=True)) == [NEW]


def test_a_record_that_is_read_anew_before_publishing_gets_the_new_figures(kit) -> None:
    batch = kit.batch()
    kit.take(batch, "A")
    (admission,) = kit.admit(batch, kit.arrival(batch, 0, "A", "b", amount_minor=5, currency="EUR"), at=later(1))
    record = kit.record("A")
    assert admission.kind is MINE
    assert (record.amount_minor, record.currency, record.content_hash) == (5, "EUR", digest("b"))
    assert record.updated_at == later(1)


def test_a_record_that_is_read_anew_after_publishing_stays_as_it_was_sent(kit) -> None:
    batch, _ = kit.transformed("A")
    kit.publish(batch)
    before = kit.everything()
    kit.admit(batch, kit.arrival(batch, 0, "A", "b", amount_minor=5))
    assert kit.everything() == before


def test_an_unreadable_record_gets_its_key_once_it_can_be_read(kit) -> None:
    batch = kit.batch()
    (unreadable,) = kit.take(batch, "file:abc:0")
    kit.decide(batch, set_aside(unreadable.record_id, reason="RECORD_NOT_JSON"))
    readable, second = kit.admit(batch, kit.arrival(batch, 0, "A"), kit.arrival(batch, 1, "A"))
    assert (readable.kind, readable.record_id) == (MINE, unreadable.record_id)
    assert second.kind is SAME
    assert kit.versions() == [("A", 1)]


def test_a_place_that_is_read_as_a_known_order_stops_the_flow(kit) -> None:
    one, two = kit.batch(), kit.batch()
    kit.take(one, "A")
    (unreadable,) = kit.take(two, "file:abc:0")
    with pytest.raises(Stop, match=f"order A, which is known already.*record {unreadable.record_id} to CANCELLED"):
        kit.take(two, "A")


def test_the_place_of_a_later_version_does_not_become_another_order(kit) -> None:
    batch, (first,) = kit.transformed("A")
    kit.publish(batch)
    changed = kit.batch()
    kit.ledger.settle_others(changed, [changed_order(kit, changed, "A", "changed", first)], at=AT, who=WHO)
    with pytest.raises(Stop, match=r"registered in batch .* as A and is read now as order B"):
        kit.take(changed, "B")


def test_what_a_published_batch_set_aside_stays_as_it_was(kit) -> None:
    batch = kit.batch()
    one, two = (admission.record_id for admission in kit.take(batch, "A", "file:abc:1"))
    kit.decide(batch, *ready(one), set_aside(two))
    kit.publish(batch)
    before = kit.everything()
    admissions = kit.admit(batch, kit.arrival(batch, 0, "A"), kit.arrival(batch, 1, "readable now", amount_minor=5))
    assert kinds(admissions) == [MINE, MINE]
    assert kit.everything() == before


def test_the_latest_of_several_versions_that_wait_is_taken_up(kit) -> None:
    one, two = kit.batch(), kit.batch()
    (first,) = kit.take(one, "A")
    kit.decide(one, set_aside(first.record_id))
    decision = OtherDecision(kit.arrival(one, 1, "A", "changed"), OtherKind.CHANGED, first.record_id)
    (second,) = kit.ledger.settle_others(one, [decision], at=AT, who=WHO)
    kit.decide(one, set_aside(second.record_id))
    (again,) = kit.take(two, "A", content="third")
    assert (again.kind, again.record_id, again.version) == (AGAIN, second.record_id, 2)
    assert kit.states("A") == [State.QUARANTINED]


def test_a_published_batch_takes_nothing_more_in(kit) -> None:
    batch, _ = kit.transformed("A")
    kit.publish(batch)
    with pytest.raises(Stop, match=r"without record 1 .*\(order B\)"):
        kit.take(batch, "A", "B")
    assert kit.versions() == [("A", 1)]


@pytest.mark.parametrize("key", ["", "x" * 251, "A\0", "A\n", "\udcff"])
def test_a_key_that_no_database_can_hold_is_refused(kit, key: str) -> None:
    batch = kit.batch()
    with pytest.raises(ValueError, match=r"Record 0 of file .* printable characters"):
        kit.take(batch, key)


@pytest.mark.parametrize(
    "wrong", [{"content_hash": "x" * 65}, {"currency": "x" * 11}, {"kind": "x" * 21}, {"amount_minor": 2**63},
              {"updated_ms": -(2**63)}]
)  # fmt: skip
def test_a_value_that_no_database_can_hold_is_refused(kit, wrong) -> None:
    batch = kit.batch()
    with pytest.raises(ValueError, match=next(iter(wrong))):
        kit.admit(batch, kit.arrival(batch, 0, "A", **wrong))


def test_the_longest_values_are_kept(kit) -> None:
    batch = kit.batch()
    key = "é" * 250
    kit.admit(batch, kit.arrival(batch, 0, key, amount_minor=2**63 - 1, updated_ms=None, order_date=None))
    assert kit.record(key).amount_minor == 2**63 - 1


def test_one_place_twice_in_one_call_is_refused(kit) -> None:
    batch = kit.batch()
    with pytest.raises(ValueError, match="twice in one call"):
        kit.admit(batch, kit.arrival(batch, 0, "A"), kit.arrival(batch, 0, "B"))
    assert kit.versions() == []


def test_the_places_of_two_files_are_told_apart(kit) -> None:
    files = kit.file(), kit.file()
    batch = kit.batch(*files)
    arrivals = [kit.arrival(batch, 0, f"order in {file.id}", file_id=file.id) for file in files]
    assert kinds(kit.admit(batch, *arrivals)) == [NEW, NEW]
    assert kinds(kit.admit(batch, *reversed(arrivals))) == [MINE, MINE]


def test_the_same_file_in_two_batches_makes_repeats_in_the_second(kit) -> None:
    file = kit.file()
    one = kit.batch(file)
    two = kit.batch(files=[BatchInput(file.id, "copy.json", "in", later(1), 0)], retailer=RETAILER)
    assert kinds(kit.take(one, "A", "B")) == [NEW, NEW]
    assert kinds(kit.take(two, "A", "B")) == [SAME, SAME]


def test_admitting_nothing_answers_nothing(kit) -> None:
    assert kit.admit(kit.batch()) == []


@pytest.mark.parametrize(
    ("minutes", "kind", "content"), [(-1, AdmissionKind.OLDER, "a"), (0, AGAIN, "b"), (1, AGAIN, "b")]
)
def test_what_waits_is_taken_up_by_nothing_older(kit, minutes, kind, content) -> None:
    first, second = kit.batch(), kit.batch()
    (waits,) = kit.admit(first, kit.arrival(first, 0, "A", "a", updated_ms=60_000))
    kit.decide(first, Decision(waits.record_id or 0, State.WAITING, "WAITS_FOR", "order A", "waits for order A."))
    (again,) = kit.admit(second, kit.arrival(second, 0, "A", "b", updated_ms=60_000 * (1 + minutes)))
    assert again.kind is kind
    assert kit.record("A").content_hash == digest(content)
