"""Turns the selection of a request into functions that pick exactly what was asked for, and into its cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, sqrt
from typing import Any

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLIncludeDirective,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLSkipDirective,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)
from graphql.execution.values import get_argument_values, get_directive_values

from sandbox.shopify.context import Context
from sandbox.shopify.fields import Getter, getter, moment_text
from sandbox.shopify.pages import Page, page_of, page_size
from sandbox.shopify.parts import OWNER, PARTS
from sandbox.shopify.requests import Operation

Read = Callable[[Any], Any]
Path = list[str | int]

CONNECTION_COST = 2
MUTATION_COST = 10
#: A plain list without a size counts as one of so many.
_UNSIZED = 1


@dataclass
class Child:
    """A connection of an object, as a bulk operation reads it.

    :param values: gives the values of the connection for its parent.
    :param plan: of one value.
    """

    values: Callable[[Any], list[Any]]
    plan: Plan


@dataclass
class Plan:
    """How one object is read.

    :param read: makes the answer's object from the value.
    :param cost: points of what is below it.
    :param children: its connections, in a bulk operation only.
    """

    read: Read
    cost: int = 0
    children: list[Child] = field(default_factory=list)


class Planner:
    """Makes plans for one request.

    :param schema: of the version.
    :param operation: the request.
    :param context: what its fields share.
    :param roots: getters of the fields at the top.
    :param bulk: connections become children, their sizes are not looked at.
    """

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: Operation,
        context: Context,
        roots: Mapping[str, Getter],
        *,
        bulk: bool = False,
    ) -> None:
        self._schema, self._operation, self._context = schema, operation, context
        self._roots, self._bulk = roots, bulk

    def plan(self, kind: GraphQLNamedType, sets: list[SelectionSetNode], path: Path) -> Plan:
        """Plan an object of a type that may be an interface or a union.

        :param kind: the type.
        :param sets: what is selected.
        :param path: where in the answer.
        """
        if isinstance(kind, GraphQLObjectType):
            return self._object(kind, sets, path)
        if not isinstance(kind, GraphQLUnionType | GraphQLInterfaceType):
            raise TypeError(f"{kind.name} has no fields")
        plans = {one.name: self._object(one, sets, path) for one in self._schema.get_possible_types(kind)}

        def read(value: Any) -> Any:
            return plans[value["__typename"]].read(value)

        return Plan(read, max((plan.cost for plan in plans.values()), default=0))

    def _object(self, kind: GraphQLObjectType, sets: list[SelectionSetNode], path: Path) -> Plan:
        readers: list[tuple[str, Read]] = []
        children: list[Child] = []
        cost = 0
        for key, nodes in self._collect(kind, sets).items():
            name = nodes[0].name.value
            if name == "__typename":
                readers.append((key, _constant(kind.name)))
                continue
            found, points, child = self._field(kind, nodes, [*path, key])
            cost += points
            if child is not None:
                children.append(child)
            else:
                readers.append((key, found))
        context, is_order, is_part = self._context, kind.name == "Order", kind.name in PARTS

        def read(value: Any) -> dict[str, Any]:
            if is_order:
                context.order = value
            elif is_part and OWNER in value:
                context.order = value[OWNER]
            return {key: one(value) for key, one in readers}

        return Plan(read, cost, children)

    def _field(self, kind: GraphQLObjectType, nodes: list[FieldNode], path: Path) -> tuple[Read, int, Child | None]:
        name = nodes[0].name.value
        definition = kind.fields[name]
        arguments = get_argument_values(definition, nodes[0], self._operation.variables)
        named = _named(definition.type)
        root = kind.name in {"QueryRoot", "Mutation"}
        get = self._roots[name] if root else getter(kind.name, name)
        context = self._context

        def value_of(parent: Any) -> Any:
            return get(parent, context, arguments)

        if (message := context.denial(kind.name, name, named.name)) is not None:
            return lambda _: context.deny(message, path), 0, None
        sets = [node.selection_set for node in nodes if node.selection_set is not None]
        if isinstance(named, GraphQLObjectType) and named.name.endswith("Connection"):
            return self._connection(named, sets, path, value_of, arguments)
        if is_leaf_type(named):
            return _leaf(named.name, definition.type, value_of), 0, None
        plan = self.plan(named, sets, path)
        points = (1 + plan.cost) * self._size(arguments.get("first") or _UNSIZED)
        return self._nested(definition.type, named.name, value_of, plan.read), points + root * _extra(kind), None

    def _nested(self, shape: GraphQLOutputType, name: str, value_of: Read, read: Read) -> Read:
        context = self._context
        if name == "MoneyBag":

            def bag(parent: Any) -> Any:
                found = context.bag(value_of(parent))
                return None if found is None else read(found)

            return bag
        if _is_list(shape):
            return lambda parent: [None if one is None else read(one) for one in value_of(parent) or []]

        def one(parent: Any) -> Any:
            found = value_of(parent)
            return None if found is None else read(found)

        return one

    def _connection(
        self,
        kind: GraphQLObjectType,
        sets: list[SelectionSetNode],
        path: Path,
        value_of: Read,
        arguments: dict[str, Any],
    ) -> tuple[Read, int, Child | None]:
        name = str(path[-1])
        plans: dict[str, tuple[str, Plan]] = {}
        for key, nodes in self._collect(kind, sets).items():
            below = [node.selection_set for node in nodes if node.selection_set is not None]
            part = nodes[0].name.value
            if part == "__typename":
                plans[key] = (part, Plan(_constant(kind.name)))
            else:
                plans[key] = (part, self._part(_named(kind.fields[part].type), part, below, [*path, key]))
        of_nodes = [plan for part, plan in plans.values() if part in {"edges", "nodes"}]
        node_cost = max((plan.cost for plan in of_nodes), default=1)
        if self._bulk:
            return value_of, 0, Child(value_of, of_nodes[0] if of_nodes else Plan(lambda _: {}))
        size = page_size(arguments, name)

        def read(parent: Any) -> dict[str, Any]:
            found = value_of(parent)
            page = found if isinstance(found, Page) else page_of(found, arguments, name)
            self._context.saved += (self._size(size) - self._size(len(page.nodes))) * node_cost if page is found else 0
            return {key: _shown(part, plan, page) for key, (part, plan) in plans.items()}

        return read, CONNECTION_COST + self._size(size) * node_cost, None

    def _part(self, shape: GraphQLNamedType, part: str, sets: list[SelectionSetNode], path: Path) -> Plan:
        """The plan of a connection's edges, nodes or pageInfo; that of edges is the plan of an edge's node."""
        if part == "pageInfo":
            return self.plan(shape, sets, path)
        if part == "nodes" or not isinstance(shape, GraphQLObjectType):
            plan = self.plan(shape, sets, path)
            return Plan(plan.read, 1 + plan.cost, plan.children)
        readers: list[tuple[str, Read]] = []
        cost = 1
        for key, nodes in self._collect(shape, sets).items():
            name = nodes[0].name.value
            if name == "node":
                below = [node.selection_set for node in nodes if node.selection_set is not None]
                plan = self.plan(_named(shape.fields["node"].type), below, [*path, key])
                if self._bulk:
                    return plan
                readers.append((key, _node_of_edge(plan.read)))
                cost = 1 + plan.cost
            else:
                readers.append((key, _constant(shape.name) if name == "__typename" else _cursor_of_edge))
        return Plan(lambda edge: {key: read(edge) for key, read in readers}, cost)

    def _size(self, count: int) -> int:
        return count if self._context.settings.costs == "linear" else ceil(sqrt(count))

    def _collect(self, kind: GraphQLNamedType, sets: list[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        found: dict[str, list[FieldNode]] = {}
        for node in self._fields(kind, sets):
            found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        return found

    def _fields(self, kind: GraphQLNamedType, sets: list[SelectionSetNode]) -> Iterator[FieldNode]:
        for selections in sets:
            for node in selections.selections:
                if not self._included(node):
                    continue
                if isinstance(node, FieldNode):
                    yield node
                elif isinstance(node, FragmentSpreadNode):
                    fragment = self._operation.fragments[node.name.value]
                    if self._applies(kind, fragment.type_condition.name.value):
                        yield from self._fields(kind, [fragment.selection_set])
                elif isinstance(node, InlineFragmentNode) and self._applies(
                    kind, node.type_condition.name.value if node.type_condition else kind.name
                ):
                    yield from self._fields(kind, [node.selection_set])

    def _included(self, node: Any) -> bool:
        variables = self._operation.variables
        skip = get_directive_values(GraphQLSkipDirective, node, variables)
        include = get_directive_values(GraphQLIncludeDirective, node, variables)
        return not (skip and skip["if"]) and not (include and not include["if"])

    def _applies(self, kind: GraphQLNamedType, condition: str) -> bool:
        wanted = self._schema.type_map[condition]
        if wanted is kind:
            return True
        return is_abstract_type(wanted) and self._schema.is_sub_type(wanted, kind)


def _extra(kind: GraphQLObjectType) -> int:
    return MUTATION_COST if kind.name == "Mutation" else 0


def _named(shape: GraphQLOutputType) -> GraphQLNamedType:
    """The type below lists and non-nulls."""
    named: GraphQLNamedType = get_named_type(shape)
    return named


def _constant(value: Any) -> Read:
    return lambda _: value


def _node_of_edge(read: Read) -> Read:
    return lambda edge: read(edge[0])


def _cursor_of_edge(edge: Any) -> Any:
    return edge[1]


def _shown(part: str, plan: Plan, page: Page) -> Any:
    if part == "__typename":
        return plan.read(page)
    if part == "pageInfo":
        return plan.read(page.info())
    if part == "nodes":
        return [plan.read(node) for node in page.nodes]
    return [plan.read(edge) for edge in zip(page.nodes, page.cursors, strict=True)]


def _leaf(name: str, shape: GraphQLOutputType, value_of: Read) -> Read:
    if name == "DateTime":

        def moment(parent: Any) -> Any:
            found = value_of(parent)
            return None if found is None else moment_text(found)

        return moment
    if name == "UnsignedInt64":

        def digits(parent: Any) -> Any:
            found = value_of(parent)
            return None if found is None else str(found)

        return digits
    if is_non_null_type(shape) and name == "Boolean":
        return lambda parent: bool(value_of(parent))
    return value_of


def _is_list(shape: GraphQLOutputType) -> bool:
    return is_list_type(shape.of_type if is_non_null_type(shape) else shape)
