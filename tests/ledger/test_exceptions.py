from __future__ import annotations

import pytest

from order_sync.ledger import BatchInput, ExceptionRow, RecordLocation, State
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, digest, later, left_out, ready, seen, set_aside


@pytest.fixture
def batch(kit):
    """Orders A and B set aside, C ready."""
    batch = kit.batch()
    one, two, three = (admission.record_id for admission in kit.take(batch, "A", "B", "C"))
    kit.decide(batch, set_aside(one), set_aside(two, "other"), *ready(three), at=later(1))
    return batch


def keys(rows) -> list[str]:
    return [row.order_key for row in rows]


def open_ones(kit, **changes) -> list[str]:
    return keys(kit.ledger.exceptions(FLOW, RETAILER, **changes))


def test_an_exception_says_where_it_came_from_and_why(kit, batch) -> None:
    row = kit.ledger.exceptions(FLOW, RETAILER)[0]
    assert row == ExceptionRow(
        record_id=kit.record("A").id,
        order_key="A",
        version=1,
        batch_id=batch.id,
        file_name="tlog-1.json",
        record_index=0,
        state=State.QUARANTINED,
        reason="TOTALS_MISMATCH",
        field="totalAmount",
        message="10.00 against 9.00",
        kind="IN_STORE",
        store="",
        amount_minor=1_000,
        currency="USD",
        order_date=AT,
        first_seen_at=AT,
        updated_at=later(1),
    )


def test_the_file_is_named_as_its_batch_got_it(kit) -> None:
    file = kit.file("first.json")
    kit.batch(file)
    batch = kit.batch(files=[BatchInput(file.id, "second.json", "in", AT, 0)])
    (admission,) = kit.take(batch, "A")
    kit.decide(batch, set_aside(admission.record_id))
    assert kit.ledger.exceptions(FLOW, RETAILER)[0].file_name == "second.json"


def test_exceptions_are_listed_by_batch_and_retailer_and_until_they_are_reported(kit, batch) -> None:
    other = kit.batch()
    (admission,) = kit.take(other, "X")
    kit.decide(other, set_aside(admission.record_id))
    assert open_ones(kit) == ["A", "B", "X"]
    assert open_ones(kit, batch_ids=[other.id]) == ["X"]
    assert open_ones(kit, batch_ids=[]) == []
    assert kit.ledger.exceptions(FLOW, "acme") == []
    for at in (later(2), later(3)):
        kit.ledger.mark_reported([kit.record("A").id, kit.record("C").id], at=at)
    assert open_ones(kit, unreported_only=True) == ["B", "X"]
    assert open_ones(kit) == ["A", "B", "X"]
    assert (kit.record("A").reported_at, kit.record("C").reported_at) == (later(2), None)


def test_the_ids_of_open_exceptions_are_all_there_is_to_bring_again(kit, batch) -> None:
    assert kit.ledger.open_exception_ids(FLOW, RETAILER) == [kit.record("A").id, kit.record("B").id]
    assert kit.ledger.open_exception_ids(FLOW, "acme") == []


def test_what_was_reported_and_is_solved_is_told_once(kit, batch) -> None:
    kit.ledger.mark_reported(kit.ledger.open_exception_ids(FLOW, RETAILER), at=AT)
    assert kit.ledger.solved_since_report(FLOW, RETAILER) == []
    again = kit.batch()
    one, two = (admission.record_id for admission in kit.take(again, "A", "B", content="mended"))
    assert kit.ledger.solved_since_report(FLOW, RETAILER) == []
    kit.decide(again, *ready(one), left_out(two))
    solved = kit.ledger.solved_since_report(FLOW, RETAILER)
    assert [(row.order_key, row.state) for row in solved] == [("A", State.READY), ("B", State.EXCLUDED)]
    kit.publish(again)
    for at in (later(5), later(6)):
        kit.ledger.mark_solved_reported([one], at=at)
    assert keys(kit.ledger.solved_since_report(FLOW, RETAILER)) == ["B"]
    assert kit.record("A").solved_reported_at == later(5)


def test_what_was_never_reported_needs_no_word_of_its_solution(kit, batch) -> None:
    again = kit.batch()
    (admission,) = kit.take(again, "A", content="mended")
    kit.decide(again, *ready(admission.record_id))
    assert kit.ledger.solved_since_report(FLOW, RETAILER) == []


def test_what_fails_again_is_reported_again_and_its_solution_too(kit, batch) -> None:
    record_id = kit.record("A").id
    kit.ledger.mark_reported([record_id], at=AT)
    again = kit.batch()
    kit.take(again, "A", content="mended")
    kit.decide(again, *ready(record_id))
    kit.ledger.mark_solved_reported([record_id], at=AT)
    feed = kit.publish(again)
    kit.ledger.confirm_feed(feed.id, refused={"A": "no"}, partner_log_id="1", at=AT, who=WHO)
    assert open_ones(kit, unreported_only=True) == ["A", "B"]
    kit.ledger.mark_reported([record_id], at=later(1))
    third = kit.batch()
    kit.take(third, "A", content="mended again")
    kit.decide(third, *ready(record_id))
    assert keys(kit.ledger.solved_since_report(FLOW, RETAILER)) == ["A"]


@pytest.mark.parametrize(
    ("kind", "content", "told"), [("inbox", "same", True), ("inbox", "other", False), ("again", "same", False)]
)
def test_what_a_feed_repeats_unmended_is_not_reported_again(kit, kind: str, content: str, told: bool) -> None:
    first = kit.batch()
    (record,) = kit.take(first, "R", content="same")
    kit.decide(first, set_aside(record.record_id))
    kit.ledger.mark_reported([record.record_id], at=AT)
    second = kit.batch(kind=kind)
    kit.take(second, "R", content=content)
    kit.decide(second, set_aside(record.record_id))
    assert (kit.record("R").reported_at == AT) is told


def test_marking_nothing_changes_nothing(kit, batch) -> None:
    before = kit.everything()
    kit.ledger.mark_reported([], at=AT)
    kit.ledger.mark_solved_reported([kit.record("A").id, 99], at=AT)
    assert kit.everything() == before


def test_records_are_found_by_order(kit, batch) -> None:
    found = kit.ledger.records_by_order(FLOW, RETAILER, ["C", "A", "A", "unknown", "nul\0", "\udcff"])
    assert [(record.order_key, record.version, record.state) for record in found] == [
        ("A", 1, State.QUARANTINED),
        ("C", 1, State.READY),
    ]
    assert kit.ledger.records_by_order(FLOW, "acme", ["A"]) == []
    assert kit.ledger.records_by_order(FLOW, RETAILER, []) == []


def test_a_key_that_is_too_long_does_not_find_the_order_it_begins_with(kit) -> None:
    kit.take(kit.batch(), "x" * 250)
    assert kit.ledger.records_by_order(FLOW, RETAILER, ["x" * 251]) == []


def test_the_raw_bytes_of_a_record_are_found(kit, batch) -> None:
    record = kit.record("B")
    file = kit.ledger.batch_inputs(batch.id)[0]
    assert kit.ledger.record_locations([record.id, 99]) == [
        RecordLocation(
            record_id=record.id,
            order_key="B",
            version=1,
            state=State.QUARANTINED,
            content_hash=digest("a"),
            batch_id=batch.id,
            file_id=file.file_id,
            sha256=file.sha256,
            uri=file.uri,
            file_name="tlog-1.json",
            record_index=1,
            offset=4_000,
            length=4_000,
        )
    ]


def test_a_file_of_which_nothing_could_be_read_is_told_from_one_with_bad_orders(kit) -> None:
    files = [
        kit.ledger.record_file(FLOW, RETAILER, seen(name), at=AT) for name in ("cut.json", "bad.json", "mixed.json")
    ]
    batch = kit.batch(*files)
    arrivals = [
        kit.arrival(batch, 0, "file:cut:0", file_id=files[0].id),
        kit.arrival(batch, 0, "B", file_id=files[1].id),
        kit.arrival(batch, 0, "file:mixed:0", file_id=files[2].id),
        kit.arrival(batch, 1, "C", file_id=files[2].id),
    ]
    ids = [admission.record_id for admission in kit.admit(batch, *arrivals)]
    kit.decide(
        batch,
        set_aside(ids[0], reason="FILE_TRUNCATED"),
        set_aside(ids[1]),
        set_aside(ids[2], reason="FILE_NOT_JSON"),
        *ready(ids[3]),
    )
    assert kit.ledger.unread_files(batch.id) == {files[0].id}
