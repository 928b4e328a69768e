from __future__ import annotations

from order_sync.ledger import Move, OtherDecision, OtherKind, State
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, later, ready, seen


def test_the_whole_way_of_an_order_is_told(kit) -> None:
    file = kit.file("a.json")
    kit.ledger.record_file(FLOW, RETAILER, seen("copy.json", "a.json"), at=later(1))
    batch = kit.batch(file)
    (admission,) = kit.take(batch, "A")
    kit.decide(batch, *ready(admission.record_id))
    kit.ledger.add_notes({admission.record_id: ["second tender CASH 20.00"]}, at=AT)
    feed = kit.publish(batch)
    repeated = kit.batch()
    kit.take(repeated, "A")
    changed = kit.batch()
    decision = OtherDecision(kit.arrival(changed, 0, "A", "changed"), OtherKind.CHANGED, admission.record_id)
    kit.ledger.settle_others(changed, [decision], at=later(2), who="transform")

    story = kit.ledger.order_of(FLOW, RETAILER, "A")
    first, second = story.versions
    assert (story.order_key, first.record, first.batch.id, first.feed) == ("A", kit.record("A"), batch.id, feed)
    assert (first.file.id, first.file.first_name) == (file.id, "a.json")
    assert [sighting.name for sighting in first.sightings] == ["a.json", "copy.json"]
    assert first.notes == ("second tender CASH 20.00",)
    assert [(repeat.kind, repeat.batch_id) for repeat in first.repeats] == [("SAME", repeated.id)]
    assert [(move.from_state, move.to_state) for move in first.moves] == kit.moves("A")
    assert (second.record.version, second.record.state, second.feed, second.notes) == (2, State.SEEN, None, ())
    assert second.moves == (Move(second.record.id, later(2), "", "SEEN", "transform", ""),)


def test_an_unknown_order_has_no_story(kit) -> None:
    kit.transformed("A")
    assert kit.ledger.order_of(FLOW, RETAILER, "B") is None
    assert kit.ledger.order_of(FLOW, "acme", "A") is None
    assert kit.ledger.order_of(FLOW, RETAILER, "nul\0") is None


def test_the_history_says_who_and_why(kit) -> None:
    batch, _ = kit.transformed("A")
    feed = kit.publish(batch)
    kit.ledger.confirm_feed(feed.id, refused={"A": "no such product"}, partner_log_id="7", at=AT, who=WHO)
    again = kit.batch()
    kit.take(again, "A", content="mended")
    story = kit.ledger.order_of(FLOW, RETAILER, "A")
    assert [move.why for move in story.versions[0].moves] == [
        "",
        "",
        f"about to be put at /hotwax/{feed.name}",
        f"in {feed.name}",
        "HOTWAX_REFUSED: no such product",
        f"brought again in batch {again.id}, set aside in batch {batch.id}",
    ]
    assert {move.who for move in story.versions[0].moves} == {WHO}
