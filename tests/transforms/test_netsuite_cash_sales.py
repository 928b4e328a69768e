"""Completed orders of tills as cash sales: whole files byte by byte, columns, customers, stores, money."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from order_sync.errors import Stop
from sandbox.hotwax.created_orders_expected import Fate
from sandbox.hotwax.pos_orders import KINDS, PosOrders
from tests.transforms.cash_sale_kit import (
    STORE,
    cash_sale,
    cause,
    columns,
    draft,
    drafts,
    refusal,
    rows,
    sold,
    transform,
    usual,
    with_tables,
)
from tests.transforms.created_kit import CANCELLED, PROMO, SHIPPING, TAX, adjustment, good, numbered
from tests.transforms.created_kit import order as created

HEADERS = {
    "camel": (
        "orderId,orderLineId,HCShopifyPOSOrderId,HCOrderId,externalId,salesChannel,item,price,quantity,priceLevel,taxCode,"
        "location,date,customer,discountItem,rate,subsidiary,department,address1,address2,city,state,country,zip,"
        "orderNote\n"
    ),
    "title": (
        "Order Id,Order Line Id,HC Shopify POS Order Id,External Id,Sales Channel,Item,Price,Amount,Quantity,"
        "Price Level,Tax Code,Location,Date,Customer,Discount Item,Rate,Subsidiary,Department,Address 1,Address 2,"
        "City,State,Country,Zip,Order Note\n"
    ),
}
END = '1,,42 Main Street,Unit 1,Nashville,TN,US,37042,"two, ""gifts"""\n'
ROWS = {
    "camel": (
        f"#1001,00001,449,M10001,M10001,POS Channel,9119214,40.00,2,Base Price (MSRP),AVATAX,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
        f"#1001,,449,M10001,M10001,POS Channel,SHOPIFY DISCOUNT ITEM,-4.00,1,Custom,AVATAX,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
        f"#1001,00003,449,M10001,M10001,POS Channel,770,25.00,1,Custom,-Not Taxable-,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
    ),
    "title": (
        f"#1001,00001,449,M10001,POS Channel,9119214,40.00,80.00,2,Base Price (MSRP),AVATAX,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
        f"#1001,,449,M10001,POS Channel,SHOPIFY DISCOUNT ITEM,-4.00,-4.00,1,Custom,AVATAX,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
        f"#1001,00003,449,M10001,POS Channel,770,25.00,25.00,1,Custom,-Not Taxable-,42,3/9/2024,5501,"
        f"SHOPIFY DISCOUNT,-3.50,{END}"
    ),
}


def golden() -> dict[str, Any]:
    """A discounted line, a cancelled one, a gift card, and a discount on the whole."""
    card = {"productTypeId": "GIFT_CARD", "goodIdentifications": [good("NETSUITE_GIFT_CARD", "770")]}
    return cash_sale(
        sold("00003", price="25", **card),
        sold("00002", price="12.34", **CANCELLED),
        sold(orderItemQuantity=2, orderItemAdjustments=[adjustment(PROMO, "-4"), adjustment(TAX, "2.5")]),
        adjustments=[adjustment(PROMO, "-3.50")],
        orderNote='two, "gifts"',
    )


@pytest.mark.parametrize("generation", ["camel", "title"])
def test_whole_file(generation: str) -> None:
    using = transform(generation=generation)
    found = draft(golden(), using)
    assert found.cause is None
    assert using.header().decode() == HEADERS[generation]
    assert found.rows.decode() == ROWS[generation]
    assert (found.row_count, found.lines, found.line_keys, found.amount_minor) == (3, 2, ("00001", "00003"), 10_000)


def test_both_shapes_of_the_feed_give_the_same_rows() -> None:
    """Lines in shipments, or as the feed of created orders has them."""
    one = golden()
    lines = [
        {
            **{name: value for name, value in line.items() if not name.startswith(("item", "sla"))},
            "itemStatusId": line["itemStatusId"],
            "orderItemQuantity": line["itemQuantity"],
            "orderItemAdjustments": line["itemAdjustments"],
            "shipmentMethodTypeId": line["slaShipmentMethodTypeId"],
        }
        for shipment in one["shipments"]
        for line in shipment["shipmentItems"]
    ]
    other = {name: value for name, value in one.items() if name != "shipments"} | {"orderItems": lines}
    assert draft(other).rows == draft(one).rows
    for line in one["shipments"][0]["shipmentItems"]:
        line["slaShipmentMethodTypeId"] = None  # that of the shipment counts then
    assert draft(one).rows == draft(other).rows


def test_same_bytes_whatever_the_neighbours() -> None:
    alone = draft(golden()).rows
    for size in (1, 2, 7):
        found = drafts([golden(), b"{", cash_sale(currency="XXX"), golden()], size=size)
        assert [one.rows for one in found] == [alone, b"", b"", alone]


def test_version_follows_own_settings_and_the_stores(tmp_path: Path) -> None:
    versions = {
        usual().version,
        transform(walk_in_customer="9").version,
        transform(tax_code="T").version,
        transform(generation="title").version,
        with_tables(tmp_path, {"netsuite_store_address": "42,a||c||US|,\n"}).version,
    }
    assert len(versions) == 5
    assert transform().version in versions


def test_the_store_is_location_and_address(tmp_path: Path) -> None:
    names = ("location", "address1", "address2", "city", "state", "country", "zip")
    assert columns(cash_sale(), *names) == [("42", "42 Main Street", "Unit 1", "Nashville", "TN", "US", "37042")]
    tables = {
        "netsuite_store_address": "42,9 New Street || Memphis | TN | US | 37501,\n",
        "netsuite_location": "42,142,\n",
        "netsuite_department": "10027,30,\n",
    }
    using = with_tables(tmp_path, tables)
    assert columns(cash_sale(), *names, "department", using=using) == [
        ("142", "9 New Street", "", "Memphis", "TN", "US", "37501", "30")
    ]


def test_a_customer_s_address_is_never_the_store_s() -> None:
    bare = sold(facilityAddress=None, shipTo={**STORE, "city": "Home"})
    assert refusal(cash_sale(bare)) == ("REQUIRED_FIELD", "country")


@pytest.mark.parametrize("value", ["1 Main Street", "a|b|c|d|e", "a|b|c|d||f", "a|b|c|d|e|f|g"])
def test_an_address_that_is_none_is_named(tmp_path: Path, value: str) -> None:
    with pytest.raises(Stop, match=r"netsuite_store_address\.csv:2: .* with a country"):
        with_tables(tmp_path, {"netsuite_store_address": f"42,{value},\n"})


def test_a_sale_needs_one_store() -> None:
    assert refusal(cash_sale(sold(facilityExternalId="_NA_"))) == ("REQUIRED_FIELD", "location")
    two = cash_sale(sold(), sold("00002", facilityExternalId="43"))
    found = cause(two)
    assert (found.reason, found.message) == ("SEVERAL_STORES", "its lines left the stores 42, 43; a cash sale has one.")
    gone = cash_sale(sold(), sold("00002", facilityExternalId="43", **CANCELLED))
    assert columns(gone, "location", "orderLineId") == [("42", "00001")]


def test_customers() -> None:
    plain = cash_sale(customerPartyIdentifications=[])
    assert draft(plain).waits_for == ("customer 10004",)
    assert columns(cash_sale(), "customer") == [("5501",)]
    assert draft(plain, known=lambda parties: dict.fromkeys(parties, "77")).rows
    by_number = cash_sale(customerPartyIdentifications=[numbered("SHOPIFY_CUST_ID", 5700, "party")])
    (found,) = drafts([by_number], by_shopify=lambda numbers: {"5700": "88"})
    assert b",88," in found.rows


def test_nobody_knows_who_bought() -> None:
    walk_in = cash_sale(customerPartyId=None, customerPartyIdentifications=[])
    assert refusal(walk_in) == ("REQUIRED_FIELD", "customer")
    assert columns(walk_in, "customer", walk_in_customer="9001") == [("9001",)]
    assert draft(cash_sale(customerPartyIdentifications=[]), walk_in_customer="9001").waits_for == ("customer 10004",)


def test_a_product_that_netsuite_does_not_know_is_waited_for() -> None:
    assert draft(cash_sale(sold(goodIdentifications=[]))).waits_for == ("product 119214",)


def test_paid_in_part_is_set_aside_with_both_amounts() -> None:
    part = [{"paymentMethodTypeId": "CASH", "statusId": "PAYMENT_SETTLED", "amount": Decimal("14.5")}]
    found = cause(cash_sale(payments=part))
    assert (found.reason, found.message) == ("PART_PAID", "paid are 14.50 of 40.00 USD.")
    elsewhere = cash_sale(payments=part, salesChannel="WEB_CHANNEL")
    assert refusal(elsewhere, other_channels="cash_sale") == ("PART_PAID", "payments")


def test_shipping_has_no_place_in_a_cash_sale() -> None:
    found = cause(cash_sale(adjustments=[adjustment(SHIPPING, "5")]))
    assert (found.reason, found.message) == (
        "TOTALS_MISMATCH",
        "grandTotal says 45.00, without shipping it is 40.00: a cash sale has none.",
    )


def test_an_order_that_does_not_add_up_is_set_aside() -> None:
    assert refusal(cash_sale(total="41")) == ("TOTALS_MISMATCH", "grandTotal")


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"orderId": None}, ("MISSING_ORDER_ID", "orderId")),
        ({"orderName": ""}, ("REQUIRED_FIELD", "orderId")),
        ({"orderDate": "yesterday"}, ("BAD_DATE", "orderDate")),
        ({"orderStatusId": None}, ("REQUIRED_FIELD", "orderStatusId")),
        ({"currency": "XXX"}, ("BAD_CURRENCY", "currency")),
        ({"salesChannel": "WEB_CHANNEL"}, ("NOT_A_TILL", "salesChannel")),
        ({"orderName": "#" * 46}, ("VALUE_TOO_LONG", "orderId")),
    ],
)
def test_an_order_that_lacks_something_is_set_aside_whole(changes: dict[str, Any], refused: tuple[str, str]) -> None:
    assert refusal(cash_sale(sold(), sold("00002"), **changes)) == refused


def test_records_that_cannot_be_read() -> None:
    assert cause(b'{"orderId": "M9", "shipments": {}}').reason == "RECORD_WRONG_TYPE"
    assert draft(b'{"orderId": "M9", "shipments": {}}').key == "M9"
    assert refusal(cash_sale() | {"shipments": None}) == ("NO_LINES", "orderItems")


def test_prefix_dates_and_discount_rows_are_those_of_sales_orders() -> None:
    assert columns(cash_sale(), "externalId", "HCOrderId", order_external_id_prefix="SO_") == [("SO_M10001", "M10001")]
    assert columns(cash_sale(), "date", date_format="YYYY-MM-DD", time_zone="UTC") == [("2024-03-10",)]
    promo = cash_sale(sold(orderItemAdjustments=[adjustment(PROMO, "-4")]))
    assert columns(promo, "orderLineId", discount_rows_have_line_id=True) == [("00001",), ("00001",)]


def test_causes_hold_no_personal_data() -> None:
    one = cash_sale(sold(facilityAddress=None))
    assert not {"Ana", "ana@", "Sample", "555"} & set(str(cause(one)).split())


@pytest.mark.parametrize("kind", KINDS)
def test_the_sandbox_s_orders_become_what_it_says(kind: str) -> None:
    shop, using = PosOrders(5), transform(walk_in_customer="9001")
    for number in range(1, 6):
        expected, found = shop.expected(number, kind), draft(shop.order(number, kind), using)
        fate = Fate.REJECTED if found.cause else Fate.LEFT_OUT if found.left_out else Fate.SENT
        assert (fate, found.waits_for) == (expected.fate, ())
        assert found.amount_minor == int(expected.total.scaleb(2))
        if fate is not Fate.SENT:
            continue
        table = rows(shop.order(number, kind), using)
        lines = [row for row in table if row["orderLineId"]]
        assert [(row["orderLineId"], row["item"], row["quantity"], Decimal(row["price"])) for row in lines] == [
            (line.key, line.item, str(line.quantity), line.price) for line in expected.lines
        ]
        assert [Decimal(row["price"]) for row in table if not row["orderLineId"]] == [
            price for _, price in expected.discounts
        ]
        made = sum(Decimal(row["price"]) * int(row["quantity"]) for row in table) + Decimal(table[0]["rate"] or 0)
        assert made + expected.tax == expected.total


cents = st.integers(0, 100_000)


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    lines = []
    for seq in draw(st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True)):
        price, quantity = draw(cents), draw(st.integers(1, 5))
        promos = [-draw(st.integers(0, price * quantity // 2)) for _ in range(draw(st.integers(0, 2)))]
        charges = [adjustment(PROMO, str(Decimal(cent).scaleb(-2))) for cent in promos]
        charges += [adjustment(TAX, str(Decimal(draw(cents)).scaleb(-2))) for _ in range(draw(st.integers(0, 2)))]
        status = draw(st.sampled_from(["ITEM_COMPLETED", "ITEM_COMPLETED", "ITEM_CANCELLED"]))
        given_price = str(Decimal(price).scaleb(-2))
        line = {"orderItemQuantity": quantity, "orderItemAdjustments": charges, "itemStatusId": status}
        lines.append(sold(f"{seq:05d}", price=given_price, **line))
    lines.append(sold("00100", price="1000"))
    whole = [adjustment(PROMO, str(Decimal(-draw(st.integers(1, 1000))).scaleb(-2)))] if draw(st.booleans()) else []
    return cash_sale(*draw(st.permutations(lines)), adjustments=whole)


@trials(max_examples=60, deadline=None)
@given(sales())
def test_money_in_is_money_out(one: dict[str, Any]) -> None:
    """All rows, the discount on the order, and the taxes that NetSuite reckons itself."""
    table = rows(one)
    made = sum(Decimal(row["price"]) * int(row["quantity"]) for row in table) + Decimal(table[0]["rate"] or 0)
    taxes = sum(
        tax["amount"]
        for shipment in one["shipments"]
        for line in shipment["shipmentItems"]
        if line["itemStatusId"] != "ITEM_CANCELLED"
        for tax in line["itemAdjustments"]
        if tax["orderAdjustmentTypeId"] == TAX
    )
    assert made + taxes == one["grandTotal"]
    assert len({(row["rate"], row["location"], row["customer"], row["externalId"]) for row in table}) == 1


def test_a_created_order_is_no_cash_sale() -> None:
    assert draft(created()).left_out == "SALES_ORDER"
