"""Approvals: HotWax gets the attribute of what NetSuite has as a whole, then approves it, once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk.exceptions import AirflowFailException

from order_sync.flow import NETSUITE_APPROVALS
from order_sync.ledger import Record
from order_sync.operators.netsuite_files import STAGES
from sandbox.hotwax.created_orders import dump
from tests.support.netsuite_lab import FLOW, NetSuiteLab

ATTRIBUTE = {"NETSUITE_ORDER_EXPORTED": "Y"}


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def settle(lab: NetSuiteLab, *kinds: str, works: bool = True) -> list[str]:
    """Orders that NetSuite has and whose ids lie there for the next run; their approvals wait."""
    orders = [lab.shop.place(number, kind) for number, kind in enumerate(kinds, start=1)]
    lab.know_customers(*range(1, len(kinds) + 1))
    send(lab, "orders")
    if works:
        lab.netsuite_works()
    return orders


def send(lab: NetSuiteLab, run: str) -> None:
    """A run as far as orders go, and their approvals are taken in."""
    lab.shop.feed_created_orders()
    lab.send(STAGES[1], run)
    lab.mark(run)


def step(lab: NetSuiteLab, run: str, **asked: Any) -> None:
    """Answers and approvals of one run."""
    lab.answers(run)
    lab.mark(run, **asked)
    lab.approve(run)


def record(lab: NetSuiteLab, order: str) -> Record:
    return lab.record(order, NETSUITE_APPROVALS)


def states(lab: NetSuiteLab, *orders: str) -> dict[str, int]:
    return dict(lab.states(*orders, flow=NETSUITE_APPROVALS))


def files(lab: NetSuiteLab, folder: str) -> list[Path]:
    """What lies where HotWax takes it from."""
    place = lab.world.sftp.root / "hotwax" / folder
    return sorted(path for path in place.iterdir() if path.is_file())


def overlay(folder: Path, **changes: Any) -> None:
    """Change settings of the flow."""
    path = folder / "overlay.yaml"
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content[FLOW] |= changes
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def test_orders_are_marked_then_approved_once(lab: NetSuiteLab) -> None:
    orders = settle(lab, "web", "kit", "cancelled_line", "item_discount", "part_paid_pos")[:4]
    assert states(lab, *orders) == {"WAITING": 4}
    step(lab, "mark")
    (marks,) = files(lab, "ApproveOrderAttributes")
    rows = [f"{order},NETSUITE_ORDER_EXPORTED,Y" for order in orders]
    assert marks.read_text(encoding="utf-8").splitlines() == ["orderId,attrName,attrValue", *rows]
    step(lab, "too early")
    assert files(lab, "ApproveOrders") == []
    lab.ids.import_now()
    assert {order: lab.ids.attributes(order) for order in orders} == dict.fromkeys(orders, ATTRIBUTE)
    step(lab, "approve")
    (approvals,) = files(lab, "ApproveOrders")
    assert approvals.read_text(encoding="utf-8").splitlines() == ["orderId", *orders]
    assert states(lab, *orders) == {"DELIVERED": 4}
    lab.ids.import_now()
    for run in ("done", "again", "and again"):
        step(lab, run)
        lab.ids.import_now()
    assert states(lab, *orders) == {"CONFIRMED": 4}
    assert lab.ids.approvals() == dict.fromkeys(orders, 1)


def test_an_order_waits_for_the_number_of_every_line(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, "kit", works=False)
    lab.netsuite.faults.halve("SalesOrderItemExport", runs=3)
    lab.netsuite_works()
    step(lab, "half")
    lines = len(lab.shop.expected(1).lines)
    assert lines > 1
    assert states(lab, order) == {"WAITING": 1}
    assert record(lab, order).message.startswith(f"waits for order {order}, line {order}:")
    lab.netsuite_works()
    lab.netsuite_works()
    step(lab, "whole")
    assert states(lab, order) == {"DELIVERED": 1}


def test_what_waits_for_its_lines_for_too_long_is_told(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = settle(lab, "web", works=False)
    lab.netsuite.faults.lose("SalesOrderItemExport")
    lab.netsuite_works()
    late = record(lab, order).updated_at + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("order_sync.flow.now", lambda: late)
    step(lab, "late")
    told = [one.message for one in lab.book.problems_of_run(FLOW, "late") if "netsuite_approvals" in one.message]
    assert len(told) == 1
    assert order in told[0]


def test_what_hotwax_does_not_take_is_told(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = settle(lab, "web")
    step(lab, "mark")
    late = record(lab, order).updated_at + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("order_sync.flow.now", lambda: late)
    step(lab, "late")
    told = [one.message for one in lab.book.problems_of_run(FLOW, "late") if "HotWax" in one.message]
    assert told == [f"1 of netsuite_approvals are not imported by HotWax after 2 h: {order}."]


@pytest.mark.parametrize("asked", ["all", "order"])
def test_what_hotwax_refuses_is_told_in_its_words_and_brought_again(lab: NetSuiteLab, asked: str) -> None:
    refused, fine = settle(lab, "web", "web")
    lab.ids.refuse[refused] = "Order is on hold, ask Ann"
    step(lab, "mark")
    lab.ids.import_now()
    step(lab, "approve")
    lab.ids.import_now()
    step(lab, "done")
    assert (states(lab, refused), states(lab, fine)) == ({"QUARANTINED": 1}, {"CONFIRMED": 1})
    assert (record(lab, refused).reason, record(lab, refused).message) == (
        "HOTWAX_REFUSED", "Order is on hold, ask Ann",
    )  # fmt: skip
    assert list(lab.ids.approvals()) == [fine]
    lab.ids.refuse.clear()
    lab.run("asked", order_ids=[refused if asked == "order" else asked])
    for run in ("approve again", "done again"):
        lab.ids.import_now()
        step(lab, run)
    assert states(lab, refused, fine) == {"CONFIRMED": 2}
    assert lab.ids.approvals() == {fine: 1, refused: 1}


def test_approval_that_hotwax_refuses_is_told(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, "web")
    lab.ids.required_attributes = frozenset({"FRAUD_VERIFIED"})
    for run in ("mark", "approve", "done"):
        step(lab, run)
        lab.ids.import_now()
    assert (states(lab, order), record(lab, order).reason) == ({"QUARANTINED": 1}, "HOTWAX_REFUSED")
    assert "FRAUD_VERIFIED" in record(lab, order).message


def test_file_that_hotwax_cannot_import_is_told_for_every_order(lab: NetSuiteLab, tmp_path: Path) -> None:
    approval = {"attributes": {"columns": ["order", "name", "value"]}}
    overlay(tmp_path, approval=approval)
    orders = settle(lab, "web", "web")
    for run in ("mark", "approve"):
        step(lab, run)
        lab.ids.import_now()
    assert states(lab, *orders) == {"QUARANTINED": 2}
    assert "ended as failed" in record(lab, orders[0]).message
    assert files(lab, "ApproveOrders") == []


def test_without_a_data_manager_the_archive_counts(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, "web")
    for run in ("mark", "approve", "done"):
        lab.answers(run)
        lab.mark(run)
        lab.approve(run, api="")
        if run != "done":
            assert states(lab, order) == {"DELIVERED": 1}
        lab.ids.import_now()
    assert states(lab, order) == {"CONFIRMED": 1}
    assert lab.ids.approved(order)


def test_cancelled_order_is_not_approved(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, "web")
    cancelled = lab.shop.order(1) | {"orderStatusId": "ORDER_CANCELLED"}
    path = lab.shop.created_orders_folder / "cancelled.json"
    path.write_bytes(dump([cancelled]))
    lab.answers("cancelled")
    lab.send(STAGES[1], "cancelled")
    lab.mark("cancelled")
    assert (states(lab, order), record(lab, order).reason) == ({"EXCLUDED": 1}, "CANCELLED_ORDER")
    assert files(lab, "ApproveOrderAttributes") == []


def test_nothing_is_approved_where_it_is_switched_off(lab: NetSuiteLab, tmp_path: Path) -> None:
    overlay(tmp_path, approval={"enabled": False})
    (order,) = settle(lab, "web")
    step(lab, "off")
    overlay(tmp_path, approval={"enabled": True})
    step(lab, "on")
    assert (states(lab, order), files(lab, "ApproveOrderAttributes")) == ({}, [])


@pytest.mark.parametrize("asked", [{"dry_run": True}, {"force_publish": True}])
def test_dry_runs_and_repeated_intervals_approve_nothing(lab: NetSuiteLab, asked: dict[str, Any]) -> None:
    (order,) = settle(lab, "web")
    lab.answers("ids")
    lab.mark("one", **asked)
    lab.approve("one", **asked)
    assert (states(lab, order), files(lab, "ApproveOrderAttributes")) == ({"WAITING": 1}, [])


def forked(lab: NetSuiteLab, name: str, run: str, at: str = "") -> int:
    """A process that does a step, killed where told: its pid."""
    pid = os.fork()
    if pid:
        return pid
    signal.alarm(60)
    os.environ["ORDER_SYNC_FAULT_AT"] = at
    code = 1
    try:
        getattr(lab, name)(run)
        code = 0
    except AirflowFailException:
        code = 2
    finally:
        os._exit(code)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        *[
            ("mark", point)
            for point in ("collect.before_batch", "transform.before_decide", "transform.before_register")
        ],
        *[("mark", point) for point in ("publish.before_upload", "publish.after_rename", "publish.before_commit")],
        *[("approve", point) for point in ("publish.before_upload", "publish.after_rename", "publish.before_commit")],
    ],
)
def test_step_that_was_killed_is_finished_by_the_next_run(lab: NetSuiteLab, name: str, at: str) -> None:
    orders = settle(lab, "web", "web")
    lab.answers("ids")
    if name == "approve":
        lab.mark("mark")
        lab.ids.import_now()
    assert os.waitstatus_to_exitcode(os.waitpid(forked(lab, name, "killed", at), 0)[1]) == -signal.SIGKILL
    for run in ("two", "three", "four"):
        lab.mark(run)
        lab.approve(run)
        lab.ids.import_now()
    assert states(lab, *orders) == {"CONFIRMED": 2}
    assert lab.ids.approvals() == dict.fromkeys(orders, 1)


def test_two_runs_at_once_approve_once(lab: NetSuiteLab) -> None:
    orders = settle(lab, "web", "web")
    lab.answers("ids")
    for name in ("mark", "approve"):
        pids = [forked(lab, name, run) for run in ("one", "two")]
        assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
        lab.ids.import_now()
    lab.approve("done")
    assert states(lab, *orders) == {"CONFIRMED": 2}
    assert lab.ids.approvals() == dict.fromkeys(orders, 1)
