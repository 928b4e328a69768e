"""What stands in NetSuite's return files, as ids by our own keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from order_sync.contracts import netsuite_files
from order_sync.contracts.netsuite_files import DepositId, Kind, OrderId
from order_sync.ledger import Ledger, Record, State
from order_sync.operators.netsuite_external_ids import told_customers
from order_sync.operators.netsuite_replies import CASH_SALE, DEPOSIT, DISCOUNT_LINE, LINE, ORDER, Replies

#: What stands between the order and the number in a deposit's External ID.
DEPOSIT_MARK = "-CD-"
#: How the script writes that a deposit has no External ID.
_NO_REFERENCE = frozenset({"", "undefined", "null"})


@dataclass
class Told:
    """What one return file tells.

    :param ids: by kind of id, then by key.
    :param strange: how many lines could not be read.
    :param unclear: ids of deposits that belong to no one deposit of ours, in words.
    """

    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    strange: int = 0
    unclear: list[str] = field(default_factory=list)


def read_return(book: Ledger, retailer: str, replies: Replies, name: str, data: bytes) -> Told:
    """The ids of one return file.

    :raises BadInput: it is not what its name says.
    """
    kind = netsuite_files.kind_of(name)
    if kind is Kind.CUSTOMERS:
        parties = netsuite_files.customers(name, data)
        return Told(told_customers(book, retailer, replies, parties.rows), len(parties.strange))
    if kind is Kind.SALES_ORDER_LINES:
        return _lines(name, data, replies)
    if kind is Kind.DEPOSITS:
        deposits = netsuite_files.deposits(name, data)
        told = Told(strange=len(deposits.strange))
        _deposits(book, retailer, replies, deposits.rows, told)
        return told
    orders = netsuite_files.orders(name, data)
    known_as = CASH_SALE if kind is Kind.CASH_SALES else ORDER
    return Told({known_as: _order_ids(orders.rows, replies)}, len(orders.strange))


def deposits_by_order(book: Ledger, retailer: str, flow: str) -> dict[str, list[Record]]:
    """The deposits that NetSuite has not answered yet, by HotWax's id of their order and by NetSuite's."""
    open_deposits: dict[str, list[Record]] = defaultdict(list)
    for record in book.standing(flow, retailer, State.INTENDED, State.DELIVERED):
        open_deposits[record.order_key.rpartition(DEPOSIT_MARK)[0]].append(record)
    for order, netsuite_id in book.ids_of(retailer, ORDER, list(open_deposits)).items():
        open_deposits.setdefault(netsuite_id, open_deposits[order])
    return dict(open_deposits)


def _key(told: str, replies: Replies) -> str:
    """Our key for what NetSuite calls a record: it knows the External ID."""
    return told.removeprefix(replies.prefix) or told


def _order_ids(rows: Iterable[OrderId], replies: Replies) -> dict[str, str]:
    if not replies.prefix:
        return {row.order_id: row.netsuite_id for row in rows}
    return {_key(row.order_id, replies): row.netsuite_id for row in rows}


def _lines(name: str, data: bytes, replies: Replies) -> Told:
    lines = netsuite_files.lines(name, data)
    ids: dict[str, dict[str, str]] = {LINE: {}, DISCOUNT_LINE: {}}
    for row in lines.rows:
        ids[DISCOUNT_LINE if row.discount else LINE][f"{_key(row.order_id, replies)}:{row.seq}"] = row.netsuite_id
    return Told(ids, len(lines.strange))


def _deposits(book: Ledger, retailer: str, replies: Replies, rows: Sequence[DepositId], told: Told) -> None:
    """Which deposit an id belongs to: the one named by its External ID, else the only open one of the order."""
    ids = told.ids.setdefault(DEPOSIT, {})
    unnamed = []
    for row in rows:
        if DEPOSIT_MARK in row.reference:
            ids[row.reference] = row.netsuite_id
        else:
            unnamed.append(row)
    if not unnamed:
        return
    open_deposits = deposits_by_order(book, retailer, replies.flow)
    known = set(book.ids_of(retailer, DEPOSIT, [one.order_key for some in open_deposits.values() for one in some]))
    for row in unnamed:
        here = [one.order_key for one in open_deposits.get(row.order_id, ())]
        here = [key for key in here if key not in known and key not in ids]
        if len(here) == 1:
            ids[here[0]] = row.netsuite_id
        else:
            what = "" if row.reference in _NO_REFERENCE else f" ({row.reference})"
            told.unclear.append(f"{row.netsuite_id}{what} of order {row.order_id}")
