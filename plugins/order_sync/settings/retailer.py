"""A retailer's settings: include/retailers/*.yaml, validated.

``default.yaml`` is whole; every other file lists only what differs from it. A flow never asks which retailer it runs
for: what varies is a value here. A file named by ``ORDER_SYNC_OVERLAY`` is laid over every retailer: what differs on a
machine (a laptop with the sandbox, a staging system) and not by retailer.
"""

from __future__ import annotations

import functools
import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import msgspec

from order_sync import yaml_file
from order_sync.contracts.netsuite_rest import NetSuiteRest
from order_sync.settings.netsuite import NetSuiteCreatedOrders
from order_sync.settings.netsuite_cash_sales import NetSuiteCashSalesFlow
from order_sync.settings.netsuite_fulfilment import NetSuiteFulfilment
from order_sync.settings.parts import Connections
from order_sync.settings.predictspring import PredictSpringOrderSync
from order_sync.settings.retailpro import RetailProInvoicing
from order_sync.settings.shopify import ShopifyOrderImport
from order_sync.settings.shopify_order_check import ShopifyOrderCheck

DEFAULT = "default"


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
    netsuite_rest: NetSuiteRest
    netsuite_created_orders: NetSuiteCreatedOrders
    netsuite_cash_sales: NetSuiteCashSalesFlow
    netsuite_fulfilment: NetSuiteFulfilment
    shopify_order_import: ShopifyOrderImport
    shopify_order_check: ShopifyOrderCheck

    @property
    def retry_delay(self) -> timedelta:
        """Before the first retry."""
        return timedelta(seconds=self.retry_delay_seconds)


@functools.cache
def _time_zones() -> frozenset[str]:
    """The names of all time zones; to find them the whole database of zones is read."""
    return frozenset(available_timezones())


def include_folder() -> Path:
    """The folder ``include``: beside ``plugins``, or where ``ORDER_SYNC_INCLUDE`` points."""
    return Path(os.environ.get("ORDER_SYNC_INCLUDE") or Path(__file__).parents[3] / "include")


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
        ".netsuite_fulfilment.time_zone": retailer.netsuite_fulfilment.time_zone,
        ".shopify_order_import.time_zone": retailer.shopify_order_import.time_zone,
        ".shopify_order_check.time_zone": retailer.shopify_order_check.time_zone,
    }
    for setting, zone in zones.items():
        if zone not in _time_zones():
            raise yaml_file.wrong(*places[setting], f"time_zone: {zone} is not a time zone")
    api = retailer.retailpro_invoicing.api
    place = places[".retailpro_invoicing.api.resolve_doubt"]
    if api.resolve_doubt == "look_up" and not (api.look_up.invoice_path and api.look_up.slip_path):
        raise yaml_file.wrong(*place, "resolve_doubt: look_up needs look_up.invoice_path and look_up.slip_path")
    if api.resolve_doubt == "resend" and not api.duplicate.statuses:
        raise yaml_file.wrong(*place, "resolve_doubt: resend needs duplicate.statuses, or orders are invoiced twice")
    by_rest = "rest" in {retailer.netsuite_created_orders.transport, retailer.netsuite_cash_sales.transport}
    if by_rest and not retailer.connections.netsuite_api:
        raise yaml_file.wrong(*places[".connections.netsuite_api"], "netsuite_api: transport: rest needs a connection")
    if not retailer.contacts:
        raise yaml_file.wrong(*places[".contacts"], "contacts: at least one address must get the reports")
    return retailer
