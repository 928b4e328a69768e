"""The part of the Admin API's GraphQL schema that the simulated shop knows, by version."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from graphql import GraphQLSchema, build_schema

from sandbox.shopify.settings import GROUPED_NO_LONGER, VERSIONS

_SINCE = re.compile(r"^.*# since (\d{4}-\d{2})$", re.MULTILINE)
_EMPTY = re.compile(r"^(?:type|enum) \w+[^{\n]*\{\n\}\n", re.MULTILINE)


def answering_version(asked: str) -> str | None:
    """The version that answers: an old one falls forward to the oldest that is kept.

    :param asked: the version in the path.
    :returns: None when there is no such version, or not yet.
    """
    if asked == "unstable":
        return VERSIONS[-1]
    if re.fullmatch(r"\d{4}-(?:01|04|07|10)", asked) is None or asked > VERSIONS[-1]:
        return None
    return asked if asked in VERSIONS else VERSIONS[0]


@lru_cache(maxsize=len(VERSIONS))
def schema(version: str) -> GraphQLSchema:
    """The schema of one version.

    :param version: one of those that answer.
    """
    text = (Path(__file__).parent / "schema.graphql").read_text(encoding="utf-8")
    text = _SINCE.sub(lambda line: line[0] if line[1] <= version else "", text)
    text = _EMPTY.sub("", _without_blank_lines(text))
    if version < GROUPED_NO_LONGER:
        text = text.replace("groupObjects: Boolean! = false", "groupObjects: Boolean! = true")
    return build_schema(text)


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip()) + "\n"
