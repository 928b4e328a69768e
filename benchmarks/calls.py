"""Calls per second to Retail Pro: ours, durable before and after each call, beside loops that keep nothing.

    python -m benchmarks.calls            # 5, 50 and 200 ms, 1, 8 and 32 at once; under 6 minutes
    python -m benchmarks.calls --quick    # few calls, to see that it works
    python -m benchmarks.calls --write    # also puts the tables into benchmarks/results.md

The ledger is SQLite, and PostgreSQL where ``LEDGER_PG_URL`` names an empty database or a server is installed of which
one can be started for the measurement. Ends with 1 when a peer failed, or when Retail Pro did not get as many calls as
there were orders.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks import postgresql
from benchmarks.calls_input import Partner, make_bodies, make_ready, retailpro, write_bodies
from benchmarks.calls_report import Cell, report
from benchmarks.child import Run, run_peer
from benchmarks.measure import PeerFailedError
from benchmarks.results import write_section
from order_sync.ledger import Ledger, open_ledger, upgrade

BARE, SEQUENTIAL, OPERATOR = "bare aiohttp loop", "requests, one after the other", "one `HttpOperator` per order"
_LIBRARIES = ("aiohttp", "SQLAlchemy", "psycopg", "requests", "apache-airflow")


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    :param seconds: that one run takes, about.
    :param most: calls of one run.
    :param sizes: orders of one task, for its memory.
    :param operator_calls: tasks of the operator.
    """

    latencies: Sequence[int] = (5, 50, 200)
    concurrencies: Sequence[int] = (1, 8, 32)
    rounds: int = 3
    seconds: float = 1.6
    most: int = 2_000
    sizes: Sequence[int] = (1_000, 10_000)
    operator_calls: int = 40
    operator_latency: int = 50

    def calls(self, latency_ms: int, concurrency: int) -> int:
        """So many that one run takes long enough to be measured."""
        return max(2 * concurrency, min(self.most, round(self.seconds * 1000 * concurrency / latency_ms)))


QUICK = Plan((50,), (8, 32), rounds=1, seconds=0.3, sizes=(100, 400), operator_calls=4)


@dataclass
class Bench:
    """What is measured with, and what came of it.

    :param ledgers: by title, their URL and an open ledger.
    """

    plan: Plan
    folder: Path
    bodies: Sequence[bytes]
    ledgers: Mapping[str, tuple[str, Ledger]]
    faults: list[str] = field(default_factory=list)

    def grid(self, partner: Partner, latency_ms: int) -> Iterator[Cell]:
        """Every side at every concurrency, for one latency; the sides take turns, forwards and backwards."""
        for concurrency in self.plan.concurrencies:
            sides = [BARE, *self.ledgers]
            if concurrency == 1:
                sides.append(SEQUENTIAL)
            number = self.plan.calls(latency_ms, concurrency)
            runs: dict[str, list[Run]] = {side: [] for side in sides}
            for turn in range(self.plan.rounds):
                for side in sides if turn % 2 == 0 else reversed(sides):
                    runs[side] += self.run(side, partner, number, concurrency)
            for side in sides:
                yield Cell(side, latency_ms, concurrency, number, runs[side])
        if latency_ms == self.plan.operator_latency:
            number = self.plan.operator_calls
            yield Cell(OPERATOR, latency_ms, 1, number, self.run(OPERATOR, partner, number, 1))

    def memory(self, partner: Partner, latency_ms: int) -> Iterator[Cell]:
        """Ours with few and with many orders in one task."""
        concurrency = self.plan.concurrencies[-1]
        for title in self.ledgers:
            for size in self.plan.sizes:
                yield Cell(title, latency_ms, concurrency, size, self.run(title, partner, size, concurrency))

    def run(self, side: str, partner: Partner, number: int, concurrency: int) -> list[Run]:
        """One run of one side; none when it failed."""
        print(f"{number:,} calls, {concurrency} at once: {side}", file=sys.stderr, flush=True)
        bodies = self.bodies[:number]
        path = write_bodies(self.folder / "bodies.json", bodies)
        before = partner.calls()
        try:
            run = self._peer(side, partner.url, path, bodies, concurrency)
        except PeerFailedError as error:
            self.faults.append(f"{side}, {number} calls, {concurrency} at once: {error}")
            return []
        arrived = partner.calls() - before
        wanted: object = number if side not in self.ledgers else {"DELIVERED": number}
        sent = 2 * number if side == OPERATOR else number  # it warms up with a run of its own
        if run.result != wanted or arrived != sent:
            self.faults.append(f"{side}: {run.result} of {number} orders, {arrived} calls arrived")
        return [run]

    def _peer(self, side: str, url: str, path: Path, bodies: Sequence[bytes], concurrency: int) -> Run:
        given = {"url": url, "bodies": str(path)}
        if side in self.ledgers:
            ledger, book = self.ledgers[side]
            batch_id = make_ready(book, bodies)
            return run_peer("calls_ours", **given, concurrency=concurrency, ledger=ledger, batch_id=batch_id)
        if side == BARE:
            return run_peer("calls_bare", **given, concurrency=concurrency)
        return run_peer("calls_operator" if side == OPERATOR else "calls_sequential", **given)


@contextmanager
def open_ledgers(folder: Path) -> Iterator[dict[str, tuple[str, Ledger]]]:
    """The ledgers that can be had here, by title."""
    urls = {"**ours**, SQLite": f"sqlite:///{folder / 'ledger.sqlite'}"}
    with ExitStack() as stack:
        given, binaries = os.environ.get("LEDGER_PG_URL", ""), postgresql.installed()
        if not given and binaries:
            given = stack.enter_context(postgresql.throw_away(binaries))
        if given:
            urls["**ours**, PostgreSQL"] = given
        ledgers = {}
        for title, url in urls.items():
            upgrade(url)
            ledgers[title] = url, stack.enter_context(open_ledger(url))
        yield ledgers


def measure(plan: Plan) -> tuple[list[Cell], list[Cell], list[str]]:
    """Measure everything; the cells of the grid, those of memory, and what is wrong."""
    with tempfile.TemporaryDirectory(prefix="bench-calls-") as name, open_ledgers(Path(name)) as ledgers:
        folder = Path(name)
        bench = Bench(plan, folder, make_bodies(max(plan.most, *plan.sizes)), ledgers)
        grid: list[Cell] = []
        for at, latency_ms in enumerate(plan.latencies):
            with retailpro(folder, latency_ms) as partner:
                grid += bench.grid(partner, latency_ms)
                if at == 0:
                    memory = list(bench.memory(partner, latency_ms))
        return grid, memory, bench.faults


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether every order arrived once."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.calls", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few calls")
    parser.add_argument("--write", action="store_true", help="put the tables into results.md")
    options = parser.parse_args(arguments)
    plan, load = QUICK if options.quick else Plan(), os.getloadavg()[0]
    grid, memory, faults = measure(plan)
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    head = (
        f"Command: `python -m benchmarks.calls`. Medians of {plan.rounds}, sides in alternating order, each run a "
        f"process of its own, Retail Pro another one; {os.cpu_count()} processors (load {load:.1f} before), "
        f"Python {platform.python_version()}, {libraries}."
    )
    text = report(head, grid, memory, bare=BARE, once=OPERATOR)
    print(text)
    if options.write:
        write_section("calls", text)
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
