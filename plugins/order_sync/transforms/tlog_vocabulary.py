"""What a mapping of TLogs may name: the fields of the contract, and the facts that the rules work out of them."""

from __future__ import annotations

from order_sync.contracts.predictspring import LINE_FIELDS, ORDER_FIELDS, Kind
from order_sync.mapping.model import Type

IN_STORE, SHIPPED = "in_store", "shipped"
#: What an order is, by what its lines are.
KINDS = ("in_store", "send_sale", "mixed")

#: Facts of the order and of the line, with their types. ``Facts`` computes them.
ORDER_FACTS: dict[str, Type] = {
    "fact.kind": "text",
    "fact.customer": "text",
    "fact.ordered_at": "date",
    "fact.largest_tender": "text",
    "fact.shipping_charges": "money",
    "fact.shipping_tax": "money",
}
LINE_FACTS: dict[str, Type] = {
    "fact.fulfilment": "text",
    "fact.line_tax": "money",
    "fact.line_discount": "money",
    "fact.stock_delta": "whole",
}
#: Facts that a mapping may branch on, with all their values.
CASES: dict[str, frozenset[str]] = {
    "fact.fulfilment": frozenset({IN_STORE, SHIPPED}),
    "fact.customer": frozenset({"guest", "known"}),
    "fact.kind": frozenset(KINDS),
}


def known_paths() -> dict[str, Type]:
    """Every path that a mapping of TLogs may name, with the type of its values."""
    types: dict[Kind, Type] = {Kind.TEXT: "text", Kind.MONEY: "money", Kind.WHOLE: "whole", Kind.INSTANT: "date"}
    fields = {f"order.{path}": kind for path, kind in ORDER_FIELDS.items()}
    fields |= {f"line.{path}": kind for path, kind in LINE_FIELDS.items()}
    return {path: types[kind] for path, kind in fields.items() if kind in types} | ORDER_FACTS | LINE_FACTS
