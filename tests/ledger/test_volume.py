"""How many orders came when."""

from __future__ import annotations

from datetime import timedelta

from tests.ledger.ledger_kit import AT, FLOW, RETAILER, Kit

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sell(kit: Kit, *minutes: int, key: str = "", content: str = "a") -> None:
    """A batch of orders that were placed some minutes after the start."""
    first = AT + timedelta(minutes=minutes[0])
    batch = kit.batch(window=(first, first + timedelta(minutes=15)))
    arrivals = [
        kit.arrival(
            batch, at, key or f"{batch.id}-{at}", content, order_date=AT + timedelta(minutes=minute),
            updated_ms=1_788_000_000_000 + batch.id,
        )
        for at, minute in enumerate(minutes)
    ]  # fmt: skip
    kit.admit(batch, *arrivals)


def test_orders_are_counted_by_the_hour_they_were_placed_in(kit: Kit) -> None:
    sell(kit, 0, 10, 59, 60)
    sell(kit, 7 * 24 * 60 + 5)
    spans = [(AT, AT + 3 * HOUR), (AT + 7 * DAY, AT + 7 * DAY + HOUR)]
    found = kit.ledger.orders_by_hour(FLOW, RETAILER, spans)
    assert found == {AT: 3, AT + HOUR: 1, AT + 7 * DAY: 1}


def test_spans_are_half_open(kit: Kit) -> None:
    sell(kit, 0, 60)
    assert kit.ledger.orders_by_hour(FLOW, RETAILER, [(AT, AT + HOUR)]) == {AT: 1}
    assert kit.ledger.orders_by_hour(FLOW, RETAILER, [(AT + HOUR, AT + 2 * HOUR)]) == {AT + HOUR: 1}
    assert kit.ledger.orders_by_hour(FLOW, RETAILER, []) == {}


def test_changes_of_an_order_are_no_orders(kit: Kit) -> None:
    sell(kit, 0, key="A")
    sell(kit, 30, key="A", content="changed")
    assert kit.ledger.orders_by_hour(FLOW, RETAILER, [(AT, AT + HOUR)]) == {AT: 1}


def test_other_flows_and_retailers_do_not_count(kit: Kit) -> None:
    sell(kit, 0)
    assert kit.ledger.orders_by_hour(FLOW, "acme", [(AT, AT + HOUR)]) == {}
    assert kit.ledger.orders_by_hour("shopify_order_import", RETAILER, [(AT, AT + HOUR)]) == {}
