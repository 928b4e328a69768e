"""Completed orders of tills to NetSuite: the rows of the cash sale file, order by order.

The one entry for everything that turns them into rows. What a cash sale has in common with a sales order (lines, money,
rows, references) is that transform's; its own are the rules for what is one, and the columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from order_sync.contracts import hotwax_pos_completed
from order_sync.contracts.hotwax_created import CreatedOrder
from order_sync.mapping.lookups import Lookup
from order_sync.settings import CashSaleRows, NetSuiteOrders
from order_sync.transforms.netsuite_cash_sale import CashSaleRules, store_addresses
from order_sync.transforms.netsuite_lines import LineReader
from order_sync.transforms.netsuite_order import OrderRules
from order_sync.transforms.netsuite_sales_orders import NetSuiteSalesOrders
from order_sync.transforms.netsuite_vocabulary import CASH_SALE_PATHS


class _AllSettings(msgspec.Struct, frozen=True):
    """Every setting that the bytes depend on."""

    orders: NetSuiteOrders
    own: CashSaleRows


class NetSuiteCashSales(NetSuiteSalesOrders):
    """The transform of one retailer.

    :param settings: what holds for all of NetSuite's orders.
    :param own: what holds for cash sales only.
    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping, a table or a setting is wrong; the message names it.
    """

    target = "netsuite_cash_sale"
    paths = CASH_SALE_PATHS
    tables = (*NetSuiteSalesOrders.tables, "netsuite_store_address")
    gone_elsewhere = "SENT_AS_SALES_ORDER"

    def __init__(self, settings: NetSuiteOrders, own: CashSaleRows, include: Path, retailer: str) -> None:
        self.own = own
        super().__init__(settings, include, retailer)

    def rules(self, tables: Mapping[str, Lookup]) -> OrderRules:
        """The rules for one order."""
        lines = LineReader(self.settings, tables["adjustment"])
        stores = store_addresses(tables["netsuite_store_address"])
        return CashSaleRules(self.settings, self.own, lines, tables["netsuite_discount_item"], stores)

    def all_settings(self) -> msgspec.Struct:
        """Every setting that the bytes depend on."""
        return _AllSettings(self.settings, self.own)

    def decode(self, data: bytes) -> CreatedOrder:
        """Read one record.

        :raises BadInput: it cannot be read.
        """
        return hotwax_pos_completed.decode(data)
