"""Which orders need somebody's look because of what follows them."""

from __future__ import annotations

from order_sync.flow import NETSUITE_APPROVALS, NETSUITE_DEPOSITS
from order_sync.ledger import Ledger, State
from order_sync.operators.netsuite_returns import DEPOSIT_MARK


def order_of(key: str) -> str:
    """The order that a deposit, or an approval, follows, by the key of that."""
    return key.rpartition(DEPOSIT_MARK)[0] or key


def orders_to_look_after(book: Ledger, retailer: str) -> set[str]:
    """The orders of which a deposit or an approval is an exception, or a deposit has no answer."""
    keys = [one.order_key for one in book.standing(NETSUITE_DEPOSITS, retailer, State.DELIVERED)]
    for flow in (NETSUITE_DEPOSITS, NETSUITE_APPROVALS):
        keys += [one.order_key for one in book.record_locations(book.open_exception_ids(flow, retailer))]
    return {order_of(key) for key in keys}
