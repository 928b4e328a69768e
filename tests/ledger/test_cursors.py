"""A cursor moves forward, once, and only from where the caller saw it."""

from __future__ import annotations

from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, Kit, later


def test_a_cursor_begins_nowhere_and_follows_the_windows(kit: Kit) -> None:
    assert kit.ledger.cursor(FLOW, RETAILER) is None
    assert kit.ledger.move_cursor(FLOW, RETAILER, seen=None, reached=AT, at=AT, who=WHO)
    assert kit.ledger.cursor(FLOW, RETAILER) == AT
    assert kit.ledger.move_cursor(FLOW, RETAILER, seen=AT, reached=later(60), at=later(61), who=WHO)
    assert kit.ledger.cursor(FLOW, RETAILER) == later(60)
    assert kit.ledger.cursor(FLOW, "another") is None


def test_the_slower_of_two_runs_does_not_move_it(kit: Kit) -> None:
    kit.ledger.move_cursor(FLOW, RETAILER, seen=None, reached=AT, at=AT, who=WHO)
    assert kit.ledger.move_cursor(FLOW, RETAILER, seen=AT, reached=later(90), at=later(91), who="faster")
    assert not kit.ledger.move_cursor(FLOW, RETAILER, seen=AT, reached=later(120), at=later(121), who="slower")
    assert not kit.ledger.move_cursor(FLOW, RETAILER, seen=None, reached=later(120), at=later(121), who="first run")
    assert kit.ledger.cursor(FLOW, RETAILER) == later(90)


def test_it_never_moves_back(kit: Kit) -> None:
    kit.ledger.move_cursor(FLOW, RETAILER, seen=None, reached=later(60), at=AT, who=WHO)
    assert not kit.ledger.move_cursor(FLOW, RETAILER, seen=later(60), reached=AT, at=AT, who=WHO)
    assert not kit.ledger.move_cursor(FLOW, RETAILER, seen=later(60), reached=later(60), at=AT, who=WHO)
    assert kit.ledger.cursor(FLOW, RETAILER) == later(60)
