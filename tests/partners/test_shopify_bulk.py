"""Bulk operations of the sandbox's shop: the same orders as by pages, or nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_sync.errors import NotSent, Stop
from order_sync.partners.shopify import Shopify
from order_sync.partners.shopify_bulk import BulkOrders, Operation
from sandbox.shopify import BulkFault
from sandbox.shopify import Shopify as Sandbox
from tests.support.shopify_shop import API, START, client, sandbox_shop

END = START + timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Sandbox]:
    with sandbox_shop(tmp_path) as running:
        yield running


def operate(shopify: Shopify, search: str = "") -> tuple[BulkOrders, Operation]:
    bulk = BulkOrders(shopify, API)
    operation = bulk.wait(bulk.begin(search), now=datetime.now(UTC))
    assert operation is not None
    return bulk, operation


def orders_of(shopify: Shopify, folder: Path) -> dict[str, Any]:
    bulk, operation = operate(shopify)
    bulk.fetch(operation, folder / "bulk.jsonl")
    return {order.id: json.loads(order.data) for some in bulk.orders(folder / "bulk.jsonl") for order in some}


def test_bulk_and_pages_say_the_same(shop: Sandbox, tmp_path: Path) -> None:
    shop.fill(120, start=START, end=END)
    shop.place("many_refunds", at=END)
    shop.place("many_fulfilments", at=END)
    shop.place("many_lines", at=END)
    with client(shop) as shopify:
        by_bulk = orders_of(shopify, tmp_path)
        by_page = {
            order.id: json.loads(order.data)
            for page in shopify.changed(START - timedelta(days=1), END + timedelta(days=90))
            for order in page
        }
    assert len(by_bulk) == 123
    assert {key: without_pages(order) for key, order in by_bulk.items()} == {
        key: without_pages(order) for key, order in by_page.items()
    }


def without_pages(value: Any) -> Any:
    """The same without the marks of pages."""
    if isinstance(value, dict):
        return {key: without_pages(one) for key, one in value.items() if key != "pageInfo"}
    return [without_pages(one) for one in value] if isinstance(value, list) else value


def test_nothing_found_is_an_empty_file(shop: Sandbox, tmp_path: Path) -> None:
    with client(shop) as shopify:
        assert orders_of(shopify, tmp_path) == {}


@pytest.mark.parametrize("what", ["short", "object_count", "root_count", "file_size", "cut", "url_expired"])
def test_a_result_that_is_not_whole_counts_for_nothing(shop: Sandbox, tmp_path: Path, what: Any) -> None:
    shop.fill(30, start=START, end=END)
    shop.faults.next_bulk(BulkFault(what))
    with client(shop) as shopify:
        bulk, operation = operate(shopify)
        with pytest.raises(NotSent, match="bulk operation"):
            bulk.fetch(operation, tmp_path / "bulk.jsonl")


@pytest.mark.parametrize(
    ("what", "status"),
    [("failed", "FAILED"), ("timeout", "FAILED"), ("expired", "EXPIRED")],
)
def test_how_an_operation_ended_is_told(shop: Sandbox, what: Any, status: str) -> None:
    shop.fill(10, start=START, end=END)
    shop.faults.next_bulk(BulkFault(what))
    with client(shop) as shopify:
        bulk = BulkOrders(shopify, API)
        with pytest.raises(NotSent, match=f"ended as {status}"):
            bulk.ended(bulk.begin(""), now=datetime.now(UTC))


def test_an_operation_that_may_not_see_orders_needs_a_person(shop: Sandbox) -> None:
    shop.fill(10, start=START, end=END)
    shop.faults.next_bulk(BulkFault("access_denied"))
    with client(shop) as shopify:
        bulk = BulkOrders(shopify, API)
        with pytest.raises(Stop, match="ACCESS_DENIED"):
            bulk.ended(bulk.begin(""), now=datetime.now(UTC))


def test_an_operation_that_never_ends_is_cancelled(shop: Sandbox) -> None:
    shop.fill(10, start=START, end=END)
    shop.faults.next_bulk(BulkFault("stuck"))
    with client(shop) as shopify:
        bulk = BulkOrders(shopify, API)
        begun = bulk.begin("")
        assert bulk.wait(begun, now=datetime.now(UTC) + timedelta(hours=2)) is None
        state = bulk.state(begun)
        assert state is not None
        assert state.status in {"CANCELING", "CANCELED"}


def test_no_more_operations_at_once_than_shopify_allows(shop: Sandbox) -> None:
    shop.settings.bulk_limit = 1
    shop.fill(10, start=START, end=END)
    shop.faults.next_bulk(BulkFault("stuck"))
    with client(shop) as shopify:
        BulkOrders(shopify, API).begin("")
        with pytest.raises(NotSent, match="as many bulk operations as it allows"):
            BulkOrders(shopify, API).begin("")


def test_an_order_that_is_refunded_after_the_result_was_written_is_read_anew(shop: Sandbox, tmp_path: Path) -> None:
    gid = shop.place("web_fulfilled", at=START)
    with client(shop) as shopify:
        bulk, operation = operate(shopify)
        bulk.fetch(operation, tmp_path / "bulk.jsonl")
        shop.change(gid, lambda order, at: order["fulfillments"][0].update(updatedAt=at), at=START + timedelta(hours=5))
        ((order,),) = list(bulk.orders(tmp_path / "bulk.jsonl"))
    assert order.updated_at == START + timedelta(hours=5)


def test_an_operation_that_shopify_forgot_is_told(shop: Sandbox) -> None:
    with client(shop) as shopify:
        assert BulkOrders(shopify, API).state("gid://shopify/BulkOperation/77") is None
