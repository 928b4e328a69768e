"""Customer deposits: one file per run, gone before it is worked on, and failures told in a file of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.netsuite import NetSuite
from tests.sandbox.netsuite_kit import deposit, names, put, results, returned, with_order

FOLDER, SCRIPT = "salesorder/customerdeposit", "HC_MR_CreateCustomerDeposit"


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def aged(path: Path, seconds: int) -> None:
    os.utime(path, (seconds, seconds))


def test_a_deposit_and_its_answer(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    put(netsuite, FOLDER, [deposit(order_id, "98.10"), deposit(order_id, 1.9, "")], "a.json")
    netsuite.scripts.run_now()
    order = netsuite.database.order("M1")
    assert order is not None
    assert [(one["external_id"], one["amount"], one["payment_method"]) for one in order["deposits"]] == [
        ("M1-CD-1", "98.10", "8"),
        (None, "1.9", "8"),
    ]
    assert {one["tran_date"] for one in order["deposits"]} == {order["modified_at"][:10]}
    assert Decimal(netsuite.database.figures()["deposited"]) == 100
    first, second = (one["internal_id"] for one in order["deposits"])
    assert returned(netsuite, "salesorder/import/orderpayment", "CustomerDepositExport") == [
        f"orderId,internalId,manualRefNumber\nM1,{first},M1-CD-1\nM1,{second},undefined\n"
    ]
    assert names(netsuite, f"{FOLDER}/archive") == ["a.json"]


def test_takes_only_the_oldest_file_that_is_not_empty(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    for age, name in enumerate(("empty.json", "z.json", "a.json")):
        content: bytes | list[object] = [deposit(order_id, "1.00", name)] if age else b""
        aged(put(netsuite, FOLDER, content, name), 1000 + age)
    netsuite.scripts.run_now()
    assert names(netsuite, FOLDER) == ["a.json", "empty.json"]
    netsuite.scripts.run_now()
    netsuite.scripts.run_now()
    assert names(netsuite, FOLDER) == ["empty.json"]
    assert [result for result, *_ in results(netsuite, SCRIPT)] == ["z.json", "a.json"]


def test_a_file_that_is_no_json_blocks_every_later_one(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    bad = put(netsuite, FOLDER, b'[{"orderId": "1', "bad.json")
    aged(bad, 1000)
    put(netsuite, FOLDER, [deposit(order_id)], "good.json")
    netsuite.scripts.run_now()
    netsuite.scripts.run_now()
    assert names(netsuite, FOLDER) == ["bad.json", "good.json"]
    assert [(job["file_name"], job["status"]) for job in netsuite.database.jobs(SCRIPT)] == [("bad.json", "BLOCKED")]
    assert names(netsuite, f"{FOLDER}/error") == []
    bad.unlink()
    netsuite.scripts.run_now()
    assert netsuite.database.figures()["deposits"] == 1


def test_what_is_not_above_zero_or_has_no_order_is_left_out_silently(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    amounts = ("0", "-1", 0, None, "1,000.00", True, "much")
    elements: list[object] = [deposit(order_id, amount, f"X{place}") for place, amount in enumerate(amounts)]
    put(netsuite, FOLDER, [*elements, deposit("", external_id="X7"), "text"])
    netsuite.scripts.run_now()
    assert {result for _, result, _ in results(netsuite, SCRIPT)} == {"skipped"}
    assert names(netsuite, f"{FOLDER}/error") == []
    assert netsuite.database.figures()["deposits"] == 0


def test_failures_are_told_without_quotes(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    netsuite.settings.unknown_payment_methods = {"99"}
    netsuite.faults.refuse["M1-CD-9"] = "Period closed, please choose another, or reopen it"
    put(
        netsuite,
        FOLDER,
        [
            deposit(order_id, external_id="M1-CD-1"),
            deposit(order_id, external_id="M1-CD-1", amount="5"),
            deposit(order_id, external_id="M1-CD-2", paymentMethod="99"),
            deposit("77", external_id="M1-CD-3"),
            deposit(order_id, external_id="M1-CD-9"),
        ],
    )
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, f"{FOLDER}/error", "ErrorCustomerDeposit")
    assert text == (
        "orderId,errorMessage\n"
        f"{order_id},This record already exists\n"
        f"{order_id},Invalid paymentmethod reference key 99\n"
        "77,You have entered an Invalid Field Value 77 for the following field: salesorder\n"
        f"{order_id},Period closed, please choose another, or reopen it\n"
    )
    assert netsuite.database.figures()["deposits"] == 1


def test_two_failures_of_one_order_and_external_id_are_both_lost(netsuite: NetSuite) -> None:
    put(netsuite, FOLDER, [deposit("77"), deposit("77"), deposit("78")])
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, f"{FOLDER}/error", "ErrorCustomerDeposit")
    assert [line.split(",")[0] for line in text.splitlines()] == ["orderId", "78"]


def test_a_known_external_id_is_refused_in_a_later_file(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    for name in ("a.json", "b.json"):
        put(netsuite, FOLDER, [deposit(order_id)], name)
        netsuite.scripts.run_now()
    assert [message for *_, message in results(netsuite, SCRIPT)] == ["", "This record already exists"]
    assert netsuite.database.figures()["deposits"] == 1


@pytest.mark.parametrize(("generation", "made"), [("title", 1), ("camel", 0)])
def test_older_keys_belong_to_the_older_generation(netsuite: NetSuite, generation: str, made: int) -> None:
    order_id = with_order(netsuite)
    netsuite.settings.generation = generation  # type: ignore[assignment]
    element = {"order_id": str(order_id), "total_amount": "693.00", "payment_method": "8", "external_id": "M1-CD-1"}
    put(netsuite, FOLDER, [element])
    netsuite.scripts.run_now()
    assert netsuite.database.figures()["deposits"] == made


def test_a_crash_after_the_move_loses_the_file(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    netsuite.faults.crash_deposits = 1
    put(netsuite, FOLDER, [deposit(order_id)], "a.json")
    netsuite.scripts.run_now()
    assert names(netsuite, f"{FOLDER}/archive") == ["a.json"]
    assert netsuite.database.jobs(SCRIPT)[0]["status"] == "CRASHED"
    put(netsuite, FOLDER, [deposit(order_id)], "a.json")
    netsuite.scripts.run_now()
    assert netsuite.database.figures()["deposits"] == 1
