"""Ids that come back from a partner: what was delivered is done, what waited may go."""

from __future__ import annotations

from order_sync.ledger import AdmissionKind, Decision, State
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, Kit, later

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
