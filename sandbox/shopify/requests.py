"""One GraphQL request: parsed, checked against the schema, and refused in Shopify's words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.execution.values import VariableValues, get_variable_values

from sandbox.shopify.schema import schema

_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
_ARGUMENT = re.compile(r"Unknown argument '(\w+)' on field '(\w+)\.(\w+)'")
_MISSING = re.compile(r"Argument '\w+\.(\w+)\((\w+):\)' of type '[^']+' is required")
_LEAF = re.compile(r"Field '(\w+)' of type '([^']+)' must have a selection of subfields")


class RequestError(Exception):
    """A request that is refused as a whole.

    :param errors: as the answer has them.
    """

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(frozen=True)
class Operation:
    """A request that is sound.

    :param node: the operation.
    :param fragments: by name.
    :param variables: coerced.
    """

    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    variables: VariableValues

    @property
    def is_mutation(self) -> bool:
        """Whether it changes something."""
        return self.node.operation.value == "mutation"


def read_operation(text: str, variables: dict[str, Any], name: str | None, version: str) -> Operation:
    """Parse and check a request.

    :param text: the query.
    :param variables: as sent.
    :param name: of the operation, where there are several.
    :param version: of the schema.
    :raises RequestError: it is no sound request.
    """
    document = _checked(text, version)
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    chosen = [node for node in operations if name is None or (node.name and node.name.value == name)]
    if len(chosen) != 1:
        raise RequestError([{"message": "An operation name is required" if chosen else "No operation to run"}])
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    coerced = get_variable_values(schema(version), chosen[0].variable_definitions or (), variables)
    if isinstance(coerced, list):
        raise RequestError([_shown(error) | {"extensions": {"code": "INVALID_VARIABLE"}} for error in coerced])
    return Operation(chosen[0], fragments, coerced)


@lru_cache(maxsize=256)
def _checked(text: str, version: str) -> DocumentNode:
    try:
        document = parse(text)
    except GraphQLSyntaxError as error:
        raise RequestError([_shown(error)]) from error
    if problems := validate(schema(version), document):
        raise RequestError([_worded(problem) for problem in problems])
    return document


def _shown(error: GraphQLError) -> dict[str, Any]:
    places = [{"line": place.line, "column": place.column} for place in error.locations or ()]
    return {"message": error.message, "locations": places}


def _worded(error: GraphQLError) -> dict[str, Any]:
    """An error of the check, in Shopify's words where they are known."""
    shown = _shown(error)
    name = next((node.name.value for node in error.nodes or () if isinstance(node, FieldNode)), None)
    if found := _FIELD.match(error.message):
        text, code = f"Field '{found[1]}' doesn't exist on type '{found[2]}'", "undefinedField"
        more = {"typeName": found[2], "fieldName": found[1]}
    elif found := _ARGUMENT.match(error.message):
        text, code = f"Field '{found[3]}' doesn't accept argument '{found[1]}'", "argumentNotAccepted"
        more = {"name": found[3], "typeName": "Field", "argumentName": found[1]}
    elif found := _MISSING.match(error.message):
        text, code = f"Field '{found[1]}' is missing required arguments: {found[2]}", "missingRequiredArguments"
        more = {"className": "Field", "name": found[1], "arguments": found[2]}
    elif found := _LEAF.match(error.message):
        text = f"Field must have selections (field '{found[1]}' returns {found[2].strip('[]!')} but has no selections."
        text, code, more = f"{text} Did you mean '{found[1]} {{ ... }}'?)", "selectionMismatch", {"nodeName": found[1]}
    else:
        text, code, more = error.message, "invalidQuery", {}
    return shown | {"message": text, "path": ["query", *([name] if name else [])], "extensions": {"code": code, **more}}
