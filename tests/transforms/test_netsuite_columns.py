"""Created orders for NetSuite: what stands in the columns of the order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_sync.errors import Stop
from tests.transforms.created_kit import (
    ADDRESS,
    AT_TILL,
    CANCELLED,
    PROMO,
    SHIPPING,
    SHIPPING_TAX,
    TAX,
    adjustment,
    cause,
    columns,
    item,
    order,
    rows,
    settings,
    transform,
    with_tables,
)


@pytest.mark.parametrize(
    ("form", "shown"),
    [("M/D/YYYY", "3/9/2024"), ("D/M/YYYY", "9/3/2024"), ("MM/DD/YYYY", "03/09/2024"), ("YYYY-MM-DD", "2024-03-09")],
)
def test_dates(form: str, shown: str) -> None:
    assert columns(order(), "date", date_format=form) == [(shown,)]
    assert columns(order(), "date", time_zone="UTC") == [("3/10/2024",)]


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2024-03-10T04:59:59Z", "3/9/2024"),
        ("2024-03-10T05:00:00Z", "3/10/2024"),
        ("2024-03-11T03:59:59Z", "3/10/2024"),
        ("2024-03-11T04:00:00Z", "3/11/2024"),
        ("2024-11-03T03:59:59Z", "11/2/2024"),
        ("2024-11-03T04:00:00Z", "11/3/2024"),
        ("2024-11-04T04:59:59Z", "11/3/2024"),
        ("2024-11-04T05:00:00Z", "11/4/2024"),
    ],
)
def test_midnight_of_both_nights_in_which_the_clock_is_changed(moment: str, day: str) -> None:
    assert columns(order(orderDate=moment), "date") == [(day,)]


def test_a_discount_on_the_order_is_an_item_and_a_rate(tmp_path: Path) -> None:
    def shown(*promos: dict[str, Any], **changes: Any) -> tuple[str, ...]:
        (found,) = columns(order(adjustments=promos), "discountItem", "rate", using=using, **changes)
        return found

    using = with_tables(tmp_path, {"netsuite_discount_item": "SUMMER,Summer sale,\nVIP,Very important,\n"})
    summer = adjustment(PROMO, "-3.5", promoCode="SUMMER")
    assert shown() == ("", "")
    assert shown(summer) == ("Summer sale", "-3.50")
    assert shown(summer, adjustment(PROMO, "-1", description="SUMMER")) == ("Summer sale", "-4.50")
    assert shown(summer, adjustment(PROMO, "-1", comments="VIP")) == ("SHOPIFY DISCOUNT", "-4.50")
    assert shown(adjustment(PROMO, "-1", promoCode="OTHER")) == ("SHOPIFY DISCOUNT", "-1.00")
    assert shown(summer, adjustment(PROMO, "-1")) == ("SHOPIFY DISCOUNT", "-4.50")
    assert shown(adjustment(SHIPPING, "1", description="SUMMER")) == ("", "")


def test_shipping_cost_and_tax_codes() -> None:
    goods = [item(orderItemAdjustments=[adjustment(TAX, "1"), adjustment(SHIPPING, "2.25")]), item("00002")]
    names = ("shippingCost", "taxCode", "shippingTaxCode")
    charges = [adjustment(SHIPPING, "5"), adjustment("EXT_SHIP_ADJUSTMENT", "-1")]
    assert columns(order(*goods, adjustments=charges), *names) == [
        ("6.25", "AVATAX", "-Not Taxable-"),
        ("6.25", "-Not Taxable-", "-Not Taxable-"),
    ]
    taxed = order(item(), adjustments=[adjustment(SHIPPING_TAX, "0.4")])
    assert columns(taxed, *names, not_taxable_code="NONE") == [("0.00", "NONE", "AVATAX")]


@pytest.mark.parametrize(
    ("methods", "shown"),
    [
        (["NEXT_DAY", "STANDARD"], "12"),
        (["POS_COMPLETED", "STOREPICKUP", "NEXT_DAY"], "12"),
        (["STOREPICKUP", "POS_COMPLETED"], "15"),
        (["SECOND_DAY"], "4"),
        ([None, "NEXT_DAY"], "12"),
        ([None], "4"),
    ],
)
def test_shipping_method(tmp_path: Path, methods: list[str | None], shown: str) -> None:
    using = with_tables(tmp_path, {"netsuite_shipping_method": "NEXT_DAY,12,\nSTOREPICKUP,15,\n"})
    goods = [item(f"0000{at}", shipmentMethodTypeId=method) for at, method in enumerate(methods, 1)]
    assert {row["shippingMethod"] for row in rows(order(*goods), using)} == {shown}


def test_a_cancelled_line_does_not_say_how_or_where_the_order_is_shipped(tmp_path: Path) -> None:
    using = with_tables(tmp_path, {"netsuite_shipping_method": "NEXT_DAY,12,\nSECOND_DAY,13,\n"})
    gone = item("00001", shipmentMethodTypeId="NEXT_DAY", **CANCELLED)
    kept = item("00002", shipmentMethodTypeId="SECOND_DAY", shipTo={**ADDRESS, "city": "Memphis"})
    assert {(row["shippingMethod"], row["city"]) for row in rows(order(gone, kept), using)} == {("13", "Memphis")}


def test_ship_to_is_that_of_what_is_shipped() -> None:
    store = item("00001", shipTo={**ADDRESS, "city": "Store"}, **AT_TILL)
    home = item("00002", shipTo={**ADDRESS, "city": "Home"})
    assert columns(order(store, home), "city", "billingCity") == [("Home", "Knoxville")] * 2


def test_one_address_stands_for_the_other() -> None:
    assert columns(order(billTo=None), "address1", "billingAddress1") == [("9 Other Street", "9 Other Street")]
    assert columns(order(item(shipTo=None)), "address1", "billingAddress1") == [("1 Sample Street", "1 Sample Street")]


def test_notes() -> None:
    given = [{"attrName": "ORDER_NOTE", "attrValue": "ring twice"}]
    assert columns(order(orderAttributes=given), "orderNote") == [("ring twice",)]
    assert columns(order(orderAttributes=given, orderNote="=1+1\r\nor not"), "orderNote") == [("=1+1\r\nor not",)]
    assert columns(order(orderNote="n" * 2_000), "orderNote") == [("n" * 999,)]


def test_ids_of_places(tmp_path: Path) -> None:
    tables = {
        "netsuite_subsidiary": "STORE,3,\n",
        "netsuite_department": "7,30,\n",
        "netsuite_location": "7,107,\n22,122,\n",
    }
    using = with_tables(tmp_path, tables)
    names = ("subsidiary", "department", "location", "itemLocation")
    goods = [item("00001", facilityExternalId="22"), item("00002", facilityExternalId="23"), item("00003")]
    assert columns(order(*goods, orderFacilityId=7), *names, using=using) == [
        ("3", "30", "107", "122"),
        ("3", "30", "107", "23"),
        ("3", "30", "107", ""),
    ]
    assert columns(order(productStoreId="X"), *names, using=using) == [("1", "", "", "")]


def test_prefix_and_other_settings() -> None:
    assert columns(order(), "externalId", "HCOrderId", order_external_id_prefix="SO_") == [("SO_M10001", "M10001")]
    assert columns(order(), "tag", "salesChannel", item_tag="hc") == [("hc", "Web")]
    assert columns(order(salesChannel="NEW_CHANNEL"), "salesChannel") == [("NEW_CHANNEL",)]
    assert columns(order(customerEmail="", email=" b@example.com "), "email") == [("b@example.com",)]


@pytest.mark.parametrize("pattern", ["HC_DISCOUNT_", "{seq}", "{", "{line:z}"])
def test_discount_rows_must_be_told_apart(pattern: str) -> None:
    with pytest.raises(Stop, match="discount_line_type"):
        transform(discount_line_type=pattern)


def test_a_value_of_the_settings_that_is_missing_is_named() -> None:
    values = {name: value for name, value in settings().values.items() if name != "tax_code"}
    with pytest.raises(Stop, match="column taxCode: the setting tax_code does not exist"):
        transform(values=values)


def test_causes_hold_no_personal_data() -> None:
    one = order(item(), item("00002", orderItemQuantity=0), billTo=None)
    assert not {"Ana", "ana@", "Sample", "555"} & set(str(cause(one)).split())
