"""deliver and manual_slips, from the completed-orders feed to Retail Pro's own database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.flow import SLIPS_FLOW
from order_sync.ledger import State
from tests.support.invoice_lab import InvoiceLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InvoiceLab]:
    with InvoiceLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def test_every_completed_order_becomes_one_invoice(lab: InvoiceLab) -> None:
    work = lab.through(lab.order(number) for number in range(1, 31))
    database = lab.world.retailpro.database
    assert [invoice.order_no for invoice in database.invoices()] == [f"{number:08d}" for number in range(1, 31)]
    assert {lab.posts(number) for number in range(1, 31)} == {1}
    assert lab.states(work) == {"DELIVERED": 30}
    assert lab.record(1).partner_ref.startswith("INV-")
    expected = sum(lab.shop.expected(number, "single").total for number in range(1, 31))
    assert database.invoiced_total() == expected * 100


def test_orders_of_the_till_are_left_out_and_send_sales_get_their_slips(lab: InvoiceLab) -> None:
    work = lab.through([lab.order(1, "pos"), lab.order(2, "send_sale"), lab.order(3, "multi_store")])
    assert lab.states(work) == {"EXCLUDED": 2, "DELIVERED": 1}
    assert (lab.record(1).reason, lab.record(2).reason) == ("POS_ORDER", "SEND_SALE")
    slips = lab.world.retailpro.database.slips()
    wanted = {
        (slip.from_store, slip.to_store, sum(slip.quantities.values()) * 10_000)
        for number, kind in ((2, "send_sale"), (3, "multi_store"))
        for slip in lab.shop.expected(number, kind).slips
    }
    assert {(slip.from_store, slip.to_store, slip.total_qty) for slip in slips} == wanted
    assert [invoice.order_no for invoice in lab.world.retailpro.database.invoices()] == ["00000003"]


def test_every_step_again_sends_nothing_again(lab: InvoiceLab) -> None:
    work = lab.through(lab.order(number, "multi_store") for number in range(1, 6))
    before = lab.world.retailpro.database.figures()
    for step in (lab.transform, lab.publish, lab.deliver, lab.slips, lab.archive):
        step(work)
    assert lab.world.retailpro.database.figures() == before


def test_same_feed_again_sends_nothing_again(lab: InvoiceLab) -> None:
    lab.through(lab.order(number) for number in range(1, 6))
    work = lab.through((lab.order(number) for number in range(5, 0, -1)), run="two")
    assert {lab.posts(number) for number in range(1, 6)} == {1}
    assert lab.states(work) == {}


def test_changed_order_is_an_exception_and_no_second_invoice(lab: InvoiceLab) -> None:
    lab.through([lab.order(1)])
    changed = lab.order(1, "shipping")
    work = lab.through([changed], run="two")
    assert lab.posts(1) == 1
    assert (lab.record(1).state, lab.record(1).reason) == (State.QUARANTINED, "CHANGED_ORDER")
    assert lab.states(work) == {"QUARANTINED": 1}


def test_refused_order_is_an_exception_with_the_partners_words_and_can_be_brought_again(lab: InvoiceLab) -> None:
    order = lab.order(1)
    upc = next(iter(lab.shop.expected(1, "single").quantities))
    lab.world.retailpro.settings.unknown_upcs.add(upc)
    work = lab.through([order, lab.order(2)])
    refused = lab.record(1)
    assert (refused.state, refused.reason) == (State.QUARANTINED, "RETAILPRO_REFUSED")
    assert upc in refused.message
    lab.world.retailpro.settings.unknown_upcs.clear()
    again = lab.collect(run="two", order_ids=["00000001"])
    lab.transform(again, run="two")
    lab.publish(again, run="two")
    lab.deliver(again, run="two")
    assert lab.record(1).state is State.DELIVERED
    assert (lab.posts(1), lab.posts(2)) == (2, 1)
    assert lab.states(work) == {"DELIVERED": 1}  # the other one belongs to the second batch now


def test_refused_slip_is_brought_again_by_its_number(lab: InvoiceLab) -> None:
    stores = lab.world.retailpro.settings.unknown_stores
    slip = lab.shop.expected(2, "send_sale").slips[0]
    stores.add(slip.from_store)
    work = lab.through([lab.order(2, "send_sale")])
    refused = lab.record("000000021", SLIPS_FLOW)
    assert (refused.state, refused.reason) == (State.QUARANTINED, "RETAILPRO_REFUSED")
    lab.deliver(work)
    lab.slips(work)
    assert lab.record("000000021", SLIPS_FLOW).state is State.QUARANTINED  # nobody asked for it
    stores.clear()
    again = lab.collect(run="two", order_ids=["000000021"])
    lab.slips(again, run="two", order_ids=["000000021"])
    assert lab.record("000000021", SLIPS_FLOW).state is State.DELIVERED
    assert len(lab.world.retailpro.database.slips()) == 1


def test_file_that_was_changed_or_taken_away_stops_the_delivery(lab: InvoiceLab) -> None:
    work = lab.prepared([lab.order(1)])
    (file,) = lab.world.invoices_folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole.replace(b'"Qty":1', b'"Qty":9'))
    with pytest.raises(AirflowFailException, match="is not the one that was published"):
        lab.deliver(work)
    file.unlink()
    with pytest.raises(AirflowFailException, match="is gone: its 1 orders are not sent"):
        lab.deliver(work)
    assert lab.posts(1) == 0
    file.write_bytes(whole)
    lab.deliver(work)
    assert lab.posts(1) == 1


def test_every_answer_lies_in_the_responses_folder_once(lab: InvoiceLab) -> None:
    work = lab.through(lab.order(number, "multi_store") for number in range(1, 4))
    lab.deliver(work)
    lab.slips(work)
    lines = [
        json.loads(line)
        for path in sorted(lab.world.responses_folder.iterdir())
        for line in path.open(encoding="utf-8")
    ]
    calls = lab.world.retailpro.database.calls()
    assert sorted(line["number"] for line in lines) == sorted(call.key for call in calls)
    assert {line["request_sha256"] for line in lines} == {call.sha256 for call in calls}
    assert all(json.loads(line["body"])["Success"] for line in lines)


def test_dry_run_sends_nothing(lab: InvoiceLab) -> None:
    lab.drop([lab.order(1)])
    work = lab.collect(dry_run=True)
    for step in (lab.transform, lab.publish, lab.deliver, lab.slips, lab.archive):
        step(work, dry_run=True)
    assert lab.world.retailpro.database.calls() == []
    assert list(lab.world.invoices_folder.iterdir()) == []
