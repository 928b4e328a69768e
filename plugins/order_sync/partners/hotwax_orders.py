"""The orders that HotWax has, by date, by status or by Shopify's number, read to the very end.

A page that is short is not the last one: some instances cut pages without a word. Only an empty page ends a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from order_sync.contracts.hotwax_orders import OrderList, listed_order
from order_sync.contracts.order_check import HotWaxOrder
from order_sync.errors import NotSent, Stop
from order_sync.partners.hotwax_http import HotWaxHttp
from order_sync.partners.hotwax_settings import Backend, read_settings

_PAUSE_SECONDS = 1.0
_PATHS = {Backend.MOQUI: "oms/orders", Backend.OFBIZ: "orders"}
_PAGE = {Backend.MOQUI: ("pageSize", "pageIndex"), Backend.OFBIZ: ("viewSize", "viewIndex")}
#: The member of an answer that holds the list.
_LISTS = ("orders", "docs", "orderList")


class HotWaxOrders:
    """Reads orders; get one from :func:`open_orders`."""

    def __init__(self, http: HotWaxHttp, settings: OrderList) -> None:
        self._http, self._settings = http, settings
        backend = http.settings.backend
        self._path = settings.path or _PATHS[backend]
        self._size, self._index = _PAGE[backend]
        self._answered = False

    def placed(self, start: datetime, end: datetime, *, status: str = "") -> Iterator[HotWaxOrder]:
        """Orders that were placed between two moments, both included as far as HotWax includes them.

        :param status: HotWax's status id; blank: whatever their status.
        :raises NotSent: the list cannot be had whole now.
        """
        times = {"orderDate_from": _millis(start), "orderDate_thru": _millis(end)}
        return self._all({**times, **({"orderStatusId": status} if status else {})})

    def of_shopify(self, shopify_id: str) -> list[HotWaxOrder]:
        """Every version of a Shopify order.

        :raises NotSent: HotWax cannot be asked now.
        :raises Stop: it shows others, too: it does not search by this number.
        """
        found = []
        for one in self._all({"externalId": shopify_id}):
            if one.shopify_id != shopify_id:
                raise Stop(
                    f"HotWax was asked for Shopify order {shopify_id} and shows order {one.id}.",
                    next_step="It does not search by externalId: check shopify_order_check.hotwax.path.",
                )
            found.append(one)
        return found

    def named(self, name: str) -> list[HotWaxOrder]:
        """Orders of a name that have no Shopify number.

        :raises NotSent: HotWax cannot be asked now.
        """
        return [one for one in self._all({"orderName": name}) if one.name == name and not one.shopify_id]

    def _all(self, asked: Mapping[str, str]) -> Iterator[HotWaxOrder]:
        seen: set[str] = set()
        number = 0
        while True:
            page = {**asked, self._size: str(self._settings.page_size), self._index: str(number)}
            rows, count = self._rows(page)
            orders = [listed_order(row, self._settings) for row in rows]
            fresh = [order for order in orders if order.id not in seen]
            seen.update(order.id for order in fresh)
            yield from fresh
            if not rows:
                break
            if not fresh:
                raise NotSent(
                    f"HotWax's list of orders shows page {number + 1} over again.",
                    next_step="Check shopify_order_check.hotwax.page_size: the instance may take other paging.",
                )
            number += 1
        if count is not None and len(seen) < count:
            raise NotSent(
                f"HotWax counts {count} orders and shows {len(seen)}.", next_step="The next try reads the list anew."
            )

    def _rows(self, asked: Mapping[str, str]) -> tuple[list[Any], int | None]:
        """The orders of a page, and how many there are in all, where HotWax tells it.

        :raises Stop: the answer holds no list: nothing may be taken for "there are none".
        """
        answer = self._answer(asked)
        rows = answer if isinstance(answer, list) else None
        if isinstance(answer, dict):
            rows = next((answer[name] for name in _LISTS if isinstance(answer.get(name), list)), None)
        if rows is None:
            raise Stop(
                "HotWax's answer holds no list of orders.",
                next_step="Check shopify_order_check.hotwax.path; then call the maintainers.",
            )
        count = answer.get("count") if isinstance(answer, dict) else None
        return rows, count if isinstance(count, int) else None

    def _answer(self, asked: Mapping[str, str]) -> Any:
        """Ask; some instances want a slash at the end of the path."""
        try:
            answer = self._http.read_json(self._path, asked)
        except Stop:
            if self._answered or self._path.endswith("/"):
                raise
            answer = self._http.read_json(f"{self._path}/", asked)
            self._path += "/"
        self._answered = True
        return answer


@contextmanager
def open_orders(conn_id: str, settings: OrderList) -> Iterator[HotWaxOrders]:
    """Open the HotWax instance of an Airflow connection.

    :raises Stop: the connection cannot be used, or its id is blank.
    """
    if not conn_id:
        raise Stop(
            "There is no connection to HotWax to compare Shopify's orders with.",
            next_step="Set connections.hotwax_api in the retailer's file.",
        )
    http = HotWaxHttp(read_settings(conn_id), pause=_PAUSE_SECONDS)
    try:
        yield HotWaxOrders(http, settings)
    finally:
        http.close()


def _millis(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))
