"""The scripts that tell what NetSuite made: only what is new since their last run, no file when nothing is."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.outbox import Outbox, ReturnFile
from sandbox.netsuite.settings import (
    CUSTOMER_IMPORT,
    DEPOSIT_IDS,
    FULFILMENTS,
    HISTORICAL_CUSTOMERS,
    LINE_IDS,
    ORDER_IDS,
    REJECTED_ITEMS,
)

_ORDER_ID_HEADER = "orderId,orderIdentificationTypeId,idValue"


@dataclass(frozen=True)
class Export:
    """One export script.

    :param script: file name of the SuiteScript, without ending; also the name of its cursor.
    :param file: what it writes.
    :param query: its rows after the cursor, in order; the first column, the next cursor, is not written.
    """

    script: str
    file: ReturnFile
    query: str


EXPORTS = (
    Export(
        "HC_MR_ExportedCustomerCSV",
        ReturnFile("CustomerExport", CUSTOMER_IMPORT, "partyId,partyIdentificationTypeId,idValue"),
        "SELECT internal_id, external_id, 'NETSUITE_CUSTOMER_ID', internal_id AS id_value FROM customers"
        " WHERE internal_id > ? AND is_active = 1 AND external_id IS NOT NULL AND shopify_customer_id <> ''"
        " ORDER BY internal_id",
    ),
    Export(
        "HC_MR_ExportedSalesOrderCSV",
        ReturnFile("SalesOrderExport", ORDER_IDS, _ORDER_ID_HEADER),
        "SELECT internal_id, external_id, 'NETSUITE_ORDER_ID', internal_id AS id_value FROM sales_orders"
        " WHERE internal_id > ? AND external_id IS NOT NULL ORDER BY internal_id",
    ),
    Export(
        "HC_MR_ExportedSalesOrderItemCSV",
        ReturnFile("SalesOrderItemExport", LINE_IDS, "orderId,orderItemSeqId,attrName,attrValue"),
        "SELECT internal_id, external_id, hc_order_line_id, CASE WHEN instr(line_type_id, 'HC_DISCOUNT_')"
        " THEN 'NetsuiteDiscountItemLineId' ELSE 'NetsuiteItemLineId' END, line_id"
        " FROM sales_orders JOIN order_lines ON order_id = internal_id"
        " WHERE internal_id > ? AND external_id IS NOT NULL ORDER BY internal_id, line_id",
    ),
    Export(
        "HC_MR_ExportedCashSaleCSV",
        ReturnFile("CashSaleExport", ORDER_IDS, _ORDER_ID_HEADER),
        "SELECT internal_id, external_id, 'NETSUITE_ORDER_ID', internal_id AS id_value FROM cash_sales"
        " WHERE internal_id > ? AND external_id IS NOT NULL ORDER BY internal_id",
    ),
    Export(
        "HC_MR_ExportedCustomerDepositCSV",
        ReturnFile("CustomerDepositExport", DEPOSIT_IDS, "orderId,internalId,manualRefNumber"),
        "SELECT deposits.internal_id, hc_order_id, deposits.internal_id AS own_id,"
        " coalesce(deposits.external_id, 'undefined')"
        " FROM deposits JOIN sales_orders ON sales_orders.internal_id = order_id"
        " WHERE deposits.internal_id > ? ORDER BY deposits.internal_id",
    ),
    Export(
        "HC_MR_ExportedSalesOrderFulfillmentCSV",
        ReturnFile(
            "SalesOrderFulfillment",
            FULFILMENTS,
            "orderId,orderItemSeqId,externalFacilityId,shippedDate,quantity,trackingNumber,carrier,shippingMethod,"
            "shippingMethodId",
            dated=True,
        ),
        "SELECT number, hc_order_id, hc_order_line_id, fulfilments.location, shipped_at, fulfilments.quantity,"
        " tracking_number, carrier, fulfilments.shipping_method, sales_orders.shipping_method AS method_id"
        " FROM fulfilments JOIN sales_orders ON sales_orders.internal_id = fulfilments.order_id JOIN order_lines"
        " ON order_lines.order_id = fulfilments.order_id AND order_lines.line_id = fulfilments.line_id"
        " WHERE number > ? AND made_by = 'netsuite' ORDER BY number",
    ),
    Export(
        "HC_MR_ExportedRejectedSalesOrderItemCSV",
        ReturnFile(
            "RejectedSalesOrderItemExport", REJECTED_ITEMS, "orderId,orderItemSeqId,rejectionComments,rejectionReason"
        ),
        "SELECT number, external_id, hc_order_line_id, comments, reason FROM rejections"
        " JOIN sales_orders ON internal_id = rejections.order_id JOIN order_lines"
        " ON order_lines.order_id = rejections.order_id AND order_lines.line_id = rejections.line_id"
        " WHERE number > ? ORDER BY number",
    ),
)

_HISTORY = ReturnFile("HistoricalShopifyCustomerExport", HISTORICAL_CUSTOMERS, "Internal ID,HC Shopify Customer Id")


def export_all(database: NetSuiteDatabase, outbox: Outbox, run: int) -> None:
    """Run every export script once.

    :param database: what there is to tell, and the cursors.
    :param outbox: where the files go.
    :param run: the present run.
    """
    for export in EXPORTS:
        rows = [list(row.values()) for row in database.rows(export.query, database.value(export.script))]
        outbox.send(export.file, [row[1:] for row in rows], run)
        if rows:
            database.set_value(export.script, rows[-1][0])


def export_history(database: NetSuiteDatabase, outbox: Outbox, run: int) -> None:
    """Write every customer with a Shopify id into one file, as is done once, before the first order.

    :param database: the customers.
    :param outbox: where the file goes.
    :param run: the present run.
    """
    query = (
        "SELECT internal_id, shopify_customer_id FROM customers WHERE shopify_customer_id <> '' ORDER BY internal_id"
    )
    outbox.send(_HISTORY, [list(row.values()) for row in database.rows(query)], run)
