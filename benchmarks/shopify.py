"""Orders out of the sandbox's Shopify into a file: by pages and in bulk, beside the loops that others would write.

    python -m benchmarks.shopify                                   # 1,000 and 100,000 orders
    python -m benchmarks.shopify --dlt-python ENV/bin/python       # dlt's rest_api source, too
    python -m benchmarks.shopify --write                           # also puts the table into benchmarks/results.md

Ends with 1 when a peer failed, or did not bring every order, or when ours needed more memory than it may.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.child import Run, environment, run_peer
from benchmarks.measure import ROOT, PeerFailedError
from benchmarks.results import write_section

#: The most memory, in MB, that our client may have at once, however many orders there are.
MOST_MB = 300
_END = datetime(2026, 11, 1, tzinfo=UTC)
_DAYS = 30


class Peer(NamedTuple):
    """One way to fetch the orders.

    :param module: below ``benchmarks.peers``; `way`: its argument, blank where it has none.
    """

    title: str
    module: str
    way: str = ""


FLOOR = Peer("bare loop over the same pages: the sandbox's own floor", "shopify_loop", "floor")
PAGES = Peer("**this repository**, pages", "shopify_ours", "pages")
BULK = Peer("**this repository**, bulk operation", "shopify_ours", "bulk")
SIMPLE = Peer("plain loop, all orders in memory; parts that do not fit are missing", "shopify_loop", "simple")
DLT = Peer("dlt `rest_api`, into files; parts that do not fit are missing", "shopify_dlt")


@contextmanager
def shop_of(orders: int, folder: Path) -> Iterator[dict[str, str]]:
    """A shop with so many orders, in a process of its own; how it is reached."""
    command = [
        *(sys.executable, "-m", "sandbox.shopify", "--database", str(folder / "shop.sqlite")),
        *("--orders", str(orders), "--days", str(_DAYS), "--end", _END.isoformat(), "--restore-rate", "1000000"),
    ]
    with subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        try:
            if process.stdout is None:
                raise PeerFailedError("the shop says nothing")
            url, token = process.stdout.readline().strip(), process.stdout.readline().strip()
            yield {"url": url, "token": token}
        finally:
            process.terminate()


def measure(orders: int, rounds: int, folder: Path, dlt_python: str) -> tuple[dict[Peer, list[Run]], dict[Peer, str]]:
    """Every peer over the same shop; those that failed have a message instead of runs.

    :param dlt_python: an interpreter that has dlt; blank: without it.
    """
    settings = yaml.safe_load((ROOT / "include/retailers/default.yaml").read_text(encoding="utf-8"))
    api = settings["shopify_order_import"]["api"]
    window = {"start": (_END - timedelta(days=_DAYS + 1)).isoformat(), "end": _END.isoformat()}
    peers = [FLOOR, PAGES, BULK, SIMPLE, *([DLT] if dlt_python else [])]
    runs: dict[Peer, list[Run]] = {peer: [] for peer in peers}
    failures: dict[Peer, str] = {}
    with shop_of(orders, folder) as shop:
        for number in range(rounds):
            for peer in peers if number % 2 == 0 else reversed(peers):
                given: dict[str, Any] = {**shop, **window, "target": str(folder / "orders.jsonl")}
                given |= (
                    {} if peer.module == "shopify_ours" else {"size": api["page_orders"], "parts": api["page_parts"]}
                )
                given |= {"way": peer.way} if peer.way else {"python": dlt_python}
                print(f"{orders:,} orders, round {number + 1} of {rounds}: {peer.title}", file=sys.stderr, flush=True)
                try:
                    runs[peer].append(run_peer(peer.module, **given))
                except PeerFailedError as error:
                    failures[peer] = str(error)
    return runs, failures


def table(orders: int, runs: Mapping[Peer, Sequence[Run]]) -> str:
    """The runs as a Markdown table."""
    pages = runs[FLOOR][0].result if runs[FLOOR] else 0
    lines = [
        f"{orders:,} orders, {pages:,} pages:",
        "",
        "| | orders/s | ms per page | times the floor | peak MB | orders |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    floor = _seconds(runs[FLOOR])
    for peer, some in runs.items():
        if not some:
            lines.append(f"| {peer.title} | failed | | | | |")
            continue
        seconds = _seconds(some)
        figures = (
            f"{orders / seconds:,.0f}",
            f"{1000 * seconds / pages:,.1f}" if pages and peer is not BULK else "–",
            f"{seconds / floor:.2f}" if floor else "",
            f"{statistics.median(run.peak_mb for run in some):,.0f}",
            "–" if peer is FLOOR else f"{some[0].result:,}",
        )
        lines.append(f"| {peer.title} | {' | '.join(figures)} |")
    return "\n".join(lines)


def faults(orders: int, runs: Mapping[Peer, Sequence[Run]], failures: Mapping[Peer, str]) -> list[str]:
    """What is wrong."""
    found = [f"{orders:,} orders: {why}" for why in failures.values()]
    for peer, some in runs.items():
        if peer is not FLOOR:
            found += [f"{peer.title}: {run.result:,} of {orders:,} orders" for run in some if run.result != orders]
        if peer in (PAGES, BULK):
            found += [f"{peer.title}: {run.peak_mb:,.0f} MB" for run in some if run.peak_mb > MOST_MB]
    return found


def _seconds(runs: Sequence[Run]) -> float:
    return statistics.median(run.seconds for run in runs) if runs else 0.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether all went well."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=(1_000, 100_000), help="how many orders")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--dlt-python", default="", help="an interpreter that has dlt")
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    asked = parser.parse_args(arguments)
    head = (
        f"Command: `python -m benchmarks.shopify`. Medians of {asked.rounds} runs in alternating order, each in a "
        f"process of its own, the shop in another; {os.cpu_count()} processors (load {os.getloadavg()[0]:.1f} before), "
        f"Python {platform.python_version()}. Ours asks for what does not fit into a page until each order is whole."
    )
    parts, wrong = [head], []
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            runs, failures = measure(size, asked.rounds, Path(folder), asked.dlt_python)
        parts.append(table(size, runs))
        wrong += faults(size, runs, failures)
    parts.append(
        f"- at most {MOST_MB} MB, however many orders: " + ("missed" if any(" MB" in one for one in wrong) else "met")
    )
    text = "\n\n".join(parts)
    print(text)
    if asked.write:
        write_section("shopify", text)
    for fault in wrong:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
