"""Takes parts out of an order, for tests of what happens when the feed lacks them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Fields by which an element of a list is named.
_NAMES = (
    "attrName",
    "goodIdentificationTypeId",
    "orderIdentificationTypeId",
    "partyIdentificationTypeId",
    "paymentMethodTypeId",
    "orderAdjustmentTypeId",
)


def take_out(order: dict[str, Any], path: str) -> None:
    """Remove a field or an element of a list, in place.

    In a list, a part of the path is the name of elements (``orderAttributes.customerId``) or the number of one
    (``shipments.0.shipTo``); a part that is neither, and ``[]``, goes through all of them
    (``shipments[].shipmentItems[].goodIdentifications.UPCA``).

    :raises ValueError: nothing in the order answers to the path.
    """
    if not _take_out(order, path.replace("[]", "").split(".")):
        raise ValueError(f"order {order.get('orderId')} has no {path}")


def _take_out(node: Any, path: Sequence[str]) -> int:
    """How many things were removed."""
    head, rest = path[0], path[1:]
    if isinstance(node, dict):
        if head not in node:
            return 0
        if rest:
            return _take_out(node[head], rest)
        del node[head]
        return 1
    if not isinstance(node, list):
        return 0
    chosen = [one for index, one in enumerate(node) if head == str(index) or head in _names(one)]
    if not chosen:
        return sum(_take_out(one, path) for one in node)
    if rest:
        return sum(_take_out(one, rest) for one in chosen)
    node[:] = [one for one in node if one not in chosen]
    return len(chosen)


def _names(element: Any) -> list[Any]:
    return [element[field] for field in _NAMES if field in element] if isinstance(element, dict) else []
