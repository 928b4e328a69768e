from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import calls, postgresql
from benchmarks.calls import BARE, OPERATOR, SEQUENTIAL, Bench, Plan
from benchmarks.calls_input import make_bodies, make_ready, retailpro, write_bodies
from benchmarks.calls_report import Cell, report
from benchmarks.child import Run, run_peer
from benchmarks.measure import PeerFailedError
from benchmarks.peers.calls_job import read_bodies
from order_sync.ledger import State, open_ledger, upgrade

SQLITE = "**ours**, SQLite"


def run_of(seconds: float, cpu: float = 0.1, peak: float = 40) -> Run:
    return Run(seconds, cpu, peak, None)


@pytest.fixture(scope="module")
def bodies() -> list[bytes]:
    return make_bodies(12)


def test_bodies_are_those_of_different_orders(bodies: list[bytes], tmp_path: Path) -> None:
    assert len(set(bodies)) == 12
    assert read_bodies(write_bodies(tmp_path / "bodies.json", bodies)) == bodies


def test_every_side_delivers_every_order_once(bodies: list[bytes], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url)
    plan = Plan((1,), (1, 4), rounds=2, seconds=0.001, sizes=(12,), operator_latency=0)
    with open_ledger(url) as book, retailpro(tmp_path, 1) as partner:
        bench = Bench(plan, tmp_path, bodies, {SQLITE: (url, book)})
        grid = list(bench.grid(partner, 1))
        memory = list(bench.memory(partner, 1))
        assert bench.faults == []
        assert partner.calls() == 2 * (3 * 2 + 2 * 8) + 12
    sides = [(cell.side, cell.concurrency, len(cell.runs)) for cell in grid]
    assert sides == [(BARE, 1, 2), (SQLITE, 1, 2), (SEQUENTIAL, 1, 2), (BARE, 4, 2), (SQLITE, 4, 2)]
    assert [(cell.number, len(cell.runs)) for cell in memory] == [(12, 1)]
    assert all(run.seconds > 0 and run.peak_mb > 10 for cell in grid for run in cell.runs)


def test_an_order_that_does_not_arrive_is_a_fault(
    bodies: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "run_peer", lambda *_, **__: Run(1, 1, 1, 3))
    with retailpro(tmp_path, 0) as partner:
        bench = Bench(Plan(), tmp_path, bodies, {})
        assert bench.run(BARE, partner, 3, 1) == [Run(1, 1, 1, 3)]
    assert bench.faults == [f"{BARE}: 3 of 3 orders, 0 calls arrived"]


def test_a_peer_that_fails_is_a_fault(bodies: list[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Run:
        raise PeerFailedError("killed")

    monkeypatch.setattr(calls, "run_peer", fail)
    with retailpro(tmp_path, 0) as partner:
        bench = Bench(Plan(), tmp_path, bodies, {})
        assert bench.run(BARE, partner, 3, 2) == []
    assert bench.faults == [f"{BARE}, 3 calls, 2 at once: killed"]


def test_a_refused_order_fails_the_bare_loop(tmp_path: Path) -> None:
    wrong = write_bodies(tmp_path / "bodies.json", [b'{"OrderNo":"1"}'])
    with retailpro(tmp_path, 0) as partner, pytest.raises(PeerFailedError, match="status 422"):
        run_peer("calls_bare", url=partner.url, bodies=str(wrong), concurrency=1)


def test_a_batch_is_ready_to_be_sent(bodies: list[bytes], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    upgrade(url)
    with open_ledger(url) as book:
        batch_ids = [make_ready(book, bodies[:5]), make_ready(book, bodies[:5])]
        assert [book.states_of([batch_id]) for batch_id in batch_ids] == [{State.READY: 5}] * 2


def test_a_postgresql_server_of_its_own_is_durable_and_goes_away() -> None:
    import psycopg

    binaries = postgresql.installed()
    if binaries is None:
        pytest.skip("PostgreSQL is not installed")
    with postgresql.throw_away(binaries) as url, psycopg.connect(url) as connection:
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
        folder = Path(url.partition("host=")[2])
        assert settings == [("on",), ("on",)]
        assert folder.is_dir()
    assert not folder.exists()


def test_the_report_shows_medians_shares_and_bars() -> None:
    grid = [
        Cell(BARE, 50, 8, 160, [run_of(1.0), run_of(1.1), run_of(9.0)]),
        Cell(SQLITE, 50, 8, 160, [run_of(1.25, cpu=0.16, peak=60)]),
        Cell(BARE, 50, 32, 640, [run_of(1.0)]),
        Cell(SQLITE, 50, 32, 640, [run_of(1.25)]),
        Cell(OPERATOR, 50, 1, 4, [run_of(0.5, cpu=0.2)]),
        Cell(SEQUENTIAL, 50, 1, 4, []),
    ]
    found = report("head", grid, [Cell(SQLITE, 50, 32, 1_000, [run_of(2)])], bare=BARE, once=OPERATOR)
    assert found.startswith("head\n\nAnswers after 50 ms:\n")
    lines = found.splitlines()
    assert f"| 8 | {BARE} | 145 | 90.9% | 100.0% | 0.62 | 40 |" in lines
    assert f"| 8 | {SQLITE} | 128 | 80.0% | 88.0% | 1.00 | 60 |" in lines
    assert f"| 1 | {OPERATOR} (4 orders, one run) | 8.0 | 40.0% |  | 50.00 | 40 |" in lines
    assert f"| 1 | {SEQUENTIAL} | failed | | | | |" in lines
    assert f"- {SQLITE}, 50 ms, 8 at once: 88.0% of the bare loop, at least 95% is wanted: missed" in lines
    assert f"- {SQLITE}, 50 ms, 32 at once: 80.0% of the bare loop, at least 90% is wanted: missed" in lines
    assert f"| 1,000 | {SQLITE}, 50 ms, 32 at once | 500 | 40.0 |" in lines


def test_a_bar_that_is_reached_is_met() -> None:
    grid = [Cell(BARE, 50, 8, 160, [run_of(1.0)]), Cell(SQLITE, 50, 8, 160, [run_of(1.02)])]
    assert "98.0% of the bare loop, at least 95% is wanted: met" in report("", grid, [], bare=BARE, once=OPERATOR)


def test_runs_take_as_long_as_wanted_and_no_longer() -> None:
    plan = Plan(seconds=2, most=500)
    assert [plan.calls(200, 1), plan.calls(50, 8), plan.calls(5, 32), plan.calls(10_000, 8)] == [10, 320, 500, 16]
