"""Side by side: TLogs to HotWax's two feeds, by this repository, by the usual tools, and by the slow reference.

``python -m benchmarks.transform`` measures 10,000 and 100,000 orders; with ``BENCH=full`` in the environment also a
million. ``--sizes 10000`` measures only those, ``--write`` puts the tables into benchmarks/results.md. Ends with 1 when
a peer failed, when row counts differ, or when our bytes are not those of the reference.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import ROOT, Measured, PeerFailedError, generate, measure
from benchmarks.results import write_section

DATA = ROOT / "benchmarks" / "data"

_MEGABYTE = 1_000_000
_ONE_ROUND_ABOVE = 100_000
_LIBRARIES = ("pandas", "pyarrow", "msgspec", "polars", "duckdb")


@dataclass(frozen=True)
class Peer:
    """One way of doing the job; `limit` is the most orders that fit into the memory of a usual machine."""

    name: str
    title: str
    limit: int = 10_000_000


OURS = Peer("ours", "**this repository**")
REFERENCE = Peer("reference", "slow reference")
BASE = Peer("json_normalize", "pandas `json_normalize`", limit=100_000)
PEERS: tuple[Peer, ...] = (
    OURS,
    BASE,
    Peer("stdlib_loop", "standard library, streamed loop"),
    Peer("polars_lazy", "polars, lazy and streaming"),
    Peer("duckdb_sql", "duckdb"),
    REFERENCE,
)


@dataclass(frozen=True)
class Comparison:
    """All runs over one file.

    :param size: orders in the file.
    :param megabytes: its size.
    :param runs: by name of the peer; none for a peer that failed.
    :param failures: why, by name of the peer.
    """

    size: int
    megabytes: float
    runs: Mapping[str, Sequence[Measured]]
    failures: Mapping[str, str]

    def seconds(self, peer: Peer) -> float | None:
        """The median time of the work, or ``None`` when there is none."""
        runs = self.runs.get(peer.name)
        return statistics.median(run.run_s for run in runs) if runs else None

    def faults(self) -> Iterator[str]:
        """What is wrong with the outputs."""
        yield from self.failures.values()
        outputs = {name: runs[0].output for name, runs in self.runs.items() if runs}
        counts = {name: (output.order_rows, output.variance_rows) for name, output in outputs.items()}
        if len(set(counts.values())) > 1:
            yield f"{self.size} orders: the numbers of rows differ: {counts}"
        ours, reference = outputs.get(OURS.name), outputs.get(REFERENCE.name)
        if ours and reference and ours.digest != reference.digest:
            yield f"{self.size} orders: our bytes are not those of the reference"


def compare(size: int, peers: Sequence[Peer], rounds: int, folder: Path = DATA) -> Comparison:
    """Let all peers do the same file, in alternating order, so that none always runs first.

    :param rounds: how often; above 100,000 orders once.
    """
    source = folder / f"tlogs_{size}.jsonl"
    generate(source, size)
    runs: dict[str, list[Measured]] = {peer.name: [] for peer in peers}
    failures: dict[str, str] = {}
    turns = rounds if size <= _ONE_ROUND_ABOVE else 1
    for turn in range(turns):
        for peer in peers if turn % 2 == 0 else reversed(peers):
            if peer.name in failures or size > peer.limit:
                continue
            print(f"{size:,} orders, round {turn + 1} of {turns}: {peer.name}", file=sys.stderr, flush=True)
            try:
                runs[peer.name].append(measure(peer.name, source, folder / "out" / peer.name))
            except PeerFailedError as error:
                failures[peer.name] = str(error)
            shutil.rmtree(folder / "out", ignore_errors=True)
    megabytes = source.stat().st_size / _MEGABYTE
    source.unlink()
    return Comparison(size, megabytes, runs, failures)


def table(result: Comparison) -> str:
    """The comparison as a Markdown table, fastest first."""
    peers = sorted((peer for peer in PEERS if peer.name in result.runs), key=lambda peer: result.seconds(peer) or 1e9)
    lines = [
        f"{result.size:,} orders, {result.megabytes:,.0f} MB:",
        "",
        "| | orders/s | MB/s | times json_normalize | peak MB | start-up s | rows out | bytes as the reference |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
        *(_table_line(result, peer) for peer in peers),
    ]
    return "\n".join(lines)


def _table_line(result: Comparison, peer: Peer) -> str:
    seconds, base, reference = result.seconds(peer), result.seconds(BASE), result.runs.get(REFERENCE.name)
    if seconds is None:
        why = "failed" if peer.name in result.failures else "not run: its memory grows with the input"
        return f"| {peer.title} | {why} | | | | | | |"
    runs = result.runs[peer.name]
    output = runs[0].output
    cells = (
        peer.title,
        f"{result.size / seconds:,.0f}",
        f"{result.megabytes / seconds:,.1f}",
        f"{base / seconds:.1f}" if base else "",
        f"{statistics.median(run.peak_mb for run in runs):,.0f}",
        f"{statistics.median(run.start_up_s for run in runs):.2f}",
        f"{output.order_rows:,} + {output.variance_rows:,}",
        ("yes" if output.digest == reference[0].output.digest else "no") if reference else "",
    )
    return f"| {' | '.join(cells)} |"


def report(results: Sequence[Comparison], command: str, rounds: int, load: float) -> str:
    """All tables, with what they were made by and on.

    :param load: the load average before the first run; near 0 when the machine did nothing else.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    head = (
        f"Made by `{command}`: medians of {rounds} runs (one above {_ONE_ROUND_ABOVE:,} orders) in alternating order, "
        "each in a process of its own; "
        f"{os.cpu_count()} processors (load {load:.1f} before), Python {platform.python_version()}, {libraries}."
    )
    return "\n\n".join([head, *(table(result) for result in results)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether the outputs were right."""
    sizes = (10_000, 100_000, 1_000_000) if os.environ.get("BENCH") == "full" else (10_000, 100_000)
    names = [peer.name for peer in PEERS]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.transform", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="how many orders")
    parser.add_argument("--peers", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    options = parser.parse_args(arguments)
    peers = [peer for peer in PEERS if peer.name in options.peers]
    load = os.getloadavg()[0]
    results = [compare(size, peers, options.rounds) for size in options.sizes]
    bench = "BENCH=full " if os.environ.get("BENCH") == "full" else ""
    command = f"{bench}python -m benchmarks.transform {' '.join(sys.argv[1:] if arguments is None else arguments)}"
    text = report(results, command.strip(), options.rounds, load)
    print(text)
    if options.write:
        write_section("transform", text)
    faults = [fault for result in results for fault in result.faults()]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
