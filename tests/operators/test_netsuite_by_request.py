"""What NetSuite had in its hands goes again only where a person asks for it, whatever HotWax offers meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.report import FailureReportMail
from tests.support.airflow_lab import text_of
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import context

CUSTOMERS, ORDERS = STAGES
WORDS = "Invalid item reference key, 12"


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    """Two orders whose file lies in NetSuite's folder."""
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        for number in (1, 2):
            opened.shop.place(number, "web")
        opened.offer()
        opened.send(CUSTOMERS, "customers")
        opened.netsuite.scripts.run_now()
        opened.answers("customers known")
        opened.send(ORDERS, "orders")
        yield opened


def _waiting_files(lab: NetSuiteLab) -> list[Path]:
    return [path for path in lab.netsuite.folder("salesorder/export").iterdir() if path.is_file()]


def _refuse(lab: NetSuiteLab) -> None:
    """NetSuite puts the file aside and complains."""
    (file,) = _waiting_files(lab)
    folder = lab.netsuite.folder("salesorder/export")
    file.rename(folder / "failed" / file.name)
    (folder / "error").mkdir(exist_ok=True)
    (folder / "error" / "Sat Nov 21-ErrorSaleOrder.csv").write_text(f"fileName,errorMessage\n{file.name},{WORDS}\n")


def _offer(lab: NetSuiteLab, run: str, change: Callable[[dict[str, Any]], Any] | None = None) -> None:
    """HotWax offers the orders once more, the first of them changed."""
    lab.shop.feed_created_orders()
    for path in lab.shop.created_orders_folder.glob("*.json"):
        orders = json.loads(path.read_text())
        if change:
            change(next(order for order in orders if order["orderId"] == "N10001"))
        path.write_text(json.dumps(orders))
    lab.send(ORDERS, run)


def _mails(lab: NetSuiteLab, run: str) -> list[str]:
    before = len(lab.world.mailbox.messages)
    step = FailureReportMail(
        task_id="report", conn_id="smtp_default", recipients=["ops@example.com"], remind_hours=24, title="NetSuite",
        flow=FLOW, retailer=RETAILER,
    )  # fmt: skip
    step.execute(context("report", run, dag_id=FLOW))
    return [text_of(mail) for mail in lab.world.mailbox.messages[before:]]


def _mend(order: dict[str, Any]) -> None:
    order["orderNote"] = "mended"


@pytest.mark.parametrize("change", [None, _mend], ids=["the same", "mended"])
def test_refused_order_that_is_offered_again_waits_for_a_person(
    lab: NetSuiteLab, change: Callable[[dict[str, Any]], Any] | None
) -> None:
    _refuse(lab)
    lab.answers("refused")
    for run in ("first", "second"):
        _offer(lab, run, change)
        lab.transform("orders", {"batches": [lab.record("N10001").batch_id]}, run=run)  # cleared
        assert lab.states("N10001", "N10002") == {"QUARANTINED": 2}
        assert (lab.record("N10001").reason, WORDS in lab.record("N10001").message) == ("NETSUITE_REFUSED", True)
        assert _waiting_files(lab) == []
    told = _mails(lab, "first")
    assert len(told) == 1
    assert WORDS in told[0]
    assert _mails(lab, "second") == []
    lab.send(ORDERS, "asked", order_ids=["N10001"])
    (file,) = _waiting_files(lab)
    assert ("mended" in file.read_text()) is (change is not None)
    lab.netsuite.scripts.run_now()
    lab.answers("last")
    assert (lab.record("N10001").state, lab.record("N10002").state) == ("CONFIRMED", "QUARANTINED")


def test_refused_order_is_confirmed_by_its_id_although_it_was_offered_again(lab: NetSuiteLab) -> None:
    """NetSuite imports what it complains of, too."""
    _refuse(lab)
    lab.answers("refused")
    _offer(lab, "again")
    folder = lab.netsuite.folder("salesorder/import/orderidentification")
    row = "N10001,NETSUITE_ORDER_ID,77"
    (folder / "x-SalesOrderExport.csv").write_text(f"orderId,orderIdentificationTypeId,idValue\n{row}\n")
    lab.answers("told")
    assert (lab.record("N10001").state, lab.record("N10001").partner_ref) == ("CONFIRMED", "77")


def test_order_that_was_mended_after_a_row_was_refused_goes_where_a_person_asks_for_it(lab: NetSuiteLab) -> None:
    """NetSuite took the file in and refused the row without a word; the cause is mended in the order itself."""
    lab.netsuite.faults.refuse = {"N10001": "Invalid location reference key 7."}
    lab.netsuite.scripts.run_now()
    lab.answers("half")
    _offer(lab, "mended", _mend)
    assert (lab.record("N10001").state, lab.record("N10001").reason) == ("QUARANTINED", "CHANGED_ORDER")
    lab.send(ORDERS, "all", order_ids=["all"])
    assert lab.record("N10001").reason == "CHANGED_ORDER", "nobody said that NetSuite does not have it"
    lab.netsuite.faults.refuse = {}
    lab.send(ORDERS, "asked", order_ids=["N10001"])
    (file,) = _waiting_files(lab)
    assert "mended" in file.read_text()
    lab.netsuite.scripts.run_now()
    lab.answers("last")
    assert lab.states("N10001") == {"CANCELLED": 1, "CONFIRMED": 1}
    _offer(lab, "once more", _mend)
    assert _waiting_files(lab) == []


def test_order_that_netsuite_has_stays_although_a_person_asks_for_its_change(lab: NetSuiteLab) -> None:
    lab.netsuite.scripts.run_now()
    lab.answers("known")
    _offer(lab, "changed", _mend)
    lab.send(ORDERS, "asked", order_ids=["N10001"])
    assert lab.states("N10001") == {"CONFIRMED": 1, "QUARANTINED": 1}
    assert _waiting_files(lab) == []


def test_error_file_that_is_read_a_second_time_tells_nothing_wrong(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    _refuse(lab)
    with monkeypatch.context() as dying:
        dying.setattr("order_sync.operators.netsuite_answers.point", _die)
        with pytest.raises(KeyboardInterrupt):
            lab.answers("refused")
    assert lab.states("N10001", "N10002") == {"QUARANTINED": 2}
    lab.answers("refused")
    assert lab.book.problems_of_run(FLOW, "refused") == []


def test_return_file_is_taken_in_when_it_is_whole(lab: NetSuiteLab) -> None:
    """The beginning of an id is the id of another record: deposits would go to that order."""
    lab.netsuite.scripts.run_now()
    folder = lab.netsuite.folder("salesorder/import/orderidentification")
    (file,) = [path for path in folder.iterdir() if path.is_file()]
    whole = file.read_bytes()
    file.write_bytes(whole.rstrip()[:-2])
    lab.answers("half")
    assert lab.states("N10001", "N10002") == {"DELIVERED": 2}
    (problem,) = lab.book.problems_of_run(FLOW, "half")
    assert problem.message == f"A return file ends in the middle of a line and is not taken in: {file.name}."
    file.write_bytes(whole)
    lab.answers("whole")
    assert lab.states("N10001", "N10002") == {"CONFIRMED": 2}
    assert {lab.record(one).partner_ref for one in ("N10001", "N10002")} == {
        row.rpartition(",")[2] for row in whole.decode().splitlines()[1:]
    }


def _die(name: str) -> None:
    if name == "answers.before_commit":
        raise KeyboardInterrupt
