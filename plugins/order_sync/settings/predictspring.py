"""Settings of the flow ``predictspring_order_sync``."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.settings.parts import Arrival, Limits


class Folders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders on the SFTP servers, relative to the login folder or absolute."""

    inbox: str
    archive: str
    error: str
    order_feed: str
    inventory_variance: str


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
