"""Failure report to mail: subject, plain text, HTML and the CSV of all rejects."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import TextWrapper
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from order_sync.contracts.money import show
from order_sync.reasons import EXCLUSIONS
from order_sync.reports.failure_report import Amount, FailureReport, Item, Link, Tally, Totals, reason_words
from order_sync.reports.plain_text import one_line
from order_sync.reports.reject_csv import write_csv

_LONGEST_MESSAGE = 400
_LONGEST_SUBJECT = 200
_LONGEST_OWNER = 100
_TEXT_WIDTH = 78


@dataclass(frozen=True, slots=True)
class RenderedReport:
    """A report ready to be sent.

    :param subject: one line.
    :param text: the plain text alternative, says the same as ``html``.
    :param csv_bytes: every reject, empty when there is none.
    :param csv_name: safe as a file name anywhere.
    """

    subject: str
    text: str
    html: str
    csv_bytes: bytes
    csv_name: str


def render(report: FailureReport, templates_folder: Path, *, lines_per_group: int = 50) -> RenderedReport:
    """Render a report with the templates ``failure_report.html.j2`` and ``failure_report.txt.j2``.

    :param lines_per_group: items of one cause that the body lists; the CSV always has all of them.
    :raises ValueError: ``lines_per_group`` is below 1.
    """
    if lines_per_group < 1:
        raise ValueError(f"lines_per_group is {lines_per_group}; a report shows at least 1 line per cause")
    environment = template_environment(templates_folder)
    view = {
        "report": report,
        "headline": headline(report),
        "closing": _closing(report),
        "lines_per_group": lines_per_group,
    }
    return RenderedReport(
        subject=_subject(report),
        text=environment.get_template("failure_report.txt.j2").render(view),
        html=environment.get_template("failure_report.html.j2").render(view),
        csv_bytes=write_csv(report.groups) if report.groups else b"",
        csv_name=_csv_name(report),
    )


def headline(report: FailureReport) -> str:
    """The report in one clause, for example ``7 orders need a person (3 causes), 1 step failed``."""
    whole_files = sum(item.is_whole_file for item in report.items)
    orders = len(report.items) - whole_files
    subjects = [_count(number, noun) for number, noun in ((orders, "order"), (whole_files, "file")) if number]
    clauses = []
    if subjects:
        verb = "needs" if orders + whole_files == 1 else "need"
        clauses.append(f"{' and '.join(subjects)} {verb} a person ({_count(len(report.groups), 'cause')})")
    if report.failed_steps:
        clauses.append(f"{_count(len(report.failed_steps), 'step')} failed")
    if report.matters:
        clauses.append(f"{_count(len(report.matters), 'matter')} to look at")
    if report.solved and not clauses:
        clauses.append(f"{_count(len(report.solved), 'earlier exception')} solved")
    return ", ".join(clauses) or "nothing needs a person"


def _subject(report: FailureReport) -> str:
    return one_line(f"[order sync] {report.flow_title} · {report.retailer}: {headline(report)}", limit=_LONGEST_SUBJECT)


def _csv_name(report: FailureReport) -> str:
    owner = re.sub(r"[^A-Za-z0-9_-]+", "-", f"{report.flow}_{report.retailer}")
    return f"rejects_{owner[:_LONGEST_OWNER]}_{report.window_end:%Y-%m-%dT%H%MZ}.csv"


def template_environment(templates_folder: Path) -> Environment:
    """What templates of mails are rendered with: their filters and tests."""
    environment = Environment(
        loader=FileSystemLoader(templates_folder),
        autoescape=select_autoescape(enabled_extensions=("html.j2",), default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Any] = {
        "line": one_line,
        "message": lambda text: one_line(text, _LONGEST_MESSAGE),
        "money": _money,
        "sums": _sums,
        "number": lambda number: f"{number:,}",
        "count": _count,
        "instant": _instant,
        "window": _window,
        "name": _name,
        "whereabouts": _whereabouts,
        "rows": _rows,
        "worth": _worth,
        "totals_title": _totals_title,
        "gap": _gap,
        "reason_title": lambda code: one_line(reason_words(code).title, 100),
        "sentence": _sentence,
        "wrapped": _wrapped,
        "underlined": lambda text: f"{text}\n{'-' * len(text)}",
    }
    environment.filters.update(filters)
    environment.tests.update({"web_link": _is_web_link, "closed": _is_closed})
    return environment


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _money(amount: Amount) -> str:
    figure = f"{Decimal(show(amount.minor, amount.currency)):,f}"
    return one_line(f"{figure} {amount.currency or '(currency unknown)'}")


def _sums(items: Iterable[Item]) -> str:
    """What the items are worth, per currency, the unknown ones counted: ``120.00 EUR + 1 of unknown amount``."""
    known = [item.amount for item in items if item.amount]
    sums: Counter[str] = Counter()
    for amount in known:
        sums[amount.currency] += amount.minor
    parts = [_money(Amount(minor, currency)) for currency, minor in sorted(sums.items())]
    unknown = sum(1 for item in items if item.amount is None)
    if not parts:
        return "amount unknown"
    return " + ".join([*parts, *([f"{unknown:,} of unknown amount"] if unknown else [])])


def _instant(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _window(report: FailureReport) -> str:
    same_day = report.window_start.date() == report.window_end.date()
    start = f"{report.window_start:%Y-%m-%d %H:%M}" if same_day else _instant(report.window_start)
    end = f"{report.window_end:%H:%M} UTC" if same_day else _instant(report.window_end)
    return f"{start} to {end}"


def _place(item: Item) -> str:
    return item.file if item.record is None else f"{item.file}, record {item.record:,}"


def _name(item: Item) -> str:
    """What the item is called: its order id, or where it lies when that could not be read."""
    return one_line(item.order_id, 80) or f"File {one_line(_place(item), 200)}"


def _whereabouts(item: Item) -> list[tuple[str, str]]:
    """Label and value of what is known about where and when the item arose, beside its name."""
    known = [
        ("file", _place(item) if item.order_id else ""),
        ("field", item.field),
        ("store", item.store),
        ("ordered", _instant(item.order_date) if item.order_date else ""),
    ]
    return [(label, one_line(value, 200)) for label, value in known if value]


def _rows(totals: Totals) -> list[tuple[str, Tally, bool]]:
    """The lines of the totals: label, tally and whether the line is the sum of the others."""
    left_out = [
        (one_line(f"Left out: {EXCLUSIONS[code].title if code in EXCLUSIONS else code}", 100), tally, False)
        for code, tally in sorted(totals.left_out.items())
    ]
    not_yet = [("Waiting for an id", totals.waiting, False), ("Ready, not sent yet", totals.under_way, False)]
    return [
        ("Arrived", totals.arrived, True),
        ("Sent", totals.sent, False),
        *left_out,
        ("Set aside for a person", totals.set_aside, False),
        *(row for row in not_yet if row[1] != Tally(0, 0)),
    ]


def _worth(tally: Tally, currency: str) -> str:
    if currency or tally.minor:
        return _money(Amount(tally.minor, currency))
    return "amount unknown" if tally.orders else "–"


def _totals_title(totals: Totals) -> str:
    if totals.currency:
        return one_line(f"What became of the {totals.currency} orders")
    return "What became of the orders without a readable currency"


def _gap(totals: Totals) -> str:
    gap = f"{_count(totals.open.orders, 'order')} and {_worth(totals.open, totals.currency)}"
    return f"{gap} are unaccounted for. Tell the maintainers of the order sync before the flow runs again."


def _closing(report: FailureReport) -> str:
    attached = "The attached CSV lists every reject with its cause and what to do. " if report.groups else ""
    return f"{attached}This mail was sent automatically. It names orders, never customers."


def _sentence(text: str) -> str:
    """The text on one line with a full stop, so that it can be followed by another sentence."""
    clean = one_line(text, _LONGEST_MESSAGE)
    return clean if clean.endswith((".", "!", "?", "…")) else f"{clean}."


def _wrapped(text: str, indent: int = 0, first: str = "") -> str:
    """The text in lines for a plain text mail.

    :param indent: spaces before each line.
    :param first: what stands before the first line instead of these spaces.
    """
    wrapper = TextWrapper(
        width=_TEXT_WIDTH,
        initial_indent=first or " " * indent,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapper.fill(text)


def _is_web_link(link: Link) -> bool:
    return re.fullmatch(r"https?://[^\s\"'<>\\]+", link.url) is not None


def _is_closed(totals: Totals) -> bool:
    return totals.open.orders == 0 and totals.open.minor == 0
