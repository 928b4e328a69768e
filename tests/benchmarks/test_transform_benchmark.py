from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from benchmarks import transform
from benchmarks.measure import Measured, Output, PeerFailedError, measure
from benchmarks.results import write_section
from benchmarks.transform import BASE, OURS, PEERS, REFERENCE, Comparison, compare, report, table
from sandbox.predictspring import write_json_lines

GOOD = Output(30, 12, "a" * 64)


def run_of(seconds: float, output: Output = GOOD, peak: float = 100) -> Measured:
    return Measured(start_up_s=0.5, run_s=seconds, peak_mb=peak, output=output)


def comparison(**runs: list[Measured]) -> Comparison:
    return Comparison(1000, 4.0, runs, {})


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tlogs") / "tlogs.jsonl"
    assert write_json_lines(path, 400, templates=400, spoiled=40) == 10
    return path


def feeds(peer: str, source: Path, folder: Path) -> tuple[bytes, bytes]:
    orders, variance = folder / f"{peer}_orders.csv", folder / f"{peer}_variance.csv"
    importlib.import_module(f"benchmarks.peers.{peer}").run(source, orders, variance)
    return orders.read_bytes(), variance.read_bytes()


@pytest.mark.parametrize("peer", [peer.name for peer in PEERS if peer is not REFERENCE])
def test_every_peer_writes_the_bytes_of_the_reference(peer: str, source: Path, tmp_path: Path) -> None:
    orders, variance = feeds(REFERENCE.name, source, tmp_path)
    assert orders.count(b"\n") > 1000
    assert variance.count(b"\n") > 500
    assert feeds(peer, source, tmp_path) == (orders, variance)


def test_a_measured_run_reports_time_memory_and_rows(source: Path, tmp_path: Path) -> None:
    found = measure("stdlib_loop", source, tmp_path)
    rows = (tmp_path / "orders.csv").read_text(encoding="utf-8").splitlines()
    assert found.output.order_rows == len(rows) - 1
    assert found.run_s > 0
    assert 5 < found.peak_mb < 100


def test_the_digest_covers_both_feeds(source: Path, tmp_path: Path) -> None:
    peers = ("stdlib_loop", "reference")
    digests = {measure(peer, source, tmp_path / peer).output.digest for peer in peers}
    assert len(digests) == 1


def test_a_peer_that_fails_is_named_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(PeerFailedError, match=r"run stdlib_loop .* ended with 1: FileNotFoundError"):
        measure("stdlib_loop", tmp_path / "missing.jsonl", tmp_path)


def test_a_comparison_runs_every_peer_and_cleans_up(tmp_path: Path) -> None:
    peers = [peer for peer in PEERS if peer.name in ("stdlib_loop", "reference")]
    result = compare(60, peers, rounds=2, folder=tmp_path)
    assert {name: len(runs) for name, runs in result.runs.items()} == {"stdlib_loop": 2, "reference": 2}
    assert list(result.faults()) == []
    assert list(tmp_path.iterdir()) == []


def test_a_peer_above_its_limit_is_not_run(tmp_path: Path) -> None:
    result = compare(20, [transform.Peer("stdlib_loop", "loop", limit=10)], rounds=1, folder=tmp_path)
    assert result.runs == {"stdlib_loop": []}


def test_a_failing_peer_is_a_fault_and_does_not_stop_the_others(tmp_path: Path) -> None:
    peers = [transform.Peer("no_such_peer", "?"), transform.Peer("stdlib_loop", "loop")]
    result = compare(20, peers, rounds=2, folder=tmp_path)
    assert len(result.runs["stdlib_loop"]) == 2
    assert [fault.rpartition(": ")[2] for fault in result.faults()] == [
        "No module named 'benchmarks.peers.no_such_peer'"
    ]


def test_differing_row_counts_are_a_fault() -> None:
    result = comparison(ours=[run_of(1)], duckdb_sql=[run_of(1, Output(29, 12, "a" * 64))])
    assert any("numbers of rows differ" in fault for fault in result.faults())


def test_other_bytes_than_the_reference_are_a_fault_of_ours_only() -> None:
    other = Output(30, 12, "b" * 64)
    assert list(comparison(duckdb_sql=[run_of(1, other)], reference=[run_of(1)]).faults()) == []
    faults = list(comparison(ours=[run_of(1, other)], reference=[run_of(1)]).faults())
    assert faults == ["1000 orders: our bytes are not those of the reference"]


def test_the_table_shows_medians_ratios_and_equality() -> None:
    runs = {
        OURS.name: [run_of(0.5), run_of(0.4), run_of(9.0)],
        BASE.name: [run_of(5, Output(30, 12, "b" * 64), peak=900)],
        REFERENCE.name: [run_of(2)],
    }
    lines = table(comparison(**runs)).splitlines()
    assert lines[0] == "1,000 orders, 4 MB:"
    assert lines[4:] == [
        "| **this repository** | 2,000 | 8.0 | 10.0 | 100 | 0.50 | 30 + 12 | yes |",
        "| slow reference | 500 | 2.0 | 2.5 | 100 | 0.50 | 30 + 12 | yes |",
        "| pandas `json_normalize` | 200 | 0.8 | 1.0 | 900 | 0.50 | 30 + 12 | no |",
    ]


def test_the_table_says_what_failed_and_what_was_not_run() -> None:
    result = Comparison(1000, 4.0, {OURS.name: [], BASE.name: []}, {OURS.name: "killed"})
    found = table(result)
    assert "| **this repository** | failed |" in found
    assert "| pandas `json_normalize` | not run: its memory grows with the input |" in found


def test_the_report_names_its_command() -> None:
    found = report([comparison()], "python -m benchmarks.transform --write", 3, load=0.25)
    assert found.startswith("Made by `python -m benchmarks.transform --write`: medians of 3 runs")
    assert "(load 0.2 before)" in found


def test_results_are_replaced_between_their_markers_only(tmp_path: Path) -> None:
    path = tmp_path / "results.md"
    write_section("transform", "first", path)
    path.write_text(f"{path.read_text(encoding='utf-8')}\n## Other\n\nkept\n", encoding="utf-8")
    write_section("transform", "second", path)
    text = path.read_text(encoding="utf-8")
    assert "first" not in text
    assert text.startswith("# Results\n")
    assert text.count("second") == 1
    assert text.endswith("## Other\n\nkept\n")
