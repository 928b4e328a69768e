"""Cash sales against NetSuite's own database: there and back, waiting, lost, refused, twice, beside created orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.flow import NETSUITE_CASH_SALES
from sandbox.hotwax.created_orders_json import order_id
from sandbox.hotwax.pos_orders import KINDS, as_completed
from sandbox.netsuite import NetSuiteSettings
from tests.support.cash_sale_lab import CashSaleLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CashSaleLab]:
    with CashSaleLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def exported(lab: CashSaleLab) -> list[Path]:
    """The files that NetSuite has not taken yet."""
    return sorted(path for path in lab.netsuite.folder("cashsale/export").iterdir() if path.is_file())


def paid_in_netsuite(lab: CashSaleLab, key: str) -> Decimal:
    """What NetSuite's cash sale amounts to before tax."""
    sale = lab.netsuite.database.cash_sale(key)
    assert sale is not None
    rows = sum(Decimal(line["rate"]) * Decimal(line["quantity"]) for line in sale["lines"])
    return rows + Decimal(sale["discount_rate"] or 0)


@pytest.mark.parametrize("generation", ["camel", "title"])
def test_money_arrives_to_the_cent(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch, generation: str
) -> None:
    account = NetSuiteSettings(generation=generation)  # type: ignore[arg-type]
    sales = {"walk_in_customer": "900001", "max_orders_per_file": 4}
    with CashSaleLab(
        tmp_path, ledger_template, monkeypatch, netsuite=account, sales=sales, generation=generation
    ) as lab:
        kinds = dict(enumerate([*KINDS] * 3, start=1))
        lab.known_customers(kinds)
        lab.drop(*(lab.tills.order(number, kind) for number, kind in kinds.items()))
        lab.sell("one")
        lab.netsuite_works()
        lab.sell("two")
        expected = {order_id(number): lab.tills.expected(number, kind) for number, kind in kinds.items()}
        for key, wanted in expected.items():
            found = lab.sale(key)
            if wanted.fate != "sent":
                assert found.state.value == {"left out": "EXCLUDED", "rejected": "QUARANTINED"}[wanted.fate], key
                assert lab.netsuite.database.cash_sale(key) is None
                continue
            sale = lab.netsuite.database.cash_sale(key)
            assert sale is not None
            assert (found.state.value, found.partner_ref) == ("CONFIRMED", str(sale["internal_id"]))
            assert paid_in_netsuite(lab, key) == wanted.total - wanted.tax
            assert (sale["location"], sale["order_name"]) == (wanted.selling_store, wanted.name)
        assert len({wanted.fate for wanted in expected.values()}) == 3
        assert len(lab.netsuite.database.jobs("HC_SC_ImportCashSale")) > 3
        assert lab.netsuite.database.refusals() == []


def test_a_sale_waits_for_its_customer_and_wakes_by_itself(lab: CashSaleLab) -> None:
    sale = lab.shop.place(1, "pos_completed")
    lab.shop.feed_completed_pos_orders()
    lab.sell("one")
    assert (lab.sale(sale).state.value, lab.sale(sale).field) == ("WAITING", "customer HC10001")
    lab.shop.feed_customers()
    lab.run("customers")
    lab.netsuite_works()
    lab.run("ids")
    lab.sell("two")
    assert lab.sale(sale).state.value == "DELIVERED"
    lab.netsuite_works()
    lab.sell("three")
    assert lab.sale(sale).state.value == "CONFIRMED"


def test_the_same_orders_again_are_no_second_sale(lab: CashSaleLab) -> None:
    lab.known_customers([1, 2])
    for name in ("one", "two"):
        lab.drop(lab.tills.order(1), lab.tills.order(2))
        lab.sell(name)
    assert len(exported(lab)) == 1
    lab.netsuite_works()
    lab.sell("three")
    lab.drop(lab.tills.order(1))
    lab.sell("four")
    assert lab.fates("N10001", "N10002") == [("CONFIRMED", "")] * 2
    assert not exported(lab)


def test_a_changed_sale_is_told_and_not_sent(lab: CashSaleLab) -> None:
    lab.known_customers([1])
    one = lab.tills.order(1)
    lab.drop(one)
    lab.sell("one")
    lab.drop(one | {"orderNote": "wrapped"})
    lab.sell("two")
    assert lab.fates("N10001") == [("DELIVERED", ""), ("QUARANTINED", "CHANGED_ORDER")]


def test_a_file_that_got_lost_goes_again_by_itself(lab: CashSaleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.known_customers([1])
    lab.drop(lab.tills.order(1))
    lab.sell("one")
    (path,) = exported(lab)
    content = path.read_bytes()
    path.unlink()
    later = lab.sale("N10001").updated_at + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("order_sync.flow.now", lambda: later)
    lab.sell("two")
    (again,) = exported(lab)
    assert (again.name, again.read_bytes()) == (path.name, content)
    lab.netsuite_works()
    lab.sell("three")
    assert lab.sale("N10001").state.value == "CONFIRMED"


def test_what_has_no_answer_is_told_by_name(lab: CashSaleLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.known_customers([1])
    lab.netsuite.faults.lose("CashSaleExport")
    lab.drop(lab.tills.order(1))
    lab.sell("one")
    lab.netsuite_works()
    later = lab.sale("N10001").updated_at + timedelta(hours=2, minutes=1)
    monkeypatch.setattr("order_sync.flow.now", lambda: later)
    lab.sell("two")
    problems = lab.book.problems_of_run(NETSUITE_CASH_SALES, "two", unreported_only=True)
    assert any("1 of netsuite_cash_sales are without an answer" in one.message for one in problems)
    assert any("N10001" in one.message for one in problems)
    assert not exported(lab)


def test_a_file_that_netsuite_refuses_sets_its_orders_aside(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = NetSuiteSettings(generation="title")  # the account expects other columns
    with CashSaleLab(tmp_path, ledger_template, monkeypatch, netsuite=account) as lab:
        lab.known_customers([1])
        lab.drop(lab.tills.order(1))
        lab.sell("one")
        lab.netsuite_works()
        lab.sell("two")
        assert lab.sale("N10001").state.value == "QUARANTINED"
        assert "column" in lab.sale("N10001").message
        account.generation = "camel"
        lab.sell("three", order_ids=["N10001"])
        lab.netsuite_works()
        lab.sell("four")
        assert lab.sale("N10001").state.value == "CONFIRMED"


def test_a_sales_order_never_becomes_a_cash_sale_as_well(lab: CashSaleLab) -> None:
    """A mixed cart whose shipped lines are cancelled once NetSuite has it."""
    key = lab.shop.place(1, "mixed_cart")
    lab.offer()
    lab.run("one")
    lab.netsuite_works()
    lab.run("two")
    assert lab.record(key).state.value == "DELIVERED"
    order = lab.shop.order(1)
    gone = [item for item in order["orderItems"] if item["shipmentMethodTypeId"] != "POS_COMPLETED"]
    for item in gone:
        item["itemStatusId"] = "ITEM_CANCELLED"
    order["grandTotal"] = sum(
        item["unitPrice"] * item["orderItemQuantity"] + sum(one["amount"] for one in item["orderItemAdjustments"])
        for item in order["orderItems"]
        if item not in gone
    )
    order["orderAdjustments"], order["payments"][0]["amount"] = [], order["grandTotal"]
    order["orderIdentifications"] = [
        one for one in order["orderIdentifications"] if one["orderIdentificationTypeId"] != "NETSUITE_ORDER_ID"
    ]
    lab.drop(as_completed(order))
    lab.sell("three")
    assert lab.fates(key) == [("EXCLUDED", "SENT_AS_SALES_ORDER")]
    lab.netsuite_works()
    assert lab.netsuite.database.order(key)
    assert lab.netsuite.database.cash_sale(key) is None


def test_a_cash_sale_never_becomes_a_sales_order_as_well(lab: CashSaleLab) -> None:
    """A file of created orders that comes late tells of the cart before its shipped line was cancelled."""
    lab.known_customers([1])
    lab.drop(lab.tills.order(1))
    lab.sell("one")
    early = lab.shop.generator.order(1, "pos_completed", customer=lab.tills.customer(1))
    early["orderStatusId"] = "ORDER_CREATED"
    early["orderItems"][0]["shipmentMethodTypeId"] = "STANDARD"
    path = lab.shop.created_orders_folder / "late.json"
    path.write_text(json.dumps([early], default=float), encoding="utf-8")
    lab.run("two")
    assert (lab.record("N10001").state.value, lab.record("N10001").reason) == ("EXCLUDED", "SENT_AS_CASH_SALE")
    lab.netsuite_works()
    assert lab.netsuite.database.order("N10001") is None
    assert lab.netsuite.database.cash_sale("N10001")


def test_a_completed_order_that_no_run_took_up_is_told(lab: CashSaleLab) -> None:
    lab.known_customers([1])
    order = lab.tills.order(1, "send_sale")
    order["orderIdentifications"].pop()
    lab.drop(order)
    lab.sell("one")
    assert lab.fates("N10001") == [("QUARANTINED", "MISSED_ORDER")]


def test_nothing_is_half_there_and_a_retry_sends_the_same_bytes(
    lab: CashSaleLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.known_customers([1, 2])
    lab.drop(lab.tills.order(1), lab.tills.order(2))
    work = lab.collect_sales()
    lab.transform_sales(work)
    lab.world.sftp.faults.deny("rename", "*CashSaleFeed*")
    with pytest.raises(AirflowFailException):
        lab.publish_sales(work)
    assert not exported(lab)
    lab.transform_sales(work)
    (path,) = lab.publish_sales(work)
    lab.archive_sales(work)
    assert [one.name for one in exported(lab)] == [path.rpartition("/")[2]]
    assert not [one for one in (lab.world.sftp.root / "netsuite/unfinished").iterdir() if one.is_file()]
    lab.publish_sales(work, "again", force_publish=True)
    assert len(exported(lab)) == 1


@pytest.mark.parametrize("flow", ["orders", "sales"])
def test_one_flow_decides_while_the_other_one_waits(lab: CashSaleLab, flow: str) -> None:
    """Else each could look whether the other one sent an order, and both send it."""
    nothing = {"batches": []}
    step = {"orders": lambda: lab.transform("orders", nothing), "sales": lambda: lab.transform_sales(nothing)}[flow]
    with ThreadPoolExecutor(1) as pool:
        with lab.book.alone("orders for NetSuite of default"):
            deciding = pool.submit(step)
            with pytest.raises(TimeoutError):
                deciding.result(timeout=0.5)
        deciding.result(timeout=30)


def test_a_dry_run_changes_nothing(lab: CashSaleLab) -> None:
    lab.drop(lab.tills.order(1))
    lab.sell("one", dry_run=True)
    assert lab.fates("N10001") == []
    assert not exported(lab)
