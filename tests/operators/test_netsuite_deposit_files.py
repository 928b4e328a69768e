"""Deposits go one file at a time, each once, whatever is lost, killed or run twice."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from order_sync.flow import NETSUITE_DEPOSITS
from tests.support.netsuite_deposit_kit import (
    deposits,
    files,
    forked,
    go,
    later,
    more,
    overlay,
    record,
    settle,
    states,
    taken,
    told,
    total,
)
from tests.support.netsuite_lab import RETAILER, NetSuiteLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


# One file at a time.


def test_all_that_is_due_waits_for_the_answers_and_goes_together(lab: NetSuiteLab) -> None:
    first = settle(lab, 1, "web", "web")
    lab.netsuite.faults.delay("CustomerDeposit*", runs=3)
    go(lab, "deposits")
    (name,) = [path.name for path in files(lab)]
    others = settle(lab, 3, "web", "web")
    go(lab, "no answer yet")
    assert (files(lab), [path.name for path in taken(lab)]) == ([], [name])
    assert states(lab, *first) == {"DELIVERED": 2}
    assert states(lab, *others) == {"WAITING": 2}
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, *first) == {"CONFIRMED": 2}
    assert states(lab, *others) == {"DELIVERED": 2}
    (next_one,) = files(lab)
    assert [one["externalId"] for one in json.loads(next_one.read_bytes())] == [f"{order}-CD-1" for order in others]


def test_lost_answers_hold_up_the_others_until_the_deadline_only(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lost,) = settle(lab, 1, "web")
    lab.netsuite.faults.lose("CustomerDeposit*")
    go(lab, "deposits")
    lab.netsuite_works()
    (other,) = settle(lab, 2, "web")
    go(lab, "in time")
    assert (states(lab, lost), states(lab, other)) == ({"DELIVERED": 1}, {"WAITING": 1})
    later(lab, monkeypatch, lost)
    go(lab, "too late")
    assert (states(lab, lost), states(lab, other)) == ({"DELIVERED": 1}, {"DELIVERED": 1})
    assert f"{lost}-CD-1" in told(lab, "too late")
    assert len(files(lab)) == 1


def test_file_that_netsuite_does_not_take_holds_up_the_others(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = settle(lab, 1, "web")
    go(lab, "deposits")
    (file,) = files(lab)
    lab.netsuite.faults.stopped = True
    later(lab, monkeypatch, order)
    go(lab, "too late")
    assert files(lab) == [file]
    assert states(lab, order) == {"DELIVERED": 1}
    assert [one.state.value for one in lab.book.unfinished_batches(NETSUITE_DEPOSITS, RETAILER)] == ["PUBLISHED"]


def test_file_that_netsuite_never_got_is_put_there_again(lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch) -> None:
    (order,) = settle(lab, 1, "web")
    go(lab, "deposits")
    (file,) = files(lab)
    data = file.read_bytes()
    file.unlink()
    later(lab, monkeypatch, order)
    go(lab, "too late")
    assert file.read_bytes() == data
    assert "was put into" in told(lab, "too late")
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, order) == {"CONFIRMED": 1}


def test_deposits_of_a_crashed_script_are_sent_again_on_request(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders = settle(lab, 1, "web", "web")
    lab.netsuite.faults.crash_deposits = 1
    go(lab, "deposits")
    lab.netsuite_works()
    go(lab, "in time", order_ids=[orders[0]])
    assert states(lab, *orders) == {"DELIVERED": 2}  # the file is out: its answer may be on its way
    later(lab, monkeypatch, orders[0])
    go(lab, "asked", order_ids=[orders[0], f"{orders[1]}-CD-1"])
    assert len(files(lab)) == 1
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, *orders) == {"CONFIRMED": 2}
    assert [len(deposits(lab, order)) for order in orders] == [1, 1]


def test_deposit_that_netsuite_has_and_that_is_sent_again_is_not_made_twice(
    lab: NetSuiteLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (order,) = settle(lab, 1, "web")
    lab.netsuite.faults.lose("CustomerDeposit*")
    go(lab, "deposits")
    lab.netsuite_works()
    later(lab, monkeypatch, order)
    go(lab, "too late")
    go(lab, "asked", order_ids=[order])
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, order) == {"QUARANTINED": 1}
    assert deposits(lab, order) == {f"{order}-CD-1": total(lab, 1)}


@pytest.mark.parametrize("asked", ["all", "order", "deposit"])
def test_refused_deposits_are_told_in_netsuites_words_and_sent_again_on_request(lab: NetSuiteLab, asked: str) -> None:
    refused, fine = settle(lab, 1, "web", "web")
    words = "Invalid payment method, no account, none"
    lab.netsuite.faults.refuse[f"{refused}-CD-1"] = words
    go(lab, "deposits")
    lab.netsuite_works()
    go(lab, "answers")
    assert (states(lab, refused), states(lab, fine)) == ({"QUARANTINED": 1}, {"CONFIRMED": 1})
    assert words in record(lab, refused).message
    lab.netsuite.faults.refuse.clear()
    go(lab, "by itself")
    assert not files(lab)
    lab.run("asked", order_ids=[{"order": refused, "deposit": f"{refused}-CD-1"}.get(asked, asked)])
    lab.netsuite_works()
    go(lab, "answers again")
    assert states(lab, refused, fine) == {"CONFIRMED": 2}
    assert deposits(lab, refused) == {f"{refused}-CD-1": total(lab, 1)}


def test_file_holds_no_more_than_is_set(lab: NetSuiteLab, tmp_path: Path) -> None:
    overlay(tmp_path, deposits={"max_per_file": 2})
    orders = settle(lab, 1, "web", "web", "web")
    go(lab, "deposits")
    assert states(lab, *orders) == {"DELIVERED": 2, "WAITING": 1}
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, *orders) == {"CONFIRMED": 2, "DELIVERED": 1}


# Kills, clears, two at once.


@pytest.mark.parametrize(
    "at",
    [
        *("collect.before_batch:1", "collect.before_batch:2", "transform.before_decide:1", "transform.before_decide:2"),
        *("transform.before_register", "publish.before_upload", "publish.before_rename", "publish.after_rename"),
        "publish.before_commit",
    ],
)
def test_step_that_was_killed_is_finished_by_the_next_run(lab: NetSuiteLab, at: str) -> None:
    orders = settle(lab, 1, "web", "web")
    third = more(lab, 3)
    pid = forked(lambda: lab.deposits("one"), at)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    for run in ("two", "three", "four"):
        assert len(files(lab)) <= 1
        lab.answers(run)
        lab.deposits(run)
        lab.netsuite_works()
    lab.answers("five")
    assert states(lab, *orders, third) == {"CONFIRMED": 3}
    assert deposits(lab, orders[0]) == {f"{orders[0]}-CD-1": total(lab, 1)}


def test_two_runs_at_once_make_one_file(lab: NetSuiteLab) -> None:
    orders = settle(lab, 1, "web", "web", "web")
    lab.answers("ids")
    pids = [forked(lambda run=run: lab.deposits(run)) for run in ("one", "two")]
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids] == [0, 0]
    assert len(files(lab)) == 1
    lab.netsuite_works()
    go(lab, "answers")
    assert states(lab, *orders) == {"CONFIRMED": 3}
    assert lab.netsuite.database.figures()["deposits"] == 3
    assert not [one for one in lab.netsuite.database.refusals() if "deposit" in one["script"].lower()]


def test_cleared_steps_change_nothing(lab: NetSuiteLab) -> None:
    (order,) = settle(lab, 1, "web")
    lab.answers("ids")
    work = lab.deposits("one")
    (file,) = files(lab)
    before = file.stat().st_mtime_ns, file.read_bytes()
    lab.transform_deposits(work, "one")
    lab.publish_deposits(work, "one")
    assert lab.deposits("one") == {"batches": []}
    assert [(path.stat().st_mtime_ns, path.read_bytes()) for path in files(lab)] == [before]
    assert states(lab, order) == {"DELIVERED": 1}
