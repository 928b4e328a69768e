"""What a check finds is told once, again after a while, and once more when it is over."""

from __future__ import annotations

from order_sync.ledger import Ledger, Problem
from tests.ledger.ledger_kit import AT, RETAILER, later

FLOW = "shopify_findings"
ONE = {"MISSING_IN_HOTWAX 5001": ("MISSING_IN_HOTWAX", "#1001 is not in HotWax", "https://shop.example/5001 Shopify")}


def keep(ledger: Ledger, found: dict[str, tuple[str, str, str]], minutes: int = 0) -> None:
    ledger.keep_findings(FLOW, RETAILER, found, dag_id="check", run_id=f"run {minutes}", at=later(minutes))


def untold(ledger: Ledger, since: int = 0) -> tuple[list[str], list[str]]:
    found = ledger.untold_findings(FLOW, RETAILER, since=later(since))
    return [row.task_id for row in found.open], [row.task_id for row in found.solved]


def tell(ledger: Ledger, minutes: int) -> None:
    found = ledger.untold_findings(FLOW, RETAILER, since=later(minutes))
    ledger.findings_told([row.id for row in (*found.open, *found.solved)], at=later(minutes))


def test_finding_is_kept_as_it_was_found(ledger: Ledger) -> None:
    keep(ledger, ONE)
    (row,) = ledger.open_findings(FLOW, RETAILER)
    assert row == Problem(
        id=row.id, flow=FLOW, retailer=RETAILER, dag_id="check", run_id="run 0", task_id="MISSING_IN_HOTWAX 5001",
        error_class="MISSING_IN_HOTWAX", message="#1001 is not in HotWax",
        next_step="https://shop.example/5001 Shopify", at=AT, reported_at=None, over_at=None,
    )  # fmt: skip
    assert ledger.open_findings(FLOW, "acme") == []


def test_same_finding_is_the_same_row_with_its_latest_words(ledger: Ledger) -> None:
    keep(ledger, ONE)
    tell(ledger, 1)
    keep(ledger, {key: (kind, "#1001 is under way", step) for key, (kind, _, step) in ONE.items()}, 10)
    (row,) = ledger.open_findings(FLOW, RETAILER)
    assert (row.message, row.run_id, row.at) == ("#1001 is under way", "run 10", AT)
    assert untold(ledger) == ([], []), "other words are no news"


def test_told_once_and_again_after_a_while(ledger: Ledger) -> None:
    keep(ledger, ONE)
    assert untold(ledger) == ([*ONE], [])
    tell(ledger, 5)
    assert untold(ledger, since=5) == ([], [])
    assert untold(ledger, since=6) == ([*ONE], [])


def test_end_of_what_was_told_is_told_once(ledger: Ledger) -> None:
    keep(ledger, ONE)
    tell(ledger, 5)
    keep(ledger, {}, 10)
    assert ledger.open_findings(FLOW, RETAILER) == []
    assert untold(ledger) == ([], [*ONE])
    tell(ledger, 11)
    assert untold(ledger) == ([], [])


def test_end_of_what_nobody_heard_of_is_no_news(ledger: Ledger) -> None:
    keep(ledger, ONE)
    keep(ledger, {}, 10)
    assert untold(ledger) == ([], [])


def test_finding_that_comes_back_is_news(ledger: Ledger) -> None:
    keep(ledger, ONE)
    tell(ledger, 5)
    keep(ledger, {}, 10)
    tell(ledger, 11)
    keep(ledger, ONE, 20)
    assert untold(ledger) == ([*ONE], [])
    assert len(ledger.open_findings(FLOW, RETAILER)) == 1


def test_many_findings(ledger: Ledger) -> None:
    many = {f"MISSING_IN_HOTWAX {number}": ("MISSING_IN_HOTWAX", str(number), "") for number in range(12_000)}
    keep(ledger, many)
    keep(ledger, dict(list(many.items())[:1]), 5)
    assert len(ledger.open_findings(FLOW, RETAILER)) == 1
