"""Customer deposits by REST: each once, whatever goes wrong between, and whichever way they were begun."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import NotSent
from order_sync.flow import NETSUITE_DEPOSITS
from order_sync.ledger import State
from order_sync.operators import delivery
from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.netsuite_replies import DEPOSIT
from sandbox.retailpro import LIES, Lie
from tests.faults.processes import Processes
from tests.support.netsuite_deposit_kit import (
    DECLINED,
    FOLDER,
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
    states,
    total,
)
from tests.support.netsuite_lab import RETAILER
from tests.support.netsuite_rest_lab import RestLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestLab]:
    with RestLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def send(lab: RestLab, *numbers: int, change: Callable[[Order], None] | None = None) -> list[str]:
    """Orders that NetSuite has and whose ids are known; nothing is done about their deposits."""
    orders = [lab.shop.place(number, "web") for number in numbers]
    lab.know_customers(*numbers)
    offer(lab, *numbers, change=change)
    lab.send(STAGES[1], f"orders of {numbers[0]}")
    return orders


def ready(lab: RestLab, run: str = "one") -> dict[str, list[int]]:
    """The batch of what is due, transformed."""
    work = lab.collect_deposits(run)
    lab.transform_deposits(work, run)
    return work


def made(lab: RestLab) -> int:
    return int(lab.netsuite.database.figures()["deposits"])


def test_deposits_are_made_and_confirmed_in_the_run_that_sends_their_orders(lab: RestLab) -> None:
    overlay(lab.folder, deposits={"max_per_file": 2})  # which is about files
    orders = [lab.shop.place(number, kind) for number, kind in enumerate(("web", "send_sale", "mixed_cart"), 1)]
    lab.offer()
    lab.run("one")
    assert states(lab, *orders) == {"CONFIRMED": 3}
    for number, order in enumerate(orders, 1):
        assert deposits(lab, order) == {f"{order}-CD-1": total(lab, number)}
        assert record(lab, order).amount_minor == total(lab, number) * 100
        assert lab.book.ids_of(RETAILER, DEPOSIT, [f"{order}-CD-1"]) == {
            f"{order}-CD-1": record(lab, order).partner_ref
        }
        assert len(lab.puts(f"{order}-CD-1")) == 1
    assert not files(lab)
    lab.netsuite_works()  # NetSuite's return files tell the same ids
    lab.run("two")
    assert states(lab, *orders) == {"CONFIRMED": 3}
    assert made(lab) == 3
    assert not lab.book.unfinished_batches(NETSUITE_DEPOSITS, RETAILER)


def test_every_payment_that_counts_is_a_deposit(lab: RestLab) -> None:
    parts = pay(("5", DECLINED, ""), ("10.10", SETTLED, ""), ("rest", SETTLED, "8841"))
    (order,) = send(lab, 1, change=parts)
    (part,) = send(lab, 2, change=pay(("1.00", SETTLED, "")))
    lab.deposits("one")
    assert deposits(lab, order) == {
        f"{order}-CD-2": Decimal("10.10"),
        f"{order}-CD-8841": total(lab, 1) - Decimal("10.10"),
    }
    assert (deposits(lab, part), record(lab, part).reason) == ({}, "NOT_FULLY_PAID")


def test_lies_make_no_second_deposit_and_lose_none(lab: RestLab) -> None:
    lab.change("netsuite_rest", breaker_failures=100)
    lies = [Lie(what, committed) for what in LIES for committed in (True, False)]
    orders = send(lab, *range(1, len(lies) + 1))
    for lie, order in zip(lies, orders, strict=True):
        lab.netsuite.rest.faults.lies.lie_about(f"{order}-CD-1", lie)
    lab.deposits("one")
    assert lab.netsuite.rest.faults.lies.pending == 0
    assert states(lab, *orders) == {"CONFIRMED": len(lies)}
    assert made(lab) == len(lies)
    assert [deposits(lab, order) for order in orders] == [
        {f"{order}-CD-1": total(lab, number)} for number, order in enumerate(orders, 1)
    ]


@pytest.mark.parametrize(
    "place", ["deliver.after_intent:2", "deliver.before_send:2", "deliver.after_send:2", "deliver.before_commit:2"]
)
def test_killed_between_call_and_commit_makes_no_second_deposit(lab: RestLab, tmp_path: Path, place: str) -> None:
    orders = send(lab, 1, 2, 3, 4, 5)
    work = ready(lab)
    with Processes(tmp_path) as processes:
        killed = processes.start("publish_deposits", work, "one", at=place, lab="RestLab").finish()
    assert killed.signal == signal.SIGKILL
    assert states(lab, *orders).get("CONFIRMED", 0) < 5
    lab.deposits("two")  # the next run takes the batch up
    assert states(lab, *orders) == {"CONFIRMED": 5}
    assert made(lab) == 5


@pytest.mark.parametrize("place", ["collect.before_batch:2", "transform.before_register"])
def test_run_that_was_killed_before_the_calls_is_finished_by_the_next(lab: RestLab, tmp_path: Path, place: str) -> None:
    orders = send(lab, 1, 2)
    with Processes(tmp_path) as processes:
        assert processes.start("deposits", "one", at=place, lab="RestLab").finish().signal == signal.SIGKILL
    more = send(lab, 3)
    lab.deposits("two")
    assert states(lab, *orders, *more) == {"CONFIRMED": 3}
    assert made(lab) == 3
    lab.collect_deposits("three")
    assert not lab.book.unfinished_batches(NETSUITE_DEPOSITS, RETAILER)


def test_two_runs_at_once_make_each_deposit_once(lab: RestLab, tmp_path: Path) -> None:
    lab.netsuite.rest.faults.latency_ms = 20
    orders = send(lab, *range(1, 9))
    with Processes(tmp_path) as processes:
        children = [processes.start("deposits", run, lab="RestLab") for run in ("one", "two")]
        assert 0 in [child.finish().code for child in children]
    lab.deposits("three")
    assert states(lab, *orders) == {"CONFIRMED": 8}
    assert {len(lab.puts(f"{order}-CD-1")) for order in orders} == {1}


def test_refused_deposit_is_an_exception_with_netsuites_words_and_can_be_brought_again(lab: RestLab) -> None:
    refused, fine = send(lab, 1, 2)
    lab.netsuite.faults.refuse[f"{refused}-CD-1"] = "The period is closed"
    lab.deposits("one")
    assert (states(lab, refused), states(lab, fine)) == ({"QUARANTINED": 1}, {"CONFIRMED": 1})
    assert record(lab, refused).reason == "NETSUITE_REFUSED"
    assert "The period is closed (USER_ERROR)" in record(lab, refused).message
    lab.netsuite.faults.refuse.clear()
    lab.deposits("by itself")
    assert states(lab, refused) == {"QUARANTINED": 1}
    lab.deposits("asked", order_ids=[refused])
    assert states(lab, refused) == {"CONFIRMED": 1}
    assert deposits(lab, refused) == {f"{refused}-CD-1": total(lab, 1)}


def test_what_another_hand_made_under_the_same_external_id_is_left_alone(lab: RestLab) -> None:
    (order,) = send(lab, 1)
    known = lab.netsuite.database.order(order)
    other = {"orderId": str(known["internal_id"]), "totalAmount": "1.00", "paymentMethod": "8"}
    by_hand = lab.netsuite.folder(FOLDER) / "by_hand.json"
    by_hand.write_text(json.dumps([{**other, "externalId": f"{order}-CD-1"}]), encoding="utf-8")
    lab.netsuite.scripts.run_now()
    lab.deposits("one")
    assert (record(lab, order).state, record(lab, order).reason) == (State.QUARANTINED, "NETSUITE_OTHER_CONTENT")
    assert deposits(lab, order) == {f"{order}-CD-1": Decimal("1.00")}


def test_order_that_is_cancelled_during_an_outage_gets_no_deposit(
    lab: RestLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_FIRST_PAUSE_SECONDS", 0.01)
    cancelled, other = send(lab, 1, 2)
    lab.change("netsuite_rest", breaker_failures=1)
    work = ready(lab)
    lab.netsuite.rest.faults.maintenance = True
    with pytest.raises(NotSent, match="2 deposits not sent"):
        lab.publish_deposits(work, "one")
    lab.netsuite.rest.faults.maintenance = False
    offer(lab, 1, change=cancel)
    lab.send(STAGES[1], "cancelled")
    lab.deposits("two")
    assert (record(lab, cancelled).state, record(lab, cancelled).reason) == (State.EXCLUDED, "CANCELLED_ORDER")
    assert states(lab, other) == {"CONFIRMED": 1}
    assert (deposits(lab, cancelled), lab.puts(f"{cancelled}-CD-1")) == ({}, [])


def test_dry_run_and_switched_off(lab: RestLab) -> None:
    (order,) = send(lab, 1)
    lab.deposits("dry", dry_run=True)
    overlay(lab.folder, deposits={"form": "off"})
    lab.deposits("off")
    assert (states(lab, order), made(lab)) == ({}, 0)


# A change of the transport.


def test_deposits_in_a_file_hold_up_none_by_rest_and_are_not_sent_again(lab: RestLab) -> None:
    lab.go_by("sftp")
    (first,) = send(lab, 1)
    lab.netsuite_works()
    go(lab, "by file")
    assert (states(lab, first), len(files(lab))) == ({"DELIVERED": 1}, 1)
    lab.go_by("rest")
    (second,) = send(lab, 2)
    go(lab, "by rest", order_ids=[first])  # its file is out: its answer may be on its way
    assert (states(lab, first), states(lab, second)) == ({"DELIVERED": 1}, {"CONFIRMED": 1})
    assert lab.puts(f"{first}-CD-1") == []
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, first, second) == {"CONFIRMED": 2}
    assert made(lab) == 2
    offer(lab, 1, 2, change=as_created(lambda _: None))
    lab.run("the same again")
    assert made(lab) == 2


def test_deposit_whose_answer_was_lost_is_found_by_rest(lab: RestLab) -> None:
    lab.go_by("sftp")
    (order,) = send(lab, 1)
    lab.netsuite_works()
    lab.netsuite.faults.lose("CustomerDeposit*")
    go(lab, "by file")
    lab.netsuite_works()
    lab.go_by("rest")
    overlay(lab.folder, deadline_hours=1e-9)
    lab.deposits("asked", order_ids=[order])
    assert states(lab, order) == {"CONFIRMED": 1}
    assert (deposits(lab, order), lab.puts(f"{order}-CD-1")) == ({f"{order}-CD-1": total(lab, 1)}, [])


def test_batch_that_nobody_was_promised_goes_by_the_new_transport(lab: RestLab) -> None:
    orders = send(lab, 1, 2)
    lab.go_by("sftp")
    work = ready(lab)
    lab.go_by("rest")
    with pytest.raises(AirflowFailException, match="was prepared for SFTP"):
        lab.publish_deposits(work, "one")
    lab.deposits("two")
    assert (states(lab, *orders), made(lab), files(lab)) == ({"CONFIRMED": 2}, 2, [])


def test_file_whose_upload_was_begun_ends_as_a_file(lab: RestLab, tmp_path: Path) -> None:
    (order,) = send(lab, 1)
    lab.go_by("sftp")
    work = ready(lab)
    with Processes(tmp_path) as processes:
        place = "publish.after_rename"
        killed = processes.start("publish_deposits", work, "one", at=place, lab="RestLab").finish()
    assert (killed.signal, len(files(lab))) == (signal.SIGKILL, 1)
    lab.go_by("rest")
    with pytest.raises(AirflowFailException, match="is on its way by SFTP"):
        lab.deposits("two")
    lab.go_by("sftp")
    lab.deposits("three")
    lab.netsuite_works()
    go(lab, "answers")
    assert (states(lab, order), made(lab)) == ({"CONFIRMED": 1}, 1)


def test_calls_that_were_begun_end_as_calls(lab: RestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_FIRST_PAUSE_SECONDS", 0.01)
    lab.change("netsuite_rest", breaker_failures=1)
    orders = send(lab, 1, 2)
    lab.netsuite.rest.faults.maintenance = True
    with pytest.raises(NotSent, match="2 deposits not sent"):
        lab.deposits("one")
    lab.netsuite.rest.faults.maintenance = False
    lab.go_by("sftp")
    with pytest.raises(NotSent, match="were prepared for REST"):
        lab.deposits("two")
    assert (files(lab), made(lab)) == ([], 0)
    lab.go_by("rest")
    lab.deposits("three")
    assert (states(lab, *orders), made(lab)) == ({"CONFIRMED": 2}, 2)
    lab.go_by("sftp")
    lab.deposits("four")
    assert files(lab) == []
