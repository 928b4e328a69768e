"""Settings of the flow ``retailpro_invoicing``."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.contracts.retailpro_api import RetailProApi
from order_sync.settings.parts import Arrival, Limits


class InvoicingFolders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders on the SFTP servers: the first three on HotWax's, the others on the one named for Retail Pro."""

    inbox: str
    archive: str
    error: str
    invoices: str
    responses: str


class InvoicingAttributes(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Names of the order attributes that the feed carries for Retail Pro.

    :param document: the customer's identity document.
    :param selling_store: the store (facility) at whose till a send sale was made.
    """

    document: str
    document_type: str
    fiscal_credit: str
    company_id: str
    company_name: str
    company_address: str
    selling_store: str


class RetailProInvoicing(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``retailpro_invoicing``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param body: ``v1``, or ``v2_fiscal`` with FiscalCredit, Company* and TypeDocument.
    :param fiscal_credit_as: how ``v2_fiscal`` writes FiscalCredit; the published sample has the text ``"true"``.
    :param invoicing_store: which store issues the invoice of an order that several stores shipped.
    :param time_zone: in which CreatedDate and file names are written.
    :param pos_channels: sales channels whose orders were invoiced at the till.
    :param pickup_methods: shipment methods with which the customer collects the goods in a store.
    :param virtual_facility_types: types of facility that are no store; ``_NA_`` is none either.
    :param order_number_type: the order identification that becomes OrderNo.
    :param order_number_digits: OrderNo is filled with zeros up to this length; 0 leaves it as it is.
    :param product_id_type: the good identification that becomes UPC.
    :param slip_number: how SlipNo is made of ``{order_no}`` and ``{n}``, the slip's number within its order.
    :param prices_include_tax: whether the tax adjustments are contained in the prices (VAT) or come on top.
    :param order_discount: a discount on the whole order is ``spread`` over its lines, or stands in the ``header`` only.
    :param values: texts that the mappings refer to as ``setting``.
    """

    schedule: str
    folders: InvoicingFolders
    arrival: Arrival
    limits: Limits
    api: RetailProApi
    attributes: InvoicingAttributes
    file_prefix: str
    body: Literal["v1", "v2_fiscal"]
    fiscal_credit_as: Literal["text", "boolean"]
    invoicing_store: Literal["last_fulfilled", "first_fulfilled", "first_item"]
    time_zone: str
    pos_channels: list[str]
    pickup_methods: list[str]
    virtual_facility_types: list[str]
    order_number_type: str
    order_number_digits: int
    product_id_type: str
    slip_number: str
    prices_include_tax: bool
    order_discount: Literal["spread", "header"]
    values: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)
