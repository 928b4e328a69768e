"""Settings of the flow ``shopify_order_check``."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import msgspec

from order_sync.contracts.hotwax_orders import OrderList


class ShopifyOrderCheck(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``shopify_order_check``; how Shopify is asked stands in those of the import.

    :param schedule: cron, UTC.
    :param time_zone: of the retailer's day.
    :param edge_minutes: on both sides of the day that are checked, too.
    :param grace_minutes: what was placed or changed later than so long ago is not judged: it may be on its way.
    :param import_missing: whether orders that were never fetched are imported by the run that misses them.
    :param most_imports: of one run; where more are missing, none is imported: something else is wrong.
    :param stuck_hours: an order that is created and older than this is stuck.
    :param stuck_days: so far back stuck orders are looked for.
    :param approval_attributes: without which HotWax approves no order of the web.
    :param fulfilled_statuses: of Shopify, that make HotWax complete an order of a till.
    :param created_status: HotWax's status ids; ``completed_status`` is that of orders that were handed over.
    :param order_url: where a person sees an order in HotWax, made of ``{id}``.
    :param history_weeks: whose same hours say how many orders are usual.
    :param usual_orders: hours without an order are an alarm if so many are usual in them.
    """

    schedule: str
    time_zone: str
    edge_minutes: float
    grace_minutes: float
    import_missing: bool
    most_imports: int
    stuck_hours: float
    stuck_days: float
    approval_attributes: list[str]
    fulfilled_statuses: list[str]
    created_status: str
    completed_status: str
    cancelled_status: str
    order_url: str
    history_weeks: int
    usual_orders: int
    hotwax: OrderList

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def edge(self) -> timedelta:
        """Of the day."""
        return timedelta(minutes=self.edge_minutes)

    @property
    def grace(self) -> timedelta:
        """In which nothing is judged."""
        return timedelta(minutes=self.grace_minutes)
