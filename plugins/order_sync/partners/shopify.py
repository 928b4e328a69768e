"""Orders of one Shopify shop, each of them whole: by time of change, by id, or only their heads.

A page brings the first lines, refunds, fulfilments and payments of each order. What has more is asked for until it is
complete; if the order changed meanwhile, it is read anew. Pages are in the order of ``updatedAt``, so an order that
changes while they are read moves behind them, into the next window.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from order_sync.contracts import shopify_queries as queries
from order_sync.contracts.shopify_api import ShopifyApi, search_between
from order_sync.errors import NotSent
from order_sync.partners.shopify_connection import read_shop
from order_sync.partners.shopify_http import PageSize, ShopifyHttp

#: The most that Shopify gives of a connection or a list.
_MOST = 250
_IDS_AT_ONCE = 10
_READ_ANEW = 3
#: What else an order holds: connections of its own, and lists with a connection in each of their elements.
_CONNECTIONS = ("lineItems", "shippingLines")
_LISTS = {"transactions": "", "fulfillments": "fulfillmentLineItems", "refunds": "refundLineItems"}
_GID = "gid://shopify/Order/"


class ShopifyOrder(NamedTuple):
    """An order as Shopify shows it.

    :param id: its number, the last part of its global id.
    :param updated_at: aware UTC, whole seconds or finer, as Shopify has it.
    :param data: the order as JSON, one line.
    """

    id: str
    updated_at: datetime
    data: bytes


class OrderHead(msgspec.Struct, rename="camel"):
    """What a reconciliation needs of an order."""

    id: str
    name: str
    created_at: datetime
    updated_at: datetime
    cancelled_at: datetime | None
    source_name: str | None
    fulfilment_status: str = msgspec.field(name="displayFulfillmentStatus")


class _Page(msgspec.Struct):
    hasNextPage: bool
    endCursor: str | None = None

    def next_to(self, after: str | None) -> str:
        """Where the next page begins.

        :param after: where this one did.
        :raises NotSent: there, too, or Shopify does not say: reading on would never end.
        """
        if not self.endCursor or self.endCursor == after:
            raise NotSent(
                "Shopify says that there is another page, and not where.",
                next_step="Nothing to do: the next try reads the window anew.",
            )
        return self.endCursor


class _Connection(msgspec.Struct):
    nodes: list[msgspec.Raw]
    pageInfo: _Page


class _Heads(msgspec.Struct):
    nodes: list[OrderHead]
    pageInfo: _Page


class _Orders(msgspec.Struct):
    orders: _Connection


class _OrderHeads(msgspec.Struct):
    orders: _Heads


class _Nodes(msgspec.Struct):
    nodes: list[msgspec.Raw]


class _More(msgspec.Struct):
    pageInfo: _Page


class _Element(msgspec.Struct):
    fulfilled: _More | None = msgspec.field(default=None, name="fulfillmentLineItems")
    refunded: _More | None = msgspec.field(default=None, name="refundLineItems")


class _Look(msgspec.Struct):
    """As much of an order as tells whether it is whole."""

    id: str
    updatedAt: datetime
    lineItems: _More
    shippingLines: _More
    transactions: list[_Element]
    refunds: list[_Element]
    fulfilments: list[_Element] = msgspec.field(name="fulfillments")

    def is_whole(self, parts: int) -> bool:
        """Whether nothing is missing.

        :param parts: how many of each were asked for.
        """
        if self.lineItems.pageInfo.hasNextPage or self.shippingLines.pageInfo.hasNextPage:
            return False
        lists = (self.transactions, self.fulfilments, self.refunds)
        if any(len(elements) >= parts for elements in lists):
            return False
        rest = [one.fulfilled or one.refunded for elements in lists[1:] for one in elements]
        return not any(more and more.pageInfo.hasNextPage for more in rest)


_looks = msgspec.json.Decoder(_Look)
_orders = msgspec.json.Decoder(_Orders)
_order_heads = msgspec.json.Decoder(_OrderHeads)
_nodes = msgspec.json.Decoder(_Nodes)
# Numbers with a point (tax rates) stay as exact as Shopify wrote them.
_any = msgspec.json.Decoder(float_hook=msgspec.Raw)


class Shopify:
    """Reads orders; get one from :func:`open_shop`."""

    def __init__(self, http: ShopifyHttp, api: ShopifyApi) -> None:
        self.http, self._api = http, api

    def scopes(self) -> frozenset[str]:
        """What the app may do in the shop."""
        answer = msgspec.json.decode(self.http.ask(queries.ACCESS, {}))
        return frozenset(scope["handle"] for scope in answer["currentAppInstallation"]["accessScopes"])

    def changed(self, start: datetime, end: datetime) -> Iterator[list[ShopifyOrder]]:
        """Every order whose last change lies in the window ``[start, end)``, whatever its status, page by page.

        :raises NotSent: a page cannot be had now.
        """
        after: str | None = None
        search = search_between(start, end)
        while True:
            asked = {"search": search, "parts": self._api.page_parts, "after": after}
            page = _orders.decode(self.http.ask(queries.ORDERS, asked, page=self.http.orders)).orders
            found = [self._whole(node, self._api.page_parts) for node in page.nodes]
            yield [order for order in found if order is not None and start <= order.updated_at < end]
            if not page.pageInfo.hasNextPage:
                return
            after = page.pageInfo.next_to(after)

    def by_ids(self, ids: Sequence[str]) -> list[ShopifyOrder]:
        """Orders by their numbers; what does not exist, or not any more, is missing."""
        found = []
        for some in (ids[at : at + _IDS_AT_ONCE] for at in range(0, len(ids), _IDS_AT_ONCE)):
            asked = {"ids": [_GID + one for one in some], "parts": self._api.page_parts}
            for node in _nodes.decode(self.http.ask(queries.ORDERS_BY_ID, asked)).nodes:
                if bytes(node) not in (b"null", b"{}") and (order := self._whole(node, self._api.page_parts)):
                    found.append(order)
        return found

    def ids_by_name(self, names: Sequence[str]) -> dict[str, list[str]]:
        """The numbers of orders by their names (``#1001``); several where names are not unique."""
        found: dict[str, list[str]] = {}
        for name in names:
            quoted = name.replace("\\", "\\\\").replace("'", "\\'")
            for head in self.heads(f"name:'{quoted}'"):
                if head.name == name:
                    found.setdefault(name, []).append(order_number(head.id))
        return found

    def heads(self, search: str) -> Iterator[OrderHead]:
        """The heads of all orders that a search finds."""
        after: str | None = None
        size = PageSize(_MOST)
        while True:
            asked = {"search": search, "after": after}
            page = _order_heads.decode(self.http.ask(queries.ORDER_HEADS, asked, page=size)).orders
            yield from page.nodes
            if not page.pageInfo.hasNextPage:
                return
            after = page.pageInfo.next_to(after)

    def count(self, search: str) -> int:
        """How many orders a search finds, exactly."""
        return int(msgspec.json.decode(self.http.ask(queries.ORDERS_COUNT, {"search": search}))["ordersCount"]["count"])

    def complete(self, order: dict[str, Any], parts: int) -> dict[str, Any] | None:
        """Ask for everything that an order lacks, in place; None if it is gone.

        :param parts: how many of each of its parts were asked for.
        """
        for _ in range(_READ_ANEW):
            if self.fill(order, parts):
                return order
            data = self.http.ask(queries.ORDERS_BY_ID, {"ids": [order["id"]], "parts": parts})
            (fresh,) = _any.decode(data)["nodes"]
            if not fresh:
                return None
            order = fresh
        raise NotSent(
            f"Shopify order {order['name']} changes faster than it can be read.", next_step="The next try reads it."
        )

    def _whole(self, node: msgspec.Raw, parts: int) -> ShopifyOrder | None:
        look = _looks.decode(node)
        if look.is_whole(parts):
            return ShopifyOrder(order_number(look.id), look.updatedAt, bytes(node))
        order = self.complete(_any.decode(node), parts)
        return None if order is None else as_order(order)

    def fill(self, order: dict[str, Any], parts: int = _MOST) -> bool:
        """Ask for what is missing, in place; False if the order changed meanwhile.

        :param parts: how many of each of its parts were asked for.
        """
        return (
            all(self._rest(order["id"], order[name], name, order["updatedAt"]) for name in _CONNECTIONS)
            and all(self._list(order, name, parts) for name in _LISTS)
            and all(
                self._rest(one["id"], one[inner], inner)
                for name, inner in _LISTS.items()
                if inner
                for one in order[name]
            )
        )

    def _rest(self, owner: str, connection: dict[str, Any], name: str, stamp: str = "") -> bool:
        """Add the further pages of a connection.

        :param stamp: the owner's ``updatedAt``; blank: it is not compared.
        """
        while connection["pageInfo"]["hasNextPage"]:
            asked = {"id": owner, "after": connection["pageInfo"]["endCursor"]}
            node = _any.decode(self.http.ask(queries.REST_OF[name], asked, page=self.http.parts))["node"]
            if not node or (stamp and node["updatedAt"] != stamp):
                return False
            connection["nodes"] += node[name]["nodes"]
            connection["pageInfo"] = node[name]["pageInfo"]
        return True

    def _list(self, order: dict[str, Any], name: str, parts: int) -> bool:
        """Replace a list that may have been cut by a whole one.

        :raises NotSent: there is more than Shopify shows.
        """
        if len(order[name]) < parts:
            return True
        asked = {"id": order["id"], "parts": _MOST}
        node = _any.decode(self.http.ask(queries.WHOLE_LIST[name], asked))["node"]
        if not node or node["updatedAt"] != order["updatedAt"]:
            return False
        if len(node[name]) >= _MOST:
            raise NotSent(
                f"Shopify order {order['name']} has {len(node[name])} {name} or more; no more of them are shown.",
                next_step="Import this order by hand.",
            )
        unread = {"hasNextPage": True, "endCursor": None}
        inner = _LISTS[name]
        order[name] = [{**one, inner: {"nodes": [], "pageInfo": unread}} if inner else one for one in node[name]]
        return True


@contextmanager
def open_shop(conn_id: str, api: ShopifyApi) -> Iterator[Shopify]:
    """Open the shop of an Airflow connection.

    :raises Stop: the connection cannot be used.
    """
    with ShopifyHttp(read_shop(conn_id), api) as http:
        yield Shopify(http, api)


def order_number(gid: str) -> str:
    """The number of an order by its global id."""
    return gid.rpartition("/")[2]


def as_order(order: Mapping[str, Any]) -> ShopifyOrder:
    """An order that was put together, as one line of JSON."""
    updated_at = msgspec.convert(order["updatedAt"], datetime)
    return ShopifyOrder(order_number(order["id"]), updated_at, msgspec.json.encode(order))
