"""What is still to be derived: batches that left a side file, as soon as they are final and until it is all done."""

from __future__ import annotations

from order_sync.ledger import Batch, BatchInput, BatchState, Feed
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, Kit, digest, later, ready

INTO, TARGET = "netsuite_deposits", "order_facts"


def left_a_file(kit: Kit, key: str) -> Batch:
    """A transformed batch with a side file."""
    batch = kit.batch(kit.file())
    (taken,) = kit.take(batch, key)
    kit.decide(batch, *ready(taken.record_id))
    kit.ledger.register_feed(
        batch.id, target=TARGET, name=f"{key}.jsonl", sha256=digest(key), uri=f"file:///{key}", rows=1, orders=0,
        amounts={}, carries_records=False, at=AT,
    )  # fmt: skip
    kit.ledger.move_batch(batch.id, {BatchState.COLLECTED}, BatchState.TRANSFORMED, at=AT)
    return batch


def published(kit: Kit, batch: Batch) -> None:
    kit.ledger.move_batch(batch.id, {BatchState.TRANSFORMED}, BatchState.PUBLISHED, at=AT)


def open_ones(kit: Kit, into: str = INTO) -> list[tuple[int, str]]:
    found: list[tuple[Batch, Feed]] = kit.ledger.underived(FLOW, RETAILER, TARGET, into=into)
    return [(batch.id, feed.name) for batch, feed in found]


def derive(kit: Kit, parent: Batch, *, close: bool) -> None:
    batch = kit.ledger.create_batch(
        flow=INTO, retailer=RETAILER, key=parent.key, kind="derived", window=None, dag_id="", run_id="",
        files=list[BatchInput](), at=later(1),
    )  # fmt: skip
    if close:
        kit.ledger.move_batch(batch.id, {BatchState.COLLECTED}, BatchState.TRANSFORMED, at=later(1))
        kit.ledger.move_batch(batch.id, {BatchState.TRANSFORMED}, BatchState.CLOSED, at=later(1))


def test_only_what_is_final_is_derived_from(kit: Kit) -> None:
    batch = left_a_file(kit, "A")
    assert open_ones(kit) == []
    published(kit, batch)
    assert open_ones(kit) == [(batch.id, "A.jsonl")]
    kit.ledger.move_batch(batch.id, {BatchState.PUBLISHED}, BatchState.CLOSED, at=AT)
    assert open_ones(kit) == [(batch.id, "A.jsonl")]


def test_it_is_done_when_the_batch_of_its_key_is_closed(kit: Kit) -> None:
    one, other = left_a_file(kit, "A"), left_a_file(kit, "B")
    for batch in (one, other):
        published(kit, batch)
    derive(kit, one, close=False)
    assert open_ones(kit) == [(one.id, "A.jsonl"), (other.id, "B.jsonl")]
    derive(kit, one, close=True)
    assert open_ones(kit) == [(other.id, "B.jsonl")]
    assert open_ones(kit, into="netsuite_approvals") == [(one.id, "A.jsonl"), (other.id, "B.jsonl")]


def test_batches_without_such_a_file_and_other_retailers_do_not_count(kit: Kit) -> None:
    batch, _ = kit.transformed("A")
    kit.publish(batch)
    other = left_a_file(kit, "B")
    published(kit, other)
    assert open_ones(kit) == [(other.id, "B.jsonl")]
    assert kit.ledger.underived(FLOW, "another", TARGET, into=INTO) == []
