"""The mail of a check: what it found, in groups with what to do, and what of it is solved."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from order_sync.ledger import Problem as Row
from order_sync.reasons import FINDINGS
from order_sync.reports.failure_report import Link, Problem
from order_sync.reports.plain_text import one_line
from order_sync.reports.reject_csv import harmless
from order_sync.reports.rendering import RenderedReport, template_environment

#: The header row of the attachment.
COLUMNS = ("Finding", "Order or moment", "Words", "What to do", "Links", "Found (UTC)")
_LINES = 50
_LONGEST_SUBJECT = 200
_TITLE = "Shopify order check"


@dataclass(frozen=True)
class Group:
    """Findings of one kind."""

    title: str
    what_to_do: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class CheckReport:
    """What a mail tells.

    :param title: the check in the words of its readers.
    :param problems: steps that failed.
    :param solved: findings that are none any more.
    """

    title: str
    retailer: str
    produced_at: datetime
    problems: tuple[Problem, ...]
    groups: tuple[Group, ...]
    solved: tuple[Row, ...]

    @property
    def found(self) -> int:
        """How many findings there are."""
        return sum(len(group.rows) for group in self.groups)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        return not (self.problems or self.groups or self.solved)


def check_report(
    *, retailer: str, at: datetime, found: Sequence[Row], solved: Sequence[Row], problems: Sequence[Problem]
) -> CheckReport:
    """The report of one run, the most urgent kinds first."""
    groups = [
        Group(reason.title, reason.what_to_do, rows)
        for kind, reason in FINDINGS.items()
        if (rows := tuple(row for row in found if row.error_class == kind))
    ]
    return CheckReport(_TITLE, retailer, at, tuple(problems), tuple(groups), tuple(solved))


def headline(report: CheckReport) -> str:
    """The report in one clause."""
    counted = (
        (report.found, "finding needs a person", "findings need a person"),
        (len(report.problems), "step failed", "steps failed"),
        (len(report.solved), "solved", "solved"),
    )
    return ", ".join(f"{number:,} {one if number == 1 else many}" for number, one, many in counted if number)


def message_id(report: CheckReport) -> str:
    """A Message-ID that is the same whenever the content is."""
    told = [[row.id, row.message] for group in report.groups for row in group.rows]
    over = [row.id for row in report.solved]
    failed = [[problem.task, problem.message] for problem in report.problems]
    content = json.dumps([report.retailer, report.produced_at.date().isoformat(), told, over, failed])
    return f"<order-sync.{hashlib.sha256(content.encode('ascii')).hexdigest()[:40]}@order-sync.invalid>"


def render_check(report: CheckReport, templates_folder: Path) -> RenderedReport:
    """Render a report with the templates ``order_check.html.j2`` and ``order_check.txt.j2``."""
    environment = template_environment(templates_folder)
    environment.filters["links"] = links_of
    view = {"report": report, "headline": headline(report), "lines": _LINES}
    subject = f"[order sync] {report.title} · {report.retailer}: {headline(report)}"
    owner = re.sub(r"[^A-Za-z0-9_-]+", "-", report.retailer)
    return RenderedReport(
        subject=one_line(subject, limit=_LONGEST_SUBJECT),
        text=environment.get_template("order_check.txt.j2").render(view),
        html=environment.get_template("order_check.html.j2").render(view),
        csv_bytes=_csv(report.groups) if report.groups else b"",
        csv_name=f"findings_shopify_order_check_{owner}_{report.produced_at:%Y-%m-%dT%H%MZ}.csv",
    )


def links_of(row: Row) -> list[Link]:
    """The links of a finding: the ledger keeps one in each line, the address first."""
    parts = (line.partition(" ") for line in row.next_step.splitlines())
    return [Link(text, url) for url, _, text in parts]


def _csv(groups: Iterable[Group]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for group in groups:
        for row in group.rows:
            subject, links = row.task_id.partition(" ")[2], " ".join(link.url for link in links_of(row))
            cells = (group.title, subject, row.message, group.what_to_do, links, f"{row.at:%Y-%m-%d %H:%M:%S}")
            writer.writerow([harmless(cell) for cell in cells])
    return codecs.BOM_UTF8 + text.getvalue().encode("utf-8")
