"""What a failure report says: the ledger's rows in the words of the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from order_sync.flow import Window
from order_sync.ledger import ExceptionRow, State, TotalLine
from order_sync.ledger import Problem as NotedProblem
from order_sync.operators.problem_notes import MATTERS
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
)

_SENT = frozenset({State.DELIVERED, State.CONFIRMED})
_REPEATS = {"SAME": "ALREADY_SENT", "OLDER": "OLDER_VERSION"}


def failure_report(
    *,
    flow: str,
    title: str,
    retailer: str,
    window: Window,
    at: datetime,
    exceptions: Sequence[ExceptionRow],
    solved: Sequence[ExceptionRow],
    problems: Sequence[NotedProblem],
    silent: Sequence[str],
    totals: Sequence[TotalLine],
) -> FailureReport:
    """The report of one run.

    :param silent: steps that failed without noting a problem.
    """
    return build_report(
        flow=flow,
        flow_title=title,
        retailer=retailer,
        window_start=window.start,
        window_end=window.end,
        produced_at=at,
        items=map(_item, exceptions),
        totals=_totals(totals),
        problems=told_problems(problems, silent),
        solved=map(_solved, solved),
    )


def told_problems(problems: Sequence[NotedProblem], silent: Sequence[str]) -> list[Problem]:
    """Problems in the words of a report.

    :param silent: steps that failed without noting one.
    """
    told = [
        Problem(problem.task_id, problem.message, problem.next_step, failed=problem.error_class not in MATTERS)
        for problem in problems
    ]
    return told + [
        Problem(task, "The step ended without a word (killed, or out of memory).", "Clear it.") for task in silent
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
        store=row.store,
    )


def _solved(row: ExceptionRow) -> Solved:
    return Solved(row.order_key, row.reason, Amount(row.amount_minor, row.currency) if row.amount_minor else None)


def _totals(lines: Sequence[TotalLine]) -> list[Totals]:
    """Arrived = sent + left out + set aside + not yet sent, currency by currency."""
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
            waiting=parts["waiting"],
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
    if line.state == State.WAITING:
        return "waiting"
    return "set_aside" if line.state in (State.QUARANTINED, "MOVED") else "under_way"
