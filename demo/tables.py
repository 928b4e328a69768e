"""The demo's tables: what a person wants to know after a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from demo.local_airflow import LocalAirflow, RunResult
from demo.quiet import Stage
from order_sync.contracts import money
from order_sync.ledger import Batch, State, Tally, equation_of, open_ledger
from order_sync.reasons import EXCLUSIONS, REASONS
from sandbox.world import World

FLOW, RETAILER = "predictspring_order_sync", "default"


class Tables:
    """Prints what the ledger and the partners say.

    :param stage: where to print.
    """

    def __init__(self, stage: Stage, world: World, airflow: LocalAirflow) -> None:
        self._stage, self._world = stage, world
        self._url = f"sqlite:///{airflow.ledger_path}"
        self._batches: list[Batch] = []

    def run(self, title: str, run: RunResult) -> None:
        """One run: files and orders in, rows out, what was left out and set aside, what HotWax imported."""
        with open_ledger(self._url) as book:
            batches = book.batches_of_run(FLOW, run.run_id)
            self._batches += batches
            rows: list[Sequence[str]] = []
            for summary in book.summaries([batch.id for batch in batches]):
                equation = equation_of(summary)
                rows.append(("in", _files(summary.files), *_tally(equation.arrived)))
                rows.append(("out", "in the order feed", *_tally(equation.sending)))
                for feed in summary.feeds:
                    state = f"{feed.state.lower()}, {feed.partner_log_id}".rstrip(", ")
                    rows.append(("", f"  {feed.name}: {feed.rows} rows, {state}", "", ""))
                for (state, reason), tally in sorted(summary.reasons.items()):
                    words = EXCLUSIONS.get(reason) or REASONS[reason]
                    rows.append(("left out" if state is State.EXCLUDED else "set aside", words.title, *_tally(tally)))
                for kind, tally in sorted(summary.repeats.items()):
                    code = {"SAME": "ALREADY_SENT", "OLDER": "OLDER_VERSION"}.get(kind)
                    title_ = EXCLUSIONS[code].title if code else "Set aside here, brought again since"
                    rows.append(("left out" if code else "set aside", title_, *_tally(tally)))
        self._table(f"run {title}", ("", "", "orders", "USD"), rows)

    def hotwax(self) -> None:
        """What HotWax says that it has imported."""
        summary = self._world.hotwax.api.summary()
        rows: list[Sequence[str]] = [
            ("orders", f"{summary['orders']} with {summary['orderItems']} items: {summary['ordersByStatus']}", ""),
            ("sum of their totals", f"{summary['grandTotal']} USD", ""),
            ("stock", f"{summary['varianceRows']} rows, {summary['varianceUnits']} units", ""),
        ]
        for log in self._world.hotwax.logs.all()[::-1]:
            taken = (log.total or 0) - (log.failed or 0)
            rows.append(
                (f"import {log.log_id}", f"{log.content_name}: {taken} of {log.total} records, {log.status}", "")
            )
        self._table("what HotWax imported", ("", "", ""), rows)

    def files(self) -> None:
        """Where every file lies now."""
        root = self._world.sftp.root
        folders: dict[str, list[str]] = {}
        for path in sorted(root.rglob("*")):
            if path.is_file():
                folders.setdefault(str(path.parent.relative_to(root)), []).append(path.name)
        rows = [(folder, _few(names), str(len(names))) for folder, names in folders.items()]
        self._table("where the files lie on the SFTP server", ("folder", "files", ""), rows)

    def mails(self) -> None:
        """The failure reports that arrived."""
        for number, mail in enumerate(self._world.mailbox.messages, 1):
            body = mail.get_body(("plain",))
            text = str(body.get_content()) if body else ""
            self._stage.say(f"\n--- mail {number} to {mail['To']}: {mail['Subject']}")
            lines = text.strip().splitlines()
            self._stage.say("\n".join(f"  | {line}" for line in lines[:60]))
            if len(lines) > 60:
                self._stage.say(f"  | … {len(lines) - 60} more lines in {self._world.mailbox.folder}")

    def open_equations(self) -> list[str]:
        """Batches of which the ledger cannot account for every order."""
        with open_ledger(self._url) as book:
            found = []
            for batch in self._batches:
                equation = book.equation(batch.id)
                gap = equation.gap(equation.arrived)
                found += [f"batch {batch.id}: {gap}"] if gap else []
            return found

    def _table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        lines = [head, *rows]
        widths = [max(len(row[at]) for row in lines) for at in range(len(head))]
        self._stage.say(f"\n--- {title}")
        for row in lines:
            cells = [
                cell.rjust(width) if at >= 2 else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self._stage.say(f"  {'  '.join(cells)}".rstrip())


def _tally(tally: Tally) -> tuple[str, str]:
    unknown = f" + {tally.unpriced} unknown" if tally.unpriced else ""
    return str(tally.count), f"{money.show(sum(tally.amounts.values()), 'USD')}{unknown}"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} … {names[-1]}"
