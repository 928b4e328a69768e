from __future__ import annotations

import pytest

from order_sync.errors import NotSent
from sandbox.predictspring import Shop
from tests.support.step_lab import StepLab

SHOP = Shop(seed=73)


def test_waits_until_hotwax_has_imported_every_feed(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("publish")
    assert not steps.confirm(work)
    assert steps.states() == {"PS00000001": "DELIVERED"}
    steps.world.hotwax.importer.import_now()
    assert steps.confirm(work)
    assert steps.states() == {"PS00000001": "CONFIRMED"}
    assert [batch.state for batch in steps.batches()] == ["CONFIRMED"]


def test_second_time_asks_nobody(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "mixed"))
    work = steps.through("confirm")
    steps.world.hotwax.api.server.stop()
    with steps.dry():
        assert steps.confirm(work)


def test_nobody_to_ask(steps: StepLab) -> None:
    steps.drop(SHOP.order(1))
    work = steps.through("publish")
    with steps.dry():
        assert steps.confirm(work, conn_id="")


def test_refused_orders_become_exceptions_with_hotwax_words(steps: StepLab) -> None:
    steps.drop(*(SHOP.order(n, "send_sale") for n in range(1, 4)))
    steps.world.hotwax.importer.faults.refuse = {"PS00000002": "Facility 254 is closed"}
    steps.through("confirm")
    assert steps.states() == {"PS00000001": "CONFIRMED", "PS00000002": "QUARANTINED", "PS00000003": "CONFIRMED"}
    (row,) = steps.book.exceptions("predictspring_order_sync", "default")
    assert (row.order_key, row.reason) == ("PS00000002", "HOTWAX_REFUSED")
    assert "Facility 254 is closed" in row.message
    (feed,) = steps.book.feeds_of_batch(1)
    assert feed.state == "CONFIRMED", "some of it was taken"


def test_feed_of_which_hotwax_took_nothing_is_refused(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "send_sale"))
    steps.world.hotwax.importer.faults.refuse = {"PS00000001": "no"}
    steps.through("confirm")
    (feed,) = steps.book.feeds_of_batch(1)
    assert feed.state == "REFUSED"
    assert [batch.state for batch in steps.batches()] == ["CONFIRMED"], "there is nothing left to do for a run"


@pytest.mark.parametrize("imported", [0, 1])
def test_import_that_crashed_decides_nothing(steps: StepLab, imported: int) -> None:
    steps.drop(SHOP.order(1, "send_sale"), SHOP.order(2, "send_sale"))
    work = steps.through("publish")
    steps.world.hotwax.importer.faults.crash_next(after_records=imported)
    steps.world.hotwax.importer.import_now()
    with pytest.raises(NotSent, match=r"import M\d+ of order_sync_OrderFeed_.*csv ended as crashed"):
        steps.confirm(work)
    assert set(steps.states().values()) == {"DELIVERED"}
    assert steps.problems()[0].startswith("confirm: HotWax's import M")


def test_error_file_that_cannot_be_read_decides_nothing(steps: StepLab) -> None:
    steps.drop(SHOP.order(1, "send_sale"))
    work = steps.through("publish")
    steps.world.hotwax.importer.faults.refuse = {"PS00000001": "no"}
    steps.world.hotwax.importer.import_now()
    steps.world.hotwax.api.faults.answer(500, pattern="*downloadDataManagerFile*", times=9)
    with pytest.raises(NotSent):
        steps.confirm(work)
    assert steps.states() == {"PS00000001": "DELIVERED"}
    steps.world.hotwax.api.faults.clear()
    assert steps.confirm(work)
    assert steps.states() == {"PS00000001": "QUARANTINED"}


def test_refused_stock_is_a_problem_of_the_run(steps: StepLab) -> None:
    order = SHOP.order(1, "in_store", lines=1)
    steps.drop(order)
    work = steps.through("publish")
    (variance,) = steps.world.inventory_variance_folder.iterdir()
    variance.write_text(variance.read_text().replace("POS_SALE", "NO_SUCH_REASON"))
    steps.world.hotwax.importer.import_now()
    assert steps.confirm(work)
    (told,) = steps.problems()
    assert told.startswith("stock variance: HotWax refused 1 of 1 rows of order_sync_InventoryVariance_")
    assert f"{order['orderId']}-1" in told
    assert steps.confirm(work)
    assert len(steps.problems()) == 1
    assert steps.states() == {"PS00000001": "CONFIRMED"}
