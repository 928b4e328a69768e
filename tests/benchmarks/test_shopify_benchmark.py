from __future__ import annotations

from pathlib import Path

from benchmarks.child import Run
from benchmarks.shopify import BULK, DLT, FLOOR, PAGES, SIMPLE, faults, measure, table


def run_of(seconds: float, result: int, peak_mb: float = 50) -> Run:
    return Run(seconds, seconds, peak_mb, result)


def test_every_peer_brings_every_order(tmp_path: Path) -> None:
    runs, failures = measure(40, 1, tmp_path, "")
    assert failures == {}
    assert {peer: run.result for peer, (run,) in runs.items()} == {FLOOR: 2, PAGES: 40, BULK: 40, SIMPLE: 40}
    assert faults(40, runs, failures) == []


def test_the_table_stands_beside_the_floor() -> None:
    told = table(100, {FLOOR: [run_of(1, 4)], PAGES: [run_of(2, 100)], DLT: []})
    assert "| **this repository**, pages | 50 | 500.0 | 2.00 | 50 | 100 |" in told
    assert "| failed |" in told


def test_missing_orders_and_too_much_memory_are_faults() -> None:
    found = faults(100, {PAGES: [run_of(1, 99, 301)]}, {DLT: "ended with 1"})
    assert found == [
        "100 orders: ended with 1",
        "**this repository**, pages: 99 of 100 orders",
        "**this repository**, pages: 301 MB",
    ]
