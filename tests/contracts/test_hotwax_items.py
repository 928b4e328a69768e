"""Files of order items are cut the same way every time, and what cannot be cut stays whole."""

from __future__ import annotations

import json

import msgspec
import pytest

from order_sync.contracts import hotwax_items, netsuite_shipments
from order_sync.errors import BadInput


def item(seq: str, facility: str = "40", **more: object) -> dict[str, object]:
    return {"orderItemSeqId": seq, "facilityExternalId": facility, **more}


def shipped(data: object) -> list[hotwax_items.Shipped]:
    parts = hotwax_items.shipped_items(json.dumps(data).encode())
    return [hotwax_items.shipped.decode(part) for part in parts]


def test_brokered_order_becomes_its_items_with_what_they_need() -> None:
    order = {"orderId": 17, "salesChannel": "WEB_CHANNEL", "unread": [1], "orderItems": [item("1"), item("2")]}
    parts = hotwax_items.brokered_items(json.dumps(order).encode())
    found = [hotwax_items.allocations.decode(part) for part in parts]
    assert [(one.orderId, one.salesChannel) for one in found] == [(17, "WEB_CHANNEL")] * 2
    assert [one.item.orderItemSeqId for one in found if one.item] == ["1", "2"]
    assert parts == hotwax_items.brokered_items(json.dumps(order).encode())


@pytest.mark.parametrize(
    "data", [b"{", b"[]", b'{"orderItems": 7}', b'{"orderId": "1"}', b'{"orderItems": []}', b"\xff"]
)
def test_what_cannot_be_cut_stays_whole(data: bytes) -> None:
    assert hotwax_items.brokered_items(data) == [data]
    assert hotwax_items.shipped_items(data) == [data]
    assert netsuite_shipments.fulfilment_items(data) == [data]


def test_shipped_items_of_a_facility_stand_side_by_side() -> None:
    shipments = [
        {"shipmentItems": [item("1", "40"), item("2", "41")]},
        {"shipmentItems": [item("3", "40"), item("1", "40")]},
    ]
    found = shipped({"orderId": "M1", "shipments": shipments})
    assert [
        (one.parts[0].facilityExternalId, one.parts[0].orderItemSeqId, len(one.parts)) for one in found if one.parts
    ] == [
        ("40", "1", 2),
        ("40", "3", 1),
        ("41", "2", 1),
    ]


def test_shipped_item_knows_of_its_other_facilities_and_of_the_whole_order() -> None:
    shipments = [{"shipmentItems": [item("1", "40", slaShipmentMethodTypeId="STANDARD"), item("1", "41")]}]
    found = shipped({"orderId": "M1", "shipments": shipments})
    assert [(one.facilities, one.methods) for one in found] == [(2, ["", "STANDARD"])] * 2


def test_element_of_netsuites_json_becomes_its_lines() -> None:
    element = {
        "orderMap": {"orderId": "M1", "items": [{"orderItemSeqId": "1", "quantity": 2}, {"orderItemSeqId": "2"}]}
    }
    parts = netsuite_shipments.fulfilment_items(json.dumps(element).encode())
    found = [netsuite_shipments.fulfilments.decode(part) for part in parts]
    assert [(one.orderId, one.orderItemSeqId, one.quantity) for one in found] == [("M1", "1", 2), ("M1", "2", None)]


COLUMNS = ("orderId", "orderItemSeqId")


def test_rows_are_found_by_name_whatever_else_there_is() -> None:
    text = '\ufefforderItemSeqId,more, orderId\r\n\r\n00001,"a, b",M1\n00002,undefined,null\n'
    found = list(netsuite_shipments.csv_records("f.csv", text.encode(), COLUMNS))
    assert [msgspec.json.decode(one) for one in found if isinstance(one, bytes)] == [
        {"orderItemSeqId": "00001", "more": "a, b", "orderId": "M1"},
        {"orderItemSeqId": "00002", "more": None, "orderId": None},
    ]


def test_damaged_row_costs_nothing_but_itself() -> None:
    text = "orderId,orderItemSeqId\nM1,1,2\nM2,1\nM3\n"
    found = list(netsuite_shipments.csv_records("f.csv", text.encode(), COLUMNS))
    assert [one.reason if isinstance(one, BadInput) else "" for one in found] == ["BAD_ROW", "", "BAD_ROW"]
    assert isinstance(found[0], BadInput)
    assert found[0].message == "line 2: it has 3 values, 2 are wanted."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "FILE_EMPTY"),
        (b" \n\n", "FILE_EMPTY"),
        (b"\xff", "FILE_ENCODING"),
        (b"orderId\nM1\n", "FILE_WRONG_HEADER"),
    ],
)
def test_file_that_cannot_be_used(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput) as told:
        list(netsuite_shipments.csv_records("f.csv", data, COLUMNS))
    assert told.value.reason == reason
