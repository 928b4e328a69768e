"""The failure report of a run as data: what a person must look at, grouped by cause."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from order_sync.reasons import REASONS, Reason


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money.

    :param minor: whole minor units (cents).
    :param currency: ISO 4217 code.
    """

    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Item:
    """One order or file that was set aside.

    :param reason: a code of :data:`order_sync.reasons.REASONS`.
    :param order_id: empty when it could not be read; the file and record then stand for it.
    :param file: name of the file it came in.
    :param record: its position in the file, the first is 1; ``None`` means the file as a whole.
    :param field: path of the field that is wrong, empty when there is none.
    :param message: what is wrong, without personal data.
    :param order_date: aware; ``None`` when it could not be read.
    :param store: id of the store, empty when unknown.
    """

    reason: str
    order_id: str
    file: str
    record: int | None
    field: str
    message: str
    amount: Amount | None = None
    order_date: datetime | None = None
    store: str = ""

    def __post_init__(self) -> None:
        """Refuse what would be shown wrongly.

        :raises ValueError: the order date has no time zone.
        """
        if self.order_date is not None and self.order_date.tzinfo is None:
            raise ValueError(f"order_date of {self.order_id or self.file} has no time zone; pass an aware datetime")

    @property
    def is_whole_file(self) -> bool:
        """Whether it stands for a file of which not even the records could be told apart."""
        return not self.order_id and self.record is None


@dataclass(frozen=True, slots=True)
class Problem:
    """A failed task of the run, or something that it has to tell though nothing failed.

    :param task: its task id, or what it is about.
    :param next_step: what a person should do, one sentence.
    """

    task: str
    message: str
    next_step: str
    failed: bool = True


@dataclass(frozen=True, slots=True)
class Solved:
    """An exception of an earlier report that is no longer one.

    :param reason: the code it was reported with.
    """

    order_id: str
    reason: str
    amount: Amount | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A place to go to from the mail; shown as a link only when it leads to http or https."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A number of orders and their money.

    :param minor: minor units of those orders whose amount is known.
    """

    orders: int
    minor: int

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.orders + other.orders, self.minor + other.minor)

    def __sub__(self, other: Tally) -> Tally:
        return Tally(self.orders - other.orders, self.minor - other.minor)


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the orders of one currency.

    :param currency: ISO 4217 code, empty for orders whose currency could not be read.
    :param left_out: orders left out on purpose, by code of :data:`order_sync.reasons.EXCLUSIONS`.
    :param set_aside: orders that became exceptions.
    :param under_way: orders that are ready but not sent yet.
    :param waiting: orders that are sound and wait for something that the partner does not know yet.
    """

    currency: str
    arrived: Tally
    sent: Tally
    left_out: Mapping[str, Tally]
    set_aside: Tally
    under_way: Tally = Tally(0, 0)
    waiting: Tally = Tally(0, 0)

    @property
    def open(self) -> Tally:
        """What is missing of arrived = sent + left out + set aside + under way + waiting; zero when that closes."""
        return self.arrived - sum(self.left_out.values(), self.sent + self.set_aside + self.under_way + self.waiting)


@dataclass(frozen=True, slots=True)
class Group:
    """All items of one cause, with the words of that cause."""

    reason: str
    title: str
    what_to_do: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What one run leaves for a person to do; made by :func:`build_report`.

    :param flow: name of the flow, as in its DAG id.
    :param flow_title: its name for people.
    :param window_start: first instant of the run's data interval, aware.
    :param window_end: end of the interval, not part of it, aware.
    :param produced_at: when the report was made, aware.
    """

    flow: str
    flow_title: str
    retailer: str
    window_start: datetime
    window_end: datetime
    produced_at: datetime
    totals: tuple[Totals, ...]
    groups: tuple[Group, ...]
    problems: tuple[Problem, ...]
    solved: tuple[Solved, ...]
    links: tuple[Link, ...]

    @property
    def items(self) -> tuple[Item, ...]:
        """All items, in the order of the report."""
        return tuple(item for group in self.groups for item in group.items)

    @property
    def failed_steps(self) -> tuple[Problem, ...]:
        """The tasks that failed."""
        return tuple(problem for problem in self.problems if problem.failed)

    @property
    def matters(self) -> tuple[Problem, ...]:
        """What a person should look at though no task failed."""
        return tuple(problem for problem in self.problems if not problem.failed)

    @property
    def has_failures(self) -> bool:
        """Whether a person has something to do; solved exceptions alone need nobody."""
        return bool(self.groups or self.problems)


def build_report(
    *,
    flow: str,
    flow_title: str,
    retailer: str,
    window_start: datetime,
    window_end: datetime,
    produced_at: datetime,
    items: Iterable[Item] = (),
    totals: Iterable[Totals] = (),
    problems: Iterable[Problem] = (),
    solved: Iterable[Solved] = (),
    links: Iterable[Link] = (),
) -> FailureReport:
    """Group the items by cause, biggest group first, and put everything into an order that depends on content only.

    :param problems: kept in the order given (that of the tasks).
    :param links: kept in the order given.
    :raises ValueError: one of the times has no time zone.
    """
    return FailureReport(
        flow=flow,
        flow_title=flow_title,
        retailer=retailer,
        window_start=_utc(window_start, "window_start"),
        window_end=_utc(window_end, "window_end"),
        produced_at=_utc(produced_at, "produced_at"),
        totals=tuple(sorted(totals, key=lambda entry: (not entry.currency, entry.currency))),
        groups=_grouped(items),
        problems=tuple(problems),
        solved=tuple(sorted(solved, key=lambda entry: (entry.order_id, entry.reason))),
        links=tuple(links),
    )


def message_id(report: FailureReport) -> str:
    """A Message-ID that is the same whenever the content is the same, so that a repeated mail is recognised.

    The window belongs to the content: mail servers drop a second mail with a known id, and the same failure in the next
    window is news. The clock (``produced_at``), totals and links do not.

    :returns: an id with its angle brackets, ASCII only.
    """
    content = [
        [report.flow, report.retailer, report.window_start.isoformat(), report.window_end.isoformat()],
        [[item.reason, *_position(item), *_money(item.amount)] for item in report.items],
        sorted([problem.task, problem.message, problem.next_step] for problem in report.problems),
        [[solved.order_id, solved.reason, *_money(solved.amount)] for solved in report.solved],
    ]
    digest = hashlib.sha256(json.dumps(content, separators=(",", ":")).encode("ascii")).hexdigest()
    return f"<order-sync.{digest[:40]}@order-sync.invalid>"


def _grouped(items: Iterable[Item]) -> tuple[Group, ...]:
    by_reason: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        by_reason[item.reason].append(item)
    return tuple(
        _group(reason, members)
        for reason, members in sorted(by_reason.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    )


def _group(reason: str, members: Iterable[Item]) -> Group:
    words = reason_words(reason)
    ordered = sorted(members, key=lambda item: (_position(item), _money(item.amount)))
    return Group(reason, words.title, words.what_to_do, tuple(ordered))


def reason_words(code: str) -> Reason:
    """The words for a code of :data:`order_sync.reasons.REASONS`.

    A ledger written by a newer version may hold codes this version does not know; they must not cost the whole report.
    """
    return REASONS.get(code) or Reason(
        f"Cause {code}", "This version has no words for the cause: follow the message, and update the platform."
    )


def _position(item: Item) -> tuple[str, int, str, str, str]:
    return (item.file, item.record or 0, item.order_id, item.field, item.message)


def _money(amount: Amount | None) -> tuple[str, int]:
    return ("", 0) if amount is None else (amount.currency, amount.minor)


def _utc(value: datetime, name: str) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{name} of a failure report has no time zone; pass an aware datetime")
    return value.astimezone(UTC)
