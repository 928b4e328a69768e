"""A retailer's settings: include/retailers/*.yaml, validated.

``default.yaml`` is whole; every other file lists only what differs from it. A flow never asks which retailer it runs
for: what varies is a value here. A file named by ``ORDER_SYNC_OVERLAY`` is laid over every retailer: what differs on a
machine (a laptop with the sandbox, a staging system) and not by retailer.
"""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from order_sync import yaml_file
from order_sync.contracts.retailpro_api import RetailProApi
from order_sync.netsuite_settings import NetSuiteOrders

DEFAULT = "default"


class Connections(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Ids of Airflow connections; ``hotwax_api`` may be blank, then nothing confirms an import."""

    predictspring_sftp: str
    hotwax_sftp: str
    hotwax_api: str
    retailpro_sftp: str
    netsuite_sftp: str
    retailpro_api: str
    mail: str


class Folders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders on the SFTP servers, relative to the login folder or absolute."""

    inbox: str
    archive: str
    error: str
    order_feed: str
    inventory_variance: str


class Arrival(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the sensor waits for files.

    :param stable_seconds: between the two looks in which a file must not change.
    :param poke_seconds: between two pokes while nothing is there.
    :param timeout_seconds: after which the run is skipped; 0 looks once.
    :param max_files: the most files of one run; the rest waits for the next.
    """

    stable_seconds: float
    poke_seconds: float
    timeout_seconds: float
    max_files: int


class Limits(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Bounds for what is read from a partner.

    :param max_record_bytes: of one order.
    :param max_unpacked_bytes: of all that comes out of one compressed file.
    :param max_members: files in one zip.
    :param max_ratio: unpacked to packed size.
    """

    max_record_bytes: int
    max_unpacked_bytes: int
    max_members: int
    max_ratio: int


class Confirm(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How the import in HotWax is followed.

    :param order_feed_configs: Data Manager config id of the order feed, by feed format.
    :param inventory_variance_config: and of the inventory variance.
    :param poke_seconds: between two looks at the log.
    :param timeout_seconds: after which the task fails, naming the file; clearing it looks again.
    """

    order_feed_configs: dict[Literal["csv", "json"], str]
    inventory_variance_config: str
    poke_seconds: float
    timeout_seconds: float


class PredictSpringOrderSync(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``predictspring_order_sync``.

    :param schedule: cron, UTC.
    :param feed_format: ``csv`` (IMP_ORDER) or ``json`` (createSalesOrder service calls).
    :param file_prefix: first part of the names of published files.
    :param sync_in_store_orders: off leaves pure in-store orders out of the feed; their stock variance goes out.
    :param on_changed_order: what happens to an order that was sent and has changed: ``exception`` or ``emit``.
    :param time_zone: in which order dates and file names are written.
    :param values: texts that the mappings refer to as ``setting``.
    """

    schedule: str
    folders: Folders
    arrival: Arrival
    limits: Limits
    confirm: Confirm
    feed_format: Literal["csv", "json"]
    file_prefix: str
    sync_in_store_orders: bool
    on_changed_order: Literal["exception", "emit"]
    time_zone: str
    values: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)


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


class NetSuiteFolders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders for NetSuite, by what stands in them.

    :param inbox: where HotWax drops ``customers`` and created ``orders``; each with ``archive`` and ``error`` below.
    :param export: where NetSuite takes them from: any file, so that unfinished ones must lie elsewhere.
    :param unfinished: that is where.
    :param customer_ids: where NetSuite's return files come, like ``order_ids`` and ``line_ids``.
    """

    inbox: dict[Literal["customers", "orders"], str]
    export: dict[Literal["customers", "orders"], str]
    unfinished: str
    customer_ids: str
    order_ids: str
    line_ids: str

    def answers(self) -> tuple[str, ...]:
        """Where return files come."""
        return (self.customer_ids, self.order_ids, self.line_ids)


class NetSuiteCreatedOrders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``netsuite_created_orders``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param deadline_hours: after which a customer or an order without an answer of NetSuite is reported by name.
    :param rows: how customers and orders are written.
    """

    schedule: str
    file_prefix: str
    deadline_hours: float
    folders: NetSuiteFolders
    arrival: Arrival
    limits: Limits
    rows: NetSuiteOrders

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of file names and order dates."""
        return self.rows.zone


class Retailer(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One retailer.

    :param name: the file's name without its ending.
    :param owner: who answers for its flows, shown in Airflow.
    :param contacts: addresses that get the failure reports.
    :param retries: of every task.
    :param retry_delay_seconds: before the first retry; it doubles.
    :param remind_hours: a step that keeps failing is reported again only after so long.
    """

    name: str
    owner: str
    contacts: list[str]
    retries: int
    retry_delay_seconds: float
    remind_hours: float
    connections: Connections
    predictspring_order_sync: PredictSpringOrderSync
    retailpro_invoicing: RetailProInvoicing
    netsuite_created_orders: NetSuiteCreatedOrders

    @property
    def retry_delay(self) -> timedelta:
        """Before the first retry."""
        return timedelta(seconds=self.retry_delay_seconds)


def include_folder() -> Path:
    """The folder ``include``: beside ``plugins``, or where ``ORDER_SYNC_INCLUDE`` points."""
    return Path(os.environ.get("ORDER_SYNC_INCLUDE") or Path(__file__).parents[2] / "include")


def retailers(include: Path | None = None) -> list[Retailer]:
    """All retailers, the default one first.

    :raises Stop: a file is wrong; the message names file and line.
    """
    folder = (include or include_folder()) / "retailers"
    names = sorted(path.stem for path in folder.glob("*.yaml"))
    return [load(name, include) for name in sorted(names, key=lambda name: (name != DEFAULT, name))]


def load(name: str, include: Path | None = None) -> Retailer:
    """One retailer's settings, laid over the default ones.

    :raises Stop: the file is missing or wrong; the message names file and line.
    """
    folder = (include or include_folder()) / "retailers"
    path = folder / f"{name}.yaml"
    layers = [path] if name == DEFAULT else [folder / f"{DEFAULT}.yaml", path]
    if overlay := os.environ.get("ORDER_SYNC_OVERLAY"):
        layers.append(Path(overlay))
    content: dict[str, Any] = {}
    places: dict[str, yaml_file.Place] = {}
    for layer in layers:
        changes, where = yaml_file.load(layer)
        content, places = yaml_file.merge(content, changes), places | where
    retailer = yaml_file.convert({**content, "name": name}, Retailer, path, places)
    zones = {
        ".predictspring_order_sync.time_zone": retailer.predictspring_order_sync.time_zone,
        ".retailpro_invoicing.time_zone": retailer.retailpro_invoicing.time_zone,
        ".netsuite_created_orders.rows.time_zone": retailer.netsuite_created_orders.rows.time_zone,
    }
    for setting, zone in zones.items():
        if zone not in available_timezones():
            raise yaml_file.wrong(*places[setting], f"time_zone: {zone} is not a time zone")
    api = retailer.retailpro_invoicing.api
    place = places[".retailpro_invoicing.api.resolve_doubt"]
    if api.resolve_doubt == "look_up" and not (api.look_up.invoice_path and api.look_up.slip_path):
        raise yaml_file.wrong(*place, "resolve_doubt: look_up needs look_up.invoice_path and look_up.slip_path")
    if api.resolve_doubt == "resend" and not api.duplicate.statuses:
        raise yaml_file.wrong(*place, "resolve_doubt: resend needs duplicate.statuses, or orders are invoiced twice")
    if not retailer.contacts:
        raise yaml_file.wrong(*places[".contacts"], "contacts: at least one address must get the reports")
    return retailer
