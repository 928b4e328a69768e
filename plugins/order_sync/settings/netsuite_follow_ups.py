"""What varies by retailer in what follows an order to NetSuite: customer deposits, and the approval in HotWax."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class NetSuiteDeposits(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How payments become NetSuite's customer deposits.

    :param form: names of the keys: ``current`` (``orderId``) or ``legacy`` (``order_id``); ``off``: no deposits. By
        REST any but ``off`` is the same.
    :param max_per_file: the most deposits of a file; NetSuite's script takes one file per run. By REST there is none.
    """

    form: Literal["current", "legacy", "off"]
    max_per_file: Annotated[int, msgspec.Meta(ge=1)]


class ApprovalFile(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of the two files for HotWax's Data Manager; it is not published what they look like.

    :param folder: where HotWax takes it from; ``archive`` below is where it puts it.
    :param columns: the header, the order first.
    :param config: of the import, as HotWax's log names it.
    """

    folder: str
    columns: Annotated[list[str], msgspec.Meta(min_length=1)]
    config: str


class NetSuiteApproval(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How HotWax is told that NetSuite has an order with all its lines, and approves it.

    :param enabled: whether it is told at all; what is sent meanwhile is not told later either.
    :param attribute: the order attribute that says so, and its ``value``.
    :param attributes: the file with the attribute: order, name, value.
    :param orders: the file with the orders to approve, once HotWax has the other one.
    """

    enabled: bool
    attribute: str
    value: str
    attributes: ApprovalFile
    orders: ApprovalFile
