"""Shopify's orders into HotWax, step by step, against both partners' own databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import InDoubt, NotSent
from order_sync.partners.hotwax_http import HotWaxHttp
from order_sync.partners.shopify_bulk import BulkOrders
from sandbox.shopify import BulkFault, Fault
from tests.support.shopify_lab import START, ShopifyLab, number


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ShopifyLab]:
    with ShopifyLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def test_orders_reach_hotwax_once(lab: ShopifyLab) -> None:
    orders = [lab.shop.place(kind) for kind in ("web", "pos_completed", "send_sale", "cancelled", "refunded")]
    lab.wait(10)
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 5}
    assert lab.arrived() == dict.fromkeys(lab.truth(), 1)
    lab.wait(15)
    assert lab.run("two") == {"batches": []}
    assert lab.arrived() == dict.fromkeys(lab.truth(), 1)


def test_a_change_goes_out_as_an_update(lab: ShopifyLab) -> None:
    order = lab.shop.place("web")
    lab.wait(10)
    lab.run("one")
    lab.shop.fulfil(order)
    lab.wait(15)
    lab.run("two")
    assert [one.outcome for one in lab.hotwax.shopify.arrivals()] == ["created", "updated"]
    assert lab.states(order) == {"CONFIRMED": 1}


def test_what_changed_within_the_lag_comes_with_the_next_run(lab: ShopifyLab) -> None:
    lab.wait(10)
    order = lab.shop.place("web")
    lab.wait(1)
    assert lab.run("one") == {"batches": []}
    lab.wait(15)
    lab.run("two")
    assert lab.states(order) == {"CONFIRMED": 1}


def test_what_the_search_shows_late_is_caught_by_the_overlap(lab: ShopifyLab) -> None:
    lab.run("first")
    lab.wait(10)
    lab.shop.faults.index_lag_seconds = 300
    order = lab.shop.place("web")
    lab.wait(4)
    assert lab.run("one") == {"batches": []}
    lab.wait(15)
    lab.run("two")
    assert lab.states(order) == {"CONFIRMED": 1}


def test_after_a_long_pause_nothing_is_missing(lab: ShopifyLab) -> None:
    lab.run("first")
    orders = []
    for _ in range(5):
        lab.wait(60)
        orders.append(lab.shop.place("web"))
    lab.wait(60)
    lab.run("after")
    assert lab.states(*orders) == {"CONFIRMED": 5}


def test_a_long_window_goes_through_a_bulk_operation(lab: ShopifyLab) -> None:
    lab.run("first")
    orders = [lab.shop.place(kind) for kind in ("web", "many_lines", "partly_refunded", "partly_fulfilled")]
    lab.wait(60 * 30)
    before = len(lab.shop.bulk.numbers())
    lab.run("after")
    assert len(lab.shop.bulk.numbers()) == before + 1
    assert lab.states(*orders) == {"CONFIRMED": 4}
    assert lab.arrived() == dict.fromkeys(lab.truth(), 1)


def test_what_hotwax_would_refuse_waits_and_heals_by_itself(lab: ShopifyLab) -> None:
    order = lab.shop.place("no_phone")
    lab.wait(10)
    lab.run("one")
    assert lab.record(order).reason == "SHOPIFY_PHONE"
    assert not lab.hotwax.shopify.arrivals()
    lab.shop.heal(order)
    lab.wait(15)
    lab.run("two")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert lab.hotwax.shopify.order(number(order)) is not None


def test_what_hotwax_refuses_is_an_exception_with_its_words(lab: ShopifyLab) -> None:
    good, bad = lab.shop.place("web"), lab.shop.place("unknown_product")
    line = lab.shop.database.order(bad)["lineItems"][0]
    lab.hotwax.shopify.reader.unknown_products.add(line["sku"] or str(number(line["variant"]["id"])))
    lab.wait(10)
    lab.run("one")
    assert lab.states(good, bad) == {"CONFIRMED": 1, "QUARANTINED": 1}
    assert "no product with SHOPIFY_PROD_ID" in lab.record(bad).message


def test_technical_errors_are_tried_again_by_the_next_run_and_not_for_ever(lab: ShopifyLab) -> None:
    order = lab.shop.place("web")
    lab.hotwax.shopify.reader.refuse[number(order)] = "connection timeout"
    lab.wait(10)
    for run in range(6):
        lab.run(f"run {run}")
        lab.wait(15)
    assert len(lab.hotwax.shopify.arrivals()) == 1 + lab.settings.technical_tries
    assert lab.states(order) == {"QUARANTINED": 1}
    lab.hotwax.shopify.reader.refuse.clear()
    lab.run("by hand", order_ids=[number(order)])
    assert lab.states(order) == {"CONFIRMED": 1}


def test_orders_are_brought_again_by_id_and_by_name(lab: ShopifyLab) -> None:
    lab.run("first")
    orders = [lab.shop.place("web", at=START - timedelta(days=30)) for _ in range(3)]
    name = lab.shop.database.order(orders[1])["name"]
    lab.run("asked", order_ids=[number(orders[0]), name, orders[2]])
    assert lab.states(*orders) == {"CONFIRMED": 3}


def test_an_order_that_shopify_does_not_have_is_told(lab: ShopifyLab) -> None:
    with pytest.raises(AirflowFailException, match="#nothing"):
        lab.fetch("asked", order_ids=["#nothing", "12"])


def test_a_dry_run_changes_nothing(lab: ShopifyLab) -> None:
    lab.shop.place("web")
    lab.wait(10)
    work = lab.fetch("dry", dry_run=True)
    (outcome,) = lab.transform("dry", work, dry_run=True)
    assert outcome["sending"]["orders"] == 1 if "sending" in outcome else outcome
    assert lab.publish("dry", work, dry_run=True) == []
    assert lab.book.cursor("shopify_order_import", "default") is None


def test_a_backfill_asks_for_its_interval_and_leaves_the_cursor(lab: ShopifyLab) -> None:
    lab.run("first")
    reached = lab.book.cursor("shopify_order_import", "default")
    old = lab.shop.place("web", at=START - timedelta(days=3))
    lab.run("backfill", window=START - timedelta(days=3), kind="backfill")
    assert lab.states(old) == {"CONFIRMED": 1}
    assert lab.book.cursor("shopify_order_import", "default") == reached


def test_the_cursor_does_not_move_when_a_page_is_missing(lab: ShopifyLab) -> None:
    lab.run("first")
    reached = lab.book.cursor("shopify_order_import", "default")
    order = lab.shop.place("web")
    lab.wait(10)
    lab.shop.faults.next(Fault("502", times=50))
    with pytest.raises(NotSent):
        lab.fetch("broken")
    assert lab.book.cursor("shopify_order_import", "default") == reached
    lab.shop.faults.clear()
    lab.run("broken")
    assert lab.states(order) == {"CONFIRMED": 1}


def test_an_app_that_does_not_see_all_orders_is_stopped(lab: ShopifyLab) -> None:
    lab.shop.settings.scopes.discard("read_all_orders")
    with pytest.raises(AirflowFailException, match="read_all_orders"):
        lab.fetch("one")


def test_an_upload_reaches_the_data_manager_once(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ShopifyLab(tmp_path, ledger_template, monkeypatch, delivery="upload") as lab:
        order = lab.shop.place("web")
        lab.wait(10)
        work = lab.fetch("one")
        lab.transform("one", work)
        assert len(lab.publish("one", work)) == 1
        assert lab.publish("one", work) == []
        lab.hotwax.importer.import_now()
        assert lab.confirm("one", work)
        assert lab.states(order) == {"CONFIRMED": 1}
        assert len(lab.hotwax.shopify.arrivals()) == 1


@pytest.fixture(params=["moqui", "ofbiz"])
def uploading(
    request: pytest.FixtureRequest, tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ShopifyLab]:
    """HotWax's Data Manager in both generations."""
    with ShopifyLab(tmp_path, ledger_template, monkeypatch, delivery="upload") as opened:
        api = opened.world.connections()["hotwax_api"]
        opened.connect("hotwax_api", {**api, "extra": {"backend": request.param}})
        yield opened


@pytest.mark.parametrize("reason", ["_ERROR_MESSAGE_", "errors"])
def test_what_was_refused_is_found_by_shopify_s_id_in_both_back_ends(uploading: ShopifyLab, reason: str) -> None:
    lab = uploading
    lab.hotwax.shopify.reason = reason
    good, bad = lab.shop.place("web"), lab.shop.place("web")
    lab.hotwax.shopify.reader.refuse[number(bad)] = "Product 77 is not known"
    lab.wait(10)
    lab.run("one")
    assert lab.states(good, bad) == {"CONFIRMED": 1, "QUARANTINED": 1}
    name = lab.shop.database.order(bad)["name"]
    message = lab.record(bad).message
    assert message.startswith(f"order {name} ({number(bad)}): Product 77 is not known. https://")
    assert message.endswith(number(bad))


@pytest.mark.parametrize("committed", [True, False])
def test_an_upload_without_an_answer_is_looked_for_before_it_is_repeated(
    uploading: ShopifyLab, committed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = uploading
    order = lab.shop.place("web")
    lab.wait(10)
    work = lab.fetch("one")
    lab.transform("one", work)
    send = HotWaxHttp.send_file

    def lost(http: HotWaxHttp, *arguments: Any) -> Any:
        if committed:
            send(http, *arguments)
        raise InDoubt("no answer", next_step="Look.")

    with monkeypatch.context() as broken:
        broken.setattr(HotWaxHttp, "send_file", lost)
        with pytest.raises(InDoubt):
            lab.publish("one", work)
    lab.publish("one", work)
    lab.hotwax.importer.import_now()
    assert lab.confirm("one", work)
    assert lab.states(order) == {"CONFIRMED": 1}
    assert set(lab.arrived().values()) == {1}


@pytest.mark.parametrize("what", ["failed", "expired", "short", "object_count", "file_size", "cut", "url_expired"])
def test_a_bulk_operation_that_fails_is_begun_anew(lab: ShopifyLab, what: Any) -> None:
    lab.run("first")
    orders = [lab.shop.place("web") for _ in range(5)]
    lab.wait(60 * 30)
    lab.shop.faults.next_bulk(BulkFault(what))
    begun = len(lab.shop.bulk.numbers())
    lab.run("after")
    assert lab.states(*orders) == {"CONFIRMED": 5}
    assert len(lab.shop.bulk.numbers()) == begun + 2


def test_bulk_operations_are_begun_three_times_and_again_by_the_next_try(lab: ShopifyLab) -> None:
    lab.run("first")
    order = lab.shop.place("web")
    lab.wait(60 * 30)
    lab.shop.faults.next_bulk(*[BulkFault("failed")] * 4)
    begun = len(lab.shop.bulk.numbers())
    with pytest.raises(NotSent, match="ended as FAILED"):
        lab.fetch("after")
    assert len(lab.shop.bulk.numbers()) == begun + 3
    lab.run("after")
    assert len(lab.shop.bulk.numbers()) == begun + 5
    assert lab.states(order) == {"CONFIRMED": 1}


def test_a_bulk_operation_that_may_not_see_orders_stops(lab: ShopifyLab) -> None:
    lab.run("first")
    lab.shop.place("web")
    lab.wait(60 * 30)
    lab.shop.faults.next_bulk(BulkFault("access_denied"))
    with pytest.raises(AirflowFailException, match="ACCESS_DENIED"):
        lab.fetch("after")


def test_a_bulk_operation_is_gone_on_with_after_a_crash(lab: ShopifyLab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab.run("first")
    order = lab.shop.place("web")
    lab.wait(60 * 30)
    begun = len(lab.shop.bulk.numbers())
    with monkeypatch.context() as broken:
        broken.setattr(BulkOrders, "wait", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            lab.fetch("after")
    lab.run("after")
    assert len(lab.shop.bulk.numbers()) == begun + 1
    assert lab.states(order) == {"CONFIRMED": 1}


def test_a_bulk_operation_that_takes_too_long_is_cancelled_and_begun_anew(
    lab: ShopifyLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A try dies while it waits; hours later the operation still runs."""
    lab.run("first")
    order = lab.shop.place("web")
    lab.wait(60 * 30)
    window = lab.now - timedelta(minutes=15)
    lab.shop.faults.next_bulk(BulkFault("stuck"))
    with monkeypatch.context() as broken:
        broken.setattr(BulkOrders, "wait", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            lab.fetch("after", window=window)
    begun = len(lab.shop.bulk.numbers())
    lab.wait(60 * lab.settings.api.bulk_hours + 1)
    lab.run("after", window=window)
    assert len(lab.shop.bulk.numbers()) == begun + 1
    assert lab.states(order) == {"CONFIRMED": 1}


def test_a_dry_run_of_a_long_window_keeps_nothing(lab: ShopifyLab) -> None:
    lab.run("first")
    lab.shop.place("web")
    lab.wait(60 * 30)
    before = lab.book.cursor("shopify_order_import", "default")
    work = lab.fetch("dry", dry_run=True)
    assert len(work["dry_run"]) == 1
    assert lab.book.cursor("shopify_order_import", "default") == before
    assert "batches" not in work


def test_an_update_that_overtook_its_creation_is_brought_again(lab: ShopifyLab) -> None:
    order = lab.shop.place("web")
    lab.wait(10)
    work = lab.fetch("one")
    lab.transform("one", work)
    lab.publish("one", work)
    creation = next((lab.world.sftp.root / "hotwax/shopify-orders").glob("*.json"))
    kept = creation.read_bytes()
    creation.unlink()
    lab.shop.touch(order)
    lab.wait(15)
    later = lab.fetch("two")
    lab.transform("two", later)
    lab.publish("two", later)
    lab.hotwax.importer.import_now()
    assert not lab.confirm("two", later)
    creation.write_bytes(kept)
    lab.hotwax.importer.import_now()
    assert lab.confirm("two", later)
    assert lab.record(order).reason == "HOTWAX_REFUSED"
    lab.wait(15)
    lab.run("three")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert [one.outcome for one in lab.hotwax.shopify.arrivals()] == ["refused", "created", "updated"]


def test_a_healed_order_is_no_exception_any_more(lab: ShopifyLab) -> None:
    order = lab.shop.place("no_address")
    lab.wait(10)
    lab.run("one")
    assert [row.order_key for row in lab.book.exceptions("shopify_order_import", "default")] == [number(order)]
    lab.shop.heal(order)
    lab.wait(15)
    lab.run("two")
    assert lab.book.exceptions("shopify_order_import", "default") == []


def test_what_was_never_confirmed_is_sent_again_where_a_person_asks(lab: ShopifyLab) -> None:
    order = lab.shop.place("web")
    lab.wait(10)
    work = lab.fetch("one")
    lab.transform("one", work)
    lab.publish("one", work)
    next((lab.world.sftp.root / "hotwax/shopify-orders").glob("*.json")).unlink()
    lab.wait(15)
    asked = lab.fetch("two", order_ids=[number(order)])
    lab.transform("two", asked)
    assert len(lab.publish("two", asked)) == 1
    lab.hotwax.importer.import_now()
    assert lab.hotwax.shopify.order(number(order)) is not None
