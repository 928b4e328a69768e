"""Raw TLogs to columns: a few thousand orders at a time, one array per field that the mapping or a rule uses.

Orders are decoded in micro batches that stay in the processor's cache, turned into arrays and freed at once, so that
memory is one frame whatever the size of the input. An order that cannot be decoded is set aside alone.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import chain, islice
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from order_sync.contracts import money, predictspring
from order_sync.contracts.predictspring import LINE_FIELDS, ORDER_FIELDS, Kind, Tender
from order_sync.errors import BadInput

FRAME_ORDERS = 5_000
_MICRO_BATCH = 256

#: What the rules read of every order and line, whatever the mapping uses.
RULE_ORDER_PATHS = (
    *("orderId", "fulfillmentType", "storeId", "currency", "creationDate", "orderDate", "updateDate"),
    *("totalAmount", "orderSubTotal", "taxSubTotal", "discount", "shippingSubTotal", "shippingTax"),
    "customerProfile.customerId",
)
RULE_LINE_PATHS = (
    *("orderItemId", "gtin", "fulfillmentType", "omniFulfillmentType", "quantity", "isReturnRelated"),
    *("price", "discount", "subTotal", "tax", "total", "productTax.totalTax"),
)

_ARROW: dict[Kind, pa.DataType] = {
    Kind.TEXT: pa.string(),
    Kind.MONEY: pa.float64(),
    Kind.WHOLE: pa.float64(),
    Kind.INSTANT: pa.int64(),
    Kind.FLAG: pa.bool_(),
}


class SourceRecord(msgspec.Struct, frozen=True, gc=False):
    """The raw bytes of one order and the place they come from (``file`` counts the files of the batch)."""

    file: int
    index: int
    offset: int
    data: bytes


class Fault(NamedTuple):
    """A field of an order whose value is of the wrong kind."""

    order: int
    path: str
    message: str


@dataclass
class Frame:
    """Decoded orders as columns.

    :param records: where each order comes from, one per order.
    :param order: arrays by path, one value per order.
    :param line: arrays by path, one value per line, lines of an order adjacent.
    :param owner: the order of each line.
    :param counts: lines per order.
    :param tenders: payments per order.
    :param returned: whether the order carries marks of a return (returned products, refunds, a transaction that is no
        sale).
    :param faults: values of the wrong kind.
    :param undecodable: records that could not be decoded, with the reason.
    """

    records: list[SourceRecord]
    order: dict[str, pa.Array]
    line: dict[str, pa.Array]
    owner: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    tenders: list[list[Tender]]
    returned: npt.NDArray[np.bool_]
    faults: list[Fault]
    undecodable: list[tuple[SourceRecord, BadInput]] = field(default_factory=list)


class FrameReader:
    """Reads raw orders into frames.

    :param order_paths: fields of the order that the mapping uses.
    :param line_paths: fields of the line that the mapping uses.
    """

    def __init__(self, order_paths: Iterable[str], line_paths: Iterable[str]) -> None:
        self._order_kinds = {path: ORDER_FIELDS[path] for path in (*RULE_ORDER_PATHS, *order_paths)}
        self._line_kinds = {path: LINE_FIELDS[path] for path in (*RULE_LINE_PATHS, *line_paths)}
        self._decoder = predictspring.decoder(self._order_kinds, self._line_kinds)
        self._order_columns = _Columns(self._order_kinds)
        self._line_columns = _Columns(self._line_kinds)

    def frames(self, records: Iterable[SourceRecord], size: int = FRAME_ORDERS) -> Iterator[Frame]:
        """Frames of at most ``size`` orders, in the order of the records."""
        source = iter(records)
        while chunk := list(islice(source, size)):
            yield self._frame(chunk)

    def _frame(self, chunk: Sequence[SourceRecord]) -> Frame:
        parts: list[_Part] = []
        undecodable: list[tuple[SourceRecord, BadInput]] = []
        was_enabled = gc.isenabled()
        gc.disable()  # nothing here makes cycles, and the collector would walk every object several times
        try:
            for start in range(0, len(chunk), _MICRO_BATCH):
                parts.append(self._part(chunk[start : start + _MICRO_BATCH], undecodable))
        finally:
            if was_enabled:
                gc.enable()
        return self._join(parts, undecodable)

    def _part(self, batch: Sequence[SourceRecord], undecodable: list[tuple[SourceRecord, BadInput]]) -> _Part:
        kept, orders = self._decoded(batch, undecodable)
        line_lists = [order.orderProductList or () for order in orders]
        lines = list(chain.from_iterable(line_lists))
        return _Part(
            kept,
            self._order_columns.arrays(orders),
            _with_sums(self._line_columns.arrays(lines), lines),
            [len(line_list) for line_list in line_lists],
            [order.tenders or [] for order in orders],
            [_returned(order) for order in orders],
        )

    def _decoded(
        self, batch: Sequence[SourceRecord], undecodable: list[tuple[SourceRecord, BadInput]]
    ) -> tuple[list[SourceRecord], list[Any]]:
        """Decode at once if nothing is wrong with any of the batch, one by one if something is."""
        orders = predictspring.decode_all(self._decoder, [record.data for record in batch])
        if orders is not None:
            return list(batch), orders
        kept, orders = [], []
        for record in batch:
            try:
                orders.append(predictspring.decode(self._decoder, record.data))
            except BadInput as error:
                undecodable.append((record, error))
            else:
                kept.append(record)
        return kept, orders

    def _join(self, parts: list[_Part], undecodable: list[tuple[SourceRecord, BadInput]]) -> Frame:
        counts = np.array(list(chain.from_iterable(part.counts for part in parts)), dtype=np.int64)
        owner = np.repeat(np.arange(len(counts)), counts)
        faults: list[Fault] = []
        order = _concat(self._order_kinds, [part.order for part in parts], faults, None)
        line = _concat(self._line_kinds, [part.line for part in parts], faults, owner)
        return Frame(
            [record for part in parts for record in part.records],
            order,
            line,
            owner,
            counts,
            [tenders for part in parts for tenders in part.tenders],
            np.array(list(chain.from_iterable(part.returned for part in parts)), dtype=np.bool_),
            faults,
            undecodable,
        )


class _Part(NamedTuple):
    """A micro batch as columns; a column that is no array yet holds values of mixed kinds."""

    records: list[SourceRecord]
    order: dict[str, Any]
    line: dict[str, Any]
    counts: list[int]
    tenders: list[list[Tender]]
    returned: list[bool]


class _Absent:
    """Stands for a nested object that the order does not have: all its fields are null."""

    def __getattr__(self, name: str) -> None:
        return None


_ABSENT = _Absent()


class _Columns:
    """Takes the wanted fields out of structs, one column per path, all fields of a struct in one call."""

    def __init__(self, kinds: dict[str, Kind], prefix: str = "") -> None:
        below = [path.removeprefix(prefix) for path in kinds if path.startswith(prefix)]
        plain = [path for path in below if "." not in path]
        self._paths = [prefix + path for path in plain]
        self._kinds = [kinds[path] for path in self._paths]
        self._get = attrgetter(*plain) if len(plain) > 1 else _single(plain[0]) if plain else None
        self._nested = [
            (attrgetter(holder), _Columns(kinds, f"{prefix}{holder}."))
            for holder in dict.fromkeys(path.split(".")[0] for path in below if "." in path)
        ]

    def arrays(self, structs: Sequence[Any]) -> dict[str, Any]:
        """Arrow arrays by path; a plain tuple where a value does not fit its kind at once."""
        columns: dict[str, Any] = {}
        if self._get:
            values = zip(*map(self._get, structs), strict=True) if structs else [()] * len(self._paths)
            for path, kind, column in zip(self._paths, self._kinds, values, strict=True):
                columns[path] = _arrow_or_tuple(column, kind)
        for get, nested in self._nested:
            columns |= nested.arrays([_ABSENT if inner is None else inner for inner in map(get, structs)])
        return columns


def _single(name: str) -> Callable[[Any], tuple[Any]]:
    get = attrgetter(name)
    return lambda struct: (get(struct),)


def _arrow_or_tuple(column: tuple[Any, ...], kind: Kind) -> pa.Array | tuple[Any, ...]:
    try:
        return pa.array(column, _ARROW[kind])
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return column


_NOTHING = (None, 0, "", "0", "0.0", "0.00")


def _returned(order: Any) -> bool:
    """Whether the TLog says that anything came back: its transaction type is the best mark of it."""
    if order.returnProductList or order.refundPaymentDetails:
        return True
    if any(tender.totalAmountCarriedOverForExchange not in _NOTHING for tender in order.tenders or ()):
        return True
    return any(
        activity.transactionData is not None and activity.transactionData.transactionType not in (None, "SALE")
        for activity in order.orderActivityLog or ()
    )


def _with_sums(columns: dict[str, Any], lines: Sequence[Any]) -> dict[str, Any]:
    """Fill a missing tax total with the sum of the taxes, and a missing discount with that of the adjustments."""
    for path, parts in (("productTax.totalTax", _taxes), ("discount", _adjustments)):
        column = columns[path]
        missing = np.flatnonzero([value is None for value in column] if isinstance(column, tuple) else column.is_null())
        sums = {at: _sum(amounts) for at in missing.tolist() if (amounts := parts(lines[at]))}
        if sums:
            values = list(column) if isinstance(column, tuple) else column.to_pylist()
            for at, total in sums.items():
                values[at] = total
            columns[path] = _arrow_or_tuple(tuple(values), Kind.MONEY)
    return columns


def _taxes(line: Any) -> list[float | str | None]:
    if line.tax is not None or line.productTax is None:
        return []  # the line's own tax stands for it
    return [tax.taxAmount for tax in predictspring.amounts(line.productTax.taxRates)]


def _adjustments(line: Any) -> list[float | str | None]:
    return [adjustment.price for adjustment in predictspring.amounts(line.priceAdjustments)]


def _sum(amounts: list[float | str | None]) -> str:
    """The exact sum of several amounts as decimal text."""
    try:
        return str(sum((Decimal(str(amount)) for amount in amounts if amount is not None), Decimal(0)))
    except InvalidOperation:
        return "not a number"


def _concat(
    kinds: dict[str, Kind], parts: list[dict[str, Any]], faults: list[Fault], owner: npt.NDArray[np.int64] | None
) -> dict[str, pa.Array]:
    """One array per path over all parts, converting value by value where a part is no array yet."""
    joined: dict[str, pa.Array] = {}
    for path, kind in kinds.items():
        start, arrays = 0, []
        for part in parts:
            column = part[path]
            if isinstance(column, tuple):
                column = _convert(column, kind, path, start, faults, owner)
            arrays.append(column)
            start += len(column)
        joined[path] = pa.concat_arrays(arrays) if arrays else pa.array([], _ARROW[kind])
    return joined


def _convert(
    column: tuple[Any, ...],
    kind: Kind,
    path: str,
    start: int,
    faults: list[Fault],
    owner: npt.NDArray[np.int64] | None,
) -> pa.Array:
    """An array of values of mixed kinds: numbers as text, ids as numbers; the rest are faults."""
    values: list[Any] = []
    for position, value in enumerate(column, start):
        try:
            values.append(None if value is None else _CONVERT[kind](value))
        except (ValueError, OverflowError) as error:
            values.append(None)
            faults.append(Fault(position if owner is None else int(owner[position]), path, f"{value!r:.60} is {error}"))
    return pa.array(values, _ARROW[kind])


def _to_text(value: Any) -> str:
    if isinstance(value, float):
        raise ValueError("a number with decimals, not a text")
    return str(value)


def _to_number(value: Any) -> float:
    return money.text_to_number(value) if isinstance(value, str) else value.__float__()


def _to_instant(value: Any) -> int:
    """Epoch milliseconds, also when they come as text or as a float."""
    number = Decimal(str(value).strip()) if str(value).strip().isdecimal() or not isinstance(value, str) else None
    if number is None or number != number.to_integral_value() or abs(number) >= 2**53:
        raise ValueError("no instant in epoch milliseconds")
    return int(number)


def _to_flag(value: Any) -> bool:
    if isinstance(value, str) and value.strip().lower() not in ("true", "false"):
        raise ValueError("neither true nor false")
    return value if isinstance(value, bool) else value.strip().lower() == "true"


_CONVERT: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: _to_text,
    Kind.MONEY: _to_number,
    Kind.WHOLE: _to_number,
    Kind.INSTANT: _to_instant,
    Kind.FLAG: _to_flag,
}
