"""Bulk operations as GraphQL shows them."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.bulk import BulkOperations, UserErrors
from sandbox.shopify.catalogue import gid
from sandbox.shopify.context import Context
from sandbox.shopify.database import Row, number_of
from sandbox.shopify.fields import Arguments
from sandbox.shopify.pages import Page, page_of
from sandbox.shopify.settings import ShopifySettings


class BulkShown:
    """Getters of the fields that show and start bulk operations.

    :param bulk: the operations.
    :param settings: scopes.
    """

    def __init__(self, bulk: BulkOperations, settings: ShopifySettings) -> None:
        self._bulk, self._settings = bulk, settings

    def one(self, _: Any, __: Context, arguments: Arguments) -> dict[str, Any] | None:
        """``bulkOperation(id)``."""
        row = self._bulk.look(number_of(arguments["id"]))
        return None if row is None else self._shown(row)

    def current(self, _: Any, __: Context, ___: Arguments) -> dict[str, Any] | None:
        """``currentBulkOperation``: the one that was started last."""
        numbers = self._bulk.numbers()
        row = self._bulk.look(numbers[-1]) if numbers else None
        return None if row is None else self._shown(row)

    def page(self, _: Any, __: Context, arguments: Arguments) -> Page:
        """``bulkOperations``: oldest first; a search may name a status."""
        rows = [row for number in self._bulk.numbers() if (row := self._bulk.look(number)) is not None]
        wanted = (arguments.get("query") or "").removeprefix("status:").upper()
        shown = [self._shown(row) for row in rows if wanted in {"", row["status"]}]
        return page_of(shown, arguments, "bulkOperations")

    def run(self, _: Any, context: Context, arguments: Arguments) -> dict[str, Any]:
        """``bulkOperationRunQuery``."""
        if "read_orders" not in self._settings.scopes:
            error = {"field": ["query"], "message": "Access denied for orders field.", "code": "INVALID"}
            return {"bulkOperation": None, "userErrors": [error]}
        grouped = bool(arguments["groupObjects"])
        return self._payload(*self._bulk.run(arguments["query"], context.version, grouped=grouped))

    def cancel(self, _: Any, __: Context, arguments: Arguments) -> dict[str, Any]:
        """``bulkOperationCancel``."""
        return self._payload(*self._bulk.cancel(number_of(arguments["id"])))

    def _payload(self, row: Row | None, errors: UserErrors) -> dict[str, Any]:
        return {"bulkOperation": None if row is None else self._shown(row), "userErrors": errors}

    def _shown(self, row: Row) -> dict[str, Any]:
        complete = row["status"] == "COMPLETED"
        partial = row["status"] in {"FAILED", "CANCELED"}
        return {
            "id": gid("BulkOperation", row["number"]),
            "status": row["status"],
            "errorCode": row["error_code"],
            "type": "QUERY",
            "query": row["query"],
            "createdAt": row["created_at"],
            "completedAt": row["completed_at"],
            "objectCount": row["object_count"],
            "rootObjectCount": row["root_count"],
            "fileSize": row["file_size"] if complete else None,
            "url": self._bulk.address(row) if complete else None,
            "partialDataUrl": self._bulk.address(row) if partial else None,
        }
