"""What a bulk query may be, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphql import FieldNode, GraphQLNamedType, GraphQLObjectType, get_named_type, is_list_type, is_non_null_type
from graphql.execution.values import get_argument_values

from sandbox.shopify.context import Context
from sandbox.shopify.database import Wanted
from sandbox.shopify.plan import Child, Planner
from sandbox.shopify.requests import Operation, RequestError, read_operation
from sandbox.shopify.schema import schema
from sandbox.shopify.search import orders_wanted
from sandbox.shopify.settings import ShopifySettings

MOST_CONNECTIONS = 5
MOST_LEVELS = 2


class BulkQueryError(Exception):
    """A query that cannot be run in bulk; the text says why."""


@dataclass(frozen=True)
class BulkPlan:
    """How a bulk query is read.

    :param child: the orders at the top.
    :param context: what the fields share.
    :param wanted: which orders; its sort key is ID where the query names none.
    :param is_sorted: whether the query names a sort key.
    """

    child: Child
    context: Context
    wanted: Wanted
    is_sorted: bool


def plan_bulk(text: str, version: str, settings: ShopifySettings, now: float) -> BulkPlan:
    """Check a bulk query and plan it.

    :param text: the query.
    :param version: of the API.
    :param settings: of the shop.
    :param now: the shop's time, in seconds.
    :raises BulkQueryError: it cannot be run.
    """
    try:
        operation = read_operation(text, {}, None, version)
    except RequestError as error:
        raise BulkQueryError(f"Invalid bulk query: {error}") from error
    field = _top(operation)
    kinds = schema(version)
    if kinds.query_type is None:
        raise TypeError("the schema has no queries")
    _check(kinds.query_type, operation)
    context = Context(settings, version, now)
    planner = Planner(kinds, operation, context, {"orders": lambda _, __, ___: None}, bulk=True)
    plan = planner.plan(kinds.query_type, [operation.node.selection_set], [])
    arguments = get_argument_values(kinds.query_type.fields["orders"], field)
    condition = orders_wanted(arguments.get("query"), settings, now)
    is_sorted = any(argument.name.value == "sortKey" for argument in field.arguments or ())
    sort_key = arguments["sortKey"] if is_sorted else "ID"
    descending = bool(arguments.get("reverse"))
    return BulkPlan(plan.children[0], context, Wanted(condition.sql, condition.values, sort_key, descending), is_sorted)


def _top(operation: Operation) -> FieldNode:
    if operation.is_mutation:
        raise BulkQueryError("Bulk queries must be queries")
    fields = [node for node in operation.node.selection_set.selections if isinstance(node, FieldNode)]
    if len(fields) != 1 or fields[0].name.value in {"node", "nodes"}:
        raise BulkQueryError("Bulk queries must have one field at the top, which cannot be node or nodes.")
    if fields[0].name.value != "orders":
        raise BulkQueryError("Bulk queries must contain at least one connection.")
    return fields[0]


def _check(kind: GraphQLObjectType, operation: Operation) -> None:
    """Connections: at most five, at most two levels below the top, none inside a plain list."""
    found: list[int] = []

    def walk(holder: GraphQLNamedType, node: Any, level: int, *, in_list: bool) -> None:
        for field in node.selection_set.selections if node.selection_set else ():
            if not isinstance(field, FieldNode):
                walk(holder, field, level, in_list=in_list)
                continue
            definition = getattr(holder, "fields", {}).get(field.name.value)
            if definition is None:
                continue
            shape = definition.type.of_type if is_non_null_type(definition.type) else definition.type
            named = get_named_type(definition.type)
            if not named.name.endswith("Connection"):
                plain = is_list_type(shape) and not holder.name.endswith("Connection")
                walk(named, field, level, in_list=in_list or plain)
                continue
            if in_list:
                raise BulkQueryError("Queries that contain a connection field within a list field are not supported.")
            found.append(level)
            walk(named, field, level + 1, in_list=False)

    walk(kind, operation.node, 0, in_list=False)
    if operation.fragments:
        raise BulkQueryError("Bulk queries cannot use named fragments.")
    if len(found) > MOST_CONNECTIONS:
        raise BulkQueryError(f"Bulk queries cannot contain more than {MOST_CONNECTIONS} connections.")
    if max(found) > MOST_LEVELS:
        raise BulkQueryError(
            f"Bulk queries cannot contain connections with a nesting depth greater than {MOST_LEVELS}."
        )
