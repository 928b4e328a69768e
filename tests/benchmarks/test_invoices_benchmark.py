from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks import beside_script
from benchmarks.beside_script import Comparison, compare, report, table
from benchmarks.child import Run, run_peer
from benchmarks.invoices import CONTEST, digest
from benchmarks.measure import PeerFailedError
from sandbox.hotwax.completed_orders import CompletedOrders, write_feed

OURS, BASE = CONTEST.ours, CONTEST.base
BODY = b'{"OrderNo":"1","TotalAmt":%s,"TotalDiscAmt":0,"ShippingAmt":0,"Items":[%s]}'
ONE, TWO = b'{"UPC":"a","Qty":1}', b'{"UPC":"a","Qty":2}'


def run_of(seconds: float, peak: float = 100, result: int = 9) -> Run:
    return Run(seconds, seconds, peak, result)


def comparison(ours: list[Run], base: list[Run], digests: tuple[str, str] = ("a", "a")) -> Comparison:
    found = {OURS: {digests[0]}, BASE: {digests[1]} if base else set()}
    return Comparison(CONTEST, 1_000, 7.5, {OURS: ours, BASE: base}, found, {})


def said(folder: Path, *bodies: bytes) -> str:
    path = folder / "bodies.json"
    path.write_bytes(b"[" + b",".join(bodies) + b"]")
    return digest(path)


def test_both_peers_say_the_same_of_every_kind_of_order(tmp_path: Path) -> None:
    source = write_feed(tmp_path, CompletedOrders(1).orders(600), datetime(2026, 9, 1, tzinfo=UTC))
    digests = set()
    for peer in (OURS, BASE):
        run = run_peer(peer, source=str(source), target=str(tmp_path / peer))
        assert run.result > 500
        assert run.seconds > 0
        digests.add(digest(tmp_path / peer))
    assert len(digests) == 1


def test_a_comparison_cleans_up_and_finds_no_fault(tmp_path: Path) -> None:
    result = compare(CONTEST, 40, 2, tmp_path)
    assert {peer: len(runs) for peer, runs in result.runs.items()} == {OURS: 2, BASE: 2}
    assert list(result.faults()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_digest_tells_money_and_quantities_apart_but_not_lines_or_order(tmp_path: Path) -> None:
    base = said(tmp_path, BODY % (b"1.5", ONE + b"," + ONE))
    assert said(tmp_path, BODY % (b"1.50", TWO)) == base
    assert said(tmp_path, BODY % (b"1.51", TWO)) != base
    assert said(tmp_path, BODY % (b"1.5", ONE)) != base
    two = BODY % (b"1", ONE), BODY % (b"2", ONE)
    assert said(tmp_path, *two) == said(tmp_path, *reversed(two)) != base


def test_different_invoices_are_a_fault() -> None:
    result = comparison([run_of(1)], [run_of(2)], ("a", "b"))
    assert list(result.faults()) == ["1000 orders: the invoices of the two peers differ: money and quantities"]
    assert "differ |" in table(result)


def test_a_peer_that_fails_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(peer: str, **_: object) -> Run:
        raise PeerFailedError(f"{peer} was killed")

    monkeypatch.setattr(beside_script, "run_peer", fail)
    result = compare(CONTEST, 5, 2, tmp_path)
    assert list(result.faults()) == [f"5 orders: {OURS} was killed", f"5 orders: {BASE} was killed"]
    assert "| failed |" in table(result)


def test_the_table_shows_medians_and_the_ratio() -> None:
    lines = table(comparison([run_of(0.5), run_of(0.4), run_of(9)], [run_of(5, peak=900)])).splitlines()
    assert lines[0] == "1,000 orders, 8 MB:"
    assert lines[4:] == [
        "| **this repository** | 2,000 | 15.0 | 10.0 | 100 | 9 | the same |",
        "| pandas `json_normalize` | 200 | 1.5 | 1.0 | 900 | 9 | the same |",
    ]


def test_what_does_not_fit_into_memory_is_not_run() -> None:
    assert "| not run: it needs more memory than there is |" in table(comparison([run_of(1)], []))


def test_the_report_says_whether_the_bar_is_reached() -> None:
    found = report(CONTEST, [comparison([run_of(1)], [run_of(9.9)]), comparison([run_of(1)], [run_of(10)])], 3, 0.2)
    assert found.startswith("Command: `python -m benchmarks.invoices`. Medians of 3 runs")
    assert "- 1,000 orders: 9.9 times json_normalize, at least 10 times is wanted: missed" in found
    assert "- 1,000 orders: 10.0 times json_normalize, at least 10 times is wanted: met" in found
