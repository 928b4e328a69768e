"""The tables of the calls."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.child import Run

#: The share of the bare loop's calls per second that is asked for: latency in ms, calls at once, share.
BARS = ((50, 8, 0.95), (50, 32, 0.90))


@dataclass(frozen=True)
class Cell:
    """All runs of one side under the same conditions; none where it failed.

    :param number: calls of each run.
    """

    side: str
    latency_ms: int
    concurrency: int
    number: int
    runs: Sequence[Run]

    @property
    def rate(self) -> float:
        """Calls per second."""
        return self.number / statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_ms(self) -> float:
        """Processor time of one call in our process, in milliseconds."""
        return 1000 * statistics.median(run.cpu_seconds for run in self.runs) / self.number

    @property
    def peak_mb(self) -> float:
        """The most memory of the process."""
        return statistics.median(run.peak_mb for run in self.runs)


def report(head: str, grid: Sequence[Cell], memory: Sequence[Cell], *, bare: str, once: str) -> str:
    """All tables.

    :param bare: the side that the others are compared with.
    :param once: the side that is run once and with few calls, for which its line says so.
    """
    latencies = sorted({cell.latency_ms for cell in grid})
    tables = [_table([cell for cell in grid if cell.latency_ms == latency], bare, once) for latency in latencies]
    return "\n\n".join([head, *tables, _bars(grid, bare), _memory(memory)])


def _table(cells: Sequence[Cell], bare: str, once: str) -> str:
    latency_ms = cells[0].latency_ms
    lines = [
        f"Answers after {latency_ms} ms:",
        "",
        "| at once | | calls/s | of what the latency allows | of the bare loop | CPU ms a call | peak MB |",
        "|--:|---|--:|--:|--:|--:|--:|",
    ]
    for cell in cells:
        title = f"{cell.side} ({cell.number} orders, one run)" if cell.side == once else cell.side
        if not cell.runs:
            lines.append(f"| {cell.concurrency} | {title} | failed | | | | |")
            continue
        share = share_of(cell, cells, bare)
        limit = cell.concurrency * 1000 / latency_ms
        figures = (
            f"{cell.rate:,.1f}" if cell.rate < 100 else f"{cell.rate:,.0f}",
            f"{cell.rate / limit:.1%}",
            "" if share is None else f"{share:.1%}",
            f"{cell.cpu_ms:.2f}",
            f"{cell.peak_mb:,.0f}",
        )
        lines.append(f"| {cell.concurrency} | {title} | {' | '.join(figures)} |")
    return "\n".join(lines)


def share_of(cell: Cell, cells: Sequence[Cell], bare: str) -> float | None:
    """What part of the bare loop's calls per second a side reaches; None without one to compare with."""
    conditions = bare, cell.latency_ms, cell.concurrency
    base = [one for one in cells if (one.side, one.latency_ms, one.concurrency) == conditions and one.runs]
    return cell.rate / base[0].rate if base and cell.runs else None


def _bars(grid: Sequence[Cell], bare: str) -> str:
    lines = []
    for latency_ms, concurrency, least in BARS:
        for cell in grid:
            if (cell.latency_ms, cell.concurrency) != (latency_ms, concurrency) or not cell.side.startswith("**ours**"):
                continue
            share = share_of(cell, grid, bare)
            if share is not None:
                met = "met" if share >= least else "missed"
                lines.append(
                    f"- {cell.side}, {latency_ms} ms, {concurrency} at once: {share:.1%} of the bare loop, "
                    f"at least {least:.0%} is wanted: {met}"
                )
    return "\n".join(lines)


def _memory(cells: Sequence[Cell]) -> str:
    lines = ["Many orders in one task:", "", "| orders | | calls/s | peak MB |", "|--:|---|--:|--:|"]
    for cell in cells:
        figures = f"{cell.rate:,.0f} | {cell.peak_mb:,.1f}" if cell.runs else "failed | "
        lines.append(f"| {cell.number:,} | {cell.side}, {cell.latency_ms} ms, {cell.concurrency} at once | {figures} |")
    return "\n".join(lines)
