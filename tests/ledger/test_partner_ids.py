"""Ids that come back from a partner: what was delivered is done, what waited may go."""

from __future__ import annotations

from datetime import datetime

import pytest

from order_sync.ledger import NO_ANSWER, REFUSED, AdmissionKind, Batch, Decision, FeedState, State
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, Kit, later, set_aside

KIND = "netsuite_order"


def test_an_id_is_kept_once_and_a_contradiction_is_told(kit: Kit) -> None:
    keep = {"source": "one.csv", "at": AT}
    assert kit.ledger.keep_ids(RETAILER, KIND, {"A": "101", "B": "102"}, **keep) == {}
    assert kit.ledger.keep_ids(RETAILER, KIND, {"A": "101", "B": "999", "C": "103"}, **keep) == {"B": ("102", "999")}
    assert kit.ledger.ids_of(RETAILER, KIND, ["A", "B", "C", "D"]) == {"A": "101", "B": "102", "C": "103"}
    assert kit.ledger.ids_of("another", KIND, ["A"]) == {}
    assert kit.ledger.ids_of(RETAILER, "netsuite_customer", ["A"]) == {}


def test_what_was_delivered_is_confirmed_by_its_id(kit: Kit) -> None:
    batch, _ = kit.transformed("A", "B")
    kit.publish(batch)
    kit.ledger.keep_ids(RETAILER, KIND, {"A": "101", "Z": "9"}, source="f", at=AT)
    assert [record.order_key for record in kit.ledger.overdue(FLOW, RETAILER, before=later(600))] == ["A", "B"]
    assert kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(60), who=WHO) == 1
    assert kit.states("A", "B") == [State.CONFIRMED, State.DELIVERED]
    assert kit.record("A").partner_ref == "101"
    assert [record.order_key for record in kit.ledger.overdue(FLOW, RETAILER, before=later(600))] == ["B"]
    assert kit.ledger.overdue(FLOW, RETAILER, before=AT) == []
    assert kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(61), who=WHO) == 0


def test_what_is_not_delivered_yet_is_not_confirmed(kit: Kit) -> None:
    kit.transformed("A")
    kit.ledger.keep_ids(RETAILER, KIND, {"A": "101"}, source="f", at=AT)
    assert kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=AT, who=WHO) == 0
    assert kit.states("A") == [State.READY]


def test_what_waits_is_taken_up_by_the_next_arrival(kit: Kit) -> None:
    first = kit.batch(kit.file())
    (waits,) = kit.take(first, "A")
    kit.decide(first, Decision(waits.record_id or 0, State.WAITING, "WAITS_FOR", "customer 7", "customer 7 has no id"))
    assert [(one.order_key, one.field) for one in kit.ledger.waiting(FLOW, RETAILER)] == [("A", "customer 7")]
    second = kit.batch(kit.file())
    (again,) = kit.take(second, "A")
    assert (again.kind, again.record_id) == (AdmissionKind.AGAIN, waits.record_id)
    assert kit.record("A").batch_id == second.id
    assert kit.ledger.waiting(FLOW, RETAILER) == []


def refuse(kit: Kit, *keys: str, reason: str = REFUSED) -> int:
    ids = [kit.record(key).id for key in keys]
    return kit.ledger.refuse_records(ids, reason, "no such item", at=later(60), who=WHO)


@pytest.mark.parametrize("reason", [REFUSED, NO_ANSWER])
def test_what_was_refused_is_confirmed_by_an_id_nevertheless(kit: Kit, reason: str) -> None:
    batch, _ = kit.transformed("A", "B")
    kit.publish(batch)
    assert refuse(kit, "A", reason=reason) == 1
    kit.ledger.mark_reported([kit.record("A").id], at=later(61))
    kit.ledger.keep_ids(RETAILER, KIND, {"A": "101"}, source="f", at=later(62))
    assert kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(63), who=WHO) == 1
    record = kit.record("A")
    assert (record.state, record.partner_ref, record.reason, record.message) == (State.CONFIRMED, "101", "", "")
    assert kit.moves("A")[-2:] == [("DELIVERED", "QUARANTINED"), ("QUARANTINED", "CONFIRMED")]
    (solved,) = kit.ledger.solved_since_report(FLOW, RETAILER)
    assert (solved.order_key, solved.reason) == ("A", reason)
    assert kit.ledger.equation(batch.id).gap(kit.ledger.equation(batch.id).arrived) == ""


def test_an_id_confirms_no_other_exception(kit: Kit) -> None:
    """A changed version of what the partner has is set aside: the id is that of the version before."""
    batch, (_, two) = kit.transformed("A", "B")
    kit.decide(batch, set_aside(two, reason="CHANGED_ORDER"))
    kit.ledger.keep_ids(RETAILER, KIND, {"B": "102"}, source="f", at=AT)
    assert kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(1), who=WHO) == 0
    assert kit.states("A", "B") == [State.READY, State.QUARANTINED]


def test_a_file_that_was_refused_sets_aside_what_has_no_id_yet(kit: Kit) -> None:
    batch, _ = kit.transformed("A", "B", "C")
    feed = kit.publish(batch)
    kit.ledger.keep_ids(RETAILER, KIND, {"A": "101"}, source="f", at=AT)
    kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(1), who=WHO)
    assert kit.ledger.refuse_feed(feed.id, REFUSED, "wrong header", at=later(2), who=WHO) == 2
    assert kit.states("A", "B", "C") == [State.CONFIRMED, State.QUARANTINED, State.QUARANTINED]
    assert kit.ledger.feeds_of_ids([feed.id])[0].state is FeedState.REFUSED
    assert kit.ledger.refuse_feed(feed.id, REFUSED, "wrong header", at=later(3), who=WHO) == 0
    rows = kit.ledger.exceptions(FLOW, RETAILER)
    assert [(row.order_key, row.reason, row.message) for row in rows] == [
        ("B", REFUSED, "wrong header"), ("C", REFUSED, "wrong header"),
    ]  # fmt: skip


def test_a_feed_is_found_by_its_name(kit: Kit) -> None:
    feed = kit.publish(kit.transformed("A")[0])
    assert kit.ledger.feeds_named(FLOW, RETAILER, [feed.name, "other.csv"]) == {feed.name: feed}
    assert kit.ledger.feeds_named(FLOW, "another", [feed.name]) == {}
    assert kit.ledger.feeds_named("another", RETAILER, [feed.name]) == {}


def test_a_feed_that_is_put_there_again_has_its_time_anew(kit: Kit) -> None:
    feed = kit.publish(kit.transformed("A", "B")[0])
    kit.ledger.keep_ids(RETAILER, KIND, {"A": "101"}, source="f", at=AT)
    kit.ledger.confirm_by_ids(FLOW, RETAILER, KIND, at=later(1), who=WHO)
    assert kit.ledger.put_again(feed.id, at=later(120), who=WHO) == 1
    assert kit.moves("B")[-1] == ("DELIVERED", "DELIVERED")
    assert kit.moves("A")[-1] == ("DELIVERED", "CONFIRMED")
    assert kit.ledger.overdue(FLOW, RETAILER, before=later(119)) == []
    assert [one.order_key for one in kit.ledger.overdue(FLOW, RETAILER, before=later(121))] == ["B"]
    assert kit.ledger.feeds_of_ids([feed.id])[0].published_at == later(120)


def test_what_arrives_again_while_it_waits_has_waited_all_the_time(kit: Kit) -> None:
    def waits(batch: Batch, at: datetime) -> None:
        (one,) = kit.take(batch, "A")
        kit.decide(batch, Decision(one.record_id or 0, State.WAITING, "WAITS_FOR", "customer 7", "waits."), at=at)

    first, second, third = (kit.batch(kit.file()) for _ in range(3))
    waits(first, AT)
    waits(second, later(30))
    ((record, since),) = kit.ledger.waiting_since(FLOW, RETAILER, before=later(1))
    assert (record.order_key, since, record.updated_at) == ("A", AT, later(30))
    assert kit.ledger.waiting_since(FLOW, RETAILER, before=AT) == []
    fourth = kit.batch(kit.file())
    (one,) = kit.take(third, "A")
    kit.decide(third, set_aside(one.record_id), at=later(40))
    waits(fourth, later(50))  # it was an exception between
    assert kit.ledger.waiting_since(FLOW, RETAILER, before=later(50)) == []
    ((_, since),) = kit.ledger.waiting_since(FLOW, RETAILER, before=later(51))
    assert since == later(50)


def test_standing_records_come_by_state(kit: Kit) -> None:
    kit.publish(kit.transformed("A")[0])
    batch, _ = kit.transformed("B", "C")
    kit.ledger.intend_feed(kit.feed(batch).id, remote_path="there", at=AT, who=WHO)
    found = kit.ledger.standing(FLOW, RETAILER, State.DELIVERED, State.INTENDED)
    assert [one.order_key for one in found] == ["A", "B", "C"]
    assert [one.order_key for one in kit.ledger.standing(FLOW, RETAILER, State.DELIVERED)] == ["A"]
