"""Whole files for NetSuite, byte by byte, in both generations of column names."""

from __future__ import annotations

import pytest

from order_sync.settings import include_folder
from order_sync.transforms.netsuite_customers import NetSuiteCustomers
from tests.transforms.created_kit import (
    PROMO,
    SHIPPING,
    SHIPPING_TAX,
    TAX,
    adjustment,
    customer,
    drafts,
    item,
    order,
    records,
    settings,
    transform,
)

CUSTOMERS = {
    "camel": (
        "externalId,individual,firstName,lastName,status,subsidiary,taxable,defaultOrderPriority,accountSource,email,phone,"
        "HCShopifyCustomerId,HCCustomerId\n"
    ),
    "title": (
        "External Id,Individual,First Name,Last Name,Status,Subsidiary,Taxable,Default Order Priority,Account Source,"
        "Email,Phone,HC Shopify Customer Id,HC Customer Id\n"
    ),
}
CUSTOMER_ROWS = (
    "10004,T,Ana,Example,CUSTOMER-Closed Won,1,TRUE,5,14,ana@example.com,+18655550100,5700,10004\n"
    '10005,T,"Zoë, ""Z""",X,CUSTOMER-Closed Won,1,TRUE,5,13,,,5701,10005\n'
)
ORDERS = {
    "camel": (
        "orderId,orderLineId,orderLineTypeId,externalId,HCOrderId,HCShopifySalesOrderId,salesChannel,item,price,quantity,"
        "priceLevel,shippingMethod,shippingCost,taxCode,shippingTaxCode,date,customer,addressee,address1,address2,city,"
        "state,country,zip,email,phone,tag,closed,discountItem,rate,subsidiary,department,location,itemLocation,orderNote,"
        "billingAddressee,billingAddress1,billingAddress2,billingCity,billingState,billingCountry,billingZip,billingPhone\n"
    ),
    "title": (
        "Order Id,Order Line Id,Order Line Type Id,External Id,HC Sales Order Id,HC Shopify Sales Order Id,"
        "Sales Channel,Item,Price,Amount,Quantity,Price Level,Shipping Method,Shipping Cost,Tax Code,Shipping Tax Code,"
        "Date,Customer,Addressee,Address 1,Address 2,City,State,Country,Zip,Email,Phone,Tag,Closed,Discount Item,Rate,"
        "Subsidiary,Department,Order Note,Billing Addressee,Billing Address1,Billing Address 2,Billing City,"
        "Billing State,Billing Country,Billing Zip,Billing Phone\n"
    ),
}
SHIP = (
    "4,5.00,{tax},AVATAX,3/9/2024,5501,Ana Example,9 Other Street,,Knoxville,TN,US,37010,ana@example.com,+18655550100"
)
BILL = "Ana Example,1 Sample Street,,Knoxville,TN,US,37010,+18655550100"
PLAIN = (
    "#1002,00001,,M10002,M10002,449,POS Channel,9119214,40.00,{amount}1,Base Price (MSRP),4,0.00,-Not Taxable-,"
    "-Not Taxable-,3/10/2024,5501,Ana Example,9 Other Street,,Knoxville,TN,US,37010,ana@example.com,+18655550100,,"
    ",,,1,,{places}," + BILL + "\n"
)


def order_rows(generation: str) -> str:
    """An order with a discounted line, a cancelled one and a discount on the whole, and a plain one of a till."""
    camel = generation == "camel"
    places = ("7,22,", "7,,") if camel else ("", "")
    heads = [
        ("00001", "", "9119214", "40.00", "80.00", "2", "Base Price (MSRP)", "AVATAX", "", places[0]),
        ("", "HC_DISCOUNT_00001", "SHOPIFY DISCOUNT ITEM", "-4.00", "-4.00", "1", "Custom", "AVATAX", "", places[0]),
        ("00002", "", "930", "12.34", "12.34", "1", "Base Price (MSRP)", "-Not Taxable-", "TRUE", places[1]),
    ]
    rows = ""
    for line, kind, product, price, amount, quantity, level, tax, closed, place in heads:
        shown = f"{price},{quantity}" if camel else f"{price},{amount},{quantity}"
        rows += f"#1001,{line},{kind},M10001,M10001,449,Web,{product},{shown},{level},{SHIP.format(tax=tax)},,{closed},"
        rows += f'SHOPIFY DISCOUNT,-3.50,1,,{place}"ring, ""please""",{BILL}\n'
    return rows + PLAIN.format(amount="" if camel else "40.00,", places=",," if camel else "")


def golden() -> list[dict[str, object]]:
    first = item(
        orderItemQuantity=2,
        facilityExternalId="22",
        orderItemAdjustments=[adjustment(PROMO, "-3"), adjustment(TAX, "2.5"), adjustment(PROMO, "-1")],
    )
    second = item("00002", product="30", price="12.34", itemStatusId="ITEM_CANCELLED")
    on_order = [adjustment(SHIPPING, "5"), adjustment(SHIPPING_TAX, "0.45"), adjustment(PROMO, "-3.50")]
    plain = {"orderId": "M10002", "orderName": "#1002", "orderDate": "2024-03-10T23:59:59-04:00"}
    return [
        order(second, first, adjustments=on_order, orderFacilityId="7", orderNote='ring, "please"'),
        order(salesChannel="POS_CHANNEL", **plain),
    ]


@pytest.mark.parametrize("generation", ["camel", "title"])
def test_sales_orders(generation: str) -> None:
    using = transform(generation=generation)
    found = drafts(golden(), using)
    assert [one.cause for one in found] == [None, None]
    assert using.header().decode() == ORDERS[generation]
    assert b"".join(one.rows for one in found).decode() == order_rows(generation)
    assert [(one.row_count, one.lines, one.line_keys) for one in found] == [
        (3, 2, ("00001", "00002")),
        (1, 1, ("00001",)),
    ]


@pytest.mark.parametrize("generation", ["camel", "title"])
def test_customers(generation: str) -> None:
    using = NetSuiteCustomers(settings(generation=generation), include_folder(), "default")
    ones = [
        customer(),
        {
            "partyId": 10005,
            "firstName": ' Zoë, "Z"',
            "lastName": " ",
            "classifications": ["POS_SALES_CHANNEL"],
            "partyIdentifications": [{"partyIdentificationTypeId": "SHOPIFY_CUST_ID", "idValue": "5701"}],
        },
    ]
    (found,) = using.read(records(ones))
    assert using.header().decode() == CUSTOMERS[generation]
    assert b"".join(one.row for one in found).decode() == CUSTOMER_ROWS


def test_same_bytes_whatever_the_neighbours() -> None:
    alone = [one.rows for one in drafts(golden())]
    for size in (1, 2, 7):
        found = drafts([golden()[0], b"{", order(currency="XXX"), golden()[1]], size=size)
        assert [one.rows for one in found] == [alone[0], b"", b"", alone[1]]


def test_version_follows_generation_settings_and_tables() -> None:
    versions = [transform().version, transform(generation="title").version, transform(tax_code="T").version]
    assert len({*versions, transform().version}) == 3
