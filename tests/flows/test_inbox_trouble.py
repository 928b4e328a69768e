"""Trouble on PredictSpring's side: folders, files under way, connections that end."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=13)


def test_missing_folder_is_an_error_not_an_empty_one(lab: AirflowLab) -> None:
    shutil.rmtree(lab.inbox)
    run = lab.run()
    assert run.state == "failed"
    assert (run.tasks["wait_for_tlogs"], run.tasks["collect"], run.tasks["report"]) == (
        "failed", "upstream_failed", "success",
    )  # fmt: skip
    (mail,) = lab.mails
    assert "Cannot list the folder 'predictspring/tlog': it does not exist" in text_of(mail)
    assert "Correct the folder in the retailer's settings, or have the partner create it." in text_of(mail)


def test_folder_that_may_not_be_read_is_an_error(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1))
    lab.world.sftp.faults.deny("list", "/predictspring/tlog", times=9)
    run = lab.run()
    assert run.state == "failed"
    (mail,) = lab.mails
    assert "is not permitted to" in text_of(mail)
    assert "Ask the partner to give the login access." in text_of(mail)
    lab.world.sftp.faults.clear()
    assert lab.run().state == "success"
    assert Truth(SHOP.order(1)).faults(lab) == []


def test_wrong_password_is_told_and_not_tried_again(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1))
    lab.connect(predictspring_sftp={"password": "not it"})
    run = lab.run()
    assert run.state == "failed"
    assert lab.world.sftp.connections == 1
    (mail,) = lab.mails
    assert "predictspring_sftp" in text_of(mail)
    assert "not it" not in text_of(mail) + run.log


def test_server_that_is_not_the_expected_one_gets_no_login(lab: AirflowLab) -> None:
    lab.connect(predictspring_sftp={"extra": {"host_key": lab.hotwax_sftp.host_key}})
    assert lab.run().state == "failed"
    assert "host key" in text_of(lab.mails[0]).lower()


def test_growing_file_is_left_until_it_is_finished(lab: AirflowLab) -> None:
    lab.settings(arrival={"stable_seconds": 0.7, "poke_seconds": 0.1})
    whole = SHOP.order(1)
    lab.drop(whole)
    growing = lab.inbox / "growing.jsonl"
    late = [SHOP.order(n, slim=True) for n in range(2, 30)]
    stop = threading.Event()

    def write() -> None:
        with growing.open("w") as file:
            for order in late:
                file.write(json.dumps(order) + "\n")
                file.flush()
                while not stop.is_set() and not stop.wait(0.02):
                    file.write(" ")
                    file.flush()

    growing.touch()
    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert lab.run().state == "success"
    finally:
        stop.set()
        writer.join()
    assert Truth(whole).faults(lab, inbox=1) == [], "a line of the growing file was read"
    assert lab.run().state == "success"
    assert Truth(whole, *late).faults(lab) == []


def test_connection_cut_in_mid_download_leaves_no_half_file(lab: AirflowLab) -> None:
    orders = [SHOP.order(n) for n in range(1, 4)]
    lab.drop(*orders, stem="hour", layout="array")
    lab.world.sftp.faults.cut_download("/predictspring/tlog/*", after_bytes=20_000, times=5)
    run = lab.run()
    assert run.state == "failed"
    assert lab.world.sftp.faults.happened
    assert (lab.rows("files"), lab.rows("records"), lab.published()) == ([], [], {})
    assert not list((lab.home / "staging" / "inputs").glob("**/*.*"))
    lab.world.sftp.faults.clear()
    assert lab.run().state == "success"
    assert Truth(*orders).faults(lab) == []


def test_server_that_dies_in_mid_download(lab: AirflowLab) -> None:
    orders = [SHOP.order(n) for n in range(1, 5)]
    lab.drop(*orders)
    lab.world.sftp.faults.slow_reads("/predictspring/tlog/*3.json", seconds=30)
    running = lab.start()
    lab.until(lambda: bool(lab.world.sftp.faults.happened))
    lab.world.sftp.stop()
    assert lab.finish(running).state == "failed"
    assert (lab.rows("records"), lab.published()) == ([], {})
    lab.world.sftp.start()
    assert lab.run().state == "success"
    assert Truth(*orders).faults(lab) == []


def test_file_replaced_while_its_run_is_under_way_is_not_lost(lab: AirflowLab) -> None:
    """The partner corrects a file between its download and its archiving: nobody has read the new one yet."""
    first, second = SHOP.order(1), SHOP.order(2)
    (path,) = lab.drop(first)
    lab.world.hotwax.importer.stop()
    running = lab.start()
    lab.until(lambda: len([name for name in lab.published() if not name.startswith(".")]) == 1)
    time.sleep(1.1 - time.time() % 1)  # SFTP tells whole seconds only
    _replace(path, json.dumps(second))
    lab.world.hotwax.importer.start()

    assert lab.finish(running).state == "success"

    assert Truth(first).faults(lab, inbox=1) == []
    assert lab.run().state == "success"
    assert Truth(first, second).faults(lab) == []


def test_odd_but_harmless_names_pass(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, slim=True) for n in range(1, 6)]
    names = ["two words & more.json", "für-zoë-🛍.json", "-rf.json", "{{ ds }}.json", "'; drop table files.json"]
    for name, order in zip(names, orders, strict=True):
        (lab.inbox / name).write_text(json.dumps(order))
    assert lab.run().state == "success"
    assert Truth(*orders).faults(lab) == []


def test_names_that_are_not_safe_in_a_path_are_told_and_the_others_go(lab: AirflowLab) -> None:
    orders = [SHOP.order(n) for n in range(1, 4)]
    names = ["a\\..\\..\\evil.json", "line\nbreak.json"]
    lab.drop(orders[0])
    for name, order in zip(names, orders[1:], strict=True):
        (lab.inbox / name).write_text(json.dumps(order))
    lab.run()
    assert Truth(orders[0]).faults(lab, inbox=2) == []
    (mail,) = lab.mails
    text = text_of(mail)
    assert text.count("The file name holds characters that are not safe in a path") == 2
    assert "Rename the file on the SFTP server" in text
    for number, name in enumerate(names):
        (lab.inbox / name).rename(lab.inbox / f"renamed {number}.json")
    assert lab.run().state == "success"
    assert Truth(*orders).faults(lab) == []


def _replace(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}")
    beside.write_text(text)
    beside.replace(path)
