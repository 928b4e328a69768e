"""Customers may be looked for less often than orders: by the clock of the data intervals, not of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_sync.flow import NETSUITE_CUSTOMERS
from order_sync.operators.wait import WaitForFiles
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import context

DAY = datetime(2026, 11, 20, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        opened.shop.place(1, "web")
        opened.offer()
        yield opened


def found(lab: NetSuiteLab, end: datetime, every: int, run: str = "", kind: str = "scheduled", **params: Any) -> bool:
    """Whether a run whose interval ends then finds the file of customers."""
    step = WaitForFiles(
        task_id="find_customers", conn_id="hotwax_sftp", folder=lab.settings.folders.inbox["customers"],
        arrival=lab.settings.arrival, optional=True, every_minutes=every, flow=NETSUITE_CUSTOMERS, retailer=RETAILER,
    )  # fmt: skip
    asked = {"window": end - QUARTER, "kind": kind, "dag_id": FLOW, **params}
    return bool(step.poke(context("find_customers", run or f"{end}", **asked)).xcom_value)


def test_scheduled_runs_look_where_a_minute_of_the_grid_lies(lab: NetSuiteLab) -> None:
    looks = {
        every: {minute for minute in (15, 30, 45, 60) if found(lab, DAY + timedelta(minutes=minute), every)}
        for every in (15, 20, 30, 45, 60)
    }
    assert looks == {15: {15, 30, 45, 60}, 20: {30, 45, 60}, 30: {30, 60}, 45: {45}, 60: {60}}


def test_run_of_a_person_looks_at_once(lab: NetSuiteLab) -> None:
    end = DAY + timedelta(minutes=15)
    assert not found(lab, end, 60)
    assert found(lab, end, 60, run="by hand", kind="manual")
    assert found(lab, end, 60, run="dry", dry_run=True)
    assert not found(lab, end, 60, run="plain", files=[], order_ids=[], dry_run=False, max_records=None)


def test_the_grid_begins_anew_at_midnight(lab: NetSuiteLab) -> None:
    assert found(lab, DAY + timedelta(days=1), 50)
    assert found(lab, DAY + timedelta(hours=23, minutes=20), 50)
    assert not found(lab, DAY + timedelta(hours=23, minutes=45), 50)
