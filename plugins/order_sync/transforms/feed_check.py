"""Read back what is about to be published and count it, independently of how it was made.

The last of three checks on the money: the order's own totals (rules), the ledger's equation, and this one on the bytes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pyarrow as pa
from pyarrow import csv

if TYPE_CHECKING:
    import pandas as pd

_MONEY = ("unit-price", "item-total-discount", "item-total-tax", "grand-total", "shipping-charges", "shipping-tax")


class Figures(NamedTuple):
    """What a part of a feed says: orders, rows, the sum of what its rows cost, and the sum of its grand totals."""

    orders: int
    rows: int
    row_money: Decimal
    grand_totals: Decimal


def csv_figures(header: bytes, rows: pa.Buffer) -> Figures:
    """Count a part of the CSV order feed.

    :param header: the header line.
    :param rows: whole orders, rows of an order adjacent.
    """
    import pandas as pd

    exact = pa.decimal128(18, 3)
    types = {"external-id": pa.string(), "quantity": pa.decimal128(18, 0), **dict.fromkeys(_MONEY, exact)}
    table = csv.read_csv(
        pa.BufferReader(b"".join((header, memoryview(rows)))),
        csv.ReadOptions(use_threads=False),
        csv.ParseOptions(newlines_in_values=True),
        csv.ConvertOptions(include_columns=list(types), column_types=types),
    ).to_pandas(types_mapper=pd.ArrowDtype)
    orders = table.drop_duplicates("external-id")
    row_money = (
        _sum(table["unit-price"] * table["quantity"])
        + _sum(table["item-total-discount"])
        + _sum(table["item-total-tax"])
        + _sum(orders["shipping-charges"])
        + _sum(orders["shipping-tax"])
    )
    return Figures(len(orders), len(table), row_money, _sum(orders["grand-total"]))


class _Adjustment(msgspec.Struct):
    amount: Decimal


class _Item(msgspec.Struct):
    quantity: int
    unitPrice: Decimal
    itemAdjustments: list[_Adjustment]


class _ShipGroup(msgspec.Struct):
    items: list[_Item]


class _Order(msgspec.Struct):
    grandTotal: Decimal
    shipGroup: list[_ShipGroup]
    orderAdjustments: list[_Adjustment]


class _Data(msgspec.Struct):
    order: _Order | None = None


class _Call(msgspec.Struct):
    data: _Data


class _Element(msgspec.Struct):
    dataList: list[_Call]


_elements = msgspec.json.Decoder(list[_Element])


def json_figures(elements: bytes) -> Figures:
    """Count a part of the JSON order feed, elements separated by commas, perhaps after a leading one."""
    orders = [
        call.data.order
        for element in _elements.decode(b"[" + elements.lstrip(b",\n") + b"]")
        for call in element.dataList
        if call.data.order is not None
    ]
    items = [item for order in orders for group in order.shipGroup for item in group.items]
    row_money = sum((item.quantity * item.unitPrice for item in items), Decimal(0))
    row_money += sum((part.amount for item in items for part in item.itemAdjustments), Decimal(0))
    row_money += sum((part.amount for order in orders for part in order.orderAdjustments), Decimal(0))
    return Figures(len(orders), len(items), row_money, sum((order.grandTotal for order in orders), Decimal(0)))


def _sum(column: pd.Series[Decimal]) -> Decimal:
    return Decimal(column.sum() or 0)
