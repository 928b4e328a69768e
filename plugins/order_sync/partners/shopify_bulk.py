"""Bulk operations: Shopify writes all orders of a search into one file, which is verified before anything counts.

The lines of the file are in no order: an order's parts stand anywhere, before it or behind it, and what has no id of
its own is told by its parent only. The search is never sorted (sorted ones lost orders, estuary/connectors 4679). The
file is read twice: once for where everything stands, once order by order; memory is a few numbers per line.

Sources: shopify.dev (bulk operations).
"""

from __future__ import annotations

import json
import logging
import time
from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from order_sync.contracts import shopify_queries as queries
from order_sync.contracts.shopify_api import ShopifyApi
from order_sync.errors import NotSent, Stop
from order_sync.partners.shopify import Shopify, ShopifyOrder, as_order, order_number

_log = logging.getLogger(__name__)

_ORDERS_AT_ONCE = 250
_PARTS_AT_ONCE = 25
_FIRST_LOOK_SECONDS = 0.5
_RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})
_BUSY = frozenset({"LIMIT_REACHED", "OPERATION_IN_PROGRESS"})
#: Where a line of the file belongs, by the type of its id.
_PLACES = {"LineItem": "lineItems", "ShippingLine": "shippingLines"}
#: Lists of an order of which the operation tells the ids only.
_LISTS = ("fulfillments", "refunds")


class Operation(msgspec.Struct, rename="camel"):
    """A bulk operation as Shopify shows it; ``size`` is in bytes."""

    id: str
    status: str
    error_code: str | None = None
    url: str | None = None
    object_count: int = 0
    root_object_count: int = 0
    file_size: int | None = None
    created_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.status in _RUNNING


class _Line(msgspec.Struct):
    """As much of a line of the file as tells where it belongs."""

    id: str = ""
    parent: str = msgspec.field(default="", name="__parentId")


_lines = msgspec.json.Decoder(_Line)
_any = msgspec.json.Decoder(float_hook=msgspec.Raw)


class BulkOrders:
    """Orders of a search by way of a bulk operation.

    :param shop: where to ask.
    """

    def __init__(self, shop: Shopify, api: ShopifyApi) -> None:
        self._shop, self._api = shop, api

    def begin(self, search: str) -> str:
        """Begin an operation; returns its id.

        :raises NotSent: as many are running as may.
        :raises Stop: Shopify refuses the query.
        """
        bulk = queries.BULK_ORDERS % json.dumps(search)
        answer = msgspec.json.decode(self._shop.http.ask(queries.BULK_RUN, {"query": bulk}))["bulkOperationRunQuery"]
        if answer["bulkOperation"] and not answer["userErrors"]:
            return str(answer["bulkOperation"]["id"])
        told = "; ".join(str(error["message"]) for error in answer["userErrors"])
        if any(error.get("code") in _BUSY for error in answer["userErrors"]):
            raise NotSent(
                f"Shopify runs as many bulk operations as it allows: {told}",
                next_step="Nothing to do: the next try begins it. If it lasts, see what other apps are running.",
            )
        raise Stop(f"Shopify refuses a bulk operation: {told}", next_step="Check api.version; call the maintainers.")

    def wait(self, operation_id: str, *, now: datetime) -> Operation | None:
        """Wait for its end; None if Shopify has forgotten it, or it took too long and was cancelled.

        :param now: the present time, by which an operation that began too long ago is told.
        :raises NotSent: Shopify cannot be asked now.
        """
        started, pause = time.monotonic(), min(_FIRST_LOOK_SECONDS, self._api.bulk_poll_seconds)
        while True:
            state = self.state(operation_id)
            if state is None or not state.running:
                return state
            waited = timedelta(seconds=time.monotonic() - started)
            if state.created_at and now + waited - state.created_at > timedelta(hours=self._api.bulk_hours):
                _log.warning("Bulk operation %s takes too long: it is cancelled.", operation_id)
                self._shop.http.ask(queries.BULK_CANCEL, {"id": operation_id})
                return None
            time.sleep(pause)
            pause = min(2 * pause, self._api.bulk_poll_seconds)

    def ended(self, operation_id: str, *, now: datetime) -> Operation:
        """Wait for an operation whose result can be fetched.

        :param now: as :meth:`wait` has it.
        :raises NotSent: there will be none: another operation may give one.
        :raises Stop: Shopify does not show this app what was asked for.
        """
        operation = self.wait(operation_id, now=now)
        if operation is None:
            raise NotSent("Shopify's bulk operation is gone, or took too long.", next_step="The next try begins one.")
        if operation.error_code == "ACCESS_DENIED":
            raise Stop(
                "Shopify does not let this app read orders by a bulk operation (ACCESS_DENIED).",
                next_step="Give the app of the Airflow connection its scopes and the access to customer data.",
            )
        if operation.status != "COMPLETED":
            raise NotSent(
                f"Shopify's bulk operation ended as {operation.status} ({operation.error_code or 'no code'}).",
                next_step="Nothing of it was used. The next try begins another one.",
            )
        return operation

    def state(self, operation_id: str) -> Operation | None:
        """How far it is; None if Shopify does not know it."""
        data = self._shop.http.ask(queries.BULK_STATE, {"id": operation_id})
        node = msgspec.json.decode(data)["node"]
        return msgspec.convert(node, Operation, strict=False) if node else None

    def fetch(self, operation: Operation, path: Path) -> None:
        """Download the file of a completed operation, and verify that it is whole.

        :raises NotSent: it is not: nothing of it may be used.
        """
        if operation.url is None:
            _check(operation, 0, 0, 0)
            path.touch()
            return
        with path.open("wb") as file:
            size = self._shop.http.fetch(operation.url, file)
        lines = roots = 0
        with path.open("rb") as file:
            for line in file:
                lines += 1
                roots += not _decoded(line).parent
        _check(operation, lines, roots, size)

    def orders(self, path: Path) -> Iterator[list[ShopifyOrder]]:
        """The orders of a verified file, each whole, some hundred at a time."""
        with path.open("rb") as file:
            places = _Places(file)
            some: list[dict[str, Any]] = []
            for order in places.orders():
                some.append(order)
                if len(some) == _ORDERS_AT_ONCE:
                    yield self._completed(some)
                    some = []
            if some:
                yield self._completed(some)

    def _completed(self, orders: list[dict[str, Any]]) -> list[ShopifyOrder]:
        """Add what the operation told the ids of only; an order that changed since is read anew."""
        parts: dict[str, dict[str, Any]] = {}
        for name in _LISTS:
            ids = [part["id"] for order in orders for part in order[name]]
            for some in (ids[at : at + _PARTS_AT_ONCE] for at in range(0, len(ids), _PARTS_AT_ONCE)):
                data = self._shop.http.ask(queries.PARTS_BY_ID[name], {"ids": some, "parts": self._api.page_parts})
                parts |= {node["id"]: node for node in _any.decode(data)["nodes"] if node}
        whole: list[ShopifyOrder] = []
        changed: list[str] = []
        for order in orders:
            for name in _LISTS:
                order[name] = [parts.get(part["id"]) for part in order[name]]
            if _is_as_it_was(order) and self._shop.fill(order):
                whole.append(as_order(order))
            else:
                changed.append(order_number(order["id"]))
        return whole + self._shop.by_ids(changed)


class _Places:
    """Where everything stands in a file: for each part its order's number and its own offset, sorted by order."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._roots, parents, offsets = array("q"), array("q"), array("q")
        offset = 0
        for line in file:
            if parent := _decoded(line).parent:
                parents.append(int(order_number(parent)))
                offsets.append(offset)
            else:
                self._roots.append(offset)
            offset += len(line)
        owners = np.frombuffer(parents, np.int64)
        sorting = np.argsort(owners)
        self._owners, self._offsets = owners[sorting], np.frombuffer(offsets, np.int64)[sorting]

    def orders(self) -> Iterator[dict[str, Any]]:
        """Every order in the order of the file, its lines in the order of their ids, as pages have them."""
        for offset in self._roots:
            order = self._at(offset)
            for name in _PLACES.values():
                order[name] = {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}
            number = int(order_number(order["id"]))
            first, end = np.searchsorted(self._owners, (number, number + 1))
            for place in self._offsets[first:end]:
                part = self._at(int(place))
                if name := _PLACES.get(_kind(part)):
                    del part["__parentId"]
                    order[name]["nodes"].append(part)
            for name in _PLACES.values():
                order[name]["nodes"].sort(key=lambda part: int(order_number(part["id"])))
            yield order

    def _at(self, offset: int) -> dict[str, Any]:
        self._file.seek(offset)
        found: dict[str, Any] = _any.decode(self._file.readline())
        return found


def _kind(part: dict[str, Any]) -> str:
    """The type in the id of a part; blank for one without an id."""
    return str(part.get("id") or "").rpartition("/")[0].rpartition("/")[2]


def _decoded(line: bytes) -> _Line:
    try:
        return _lines.decode(line)
    except msgspec.DecodeError as error:
        raise _broken("a line of it is not JSON") from error


def _check(operation: Operation, lines: int, roots: int, size: int) -> None:
    """Compare a file with what Shopify said about it.

    :raises NotSent: they differ.
    """
    wanted = (operation.object_count, operation.root_object_count)
    if (lines, roots) != wanted:
        raise _broken(f"it has {lines} objects in {roots} orders, {wanted[0]} in {wanted[1]} were announced")
    if operation.file_size not in (None, size):
        raise _broken(f"it has {size} bytes, {operation.file_size} were announced")


def _broken(why: str) -> NotSent:
    return NotSent(
        f"The result of Shopify's bulk operation is not whole: {why}.",
        next_step="Nothing of it was used. The next try fetches it again, or has it made again.",
    )


def _is_as_it_was(order: dict[str, Any]) -> bool:
    """Whether all parts are there and none is younger than the order."""
    parts = [part for name in _LISTS for part in order[name]]
    return all(part is not None and part["updatedAt"] <= order["updatedAt"] for part in parts)
