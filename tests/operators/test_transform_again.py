"""Transforming a batch once more: the same bytes, the same ledger; and what a changed mapping or setting may change."""

from __future__ import annotations

import json
from typing import Any

import pytest

from order_sync.errors import Stop
from order_sync.ledger import BatchState, FeedState, State
from sandbox.predictspring import TRAITS, Shop, dump
from tests.museum.exhibits import assert_closed
from tests.support.batch_lab import FLOW, RETAILER, Lab, LabResult

SHOP = Shop(12)


def order(number: int, kind: str = "in_store", lines: int = 2, **changes: Any) -> dict[str, Any]:
    return SHOP.order(number, kind, lines=lines, lacking=TRAITS, **changes)


A, B, C, MIXED = order(1), order(2), order(3, "send_sale"), order(4, "mixed")
ID_A, ID_B, ID_C, ID_MIXED = (one["orderId"] for one in (A, B, C, MIXED))
BAD = order(5, totalAmount=1)
CHANGED = {**A, "email": "other@example.com", "updateDate": A["updateDate"] + 1}


def lines(*orders: dict[str, Any]) -> bytes:
    return b"\n".join(map(dump, orders)) + b"\n"


DAY = {"day.jsonl": lines(A, BAD, B, C, A, MIXED), "more.json": dump(CHANGED), "broken.json": b"{"}


def feeds(lab: Lab, result: LabResult) -> list[tuple[str, str, FeedState, int, int]]:
    return [
        (feed.name, feed.sha256, feed.state, feed.rows, feed.orders)
        for feed in lab.book.feeds_of_batch(result.batch.id)
    ]


def known(lab: Lab, *orders: str) -> list[tuple[str, int, State, str]]:
    keys = orders or (ID_A, ID_B, ID_C, ID_MIXED, BAD["orderId"])
    return [
        (one.order_key, one.version, one.state, one.reason) for one in lab.book.records_by_order(FLOW, RETAILER, keys)
    ]


@pytest.mark.parametrize("policy", ["exception", "emit"])
def test_again_before_publishing(lab: Lab, policy: str) -> None:
    lab.configure(on_changed_order=policy)
    first = lab.run(DAY)
    before = feeds(lab, first), known(lab), first.set_aside
    second = lab.transform(first.batch)
    assert (second.order_feed, second.variance) == (first.order_feed, first.variance)
    assert (feeds(lab, second), known(lab), second.set_aside) == before
    assert second.outcome == first.outcome
    assert_closed(second)


@pytest.mark.parametrize("state", list(BatchState)[2:])
def test_again_after_publishing(lab: Lab, state: BatchState) -> None:
    """As when a finished run is cleared: what was promised to HotWax stays as it was."""
    first = lab.run(DAY)
    if state is not BatchState.CONFIRMED:
        lab.publish(first, upto=state)
    else:
        lab.publish(first, upto=BatchState.PUBLISHED)
        assert lab.book.move_batch(first.batch.id, {BatchState.PUBLISHED}, BatchState.CONFIRMED, at=lab.now)
    before = feeds(lab, first), known(lab)
    second = lab.transform(first.batch)
    assert (second.order_feed, second.variance) == (first.order_feed, first.variance)
    assert (feeds(lab, second), known(lab)) == before
    assert second.batch.state is state


def test_again_when_only_one_feed_was_promised(lab: Lab) -> None:
    """The process died between the two: the other feed must not change its mind about whose stock moves."""
    first = lab.run(DAY)
    order_feed, variance = lab.book.feeds_of_batch(first.batch.id)
    for feed in (order_feed, variance):
        with_one = lab.book.intend_feed(feed.id, remote_path=f"in/{feed.name}", at=lab.now, who="lab")
        assert with_one.state is FeedState.INTENDED
        second = lab.transform(first.batch)
        assert (second.order_feed, second.variance) == (first.order_feed, first.variance)


def test_again_after_an_order_of_it_was_brought_again(lab: Lab) -> None:
    """A later batch took up what this one set aside: its own feeds stay as they are."""
    first = lab.run(DAY)
    lab.publish(first)
    healed = lab.run({"healed.json": dump(order(5))})
    assert healed.sent == [BAD["orderId"]]
    lab.publish(healed)
    second = lab.transform(first.batch)
    assert (second.order_feed, second.variance) == (first.order_feed, first.variance)
    assert BAD["orderId"] not in second.sent
    assert_closed(second)
    third = lab.transform(healed.batch)
    assert (third.order_feed, third.variance) == (healed.order_feed, healed.variance)


def test_again_before_publishing_after_a_later_batch(lab: Lab) -> None:
    """Another batch came in between: each order still goes out once, and its stock moves once."""
    first = lab.run({"a.jsonl": lines(A, B)})
    second = lab.run({"b.jsonl": lines(B, C, MIXED)})
    assert (first.stocked, second.stocked) == ([ID_A, ID_B], [ID_MIXED])
    again = lab.transform(first.batch)
    assert (again.order_feed, again.variance) == (first.order_feed, first.variance)
    again = lab.transform(second.batch)
    assert (again.order_feed, again.variance) == (second.order_feed, second.variance)


def test_same_input_gives_the_same_bytes_in_another_ledger(lab: Lab, tmp_path_factory: Any, monkeypatch: Any) -> None:
    first = lab.run(DAY)
    with Lab(tmp_path_factory.mktemp("other"), monkeypatch) as other:
        second = other.run(DAY)
    assert (second.order_feed, second.variance) == (first.order_feed, first.variance)


@pytest.mark.parametrize("policy", ["exception", "emit"])
def test_again_with_the_json_feed(lab: Lab, policy: str) -> None:
    lab.configure(feed_format="json", on_changed_order=policy)
    first = lab.run(DAY)
    sent = [call["data"] for element in json.loads(first.order_feed) for call in element["dataList"]]
    assert sorted(data["order"]["externalId"] for data in sent if "order" in data) == [ID_A, ID_B, ID_C, ID_MIXED]
    assert first.stocked == [ID_A, ID_B, ID_MIXED]
    for upto in (None, BatchState.PUBLISHED):
        if upto:
            lab.publish(first, upto=upto)
        second = lab.transform(first.batch)
        assert (second.order_feed, second.variance) == (first.order_feed, first.variance)
    assert feeds(lab, first)[0][0].endswith(".json")


# A changed mapping.


def test_again_after_a_changed_mapping_before_publishing(lab: Lab) -> None:
    first = lab.run(DAY)
    version = first.batch.mapping_version
    lab.edit("lookups/facility.csv", f"{A['storeId']},{A['storeId']},", f"{A['storeId']},NEW,")
    second = lab.transform(first.batch)
    assert {row["external-facility-id"] for row in second.order_rows if row["external-id"] == ID_A} == {"NEW"}
    assert second.batch.mapping_version != version
    assert len(lab.book.feeds_of_batch(first.batch.id)) == 2, "the feeds are replaced, not added to"
    assert_closed(second)


def test_again_after_a_changed_mapping_after_publishing(lab: Lab) -> None:
    """What went out stands; a new mapping does not rewrite history."""
    first = lab.run(DAY)
    lab.publish(first)
    lab.edit("lookups/facility.csv", f"{A['storeId']},{A['storeId']},", f"{A['storeId']},NEW,")
    second = lab.transform(first.batch)
    assert second.outcome == {}, "there was nothing to do"
    assert (second.order_feed, second.variance) == (first.order_feed, first.variance)
    assert second.batch.mapping_version == first.batch.mapping_version


def test_mapping_that_mends_an_exception_before_publishing(lab: Lab) -> None:
    lab.edit("lookups/facility.csv", f"{A['storeId']},{A['storeId']},", f"x{A['storeId']},x,")
    first = lab.run({"a.json": dump(A), "c.json": dump(order(6, "send_sale", storeId="412"))})
    assert first.set_aside.get(ID_A) == "UNMAPPED_VALUE"
    lab.edit("lookups/facility.csv", f"x{A['storeId']},x,", f"{A['storeId']},{A['storeId']},")
    second = lab.transform(first.batch)
    assert ID_A in second.sent
    assert second.stocked == [ID_A]
    assert second.exceptions == []
    assert_closed(second)


def test_mapping_that_refuses_what_it_took_before_publishing(lab: Lab) -> None:
    first = lab.run({"a.json": dump(A)})
    assert first.stocked == [ID_A]
    lab.edit("lookups/facility.csv", f"{A['storeId']},{A['storeId']},", f"x{A['storeId']},x,")
    second = lab.transform(first.batch)
    assert second.set_aside == {ID_A: "UNMAPPED_VALUE"}
    assert second.outcome["emitted"] == 0
    assert second.equation.sending.count == 0


def test_mapping_that_drops_money_is_stopped(lab: Lab) -> None:
    """The feed is counted once more from its own bytes; a mapping that loses the tax cannot pass."""
    old = "- {name: item-total-tax, from: fact.line_tax, type: money}"
    lab.edit("hotwax_order_csv.yaml", old, "- {name: item-total-tax, from: line.discount, type: money}")
    with pytest.raises(Stop, match="would go out as") as caught:
        lab.run({"a.json": dump(A)})
    assert "Nothing was published" in caught.value.next_step
    assert lab.book.feeds_of_batch(1) == []


def test_mapping_with_a_mistake_is_stopped_before_anything(lab: Lab) -> None:
    lab.edit("hotwax_order_csv.yaml", "from: line.gtin", "from: line.gtn")
    with pytest.raises(Stop, match=r"hotwax_order_csv\.yaml:\d+: column product-id-value: the path line\.gtn"):
        lab.run({"a.json": dump(A)})


# Settings.


def test_in_store_sync_off(lab: Lab) -> None:
    """In-store orders stay out of the feed and are counted; their stock still moves."""
    lab.configure(sync_in_store_orders=False)
    result = lab.run({"day.jsonl": lines(A, B, C, MIXED)})
    assert result.sent == [ID_C, ID_MIXED]
    assert result.stocked == [ID_A, ID_B, ID_MIXED]
    assert result.outcome["excluded"] == {"IN_STORE_SYNC_OFF": 2}
    assert {row["external-id"] for row in result.order_rows if row["item-status-id"] == "ITEM_COMPLETED"} == {ID_MIXED}
    assert_closed(result)
    again = lab.transform(result.batch)
    assert (again.order_feed, again.variance) == (result.order_feed, result.variance)


def test_in_store_sync_off_moves_stock_once(lab: Lab) -> None:
    lab.configure(sync_in_store_orders=False)
    first = lab.run({"a.json": dump(A)})
    assert (first.order_feed, first.stocked) == (b"", [ID_A])
    lab.publish(first)
    for again in (dump(A), dump(CHANGED)):
        result = lab.run({"again.json": again, "b.json": dump(B)})
        lab.publish(result)
        assert ID_A not in result.stocked
    again = lab.transform(first.batch)
    assert again.variance == first.variance


def test_in_store_orders_that_were_left_out_do_not_go_out_later(lab: Lab) -> None:
    """Switching the sync on does not send what was left out before."""
    lab.configure(sync_in_store_orders=False)
    lab.publish(lab.run({"a.json": dump(A)}))
    lab.configure(sync_in_store_orders=True)
    result = lab.run({"again.json": dump(A), "b.json": dump(B)})
    assert (result.sent, result.stocked) == ([ID_B], [ID_B])


def test_nothing_to_send_makes_no_feed(lab: Lab) -> None:
    result = lab.run({"bad.json": dump(BAD)})
    assert lab.book.feeds_of_batch(result.batch.id) == []
    assert result.batch.state is BatchState.TRANSFORMED
    result = lab.run({"c.json": dump(C)})
    assert [feed.target for feed in lab.book.feeds_of_batch(result.batch.id)] == ["order_feed"]


def test_names_of_feeds(lab: Lab) -> None:
    """Prefix, feed and the batch's own time in the retailer's zone, so that a second try has the same name."""
    lab.configure(file_prefix="acme", time_zone="Asia/Kolkata")
    result = lab.run({"a.json": dump(A)})
    names = [feed.name for feed in lab.book.feeds_of_batch(result.batch.id)]
    assert names == [
        "acme_OrderFeed_2026-09-01-11_31_00_000.csv",
        "acme_InventoryVariance_2026-09-01-11_31_00_000.csv",
    ]


def test_names_of_batches_of_one_moment_differ(lab: Lab) -> None:
    first = lab.collect({"a.json": dump(A)})
    lab.now = first.created_at.replace(minute=0)
    second = lab.collect({"b.json": dump(B)})
    assert second.created_at == first.created_at
    names = [feed.name for batch in (first, second) for feed in lab.book.feeds_of_batch(lab.transform(batch).batch.id)]
    assert len(set(names)) == 4


def notes(lab: Lab, order_id: str) -> list[str]:
    story = lab.book.order_of(FLOW, RETAILER, order_id)
    assert story is not None
    return [str(note) for version in story.versions for note in version.notes]


def test_further_payments_are_kept_with_the_order(lab: Lab) -> None:
    paid = SHOP.order(7, "in_store", having=["two_tenders"], lacking=set(TRAITS) - {"two_tenders"})
    result = lab.run({"paid.json": dump(paid)})
    smaller = min(paid["tenders"], key=lambda tender: tender["amountAuthorized"])
    [kept] = notes(lab, paid["orderId"])
    assert f"{smaller['paymentMethod']} {smaller['amountAuthorized']:.2f}" in kept
    lab.transform(result.batch)
    assert notes(lab, paid["orderId"]) == [kept], "another try does not say it twice"


def test_further_payment_with_a_name_of_any_length(lab: Lab) -> None:
    paid = SHOP.order(7, "in_store", having=["two_tenders"], lacking=set(TRAITS) - {"two_tenders"})
    smaller = min(paid["tenders"], key=lambda tender: tender["amountAuthorized"])
    smaller["paymentMethod"] = "x" * 100_000
    assert lab.run({"paid.json": dump(paid)}).sent == [paid["orderId"]]


@pytest.mark.parametrize(
    "second",
    [
        lines(A, B),
        lines(CHANGED, B, {**CHANGED, "email": "x@example.com", "updateDate": CHANGED["updateDate"] + 1}),
        lines({**A, "email": "x@example.com", "updateDate": 1}, C),
        lines({**B, "totalAmount": 1}, B, C, C),
        b"rubbish",
    ],
    ids=["same", "changed", "older", "healed", "unreadable"],
)
@pytest.mark.parametrize("policy", ["exception", "emit"])
def test_dry_run_tells_what_a_run_would_do(lab: Lab, second: bytes, policy: str) -> None:
    lab.configure(on_changed_order=policy)
    lab.publish(lab.run({"a.json": dump(A)}))
    batch = lab.collect({"second.jsonl": second})
    promised = lab.transform(batch, dry_run=True)
    assert promised.order_feed == promised.variance == b""
    assert promised.equation.arrived.count == 0, "nothing was written"
    told = lab.transform(batch).outcome
    assert {**promised.outcome, "variance_rows": 0} == {**told, "variance_rows": 0}
