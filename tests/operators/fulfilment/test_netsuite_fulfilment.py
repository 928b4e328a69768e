"""Allocation, and what HotWax shipped: against NetSuite's own database."""

from __future__ import annotations

from typing import Any

import pytest

from order_sync.flow import NETSUITE_ALLOCATIONS, NETSUITE_FULFILMENTS
from order_sync.operators.netsuite_fulfilment import STAGES
from sandbox.hotwax.created_orders_json import order_id
from sandbox.netsuite import NetSuiteSettings
from tests.support.fulfilment_lab import ELSEWHERE, HERE, THERE, FulfilmentLab, Open, of_several_pieces

UPDATE = "salesorder/update"


def stage(name: str) -> Any:
    return next(one for one in STAGES if one.name == name)


def test_allocated_items_get_their_location(lab: FulfilmentLab) -> None:
    one, two = order_id(1), order_id(2)
    lab.brokering.allocate(1, THERE)
    lab.brokering.allocate(2, HERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    lab.netsuite_works()
    for item in lab.items_of(1):
        assert (lab.line(one, item)["location"], lab.line(one, item)["closed"]) == (THERE, 0)
        assert lab.versions(f"{one}:{item}", NETSUITE_ALLOCATIONS) == ["DELIVERED"]
    for item in lab.items_of(2):
        assert lab.line(two, item)["location"] == ""
        assert lab.item(f"{two}:{item}", NETSUITE_ALLOCATIONS).reason == "HOTWAX_FULFILS"


def test_quantities_and_prices_stay_what_they_were(lab: FulfilmentLab) -> None:
    one = order_id(3)
    before = lab.netsuite.database.order(one)
    lab.brokering.allocate(3, THERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    lab.netsuite_works()
    after = lab.netsuite.database.order(one)
    assert before is not None
    assert after is not None
    kept = [(line["line_id"], line["item"], line["quantity"], line["rate"]) for line in before["lines"]]
    assert kept == [(line["line_id"], line["item"], line["quantity"], line["rate"]) for line in after["lines"]]


def test_cancelled_line_is_closed_wherever_it_was(lab: FulfilmentLab) -> None:
    one = order_id(4)
    first, *_ = lab.items_of(4)
    lab.brokering.cancel(4, first)
    lab.brokering.feed_brokered()
    lab.go("one")
    lab.netsuite_works()
    assert lab.line(one, first)["closed"] == 1


def test_items_of_an_order_that_netsuite_does_not_have_wait(lab: FulfilmentLab) -> None:
    order = lab.shop.place(5)
    lab.brokering.allocate(5, THERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    keys = [f"{order}:{item}" for item in lab.items_of(5)]
    assert {lab.item(key, NETSUITE_ALLOCATIONS).field for key in keys} == {f"order {order}"}
    lab.netsuite.faults.lose("SalesOrderItemExport")
    lab.offer()
    for run in ("two", "three"):
        lab.run(run)
        lab.netsuite_works()
    lab.answers("four")
    lab.go("five")  # the order has its id now, its lines have none
    assert [lab.item(key, NETSUITE_ALLOCATIONS).field for key in keys] == [f"line {key}" for key in keys]
    lines = {line["hc_order_line_id"]: str(line["line_id"]) for line in lab.netsuite.database.order(order)["lines"]}  # type: ignore[index]
    rows = "".join(f"{order},{item},NetsuiteItemLineId,{lines[item]}\n" for item in lab.items_of(5))
    header = "orderId,orderItemSeqId,attrName,attrValue\n"
    lab.drop("salesorder/import/orderitemattribute", "Sat Nov 21-SalesOrderItemExport.csv", header + rows)
    lab.answers("six")
    lab.go("seven")
    lab.netsuite_works()
    assert {lab.line(order, item)["location"] for item in lab.items_of(5)} == {THERE}
    assert all(lab.versions(key, NETSUITE_ALLOCATIONS) == ["DELIVERED"] for key in keys)


def test_items_of_an_order_that_never_goes_to_netsuite_wait_for_nothing(lab: FulfilmentLab) -> None:
    order = lab.shop.place(30, "exchange")
    lab.offer()
    lab.run("one")
    item = lab.items_of(30)[0]
    lab.brokering.allocate(30, THERE, [item])
    path = lab.brokering.feed_brokered()
    assert path is not None
    path.write_text(path.read_text(encoding="utf-8").replace("LOOP_EXCH", "WEB_CHANNEL"), encoding="utf-8")
    lab.go("one")
    record = lab.item(f"{order}:{item}", NETSUITE_ALLOCATIONS)
    assert (record.state.value, record.reason) == ("EXCLUDED", "NOT_IN_NETSUITE")


def test_the_last_facility_of_a_line_counts(lab: FulfilmentLab) -> None:
    one = order_id(6)
    lab.brokering.netsuite_stores = frozenset({THERE, ELSEWHERE})
    item = lab.items_of(6)[0]
    for store in (THERE, ELSEWHERE):
        lab.brokering.allocate(6, store, [item])
        lab.brokering.feed_brokered()
    lab.go("one")  # both in one run
    lab.netsuite_works()
    assert lab.line(one, item)["location"] == ELSEWHERE
    for run, store in (("two", THERE), ("three", ELSEWHERE), ("four", THERE)):  # back and forth, a run each
        lab.brokering.allocate(6, store, [item])
        lab.brokering.feed_brokered()
        lab.go(run)
        lab.netsuite_works()
        assert lab.line(one, item)["location"] == store


def test_older_allocation_that_comes_late_changes_nothing(lab: FulfilmentLab) -> None:
    one = order_id(7)
    lab.brokering.netsuite_stores = frozenset({THERE, ELSEWHERE})
    item = lab.items_of(7)[0]
    lab.brokering.allocate(7, THERE, [item])
    old = lab.brokering.feed_brokered()
    assert old is not None
    kept = old.read_bytes()
    old.unlink()
    lab.brokering.allocate(7, ELSEWHERE, [item])
    lab.brokering.feed_brokered()
    lab.go("one")
    old.write_bytes(kept)
    lab.go("two")
    lab.netsuite_works()
    assert lab.line(one, item)["location"] == ELSEWHERE


def test_older_allocation_does_not_push_a_waiting_one_away(lab: FulfilmentLab) -> None:
    order = lab.shop.place(8)
    lab.brokering.netsuite_stores = frozenset({THERE, ELSEWHERE})
    item = lab.items_of(8)[0]
    lab.brokering.allocate(8, THERE, [item])
    old = lab.brokering.feed_brokered()
    assert old is not None
    kept = old.read_bytes()
    old.unlink()
    lab.brokering.allocate(8, ELSEWHERE, [item])
    lab.brokering.feed_brokered()
    lab.go("one")
    old.write_bytes(kept)
    lab.go("two")
    assert lab.item(f"{order}:{item}", NETSUITE_ALLOCATIONS).store == ELSEWHERE


def test_line_that_netsuite_was_told_of_is_told_when_it_goes_to_hotwax(lab: FulfilmentLab) -> None:
    one = order_id(9)
    item = lab.items_of(9)[0]
    lab.brokering.allocate(9, THERE, [item])
    lab.brokering.feed_brokered()
    lab.go("one")
    lab.brokering.allocate(9, HERE, [item])
    lab.brokering.feed_brokered()
    lab.go("two")
    lab.netsuite_works()
    assert lab.line(one, item)["location"] == HERE


def test_file_that_comes_again_sends_nothing_again(lab: FulfilmentLab) -> None:
    lab.brokering.allocate(10, THERE)
    path = lab.brokering.feed_brokered()
    assert path is not None
    content = path.read_bytes()
    lab.go("one")
    rows = lab.sent(UPDATE, "BrokeredOrderItemsFeed")
    path.write_bytes(content)
    lab.go("two")
    assert lab.sent(UPDATE, "BrokeredOrderItemsFeed") == rows


@pytest.mark.parametrize("form", ["csv", "json"])
def test_what_hotwax_shipped_is_fulfilled_in_netsuite(make: Open, form: str) -> None:
    lab = make(fulfilled=form)
    one = order_id(11)
    items = lab.items_of(11)
    lab.brokering.ship(11, HERE, items[:1])
    lab.brokering.ship(11, ELSEWHERE, items[1:])
    lab.brokering.feed_fulfilled()
    lab.go("one")
    lab.netsuite_works()
    ordered = {item["orderItemSeqId"]: str(item["orderItemQuantity"]) for item in lab.shop.order(11)["orderItems"]}
    stores = {item: HERE if item == items[0] else ELSEWHERE for item in items}
    assert lab.shipments(one) == sorted((item, stores[item], ordered[item]) for item in items)
    assert {lab.line(one, item)["tag"] for item in items} == {"hotwax-fulfilled"}
    if form == "json":
        assert [len(element["items"]) for element in lab.sent_json()] == [1, len(items) - 1][: 1 + (len(items) > 1)]


@pytest.mark.parametrize(("form", "state"), [("csv", "QUARANTINED"), ("json", "DELIVERED")])
def test_line_shipped_in_parts(make: Open, form: str, state: str) -> None:
    """A row would change the quantity of the line, so it is set aside; the older form can say it."""
    lab = make(fulfilled=form)
    number = of_several_pieces(lab)
    order, item = order_id(number), lab.items_of(number)[0]
    for store in (HERE, ELSEWHERE):
        lab.brokering.ship(number, store, [item], pieces=1)
    lab.brokering.feed_fulfilled()
    lab.go("one")
    found = [lab.item(f"{order}:{item}:{store}", NETSUITE_FULFILMENTS) for store in (HERE, ELSEWHERE)]
    assert {record.state.value for record in found} == {state}
    assert {record.reason for record in found} == ({"PARTLY_SHIPPED"} if form == "csv" else {""})
    lab.netsuite_works()
    assert lab.shipments(order) == ([(item, HERE, "1"), (item, ELSEWHERE, "1")] if form == "json" else [])


def test_what_netsuite_shipped_is_not_told_back(lab: FulfilmentLab) -> None:
    one = order_id(14)
    items = lab.items_of(14)
    lab.netsuite.fulfil(one, THERE, tracking=["1Z1"], carrier="UPS")
    lab.netsuite_works()
    lab.go("one")
    lab.brokering.ship(14, THERE, items)  # HotWax completes the order, and tells of all of it
    lab.brokering.feed_fulfilled()
    lab.go("two")
    reasons = {lab.item(f"{one}:{item}:{THERE}", NETSUITE_FULFILMENTS).reason for item in items}
    assert reasons == {"NETSUITE_FULFILS"}
    assert lab.shipments(one) == []


@pytest.mark.parametrize("form", ["csv", "json"])
def test_error_file_of_a_shipment_makes_exceptions(make: Open, form: str) -> None:
    lab = make(fulfilled=form)
    one, items = order_id(22), lab.items_of(22)
    lab.brokering.ship(22, HERE)
    lab.brokering.feed_fulfilled()
    lab.go("one")
    if form == "csv":  # the lines are updated, but NetSuite's script cannot ship from there
        lab.netsuite.faults.stopped = True
        internal_id = lab.netsuite.database.order(one)["internal_id"]  # type: ignore[index]
        rows = f"orderId,errorMessage\n{internal_id},Invalid location reference key, {HERE}\n"
        for name in ("Sat Nov 21 2026 01:00", "Sat Nov 21 2026 01:15"):  # it says so in every run
            lab.drop(f"{UPDATE}/error", f"{name}-ErrorCreateSalesOrderItemFulfillment.csv", rows)
    else:
        lab.netsuite.settings.unknown_locations = {HERE}
        lab.netsuite_works()
    lab.go("two")
    records = [lab.item(f"{one}:{item}:{HERE}", NETSUITE_FULFILMENTS) for item in items]
    assert {(record.state.value, record.reason) for record in records} == {("QUARANTINED", "NETSUITE_REFUSED")}
    assert "Invalid location reference key" in records[0].message


def test_error_file_of_an_update_makes_exceptions(lab: FulfilmentLab) -> None:
    one = order_id(23)
    lab.brokering.allocate(23, THERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    (path,) = [path for path in lab.netsuite.folder(UPDATE).iterdir() if path.is_file()]
    rows = f"fileName,errorMessage\n{path.name},The file is damaged, look at it\n"
    lab.drop(f"{UPDATE}/error", "Sat Nov 21 2026-ErrorUpdateSaleOrder.csv", rows)
    lab.go("two")
    record = lab.item(f"{one}:{lab.items_of(23)[0]}", NETSUITE_ALLOCATIONS)
    assert (record.state.value, record.reason) == ("QUARANTINED", "NETSUITE_REFUSED")


def test_try_that_dies_before_it_is_noted_publishes_nothing_twice(
    lab: FulfilmentLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = order_id(24)
    lab.brokering.allocate(24, THERE)
    lab.brokering.feed_brokered()

    def die(name: str) -> None:
        if name == "publish.before_commit":
            raise RuntimeError("killed")

    with monkeypatch.context() as killing:
        killing.setattr("order_sync.operators.publish.point", die)
        with pytest.raises(RuntimeError):
            lab.stage(stage("allocations"), "one")
    lab.netsuite.scripts.run_now()
    lab.stage(stage("allocations"), "one")
    lab.netsuite_works()
    assert [job["status"] for job in lab.netsuite.database.jobs("HC_SC_UpdateSalesOrders")] == ["COMPLETE"]
    assert lab.line(one, lab.items_of(24)[0])["location"] == THERE


@pytest.mark.parametrize(
    ("generation", "allocation", "fulfilled"),
    [
        ("camel", "lineId,internalId,item,closed,quantity,location", "lineId,internalId,item,quantity,location,tags"),
        (
            "title",
            "Line Id,External Id,Item,Closed,Quantity,Location",
            "Line Id,External Id,Item,Quantity,Location,Tags",
        ),
    ],
)
def test_golden_files(make: Open, generation: str, allocation: str, fulfilled: str) -> None:
    lab = make(generation=generation, netsuite=NetSuiteSettings(generation=generation))  # type: ignore[arg-type]
    one, two = order_id(25), order_id(26)
    lab.brokering.allocate(25, THERE)
    lab.brokering.feed_brokered()
    lab.brokering.ship(26, HERE)
    lab.brokering.feed_fulfilled()
    lab.go("one")
    header, *rows = lab.sent(UPDATE, "BrokeredOrderItemsFeed")
    assert ",".join(header) == allocation
    order = lab.netsuite.database.order(one)
    assert order is not None
    assert rows == [
        [str(line["line_id"]), str(order["internal_id"]), line["item"], "FALSE", line["quantity"], THERE]
        for line in order["lines"]
        if line["hc_order_line_id"]
    ]
    header, *rows = lab.sent(UPDATE, "FulfilledOrderItemsFeed")
    assert ",".join(header) == fulfilled
    order = lab.netsuite.database.order(two)
    assert order is not None
    assert rows == [
        [str(line["line_id"]), str(order["internal_id"]), line["item"], line["quantity"], HERE, "hotwax-fulfilled"]
        for line in order["lines"]
        if line["hc_order_line_id"]
    ]
    lab.netsuite_works()
    assert {lab.line(one, item)["location"] for item in lab.items_of(25)} == {THERE}
    assert {place for _, place, _ in lab.shipments(two)} == {HERE}


def test_allocation_may_carry_the_address(make: Open) -> None:
    lab = make(allocate_address=True, allocate_shipping_method=True)
    lab.brokering.allocate(27, THERE)
    lab.brokering.feed_brokered()
    lab.go("one")
    header, row, *_ = lab.sent(UPDATE, "BrokeredOrderItemsFeed")
    assert header[6:] == ["addressee", "address1", "address2", "city", "state", "country", "zip", "shippingMethod"]
    place = lab.shop.order(27)["orderItems"][0]["shipTo"]
    assert row[6] == place["toName"]
    assert row[12:] == [place["postalCode"], ""]


def test_dry_run_changes_nothing(lab: FulfilmentLab) -> None:
    one = order_id(28)
    lab.brokering.allocate(28, THERE)
    lab.brokering.feed_brokered()
    lab.netsuite.fulfil(one, THERE)
    lab.netsuite_works()
    lab.go("one", dry_run=True)
    assert lab.sent(UPDATE, "BrokeredOrderItemsFeed") == []
    assert lab.versions(f"{one}:{lab.items_of(28)[0]}", NETSUITE_ALLOCATIONS) == []
    assert not list(lab.items.fulfilment_folder.glob("*.json"))


def test_older_form_is_one_object_per_order_and_facility(make: Open) -> None:
    lab = make(fulfilled="json", max_rows_per_file=1)
    order = order_id(29)
    items = lab.items_of(29)
    lab.brokering.ship(29, HERE)
    lab.brokering.feed_fulfilled()
    lab.go("one")
    found = lab.netsuite.database.order(order)
    assert found is not None
    (element,) = lab.sent_json()
    assert element["order_id"] == str(found["internal_id"])
    assert element["order_attributes"] == []
    ordered = {item["orderItemSeqId"]: str(item["orderItemQuantity"]) for item in lab.shop.order(29)["orderItems"]}
    assert element["items"] == [
        {
            "line_id": str(lab.line(order, item)["line_id"]),
            "quantity": ordered[item],
            "location_id": HERE,
            "tags": "hotwax-fulfilled",
        }
        for item in items
    ]
