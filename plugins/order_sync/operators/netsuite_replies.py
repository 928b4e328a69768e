"""Which answers of NetSuite belong to which flow of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from order_sync.contracts.netsuite_files import Kind
from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, NETSUITE_ORDERS

if TYPE_CHECKING:
    from order_sync.settings import NetSuiteCreatedOrders

#: Whose ids the ledger keeps: customers by party, orders and cash sales by HotWax's order id, lines by order and
#: number, deposits by their External ID.
CUSTOMER, ORDER, LINE, DISCOUNT_LINE, DEPOSIT, CASH_SALE = (
    "netsuite_customer", "netsuite_order", "netsuite_line", "netsuite_discount_line", "netsuite_deposit",
    "netsuite_cash_sale",
)  # fmt: skip

#: NetSuite's ids of customers by Shopify's numbers: from before the first feed, or told by such External IDs.
CUSTOMER_BY_SHOPIFY = "netsuite_customer_by_shopify"

#: HotWax's party ids by the External IDs under which customers went out, where those do not hold them.
PARTY_BY_EXTERNAL_ID = "party_by_external_id"


class Replies(NamedTuple):
    """What NetSuite answers to the records of one flow of the ledger.

    :param flow: the ledger's flow of these records.
    :param kind: of the ids that confirm them, as the ledger keeps ids; blank: no id does.
    :param returns: return files that tell ids.
    :param errors: error files that tell what was refused.
    :param folders: where the return files come; HotWax moves them into ``archive`` below.
    :param export: from where NetSuite takes the flow's files; error files come into ``error`` below. Blank: nowhere.
    :param prefix: of External IDs, where the flow's keys have none.
    :param by_shopify: whether External IDs of customers are Shopify's numbers.
    :param put_again: whether a file of the flow that NetSuite never got is put there again.
    :param also: other flows whose files go to ``export``, and stand in the same error files.
    """

    flow: str
    kind: str = ""
    returns: tuple[Kind, ...] = ()
    errors: tuple[Kind, ...] = ()
    folders: tuple[str, ...] = ()
    export: str = ""
    prefix: str = ""
    by_shopify: bool = False
    put_again: bool = True
    also: tuple[str, ...] = ()


def created_orders_replies(settings: NetSuiteCreatedOrders) -> tuple[Replies, ...]:
    """The answers to customers, created orders and their deposits."""
    folders, rows = settings.folders, settings.rows
    return (
        Replies(
            NETSUITE_CUSTOMERS,
            CUSTOMER,
            (Kind.CUSTOMERS,),
            (Kind.CUSTOMER_ERRORS,),
            (folders.customer_ids,),
            folders.export["customers"],
            rows.customer_external_id_prefix,
            rows.customer_external_id == "shopify",
        ),
        Replies(
            NETSUITE_ORDERS,
            ORDER,
            (Kind.SALES_ORDERS, Kind.SALES_ORDER_LINES),
            (Kind.SALES_ORDER_ERRORS,),
            (folders.order_ids, folders.line_ids),
            folders.export["orders"],
            rows.order_external_id_prefix,
        ),
        # NetSuite takes one file of deposits at a time: what is lost there is for the step that puts the next one.
        Replies(
            NETSUITE_DEPOSITS,
            DEPOSIT,
            (Kind.DEPOSITS,),
            (Kind.DEPOSIT_ERRORS,),
            (folders.deposit_ids,),
            folders.export["deposits"],
            put_again=False,
        ),
    )
