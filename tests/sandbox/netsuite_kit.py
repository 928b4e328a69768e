"""Files for the simulated NetSuite, written by hand from the published headers of both generations."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from sandbox.netsuite import NetSuite

CUSTOMER_HEADERS = {
    "camel": "externalId,individual,firstName,lastName,status,subsidiary,taxable,defaultOrderPriority,accountSource,"
    "email,phone,HCShopifyCustomerId,HCCustomerId",
    "title": "External Id,Individual,First Name,Last Name,Status,Subsidiary,Taxable,Default Order Priority,"
    "Account Source,Email,Phone,HC Shopify Customer Id,HC Customer Id",
}
ORDER_HEADERS = {
    "camel": "orderId,orderLineId,orderLineTypeId,externalId,HCOrderId,HCShopifySalesOrderId,salesChannel,item,price,"
    "quantity,priceLevel,shippingMethod,shippingCost,taxCode,shippingTaxCode,date,customer,addressee,address1,address2,"
    "city,state,country,zip,email,phone,tag,closed,discountItem,rate,subsidiary,department,location,itemLocation,"
    "orderNote,billingAddressee,billingAddress1,billingAddress2,billingCity,billingState,billingCountry,billingZip,"
    "billingPhone",
    "title": "Order Id,Order Line Id,Order Line Type Id,External Id,HC Sales Order Id,HC Shopify Sales Order Id,"
    "Sales Channel,Item,Price,Quantity,Price Level,Shipping Method,Shipping Cost,Tax Code,Shipping Tax Code,Date,"
    "Customer,Addressee,Address 1,Address 2,City,State,Country,Zip,Email,Phone,Tag,Closed,Discount Item,Rate,"
    "Subsidiary,Department,,,Order Note,Billing Addressee,Billing Address1,Billing Address 2,Billing City,"
    "Billing State,Billing Country,Billing Zip,Billing Phone",
}
CASH_SALE_HEADER = (
    "orderId,orderLineId,HCShopifyPOSOrderId,HCOrderId,externalId,salesChannel,item,price,quantity,priceLevel,taxCode,"
    "location,date,customer,discountItem,rate,subsidiary,department,address1,address2,city,state,country,zip,orderNote"
)

Row = dict[str, str]


def customer(external_id: str = "HC1", **changes: str) -> Row:
    return {
        "externalId": external_id,
        "individual": "T",
        "firstName": "Ada",
        "lastName": "Shopper",
        "status": "CUSTOMER-Closed Won",
        "subsidiary": "1",
        "taxable": "TRUE",
        "defaultOrderPriority": "5",
        "accountSource": "14",
        "email": "ada@example.com",
        "phone": "+15555550100",
        "HCShopifyCustomerId": f"7{external_id}",
        "HCCustomerId": external_id,
        **changes,
    }


def order(external_id: str, customer_id: int | str, lines: int = 1, **changes: str) -> list[Row]:
    """Rows of one order: so many lines of 2 pieces at 10.50."""
    return [
        {
            "orderId": f"#{external_id}",
            "orderLineId": f"{number:05d}",
            "externalId": external_id,
            "HCOrderId": external_id,
            "salesChannel": "Web",
            "item": f"90{number}",
            "price": "10.50",
            "quantity": "2",
            "priceLevel": "Custom",
            "shippingMethod": "4",
            "shippingCost": "5.00",
            "taxCode": "AVATAX",
            "date": "11/21/2026",
            "customer": str(customer_id),
            "addressee": "Ada Shopper",
            "city": "Austin",
            "closed": "FALSE",
            "subsidiary": "1",
            "billingCity": "Dallas",
            **changes,
        }
        for number in range(1, lines + 1)
    ]


def table(header: str, rows: list[Row], names: str | None = None) -> bytes:
    """A CSV file; `names` are the keys of the rows when they differ from the header texts."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows([row.get(name, "") for name in (names or header).split(",")] for row in rows)
    return text.getvalue().encode()


def customers_csv(*rows: Row, generation: str = "camel") -> bytes:
    return table(CUSTOMER_HEADERS[generation], list(rows), CUSTOMER_HEADERS["camel"])


def orders_csv(*rows: Row, generation: str = "camel") -> bytes:
    return table(ORDER_HEADERS[generation], list(rows), ORDER_HEADERS["camel"])


def deposit(
    order_id: int | str, amount: object = "98.10", external_id: str = "M1-CD-1", **more: object
) -> dict[str, object]:
    return {"orderId": str(order_id), "totalAmount": amount, "paymentMethod": "8", "externalId": external_id, **more}


def put(netsuite: NetSuite, folder: str, content: bytes | list[object], name: str = "feed.csv") -> Path:
    path = netsuite.folder(folder) / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def names(netsuite: NetSuite, folder: str) -> list[str]:
    """Plain files of a folder."""
    return sorted(path.name for path in netsuite.folder(folder).iterdir() if path.is_file())


def returned(netsuite: NetSuite, folder: str, suffix: str) -> list[str]:
    """Contents of the files with that suffix, by name."""
    return [path.read_text() for path in sorted(netsuite.folder(folder).glob(f"*-{suffix}.csv"))]


def results(netsuite: NetSuite, script: str) -> list[tuple[str, str, str]]:
    """External id, result and message of every row that a script saw."""
    return [
        (row["external_id"], row["result"], row["message"])
        for job in netsuite.database.jobs(script)
        for row in job["results"]
    ]


def with_customer(netsuite: NetSuite, external_id: str = "HC1") -> int:
    return netsuite.add_customer(external_id, f"7{external_id}")


def with_order(netsuite: NetSuite, external_id: str = "M1", lines: int = 1, **changes: str) -> int:
    """Import an order for a new or known customer: its internal id."""
    known = netsuite.database.customer("HC1")
    customer_id = known["internal_id"] if known else with_customer(netsuite)
    put(
        netsuite,
        "salesorder/export",
        orders_csv(*order(external_id, customer_id, lines, **changes)),
        f"{external_id}.csv",
    )
    netsuite.scripts.run_now()
    made = netsuite.database.order(external_id)
    assert made is not None
    return int(made["internal_id"])
