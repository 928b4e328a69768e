"""What varies by retailer in the files for NetSuite, validated as part of the retailer's settings.

Much of what NetSuite's import expects is configured per account and not published: all of that is a setting here.
"""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.settings.parts import Arrival, Limits


class NetSuiteIdentifications(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Under which types HotWax keeps the numbers that others gave.

    :param gift_card: good identification of the NetSuite item that stands for a gift card.
    :param line_attribute: order item attribute with NetSuite's number of the line.
    """

    shopify_customer: str
    netsuite_customer: str
    shopify_order: str
    netsuite_order: str
    netsuite_product: str
    gift_card: str
    line_attribute: str


class NetSuiteOrders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How customers and created orders are written for NetSuite.

    :param generation: of the column names: ``camel`` (``orderId``) or ``title`` (``Order Id``).
    :param date_format: the preference of the NetSuite user in whose name files are imported.
    :param time_zone: in which order dates are written.
    :param max_orders_per_file: the most orders of a file; an order is never split.
    :param max_rows_per_file: the most rows of a file; NetSuite refuses more than 25,000.
    :param customer_external_id: the customer's External ID: HotWax's ``party`` id or ``shopify``'s customer id.
    :param customer_external_id_prefix: put before it; ``order_external_id_prefix`` before HotWax's order id.
    :param order_statuses: orders in another status are left out.
    :param excluded_channels: sales channels whose orders do not go to NetSuite; exchanges.
    :param pos_channels: sales channels of tills: what is paid in part there is set aside.
    :param pos_classifications: classifications of customers who came by a till.
    :param pos_completed_method: shipment method of what was taken away at a till.
    :param pickup_methods: shipment methods that say nothing about shipping where a cart has others, too.
    :param gift_card_types: product types of gift cards.
    :param kit_association_types: how components of a kit refer to it.
    :param unpaid_statuses: payments in these do not count as paid.
    :param prices_include_tax: whether tax adjustments are contained in the prices (VAT) or come on top.
    :param phone_country_code: where a phone number has none; blank: such a number is left out.
    :param discount_rows_have_line_id: whether a discount row carries the number of its line as well.
    :param discount_line_type: of a discount row, made of ``{line}``; NetSuite's scripts look for ``HC_DISCOUNT_``.
    :param item_discount_item: item of a discount row; blank: that of the line.
    :param gift_card_item: item of a gift card without an identification of its own; blank: it waits for one.
    :param order_note_attribute: order attribute with the note, where the feed has none.
    :param values: texts that the mappings refer to as ``setting``.
    """

    generation: Literal["camel", "title"]
    date_format: Literal["M/D/YYYY", "D/M/YYYY", "MM/DD/YYYY", "DD/MM/YYYY", "YYYY-MM-DD"]
    time_zone: str
    max_orders_per_file: int
    max_rows_per_file: int
    customer_external_id: Literal["party", "shopify"]
    customer_external_id_prefix: str
    order_external_id_prefix: str
    order_statuses: list[str]
    excluded_channels: list[str]
    pos_channels: list[str]
    pos_classifications: list[str]
    pos_completed_method: str
    pickup_methods: list[str]
    gift_card_types: list[str]
    kit_association_types: list[str]
    unpaid_statuses: list[str]
    prices_include_tax: bool
    phone_country_code: str
    discount_rows_have_line_id: bool
    discount_line_type: str
    item_discount_item: str
    gift_card_item: str
    order_note_attribute: str
    identifications: NetSuiteIdentifications
    values: dict[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def texts(self) -> dict[str, str]:
        """What a mapping may call ``setting``."""
        return {**self.values, "date_format": self.date_format}


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
