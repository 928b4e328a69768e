from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage

import pytest

from order_sync.reasons import REASONS
from order_sync.reports.failure_report import (
    Amount,
    FailureReport,
    Item,
    Link,
    Problem,
    Solved,
    Tally,
    Totals,
    message_id,
)

MakeItem = Callable[..., Item]
MakeReport = Callable[..., FailureReport]


def test_groups_come_biggest_first_with_the_words_of_their_cause(make_item: MakeItem, make_report: MakeReport) -> None:
    items = [make_item(1, "RETURN"), *(make_item(n, "NO_LINES") for n in range(2, 5)), make_item(9, "BAD_DATE")]

    groups = make_report(*items).groups

    assert [(group.reason, len(group.items)) for group in groups] == [("NO_LINES", 3), ("BAD_DATE", 1), ("RETURN", 1)]
    assert groups[0].title == REASONS["NO_LINES"].title
    assert groups[0].what_to_do == REASONS["NO_LINES"].what_to_do


def test_the_order_of_arrival_does_not_show(make_item: MakeItem, make_report: MakeReport) -> None:
    items = [make_item(n, reason) for n in range(20) for reason in ("RETURN", "BAD_DATE")]
    shuffled = random.Random(1).sample(items, len(items))

    assert make_report(*items) == make_report(*shuffled)


def test_a_cause_this_version_does_not_know_still_makes_a_report(make_item: MakeItem, make_report: MakeReport) -> None:
    group = make_report(make_item(reason="FROM_THE_FUTURE")).groups[0]

    assert "FROM_THE_FUTURE" in group.title
    assert group.what_to_do


@pytest.mark.parametrize("name", ["window_start", "window_end", "produced_at"])
def test_a_time_without_zone_is_refused(name: str, make_report: MakeReport) -> None:
    with pytest.raises(ValueError, match=f"{name}.*no time zone"):
        make_report(**{name: datetime(2026, 3, 2)})


def test_an_order_date_without_zone_is_refused(make_item: MakeItem) -> None:
    with pytest.raises(ValueError, match="order_date of PS-00001"):
        make_item(order_date=datetime(2026, 3, 2))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({}, False),
        ({"solved": [Solved("A", "RETURN")]}, False),
        ({"problems": [Problem("publish", "Cut.", "Clear it.")]}, True),
    ],
)
def test_only_failures_call_for_a_mail(
    content: dict[str, list[object]], expected: bool, make_report: MakeReport
) -> None:
    assert make_report(**content).has_failures is expected


def test_an_item_calls_for_a_mail(make_item: MakeItem, make_report: MakeReport) -> None:
    assert make_report(make_item()).has_failures


class TestTotals:
    def test_they_close_when_every_order_is_somewhere(self) -> None:
        totals = Totals(
            "USD",
            arrived=Tally(12, 1200),
            sent=Tally(4, 400),
            left_out={"ALREADY_SENT": Tally(1, 100), "OLDER_VERSION": Tally(1, 50)},
            set_aside=Tally(3, 350),
            under_way=Tally(1, 100),
            waiting=Tally(2, 200),
        )

        assert totals.open == Tally(0, 0)

    def test_they_tell_what_is_missing_in_count_and_money(self) -> None:
        totals = Totals("USD", Tally(10, 1000), Tally(8, 700), {}, Tally(1, 100))

        assert totals.open == Tally(1, 200)


class TestMessageId:
    def test_the_clock_and_the_links_do_not_change_it(self, make_item: MakeItem, make_report: MakeReport) -> None:
        first = make_report(make_item())
        later = make_report(
            make_item(),
            produced_at=first.produced_at + timedelta(days=1),
            links=[Link("Run", "https://airflow.example.com/1")],
        )

        assert message_id(first) == message_id(later)

    def test_the_order_of_arrival_does_not_change_it(self, make_item: MakeItem, make_report: MakeReport) -> None:
        problems = [Problem("publish", "Cut.", "Wait."), Problem("confirm", "No answer.", "Ask.")]
        items = [make_item(1), make_item(2)]

        assert message_id(make_report(*items, problems=problems)) == message_id(
            make_report(*reversed(items), problems=problems[::-1])
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"flow": "other_flow"},
            {"retailer": "acme"},
            {"window_end": datetime(2026, 3, 2, 10, tzinfo=UTC)},
            {"items": []},
            {"problems": [Problem("publish", "Cut.", "Wait.")]},
            {"solved": [Solved("PS-7", "RETURN")]},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_other_content_changes_it(
        self, change: dict[str, object], make_item: MakeItem, make_report: MakeReport
    ) -> None:
        assert message_id(make_report(make_item())) != message_id(make_report(make_item(), **change))

    @pytest.mark.parametrize(
        "change",
        [
            {"reason": "RETURN"},
            {"order_id": "PS-2"},
            {"file": "other.json"},
            {"record": 2},
            {"field": "totalAmount"},
            {"message": "Something else."},
            {"amount": Amount(1, "USD")},
            {"amount": None},
        ],
        ids=str,
    )
    def test_another_exception_changes_it(
        self, change: dict[str, object], make_item: MakeItem, make_report: MakeReport
    ) -> None:
        assert message_id(make_report(make_item())) != message_id(make_report(make_item(**change)))

    def test_a_window_given_in_another_zone_is_the_same_window(
        self, make_item: MakeItem, make_report: MakeReport
    ) -> None:
        in_utc = datetime(2026, 3, 2, 9, tzinfo=UTC)
        local = datetime.fromisoformat("2026-03-02T10:00:00+01:00")

        assert message_id(make_report(make_item(), window_end=in_utc)) == message_id(
            make_report(make_item(), window_end=local)
        )

    def test_it_is_a_valid_header_whatever_the_content(self, make_item: MakeItem, make_report: MakeReport) -> None:
        identity = message_id(make_report(make_item(order_id="é\r\nBcc: x\ud800"), retailer="ü\n"))
        message = EmailMessage(policy=policy.SMTP)
        message["Message-ID"] = identity

        assert re.fullmatch(r"<order-sync\.[0-9a-f]{40}@order-sync\.invalid>", identity)
        assert identity in message.as_string()
