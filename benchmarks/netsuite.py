"""Created orders to NetSuite's file, and NetSuite's answers to the ledger, each beside what a script would do.

    python -m benchmarks.netsuite            # 1,000, 10,000 and 100,000 orders; 25,000 rows of a return file
    python -m benchmarks.netsuite --write    # also puts the tables into benchmarks/results.md

Ends with 1 when a peer failed, when the two files are not the same, byte for byte, or when a row of the return file was
not joined.
"""

from __future__ import annotations

import hashlib
import statistics
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.beside_script import Contest, compared, options
from benchmarks.child import Run, run_peer
from benchmarks.results import write_section
from sandbox.hotwax.created_orders import CreatedOrders, write_created_orders

OURS, DICT = "netsuite_answers_ours", "netsuite_answers_dict"
TITLES = {OURS: "**this repository**", DICT: "`csv` and a dict"}
#: Within how many seconds so many rows of a return file are to be in the ledger.
SECONDS, ROWS = 2, 25_000


def digest(path: Path) -> str:
    """A hash of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(folder: Path, size: int) -> Path:
    return write_created_orders(folder, CreatedOrders(1).orders(size), datetime(2026, 9, 1, 6, 0, tzinfo=UTC))


CONTEST = Contest(
    command="python -m benchmarks.netsuite",
    ours="netsuite_ours",
    base="netsuite_json_normalize",
    made="rows",
    same="bytes of the file",
    bytes_per_byte=9,
    write=_write,
    digest=digest,
    bar_from=10_000,
)


def join(rows: int, rounds: int) -> dict[str, list[Run]]:
    """Let both peers take in a return file, in alternating order; each run with a new ledger.

    :param rows: of the return file, one for each order that was sent.
    """
    runs: dict[str, list[Run]] = {OURS: [], DICT: []}
    for turn in range(rounds):
        for peer in runs if turn % 2 == 0 else reversed(runs):
            with tempfile.TemporaryDirectory(prefix="bench-") as folder:
                sent, answers = _return_file(Path(folder), rows)
                runs[peer].append(run_peer(peer, sent=str(sent), answers=str(answers)))
    return runs


def _return_file(folder: Path, rows: int) -> tuple[Path, Path]:
    """What was sent, cut down to the column that counts, and what NetSuite gives back, in an order of its own."""
    sent = folder / "order_sync_CreatedOrderItemsFeed_2026-09-01-06_00_00_000.csv"
    answers = folder / "Tue Sep 01 2026-SalesOrderExport.csv"
    keys = [f"N{10_000 + number}" for number in range(rows)]
    sent.write_text("HCOrderId\n" + "".join(f"{key}\n" for key in keys), encoding="utf-8")
    told = [f"{key},NETSUITE_ORDER_ID,{10_000_000 + at}\n" for at, key in enumerate(reversed(keys))]
    answers.write_text("orderId,orderIdentificationTypeId,idValue\n" + "".join(told), encoding="utf-8")
    return sent, answers


def join_table(rows: int, runs: dict[str, list[Run]]) -> str:
    """The runs of :func:`join` as a Markdown table, and whether the bar was reached."""
    seconds = {peer: statistics.median(run.seconds for run in some) for peer, some in runs.items()}
    lines = [
        f"A return file of {rows:,} rows, joined to the orders that wait for it (SQLite, a new ledger each time):",
        "",
        "| | seconds | rows/s | times the dict's time | peak MB | joined |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for peer, title in TITLES.items():
        peak = statistics.median(run.peak_mb for run in runs[peer])
        figures = f"{seconds[peer]:.3f}", f"{rows / seconds[peer]:,.0f}", f"{seconds[peer] / seconds[DICT]:.1f}"
        lines.append(f"| {title} | {' | '.join(figures)} | {peak:,.0f} | {runs[peer][0].result:,} |")
    if rows >= ROWS:
        outcome = "met" if seconds[OURS] < SECONDS else "missed"
        lines += ["", f"- {rows:,} rows: {seconds[OURS]:.2f} s, less than {SECONDS} s is wanted: {outcome}"]
    return "\n".join(lines)


def _not_joined(rows: int, runs: dict[str, list[Run]]) -> list[str]:
    return [
        f"{peer} joined {run.result:,} of {rows:,} rows" for peer in runs for run in runs[peer] if run.result != rows
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether both did the same."""
    parser = options(CONTEST, __doc__, (1_000, 10_000, 100_000))
    parser.add_argument("--rows", type=int, default=ROWS, help="of the return file")
    asked = parser.parse_args(arguments)
    text, faults = compared(CONTEST, asked.sizes, asked.rounds)
    joined = join(asked.rows, asked.rounds)
    text = f"{text}\n\n{join_table(asked.rows, joined)}"
    faults += _not_joined(asked.rows, joined)
    print(text)
    if asked.write:
        write_section("netsuite", text)
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
