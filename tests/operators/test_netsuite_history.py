"""Customers that NetSuite had before the first feed: none of them is made twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from tests.support.cash_sale_lab import HISTORY, CashSaleLab

FOLDER = "historicalshopifycustomer/csv"
HEADER = "Internal ID,HC Shopify Customer Id"


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CashSaleLab]:
    with CashSaleLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def shopify_id(number: int) -> str:
    return str(5_700_000_000_000 + number)


def put(lab: CashSaleLab, content: str, name: str = "history.csv", folder: str = FOLDER) -> None:
    (lab.netsuite.folder(folder) / name).write_text(content, encoding="utf-8")


def problems(lab: CashSaleLab, run: str = "history") -> list[str]:
    return [problem.message for problem in lab.book.problems_of_run(HISTORY, run, unreported_only=True)]


def sell_to_an_old_customer(lab: CashSaleLab, *, loaded: bool) -> tuple[int, list[int]]:
    """An order of a customer whom NetSuite has had for long; their internal id, and those of all that it has now."""
    old = lab.netsuite.add_customer("", shopify_id(1))
    if loaded:
        lab.netsuite.scripts.export_history()
        lab.load_history()
    order = lab.shop.place(1, "web")
    for run in ("one", "two", "three"):
        lab.offer()
        lab.run(run)
        lab.netsuite_works()
    lab.run("four")
    assert lab.record(order).state.value in {"CONFIRMED", "EXCLUDED"}  # offered again, HotWax having its id by then
    query = "SELECT internal_id FROM customers WHERE shopify_customer_id = ? ORDER BY internal_id"
    return old, [row["internal_id"] for row in lab.netsuite.database.rows(query, shopify_id(1))]


def test_without_the_run_the_customer_is_made_twice(lab: CashSaleLab) -> None:
    """NetSuite does not look for doubles in this import."""
    old, there = sell_to_an_old_customer(lab, loaded=False)
    assert there[0] == old
    assert len(there) == 2


def test_with_the_run_the_order_goes_to_the_customer_that_is_there(lab: CashSaleLab) -> None:
    old, there = sell_to_an_old_customer(lab, loaded=True)
    assert there == [old]
    order = lab.netsuite.database.order("N10001")
    assert order is not None
    assert order["customer_id"] == old
    assert lab.book.ids_of("default", "netsuite_customer", ["HC10001"]) == {"HC10001": str(old)}
    assert lab.customers("HC10001") == {"EXCLUDED": 1}
    assert problems(lab) == []


def test_an_order_finds_its_customer_by_shopify_s_number(lab: CashSaleLab) -> None:
    """Its feed names the number; the customer himself need not be in a feed."""
    old = lab.netsuite.add_customer("", shopify_id(1))
    lab.netsuite.scripts.export_history()
    lab.load_history()
    order = lab.shop.place(1, "web")
    lab.shop.feed_created_orders()
    lab.run("one")
    assert lab.record(order).state.value == "DELIVERED"
    sale = lab.shop.place(2, "pos_completed", customer=1)
    lab.shop.feed_completed_pos_orders()
    lab.sell("one")
    lab.netsuite_works()
    lab.sell("two")
    assert lab.sale(sale).state.value == "CONFIRMED"
    found = lab.netsuite.database.cash_sale(sale)
    assert found is not None
    assert found["customer_id"] == old


def test_one_customer_with_two_ids_is_told_by_name(lab: CashSaleLab) -> None:
    put(lab, f"{HEADER}\n10,{shopify_id(1)}\n11,{shopify_id(1)}\n12,{shopify_id(2)}\n13,\n")
    assert lab.load_history() == {"netsuite_customer_by_shopify": 2, "netsuite_customer": 0}
    assert problems(lab) == [
        f"NetSuite has 1 customers more than once: Shopify's customer {shopify_id(1)} is 10, and 11 as well."
    ]
    kept = lab.book.ids_of("default", "netsuite_customer_by_shopify", [shopify_id(1), shopify_id(2)])
    assert kept == {shopify_id(1): "10", shopify_id(2): "12"}
    put(lab, f"{HEADER}\n99,{shopify_id(2)}\n", "other.csv")
    lab.load_history("again", files=["other.csv"])
    assert problems(lab, "again") == [
        f"NetSuite has 1 customers more than once: Shopify's customer {shopify_id(2)} is 12, and 99 as well."
    ]


def test_the_same_file_again_changes_nothing(lab: CashSaleLab) -> None:
    put(lab, f"\ufeff{HEADER}\r\n10,{shopify_id(1)}\r\n\r\n")
    assert lab.load_history("one") == lab.load_history("two")
    assert problems(lab, "two") == []
    archive = lab.netsuite.folder(f"{FOLDER}/archive")
    (lab.netsuite.folder(FOLDER) / "history.csv").rename(archive / "history.csv")
    assert lab.load_history("three")["netsuite_customer_by_shopify"] == 1


def test_party_ids_are_kept_where_a_file_has_them(lab: CashSaleLab) -> None:
    put(lab, f"HC Customer Id,Name,{HEADER}\nHC10001,X,10,{shopify_id(1)}\nHC10002,Y,11,\n")
    assert lab.load_history() == {"netsuite_customer_by_shopify": 1, "netsuite_customer": 2}
    assert lab.book.ids_of("default", "netsuite_customer", ["HC10001", "HC10002"]) == {
        "HC10001": "10", "HC10002": "11",
    }  # fmt: skip


def test_lines_that_cannot_be_read_are_told(lab: CashSaleLab) -> None:
    put(lab, f"{HEADER}\n10,{shopify_id(1)},more\n,{shopify_id(2)}\n12,{shopify_id(3)}\n")
    assert lab.load_history()["netsuite_customer_by_shopify"] == 1
    assert problems(lab) == ["2 lines of 'history.csv' could not be read: 2, 3."]


def test_a_dry_run_keeps_nothing(lab: CashSaleLab) -> None:
    put(lab, f"{HEADER}\n10,{shopify_id(1)}\n")
    lab.load_history(dry_run=True)
    assert lab.book.ids_of("default", "netsuite_customer_by_shopify", [shopify_id(1)]) == {}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No file of customers: not found"),
        ("", "it holds no data"),
        ("Internal ID,Shopify\n1,2\n", "it has no column HC Shopify Customer Id"),
    ],
)
def test_what_cannot_be_loaded_is_red(lab: CashSaleLab, content: str | None, told: str) -> None:
    if content is not None:
        put(lab, content)
    with pytest.raises(AirflowFailException, match=told):
        lab.load_history()
    (message,) = problems(lab)
    assert told in message
