from __future__ import annotations

import os

import pytest
from airflow.sdk.exceptions import AirflowFailException

from sandbox.predictspring import Shop
from tests.support.step_lab import StepLab

SHOP = Shop(seed=79)


def test_read_files_to_the_archive_others_to_the_error_folder(steps: StepLab) -> None:
    steps.drop(SHOP.order(1), SHOP.return_order(2))
    (steps.world.tlog_folder / "cut.json").write_text('{"orderId": "PS')
    steps.through("archive")
    (batch,) = steps.batches()
    day = f"{batch.created_at:%Y/%m/%d}"
    assert _places(steps) == {
        f"archive/{day}/tlog_PS00000001.json", f"archive/{day}/tlog_PS00000002.json", f"error/{day}/cut.json",
    }  # fmt: skip
    assert {file.archived_to.removeprefix("predictspring/tlog/") for file in steps.book.batch_inputs(batch.id)} == (
        _places(steps)
    )
    assert batch.state == "CLOSED"


def test_second_time_asks_nobody(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    work = steps.through("archive")
    asked = steps.world.sftp.connections
    with steps.dry():
        assert steps.archive(work) == 0
    assert steps.world.sftp.connections == asked


def test_same_name_with_other_bytes_gets_another_name(steps: StepLab) -> None:
    for number, run in ((1, "one"), (2, "two")):
        (path,) = steps.drop(SHOP.order(number))
        path.rename(path.with_name("export.json"))
        steps.through("archive", run=run)
    assert sorted(place.rpartition("/")[2] for place in _places(steps)) == ["export-1.json", "export.json"]


@pytest.mark.parametrize("hurry", [True, False])
def test_file_that_was_replaced_stays_for_the_next_run(steps: StepLab, hurry: bool) -> None:
    """With another size; or with the same size and another time."""
    paths = steps.drop(SHOP.order(1), SHOP.order(2))
    work = steps.through("confirm")
    if hurry:
        paths[0].write_text("[]")
    else:
        os.utime(paths[0], (1_800_000_000, 1_800_000_000))
    steps.archive(work)
    assert [path.name for path in steps.world.tlog_folder.glob("*.json")] == [paths[0].name]
    (batch,) = steps.batches()
    assert (batch.state, steps.book.batch_inputs(batch.id)[0].archived_to) == ("CLOSED", "(replaced)")
    found = steps.wait(run="two")
    assert found is not None
    assert [file["name"] for file in found] == [paths[0].name]


def test_file_that_somebody_took_away_is_told_and_the_batch_closed(steps: StepLab) -> None:
    paths = steps.drop(SHOP.order(1), SHOP.order(2))
    work = steps.through("confirm")
    paths[0].unlink()
    steps.archive(work)
    assert [batch.state for batch in steps.batches()] == ["CLOSED"]
    (told,) = steps.problems()
    assert told.startswith("inbox: The file 'predictspring/tlog/tlog_PS00000001.json' cannot be moved")
    assert len(_places(steps)) == 1
    (batch,) = steps.batches()
    assert steps.book.batch_inputs(batch.id)[0].archived_to == "(gone)"


def test_one_that_may_not_be_moved_leaves_the_batch_open(steps: StepLab) -> None:
    paths = steps.drop(SHOP.order(1), SHOP.order(2))
    work = steps.through("confirm")
    steps.world.sftp.faults.deny("rename", f"/predictspring/tlog/{paths[0].name}", times=2)
    with pytest.raises(AirflowFailException, match=r"PS00000001\.json.*not permitted"):
        steps.archive(work)
    assert [batch.state for batch in steps.batches()] == ["CONFIRMED"]
    assert len(_places(steps)) == 1
    steps.world.sftp.faults.clear()
    steps.archive(work)
    assert [batch.state for batch in steps.batches()] == ["CLOSED"]
    assert len(_places(steps)) == 2


def test_move_that_was_done_but_not_noted(steps: StepLab) -> None:
    """The process died after the rename."""
    (path,) = steps.drop(SHOP.order(1))
    work = steps.through("confirm")
    (batch,) = steps.batches()
    target = steps.world.tlog_folder / "archive" / f"{batch.created_at:%Y/%m/%d}"
    target.mkdir(parents=True)
    path.rename(target / path.name)
    steps.archive(work)
    assert [batch.state for batch in steps.batches()] == ["CLOSED"]
    assert steps.problems() == []


def test_orders_brought_again_have_no_sources_to_move(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    steps.through("archive")
    before = _places(steps)
    work = steps.collect(run="two", order_ids=["all"])
    steps.transform(work, run="two")
    steps.publish(work, run="two")
    assert steps.confirm(work, run="two")
    steps.archive(work, run="two")
    assert _places(steps) == before
    assert [batch.state for batch in steps.batches()] == ["CLOSED", "CLOSED"]


def _places(steps: StepLab) -> set[str]:
    """Files below the archive and error folders."""
    root = steps.world.tlog_folder
    return {str(path.relative_to(root)) for path in root.rglob("*.json") if path.parent != root}
