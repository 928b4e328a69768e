"""report: mails what a person has to act on, once, whatever became of the run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import ExceptionRow, Ledger, Problem
from order_sync.operators.base import FlowOperator
from order_sync.operators.problem_notes import names_in
from order_sync.partners.mail import PartlyRefused, send_report
from order_sync.settings import include_folder

if TYPE_CHECKING:
    from airflow.sdk import Context

    from order_sync.reports.failure_report import FailureReport


_FIGURES = re.compile(r"\d[\d, ]*")


class FailureReportMail(FlowOperator):
    """Mails the exceptions that no report has listed yet, the failed steps of this run, and what was solved.

    Nothing failed: no mail. Used as a teardown, so that it runs in any case and a failed run stays failed.

    :param conn_id: the SMTP connection.
    :param recipients: who gets it.
    :param title: the flow in the words of its readers.
    :param other_flows: ledger flows whose exceptions are told, too.
    :param remind_hours: a failed step that was told is told again only after so long, whatever run it fails in.
    """

    def __init__(
        self,
        *,
        conn_id: str,
        recipients: list[str],
        title: str,
        other_flows: Sequence[str] = (),
        remind_hours: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.recipients, self.title, self.other_flows = conn_id, recipients, title, other_flows
        self.remind_hours = remind_hours
        self._states: dict[str, str] = {}

    def execute(self, context: Context) -> Any:
        """Send the report if there is something to report."""
        ti = context["ti"]
        self._states = ti.get_task_states(dag_id=ti.dag_id, run_ids=[ti.run_id]).get(ti.run_id, {})
        return super().execute(context)

    def step(self, run: Run, book: Ledger) -> str:
        """Build and send the report; returns its Message-ID, blank when there was nothing to report."""
        with book.alone(f"the report of {self.flow} for {self.retailer}"):
            return self._report(run, book)

    def _report(self, run: Run, book: Ledger) -> str:
        from order_sync.operators.report_content import failure_report

        flows = (self.flow, *self.other_flows)
        exceptions = [row for flow in flows for row in book.exceptions(flow, self.retailer, unreported_only=True)]
        solved = [row for flow in flows for row in book.solved_since_report(flow, self.retailer)]
        noted = [
            problem
            for problem in book.problems_of_run(run.dag_id, run.run_id, unreported_only=True)
            if problem.task_id != self.task_id  # a mail that arrives need not tell of one that did not
        ]
        report = failure_report(
            flow=self.flow,
            title=self.title,
            retailer=self.retailer,
            window=run.window,
            at=run.now,
            exceptions=exceptions,
            solved=solved,
            problems=noted,
            silent=self._silent_failures({problem.task_id for problem in noted}),
            totals=book.totals([batch.id for batch in book.batches_of_run(run.dag_id, run.run_id, self.flow)]),
        )
        news = exceptions or len(report.problems) > len(noted) or not all(self._told(run, book, one) for one in noted)
        if report.has_failures and not news:
            self.log.info("Nothing new: this was reported within the last %g hours.", self.remind_hours)
            return ""
        if not report.has_failures or run.dry_run:
            self.log.info("Nothing to report." if not run.dry_run else "Dry run: no mail.")
            return ""
        return self._send(run, book, report, [row.record_id for row in exceptions], noted, solved)

    def _told(self, run: Run, book: Ledger, problem: Problem) -> bool:
        """Whether a report told the same lately, of this run or another one; figures may differ.

        What names things is told anew only if one of them was not among those told.
        """
        since = run.now - timedelta(hours=self.remind_hours)
        told = book.problems_told(self.flow, self.retailer, problem.task_id, since=since)
        if names := names_in(problem):
            return names <= {name for one in told if _about(one) == _about(problem) for name in names_in(one)}
        return any(_FIGURES.sub("", one.message) == _FIGURES.sub("", problem.message) for one in told)

    def _send(
        self,
        run: Run,
        book: Ledger,
        report: FailureReport,
        reported: Sequence[int],
        noted: Sequence[Problem],
        solved: Sequence[ExceptionRow],
    ) -> str:
        """Send, then note what was told; a refused recipient is an error, but the others have their mail.

        :raises PartlyRefused: the mail server refused a recipient.
        """
        from order_sync.reports.failure_report import message_id
        from order_sync.reports.rendering import render

        identity, refused = message_id(report), None
        try:
            send_report(
                render(report, include_folder() / "templates"),
                conn_id=self.conn_id,
                recipients=self.recipients,
                message_id=identity,
                produced_at=report.produced_at,
            )
        except PartlyRefused as error:
            refused = error
        point("report.after_send")
        book.mark_reported(reported, at=run.now)
        book.mark_solved_reported([row.record_id for row in solved], at=run.now)
        book.problems_reported([problem.id for problem in noted], at=run.now)
        if refused:
            raise refused
        self.log.info("Report %s sent: %s orders need a person.", identity, len(reported))
        return identity

    def _silent_failures(self, told: set[str]) -> list[str]:
        """Steps that failed without a word, for instance because the process was killed."""
        return sorted(task for task, state in self._states.items() if state == "failed" and task not in told)


def _about(problem: Problem) -> str:
    """What a problem that names things says of them."""
    return _FIGURES.sub("", problem.message.partition(": ")[0])
