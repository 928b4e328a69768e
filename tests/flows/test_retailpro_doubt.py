"""Answers that do not say what happened, and a Retail Pro that is not there: red until it is known and done."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from demo.completed_orders import Invoices
from order_sync.__main__ import main
from order_sync.flow import SLIPS_FLOW
from sandbox.hotwax.completed_orders import CompletedOrders
from sandbox.retailpro import Lie
from tests.support.airflow_lab import INVOICING, AirflowLab, text_of

SHOP = CompletedOrders(seed=23)
KINDS = {1: "single", 2: "multi_store", 3: "quantity"}
RED = {"deliver": "failed", "archive": "upstream_failed", "finished": "upstream_failed"}
AT = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)


@pytest.fixture
def prompt(lab: AirflowLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """``python -m order_sync`` speaks to the ledger of the laboratory."""
    connection = json.dumps({"conn_type": "sqlite", "host": str(lab.ledger_path)})
    monkeypatch.setenv("AIRFLOW_CONN_ORDER_SYNC_LEDGER", connection)


def _complete(lab: AirflowLab) -> Invoices:
    """Drop the orders; what Retail Pro has to hold in the end."""
    lab.complete(SHOP.order(number, kind) for number, kind in KINDS.items())
    return Invoices.of(SHOP, KINDS)


@pytest.mark.usefixtures("prompt")
@pytest.mark.parametrize(("committed", "answer"), [(True, "delivered"), (False, "send-again")])
def test_doubt_that_only_a_person_can_end(lab: AirflowLab, committed: bool, answer: str) -> None:
    wanted = _complete(lab)
    lab.invoicing(resolve_doubt="person")
    lab.world.retailpro.faults.lie_about("00000001", Lie("502", committed))
    inbox = sorted(path.name for path in lab.world.completed_orders_folder.glob("*.json"))

    run = lab.run(INVOICING)

    assert run.state == "failed"
    assert {task: state for task, state in run.tasks.items() if state != "success"} == RED
    assert sum(wanted.slips.values()) == len(lab.world.retailpro.database.slips()) > 0, "the others' slips are sent"
    assert sorted(path.name for path in lab.world.completed_orders_folder.glob("*.json")) == inbox
    assert lab.keys(INVOICING, "UNKNOWN") == ["00000001"]
    (mail,) = lab.mails
    told = ("NOBODY KNOWS WHETHER RETAIL PRO CARRIED IT OUT", "1 invoice in doubt: 00000001", "unknown resolve")
    assert [words for words in told if words not in text_of(mail)] == []

    waiting = lab.run(INVOICING)

    assert waiting.state == "failed", "it stays red as long as nobody has answered"
    assert len(lab.mails) == 1, "but it was told"
    assert lab.world.retailpro.database.posts("00000001") == 1

    assert main(["unknown", "resolve", "00000001", answer]) == 0
    done = lab.run(INVOICING)

    assert (done.state, set(done.tasks.values())) == ("success", {"success"})
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.world.retailpro.database.posts("00000001") == (1 if committed else 2)
    assert list(lab.world.completed_orders_folder.glob("*.json")) == []


@pytest.mark.parametrize("committed", [True, False])
def test_doubt_that_a_look_up_ends_is_no_news(lab: AirflowLab, committed: bool) -> None:
    wanted = _complete(lab)
    (number,) = [f"{slip[0]}1" for slip in wanted.slips][:1]
    lab.world.retailpro.faults.lie_about("00000001", Lie("reset", committed))
    lab.world.retailpro.faults.lie_about(number, Lie("half", committed=True))
    run = lab.run(INVOICING)
    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), run.log[-3000:]
    assert lab.world.retailpro.faults.pending == 0, "else nothing was in doubt"
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.mails == []


def test_slip_in_doubt_makes_the_run_red_although_every_invoice_is_sent(lab: AirflowLab) -> None:
    wanted = _complete(lab)
    lab.invoicing(resolve_doubt="person")
    (number,) = [f"{slip[0]}1" for slip in wanted.slips][:1]
    lab.world.retailpro.faults.lie_about(number, Lie("504", committed=True))
    run = lab.run(INVOICING)
    assert run.state == "failed"
    assert {task: state for task, state in run.tasks.items() if state != "success"} == {
        "manual_slips": "failed", "archive": "upstream_failed", "finished": "upstream_failed",
    }  # fmt: skip
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.keys(SLIPS_FLOW, "UNKNOWN") == [number]
    (mail,) = lab.mails
    assert number in text_of(mail)
    lab.invoicing()
    assert lab.run(INVOICING).state == "success", "with a look-up, the next run finds it"
    assert wanted.faults(lab.world.retailpro) == []


@pytest.mark.parametrize("outage", ["refused", "503"])
def test_retail_pro_is_down(lab: AirflowLab, outage: str) -> None:
    wanted = _complete(lab)
    lab.invoicing(breaker_failures=1)
    lab.world.retailpro.faults.outage = outage  # type: ignore[assignment]

    down = lab.run(INVOICING, at=AT)

    assert down.state == "failed"
    assert down.tasks["deliver"] == "failed"
    assert down.tasks["archive"] == "upstream_failed"
    (mail,) = lab.mails
    if outage == "refused":
        assert lab.keys(INVOICING, "READY") == ["00000001", "00000002", "00000003"], "nothing is in doubt"
        assert "3 invoices not sent: the last of 1 failures in a row" in text_of(mail)
    assert lab.world.retailpro.database.invoices() == []

    lab.world.retailpro.faults.outage = None
    up = lab.run(INVOICING, at=AT)  # as clearing it does

    assert (up.state, set(up.tasks.values())) == ("success", {"success"}), up.log[-3000:]
    assert wanted.faults(lab.world.retailpro) == []
    assert len(lab.mails) == 1


def test_outage_that_lasts_is_told_once_and_the_backlog_is_drained(lab: AirflowLab) -> None:
    wanted = _complete(lab)
    lab.invoicing(breaker_failures=1)
    lab.world.retailpro.faults.outage = "refused"
    assert lab.run(INVOICING).state == "failed"
    lab.complete([SHOP.order(4)])
    assert lab.run(INVOICING).state == "failed"
    assert len(lab.mails) == 1
    lab.world.retailpro.faults.outage = None
    assert lab.run(INVOICING).state == "success"
    wanted.add(SHOP.expected(4, "single"))
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.world.retailpro.database.created_twice() == []
    numbers = [invoice.order_no for invoice in lab.world.retailpro.database.invoices()]
    assert numbers[-1] == "00000004", "in the order of the files"


def test_clearing_a_finished_run_sends_nothing_again(lab: AirflowLab) -> None:
    wanted = _complete(lab)
    lab.run(INVOICING, at=AT)
    before = lab.everything()
    again = lab.run(INVOICING, at=AT)
    assert (again.state, set(again.tasks.values())) == ("success", {"success"})
    after = lab.everything()
    assert {key for key in before if before[key] != after[key]} <= {"ledger"}
    assert wanted.faults(lab.world.retailpro) == []


def test_same_feed_again_sends_nothing_again(lab: AirflowLab) -> None:
    wanted = _complete(lab)
    lab.run(INVOICING)
    _complete(lab)
    lab.complete((SHOP.order(number, kind) for number, kind in reversed(KINDS.items())), "lines")
    run = lab.run(INVOICING)
    assert (run.state, set(run.tasks.values())) == ("success", {"success"})
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.world.retailpro.database.figures()["calls"] == len(wanted.invoices) + wanted.slips.total()
    assert lab.mails == []
