"""HotWax gives items to facilities and ships them, and imports what NetSuite shipped and rejected."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.hotwax.brokering import Brokering
from sandbox.hotwax.logs import LogStatus
from sandbox.hotwax.netsuite_items import NetSuiteItems
from sandbox.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with World(tmp_path, polling=False) as running:
        yield running


@pytest.fixture
def brokering(world: World) -> Brokering:
    return Brokering(world.sftp.root, world.hotwax.database, world.shop, netsuite_stores=frozenset({"41"}))


@pytest.fixture
def items(world: World) -> NetSuiteItems:
    return NetSuiteItems(world.hotwax.database, world.hotwax.logs, world.sftp.root, world.shop)


def content(path: Path | None) -> Any:
    assert path is not None
    return json.loads(path.read_text(encoding="utf-8"))


def test_a_feed_tells_only_what_changed(world: World, brokering: Brokering) -> None:
    world.shop.place(1)
    first, *rest = [item["orderItemSeqId"] for item in world.shop.order(1)["orderItems"]]
    brokering.allocate(1, "41")
    (order,) = content(brokering.feed_brokered())
    assert [item["orderItemSeqId"] for item in order["orderItems"]] == [first, *rest]
    assert order["orderItems"][0]["facilityGroupMembers"][0]["facilityGroupId"] == "NETSUITE_FULFILLMENT"
    assert brokering.feed_brokered() is None
    brokering.cancel(1, first)
    (order,) = content(brokering.feed_brokered())
    (item,) = order["orderItems"]
    assert (item["orderItemSeqId"], item["itemStatusId"], item["facilityExternalId"]) == (
        first,
        "ITEM_CANCELLED",
        "_NA_",
    )


def test_completed_orders_have_a_shipment_for_each_facility(world: World, brokering: Brokering) -> None:
    world.shop.place(2, "kit")
    first, *rest = [item["orderItemSeqId"] for item in world.shop.order(2)["orderItems"]]
    brokering.ship(2, "42", [first])
    brokering.ship(2, "43", rest)
    (order,) = content(brokering.feed_fulfilled())
    shipped = [[item["orderItemSeqId"] for item in one["shipmentItems"]] for one in order["shipments"]]
    assert shipped == [[first], rest]
    assert "orderItems" not in order


def element(order: str, item: str, quantity: int = 1) -> dict[str, Any]:
    line = {"orderItemSeqId": item, "externalFacilityId": "41", "shippedDate": "11/21/2026", "quantity": str(quantity)}
    more = {"trackingNumber": "1Z", "carrier": "UPS", "shippingMethod": "", "validation-result": "success"}
    return {"orderMap": {"orderId": order, "items": [{**line, **more}]}}


def test_fulfilments_are_imported_element_by_element(world: World, items: NetSuiteItems) -> None:
    order = world.shop.place(3)
    item = world.shop.order(3)["orderItems"][0]["orderItemSeqId"]
    path = items.fulfilment_folder / "one.json"
    path.write_text(json.dumps([element(order, item), element("N0", item), element(order, item, 99)]), encoding="utf-8")
    (log,) = items.import_now()
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 3, 2)
    assert [row["quantity"] for row in items.fulfilments(order)] == [1]
    assert (items.fulfilment_folder / "archive/one.json").exists()
    found = world.hotwax.logs.content(log.error_content_id or "")
    assert found is not None
    assert ["no more pieces" in one["_ERROR_MESSAGE_"] for one in json.loads(found[1])] == [False, True]


def test_rejections_are_imported_row_by_row(world: World, items: NetSuiteItems) -> None:
    order = world.shop.place(4)
    item = world.shop.order(4)["orderItems"][0]["orderItemSeqId"]
    header = "orderId,orderItemSeqId,rejectionComments,rejectionReason\n"
    path = items.rejection_folder / "one.csv"
    path.write_text(f'{header}{order},{item},"No stock, sorry",NO\n{order},99,,\n', encoding="utf-8")
    (log,) = items.import_now()
    assert (log.total, log.failed) == (2, 1)
    assert [(row["item_id"], row["comments"]) for row in items.rejections(order)] == [(item, "No stock, sorry")]
    (items.rejection_folder / "two.csv").write_text("orderId\nM1\n", encoding="utf-8")
    (log,) = items.import_now()
    assert log.status is LogStatus.FAILED
