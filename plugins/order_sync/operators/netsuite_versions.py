"""One Shopify order goes to NetSuite once, whatever HotWax calls it.

A refresh in HotWax makes another order of the same Shopify order, with an id of its own, and NetSuite knows orders by
that id. So the ledger keeps under which of HotWax's ids a Shopify order went out.
"""

from __future__ import annotations

from collections.abc import Mapping

from order_sync.flow import NETSUITE_CASH_SALES, NETSUITE_ORDERS, Run
from order_sync.ledger import Ledger, State
from order_sync.operators.netsuite_replies import CASH_SALE, ORDER

#: HotWax's present id of a Shopify order that was refreshed, or has to be, by Shopify's number.
HOTWAX_ORDER = "hotwax_order"
#: HotWax's id under which NetSuite gets, or has, a Shopify order, by Shopify's number.
_SENT_AS = "netsuite_shopify_order"
#: Records in these states never went out, unless a file carried them, and do not go out by themselves.
_STAYED = frozenset({State.QUARANTINED, State.EXCLUDED, State.CANCELLED})


class SentVersions:
    """Tells which orders are another version of one that NetSuite gets, or has."""

    def __init__(self, book: Ledger, run: Run, retailer: str) -> None:
        self._book, self._run, self._retailer = book, run, retailer

    def others(self, orders: Mapping[str, str], going: bool) -> set[str]:
        """HotWax's ids of orders of which NetSuite gets, or has, another version.

        :param orders: Shopify's number by HotWax's id.
        :param going: whether these are about to go out: then the first of a number does, and is noted.
        """
        went = self._book.ids_of(self._retailer, _SENT_AS, list(dict.fromkeys(orders.values())))
        doubtful = {went[shopify] for key, shopify in orders.items() if went.get(shopify, key) != key}
        there = self._there(sorted(doubtful))
        others: set[str] = set()
        now: dict[str, str] = {}
        for key, shopify in orders.items():
            before = now.get(shopify) or went.get(shopify, key)
            if before != key and (shopify in now or before in there):
                others.add(key)
            elif going:
                now[shopify] = key
        new = {shopify: key for shopify, key in now.items() if went.get(shopify) != key}
        if new and not self._run.dry_run:
            self._book.follow_ids(self._retailer, _SENT_AS, new, source=self._run.who, at=self._run.now)
        return others

    def _there(self, keys: list[str]) -> set[str]:
        """Those that NetSuite gets or has, by whichever flow."""
        found: set[str] = set()
        for flow, kind in ((NETSUITE_ORDERS, ORDER), (NETSUITE_CASH_SALES, CASH_SALE)):
            records = self._book.records_by_order(flow, self._retailer, keys)
            found |= {one.order_key for one in records if one.state not in _STAYED or one.feed_id is not None}
            found |= self._book.ids_of(self._retailer, kind, keys).keys()
        return found
