"""Settings of the flow ``shopify_order_import``."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.contracts.shopify_api import ShopifyApi
from order_sync.settings.parts import Limits


class ShopifyOrders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How Shopify's orders are written for HotWax.

    :param admin_url: where a person sees an order, made of ``{id}``.
    :param product_store_id: HotWax's product store.
    :param default_channel: HotWax's sales channel of sources that the lookup table does not name.
    :param pos_channels: HotWax's channels of tills.
    :param pos_completed_method: shipment method of what was taken away at a till.
    :param default_shipping_method: of shipping lines that the lookup table does not name.
    :param no_shipping_method: of orders of which nothing is shipped.
    :param default_payment_method: of payments that the lookup table does not name.
    :param payment_statuses: HotWax's status of a payment by Shopify's: ``paid``, ``authorized`` or ``pending``.
    :param import_test_orders: whether orders that Shopify marks as tests are imported.
    :param notes: what HotWax cannot store in a note (emoji, control characters) is a reason to ``reject`` the order,
        or is taken out (``clean``).
    """

    admin_url: str
    product_store_id: str
    default_channel: str
    pos_channels: list[str]
    pos_completed_method: str
    default_shipping_method: str
    no_shipping_method: str
    default_payment_method: str
    payment_statuses: dict[Literal["paid", "authorized", "pending"], str]
    import_test_orders: bool
    notes: Literal["reject", "clean"]


class ShopifyOrderImport(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``shopify_order_import``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param time_zone: in which file names are written.
    :param first_hours: so far back reaches the first window of all.
    :param overlap_minutes: every window begins so long before the last one's end.
    :param lag_minutes: every window ends so long before the present, because Shopify's search sees changes late.
    :param bulk_from_hours: windows as long as this go through a bulk operation.
    :param delivery: files go to HotWax's ``sftp`` folders, or by ``upload`` to its Data Manager.
    :param folders: for new ``orders`` and for ``updates`` of orders that HotWax has.
    :param configs: Data Manager config ids of the same.
    :param confirm_poke_seconds: between two looks at the Data Manager's log.
    :param confirm_seconds: after which the step fails, naming the files that were not imported.
    :param technical_errors: words in HotWax's errors that say nothing about the order: it is brought again by itself.
    :param technical_tries: how often.
    :param orders: how orders are written.
    """

    schedule: str
    file_prefix: str
    time_zone: str
    first_hours: float
    overlap_minutes: float
    lag_minutes: float
    bulk_from_hours: float
    delivery: Literal["sftp", "upload"]
    folders: dict[Literal["orders", "updates"], str]
    configs: dict[Literal["orders", "updates"], str]
    confirm_poke_seconds: float
    confirm_seconds: float
    technical_errors: list[str]
    technical_tries: int
    limits: Limits
    api: ShopifyApi
    orders: ShopifyOrders

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def overlap(self) -> timedelta:
        """Of windows."""
        return timedelta(minutes=self.overlap_minutes)

    @property
    def lag(self) -> timedelta:
        """Between a window's end and the present."""
        return timedelta(minutes=self.lag_minutes)
