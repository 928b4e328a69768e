"""The demo's tables: what a person wants to know after a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from demo.local_airflow import ROOT, LocalAirflow, RunResult
from demo.quiet import Stage
from order_sync.contracts import money
from order_sync.ledger import Batch, BatchSummary, State, Tally, equation_of, open_ledger
from order_sync.reasons import EXCLUSIONS, REASONS
from sandbox.world import World

_MAIL_LINES = 45

#: What a flow says about what went out: side, words, and how many orders.
SentRows = Callable[[BatchSummary], list[tuple[str, str, Tally | None]]]


class Tables:
    """Prints what the ledger and the partners say.

    :param stage: where to print.
    """

    def __init__(self, stage: Stage, world: World, airflow: LocalAirflow) -> None:
        self._stage, self._world = stage, world
        self._url = f"sqlite:///{airflow.ledger_path}"
        #: Every batch of the runs so far.
        self.batches: list[Batch] = []

    def run(self, title: str, dag_id: str, run: RunResult, sent: SentRows) -> None:
        """One run: files and orders in, what went out, what was left out and set aside."""
        rows: list[Sequence[str]] = []
        with open_ledger(self._url) as book:
            batches = book.batches_of_run(dag_id, run.run_id, dag_id)
            self.batches += batches
            for summary in book.summaries([batch.id for batch in batches]):
                rows.append(("in", _files(summary.files), *_tally(equation_of(summary).arrived)))
                rows += [(side, words, *_tally(tally)) for side, words, tally in sent(summary)]
                rows += _not_sent(summary)
        self.table(f"run {title}", ("", "", "orders", "USD"), rows)

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
        self.table("what HotWax imported", ("", "", ""), rows)

    def files(self) -> None:
        """Where every file lies now."""
        root = self._world.sftp.root
        folders: dict[str, list[str]] = {}
        for path in sorted(root.rglob("*")):
            if path.is_file():
                folders.setdefault(str(path.parent.relative_to(root)), []).append(path.name)
        rows = [(folder, _few(names), str(len(names))) for folder, names in folders.items()]
        self.table("where the files lie on the SFTP server", ("folder", "files", ""), rows)

    def mails(self) -> None:
        """The failure reports that arrived, and where they are kept."""
        kept = sorted(self._world.mailbox.folder.glob("*.eml"))
        for path, mail in zip(kept, self._world.mailbox.messages, strict=True):
            body = mail.get_body(("plain",))
            lines = str(body.get_content()).strip().splitlines() if body else []
            self._stage.say(f"\n--- mail to {mail['To']}: {mail['Subject']}\n  {path.relative_to(ROOT)}")
            self._stage.say("\n".join(f"  | {line}" for line in lines[:_MAIL_LINES]))
            if len(lines) > _MAIL_LINES:
                self._stage.say(f"  | … {len(lines) - _MAIL_LINES} more lines")

    def open_equations(self) -> list[str]:
        """Batches of which the ledger cannot account for every order."""
        with open_ledger(self._url) as book:
            found = []
            for batch in self.batches:
                equation = book.equation(batch.id)
                gap = equation.gap(equation.arrived)
                found += [f"batch {batch.id}: {gap}"] if gap else []
            return found

    def table(self, title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table; from the third column on, figures stand to the right."""
        lines = [head, *rows]
        widths = [max(len(row[at]) for row in lines) for at in range(len(head))]
        self._stage.say(f"\n--- {title}")
        for row in lines:
            cells = [
                cell.rjust(width) if at >= 2 else cell.ljust(width)
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            self._stage.say(f"  {'  '.join(cells)}".rstrip())


def order_feed(summary: BatchSummary) -> list[tuple[str, str, Tally | None]]:
    """What HotWax was given of a batch."""
    rows: list[tuple[str, str, Tally | None]] = [("out", "in the order feed", equation_of(summary).sending)]
    for feed in summary.feeds:
        state = f"{feed.state.lower()}, {feed.partner_log_id}".rstrip(", ")
        rows.append(("", f"  {feed.name}: {feed.rows} rows, {state}", None))
    return rows


def _not_sent(summary: BatchSummary) -> list[Sequence[str]]:
    """What was left out, and what was set aside, with the reasons in words."""
    rows: list[Sequence[str]] = []
    for (state, reason), tally in sorted(summary.reasons.items()):
        words = EXCLUSIONS.get(reason) or REASONS[reason]
        rows.append(("left out" if state is State.EXCLUDED else "set aside", words.title, *_tally(tally)))
    for kind, tally in sorted(summary.repeats.items()):
        code = {"SAME": "ALREADY_SENT", "OLDER": "OLDER_VERSION"}.get(kind)
        title = EXCLUSIONS[code].title if code else "Set aside here, brought again since"
        rows.append(("left out" if code else "set aside", title, *_tally(tally)))
    return rows


def _tally(tally: Tally | None) -> tuple[str, str]:
    if tally is None:
        return "", ""
    unknown = f" + {tally.unpriced} unknown" if tally.unpriced else ""
    return str(tally.count), f"{money.show(sum(tally.amounts.values()), 'USD')}{unknown}"


def _files(count: int) -> str:
    return f"{count} file" if count == 1 else f"{count} files"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]}, {names[1]} … {names[-1]}"
