"""Completed orders become invoices and manual slips, through Airflow: nothing goes wrong, or nothing happens."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from demo.completed_orders import Invoices
from sandbox.hotwax.completed_orders import KINDS, CompletedOrders
from tests.support.airflow_lab import INVOICING, AirflowLab

SHOP = CompletedOrders(seed=7)
NAME = re.compile(r"order_sync_OrderToInvoice_\d{4}(-\d{2}){3}_\d{2}_\d{2}_\d{3}\.json")
RESPONSES = re.compile(r"order_sync_(Invoice|Slip)Responses_\d{4}(-\d{2}){3}_\d{2}_\d{2}_\d{8}\.jsonl")
TASKS = (
    "wait_for_orders", "collect", "transform", "publish", "deliver", "manual_slips", "archive", "report", "finished",
)  # fmt: skip
#: Orders of every kind but the one that no store can invoice.
ORDERS = dict(enumerate((kind for kind in KINDS if kind != "digital_only"), 1))


def test_every_kind_of_order_is_invoiced_once_or_left_out(lab: AirflowLab) -> None:
    half = len(ORDERS) // 2
    orders = [SHOP.order(number, kind) for number, kind in ORDERS.items()]
    lab.complete(orders[:half])
    lab.complete(orders[half:], "lines")
    sources = {name: sha256 for name, sha256 in lab.tree().items() if name.startswith("hotwax/completed-orders")}
    today = datetime.now(UTC)

    run = lab.run(INVOICING)

    assert run.state == "success", run.log[-3000:]
    assert run.tasks == dict.fromkeys(TASKS, "success")
    wanted = Invoices.of(SHOP, ORDERS)
    assert wanted.slips, "else no slip is looked at"
    assert wanted.faults(lab.world.retailpro) == []
    assert lab.world.retailpro.database.figures()["calls"] == len(wanted.invoices) + wanted.slips.total(), "once each"
    assert lab.mails == []
    tree = lab.tree()
    archived = {name: sha256 for name, sha256 in tree.items() if name.startswith("hotwax/completed-orders")}
    place = f"hotwax/completed-orders/archive/{today:%Y/%m/%d}"
    assert archived == {name.replace("hotwax/completed-orders", place): sha256 for name, sha256 in sources.items()}
    with lab.ledger() as book:
        (batch,) = [one for one in lab.batches() if one.flow == INVOICING]
        equation = book.equation(batch.id)
    assert batch.state == "CLOSED"
    assert equation.gap(equation.arrived) == ""
    assert (equation.arrived.count, equation.excluded.count) == (len(ORDERS), 2)


def test_bodies_and_answers_lie_on_the_sftp_server(lab: AirflowLab) -> None:
    lab.complete(SHOP.order(number, "multi_store") for number in range(1, 4))
    lab.run(INVOICING)
    calls = {call.key: call for call in lab.world.retailpro.database.calls()}
    ((name, content),) = lab.published("retailpro/order-to-invoice").items()
    assert NAME.fullmatch(name)
    bodies = {body["OrderNo"]: body for body in json.loads(content)}
    assert bodies == {key: json.loads(call.body) for key, call in calls.items() if call.operation == "invoice"}
    answers = lab.published("retailpro/responses")
    assert len(answers) == 2
    assert all(RESPONSES.fullmatch(name) for name in answers)
    lines = [json.loads(line) for content in answers.values() for line in content.splitlines()]
    assert {line["number"]: line["request_sha256"] for line in lines} == {key: calls[key].sha256 for key in calls}
    assert {(line["status"], line["outcome"], line["attempt"]) for line in lines} == {(201, "DELIVERED", 1)}
    assert all(json.loads(line["body"])["Success"] for line in lines)


def test_nothing_there_is_a_skip_and_no_mail(lab: AirflowLab) -> None:
    run = lab.run(INVOICING)
    assert run.state == "success"
    assert run.tasks == {**dict.fromkeys(TASKS, "skipped"), "report": "success"}
    assert (lab.mails, lab.batches(), lab.world.retailpro.database.calls()) == ([], [], [])


def test_only_orders_of_the_till_need_no_file_and_no_invoice(lab: AirflowLab) -> None:
    lab.complete([SHOP.order(1, "pos"), SHOP.order(2, "send_sale")])
    run = lab.run(INVOICING)
    assert run.tasks == dict.fromkeys(TASKS, "success")
    assert lab.published("retailpro/order-to-invoice") == {}
    assert Invoices.of(SHOP, {1: "pos", 2: "send_sale"}).faults(lab.world.retailpro) == []
    assert lab.mails == []
