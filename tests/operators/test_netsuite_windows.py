"""Data intervals of the flows to NetSuite tile: no gap, no overlap, whatever the clocks of the retailer's zone do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from airflow.sdk import timezone
from airflow.timetables.base import DataInterval, TimeRestriction
from airflow.timetables.interval import CronDataIntervalTimetable

from order_sync.flow import Run
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import load

SETTINGS = load("default")
SCHEDULES = {
    SETTINGS.netsuite_created_orders.schedule,
    SETTINGS.netsuite_cash_sales.schedule,
    "0 * * * *",
    "30 6 * * *",
}
#: The days on which clocks change, and the year's end.
NIGHTS = {
    "America/New_York": ["2026-03-08", "2026-11-01", "2026-12-31"],
    "Europe/Berlin": ["2026-03-29", "2026-10-25", "2026-12-31"],
}
CASES = [(zone, day, schedule) for zone, days in NIGHTS.items() for day in days for schedule in sorted(SCHEDULES)]


def _intervals(schedule: str, zone: str, day: str) -> list[DataInterval]:
    """Those of three days around a night, as Airflow's scheduler plans them."""
    first = datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) - timedelta(days=1)
    timetable = CronDataIntervalTimetable(schedule, timezone="UTC")
    restriction = TimeRestriction(earliest=timezone.coerce_datetime(first), latest=None, catchup=True)
    found: list[DataInterval] = []
    while not found or found[-1].end < first + timedelta(days=3):
        info = timetable.next_dagrun_info(
            last_automated_data_interval=found[-1] if found else None, restriction=restriction
        )
        assert info is not None
        found.append(info.data_interval)
    return found


def _run(interval: DataInterval) -> Run:
    ti = SimpleNamespace(task_id="find", dag_id="d", run_id="r")
    dag_run = SimpleNamespace(dag_id="d", run_id="r", run_after=interval.end, run_type="scheduled")
    context = {"ti": ti, "dag_run": dag_run, "params": {}}
    return Run({**context, "data_interval_start": interval.start, "data_interval_end": interval.end})


@pytest.mark.parametrize(("zone", "day", "schedule"), CASES)
def test_intervals_tile(zone: str, day: str, schedule: str) -> None:
    intervals = _intervals(schedule, zone, day)
    windows = [_run(one).window for one in intervals]
    assert [(window.start, window.end) for window in windows] == [(one.start, one.end) for one in intervals]
    assert {type(moment) for window in windows for moment in window} == {datetime}, "Airflow's own is no plain one"
    assert all(before.end == after.start for before, after in pairwise(windows))
    assert len({(window.end - window.start).total_seconds() for window in windows}) == 1


@pytest.mark.parametrize("minutes", [15, 60, 180, 1_440])
@pytest.mark.parametrize(("zone", "day"), [(zone, day) for zone, days in NIGHTS.items() for day in days])
def test_customers_are_looked_for_once_in_every_so_many_minutes(
    tmp_path: Path, zone: str, day: str, minutes: int
) -> None:
    step = WaitForFiles(
        task_id="find", flow="f", retailer="default", conn_id="c", folder=str(tmp_path), every_minutes=minutes,
        arrival=SETTINGS.netsuite_created_orders.arrival,
    )  # fmt: skip
    intervals = _intervals("*/15 * * * *", zone, day)
    looks = [one.end for one in intervals if step._due(_run(one))]
    assert {(after - before).total_seconds() for before, after in pairwise(looks)} == {minutes * 60}
    assert len(looks) in {len(intervals) * 15 // minutes, len(intervals) * 15 // minutes + 1}
