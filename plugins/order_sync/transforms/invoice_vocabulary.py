"""What the mappings of Retail Pro may name: facts of a completed order, of a line of its invoice, and of a slip."""

from __future__ import annotations

from order_sync.mapping.model import Type

_ADDRESS = ("firstName", "lastName", "address1", "address2", "city", "countryGeoCode", "email", "phone")
BILL_TO = tuple(f"order.billTo.{name}" for name in _ADDRESS)
SHIP_TO = tuple(f"fact.ship_to.{name}" for name in _ADDRESS)

#: Other texts of the order.
INVOICE_TEXTS = (
    *("order.customerEmail", "order.email", "order.customerFirstName", "order.customerLastName"),
    *("fact.order_no", "fact.invoicing_facility", "fact.promised_method", "fact.largest_payment"),
    *("fact.document", "fact.document_type", "fact.fiscal_credit"),
    *("fact.company_id", "fact.company_name", "fact.company_address"),
)
INVOICE_NUMBERS = ("fact.total", "fact.total_discount", "fact.shipping")
LINE_TEXTS = ("line.upc", "line.store", "line.pickup_store")
LINE_NUMBERS = ("line.orig_price", "line.orig_tax", "line.price", "line.tax", "line.quantity")
#: Paths that a mapping of invoices may name, with the type of their values.
INVOICE_PATHS: dict[str, Type] = {
    **dict.fromkeys((*INVOICE_TEXTS, *BILL_TO, *SHIP_TO, *LINE_TEXTS), "text"),
    **dict.fromkeys((*INVOICE_NUMBERS, *LINE_NUMBERS), "number"),
    "fact.ordered_at": "date",
}

SLIP_TEXTS = ("fact.slip_no", "fact.from_store", "fact.to_store")
#: Paths that a mapping of manual slips may name.
SLIP_PATHS: dict[str, Type] = {
    **dict.fromkeys((*SLIP_TEXTS, "line.upc"), "text"),
    **dict.fromkeys(("fact.quantity", "line.quantity"), "whole"),
    "fact.fulfilled_at": "date",
}
#: Facts that a mapping may branch on, with all their values.
CASES: dict[str, frozenset[str]] = {"fact.fiscal_credit": frozenset({"true", "false"})}
