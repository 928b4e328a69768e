"""Trouble on HotWax's side and with the archive: the next run finishes what one left, and nothing goes twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.hotwax import HotWaxSettings
from sandbox.predictspring import Shop
from tests.support.airflow_lab import Airflow, AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=17)
ORDERS = [SHOP.order(n, kind) for n, kind in enumerate(("mixed", "in_store", "send_sale"), start=1)]
FEEDS, VARIANCES = "/hotwax/order-feed/*", "/hotwax/inventory-variance/*"


def test_failed_publish_leaves_the_run_failed_and_the_report_sent(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.hotwax_sftp.stop()
    run = lab.run()
    assert run.state == "failed"
    failed = {task: state for task, state in run.tasks.items() if state != "success"}
    assert failed == {
        "publish": "failed", "confirm": "upstream_failed", "archive": "upstream_failed", "finished": "upstream_failed",
    }  # fmt: skip
    (mail,) = lab.mails
    assert "publish" in text_of(mail)
    assert "hotwax_sftp" in text_of(mail)
    assert lab.published() == {}
    assert Truth().faults(lab, inbox=3)[0].endswith("was not published")


def test_next_run_finishes_what_the_last_one_left(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.hotwax_sftp.stop()
    lab.run()
    lab.hotwax_sftp.start()
    lab.drop(late := SHOP.order(4, "mixed"), stem="late")

    assert lab.run().state == "success"

    assert Truth(*ORDERS, late).faults(lab) == []
    assert len(lab.published()) == len(lab.batches()) == 2, "a batch is never mixed with what came later"
    assert len(lab.mails) == 1, "what was mended by itself needs nobody"


def test_unfinished_batch_is_finished_although_no_file_came(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.hotwax_sftp.faults.deny("open", FEEDS)
    assert lab.run().state == "failed"
    for path in lab.inbox.glob("*.json"):
        path.unlink()  # somebody tidied up: the staging store has the bytes
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == []
    assert "Ask who else takes files out of the folder; the downloaded copy is kept." in text_of(lab.mails[-1])
    assert len(lab.mails) == 2
    assert lab.run().tasks["wait_for_tlogs"] == "skipped", "nothing is left to finish"


@pytest.mark.parametrize("pattern", [FEEDS, VARIANCES])
def test_connection_cut_after_the_rename_before_the_answer(lab: AirflowLab, pattern: str) -> None:
    lab.drop(*ORDERS)
    lab.hotwax_sftp.faults.cut_after_rename(pattern)
    assert lab.run().state == "success"
    assert [one.kind for one in lab.hotwax_sftp.faults.happened] == ["cut_after_rename"]
    assert Truth(*ORDERS).faults(lab) == []


@pytest.mark.parametrize("cut", ["cut_before_rename", "cut_upload"])
def test_connection_cut_before_the_feed_has_its_name(lab: AirflowLab, cut: str) -> None:
    lab.drop(*ORDERS)
    faults = lab.hotwax_sftp.faults
    if cut == "cut_upload":
        faults.cut_upload(FEEDS, after_bytes=700)
    else:
        faults.cut_before_rename(FEEDS)
    lab.run()
    assert len(faults.happened) == 1
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == [], "one file, and nothing of the first try is left"


def test_other_bytes_under_the_name_of_a_feed_stop_the_flow(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.hotwax_sftp.faults.deny("open", FEEDS)
    lab.run()
    (name,) = [row["name"] for row in lab.rows("feeds") if row["target"] == "order_feed"]
    lab.world.hotwax.importer.stop()
    (lab.world.order_feed_folder / name).write_text("somebody else's")
    run = lab.run()
    assert (run.state, run.tasks["publish"]) == ("failed", "failed")
    assert (lab.world.order_feed_folder / name).read_text() == "somebody else's"
    assert "exists on the server with other bytes" in text_of(lab.mails[-1])


def test_crashed_import_is_red_until_hotwax_has_run_it_again(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.world.hotwax.importer.faults.crash_next()
    run = lab.run()
    assert (run.state, run.tasks["confirm"], run.tasks["report"]) == ("failed", "failed", "success")
    (mail,) = lab.mails
    (name,) = lab.published()
    assert name in text_of(mail)
    assert "ended as crashed" in text_of(mail)
    assert "run the import there again, clear this task" in text_of(mail)
    assert set(lab.states().values()) == {"DELIVERED"}
    archived = lab.world.order_feed_folder / "archive" / name
    archived.rename(lab.world.order_feed_folder / name)  # a person lets HotWax import it again

    assert lab.run().state == "success"

    assert set(lab.states().values()) == {"CONFIRMED"}
    truth = Truth(*ORDERS)
    assert [fault for fault in truth.faults(lab) if "import" not in fault] == []


def test_import_that_does_not_come_is_red_and_named(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.settings(confirm={"poke_seconds": 0.1, "timeout_seconds": 0.3})
    lab.world.hotwax.importer.stop()
    run = lab.run()
    assert (run.state, run.tasks["confirm"]) == ("failed", "failed")
    text = text_of(lab.mails[0])
    assert all(row["name"] in text for row in lab.rows("feeds"))
    assert "has not imported" in text
    lab.world.hotwax.importer.start()
    lab.settings()
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == []


def test_hotwax_that_is_out_of_order_is_asked_by_the_next_run(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.world.hotwax.api.faults.answer(503, times=50)
    run = lab.run()
    assert (run.state, run.tasks["confirm"]) == ("failed", "failed")
    assert "HotWax answered HTTP 503" in text_of(lab.mails[0])
    lab.world.hotwax.api.faults.clear()
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == []


def test_refused_stock_rows_are_told_and_never_sent_again(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.settings(values={"variance_reason": "NO_SUCH_REASON"})
    run = lab.run()
    assert run.state == "success"
    (mail,) = lab.mails
    rows = sum(line["omniFulfillmentType"] == "IN_STORE" for order in ORDERS for line in order["orderProductList"])
    assert f"HotWax refused {rows} of {rows} rows of order_sync_InventoryVariance" in text_of(mail)
    assert "never import the file again" in text_of(mail)
    lab.settings()
    lab.run()
    assert len(lab.mails) == 1
    assert len(lab.world.hotwax.logs.all()) == 2
    assert lab.world.hotwax.database.variances() == []


def test_unknown_product_is_an_exception_with_hotwax_own_words(airflow: Airflow, tmp_path: Path) -> None:
    order = SHOP.order(9, "send_sale", lines=1)
    gtin = order["orderProductList"][0]["gtin"]
    known = HotWaxSettings(poll_seconds=0.02, refuse_gtins=frozenset({gtin}))
    with AirflowLab(airflow, tmp_path, known) as lab:
        lab.drop(order, *ORDERS)
        lab.run()
        assert Truth(*ORDERS).faults(lab) == []
        assert lab.states()[order["orderId"]] == "QUARANTINED"
        assert gtin in text_of(lab.mails[0])


def test_archive_that_is_not_permitted_causes_no_second_delivery(lab: AirflowLab) -> None:
    lab.drop(*ORDERS)
    lab.world.sftp.faults.deny("rename", "/predictspring/tlog/*", times=20)
    run = lab.run()
    assert (run.state, run.tasks["archive"], run.tasks["report"]) == ("failed", "failed", "success")
    assert "is not permitted to" in text_of(lab.mails[0])
    assert Truth(*ORDERS).faults(lab, inbox=3) == []
    lab.world.sftp.faults.clear()
    assert lab.run().state == "success"
    assert Truth(*ORDERS).faults(lab) == []
