from __future__ import annotations

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import NotSent
from sandbox.predictspring import Shop
from tests.support.airflow_lab import text_of
from tests.support.step_lab import START, StepLab

SHOP = Shop(seed=83)


def test_nothing_failed_no_mail(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    steps.through("archive")
    assert steps.report(states={"archive": "success", "report": "running"}) == ""
    assert steps.world.mailbox.messages == []


def test_exception_is_told_once_with_a_lasting_id(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    identity = steps.report()
    (mail,) = steps.world.mailbox.messages
    assert mail["Message-ID"].strip() == identity
    assert steps.report() == ""
    assert len(steps.world.mailbox.messages) == 1


def test_noted_problem_is_told_with_its_next_step(steps: StepLab) -> None:
    steps.world.tlog_folder.rmdir()
    with pytest.raises(AirflowFailException):
        steps.wait()
    steps.report(states={"wait_for_tlogs": "failed", "collect": "upstream_failed"})
    text = text_of(steps.world.mailbox.messages[0])
    assert "1 step failed" in text
    assert "wait_for_tlogs" in text
    assert "have the partner create it" in text
    assert steps.report() == ""


def test_step_that_died_without_a_word_is_told(steps: StepLab) -> None:
    steps.report(states={"transform": "failed", "publish": "upstream_failed", "collect": "success"})
    text = text_of(steps.world.mailbox.messages[0])
    assert "transform" in text
    assert "ended without a word" in text
    assert "publish" not in text


def test_problem_of_another_run_is_not_told_here(steps: StepLab) -> None:
    steps.world.sftp.stop()
    with pytest.raises(NotSent):
        steps.wait(run="two")
    assert steps.report(run="one") == ""
    assert steps.report(run="two") != ""


def test_mail_that_did_not_go_is_still_to_be_told(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    steps.world.mailbox.reject_all = True
    with pytest.raises(NotSent):
        steps.report()
    steps.world.mailbox.reject_all = False
    identity = steps.report()
    (mail,) = steps.world.mailbox.messages
    assert identity
    assert "step failed" not in text_of(mail), "the mail that arrives does not complain about the one that did not"
    assert steps.problems() == []


def test_refused_recipient_is_named(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    steps.world.mailbox.refuse_recipients("gone@*")
    with pytest.raises(AirflowFailException, match=r"gone@example\.com"):
        steps.report(to=["here@example.com", "gone@example.com"])
    (mail,) = steps.world.mailbox.messages
    assert mail["X-RcptTo"] == "here@example.com"
    assert steps.report(to=["here@example.com"]) == "", "they have it"


def test_every_recipient_refused_leaves_all_to_be_told(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    steps.world.mailbox.refuse_recipients("*")
    with pytest.raises(AirflowFailException):
        steps.report()
    steps.world.mailbox.refused_recipients.clear()
    assert steps.report() != ""
    assert len(steps.world.mailbox.messages) == 1


def test_dry_run_sends_nothing(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    with steps.dry():
        assert steps.report(dry_run=True) == ""
    assert steps.world.mailbox.messages == []


def test_figures_close_and_name_the_window(steps: StepLab) -> None:
    steps.drop(SHOP.order(1), SHOP.order(2), SHOP.return_order(3))
    steps.through("archive")
    steps.report()
    text = text_of(steps.world.mailbox.messages[0])
    assert f"Window {START:%Y-%m-%d %H:%M} to 06:15 UTC" in text
    assert "Arrived: 3," in text
    assert "Sent: 2," in text
    assert "Set aside for a person: 1," in text
