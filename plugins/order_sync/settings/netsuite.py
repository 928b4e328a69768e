"""What varies by retailer in the files for NetSuite, validated as part of the retailer's settings.

Much of what NetSuite's import expects is configured per account and not published: all of that is a setting here.
"""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import msgspec

from order_sync.settings.netsuite_follow_ups import NetSuiteApproval, NetSuiteDeposits
from order_sync.settings.parts import Arrival, Limits

Transport = Literal["sftp", "rest"]


class NetSuiteIdentifications(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Under which types HotWax keeps the numbers that others gave.

    :param gift_card: good identification of the NetSuite item that stands for a gift card.
    :param line_attribute: order item attribute with NetSuite's number of the line.
    """

    shopify_customer: str
    netsuite_customer: str
    shopify_order: str
    shopify_order_number: str
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


def as_sent(rows: NetSuiteOrders, transport: Transport) -> NetSuiteOrders:
    """How rows are made for a transport: bodies for REST are made of the newer columns."""
    return msgspec.structs.replace(rows, generation="camel") if transport == "rest" else rows


class NetSuiteFolders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders for NetSuite, by what stands in them.

    :param inbox: where HotWax drops ``customers`` and created ``orders``; each with ``archive`` and ``error`` below.
    :param export: where NetSuite takes them from: any file, so that unfinished ones must lie elsewhere.
    :param unfinished: that is where.
    :param customer_ids: where NetSuite's return files come, like ``order_ids``, ``line_ids`` and ``deposit_ids``.
    """

    inbox: dict[Literal["customers", "orders"], str]
    export: dict[Literal["customers", "orders", "deposits"], str]
    unfinished: str
    customer_ids: str
    order_ids: str
    line_ids: str
    deposit_ids: str


class HistoricalCustomers(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The files in which NetSuite tells, once, which customers it has already; columns are found by their names.

    :param folder: where they lie; HotWax moves them into ``archive`` below.
    :param netsuite_id: column of NetSuite's internal id.
    :param shopify_id: column of Shopify's number of the customer.
    :param party_id: column of HotWax's party id, which a file need not have.
    """

    folder: str
    netsuite_id: str
    shopify_id: str
    party_id: str


class NetSuiteCreatedOrders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``netsuite_created_orders``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param transport: how customers, orders and deposits go: ``sftp`` (files) or ``rest``.
    :param deadline_hours: after which what has no answer of NetSuite, or waits, is reported by name.
    :param historical_customers: customers of NetSuite's from before the first run.
    :param customers_every_minutes: how often files of customers are looked for, in minutes since midnight UTC.
    :param rows: how customers and orders are written.
    :param deposits: how their payments are.
    :param approval: how HotWax is told that NetSuite has them.
    """

    schedule: str
    file_prefix: str
    transport: Transport
    deadline_hours: float
    customers_every_minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)]
    folders: NetSuiteFolders
    historical_customers: HistoricalCustomers
    arrival: Arrival
    limits: Limits
    rows: NetSuiteOrders
    deposits: NetSuiteDeposits
    approval: NetSuiteApproval

    @property
    def every_minutes(self) -> dict[str, int]:
        """How often files of each kind are looked for."""
        return {"customers": self.customers_every_minutes, "orders": 1}

    @property
    def sent_rows(self) -> NetSuiteOrders:
        """The rows as they are made: bodies for REST are made of the newer columns."""
        return as_sent(self.rows, self.transport)

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of file names and order dates."""
        return self.rows.zone
