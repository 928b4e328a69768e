"""A transform of this repository beside the usual pandas script, over one file: time, memory, and the same outcome."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.child import Run, run_peer
from benchmarks.measure import PeerFailedError

#: How many times as fast as the script it is meant to be.
BAR = 10
ONE_ROUND_ABOVE = 20_000
_LIBRARIES = ("pandas", "pyarrow", "msgspec")


@dataclass(frozen=True)
class Contest:
    """What is compared.

    :param command: that runs it, for the report.
    :param ours: the peer that is this repository; `base` the script.
    :param made: what is counted of the result, a plural.
    :param same: what both must agree about.
    :param bytes_per_byte: memory that the script needs for each byte of input, measured.
    :param write: writes so many orders into a folder, returns the file.
    :param digest: what a result says, as a hash.
    :param bar_from: so many orders; with fewer, reading settings and mappings weighs too much to judge.
    """

    command: str
    ours: str
    base: str
    made: str
    same: str
    bytes_per_byte: int
    write: Callable[[Path, int], Path]
    digest: Callable[[Path], str]
    bar_from: int = 0

    @property
    def titles(self) -> dict[str, str]:
        """What each peer is called in the tables."""
        return {self.ours: "**this repository**", self.base: "pandas `json_normalize`"}


@dataclass(frozen=True)
class Comparison:
    """All runs over one file.

    :param size: orders in the file.
    :param megabytes: its size.
    :param runs: by name of the peer; none where it failed or was not run.
    :param digests: what each peer's result says, one for each different answer.
    :param failures: why a peer has no runs.
    """

    contest: Contest
    size: int
    megabytes: float
    runs: Mapping[str, Sequence[Run]]
    digests: Mapping[str, set[str]]
    failures: Mapping[str, str]

    def seconds(self, peer: str) -> float | None:
        """The median time of the work, None where there is none."""
        runs = self.runs[peer]
        return statistics.median(run.seconds for run in runs) if runs else None

    def ratio(self) -> float | None:
        """How many times as fast as the script we are."""
        ours, base = self.seconds(self.contest.ours), self.seconds(self.contest.base)
        return base / ours if ours and base else None

    def faults(self) -> Iterator[str]:
        """What is wrong."""
        yield from (f"{self.size} orders: {why}" for why in self.failures.values())
        if len(set().union(*self.digests.values())) > 1:
            yield f"{self.size} orders: the {self.contest.made} of the two peers differ: {self.contest.same}"


def compare(contest: Contest, size: int, rounds: int, folder: Path) -> Comparison:
    """Let both peers do the same file, in alternating order.

    :param rounds: how often; above 20,000 orders once.
    :param folder: for the input and the outputs; they are removed.
    """
    source = contest.write(folder, size)
    peers = [contest.ours, contest.base] if _fits(contest, source.stat().st_size) else [contest.ours]
    runs: dict[str, list[Run]] = {peer: [] for peer in contest.titles}
    digests: dict[str, set[str]] = {peer: set() for peer in contest.titles}
    failures: dict[str, str] = {}
    turns = rounds if size <= ONE_ROUND_ABOVE else 1
    for turn in range(turns):
        for peer in peers if turn % 2 == 0 else reversed(peers):
            if peer in failures:
                continue
            print(f"{size:,} orders, round {turn + 1} of {turns}: {peer}", file=sys.stderr, flush=True)
            target = folder / "result"
            try:
                runs[peer].append(run_peer(peer, source=str(source), target=str(target)))
            except PeerFailedError as error:
                failures[peer] = str(error)
                continue
            if turn == 0:
                digests[peer].add(contest.digest(target))
            target.unlink()
    megabytes = source.stat().st_size / 1_000_000
    source.unlink()
    return Comparison(contest, size, megabytes, runs, digests, failures)


def _fits(contest: Contest, size: int) -> bool:
    """Whether the script's memory for so many bytes of input is there."""
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return size * contest.bytes_per_byte < available


def table(result: Comparison) -> str:
    """The comparison as a Markdown table."""
    contest = result.contest
    lines = [
        f"{result.size:,} orders, {result.megabytes:,.0f} MB:",
        "",
        f"| | orders/s | MB/s | times json_normalize | peak MB | {contest.made} | {contest.same} |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    base = result.seconds(contest.base)
    same = len(set().union(*result.digests.values())) == 1
    for peer, title in contest.titles.items():
        seconds, runs = result.seconds(peer), result.runs[peer]
        if seconds is None:
            why = "failed" if peer in result.failures else "not run: it needs more memory than there is"
            lines.append(f"| {title} | {why} | | | | | |")
            continue
        figures = (
            f"{result.size / seconds:,.0f}",
            f"{result.megabytes / seconds:,.1f}",
            f"{base / seconds:.1f}" if base else "",
            f"{statistics.median(run.peak_mb for run in runs):,.0f}",
            f"{runs[0].result:,}",
            "the same" if same else "differ",
        )
        lines.append(f"| {title} | {' | '.join(figures)} |")
    return "\n".join(lines)


def report(contest: Contest, results: Sequence[Comparison], rounds: int, load: float) -> str:
    """All tables, with what they were made by and on, and whether the bar was reached.

    :param load: the load average before the first run.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    head = (
        f"Command: `{contest.command}`. Medians of {rounds} runs (one above {ONE_ROUND_ABOVE:,} orders) "
        f"in alternating order, each in a process of its own; {os.cpu_count()} processors (load {load:.1f} before), "
        f"Python {platform.python_version()}, {libraries}."
    )
    bars = [
        f"- {result.size:,} orders: {ratio:.1f} times json_normalize, at least {BAR} times is wanted: "
        + ("met" if ratio >= BAR else "missed")
        for result in results
        if (ratio := result.ratio()) is not None and result.size >= contest.bar_from
    ]
    return "\n\n".join([head, *map(table, results), "\n".join(bars)]).rstrip()


def options(contest: Contest, description: str | None, sizes: Sequence[int]) -> argparse.ArgumentParser:
    """The command line of such a comparison."""
    parser = argparse.ArgumentParser(
        prog=contest.command, description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=sizes, help="how many orders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    return parser


def compared(contest: Contest, sizes: Sequence[int], rounds: int) -> tuple[str, list[str]]:
    """The report over files of some sizes, and what is wrong."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        results = [compare(contest, size, rounds, Path(folder)) for size in sizes]
    return report(contest, results, rounds, load), [fault for result in results for fault in result.faults()]
