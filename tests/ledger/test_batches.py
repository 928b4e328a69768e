from __future__ import annotations

import pytest

from order_sync.ledger import Batch, BatchFile, BatchInput, BatchState, IllegalMoveError
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, later


def test_a_batch_is_kept_as_it_was_given(kit, ledger) -> None:
    batch = kit.batch(key="k", kind="again", selection=[7, 9])
    assert batch == ledger.batch(batch.id)
    assert batch == Batch(
        id=batch.id,
        flow=FLOW,
        retailer=RETAILER,
        key="k",
        kind="again",
        state=BatchState.COLLECTED,
        window_start=AT,
        window_end=later(15),
        dag_id="predictspring_order_sync",
        run_id="scheduled__1",
        mapping_version="",
        selection=(7, 9),
        summary={},
        created_at=AT,
        updated_at=AT,
    )


def test_the_same_key_again_is_the_same_batch(kit) -> None:
    first = kit.batch(key="k")
    before = kit.everything()
    again = kit.batch(kit.file("tlog-1.json"), key="k", run_id="manual__2", at=later(3))
    assert again == first
    assert kit.everything() == before
    assert kit.batch(key="k", retailer="acme").id != first.id


def test_a_batch_that_does_not_exist_is_told_by_number(ledger) -> None:
    with pytest.raises(LookupError, match="no batch 99"):
        ledger.batch(99)


def test_batches_are_found_by_run_and_by_window(kit, ledger) -> None:
    one, two = kit.batch(), kit.batch(run_id="manual__2", window=None)
    three = kit.batch(window=(later(15), later(30)))
    assert ledger.batches_of_run("predictspring_order_sync", "scheduled__1", FLOW) == [one, three]
    assert ledger.batches_of_run("predictspring_order_sync", "manual__2", FLOW) == [two]
    assert ledger.batches_of_window(FLOW, RETAILER, AT, later(15)) == [one]
    assert ledger.batches_of_window(FLOW, RETAILER, AT, later(60)) == [one, three]
    assert ledger.batches_of_window(FLOW, RETAILER, later(1), later(20)) == []
    assert ledger.batches_of_window(FLOW, "acme", AT, later(60)) == []


def test_a_closed_batch_is_not_unfinished_any_more(kit, ledger) -> None:
    one, two = kit.batch(), kit.batch()
    assert ledger.unfinished_batches(FLOW, RETAILER) == [one, two]
    ledger.move_batch(one.id, [BatchState.COLLECTED], BatchState.TRANSFORMED, at=AT)
    ledger.move_batch(one.id, [BatchState.TRANSFORMED], BatchState.CLOSED, at=AT)
    assert ledger.unfinished_batches(FLOW, RETAILER) == [two]


def test_inputs_come_in_order_with_their_bytes_and_tell_which_repeat_an_earlier_one(kit, ledger) -> None:
    first, other = kit.file("a.json", "bytes"), kit.file("b.json")
    inputs = [
        BatchInput(first.id, "copy.json", "in", later(2), 2),
        BatchInput(other.id, "b.json", "in", None, 1),
        BatchInput(first.id, "a.json", "in", AT, 0),
    ]
    batch = kit.batch(files=inputs)
    assert ledger.batch_inputs(batch.id) == [
        BatchFile(batch.id, 0, first.id, first.sha256, 4_000, first.uri, "a.json", "in", AT, ""),
        BatchFile(batch.id, 1, other.id, other.sha256, 4_000, other.uri, "b.json", "in", None, ""),
        BatchFile(batch.id, 2, first.id, first.sha256, 4_000, first.uri, "copy.json", "in", later(2), "", 0),
    ]


def test_archived_sources_are_noted_by_position(kit, ledger) -> None:
    batch = kit.batch(kit.file(), kit.file())
    for _ in range(2):
        ledger.set_archived(batch.id, {1: "archive/2026/09/01/b.json"})
    ledger.set_archived(batch.id, {})
    assert [file.archived_to for file in ledger.batch_inputs(batch.id)] == ["", "archive/2026/09/01/b.json"]


def test_a_batch_moves_only_from_where_it_stands(kit, ledger) -> None:
    batch = kit.batch()
    forward = {"from_states": [BatchState.COLLECTED], "to_state": BatchState.TRANSFORMED}
    assert ledger.move_batch(batch.id, **forward, at=later(1), mapping_version="m1", summary={"arrived": 3})
    assert not ledger.move_batch(batch.id, **forward, at=later(2), mapping_version="m2")
    moved = ledger.batch(batch.id)
    assert (moved.state, moved.mapping_version, moved.summary) == (BatchState.TRANSFORMED, "m1", {"arrived": 3})
    assert moved.updated_at == later(1)
    assert not ledger.move_batch(99, **forward, at=AT)


def test_a_batch_makes_no_illegal_move(kit, ledger) -> None:
    batch = kit.batch()
    with pytest.raises(IllegalMoveError, match="from CLOSED to COLLECTED"):
        ledger.move_batch(batch.id, [BatchState.CLOSED], BatchState.COLLECTED, at=AT)


def test_a_batch_is_frozen_from_the_moment_its_orders_are_promised(kit, ledger) -> None:
    batch, _ = kit.transformed("A")
    other = kit.feed(batch, "variance.csv", target="inventory_variance", carries_records=False)
    ledger.intend_feed(other.id, remote_path="/v", at=AT, who="test")
    feed = kit.feed(batch)
    assert not ledger.is_frozen(batch.id)
    ledger.intend_feed(feed.id, remote_path="/f", at=AT, who="test")
    assert ledger.is_frozen(batch.id)


def test_a_batch_without_feed_is_frozen_once_it_is_closed(kit, ledger) -> None:
    batch = kit.batch()
    ledger.move_batch(batch.id, [BatchState.COLLECTED], BatchState.TRANSFORMED, at=AT)
    assert not ledger.is_frozen(batch.id)
    ledger.move_batch(batch.id, [BatchState.TRANSFORMED], BatchState.CLOSED, at=AT)
    assert ledger.is_frozen(batch.id)
