"""The report is the last resort: it must not get lost, and a run whose report failed must not look well."""

from __future__ import annotations

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=19)


@pytest.mark.parametrize("trouble", ["down", "busy"])
def test_report_is_sent_by_the_next_run_when_the_mail_server_fails(lab: AirflowLab, trouble: str) -> None:
    order = SHOP.order(1)
    lab.drop(order, SHOP.return_order(2))
    if trouble == "down":
        lab.world.mailbox.stop()
    else:
        lab.world.mailbox.reject_all = True
    run = lab.run()
    assert run.state == "failed"
    assert (run.tasks["archive"], run.tasks["report"], run.tasks["finished"]) == (
        "success", "failed", "upstream_failed",
    )  # fmt: skip
    assert "Nobody got the report" in run.log if trouble == "busy" else "smtp_default" in run.log
    assert Truth(order).faults(lab) == [], "the data path does not wait for the mail"

    if trouble == "down":
        lab.world.mailbox.start()
    lab.world.mailbox.reject_all = False
    assert lab.run().state == "success"
    assert lab.run().state == "success"

    (mail,) = lab.mails
    assert "PS00000002" in text_of(mail)


def test_failed_step_is_told_by_the_next_report_when_the_mail_server_was_down(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1))
    lab.hotwax_sftp.stop()
    lab.world.mailbox.stop()
    run = lab.run()
    assert (run.tasks["publish"], run.tasks["report"]) == ("failed", "failed")
    lab.world.mailbox.start()
    run = lab.run()
    assert (run.tasks["publish"], run.tasks["report"]) == ("failed", "success")
    (mail,) = lab.mails
    assert "hotwax_sftp" in text_of(mail)


def test_retry_of_the_report_does_not_complain_about_itself(lab: AirflowLab) -> None:
    """The mail that gets through says nothing of the tries before it."""
    lab.settings(retries=4)
    lab.drop(SHOP.return_order(1))
    lab.world.mailbox.reject_all = True
    running = lab.start()
    lab.until(lambda: any(row["task_id"] == "report" for row in lab.rows("problems")))
    lab.world.mailbox.reject_all = False
    assert lab.finish(running).state == "success"
    (mail,) = lab.mails
    assert "PS00000001" in text_of(mail)
    assert "smtp_default" not in text_of(mail)
    assert "FAILED" not in mail["Subject"].upper()


def test_refused_recipient_is_named_and_the_others_have_their_mail(lab: AirflowLab) -> None:
    lab.settings(contacts=["here@example.com", "gone@example.com"])
    lab.world.mailbox.refuse_recipients("gone@*")
    lab.drop(SHOP.return_order(1))
    run = lab.run()
    assert (run.state, run.tasks["report"]) == ("failed", "failed")
    (mail,) = lab.mails
    assert mail["X-RcptTo"] == "here@example.com"
    assert "gone@example.com" in run.log
    lab.run()
    assert len(lab.mails) == 1, "nobody gets the same report twice"
