"""What becomes of an order never depends on the orders beside it."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.predictspring import TRAITS, Shop, dump
from tests.transforms.kit import run

SHOP = Shop(31)
PLAIN = [dump(SHOP.order(number, lacking=TRAITS, slim=True)) for number in range(100, 110)]
ODD = dump(SHOP.order(99, "in_store", lacking=TRAITS, slim=True)).replace(b'"254"', b"254")
ID = SHOP.stamps(1).order_id
BROKEN = b'{"orderId":"BROKEN",}'


def order(value: bytes, field: str = "memo") -> bytes:
    """An order with one more field of any value."""
    whole: dict[str, Any] = SHOP.order(1, "in_store", lacking=TRAITS, slim=True)
    return dump(whole | {field: "HERE"}).replace(b'"HERE"', value)


@pytest.mark.parametrize(
    "data",
    [
        order(b"1"),
        order(b"NaN"),
        order(b"-Infinity"),
        order(b"Inf"),
        order(b"[" * 150 + b"]" * 150),
        order(b"[" * 2_000 + b"]" * 2_000),
        order(b"9" * 5_000),
        order(b'"\\ud800"'),
        order(b'"\\u0000"'),
        order(b'"\xff"'),
        order(b'{"a":1,"a":2}'),
        order(b"123456789012345678", "totalAmount"),
        order(b"NaN", "totalAmount"),
        order(b"9007199254740993", "updateDate"),
        order(b"-9223372036854775808", "updateDate"),
        order(b"1.0", "updateDate"),
        order(b"null", "tenders"),
    ],
)
def test_neighbours(data: bytes) -> None:
    alone = fate(data, [])
    for beside in ([*PLAIN], [*PLAIN, ODD], [*PLAIN, BROKEN], [BROKEN] * 70, [ODD] * 70):
        assert fate(data, beside) == alone


def fate(data: bytes, beside: list[bytes]) -> tuple[str | None, list[dict[str, str]]]:
    """Why the order does not go out, if it does not, and its rows."""
    result = run([data, *beside])
    rows = [row for row in result.rows if row["external-id"] == ID]
    return result.reasons.get("#0") or result.reasons.get(ID), rows
