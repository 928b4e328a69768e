"""Another retailer is another file that lists what differs: no code, no second DAG file."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from order_sync import settings
from order_sync.errors import Stop
from order_sync.mapping import lookups
from tests.policy.conftest import LoadDags
from tests.policy.repository import ROOT, python_files

ACME = """
owner: acme-team
contacts: [acme@example.com]
retries: 4
connections:
  hotwax_api: ""
predictspring_order_sync:
  schedule: "5 * * * *"
  feed_format: json
  folders:
    inbox: acme/tlog
  values:
    currency: CAD
retailpro_invoicing:
  schedule: "35 * * * *"
  body: v2_fiscal
  folders:
    inbox: acme/completed-orders
    invoices: acme/order-to-invoice
  api:
    duplicate: {statuses: [409]}
    resolve_doubt: resend
netsuite_created_orders:
  schedule: "50 * * * *"
  folders:
    inbox: {orders: acme/created-orders}
    export: {orders: acme/salesorder/export}
  rows:
    generation: title
netsuite_cash_sales:
  schedule: "55 * * * *"
  folders:
    inbox: acme/completed-pos-orders
    export: acme/cashsale/export
"""
#: Steps that every flow has at least; those that a person runs may have fewer.
FEWEST_STEPS = {"netsuite_historical_customers": 2, "shopify_order_import": 6, "shopify_order_check": 3}
#: The flows: one DAG file each, called by its name.
FLOWS = [path.stem for path in python_files("dags")]
#: What the ledger calls the records of some steps that are not the orders of their flow.
BESIDE = {
    "netsuite_created_orders": {"netsuite_customers", "netsuite_deposits", "netsuite_approvals"},
    "netsuite_fulfilment": {"netsuite_allocations", "netsuite_fulfilments", "hotwax_fulfilments", "hotwax_rejections"},
}


@pytest.fixture(scope="module")
def include(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The include folder of this repository with a retailer more, who has a table of its own."""
    folder = tmp_path_factory.mktemp("acme") / "include"
    shutil.copytree(ROOT / "include", folder)
    (folder / "retailers/acme.yaml").write_text(ACME, encoding="utf-8")
    own = folder / "mappings/lookups/acme"
    own.mkdir()
    (own / "facility.csv").write_text("key,value,description\n9001,ACME-1,Toronto\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def retailers_dags(load_dags: LoadDags, include: Path) -> dict[str, Any]:
    """The DAGs of both retailers."""
    bag = load_dags(include)
    assert bag.import_errors == {}
    return dict(bag.dags)


def test_gets_a_dag_of_its_own_for_every_flow(retailers_dags: dict[str, Any]) -> None:
    assert len(FLOWS) == 8
    assert set(retailers_dags) == {*FLOWS, *(f"{flow}__acme" for flow in FLOWS)}


def test_overrides_reach_the_tasks(retailers_dags: dict[str, Any]) -> None:
    acme = retailers_dags["predictspring_order_sync__acme"]
    assert "retailer:acme" in acme.tags
    assert acme.timetable.expression == "5 * * * *"
    assert {(task.owner, task.retries) for task in acme.tasks} == {("acme-team", 4)}
    assert acme.get_task("wait_for_tlogs").folder == "acme/tlog"
    assert acme.get_task("confirm").conn_id == ""
    assert acme.get_task("report").recipients == ["acme@example.com"]
    acme = retailers_dags["retailpro_invoicing__acme"]
    assert acme.timetable.expression == "35 * * * *"
    assert {(task.owner, task.retries) for task in acme.tasks} == {("acme-team", 4)}
    assert acme.get_task("wait_for_orders").folder == "acme/completed-orders"
    assert acme.get_task("publish").folders == {"order_to_invoice": "acme/order-to-invoice"}
    assert acme.get_task("report").recipients == ["acme@example.com"]
    acme = retailers_dags["netsuite_created_orders__acme"]
    assert acme.timetable.expression == "50 * * * *"
    assert acme.get_task("find_orders").folder == "acme/created-orders"
    assert acme.get_task("archive_orders").archive == "acme/created-orders/archive"
    assert acme.get_task("publish_orders").folders == {"sales_orders": "acme/salesorder/export"}
    assert acme.get_task("report").recipients == ["acme@example.com"]
    acme = retailers_dags["netsuite_cash_sales__acme"]
    assert acme.timetable.expression == "55 * * * *"
    assert acme.get_task("find").folder == "acme/completed-pos-orders"
    assert acme.get_task("publish").folders == {"cash_sales": "acme/cashsale/export"}
    assert [one.export for one in acme.get_task("take_answers").answers] == ["acme/cashsale/export"]


def test_what_is_not_named_stays_as_it_is(retailers_dags: dict[str, Any], include: Path) -> None:
    usual, acme = (settings.load(name, include).predictspring_order_sync for name in (settings.DEFAULT, "acme"))
    assert acme.folders.order_feed == usual.folders.order_feed
    assert acme.values == {**usual.values, "currency": "CAD"}
    first = retailers_dags["predictspring_order_sync"]
    assert first.get_task("wait_for_tlogs").folder == usual.folders.inbox
    assert first.get_task("confirm").conn_id == settings.load(settings.DEFAULT, include).connections.hotwax_api
    invoicing, other = (settings.load(name, include).retailpro_invoicing for name in (settings.DEFAULT, "acme"))
    assert (invoicing.body, other.body) == ("v1", "v2_fiscal")
    assert (invoicing.api.resolve_doubt, other.api.resolve_doubt) == ("person", "resend")
    assert other.api.invoice_path == invoicing.api.invoice_path
    assert other.folders.responses == invoicing.folders.responses
    netsuite, third = (settings.load(name, include).netsuite_created_orders for name in (settings.DEFAULT, "acme"))
    assert (netsuite.rows.generation, third.rows.generation) == ("camel", "title")
    assert third.folders.inbox["customers"] == netsuite.folders.inbox["customers"]
    assert third.rows.values == netsuite.rows.values


def test_every_task_knows_whose_it_is(retailers_dags: dict[str, Any]) -> None:
    """The retailer is part of every key in the ledger: a task of one must never write for another."""
    for dag_id, dag in retailers_dags.items():
        steps = [task for task in dag.tasks if task.task_id != "finished"]
        flow, _, retailer = dag_id.partition("__")
        assert len(steps) >= FEWEST_STEPS.get(flow, 7)
        assert {task.retailer for task in steps} == {retailer or settings.DEFAULT}
        assert {task.flow for task in steps} == {flow} | BESIDE.get(flow, set())


def test_own_lookup_table_comes_before_the_common_one(include: Path) -> None:
    tables = include / "mappings/lookups"
    assert lookups.load(lookups.find(tables, "acme", "facility")).values == {"9001": "ACME-1"}
    assert lookups.find(tables, "acme", "payment_method") == tables / "payment_method.csv"


def test_misspelt_setting_names_file_and_line(include: Path, tmp_path: Path) -> None:
    folder = tmp_path / "include"
    shutil.copytree(include, folder)
    (folder / "retailers/acme.yaml").write_text("owner: acme-team\npredictspring_order_sync:\n  shedule: x\n")
    with pytest.raises(Stop, match=r"acme\.yaml:\d+: .*shedule"):
        settings.load("acme", folder)
