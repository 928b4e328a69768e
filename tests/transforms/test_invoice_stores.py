"""Which store invoices an order, what is left out because a till invoiced it, and the slips of the other stores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_sync.errors import Stop
from tests.transforms.completed_kit import (
    Order,
    attributes,
    digital,
    draft,
    exact,
    item,
    lines,
    order,
    refusal,
    transform,
    with_tables,
)

EARLY, LATE = "2024-05-02T09:00:00-06:00", "2024-05-02T16:00:01+00:00"  # an hour and a second apart


def stores(*goods: Order, **settings: Any) -> tuple[str, list[str]]:
    """The invoicing store, and where the slips come from."""
    one = order(*goods)
    found = draft(one, **settings)
    assert found.cause is None, found.cause
    assert exact(found.body)["InvoicingStore"] == found.store
    return found.store, [slip.from_store for slip in found.slips]


@pytest.mark.parametrize(("rule", "wanted"), [("last_fulfilled", "B"), ("first_fulfilled", "C"), ("first_item", "A")])
def test_invoicing_store(rule: str, wanted: str) -> None:
    goods = [
        digital("00100", statusDatetime="2024-06-01T00:00:00Z"),
        item("00101", facility="A", statusDatetime="2024-05-02T10:00:00Z"),
        item("00102", facility="B", statusDatetime="2024-05-02T11:00:00Z"),
        item("00103", facility="C", statusDatetime="2024-05-02T09:00:00Z"),
    ]
    found, slips = stores(*goods, invoicing_store=rule)
    assert found == wanted
    assert slips == sorted({"A", "B", "C"} - {wanted})


@pytest.mark.parametrize(
    ("goods", "last", "first"),
    [
        # times in different zones
        ([item("1", facility="A", statusDatetime=LATE), item("2", facility="B", statusDatetime=EARLY)], "A", "B"),
        # one time: shipment 10 comes after 9, and one without a number first
        ([item("1", facility="A", shipmentId="10"), item("2", facility="B", shipmentId=9)], "A", "B"),
        ([item("1", facility="A", shipmentId="9"), item("2", facility="B", shipmentId=None)], "A", "B"),
        ([item("1", facility="A", shipmentId="S10"), item("2", facility="B", shipmentId="9")], "A", "B"),
        # one shipment: item 00110 comes after 0109
        ([item("00110", facility="A"), item("0109", facility="B")], "A", "B"),
    ],
)
def test_ties(goods: list[Order], last: str, first: str) -> None:
    assert stores(*goods)[0] == stores(*goods[::-1])[0] == last
    assert stores(*goods, invoicing_store="first_fulfilled")[0] == first


def test_virtual_facilities_are_no_stores() -> None:
    assert refusal(order(digital())) == ("NO_STORE", "facilityId")
    hub = item("00102", facility="HUB", parentFacilityTypeId="VIRTUAL_FACILITY", statusDatetime="2024-06-01T00:00:00Z")
    assert stores(item(), hub) == ("P22", [])
    assert stores(
        item(), item("00102", facility="HUB", facilityTypeId="CONFIGURATION"), virtual_facility_types=["CONFIGURATION"]
    ) == ("P22", [])


def test_digital_items_belong_to_the_invoicing_store() -> None:
    goods = [item("1", facility="A", statusDatetime=LATE), item("2", facility="B", statusDatetime=EARLY), digital("3")]
    assert lines(order(*goods), "UPC", "StoreOrig", "StoreDest")[-1] == ("gift0001", "A", None)


def test_a_digital_item_is_not_collected_anywhere() -> None:
    one = order(item("1"), digital("2", slaShipmentMethodTypeId="STOREPICKUP", facilityExternalId="web"))
    assert lines(one, "UPC", "StoreOrig", "StoreDest")[-1] == ("gift0001", "P22", None)


def test_a_facility_without_its_number() -> None:
    assert refusal(order(item(facilityExternalId=None))) == ("REQUIRED_FIELD", "order.InvoicingStore")


def test_stores_have_names_of_their_own_in_retail_pro(tmp_path: Path) -> None:
    using = with_tables(
        tmp_path,
        retailpro_store="store-22,P22,\nstore-27,A27,\nstore-28,A27,\n",
        retailpro_invoicing_store="store-22,SVP22,\nstore-27,SVA27,\nstore-28,SVA27,\n",
    )
    goods = [
        item("1", facility="store-22", statusDatetime=LATE),
        item("2", facility="store-27", statusDatetime=EARLY),
        item("3", facility="store-28", statusDatetime=EARLY),
    ]
    found = draft(order(*goods), using)
    made = exact(found.body)
    assert made["InvoicingStore"] == found.store == "SVP22"
    assert [(line["StoreOrig"], line["Qty"]) for line in made["Items"]] == [("P22", 1), ("A27", 2)]
    assert [(slip.from_store, slip.to_store, slip.quantity) for slip in found.slips] == [("SVA27", "SVP22", 2)]
    assert refusal(order(item(facility="store-23")), using) == ("VALUE_TOO_LONG", "order.InvoicingStore")
    known = order(item("1", facility="store-22", statusDatetime=LATE), item("2", facility="store-29"))
    assert refusal(known, using) == ("VALUE_TOO_LONG", "Items.StoreOrig")


def sold(*goods: Order, store: str | None = "A32", **changes: Any) -> Order:
    given = {"orderFacility": store} if store else {}
    at_till = {"salesChannel": "POS_SALES_CHANNEL", "orderAttributes": attributes(**given)}
    return order(*goods, **at_till | changes)


def test_pos_orders_are_left_out() -> None:
    taken = item(facility="A32", slaShipmentMethodTypeId="POS_COMPLETED")
    for one in (
        sold(taken),
        sold(taken, store=None),
        sold(taken, salesChannel="POS_CHANNEL"),
        sold(taken, total="1", payments=[]),
    ):
        found = draft(one)
        assert (found.left_out, found.kind, found.body, found.slips, found.cause) == ("POS_ORDER", "POS", b"", (), None)
    assert draft(sold(item(facility="A32"))).left_out == "POS_ORDER"
    assert draft(sold(taken, digital())).left_out == "POS_ORDER"


def test_send_sales_get_a_slip_per_shipping_store() -> None:
    goods = [
        item("1", facility="P22", upc="a"),
        item("2", facility="A32", upc="b"),
        item("3", facility="A27", upc="c"),
        digital(),
    ]
    found = draft(sold(*goods, payments=None, customerEmail=None))
    assert (found.left_out, found.kind, found.body, found.cause, found.store) == (
        "SEND_SALE",
        "SEND_SALE",
        b"",
        None,
        "A32",
    )
    assert [(slip.number, slip.from_store, slip.to_store) for slip in found.slips] == [
        ("000010011", "A27", "A32"),
        ("000010012", "P22", "A32"),
    ]
    assert [exact(slip.body)["Items"] for slip in found.slips] == [[{"UPC": "c", "Qty": 1}], [{"UPC": "a", "Qty": 1}]]


def test_send_sales_whose_slip_cannot_be_written() -> None:
    shipped = item(facility="P22")
    assert refusal(sold(shipped, store=None)) == ("REQUIRED_FIELD", "orderAttributes.orderFacility")
    assert refusal(sold(shipped, orderIdentifications=[])) == ("REQUIRED_FIELD", "order.OrderNo")
    assert refusal(sold(item(facility="store-9"))) == ("VALUE_TOO_LONG", "order.FromStore")
    assert refusal(sold(item(facility="P22", goodIdentifications=[]))) == ("REQUIRED_FIELD", "Items.UPC")
    assert refusal(sold(item(facility="P22", itemStatusId="ITEM_APPROVED"))) == ("NOT_FULFILLED", "itemStatusId")
    assert refusal(sold(item(facilityExternalId=None))) == ("REQUIRED_FIELD", "order.FromStore")


def test_slips_are_created_when_the_last_item_went_in_the_zone() -> None:
    found = draft(sold(item(facility="P22", statusDatetime="2024-03-10T07:00:00Z")), time_zone="America/New_York")
    assert exact(found.slips[0].body)["CreatedDate"] == "2024-03-10T03:00:00"


@pytest.mark.parametrize("pattern", ["{order_no}", "{n}", "{order}{n}", "{order_no", "{0}{n}"])
def test_slip_numbers_must_differ(pattern: str) -> None:
    with pytest.raises(Stop, match="does not give every slip a number of its own"):
        transform(slip_number=pattern)


def test_slip_numbers_of_unfilled_order_numbers_need_a_border() -> None:
    with pytest.raises(Stop):
        transform(order_number_digits=0)
    assert transform(order_number_digits=0, slip_number="{order_no}-{n}")
