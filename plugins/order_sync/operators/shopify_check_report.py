"""report: mails what the check found, each finding once and again after a while, and what of it is solved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from order_sync.faults import point
from order_sync.flow import SHOPIFY_FINDINGS, Run
from order_sync.ledger import Ledger, Problem, Untold
from order_sync.operators.report import FailureReportMail
from order_sync.partners.mail import PartlyRefused, send_report
from order_sync.settings import include_folder

if TYPE_CHECKING:
    from order_sync.reports.order_check import CheckReport


class CheckMail(FailureReportMail):
    """Mails findings, beside the steps of this run that failed. Nothing to tell: no mail."""

    def _report(self, run: Run, book: Ledger) -> str:
        from order_sync.operators.report_content import told_problems
        from order_sync.reports.order_check import check_report

        noted = [
            problem
            for problem in book.problems_of_run(run.dag_id, run.run_id, unreported_only=True)
            if problem.flow == self.flow and problem.task_id != self.task_id
        ]
        news = [problem for problem in noted if not self._told(run, book, problem)]
        untold = book.untold_findings(
            SHOPIFY_FINDINGS, self.retailer, since=run.now - timedelta(hours=self.remind_hours)
        )
        silent = self._silent_failures({problem.task_id for problem in noted})
        report = check_report(
            retailer=self.retailer,
            at=run.now,
            found=untold.open,
            solved=untold.solved,
            problems=told_problems(news, silent),
        )
        if report.is_empty or run.dry_run:
            self.log.info("Nothing new to report." if not run.dry_run else "Dry run: no mail.")
            return ""
        return self._mail(run, book, report, noted, untold)

    def _mail(self, run: Run, book: Ledger, report: CheckReport, noted: Sequence[Problem], untold: Untold) -> str:
        """Send, then note what was told.

        :raises PartlyRefused: the mail server refused a recipient; the others have their mail.
        """
        from order_sync.reports.order_check import message_id, render_check

        identity, refused = message_id(report), None
        try:
            send_report(
                render_check(report, include_folder() / "templates"),
                conn_id=self.conn_id,
                recipients=self.recipients,
                message_id=identity,
                produced_at=report.produced_at,
            )
        except PartlyRefused as error:
            refused = error
        point("report.after_send")
        book.findings_told([row.id for row in (*untold.open, *untold.solved)], at=run.now)
        book.problems_reported([problem.id for problem in noted], at=run.now)
        if refused:
            raise refused
        self.log.info("Report %s sent: %s findings, %s solved.", identity, report.found, len(untold.solved))
        return identity
