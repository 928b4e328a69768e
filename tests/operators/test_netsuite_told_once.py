"""HotWax exports an order until it has NetSuite's ids: what is set aside is told once, not by every export."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from order_sync.flow import NETSUITE_APPROVALS, NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS
from order_sync.operators.report import FailureReportMail
from tests.support.airflow_lab import text_of
from tests.support.netsuite_deposit_kit import offer
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import context


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def run(lab: NetSuiteLab, name: str, **asked: Any) -> str:
    """A run and the text of its mail, blank where there is none."""
    lab.run(name, **asked)
    before = len(lab.world.mailbox.messages)
    step = FailureReportMail(
        task_id="report", conn_id="smtp_default", recipients=["ops@example.com"], remind_hours=24, title="NetSuite",
        other_flows=[NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, NETSUITE_APPROVALS], flow=FLOW, retailer=RETAILER,
    )  # fmt: skip
    step.execute(context("report", name, dag_id=FLOW))
    mails = lab.world.mailbox.messages[before:]
    return text_of(mails[0]) if mails else ""


def test_order_that_is_paid_in_part_is_told_once(lab: NetSuiteLab) -> None:
    order = lab.shop.place(1, "part_paid_pos")
    lab.know_customers(1)
    mails = []
    for name in ("one", "two", "three"):
        offer(lab, 1)
        mails.append(run(lab, name))
        assert lab.record(order).reason == "PART_PAID"
    assert order in mails[0]
    assert mails[1:] == ["", ""]
    assert order in run(lab, "asked", order_ids=[order])  # who asks for it wants to know


def test_order_that_was_changed_is_told_once(lab: NetSuiteLab) -> None:
    order = lab.shop.place(1, "web")
    lab.know_customers(1)
    offer(lab, 1)
    assert run(lab, "sent") == ""
    mails = []
    for name in ("one", "two", "three"):
        offer(lab, 1, change=lambda one: one.update(orderName="#A"))
        mails.append(run(lab, name))
        assert lab.record(order).reason == "CHANGED_ORDER"
    assert order in mails[0]
    assert mails[1:] == ["", ""]
