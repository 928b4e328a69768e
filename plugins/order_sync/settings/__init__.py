"""A retailer's settings: :func:`load` reads and checks them; one module for each partner's flows."""

from __future__ import annotations

from order_sync.settings.netsuite import NetSuiteCreatedOrders, NetSuiteFolders, NetSuiteIdentifications, NetSuiteOrders
from order_sync.settings.parts import Arrival, Connections, FileNames, Limits
from order_sync.settings.predictspring import Confirm, Folders, PredictSpringOrderSync
from order_sync.settings.retailer import DEFAULT, Retailer, include_folder, load, retailers
from order_sync.settings.retailpro import InvoicingAttributes, InvoicingFolders, RetailProInvoicing

__all__ = [
    "DEFAULT",
    "Arrival",
    "Confirm",
    "Connections",
    "FileNames",
    "Folders",
    "InvoicingAttributes",
    "InvoicingFolders",
    "Limits",
    "NetSuiteCreatedOrders",
    "NetSuiteFolders",
    "NetSuiteIdentifications",
    "NetSuiteOrders",
    "PredictSpringOrderSync",
    "RetailProInvoicing",
    "Retailer",
    "include_folder",
    "load",
    "retailers",
]
