from __future__ import annotations

import threading

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import NotSent
from order_sync.ledger import open_ledger
from sandbox.predictspring import Shop
from tests.support.step_lab import FLOW, RETAILER, StepLab

SHOP = Shop(seed=71)


def test_both_feeds_stand_complete_under_their_names(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("transform")
    paths = steps.publish(work)
    assert [path.rpartition("/")[0] for path in paths] == ["hotwax/order-feed", "hotwax/inventory-variance"]
    (batch_id,) = work["batches"]
    assert [feed.remote_path for feed in steps.book.feeds_of_batch(batch_id)] == paths
    assert [feed.state for feed in steps.book.feeds_of_batch(batch_id)] == ["PUBLISHED"] * 2
    assert steps.states() == {"PS00000001": "DELIVERED"}


def test_nothing_to_publish_asks_nobody(steps: StepLab) -> None:
    steps.drop(SHOP.return_order(1))
    work = steps.through("transform")
    asked = steps.world.sftp.connections
    assert steps.publish(work) == []
    assert steps.world.sftp.connections == asked
    assert [batch.state for batch in steps.batches()] == ["PUBLISHED"]


def test_second_time_does_nothing(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("publish")
    asked = steps.world.sftp.connections
    with steps.dry():
        assert steps.publish(work) == []
    assert steps.world.sftp.connections == asked


def test_intent_is_in_the_ledger_before_the_first_byte(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("transform")
    steps.world.sftp.faults.deny("open", "/hotwax/order-feed/*")
    with pytest.raises(AirflowFailException):
        steps.publish(work)
    assert steps.states() == {"PS00000001": "INTENDED"}
    assert [feed.state for feed in steps.book.feeds_of_batch(work["batches"][0])] == ["INTENDED", "STAGED"]
    assert len(steps.publish(work)) == 2


def test_server_that_is_down_promises_nothing(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    work = steps.through("transform")
    steps.world.sftp.stop()
    with pytest.raises(NotSent):
        steps.publish(work)
    assert steps.states() == {"PS00000001": "READY"}


def test_stored_feed_that_was_damaged_is_not_published(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "send_sale"))
    work = steps.through("transform")
    (feed,) = steps.book.feeds_of_batch(work["batches"][0])
    stored = steps.staging / "outputs" / feed.sha256[:2] / feed.sha256
    stored.write_bytes(stored.read_bytes().replace(b"PS00000001", b"PS00000002"))
    with pytest.raises(AirflowFailException):
        steps.publish(work)
    assert list(steps.world.order_feed_folder.iterdir()) == []


def test_missing_folder_is_told(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "send_sale"))
    work = steps.through("transform")
    steps.world.order_feed_folder.rmdir()
    with pytest.raises(AirflowFailException, match="hotwax/order-feed"):
        steps.publish(work)


@pytest.mark.parametrize("step", ["transform", "publish"])
def test_waits_while_another_process_is_at_it(steps: StepLab, step: str) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("collect" if step == "transform" else "transform")
    done: list[object] = []
    thread = threading.Thread(target=lambda: done.append(getattr(steps, step)(work)))
    with open_ledger(steps.url) as other, other.alone(f"{FLOW} for {RETAILER}"):
        thread.start()
        thread.join(0.7)
        assert done == []
        assert list(steps.world.order_feed_folder.iterdir()) == []
    thread.join(20)
    assert len(done) == 1
