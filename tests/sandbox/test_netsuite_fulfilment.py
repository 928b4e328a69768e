"""Order updates, shipped and rejected lines, in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.netsuite import NetSuite, RecordError
from tests.sandbox.netsuite_kit import names, put, results, returned, table, with_order

UPDATE, FULFILLED = "salesorder/update", "fulfilledsalesorder/export"
CAMEL = "internalId,lineId,item,closed,quantity,location,rejected"
TAGGED = "lineId,internalId,item,quantity,location,tags"


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def update(netsuite: NetSuite, header: str, *rows: dict[str, str], name: str = "u.csv") -> None:
    put(netsuite, UPDATE, table(header, list(rows), CAMEL if header.startswith("External") else None), name)
    netsuite.scripts.run_now()


def line(netsuite: NetSuite, place: int = 0) -> dict[str, object]:
    order = netsuite.database.order("M1")
    assert order is not None
    found: dict[str, object] = order["lines"][place]
    return found


@pytest.mark.parametrize(
    ("generation", "header"),
    [("camel", CAMEL), ("title", "External Id,Line Id,Item,Closed,Quantity,Location,Rejected")],
)
def test_an_update_changes_what_it_names(netsuite: NetSuite, generation: str, header: str) -> None:
    order_id = str(with_order(netsuite, lines=2))
    netsuite.settings.generation = generation  # type: ignore[assignment]
    update(
        netsuite,
        header,
        {"internalId": order_id, "lineId": "1", "location": "7"},
        {"internalId": order_id, "lineId": "2", "closed": "TRUE", "quantity": "1", "rejected": "T"},
    )
    one, two = line(netsuite), line(netsuite, 1)
    assert (one["location"], one["closed"], one["quantity"], one["item"]) == ("7", 0, "2", "901")
    assert (two["location"], two["closed"], two["quantity"], two["rejected"]) == ("", 1, "1", 1)
    assert {result for _, result, _ in results(netsuite, "HC_SC_UpdateSalesOrders")} == {"updated"}


def test_a_brokered_item_may_bring_an_address(netsuite: NetSuite) -> None:
    order_id = str(with_order(netsuite))
    header = "lineId,internalId,item,closed,quantity,location,addressee,city,shippingMethod"
    update(netsuite, header, {"internalId": order_id, "lineId": "1", "city": "Waco", "shippingMethod": "12"})
    order = netsuite.database.order("M1")
    assert order is not None
    assert '"addressee": "Ada Shopper"' in order["ship_to"]
    assert '"city": "Waco"' in order["ship_to"]
    assert order["shipping_method"] == "12"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"internalId": "77"}, "Invalid salesorder reference key 77"),
        ({"lineId": "9"}, "Line item not found with line: 9"),
        ({"location": "x"}, "Invalid location reference key x for subsidiary 1"),
    ],
)
def test_a_wrong_update_changes_nothing(netsuite: NetSuite, changes: dict[str, str], message: str) -> None:
    order_id = str(with_order(netsuite))
    before = line(netsuite)
    first = {"internalId": order_id, "lineId": "1", "location": "7"}
    if "internalId" in changes:
        update(netsuite, CAMEL, {**first, **changes})
    else:
        update(netsuite, CAMEL, first, {**first, **changes})
    assert results(netsuite, "HC_SC_UpdateSalesOrders")[-1][1:] == ("refused", message)
    assert line(netsuite) == before


def test_an_update_without_a_line_refuses_the_file(netsuite: NetSuite) -> None:
    update(netsuite, CAMEL, {"internalId": str(with_order(netsuite)), "lineId": ""})
    assert netsuite.database.jobs("HC_SC_UpdateSalesOrders")[0]["status"] == "FAILED"


def test_tagged_lines_are_shipped_once_per_order_and_location(netsuite: NetSuite) -> None:
    order_id = str(with_order(netsuite, lines=3))
    rows = [
        {"internalId": order_id, "lineId": str(number), "quantity": "2", "location": place, "tags": "hotwax-fulfilled"}
        for number, place in ((1, "7"), (2, "8"), (3, "7"))
    ]
    update(netsuite, TAGGED, *rows)
    netsuite.scripts.run_now()
    order = netsuite.database.order("M1")
    assert order is not None
    shipped = [(one["line_id"], one["location"], one["quantity"], one["made_by"]) for one in order["fulfilments"]]
    assert sorted(shipped) == [(1, "7", "2", "hotwax"), (2, "8", "2", "hotwax"), (3, "7", "2", "hotwax")]
    assert len({one["internal_id"] for one in order["fulfilments"]}) == 2
    assert names(netsuite, "salesorder/import/fulfillment-nifi") == []


def test_a_tagged_line_that_cannot_be_shipped_is_told(netsuite: NetSuite) -> None:
    order_id = str(with_order(netsuite))
    update(netsuite, TAGGED, {"internalId": order_id, "lineId": "1", "location": "7", "tags": "hotwax-fulfilled"})
    with_order(netsuite, "M2", itemLocation="7")
    second = str(netsuite.database.rows("SELECT max(internal_id) AS id FROM sales_orders")[0]["id"])
    put(netsuite, UPDATE, table(TAGGED, [{"internalId": second, "lineId": "1", "tags": "hotwax-fulfilled"}]))
    netsuite.settings.unknown_locations = {"7"}
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, f"{UPDATE}/error", "ErrorCreateSalesOrderItemFulfillment")
    assert text == f"orderId,errorMessage\n{second},Invalid location reference key 7 for subsidiary 1\n"


def element(order_id: int | str, line_id: object = "1", **changes: object) -> dict[str, object]:
    item = {"line_id": line_id, "quantity": "1", "location_id": "7", "tags": "hotwax-fulfilled", **changes}
    return {"order_id": str(order_id), "order_attributes": [], "items": [item]}


def test_fulfilled_orders_as_json(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    put(netsuite, FULFILLED, [element(order_id), element(order_id)], "f.json")
    netsuite.scripts.run_now()
    order = netsuite.database.order("M1")
    assert order is not None
    assert [(one["quantity"], one["location"]) for one in order["fulfilments"]] == [("1", "7"), ("1", "7")]
    assert (line(netsuite)["location"], line(netsuite)["tag"]) == ("7", "hotwax-fulfilled")
    assert names(netsuite, f"{FULFILLED}/archive") == ["f.json"]
    assert names(netsuite, f"{FULFILLED}/error") == []


def test_fulfilments_that_fail_are_told_with_a_stray_comma(netsuite: NetSuite) -> None:
    order_id = with_order(netsuite)
    elements = [
        element("77"),
        element(order_id, quantity="3"),
        element(order_id, 1),
        {"order_id": str(order_id), "items": []},
        element("", "1"),
    ]
    put(netsuite, FULFILLED, elements, "f.json")
    put(netsuite, FULFILLED, b"[", "broken.json")
    put(netsuite, FULFILLED, b"", "empty.json")
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, f"{FULFILLED}/error", "ErrorFulfilledOrders")
    lines = text.splitlines()
    assert lines[:3] == [
        "orderId,errorMessage",
        "77,That record does not exist. path: salesorder, id 77",
        f",{order_id},Nothing left to fulfill on line 1, or the quantity is too high",
    ]
    assert all(one.startswith(f",{order_id},") for one in lines[2:])
    assert len(lines) == 5
    assert names(netsuite, FULFILLED) == ["broken.json", "empty.json"]
    assert netsuite.database.figures()["fulfilments"] == 0


def test_what_netsuite_ships_itself(netsuite: NetSuite) -> None:
    with_order(netsuite, lines=2)
    netsuite.fulfil("M1", "9", ["00002"], tracking=("1Z1", "1Z2"), carrier="UPS", shipping_method="Ground")
    netsuite.scripts.run_now()
    netsuite.scripts.run_now()
    folder = "salesorder/import/fulfillment-nifi"
    (text,) = returned(netsuite, folder, "SalesOrderFulfillment")
    header, row = text.splitlines()
    assert header == (
        "orderId,orderItemSeqId,externalFacilityId,shippedDate,quantity,trackingNumber,carrier,shippingMethod,"
        "shippingMethodId"
    )
    order_id, seq, facility, _, *rest = row.split(",")
    assert (order_id, seq, facility, rest) == ("M1", "00002", "9", ["2", "1Z1 | 1Z2", "UPS", "Ground", "4"])
    (name,) = names(netsuite, folder)
    assert re.fullmatch(r"\d{4}(-\d\d){5}-SalesOrderFulfillment\.csv", name)
    with pytest.raises(RecordError, match="Nothing left"):
        netsuite.fulfil("M1", "9", ["00002"])
    with pytest.raises(RecordError, match="not found with line: 00009"):
        netsuite.fulfil("M1", "9", ["00009"])
    with pytest.raises(KeyError, match="no order M5"):
        netsuite.fulfil("M5", "9")


def test_rejected_items(netsuite: NetSuite) -> None:
    with_order(netsuite, lines=2)
    netsuite.reject("M1", "00002", reason="NOT_IN_STOCK")
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, "salesorder/rejectedorderitem", "RejectedSalesOrderItemExport")
    assert text.splitlines() == [
        "orderId,orderItemSeqId,rejectionComments,rejectionReason",
        "M1,00002,Order Item Rejected from NetSuite,NOT_IN_STOCK",
    ]
    assert [line(netsuite, place)["rejected"] for place in (0, 1)] == [0, 1]
    with pytest.raises(KeyError, match="M1 has no line 00007"):
        netsuite.reject("M1", "00007")
