"""What NetSuite does not answer: told by name, brought again by a person, and files that never reached it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.report import FailureReportMail
from tests.support.airflow_lab import text_of
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import context

CUSTOMERS, ORDERS = STAGES


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


@pytest.fixture
def sent(lab: NetSuiteLab) -> list[str]:
    """Two orders that lie in NetSuite's folder."""
    return send(lab, 1, 2)


def send(lab: NetSuiteLab, *numbers: int) -> list[str]:
    """Orders whose customers NetSuite knows, put into its folder."""
    orders = [lab.shop.place(number, "web") for number in numbers]
    lab.offer()
    lab.send(CUSTOMERS, f"customers of {numbers}")
    lab.netsuite.scripts.run_now()
    lab.answers(f"orders {numbers}")
    lab.send(ORDERS, f"orders {numbers}")
    assert lab.states(*orders) == {"DELIVERED": len(orders)}
    return orders


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr("order_sync.flow.now", lambda: moment)


def overdue(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch, order: str, minutes: int = 121) -> None:
    """It is so many minutes after an order was sent."""
    at(monkeypatch, lab.record(order).updated_at + timedelta(minutes=minutes))


def told(lab: NetSuiteLab, run: str, about: str = "answers") -> list[str]:
    return [problem.message for problem in lab.book.problems_of_run(FLOW, run) if problem.task_id == about]


def report(lab: NetSuiteLab, run: str) -> str:
    """The text of the mail of a run, blank where there is none."""
    before = len(lab.world.mailbox.messages)
    step = FailureReportMail(
        task_id="report", conn_id="smtp_default", recipients=["ops@example.com"], remind_hours=24, title="NetSuite",
        other_flows=[NETSUITE_CUSTOMERS], flow=FLOW, retailer=RETAILER,
    )  # fmt: skip
    step.execute(context("report", run, dag_id=FLOW))
    mails = lab.world.mailbox.messages[before:]
    return text_of(mails[0]) if mails else ""


def export_folder(lab: NetSuiteLab) -> Path:
    return lab.netsuite.folder("salesorder/export")


def waiting_files(lab: NetSuiteLab) -> list[Path]:
    return [path for path in export_folder(lab).iterdir() if path.is_file()]


def test_answer_that_never_comes_is_told_by_name(
    lab: NetSuiteLab, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.netsuite.faults.lose("SalesOrderExport")
    lab.netsuite.scripts.run_now()
    since = f"{lab.record(sent[0]).updated_at:%Y-%m-%d %H:%M} UTC"
    overdue(lab, monkeypatch, sent[0], minutes=119)
    lab.answers("in time")
    assert told(lab, "in time") == []
    overdue(lab, monkeypatch, sent[0])
    lab.answers("late")
    names = "; ".join(f"{order} (sent {since})" for order in reversed(sent))
    assert told(lab, "late") == [f"2 of netsuite_created_orders are without an answer of NetSuite after 2 h: {names}."]


def test_another_overdue_name_is_told_at_once_and_the_same_ones_after_a_day_only(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.netsuite.faults.lose("SalesOrderExport", times=9)
    (first,) = send(lab, 1)
    lab.netsuite.scripts.run_now()
    (second,) = send(lab, 2)
    lab.netsuite.scripts.run_now()
    start = lab.record(second).updated_at
    late = timedelta(hours=2)
    moments = {"first": lab.record(first).updated_at + late + timedelta(milliseconds=1)}
    assert moments["first"] < start + late
    moments |= {"both": start + late + timedelta(minutes=1), "same": start + timedelta(hours=3)}
    moments["next day"] = start + timedelta(hours=27)
    mails = {}
    for name, moment in moments.items():
        at(monkeypatch, moment)
        lab.answers(name)
        mails[name] = report(lab, name)
    assert first in mails["first"]
    assert second not in mails["first"]
    assert first in mails["both"]
    assert second in mails["both"]
    assert mails["same"] == ""
    assert second in mails["next day"]


def test_fewer_overdue_names_are_no_news(lab: NetSuiteLab, sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lab.netsuite.faults.halve("SalesOrderExport", runs=None)
    overdue(lab, monkeypatch, sent[0])
    lab.answers("both")
    assert report(lab, "both")
    lab.netsuite.scripts.run_now()
    lab.answers("one")
    assert lab.states(*sent) == {"CONFIRMED": 1, "DELIVERED": 1}
    assert report(lab, "one") == ""


def test_what_waits_too_long_is_told_by_name_from_when_it_began(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = lab.shop.place(1, "web")
    lab.offer()
    lab.send(ORDERS, "one")
    since = lab.record(order).updated_at
    customer = lab.record(order).field
    at(monkeypatch, since + timedelta(hours=1))
    lab.shop.feed_created_orders()  # HotWax offers it again
    lab.answers("two")
    lab.send(ORDERS, "two")
    assert lab.record(order).updated_at > since
    assert told(lab, "two", "waiting") == []
    at(monkeypatch, since + timedelta(hours=2, minutes=1))
    lab.answers("three")
    expected = f"1 of {NETSUITE_ORDERS} wait for more than 2 h: {order} (waits for {customer}, since "
    assert [message for message in told(lab, "three", "waiting") if message.startswith(expected)] == [
        f"{expected}{since:%Y-%m-%d %H:%M} UTC)."
    ]


def test_a_row_that_netsuite_refused_goes_again_where_a_person_asks_for_it(lab: NetSuiteLab, sent: list[str]) -> None:
    (before,) = waiting_files(lab)
    rows = before.read_bytes()
    lab.netsuite.faults.refuse = {sent[0]: "Invalid location reference key 7."}
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    assert (lab.record(sent[0]).state, lab.record(sent[1]).state) == ("DELIVERED", "CONFIRMED")
    lab.netsuite.faults.refuse = {}
    lab.send(ORDERS, "all", order_ids=["all"])
    assert lab.record(sent[0]).state == "DELIVERED"
    assert waiting_files(lab) == []
    lab.send(ORDERS, "dry", order_ids=[sent[0]], dry_run=True)
    assert lab.record(sent[0]).state == "DELIVERED"
    first = lab.record(sent[0]).batch_id
    lab.send(ORDERS, "again", order_ids=[sent[0]])
    (again,) = waiting_files(lab)
    assert again.name != before.name
    assert set(again.read_bytes().splitlines()) < set(rows.splitlines())
    lab.netsuite.scripts.run_now()
    lab.answers("five")
    assert lab.states(*sent) == {"CONFIRMED": 2}
    assert [move.why for move in lab.book.order_of(NETSUITE_ORDERS, RETAILER, sent[0]).versions[0].moves][-6:-4] == [
        f"NO_ANSWER: asked for by {FLOW} / again / collect",
        f"brought again in batch {lab.record(sent[0]).batch_id}, set aside in batch {first}",
    ]


def test_customer_without_an_answer_goes_again_where_a_person_asks_for_it(lab: NetSuiteLab) -> None:
    party = lab.shop.sign_up(1)
    lab.shop.feed_customers()
    lab.send(CUSTOMERS, "one")
    lab.netsuite.faults.refuse = {party: "no"}
    lab.netsuite.scripts.run_now()
    lab.answers("two")
    assert lab.customers(party) == {"DELIVERED": 1}
    lab.netsuite.faults.refuse = {}
    lab.send(CUSTOMERS, "two", order_ids=[party])
    lab.send(ORDERS, "two", order_ids=[party])  # the same param, in the stage that it does not belong to
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    assert lab.customers(party) == {"CONFIRMED": 1}


def test_what_netsuite_has_is_not_sent_again(lab: NetSuiteLab, sent: list[str]) -> None:
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    known = lab.record(sent[0]).partner_ref
    with pytest.raises(AirflowFailException, match=rf"{sent[0]} \(CONFIRMED: NetSuite has it as {known}\)"):
        lab.collect("orders", run="four", order_ids=[sent[0]])
    with pytest.raises(AirflowFailException, match=r"X9 \(unknown\)"):
        lab.collect("orders", run="five", order_ids=["X9"])


def test_lost_file_is_put_there_again_and_told(
    lab: NetSuiteLab, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = waiting_files(lab)
    data = file.read_bytes()
    file.unlink()  # before NetSuite looked
    overdue(lab, monkeypatch, sent[0], minutes=119)
    lab.answers("in time")
    assert waiting_files(lab) == []
    overdue(lab, monkeypatch, sent[0])
    lab.answers("late")
    assert {path.name: path.read_bytes() for path in waiting_files(lab)} == {file.name: data}
    (message,) = told(lab, "late")
    assert message == (
        f"Files never reached NetSuite, and were put into netsuite/salesorder/export again: {file.name}."
    )
    lab.answers("right after")
    assert told(lab, "right after") == []
    assert "lies there once more" in lab.book.order_of(NETSUITE_ORDERS, RETAILER, sent[0]).versions[0].moves[-1].why
    lab.netsuite.scripts.run_now()
    lab.answers("last")
    assert lab.states(*sent) == {"CONFIRMED": 2}
    assert file.name in report(lab, "late")


def test_lost_file_of_customers_is_put_there_again(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    party = lab.shop.sign_up(1)
    lab.shop.feed_customers()
    lab.send(CUSTOMERS, "one")
    for path in lab.netsuite.folder("customer/export").glob("*.csv"):
        path.unlink()
    at(monkeypatch, lab.record(party, NETSUITE_CUSTOMERS).updated_at + timedelta(hours=2, minutes=1))
    lab.answers("two")
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    assert lab.customers(party) == {"CONFIRMED": 1}


@pytest.mark.parametrize("place", ["archive", "failed", ""])
def test_file_that_lies_somewhere_is_not_put_there_again(
    lab: NetSuiteLab, sent: list[str], monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (file,) = waiting_files(lab)
    if place:
        file.rename(export_folder(lab) / place / file.name)
    overdue(lab, monkeypatch, sent[0])
    lab.answers("late")
    assert [path.parent.name for path in export_folder(lab).rglob(file.name)] == [place or "export"]
    messages = told(lab, "late")
    assert len([message for message in messages if sent[0] in message]) == 1
    words = {"": "has not taken files out of", "archive": "", "failed": f"{file.name} in netsuite/salesorder/export/"}
    assert words.get(place, file.name) in " ".join(messages)


def test_folder_that_cannot_be_read_is_no_proof_of_a_loss(
    lab: NetSuiteLab, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = waiting_files(lab)
    file.unlink()
    lab.world.sftp.faults.deny("list", "/netsuite/salesorder/export/archive")
    overdue(lab, monkeypatch, sent[0])
    lab.answers("late")
    assert waiting_files(lab) == []
    assert any("netsuite/salesorder/export/archive" in message for message in told(lab, "late"))
