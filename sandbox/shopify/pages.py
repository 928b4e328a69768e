"""Connections: which part of a list a page holds, and its cursors."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.shopify.requests import RequestError
from sandbox.shopify.settings import MOST_PER_PAGE


@dataclass
class Page:
    """Part of a connection.

    :param nodes: the values.
    :param cursors: one for each.
    :param has_next: whether more come after them.
    :param has_previous: whether some come before.
    """

    nodes: Sequence[Any]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool

    def info(self) -> dict[str, Any]:
        """What pageInfo shows."""
        return {
            "hasNextPage": self.has_next,
            "hasPreviousPage": self.has_previous,
            "startCursor": self.cursors[0] if self.cursors else None,
            "endCursor": self.cursors[-1] if self.cursors else None,
        }


def cursor(last_id: int, last_value: object) -> str:
    """A cursor: opaque to others.

    :param last_id: number of the value.
    :param last_value: what the values are sorted by.
    """
    content = json.dumps({"last_id": last_id, "last_value": last_value}, separators=(",", ":"))
    return base64.b64encode(content.encode()).decode()


def read_cursor(text: str, name: str) -> tuple[int, Any]:
    """Read a cursor back.

    :param text: the cursor.
    :param name: of the connection, for the message.
    :raises RequestError: it is none.
    """
    try:
        content = json.loads(base64.b64decode(text, validate=True))
        return int(content["last_id"]), content["last_value"]
    except (ValueError, KeyError, TypeError) as error:
        message = "Invalid cursor for current pagination sort."
        raise RequestError([{"message": message, "path": [name], "extensions": {"code": "BAD_REQUEST"}}]) from error


def page_size(arguments: dict[str, Any], name: str) -> int:
    """How many values a page is to hold.

    :param arguments: of the connection.
    :param name: of the connection, for the message.
    :raises RequestError: neither `first` nor `last` is given, both are, or one is out of range.
    """
    sizes = [arguments[key] for key in ("first", "last") if arguments.get(key) is not None]
    if len(sizes) != 1:
        text = (
            "you must provide one of first or last" if not sizes else "providing both first and last is not supported"
        )
    elif not 0 <= sizes[0] <= MOST_PER_PAGE:
        text = f"{name}: page size {sizes[0]} is not between 0 and {MOST_PER_PAGE}"
    else:
        return int(sizes[0])
    raise RequestError([{"message": text, "path": [name], "extensions": {"code": "BAD_REQUEST"}}])


def page_of(values: list[Any], arguments: dict[str, Any], name: str) -> Page:
    """Cut a page out of a list that is at hand.

    :param values: all of it.
    :param arguments: first or last, after or before, reverse.
    :param name: of the connection.
    :raises RequestError: a cursor is none.
    """
    size = page_size(arguments, name)
    order = list(enumerate(values))
    if arguments.get("reverse"):
        order.reverse()
    start, end = 0, len(order)
    places = [place for place, _ in order]
    if (text := arguments.get("after")) is not None:
        start = _place(places, text, name) + 1
    if (text := arguments.get("before")) is not None:
        end = _place(places, text, name)
    if arguments.get("first") is not None:
        end = min(end, start + size)
    else:
        start = max(start, end - size)
    chosen = order[start:end]
    cursors = [cursor(place, place) for place, _ in chosen]
    return Page([value for _, value in chosen], cursors, end < len(order), start > 0)


def _place(places: list[int], text: str, name: str) -> int:
    wanted, _ = read_cursor(text, name)
    return places.index(wanted) if wanted in places else len(places)
