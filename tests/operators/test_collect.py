from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import NotSent
from sandbox.predictspring import Shop
from tests.support.step_lab import StepLab

SHOP = Shop(seed=67)


def test_batch_holds_the_bytes_by_their_hash(steps: StepLab) -> None:
    paths = steps.drop(SHOP.order(1), SHOP.order(2))
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    (batch_id,) = steps.collect()["batches"]
    inputs = steps.book.batch_inputs(batch_id)
    assert {file.name: file.sha256 for file in inputs} == hashes
    for file in inputs:
        stored = steps.staging / "inputs" / file.sha256[:2] / file.sha256
        assert hashlib.sha256(stored.read_bytes()).hexdigest() == file.sha256
    assert not any((steps.staging / "scratch").iterdir())


def test_file_that_grew_since_it_was_listed_is_left(steps: StepLab) -> None:
    grown, _ = steps.drop(SHOP.order(1), SHOP.order(2))
    listed = steps.wait()
    with grown.open("ab") as file:
        file.write(b" ")
    (batch_id,) = steps.collect(listed)["batches"]
    assert [file.name for file in steps.book.batch_inputs(batch_id)] == ["tlog_PS00000002.json"]
    (second,) = set(steps.collect(run="two")["batches"]) - {batch_id}
    assert [file.name for file in steps.book.batch_inputs(second)] == ["tlog_PS00000001.json"]


def test_nothing_but_files_that_changed_is_tried_again(steps: StepLab) -> None:
    (path,) = steps.drop(SHOP.order(1))
    listed = steps.wait()
    path.write_text("{}")
    with pytest.raises(NotSent, match="changed while it was downloaded"):
        steps.collect(listed)
    assert steps.batches() == []


def test_file_that_is_gone_does_not_keep_the_others(steps: StepLab) -> None:
    gone, _ = steps.drop(SHOP.order(1), SHOP.order(2))
    listed = steps.wait()
    gone.unlink()
    (batch_id,) = steps.collect(listed)["batches"]
    assert [file.name for file in steps.book.batch_inputs(batch_id)] == ["tlog_PS00000002.json"]


def test_same_run_again_has_the_same_batch(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    listed = steps.wait()
    first = steps.collect(listed)
    steps.drop(SHOP.order(2))
    assert steps.collect(listed) == steps.collect([]) == first
    assert len(steps.batches()) == 1


def test_file_of_an_unfinished_batch_is_not_collected_twice(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    first = steps.collect()
    steps.drop(SHOP.order(2))
    second = steps.collect(run="two")
    assert second["batches"][0] == first["batches"][0], "the older batch comes first"
    names = [[file.name for file in steps.book.batch_inputs(number)] for number in second["batches"]]
    assert names == [["tlog_PS00000001.json"], ["tlog_PS00000002.json"]]


def test_file_written_anew_is_collected_although_its_batch_is_unfinished(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    steps.collect()
    (path,) = steps.drop(SHOP.order(1, lacking=("no_city",), email="other@example.com"))
    assert path.name == "tlog_PS00000001.json"
    assert len(steps.collect(run="two")["batches"]) == 2


def test_same_files_after_their_batch_was_closed_are_a_batch_of_their_own(steps: StepLab) -> None:
    for run in ("one", "two", "three"):
        steps.drop(SHOP.order(1))
        steps.through("archive", run=run)
    batches = steps.batches()
    assert [batch.state for batch in batches] == ["CLOSED"] * 3
    assert len({batch.key for batch in batches}) == 3


def test_run_without_anything_new_takes_up_the_unfinished_batch(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    first = steps.collect()
    assert steps.collect([], run="two") == first


def test_backfill_takes_the_batches_of_its_interval_and_no_file(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    work = steps.through("archive")
    steps.drop(SHOP.order(2))
    assert steps.collect([], run="two", kind="backfill") == work


def test_whole_files_up_to_the_limit(steps: StepLab) -> None:
    for number, stem in enumerate("abc"):
        steps.drop(*SHOP.orders(2, first=10 * number + 1, slim=True), stem=stem, layout="array")
    (batch_id,) = steps.collect(max_records=5)["batches"]
    assert len(steps.book.batch_inputs(batch_id)) == 2


def test_unreadable_file_counts_as_one_order(steps: StepLab) -> None:
    (steps.world.tlog_folder / "a.json").write_text("no JSON")
    steps.drop(SHOP.order(1), stem="b")
    (batch_id,) = steps.collect(max_records=2)["batches"]
    assert len(steps.book.batch_inputs(batch_id)) == 2


@pytest.mark.parametrize("asked", [{}, {"max_records": 1}, {"order_ids": ["all"]}])
def test_dry_run_writes_nothing(steps: StepLab, asked: dict[str, Any]) -> None:
    steps.drop(SHOP.return_order(3))
    steps.through("archive")
    steps.drop(SHOP.order(1), SHOP.order(2))
    with steps.dry():
        work = steps.collect(run="two", dry_run=True, **asked)
        outcome = steps.transform(work, run="two", dry_run=True)
        steps.publish(work, run="two", dry_run=True)
        assert steps.confirm(work, run="two", dry_run=True)
        steps.archive(work, run="two", dry_run=True)
    assert outcome[0]["arrived"] == (2 if not asked else 1)


def test_orders_brought_again_come_from_the_store(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1), SHOP.return_order(2), stem="returns", layout="array")
    steps.through("archive")
    asked = steps.world.sftp.connections
    (batch_id,) = steps.collect(run="two", order_ids=[" PS00000002 "])["batches"]
    assert steps.world.sftp.connections == asked
    batch = steps.book.batch(batch_id)
    assert (batch.kind, len(batch.selection)) == ("again", 1)
    (outcome,) = steps.transform({"batches": [batch_id]}, run="two")
    assert (outcome["arrived"], outcome["rejected"]) == (1, {"RETURN": 1})
    assert steps.collect(run="two", order_ids=["PS00000002"]) == {"batches": [batch_id]}, "a second try"


def test_nothing_waits(steps: StepLab) -> None:
    with pytest.raises(AirflowFailException, match="No order waits as an exception"):
        steps.collect(order_ids=["all"])


def test_every_wrong_order_is_named(steps: StepLab) -> None:
    steps.drop(SHOP.order(1), SHOP.return_order(2))
    steps.through("archive")
    with pytest.raises(AirflowFailException, match=r"PS00000001 \(CONFIRMED\), nonsense \(unknown\)"):
        steps.collect(run="two", order_ids=["PS00000001", "PS00000002", "nonsense"])
    assert len(steps.batches()) == 1


def test_full_disk_is_told(steps: StepLab, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.drop(SHOP.order(1))
    listed = steps.wait()
    monkeypatch.setenv("ORDER_SYNC_STAGING", "")
    with pytest.raises(AirflowFailException, match="ORDER_SYNC_STAGING is not set"):
        steps.collect(listed)


def test_times_are_those_of_the_partner(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    listed = steps.wait()
    assert listed is not None
    (batch_id,) = steps.collect(listed)["batches"]
    (file,) = steps.book.batch_inputs(batch_id)
    assert file.mtime == datetime.fromisoformat(listed[0]["mtime"])
    assert file.mtime.utcoffset() == timedelta(0)
