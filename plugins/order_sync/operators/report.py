"""report: mails what a person has to act on, once, whatever became of the run."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from order_sync.errors import Rejected
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import ExceptionRow, Ledger, State, TotalLine
from order_sync.operators.base import FlowOperator
from order_sync.partners.mail import send_report
from order_sync.reasons import EXCLUSIONS
from order_sync.reports.failure_report import (
    Amount,
    FailureReport,
    Item,
    Problem,
    Solved,
    Tally,
    Totals,
    build_report,
    message_id,
)
from order_sync.reports.rendering import render
from order_sync.settings import include_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

_SENT = frozenset({State.DELIVERED, State.CONFIRMED})
_REPEATS = {"SAME": "ALREADY_SENT", "OLDER": "OLDER_VERSION"}


class FailureReportMail(FlowOperator):
    """Mails the exceptions that no report has listed yet, the failed steps of this run, and what was solved.

    Nothing failed: no mail. Used as a teardown, so that it runs in any case and a failed run stays failed.

    :param conn_id: the SMTP connection.
    :param recipients: who gets it.
    :param title: the flow in the words of its readers.
    """

    def __init__(self, *, conn_id: str, recipients: list[str], title: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.recipients, self.title = conn_id, recipients, title
        self._states: dict[str, str] = {}

    def execute(self, context: Context) -> Any:
        """Send the report if there is something to report."""
        ti = context["ti"]
        self._states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
        return super().execute(context)

    def step(self, run: Run, book: Ledger) -> str:
        """Build and send the report; returns its Message-ID, blank when there was nothing to report."""
        exceptions = book.exceptions(self.flow, self.retailer, unreported_only=True)
        solved = book.solved_since_report(self.flow, self.retailer)
        noted = book.problems_of_run(run.dag_id, run.run_id, unreported_only=True)
        problems = [Problem(problem.task_id, problem.message, problem.next_step) for problem in noted]
        problems += self._silent_failures({problem.task_id for problem in noted})
        totals = book.totals([batch.id for batch in book.batches_of_run(run.dag_id, run.run_id)])
        report = build_report(
            flow=self.flow,
            flow_title=self.title,
            retailer=self.retailer,
            window_start=run.window.start,
            window_end=run.window.end,
            produced_at=run.now,
            items=map(_item, exceptions),
            totals=_totals(totals),
            problems=problems,
            solved=map(_solved, solved),
        )
        if not report.has_failures or run.dry_run:
            self.log.info("Nothing to report." if not run.dry_run else "Dry run: no mail.")
            return ""
        return self._send(run, book, report, [row.record_id for row in exceptions], noted, solved)

    def _send(
        self,
        run: Run,
        book: Ledger,
        report: FailureReport,
        reported: Sequence[int],
        noted: Sequence[Any],
        solved: Sequence[ExceptionRow],
    ) -> str:
        """Send, then note what was told; a refused recipient is an error, but the others have their mail.

        :raises Rejected: the mail server refused a recipient.
        """
        identity, refused = message_id(report), None
        try:
            send_report(
                render(report, include_folder() / "templates"),
                conn_id=self.conn_id,
                recipients=self.recipients,
                message_id=identity,
                produced_at=report.produced_at,
            )
        except Rejected as error:
            refused = error
        point("report.after_send")
        book.mark_reported(reported, at=run.now)
        book.mark_solved_reported([row.record_id for row in solved], at=run.now)
        book.problems_reported([problem.id for problem in noted], at=run.now)
        if refused:
            raise refused
        self.log.info("Report %s sent: %s orders need a person.", identity, len(reported))
        return identity

    def _silent_failures(self, told: set[str]) -> list[Problem]:
        """Steps that failed without a word, for instance because the process was killed."""
        failed = [task for task, state in self._states.items() if state == "failed" and task not in told]
        return [
            Problem(
                task, "The step ended without saying why (killed, or out of memory).", "Read its log, then clear it."
            )
            for task in sorted(failed)
        ]


def _item(row: ExceptionRow) -> Item:
    unreadable = row.order_key.startswith("file:")
    return Item(
        reason=row.reason,
        order_id="" if unreadable else row.order_key,
        file=row.file_name,
        record=None if row.reason.startswith("FILE_") else row.record_index + 1,
        field=row.field,
        message=row.message,
        amount=Amount(row.amount_minor, row.currency) if row.amount_minor is not None else None,
        order_date=row.order_date,
    )


def _solved(row: ExceptionRow) -> Solved:
    return Solved(row.order_key, row.reason, Amount(row.amount_minor, row.currency) if row.amount_minor else None)


def _totals(lines: Sequence[TotalLine]) -> list[Totals]:
    """Arrived = sent + left out + set aside, currency by currency."""
    by_currency: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(lambda: Tally(0, 0)))
    for line in lines:
        by_currency[line.currency][_part(line)] += Tally(line.count, line.minor)
    return [
        Totals(
            currency,
            arrived=sum(parts.values(), Tally(0, 0)),
            sent=parts["sent"],
            left_out={code: tally for code, tally in parts.items() if code in EXCLUSIONS},
            set_aside=parts["set_aside"],
            under_way=parts["under_way"],
        )
        for currency, parts in sorted(by_currency.items())
    ]


def _part(line: TotalLine) -> str:
    """Where a line stands in the equation; what is left out stands under the code of its cause."""
    if line.state in _REPEATS:
        return _REPEATS[line.state]
    if line.state in _SENT:
        return "sent"
    if line.state == State.EXCLUDED:
        return line.reason
    return "set_aside" if line.state in (State.QUARANTINED, "MOVED") else "under_way"
