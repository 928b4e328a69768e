from __future__ import annotations

import os

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from order_sync.errors import NotSent
from sandbox.predictspring import Shop
from tests.support.step_lab import QUARTER, START, StepLab

SHOP = Shop(seed=61)


def test_oldest_first_and_at_most_so_many(steps: StepLab) -> None:
    paths = steps.drop(*(SHOP.order(n) for n in range(1, 5)))
    for age, path in zip((30, 10, 40, 20), paths, strict=True):
        os.utime(path, (1_800_000_000 - age, 1_800_000_000 - age))
    found = steps.wait(max_files=3)
    assert found is not None
    assert [file["name"][-6] for file in found] == ["3", "1", "4"]
    assert found[0] == {
        "name": "tlog_PS00000003.json", "path": "predictspring/tlog/tlog_PS00000003.json",
        "size": paths[2].stat().st_size, "mtime": "2027-01-15T07:59:20+00:00", "is_dir": False,
    }  # fmt: skip


def test_nothing_yet(steps: StepLab) -> None:
    assert steps.wait() is None


def test_run_with_a_batch_of_its_own_asks_nobody(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    steps.collect()
    asked = steps.world.sftp.connections
    assert steps.wait() == []
    assert steps.world.sftp.connections == asked


def test_batch_that_is_not_finished_is_work_for_another_run(steps: StepLab) -> None:
    paths = steps.drop(SHOP.order(1))
    steps.collect()
    paths[0].unlink()
    assert steps.wait(run="two") == []


def test_orders_to_bring_again_need_no_file(steps: StepLab) -> None:
    assert steps.wait(order_ids=["PS00000001"]) == []
    assert steps.world.sftp.connections == 0


@pytest.mark.parametrize("asked", [{"kind": "backfill"}, {"force_publish": True}])
def test_repeated_interval_takes_what_was_collected_in_it(steps: StepLab, asked: dict[str, object]) -> None:
    steps.drop(SHOP.order(1))
    steps.collect()
    asked_before = steps.world.sftp.connections
    assert steps.wait(run="two", **asked) == []
    with pytest.raises(AirflowSkipException, match=r"Nothing was collected between 2026-09-01 06:15"):
        steps.wait(run="two", window=START + QUARTER, **asked)
    assert steps.world.sftp.connections == asked_before
    assert steps.problems("two") == [], "a skip is no problem"


def test_server_that_is_down_may_be_tried_again(steps: StepLab) -> None:
    steps.world.sftp.stop()
    with pytest.raises(NotSent):
        steps.wait()
    assert len(steps.problems()) == 1
    steps.world.sftp.start()
    steps.wait()
    assert steps.problems() == [], "a try that succeeds takes back what the ones before it noted"


def test_wrong_folder_needs_a_person(steps: StepLab) -> None:
    steps.world.tlog_folder.rmdir()
    for _ in range(2):
        with pytest.raises(AirflowFailException, match="have the partner create it"):
            steps.wait()
    assert len(steps.problems()) == 1, "the same problem is noted once"


def test_unusable_name_is_told_and_left(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    (steps.world.tlog_folder / "a\\b.json").write_text("{}")
    found = steps.wait()
    assert found is not None
    assert [file["name"] for file in found] == ["tlog_PS00000001.json"]
    (told,) = steps.problems()
    assert told.startswith("file name: ")
    assert r"'a\\b.json'" in told
