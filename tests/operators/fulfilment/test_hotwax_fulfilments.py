"""What NetSuite shipped and rejected: against HotWax's record of its imports."""

from __future__ import annotations

import json

from order_sync.flow import HOTWAX_FULFILMENTS, HOTWAX_REJECTIONS
from sandbox.hotwax.created_orders_json import order_id
from tests.support.fulfilment_lab import ELSEWHERE, THERE, FulfilmentLab, of_several_pieces

UPDATE = "salesorder/update"


def test_what_netsuite_shipped_reaches_hotwax_once(lab: FulfilmentLab) -> None:
    one = order_id(15)
    items = lab.items_of(15)
    lab.netsuite.fulfil(one, THERE, tracking=["1Z1", "1Z2"], carrier="UPS", shipping_method="Ground")
    lab.netsuite.faults.duplicate("SalesOrderFulfillment")
    lab.netsuite_works()
    lab.go("one")
    lab.items.import_now()
    lab.go("two")
    ordered = {item["orderItemSeqId"]: item["orderItemQuantity"] for item in lab.shop.order(15)["orderItems"]}
    found = lab.items.fulfilments(one)
    assert [(row["item_id"], row["facility"], row["quantity"]) for row in found] == [
        (item, THERE, ordered[item]) for item in items
    ]
    assert {(row["tracking"], row["carrier"], row["shipping_method"]) for row in found} == {
        ("1Z1 | 1Z2", "UPS", "Ground")
    }
    keys = [f"{one}:{item}:{THERE}:1Z1 | 1Z2" for item in items]
    assert all(lab.versions(key, HOTWAX_FULFILMENTS) == ["CONFIRMED"] for key in keys)


COLUMNS = "orderId,orderItemSeqId,externalFacilityId,shippedDate,quantity,trackingNumber,carrier"


def test_fulfilment_in_both_forms_counts_once(lab: FulfilmentLab) -> None:
    one = order_id(16)
    item = lab.items_of(16)[0]
    row = f"{one},{item},{THERE},11/21/2026 1:02 am,1,1Z9,UPS,Ground,4"
    lab.drop(
        "salesorder/import/fulfillment-nifi",
        "2026-SalesOrderFulfillment.csv",
        f"{COLUMNS},shippingMethod,shippingMethodId\n{row}\n",
    )
    twin = {"orderItemSeqId": item, "externalFacilityId": THERE, "shippedDate": "2026-11-21", "quantity": "1"}
    more = {"trackingNumber": "1Z9", "carrier": "UPS", "shippingMethod": "Ground", "validation-result": "success"}
    content = [{"orderMap": {"orderId": one, "items": [{**twin, **more}]}}]
    lab.drop("salesorder/import/fulfillment", "SalesOrderFulfillment-2026.json", json.dumps(content))
    lab.go("one")
    lab.items.import_now()
    assert [row["quantity"] for row in lab.items.fulfilments(one)] == [1]
    assert not [path for path in lab.netsuite.folder("salesorder/import/fulfillment").iterdir() if path.is_file()]
    assert list(lab.netsuite.folder("salesorder/import/fulfillment/archive").rglob("*.json"))


def test_item_shipped_in_parts_by_netsuite(lab: FulfilmentLab) -> None:
    number = of_several_pieces(lab)
    one = order_id(number)
    item = lab.items_of(number)[0]
    rows = [f"{one},{item},{THERE},11/21/2026,1,{tracking},UPS" for tracking in ("1Z1", "1Z2")]
    for place, row in enumerate(rows):
        lab.drop(
            "salesorder/import/fulfillment-nifi", f"2026-0{place}-SalesOrderFulfillment.csv", f"{COLUMNS}\n{row}\n"
        )
    lab.go("one")
    lab.items.import_now()
    assert [row["tracking"] for row in lab.items.fulfilments(one)] == ["1Z1", "1Z2"]


def test_row_that_cannot_be_read_costs_only_itself(lab: FulfilmentLab) -> None:
    one = order_id(17)
    item = lab.items_of(17)[0]
    rows = [
        f"{one},{item},{THERE},11/21/2026,1,1Z1,UPS, Ground",
        f"{one},{item},{THERE},11/21/2026,1,1Z1,UPS",
        f"{one},{item}",
    ]
    lab.drop("salesorder/import/fulfillment-nifi", "x-SalesOrderFulfillment.csv", "\n".join([COLUMNS, *rows]))
    lab.go("one")
    assert lab.item(f"{one}:{item}:{THERE}:1Z1", HOTWAX_FULFILMENTS).state.value == "DELIVERED"
    reasons = [row.reason for row in lab.book.exceptions(HOTWAX_FULFILMENTS, "default", unreported_only=True)]
    assert reasons == ["BAD_ROW", "BAD_ROW"]


def test_what_hotwax_refuses_is_an_exception_and_goes_again_when_asked_for(lab: FulfilmentLab) -> None:
    one, two = order_id(18), order_id(19)
    for order in (one, two):
        lab.netsuite.fulfil(order, THERE, tracking=["1Z"])
    lab.netsuite_works()
    lab.items.refuse[one] = "Facility is closed, please look"
    lab.go("one")
    lab.items.import_now()
    lab.go("two")
    keys = [f"{one}:{item}:{THERE}:1Z" for item in lab.items_of(18)]
    refused = [lab.item(key, HOTWAX_FULFILMENTS) for key in keys]
    assert {(record.state.value, record.reason) for record in refused} == {("QUARANTINED", "HOTWAX_REFUSED")}
    assert {record.message for record in refused} == {"Facility is closed, please look"}
    assert lab.item(f"{two}:{lab.items_of(19)[0]}:{THERE}:1Z", HOTWAX_FULFILMENTS).state.value == "CONFIRMED"
    lab.items.refuse.clear()
    lab.go("three", order_ids=keys)
    lab.items.import_now()
    lab.take("four")
    assert len(lab.items.fulfilments(one)) == len(keys)
    assert {lab.item(key, HOTWAX_FULFILMENTS).state.value for key in keys} == {"CONFIRMED"}


def test_rejected_items_reach_hotwax_once_each(lab: FulfilmentLab) -> None:
    one = order_id(20)
    item = lab.items_of(20)[0]
    lab.brokering.allocate(20, THERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    lab.netsuite_works()
    lab.netsuite.faults.duplicate("RejectedSalesOrderItemExport")
    lab.netsuite.reject(one, item, comments="No stock", reason="NOT_IN_STOCK")
    lab.netsuite_works()
    lab.go("two")
    lab.items.import_now()
    lab.go("three")
    (row,) = lab.items.rejections(one)
    assert (row["item_id"], row["comments"], row["reason"]) == (item, "No stock", "NOT_IN_STOCK")
    assert lab.versions(f"{one}:{item}:1", HOTWAX_REJECTIONS) == ["CONFIRMED"]


def test_item_rejected_again_after_it_was_allocated_again_is_told_again(lab: FulfilmentLab) -> None:
    one = order_id(21)
    item = lab.items_of(21)[0]
    lab.brokering.netsuite_stores = frozenset({THERE, ELSEWHERE})
    for run, store in enumerate((THERE, ELSEWHERE)):
        lab.brokering.allocate(21, store, [item])
        lab.brokering.feed_brokered()
        lab.go(f"allocate {run}")
        lab.netsuite_works()
        lab.netsuite.reject(one, item)
        lab.netsuite_works()
        lab.go(f"reject {run}")
        lab.items.import_now()
    assert [row["item_id"] for row in lab.items.rejections(one)] == [item, item]
