"""Whether HotWax has what Shopify has: against both partners' own databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException, DagRunTriggerException

from order_sync.errors import NotSent
from order_sync.operators.shopify_check import ImportMissing
from sandbox.shopify import Fault
from tests.support.shopify_check_lab import CheckLab
from tests.support.shopify_lab import number
from tests.support.step_lab import context


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CheckLab]:
    with CheckLab(tmp_path, ledger_template, monkeypatch, stuck_hours=240) as opened:
        yield opened


def test_nothing_is_found_where_both_sides_agree(lab: CheckLab) -> None:
    lab.placed("web", "pos_completed", "cancelled", "refunded", "exchange")
    assert lab.check() == []
    assert lab.found() == set()
    assert lab.mail() == ""


def test_what_was_never_fetched_is_handed_to_the_import_and_solved_by_the_next_check(lab: CheckLab) -> None:
    lab.placed("web")
    order = lab.shop.place("web")
    lab.next_day()
    assert lab.check() == [number(order)]
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}
    told = lab.mail()
    assert "never fetched, and is imported now" in told
    assert f"/orders/{number(order)}" in told
    lab.run("import", order_ids=[number(order)])
    lab.next_day()
    assert lab.check("two") == []
    assert lab.found() == set()
    assert "SOLVED" in lab.mail("two")
    assert lab.mail("two") == ""


def test_import_can_be_left_to_people(lab: CheckLab) -> None:
    lab.set(import_missing=False)
    order = lab.shop.place("web")
    lab.next_day()
    assert lab.check() == []
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}


def test_where_too_many_are_missing_nothing_is_imported(lab: CheckLab) -> None:
    lab.set(most_imports=2)
    for _ in range(3):
        lab.shop.place("web")
    lab.next_day()
    assert lab.check() == []
    assert len(lab.found()) == 3


def test_exception_of_the_import_is_missing_and_not_imported_again(lab: CheckLab) -> None:
    (order,) = lab.placed("no_phone")
    assert lab.check() == []
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}
    assert "waits as an exception (The order has no phone number)" in lab.words()


def test_order_that_hotwax_lost_is_missing(lab: CheckLab) -> None:
    (order,) = lab.placed("web")
    lab.lose(order)
    assert lab.check() == []
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}
    assert "HotWax has confirmed its import, and does not show it" in lab.words()


def test_tests_of_the_shop_are_left_out(lab: CheckLab) -> None:
    lab.placed("test_order")
    assert lab.check() == []
    assert lab.found() == set()


def test_cancelled_on_one_side_only(lab: CheckLab) -> None:
    here, there = lab.placed("web", "web")
    lab.shop.cancel(here)
    lab.hotwax.shopify.cancel(lab.hotwax_id(there))
    lab.check()
    assert lab.found() == {f"CANCELLED_IN_HOTWAX {number(there)}"}, "one that was cancelled just now may be on its way"
    lab.wait(120)
    lab.check("later")
    assert lab.found() == {f"CANCELLED_IN_HOTWAX {number(there)}", f"CANCELLED_IN_SHOPIFY {number(here)}"}
    lab.run("import")
    lab.next_day()
    lab.check("two")
    assert lab.found() == {f"CANCELLED_IN_HOTWAX {number(there)}"}


def test_two_live_orders_for_one(lab: CheckLab) -> None:
    order = lab.shop.place("web")
    lab.hotwax.shopify.create_twice.add(number(order))
    lab.wait(10)
    lab.run("import")
    lab.next_day()
    lab.check()
    assert lab.found() == {f"TWO_LIVE_ORDERS {number(order)}"}
    lab.hotwax.shopify.cancel(lab.hotwax_id(order))
    lab.next_day()
    lab.check("two")
    assert lab.found() == set()


def test_pages_that_are_cut_without_a_word_are_read_to_the_end(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CheckLab(tmp_path, ledger_template, monkeypatch, stuck_hours=240) as lab:
        object.__setattr__(lab.hotwax.settings, "page_cap", 7)
        lab.placed(*["web"] * 30)
        lab.world.hotwax.api.shopify.needs_slash = True
        assert lab.check() == []
        assert lab.found() == set()


def test_other_back_end(lab: CheckLab) -> None:
    keys = lab.hotwax.credentials
    extra = {"backend": "ofbiz", "token": keys.token}
    lab.connect("hotwax_api", {"conn_type": "http", "host": lab.hotwax.url, "extra": extra})
    order = lab.shop.place("web")
    lab.next_day()
    assert lab.check() == [number(order)]


def test_throttled_shop_is_compared_all_the_same(lab: CheckLab) -> None:
    lab.placed("web", "web")
    order = lab.shop.place("web")
    lab.next_day()
    lab.shop.faults.next(Fault("throttled", times=2))
    lab.shop.faults.next(Fault("502"))
    assert lab.check() == [number(order)]


def test_where_hotwax_is_down_nothing_is_claimed(lab: CheckLab) -> None:
    lab.placed("web", "web")
    lab.hotwax.api.server.stop()
    with pytest.raises(NotSent):
        lab.check()
    assert lab.found() == set()
    assert "1 step failed" in lab.mail(states={"check": "failed"})


def test_failing_hotwax_ends_no_finding(lab: CheckLab) -> None:
    order = lab.shop.place("web")
    lab.next_day()
    lab.check()
    lab.hotwax.api.server.stop()
    with pytest.raises(NotSent):
        lab.check("two")
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}


def test_finding_is_told_once_and_again_after_a_while(lab: CheckLab) -> None:
    lab.set(import_missing=False)
    lab.shop.place("web")
    lab.next_day()
    lab.check()
    assert "NOT IN HOTWAX" in lab.mail().upper()
    lab.wait(60)
    lab.check("two")
    assert lab.mail("two") == ""
    lab.wait(25 * 60)
    lab.check("three")
    assert lab.mail("three")


def test_finding_of_days_ago_is_looked_at_until_it_is_over(lab: CheckLab) -> None:
    (order,) = lab.placed("web")
    lab.lose(order)
    lab.check()
    for day in range(4):
        lab.next_day()
        lab.check(f"day {day}")
    assert lab.found() == {f"MISSING_IN_HOTWAX {number(order)}"}
    lab.shop.delete(order)
    lab.check("last")
    assert lab.found() == set()


def test_dry_run_keeps_nothing(lab: CheckLab) -> None:
    lab.shop.place("web")
    lab.next_day()
    assert lab.check(dry_run=True) == []
    assert lab.found() == set()
    assert lab.mail(dry_run=True) == ""


def test_wrong_list_is_not_taken_for_an_empty_one(lab: CheckLab) -> None:
    lab.placed("web")
    lab.set(hotwax={"path": "admin/dataManager/details"})
    with pytest.raises(AirflowFailException, match="no list of orders"):
        lab.check()
    assert lab.found() == set()


@pytest.mark.parametrize(
    ("created", "checked"),
    [
        (
            datetime(2026, 11, 1, 4, 30, tzinfo=UTC),
            datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
        ),  # 00:30 of the day with 25 hours
        (datetime(2026, 11, 2, 4, 45, tzinfo=UTC), datetime(2026, 11, 2, 9, 0, tzinfo=UTC)),  # 23:45 of the same day
        (
            datetime(2026, 3, 8, 5, 15, tzinfo=UTC),
            datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
        ),  # 00:15 of the day with 23 hours
        (datetime(2026, 3, 9, 3, 50, tzinfo=UTC), datetime(2026, 3, 9, 9, 0, tzinfo=UTC)),  # 23:50 of the same day
        (
            datetime(2026, 3, 9, 4, 0, tzinfo=UTC),
            datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
        ),  # midnight: the edge looks across it
    ],
)
def test_nights_of_the_clock_change(lab: CheckLab, created: datetime, checked: datetime) -> None:
    lab.set(time_zone="America/New_York", edge_minutes=0.02)
    lab.now = created
    order = lab.shop.place("web")
    lab.now = checked
    assert lab.check() == [number(order)]


def test_day_ends_with_its_edge(lab: CheckLab) -> None:
    lab.set(time_zone="America/New_York")
    day = datetime(2026, 11, 10, 5, 0, tzinfo=UTC)  # midnight there
    lab.shop.place("web", at=day.replace(hour=3, minute=59))
    inside = [lab.shop.place("web", at=moment) for moment in (day.replace(hour=4), day.replace(day=11, minute=59))]
    lab.shop.place("web", at=day.replace(day=11, hour=6))
    lab.now = day.replace(day=11, hour=12)
    assert sorted(lab.check()) == sorted(map(number, inside))


def test_missing_orders_start_the_import_once() -> None:
    found = {"missing": ["5001", "5002"]}
    step = ImportMissing(
        task_id="import_missing", import_dag="shopify_order_import", flow="shopify_order_check",
        retailer="default", found=found,
    )  # fmt: skip
    with pytest.raises(DagRunTriggerException) as asked:
        step.execute(context("import_missing", "scheduled__2026-11-03", dag_id="shopify_order_check"))
    assert asked.value.trigger_dag_id == "shopify_order_import"
    assert asked.value.dag_run_id == "missing__scheduled__2026-11-03"
    assert asked.value.conf == {"order_ids": ["5001", "5002"]}
    assert asked.value.skip_when_already_exists
    assert asked.value.logical_date is None, "a second one at the same moment would be refused"
    step.found = {"missing": []}
    assert step.execute(context("import_missing", "other", dag_id="shopify_order_check")) is None


def test_hours_in_which_the_shop_usually_sells_without_an_order_are_an_alarm(lab: CheckLab) -> None:
    """History is what the import brought: every week at the same hour, a dozen orders."""
    lab.now -= timedelta(weeks=9)  # HotWax keeps its own time: nothing is to happen after that
    monday = lab.now
    lab.run("first")
    for week in range(7):
        for minute in range(12):
            lab.shop.place("web", at=lab.now + timedelta(minutes=minute))
        lab.wait(30)
        lab.run(f"week {week}")
        lab.now = monday + timedelta(weeks=week + 1)
    order = lab.shop.place("web", at=lab.now - timedelta(hours=3))
    lab.now += timedelta(hours=20)
    lab.set(stuck_hours=24 * 365, import_missing=False)
    assert lab.check() == []
    silent = {key for key in lab.found() if key.startswith("NO_ORDERS")}
    assert silent == {f"NO_ORDERS {monday + timedelta(weeks=7):%Y-%m-%dT%HZ}"}
    assert f"MISSING_IN_HOTWAX {number(order)}" in lab.found()
    told = lab.mail().replace("\n ", "")
    assert "usual are 12" in told
    assert told.index("SHOPIFY HAS THE ORDER") < told.index("NO ORDERS IN HOURS")
    lab.now += timedelta(days=1)
    lab.check("a day without any order")
    assert silent <= lab.found()
    lab.shop.place("web")
    lab.now += timedelta(days=1)
    lab.check("it sells again")
    assert not silent & lab.found()


def test_run_by_hand_checks_yesterday_and_a_backfill_the_day_before_its_end(lab: CheckLab) -> None:
    first = lab.shop.place("web")
    lab.next_day()
    second = lab.shop.place("web")
    lab.next_day()
    interval = lab.now - timedelta(days=1, minutes=15)
    assert lab.check("by hand", window=interval) == [number(second)]
    found = lab.check("backfill", window=interval, kind="backfill")
    assert found == [number(first), number(second)], "the second is an open finding, which every check looks at"
