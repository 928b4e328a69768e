"""Retail Pro, simulated: "Order to Invoice" and manual slips over HTTP, with a database that tells what came of it."""

from __future__ import annotations

from sandbox.retailpro.amounts import UNIT
from sandbox.retailpro.database import RetailProDatabase
from sandbox.retailpro.documents import Call, Invoice, LookUp, Slip
from sandbox.retailpro.faults import LIES, Lie, RetailProFaults
from sandbox.retailpro.partner import RetailPro
from sandbox.retailpro.settings import INVOICE_PATH, SLIP_PATH, RetailProSettings

__all__ = [
    "INVOICE_PATH",
    "LIES",
    "SLIP_PATH",
    "UNIT",
    "Call",
    "Invoice",
    "Lie",
    "LookUp",
    "RetailPro",
    "RetailProDatabase",
    "RetailProFaults",
    "RetailProSettings",
    "Slip",
]
