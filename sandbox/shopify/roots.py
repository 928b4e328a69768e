"""The fields at the top of queries and mutations."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.bulk_shown import BulkShown
from sandbox.shopify.catalogue import gid
from sandbox.shopify.context import Context
from sandbox.shopify.database import Found, ShopifyDatabase, Wanted, number_of
from sandbox.shopify.faults import ShopifyFaults
from sandbox.shopify.fields import Arguments, Getter
from sandbox.shopify.orders import order_of_part
from sandbox.shopify.pages import Page, cursor, page_size, read_cursor
from sandbox.shopify.parts import OWNER, PARTS
from sandbox.shopify.requests import RequestError
from sandbox.shopify.search import Condition, orders_wanted
from sandbox.shopify.settings import DAYS_WITHOUT_ALL_ORDERS, ShopifySettings

MOST_IDS = 250


class Roots:
    """Getters of the fields at the top.

    :param database: the orders.
    :param bulk: the bulk operations.
    :param settings: of the shop.
    :param faults: what happens before a page is read.
    """

    def __init__(
        self, database: ShopifyDatabase, bulk: BulkShown, settings: ShopifySettings, faults: ShopifyFaults
    ) -> None:
        self._database, self._bulk, self._settings, self._faults = database, bulk, settings, faults

    def getters(self) -> dict[str, Getter]:
        """Field → how it is read."""
        return {
            "orders": self._orders,
            "order": self._order,
            "orderByIdentifier": self._order_by_identifier,
            "ordersCount": self._orders_count,
            "node": self._node,
            "nodes": self._nodes,
            "shop": self._shop,
            "currentAppInstallation": self._installation,
            "bulkOperation": self._bulk.one,
            "bulkOperations": self._bulk.page,
            "currentBulkOperation": self._bulk.current,
            "bulkOperationRunQuery": self._bulk.run,
            "bulkOperationCancel": self._bulk.cancel,
        }

    def _orders(self, _: Any, context: Context, arguments: Arguments) -> Page:
        self._may_read_orders("orders")
        self._faults.take_page()
        size = page_size(arguments, "orders")
        condition = self._condition("orders", context, arguments)
        backwards = arguments.get("last") is not None
        mark = arguments.get("before") if backwards else arguments.get("after")
        wanted = Wanted(
            condition.sql,
            condition.values,
            arguments["sortKey"],
            bool(arguments.get("reverse")) != backwards,
            None if mark is None else Found(*read_cursor(mark, "orders")),
            size + 1,
        )
        found = self._database.search(wanted, context.now)
        more, chosen = len(found) > size, found[:size]
        if backwards:
            chosen.reverse()
        documents = {number_of(order["id"]): order for order in self._database.documents(one.num for one in chosen)}
        shown = [one for one in chosen if one.num in documents]
        before, after = (more, mark is not None) if backwards else (mark is not None, more)
        return Page([documents[one.num] for one in shown], [cursor(one.num, one.value) for one in shown], after, before)

    def _order(self, _: Any, context: Context, arguments: Arguments) -> dict[str, Any] | None:
        self._may_read_orders("order")
        return self._find(arguments["id"], context)

    def _order_by_identifier(self, _: Any, context: Context, arguments: Arguments) -> dict[str, Any] | None:
        self._may_read_orders("orderByIdentifier")
        return self._find(arguments["identifier"].get("id") or "", context)

    def _find(self, order_id: str, context: Context) -> dict[str, Any] | None:
        if not order_id.startswith("gid://shopify/Order/"):
            message = f"Invalid global id '{order_id}'"
            raise RequestError([{"message": message, "extensions": {"code": "argumentLiteralsIncompatible"}}])
        found = self._database.documents([number_of(order_id)])
        if not found:
            return None
        oldest = context.now - DAYS_WITHOUT_ALL_ORDERS * 86_400
        if "read_all_orders" not in self._settings.scopes and found[0]["createdAt"] < oldest:
            return None
        return found[0] | {"__typename": "Order"}

    def _orders_count(self, _: Any, context: Context, arguments: Arguments) -> dict[str, Any]:
        self._may_read_orders("ordersCount")
        condition = self._condition("ordersCount", context, arguments)
        limit = arguments.get("limit")
        most = None if limit is None else int(limit) + 1
        count = self._database.count(condition.sql, condition.values, context.now, most)
        cut = limit is not None and count > limit
        return {"count": limit if cut else count, "precision": "AT_LEAST" if cut else "EXACT"}

    def _condition(self, name: str, context: Context, arguments: Arguments) -> Condition:
        text = arguments.get("query")
        found = orders_wanted(text, self._settings, context.now)
        if found.warnings:
            context.search.append({"path": [name], "query": text, "warnings": found.warnings})
        return found

    def _node(self, parent: Any, context: Context, arguments: Arguments) -> dict[str, Any] | None:
        kind = arguments["id"].removeprefix("gid://shopify/").partition("/")[0]
        if kind == "Order":
            return self._find(arguments["id"], context)
        if kind == "BulkOperation":
            found = self._bulk.one(parent, context, arguments)
            return None if found is None else found | {"__typename": "BulkOperation"}
        return self._part(kind, arguments["id"], context) if kind in PARTS else None

    def _part(self, kind: str, part_id: str, context: Context) -> dict[str, Any] | None:
        """A part of an order, by its own id."""
        order = self._find(order_of_part(number_of(part_id)), context)
        parts = [] if order is None else order[PARTS[kind]]
        found = next((part for part in parts if part["id"] == part_id), None)
        return None if found is None else found | {"__typename": kind, OWNER: order}

    def _nodes(self, parent: Any, context: Context, arguments: Arguments) -> list[dict[str, Any] | None]:
        if len(arguments["ids"]) > MOST_IDS:
            message = (
                f"The input array size of {len(arguments['ids'])} is greater than the maximum allowed of {MOST_IDS}."
            )
            raise RequestError([{"message": message, "extensions": {"code": "MAX_INPUT_SIZE_EXCEEDED"}}])
        return [self._node(parent, context, {"id": one}) for one in arguments["ids"]]

    def _shop(self, _: Any, __: Context, ___: Arguments) -> dict[str, Any]:
        settings = self._settings
        return {
            "id": gid("Shop", 1),
            "name": settings.name,
            "email": f"owner@{settings.domain}",
            "contactEmail": f"owner@{settings.domain}",
            "myshopifyDomain": settings.domain,
            "url": f"https://{settings.domain}",
            "currencyCode": settings.currency,
            "enabledPresentmentCurrencies": [settings.currency],
            "ianaTimezone": settings.zone,
            "orderNumberFormatPrefix": "#",
            "orderNumberFormatSuffix": "",
            "taxesIncluded": False,
            "plan": {"publicDisplayName": "Sandbox", "partnerDevelopment": True, "shopifyPlus": False},
        }

    def _installation(self, _: Any, __: Context, ___: Arguments) -> dict[str, Any]:
        scopes = [{"handle": scope, "description": scope.replace("_", " ")} for scope in sorted(self._settings.scopes)]
        return {"id": gid("AppInstallation", 1), "accessScopes": scopes}

    def _may_read_orders(self, name: str) -> None:
        if "read_orders" not in self._settings.scopes:
            message = f"Access denied for {name} field. Required access: `read_orders` access scope."
            raise RequestError([{"message": message, "path": [name], "extensions": {"code": "ACCESS_DENIED"}}])
