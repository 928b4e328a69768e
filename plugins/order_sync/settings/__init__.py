"""A retailer's settings: :func:`load` reads and checks them; one module for each partner's flows."""

from __future__ import annotations

from order_sync.settings.netsuite import (
    HistoricalCustomers,
    NetSuiteCreatedOrders,
    NetSuiteFolders,
    NetSuiteIdentifications,
    NetSuiteOrders,
)
from order_sync.settings.netsuite_cash_sales import CashSaleFolders, CashSaleRows, NetSuiteCashSalesFlow
from order_sync.settings.netsuite_follow_ups import ApprovalFile, NetSuiteApproval, NetSuiteDeposits
from order_sync.settings.netsuite_fulfilment import FulfilmentFolders, NetSuiteFacilities, NetSuiteFulfilment
from order_sync.settings.parts import Arrival, Connections, FileNames, Limits
from order_sync.settings.predictspring import Confirm, Folders, PredictSpringOrderSync
from order_sync.settings.retailer import DEFAULT, Retailer, include_folder, load, retailers
from order_sync.settings.retailpro import InvoicingAttributes, InvoicingFolders, RetailProInvoicing
from order_sync.settings.shopify import ShopifyOrderImport, ShopifyOrders
from order_sync.settings.shopify_order_check import ShopifyOrderCheck

__all__ = [
    "DEFAULT",
    "ApprovalFile",
    "Arrival",
    "CashSaleFolders",
    "CashSaleRows",
    "Confirm",
    "Connections",
    "FileNames",
    "Folders",
    "FulfilmentFolders",
    "HistoricalCustomers",
    "InvoicingAttributes",
    "InvoicingFolders",
    "Limits",
    "NetSuiteApproval",
    "NetSuiteCashSalesFlow",
    "NetSuiteCreatedOrders",
    "NetSuiteDeposits",
    "NetSuiteFacilities",
    "NetSuiteFolders",
    "NetSuiteFulfilment",
    "NetSuiteIdentifications",
    "NetSuiteOrders",
    "PredictSpringOrderSync",
    "RetailProInvoicing",
    "Retailer",
    "ShopifyOrderCheck",
    "ShopifyOrderImport",
    "ShopifyOrders",
    "include_folder",
    "load",
    "retailers",
]
