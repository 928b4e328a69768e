"""Completed orders to the bodies that Retail Pro gets: this repository beside the usual pandas script.

    python -m benchmarks.invoices            # 10,000 and 100,000 orders
    python -m benchmarks.invoices --write    # also puts the tables into benchmarks/results.md

Ends with 1 when a peer failed, or when the two do not say the same: as many invoices, each with the same total,
discount, shipping, and pieces of each UPC.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version
from pathlib import Path

import msgspec

from benchmarks.child import Run, run_peer
from benchmarks.measure import PeerFailedError
from benchmarks.results import write_section
from order_sync.contracts import framing
from sandbox.hotwax.completed_orders import CompletedOrders, write_feed

OURS, BASE = "invoices_ours", "invoices_json_normalize"
TITLES = {OURS: "**this repository**", BASE: "pandas `json_normalize`"}
#: How many times as fast as the script it is meant to be.
BAR = 10
#: The script needs so many bytes of memory for each byte of input, measured.
_BYTES_PER_BYTE = 8
_ONE_ROUND_ABOVE = 20_000
_LIBRARIES = ("pandas", "pyarrow", "msgspec")


class _Line(msgspec.Struct):
    UPC: str
    Qty: Decimal


class _Body(msgspec.Struct):
    OrderNo: str
    TotalAmt: Decimal
    TotalDiscAmt: Decimal
    ShippingAmt: Decimal
    Items: list[_Line]


@dataclass(frozen=True)
class Comparison:
    """All runs over one file.

    :param size: orders in the file.
    :param megabytes: its size.
    :param runs: by name of the peer; none where it failed or was not run.
    :param digests: what each peer's bodies say, one for each different answer.
    :param failures: why a peer has no runs.
    """

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
        ours, base = self.seconds(OURS), self.seconds(BASE)
        return base / ours if ours and base else None

    def faults(self) -> Iterator[str]:
        """What is wrong."""
        yield from (f"{self.size} orders: {why}" for why in self.failures.values())
        if len(set().union(*self.digests.values())) > 1:
            yield f"{self.size} orders: the two peers' invoices differ in money or quantities"


def compare(size: int, rounds: int, folder: Path) -> Comparison:
    """Let both peers do the same file, in alternating order.

    :param rounds: how often; above 20,000 orders once.
    :param folder: for the input and the outputs; they are removed.
    """
    orders = CompletedOrders(1).orders(size)
    source = write_feed(folder, orders, datetime(2026, 9, 1, 6, 0, tzinfo=UTC))
    peers = [OURS, BASE] if _fits(source.stat().st_size) else [OURS]
    runs: dict[str, list[Run]] = {OURS: [], BASE: []}
    digests: dict[str, set[str]] = {OURS: set(), BASE: set()}
    failures: dict[str, str] = {}
    turns = rounds if size <= _ONE_ROUND_ABOVE else 1
    for turn in range(turns):
        for peer in peers if turn % 2 == 0 else reversed(peers):
            if peer in failures:
                continue
            print(f"{size:,} orders, round {turn + 1} of {turns}: {peer}", file=sys.stderr, flush=True)
            target = folder / "bodies.json"
            try:
                runs[peer].append(run_peer(peer, source=str(source), target=str(target)))
            except PeerFailedError as error:
                failures[peer] = str(error)
                continue
            if turn == 0:
                digests[peer].add(digest(target))
            target.unlink()
    megabytes = source.stat().st_size / 1_000_000
    source.unlink()
    return Comparison(size, megabytes, runs, digests, failures)


def digest(path: Path) -> str:
    """What the bodies in a file say of money and quantities, as one hash; their order does not matter."""
    decoder = msgspec.json.Decoder(_Body)
    with path.open("rb") as stream:
        said = sorted(
            _said(decoder.decode(one.data)) for one in framing.records(stream, path.name, framing.Layout.ARRAY, 1 << 24)
        )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _said(body: _Body) -> str:
    pieces: Counter[str] = Counter()
    for line in body.Items:
        pieces[line.UPC] += int(line.Qty)
    money = (f"{amount:.4f}" for amount in (body.TotalAmt, body.TotalDiscAmt, body.ShippingAmt))
    return f"{body.OrderNo} {' '.join(money)} {sorted(pieces.items())}"


def _fits(size: int) -> bool:
    """Whether the script's memory for so many bytes of input is there."""
    available = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return size * _BYTES_PER_BYTE < available


def table(result: Comparison) -> str:
    """The comparison as a Markdown table."""
    lines = [
        f"{result.size:,} orders, {result.megabytes:,.0f} MB:",
        "",
        "| | orders/s | MB/s | times json_normalize | peak MB | invoices | money and quantities |",
        "|---|--:|--:|--:|--:|--:|---|",
    ]
    base = result.seconds(BASE)
    same = len(set().union(*result.digests.values())) == 1
    for peer, title in TITLES.items():
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


def report(results: Sequence[Comparison], rounds: int, load: float) -> str:
    """All tables, with what they were made by and on, and whether the bar was reached.

    :param load: the load average before the first run.
    """
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    head = (
        f"Command: `python -m benchmarks.invoices`. Medians of {rounds} runs (one above {_ONE_ROUND_ABOVE:,} orders) "
        f"in alternating order, each in a process of its own; {os.cpu_count()} processors (load {load:.1f} before), "
        f"Python {platform.python_version()}, {libraries}."
    )
    bars = [
        f"- {result.size:,} orders: {ratio:.1f} times json_normalize, at least {BAR} times is wanted: "
        + ("met" if ratio >= BAR else "missed")
        for result in results
        if (ratio := result.ratio()) is not None
    ]
    return "\n\n".join([head, *map(table, results), "\n".join(bars)]).rstrip()


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether both said the same."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.invoices", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=(10_000, 100_000), help="how many orders")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    options = parser.parse_args(arguments)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-invoices-") as folder:
        results = [compare(size, options.rounds, Path(folder)) for size in options.sizes]
    text = report(results, options.rounds, load)
    print(text)
    if options.write:
        write_section("invoices", text)
    faults = [fault for result in results for fault in result.faults()]
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
