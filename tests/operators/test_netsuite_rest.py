"""Customers and created orders by REST: the same as by CSV in NetSuite's own database, whatever goes wrong between."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import NETSUITE_CASH_SALES, NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from order_sync.ledger import State
from order_sync.operators.netsuite_cash_sales import CASH_SALES
from order_sync.operators.netsuite_replies import LINE
from order_sync.operators.netsuite_rest import sender
from order_sync.settings import load
from sandbox.hotwax.pos_orders import KINDS as POS_KINDS
from tests.support.cash_sale_lab import CashSaleLab
from tests.support.netsuite_lab import RETAILER, NetSuiteLab
from tests.support.netsuite_rest_lab import RestLab
from tests.support.step_lab import context


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestLab]:
    with RestLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def test_customers_and_their_orders_are_confirmed_in_the_run_that_sends_them(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in range(1, 6)]
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 5}
    for order in orders:
        known = lab.netsuite.database.order(order)
        assert lab.record(order).partner_ref == str(known["internal_id"])
        keys = [f"{order}:{line['hc_order_line_id']}" for line in known["lines"] if line["hc_order_line_id"]]
        numbers = lab.book.ids_of(RETAILER, LINE, keys)
        assert numbers == {
            f"{order}:{line['hc_order_line_id']}": str(line["line_id"])
            for line in known["lines"]
            if line["hc_order_line_id"]
        }
    assert {len(lab.puts(order)) for order in orders} == {1}
    assert not list(lab.netsuite.folder("salesorder/export").glob("*.*"))


def made(lab: NetSuiteLab) -> dict[str, Any]:
    """What NetSuite has, without what it gave itself, and without the transport's own spelling of yes."""
    database = lab.netsuite.database
    own = {"internal_id", "customer_id", "order_id", "source", "created_at", "modified_at"}

    def plain(row: dict[str, Any]) -> dict[str, Any]:
        row = {name: value for name, value in row.items() if name not in own}
        return {**row, **({"taxable": row["taxable"][:1]} if "taxable" in row else {})}

    customers = {row["external_id"]: plain(row) for row in database.rows("SELECT * FROM customers")}
    parties = {row["internal_id"]: row["external_id"] for row in database.rows("SELECT * FROM customers")}
    orders = {}
    for row in database.rows("SELECT external_id FROM sales_orders"):
        order = database.order(row["external_id"])
        parts = {name: [plain(one) for one in order[name]] for name in ("lines", "deposits", "fulfilments")}
        money = database.order_total(order["external_id"])
        orders[order["external_id"]] = (plain({**order, **parts}), parties[order["customer_id"]], money)
    return {"customers": customers, "orders": orders}


def test_both_transports_make_the_same(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for transport in ("sftp", "rest"):
        folder = tmp_path / transport
        folder.mkdir()
        with RestLab(folder, ledger_template, monkeypatch) as lab:
            lab.go_by(transport)
            lab.shop.place_more(60)
            for run in ("one", "two", "three"):
                lab.offer()
                lab.run(run)
                lab.netsuite_works()
            lab.answers("four")
            with sqlite3.connect(folder / "ledger.sqlite") as ledger:
                told = ledger.execute(
                    "SELECT flow, order_key, version, state, reason, amount_minor, content_hash FROM records "
                    "WHERE flow IN (?, ?) ORDER BY flow, order_key, version",
                    (NETSUITE_CUSTOMERS, NETSUITE_ORDERS),
                ).fetchall()
            found.append((made(lab), told))
    (by_file, told_by_file), (by_rest, told_by_rest) = found
    assert len(by_file["orders"]) > 30
    assert any(order["discount_rate"] for order, *_ in by_file["orders"].values())
    assert by_rest["customers"] == by_file["customers"]
    assert by_rest["orders"] == by_file["orders"]
    assert [row[:6] for row in told_by_rest] == [row[:6] for row in told_by_file]


def test_the_same_orders_again_send_nothing_again(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in range(1, 4)]
    for run in ("one", "two"):
        lab.offer()
        lab.run(run)
    assert lab.states(*orders) == {"CONFIRMED": 3}
    assert {len(lab.puts(order)) for order in orders} == {1}


@pytest.mark.parametrize(("first", "then"), [("sftp", "rest"), ("rest", "sftp")])
def test_a_change_of_the_transport_is_no_change_of_an_order(lab: RestLab, first: str, then: str) -> None:
    order = lab.shop.place(1, "web")
    lab.go_by(first)
    for run in ("one", "two"):
        lab.offer()
        lab.run(run)
        lab.netsuite.scripts.run_now()
    lab.go_by(then)
    lab.offer()  # HotWax has taken in no id yet
    lab.run("three")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert len(lab.puts(order)) == (1 if first == "rest" else 0)


def test_what_netsuite_refuses_is_an_exception_with_its_words_and_can_be_brought_again(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in (1, 2)]
    lab.netsuite.faults.refuse[orders[0]] = "Transaction was not in balance"
    lab.offer()
    lab.run("one")
    refused = lab.record(orders[0])
    assert (refused.state, refused.reason) == (State.QUARANTINED, "NETSUITE_REFUSED")
    assert "Transaction was not in balance (USER_ERROR)" in refused.message
    assert lab.states(orders[1]) == {"CONFIRMED": 1}
    lab.netsuite.faults.refuse.clear()
    lab.run("two", order_ids=[orders[0]])
    assert lab.states(*orders) == {"CONFIRMED": 2}


def test_orders_of_a_customer_that_is_refused_wait(lab: RestLab) -> None:
    order = lab.shop.place(1, "web")
    lab.netsuite.faults.refuse["HC10001"] = "Enter another name"
    lab.offer()
    lab.run("one")
    assert lab.customers("HC10001") == {"QUARANTINED": 1}
    assert lab.states(order) == {"WAITING": 1}
    lab.netsuite.faults.refuse.clear()
    lab.run("two", order_ids=["HC10001"])
    assert lab.states(order) == {"CONFIRMED": 1}


def test_changed_order_is_an_exception_and_netsuites_stays_as_it_is(lab: RestLab) -> None:
    order = lab.shop.place(1, "web")
    lab.offer()
    lab.run("one")
    before = lab.netsuite.database.order(order)
    (path,) = (lab.shop.created_orders_folder / "archive").rglob("*.json")
    changed = json.loads(path.read_text(encoding="utf-8"))
    changed[0]["orderName"] = "#OTHER"
    (lab.shop.created_orders_folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    lab.run("two")
    assert (lab.record(order).state, lab.record(order).reason) == (State.QUARANTINED, "CHANGED_ORDER")
    assert lab.netsuite.database.order(order) == before


def test_what_another_hand_made_under_the_same_external_id_is_never_overwritten(lab: RestLab) -> None:
    order = lab.shop.place(1, "web")
    party = lab.netsuite.add_customer("HC10001", "777", first_name="Someone", HCCustomerId="HC99999")
    lab.offer()
    lab.run("one")
    refused = lab.record("HC10001", NETSUITE_CUSTOMERS)
    assert (refused.state, refused.reason) == (State.QUARANTINED, "NETSUITE_OTHER_CONTENT")
    assert f"customer {party} under external id HC10001" in refused.message
    assert lab.netsuite.database.customer("HC10001")["first_name"] == "Someone"
    assert lab.states(order) == {"WAITING": 1}


def test_what_netsuite_has_already_counts_as_sent(lab: RestLab) -> None:
    lab.shop.place(1, "web")
    known = lab.netsuite.add_customer("HC10001", "777", first_name="Ada", HCCustomerId="HC10001")
    lab.offer()
    lab.run("one")
    assert lab.record("HC10001", NETSUITE_CUSTOMERS).partner_ref == str(known)
    assert lab.puts("HC10001") == []


class RestSaleLab(CashSaleLab):
    """Cash sales by the transport that the settings name."""

    def publish_sales(self, work: Mapping[str, Any], run: str = "one", **asked: Any) -> list[str]:
        step = sender(
            "publish", CASH_SALES, self.sales.transport, load(RETAILER), folder=self.sales.folders.export,
            temp_folder=self.sales.folders.unfinished, work=work, flow=NETSUITE_CASH_SALES, retailer=RETAILER,
        )  # fmt: skip
        return list(step.execute(context("publish", run, dag_id=NETSUITE_CASH_SALES, **asked)))


def test_cash_sales_are_the_same_by_both_transports(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for transport in ("sftp", "rest"):
        folder = tmp_path / transport
        folder.mkdir()
        with RestSaleLab(folder, ledger_template, monkeypatch, sales={"walk_in_customer": "900001"}) as lab:
            content = yaml.safe_load(lab.overlay.read_text(encoding="utf-8"))
            content[NETSUITE_CASH_SALES]["transport"] = transport
            lab.overlay.write_text(yaml.safe_dump(content), encoding="utf-8")
            kinds = dict(enumerate([*POS_KINDS] * 2, start=1))
            lab.known_customers(kinds)
            lab.drop(*(lab.tills.order(number, kind) for number, kind in kinds.items()))
            lab.sell("one")
            lab.netsuite_works()
            lab.sell("two")
            database, own = lab.netsuite.database, {"internal_id", "cash_sale_id", "source", "created_at"}
            sales = [database.cash_sale(row["external_id"]) for row in database.rows("SELECT * FROM cash_sales")]
            found.append(
                {
                    sale["external_id"]: [
                        {name: value for name, value in row.items() if name not in {*own, "lines"}}
                        for row in (sale, *sale["lines"])
                    ]
                    for sale in sales
                }
            )
            states = lab.states(*found[-1], flow=NETSUITE_CASH_SALES)
            assert states == {"CONFIRMED": len(sales)}
    by_file, by_rest = found
    assert len(by_file) > 3
    assert by_rest == by_file
