"""Which payments become deposits, settings and params: against NetSuite's own database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from order_sync.flow import NETSUITE_DEPOSITS
from sandbox.netsuite import NetSuiteSettings
from tests.support.netsuite_deposit_kit import (
    DECLINED,
    REFUNDED,
    SETTLED,
    Order,
    as_created,
    cancel,
    deposits,
    files,
    go,
    offer,
    overlay,
    pay,
    record,
    send,
    settle,
    states,
    taken,
    total,
)
from tests.support.netsuite_lab import RETAILER, NetSuiteLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


# What becomes of payments.


def test_money_in_is_money_out_per_order(lab: NetSuiteLab) -> None:
    kinds = ("web", "send_sale", "web", "mixed_cart", "web")
    orders = settle(lab, 1, *kinds)
    assert states(lab, *orders) == {"WAITING": 5}
    assert record(lab, orders[0]).field == f"order {orders[0]}"
    go(lab, "deposits")
    assert states(lab, *orders) == {"DELIVERED": 5}
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, *orders) == {"CONFIRMED": 5}
    for number, order in enumerate(orders, start=1):
        assert deposits(lab, order) == {f"{order}-CD-1": total(lab, number)}
        assert record(lab, order).amount_minor == total(lab, number) * 100
    assert len(taken(lab)) == 1


def test_every_payment_is_a_deposit_and_none_renumbers_another(lab: NetSuiteLab) -> None:
    parts = pay(("5", DECLINED, ""), ("10.10", SETTLED, ""), ("0", SETTLED, ""), ("rest", SETTLED, "8841"))
    (order,) = settle(lab, 1, "web", change=parts)
    go(lab, "deposits")
    lab.netsuite_works()
    rest = total(lab, 1) - Decimal("10.10")
    assert deposits(lab, order) == {f"{order}-CD-2": Decimal("10.10"), f"{order}-CD-8841": rest}


def test_order_paid_in_part_has_no_deposit_until_it_comes_paid(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, 1, "web", change=pay(("1.00", SETTLED, "")))
    go(lab, "deposits")
    assert (record(lab, order).state.value, record(lab, order).reason) == ("EXCLUDED", "NOT_FULLY_PAID")
    offer(lab, 1, change=as_created(pay(("rest", SETTLED, ""))))
    send(lab, "paid")
    lab.netsuite_works()
    assert deposits(lab, order) == {f"{order}-CD-1": total(lab, 1)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (cancel, "CANCELLED_ORDER"),
        (as_created(pay(("rest", SETTLED, "7"), ("1.00", REFUNDED, ""))), "PAYMENT_GONE"),
        (as_created(pay(("1.00", SETTLED, "7"), ("rest", REFUNDED, ""))), "NOT_FULLY_PAID"),
    ],
)
def test_order_that_is_cancelled_or_paid_back_in_time_gets_no_deposit(
    lab: NetSuiteLab, change: Callable[[Order], None], reason: str
) -> None:
    (order,) = settle(lab, 1, "web")
    offer(lab, 1, change=change)
    send(lab, "deposits")
    assert (record(lab, order).state.value, record(lab, order).reason) == ("EXCLUDED", reason)
    lab.netsuite_works()
    assert f"{order}-CD-1" not in deposits(lab, order)


def test_order_that_is_cancelled_while_its_deposit_is_ready_gets_none(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, 1, "web")
    lab.answers("one")
    work = lab.collect_deposits("one")
    lab.transform_deposits(work, "one")
    assert states(lab, order) == {"READY": 1}
    offer(lab, 1, change=cancel)
    send(lab, "two")
    assert states(lab, order) == {"EXCLUDED": 1}
    assert not files(lab)
    go(lab, "three")
    assert not lab.book.unfinished_batches(NETSUITE_DEPOSITS, RETAILER)


def test_negative_payment_is_told(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, 1, "web", change=pay(("-1.00", SETTLED, ""), ("rest", SETTLED, "")))
    assert (record(lab, order).state.value, record(lab, order).reason) == ("QUARANTINED", "BAD_MONEY")
    go(lab, "asked", order_ids=[order])
    assert record(lab, order).state.value == "QUARANTINED"


def test_method_that_the_table_leaves_blank_has_no_deposits(
    lab: NetSuiteLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    include = copytree("include", tmp_path / "include")
    table = include / "mappings/lookups/netsuite_payment_method.csv"
    table.write_text("key,value,description\nEXT_SHOP_CARD,,\n", encoding="utf-8")
    monkeypatch.setenv("ORDER_SYNC_INCLUDE", str(include))
    (order,) = settle(lab, 1, "web", change=pay(("rest", SETTLED, "")))
    assert states(lab, order) == {}


# Settings and params.


def test_older_accounts_get_the_older_keys(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = NetSuiteSettings(generation="title")
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch, netsuite=older, generation="title") as lab:
        overlay(tmp_path, deposits={"form": "legacy"})
        (order,) = settle(lab, 1, "web")
        go(lab, "deposits")
        lab.netsuite_works()
        assert deposits(lab, order) == {f"{order}-CD-1": total(lab, 1)}


def test_nothing_is_sent_where_deposits_are_off(lab: NetSuiteLab, tmp_path: Path) -> None:
    overlay(tmp_path, deposits={"form": "off"})
    (order,) = settle(lab, 1, "web")
    go(lab, "deposits")
    assert (states(lab, order), files(lab)) == ({}, [])


@pytest.mark.parametrize("asked", [{"dry_run": True}, {"force_publish": True}])
def test_dry_runs_and_repeated_intervals_send_none(lab: NetSuiteLab, asked: dict[str, Any]) -> None:
    (order,) = settle(lab, 1, "web")
    lab.answers("ids")
    lab.deposits("one", **asked)
    assert (states(lab, order), files(lab)) == ({"WAITING": 1}, [])
    lab.deposits("two")
    (file,) = files(lab)
    before = file.stat().st_mtime_ns
    lab.deposits("three", **asked)
    assert [(path, path.stat().st_mtime_ns) for path in files(lab)] == [(file, before)]
