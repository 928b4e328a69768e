"""What every exhibit of the museum has to stand: a bad file or order between two good ones."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from order_sync.ledger import ExceptionRow
from sandbox.predictspring import TRAITS, Shop, dump
from tests.support.batch_lab import Lab, LabResult

SHOP = Shop(7)
IN_STORE, SEND_SALE = SHOP.order(1, "in_store", lacking=TRAITS), SHOP.order(2, "send_sale", lacking=TRAITS)
GOOD = (IN_STORE["orderId"], SEND_SALE["orderId"])


def order(number: int = 3, kind: str = "in_store", lines: int = 1, **changes: Any) -> dict[str, Any]:
    """A plain order of the shop, with some fields changed."""
    return SHOP.order(number, kind, lines=lines, lacking=TRAITS, **changes)


def line(holder: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The order with some fields of its first line changed; no figure follows."""
    first, *others = holder["orderProductList"]
    return {**holder, "orderProductList": [first | changes, *others]}


def exhibit(lab: Lab, name: str, data: bytes) -> LabResult:
    """Run a file between two good ones.

    Whatever it is: the good orders go out whole, the bytes are kept, and everything that came is accounted for.
    """
    result = lab.run({"good-1.json": dump(IN_STORE), name: data, "good-2.json": dump(SEND_SALE)})
    assert [key for key in result.sent if key in GOOD] == list(GOOD)
    assert IN_STORE["orderId"] in result.stocked
    assert result.kept == {"good-1.json": dump(IN_STORE), name: data, "good-2.json": dump(SEND_SALE)}
    assert_closed(result)
    return result


def assert_closed(result: LabResult) -> None:
    """in = sent + left out + set aside, in orders and money, and the feed itself says the same."""
    equation, outcome = result.equation, result.outcome
    assert equation.undecided.count == 0
    assert equation.arrived == equation.sending + equation.excluded + equation.rejected
    left_out, set_aside = sum(outcome["excluded"].values()), sum(outcome["rejected"].values())
    assert outcome["arrived"] == equation.arrived.count == outcome["emitted"] + left_out + set_aside
    totals = {row["external-id"]: Decimal(row["grand-total"]) for row in result.order_rows}
    assert len(totals) == equation.sending.count == outcome["emitted"]
    assert sum(totals.values()) * 100 == equation.sending.amounts.get("USD", 0)


def refused(result: LabResult, name: str, reason: str, *, order_id: str = "", field: str = "") -> ExceptionRow:
    """The only exception of a batch: it names its file, its order and its field."""
    row = result.only_exception
    assert (row.file_name, row.reason, row.field) == (name, reason, field)
    if order_id:
        assert row.order_key == order_id
    else:
        assert row.order_key.startswith("file:"), "an order without an id is known by its place"
        assert name in row.message or not reason.startswith("FILE_"), row.message
    assert field.rpartition(".")[2].rpartition("[")[0] in row.message or field in row.message, row.message
    assert result.sent == list(GOOD)
    return row


def accepted(result: LabResult, *order_ids: str) -> None:
    """Nothing was set aside, and these orders went out beside the good ones."""
    assert result.exceptions == []
    assert result.sent == [GOOD[0], *order_ids, GOOD[1]]
