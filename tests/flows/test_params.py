"""What a person may ask of a run."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.truth import Truth

SHOP = Shop(seed=29)


def test_dry_run_changes_nothing_anywhere(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1), SHOP.return_order(2), SHOP.order(3))
    lab.world.hotwax.importer.faults.refuse = {"PS00000003": "not yet"}
    lab.run()
    lab.drop(SHOP.order(4, "mixed", lines=3), SHOP.return_order(5), SHOP.order(1))
    before = lab.everything()
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["3 orders in, 1 into the feed (3 rows)", "1 set aside: RETURN", "1 left out: ALREADY_SENT"]),
        ({"order_ids": ["all"]}, ["2 orders in, 1 into the feed", "1 set aside: RETURN"]),
        ({"order_ids": ["PS00000003"]}, ["1 orders in, 1 into the feed"]),
        ({"max_records": 1}, ["1 orders in"]),
        ({"files": ["tlog_PS00000004.json"]}, ["1 orders in, 1 into the feed (3 rows)", "rows of stock variance"]),
    ]
    for conf, told in asked:
        run = lab.run(dry_run=True, **conf)
        assert (run.state, set(run.tasks.values())) == ("success", {"success"}), conf
        assert lab.everything() == before, conf
        assert [words for words in told if words not in run.log] == [], conf


def test_dry_run_leaves_an_unfinished_batch_alone(lab: AirflowLab) -> None:
    lab.drop(SHOP.order(1))
    lab.hotwax_sftp.faults.deny("open", "/hotwax/*")
    lab.run()
    before = lab.everything()
    assert lab.run(dry_run=True).state == "success"
    assert lab.everything() == before


def test_dry_run_of_nothing_is_a_skip(lab: AirflowLab) -> None:
    before = lab.everything()
    assert lab.run(dry_run=True).tasks["wait_for_tlogs"] == "skipped"
    assert lab.everything() == before


def test_only_these_files(lab: AirflowLab) -> None:
    orders = [SHOP.order(n) for n in range(1, 5)]
    paths = lab.drop(*orders)
    assert lab.run(files=[paths[1].name, paths[3].name]).state == "success"
    assert Truth(orders[1], orders[3]).faults(lab, inbox=2) == []
    assert lab.run().state == "success"
    assert Truth(*orders).faults(lab) == []


def test_file_that_is_not_there_is_an_error(lab: AirflowLab) -> None:
    (path,) = lab.drop(SHOP.order(1))
    run = lab.run(files=[path.name, "nowhere.json"])
    assert (run.state, run.tasks["wait_for_tlogs"]) == ("failed", "failed")
    assert "Folder predictspring/tlog holds no finished file named nowhere.json." in text_of(lab.mails[0])
    assert path.exists()


def test_at_most_so_many_orders_in_whole_files(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, slim=True) for n in range(1, 13)]
    for at in range(0, 12, 3):
        lab.drop(*orders[at : at + 3], stem=f"part-{at:02d}", layout="array")
    for count in (6, 12):
        assert lab.run(max_records=7).state == "success"
        assert len(lab.states()) == count
    assert Truth(*orders).faults(lab) == []


def test_file_that_is_larger_than_the_limit_goes_alone(lab: AirflowLab) -> None:
    orders = [SHOP.order(n, slim=True) for n in range(1, 6)]
    lab.drop(*orders, layout="array")
    assert lab.run(max_records=2).state == "success"
    assert Truth(*orders).faults(lab) == []


@pytest.mark.parametrize("conf", [{"max_records": 0}, {"dry_run": "yes"}, {"files": "a.json"}])
def test_params_of_the_wrong_kind_start_nothing(lab: AirflowLab, conf: dict[str, Any]) -> None:
    lab.drop(SHOP.order(1))
    with pytest.raises(RuntimeError, match="ParamValidationError"):
        lab.run(**conf)
    assert lab.batches() == []
