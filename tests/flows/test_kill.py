"""The process is killed with SIGKILL at every place that matters; what follows finishes the work, once."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.truth import Order, Truth

SHOP = Shop(seed=41)
GOOD = [SHOP.order(n, kind, slim=True) for n, kind in enumerate(("in_store", "mixed", "send_sale", "in_store"), 1)]
AT = datetime(2026, 9, 1, 6, 7, tzinfo=UTC)
NEXT = AT + timedelta(minutes=15)

#: Where to die, and the how-manieth time the place is passed; there are five files, two feeds and one mail.
KILLS = (
    "fetch.before_download:1",
    "fetch.after_download:4",
    "collect.before_batch:1",
    "transform.before_decide:1",
    "transform.before_decide:2",
    "transform.before_register:1",
    "publish.before_upload:1",
    "publish.before_upload:2",
    "publish.before_rename:1",
    "publish.before_rename:2",
    "publish.after_rename:1",
    "publish.after_rename:2",
    "publish.before_commit:1",
    "publish.before_commit:2",
    "confirm.before_commit:1",
    "confirm.before_commit:2",
    "move.before_rename:1",
    "move.before_rename:5",
    "move.after_rename:1",
    "move.after_rename:5",
    "report.after_send:1",
)
#: Those after which HotWax may, or may not, have taken the file before the next try looks.
AT_PUBLISH = tuple(kill for kill in KILLS if kill.startswith(("publish.after", "publish.before_commit")))
FIRST_TIMES = tuple(kill for kill in KILLS if kill.endswith(":1") and kill not in AT_PUBLISH)


@pytest.mark.parametrize("kill", KILLS)
def test_same_run_again(lab: AirflowLab, kill: str) -> None:
    """What a retry or a clear does; HotWax takes what it finds at once."""
    _drop(lab)
    lab.kill(kill, at=AT)
    lab.world.hotwax.importer.import_now()
    assert lab.run(at=AT).state == "success"
    _check(lab)
    assert len({mail["Message-ID"] for mail in lab.mails}) == 1


@pytest.mark.parametrize("kill", [*FIRST_TIMES, *AT_PUBLISH])
def test_another_run(lab: AirflowLab, kill: str) -> None:
    """The next scheduled run; HotWax takes nothing before it is over, and nobody waits for it."""
    _drop(lab)
    confirming = kill.startswith("confirm")
    if not confirming:
        lab.settings(connections={"hotwax_api": ""})
        lab.world.hotwax.importer.stop()
    lab.kill(kill, at=AT)
    assert lab.run(at=NEXT).state == "success"
    if not confirming:
        lab.world.hotwax.importer.import_now()
    _check(lab)
    assert len(lab.mails) == (2 if kill.startswith("report") else 1), "a mail that was sent cannot be taken back"


@pytest.mark.parametrize("kill", AT_PUBLISH)
def test_hotwax_has_taken_the_file_before_the_next_run_looks(lab: AirflowLab, kill: str) -> None:
    _drop(lab)
    lab.kill(kill, at=AT)
    lab.world.hotwax.importer.import_now()
    assert lab.run(at=NEXT).state == "success"
    _check(lab)


def test_killed_again_and_again(lab: AirflowLab) -> None:
    """Every try gets one place further, and the last one to the end."""
    _drop(lab)
    for kill in (
        "fetch.after_download:1", "transform.before_register:1", "publish.after_rename:1", "publish.before_commit:1",
        "confirm.before_commit:1", "move.after_rename:1", "report.after_send:1",
    ):  # fmt: skip
        lab.kill(kill, at=AT)
    assert lab.run(at=AT).state == "success"
    _check(lab)


def test_new_files_between_the_kill_and_the_next_run(lab: AirflowLab) -> None:
    _drop(lab)
    lab.kill("publish.before_rename:1", at=AT)
    lab.drop(late := SHOP.order(6, "mixed"), *GOOD[:2], stem="late")
    assert lab.run(at=NEXT).state == "success"
    _check(lab, late)


def test_mended_order_comes_while_its_batch_is_unfinished(lab: AirflowLab) -> None:
    """The next run has the old batch to finish, in which the order is wrong, and the new one, in which it is right."""
    wrong, right = SHOP.order(7, "mixed", having=("open_total",)), SHOP.order(7, "mixed")
    _drop(lab)
    lab.drop(wrong, stem="wrong")
    lab.kill("publish.before_upload:1", at=AT)
    lab.drop(right, stem="right")
    assert lab.run(at=NEXT).state == "success"
    _check(lab, right)


def _drop(lab: AirflowLab) -> None:
    """Five files: two orders alone, two in an array, a return, and one that is no JSON."""
    lab.drop(*GOOD[:2])
    lab.drop(*GOOD[2:], stem="hour", layout="array")
    lab.drop(SHOP.return_order(5), stem="return")
    (lab.inbox / "cut.json").write_text(json.dumps(SHOP.order(8))[:-50])


def _check(lab: AirflowLab, *more: Order) -> None:
    assert Truth(*GOOD, *more).faults(lab) == []
    assert {batch.state for batch in lab.batches()} == {"CLOSED"}
    files = [name for name in lab.tree() if name.startswith("predictspring/tlog/error/")]
    assert [name.rpartition("/")[2] for name in files] == ["cut.json"]
    assert not [name for name in lab.tree() if name.endswith(".part")]
    told = "".join(map(text_of, lab.mails))
    assert "PS00000005" in told
    assert "cut.json" in told
