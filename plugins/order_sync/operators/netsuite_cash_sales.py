"""Completed orders of tills on their way to NetSuite's import folder of cash sales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple
from zoneinfo import ZoneInfo

from order_sync.contracts.netsuite_files import Kind
from order_sync.flow import NETSUITE_CASH_SALES, NETSUITE_ORDERS, Run
from order_sync.ledger import Ledger
from order_sync.operators.netsuite_again import CollectUnanswered
from order_sync.operators.netsuite_files import OrderRows, TransformOrders
from order_sync.operators.netsuite_replies import CASH_SALE, CUSTOMER, ORDER, Replies
from order_sync.operators.netsuite_versions import SentVersions
from order_sync.operators.waking import CollectAndWake
from order_sync.settings import CashSaleRows, Limits, Retailer, include_folder, load

if TYPE_CHECKING:
    from order_sync.operators.transform import BatchFunction

#: Name of the files in the ledger.
CASH_SALES = "cash_sales"


def cash_sales_replies(retailer: Retailer) -> tuple[Replies, ...]:
    """The answers to cash sales."""
    folders = retailer.netsuite_cash_sales.folders
    return (
        Replies(
            NETSUITE_CASH_SALES,
            CASH_SALE,
            (Kind.CASH_SALES,),
            (Kind.CASH_SALE_ERRORS,),
            (folders.order_ids,),
            folders.export,
            retailer.netsuite_created_orders.rows.order_external_id_prefix,
        ),
    )


class CollectCashSales(CollectAndWake, CollectUnanswered):
    """Collects completed orders of tills, and wakes those whose customer NetSuite knows by now."""

    wakes: ClassVar[Mapping[str, str]] = {"customer": CUSTOMER}


class _Files(NamedTuple):
    """How the files of cash sales are written: names and sizes of their own, the time zone that of sales orders."""

    file_prefix: str
    zone: ZoneInfo
    limits: Limits
    rows: CashSaleRows


class TransformCashSales(TransformOrders):
    """Completed orders of tills to rows of NetSuite's cash sale import."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.operators.netsuite_rest_rows import by_transport
        from order_sync.transforms.netsuite_cash_sales import NetSuiteCashSales

        retailer = load(self.retailer)
        settings, orders = retailer.netsuite_cash_sales, retailer.netsuite_created_orders.rows
        shared = settings.sent_rows(orders)
        transform = NetSuiteCashSales(shared, settings.rows, include_folder(), self.retailer)
        versions = SentVersions(book, run, self.retailer)
        sales = OrderRows(transform, book, self.retailer, (NETSUITE_ORDERS, ORDER), versions)
        rows, target, form = by_transport(settings.transport, sales, CASH_SALES, orders.date_format)
        files = _Files(settings.file_prefix, orders.zone, settings.limits, settings.rows)
        return self._function(book, run, rows, target, "CashSaleFeed", files, form)
