"""Answers GraphQL requests: what they cost, what they show, what they change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sandbox.shopify.bulk import BulkOperations
from sandbox.shopify.bulk_shown import BulkShown
from sandbox.shopify.context import Context
from sandbox.shopify.database import ShopifyDatabase
from sandbox.shopify.door import Bucket
from sandbox.shopify.faults import ShopifyFaults
from sandbox.shopify.plan import Planner
from sandbox.shopify.requests import Operation, RequestError, read_operation
from sandbox.shopify.roots import Roots
from sandbox.shopify.schema import schema
from sandbox.shopify.settings import ShopifySettings

_LIMITS = "https://shopify.dev/api/usage/rate-limits"
_IDS = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")


@dataclass(frozen=True)
class Told:
    """An answer.

    :param status: the HTTP status.
    :param content: the body.
    """

    status: int
    content: dict[str, Any]


class Office:
    """Answers requests that were let in.

    :param database: the orders.
    :param bulk: the bulk operations.
    :param bucket: of points.
    :param settings: of the shop.
    :param faults: what goes wrong inside an answer.
    :param clock: the shop's time, in seconds.
    """

    def __init__(
        self,
        database: ShopifyDatabase,
        bulk: BulkOperations,
        bucket: Bucket,
        settings: ShopifySettings,
        faults: ShopifyFaults,
        clock: Callable[[], float],
    ) -> None:
        self._bucket, self._settings, self._faults, self._clock = bucket, settings, faults, clock
        self._roots = Roots(database, BulkShown(bulk, settings), settings, faults)
        self._told = 0

    def answer(self, version: str, body: bytes, what: str = "") -> Told:
        """Answer a request.

        :param version: of the API that answers.
        :param body: as sent.
        :param what: the fault that the answer shall have: ``throttled``, ``internal``, ``partial``, ``shop_inactive``.
        """
        self._told += 1
        request = _read(body)
        if request is None:
            return Told(400, {"errors": {"query": "Required parameter missing or invalid"}})
        try:
            variables = request.get("variables") or {}
            operation = read_operation(request["query"], variables, request.get("operationName"), version)
            return Told(200, self._run(operation, version, what))
        except RequestError as error:
            return Told(200, {"errors": error.errors})

    def commits(self, body: bytes) -> bool:
        """Whether a request changes something.

        :param body: as sent.
        """
        request = _read(body)
        return request is not None and request["query"].lstrip().startswith("mutation")

    def _run(self, operation: Operation, version: str, what: str) -> dict[str, Any]:
        context = Context(self._settings, version, self._clock())
        kinds = schema(version)
        planner = Planner(kinds, operation, context, self._roots.getters())
        root = kinds.mutation_type if operation.is_mutation else kinds.query_type
        if root is None:
            raise TypeError("the schema has no such operation")
        plan = planner.plan(root, [operation.node.selection_set], [])
        cost = max(1, plan.cost)
        if cost > self._settings.most_per_query:
            raise RequestError([_too_costly(cost, self._settings.most_per_query)])
        if what == "throttled" or not self._bucket.take(cost):
            return self._throttled(cost)
        if (trouble := self._trouble(what, plan_size=_largest_page(operation))) is not None:
            return trouble
        data = plan.read({})
        self._bucket.give_back(context.saved)
        if what == "partial":
            _spoil(data, context)
        answer: dict[str, Any] = {"data": data}
        if context.errors:
            answer["errors"] = context.errors
        answer["extensions"] = {"cost": self._cost(cost, max(0, cost - context.saved))}
        if context.search:
            answer["extensions"]["search"] = context.search
        return answer

    def _trouble(self, what: str, *, plan_size: int) -> dict[str, Any] | None:
        above = self._faults.internal_above
        if what == "internal" or (above is not None and plan_size > above):
            return {"errors": [self._internal_error()]}
        if what == "shop_inactive":
            return {"errors": [{"message": "Shop is inactive", "extensions": {"code": "SHOP_INACTIVE"}}]}
        return None

    def _throttled(self, cost: int) -> dict[str, Any]:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _LIMITS}}
        return {"errors": [error], "extensions": {"cost": self._cost(cost, None)}}

    def _cost(self, requested: int, actual: int | None) -> dict[str, Any]:
        status = self._bucket.status()
        return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}

    def _internal_error(self) -> dict[str, Any]:
        request = str(uuid5(_IDS, f"{self._faults.seed}:{self._told}"))
        text = "Internal error. Looks like something went wrong on our end."
        message = f"{text}\nRequest ID: {request} (include this in support requests)."
        return {"message": message, "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": request}}


def _read(body: bytes) -> dict[str, Any] | None:
    try:
        request = json.loads(body)
    except ValueError:
        return None
    fits = isinstance(request, dict) and isinstance(request.get("query"), str)
    return request if fits and isinstance(request.get("variables") or {}, dict) else None


def _too_costly(cost: int, most: int) -> dict[str, Any]:
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({most})."
    extensions = {"code": "MAX_COST_EXCEEDED", "cost": cost, "maxCost": most, "documentation": _LIMITS}
    return {"message": message, "extensions": extensions}


def _largest_page(operation: Operation) -> int:
    """The page size of the first connection at the top, however it is given; 0 when there is none."""
    for field in operation.node.selection_set.selections:
        for argument in getattr(field, "arguments", None) or ():
            if argument.name.value in {"first", "last"}:
                value = argument.value
                found = getattr(value, "value", None)
                return int(operation.variables.coerced.get(value.name.value, 0) if found is None else found)
    return 0


def _spoil(data: dict[str, Any], context: Context) -> None:
    """Take a value out of the data and tell an error about it, as Shopify does when a part of an answer times out."""
    name, place = next(iter(data.items()))
    path: list[str | int] = [name]
    part = next((key for key in ("edges", "nodes") if isinstance(place, dict) and place.get(key)), None)
    if part is None:
        data[name] = None
    else:
        path += [part, len(place[part]) - 1]
        place[part][-1] = None
    context.errors.append({"message": "Timeout", "path": path, "extensions": {"code": "INTERNAL_SERVER_ERROR"}})
