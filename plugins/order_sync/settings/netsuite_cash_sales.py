"""Settings of the flow ``netsuite_cash_sales``; what it shares with sales orders is set there, once for both."""

from __future__ import annotations

from typing import Literal

import msgspec

from order_sync.settings.netsuite import NetSuiteOrders, Transport, as_sent
from order_sync.settings.parts import Arrival, Limits


class CashSaleFolders(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Folders of cash sales.

    :param inbox: where HotWax drops completed orders of tills; with ``archive`` and ``error`` below.
    :param export: where NetSuite takes cash sales from: any file, so that unfinished ones must lie elsewhere.
    :param unfinished: that is where.
    :param order_ids: where NetSuite's return files come.
    """

    inbox: str
    export: str
    unfinished: str
    order_ids: str


class CashSaleRows(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What holds for cash sales only; everything else is that of sales orders (``netsuite_created_orders.rows``).

    :param order_statuses: orders in another status are left out: they are not completed yet.
    :param other_channels: what becomes of an order that was taken away as a whole but is of no till's channel: an
        ``exception``, or a ``cash_sale`` all the same.
    :param missed_orders: what becomes of a completed order that is no cash sale and that no run took up as a sales
        order, for it was never seen in time: an ``exception``, or ``left_out``.
    :param walk_in_customer: NetSuite's internal id of the customer of orders without one; blank: they are set aside.
    :param max_orders_per_file: the most orders of a file; an order is never split.
    :param max_rows_per_file: the most rows of a file; NetSuite refuses more than 25,000.
    """

    order_statuses: list[str]
    other_channels: Literal["exception", "cash_sale"]
    missed_orders: Literal["exception", "left_out"]
    walk_in_customer: str
    max_orders_per_file: int
    max_rows_per_file: int


class NetSuiteCashSalesFlow(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """Settings of the flow ``netsuite_cash_sales``.

    :param schedule: cron, UTC.
    :param file_prefix: first part of the names of files that are written.
    :param transport: how cash sales go: ``sftp`` (CSV imports) or ``rest``.
    :param deadline_hours: after which what has no answer of NetSuite, or waits, is reported by name.
    """

    schedule: str
    file_prefix: str
    transport: Transport
    deadline_hours: float
    folders: CashSaleFolders
    arrival: Arrival
    limits: Limits
    rows: CashSaleRows

    def sent_rows(self, orders: NetSuiteOrders) -> NetSuiteOrders:
        """What cash sales share with sales orders, as the transport wants it."""
        return as_sent(orders, self.transport)
