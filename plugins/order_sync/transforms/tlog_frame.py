"""Raw TLogs to columns: a few thousand orders at a time, one array per field that the mapping or a rule uses.

Memory is one frame, whatever the size of the input. An order that cannot be decoded is set aside alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from order_sync.contracts import predictspring, tlog_json
from order_sync.errors import BadInput

FRAME_ORDERS = 2_500
#: So many orders are looked at one by one where one of them is not plain.
_FEW = 64
#: What Arrow refuses wherever the careful way does.
_NEVER_PLAIN = frozenset({"DUPLICATE_FIELD", "FILE_ENCODING"})

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

Int64Array = npt.NDArray[np.int64]

# The system's allocator gives the memory of a finished frame back at once, so that memory stays flat.
pa.set_memory_pool(pa.system_memory_pool())


class SourceRecord(msgspec.Struct, frozen=True, gc=False):
    """The raw bytes of one order and the place they come from (``file`` counts the files of the batch)."""

    file: int
    index: int
    offset: int
    data: bytes


class Group(NamedTuple):
    """The entries of a list that every order or line has: columns over all entries, and how many each owner has."""

    columns: Mapping[str, pa.Array]
    counts: Int64Array

    @property
    def owner(self) -> Int64Array:
        """The order or line that each entry belongs to."""
        return np.repeat(np.arange(len(self.counts)), self.counts)


@dataclass(frozen=True)
class Frame:
    """Decoded orders as columns.

    :param records: where each order comes from, one per order.
    :param order: arrays by path, one value per order.
    :param lines: the lines of the orders, lines of an order adjacent.
    :param tenders: the payments of the orders.
    :param activities: the entries of the orders' activity logs.
    :param returns: per order, how many returned products and refunds it names.
    :param taxes: the single taxes of each line.
    :param adjustments: the single price adjustments of each line.
    :param undecodable: records that could not be decoded, with the reason.
    """

    records: list[SourceRecord]
    order: Mapping[str, pa.Array]
    lines: Group
    tenders: Group
    activities: Group
    returns: Int64Array
    taxes: Group
    adjustments: Group
    undecodable: list[tuple[SourceRecord, BadInput]]

    @property
    def line(self) -> Mapping[str, pa.Array]:
        """Arrays by path, one value per line."""
        return self.lines.columns

    @property
    def counts(self) -> Int64Array:
        """Lines per order."""
        return self.lines.counts


class FrameReader:
    """Reads raw orders into frames.

    :param order_paths: fields of the order that the mapping uses.
    :param line_paths: fields of the line that the mapping uses.
    """

    def __init__(self, order_paths: Iterable[str], line_paths: Iterable[str]) -> None:
        self._schema = predictspring.schema(
            dict.fromkeys((*RULE_ORDER_PATHS, *order_paths)), dict.fromkeys((*RULE_LINE_PATHS, *line_paths))
        )

    def frames(self, records: Iterable[SourceRecord], size: int = FRAME_ORDERS) -> Iterator[Frame]:
        """Frames of at most ``size`` orders, in the order of the records.

        The next frame is decoded, outside of Python's lock, while the caller works on the one before.
        """
        source = iter(records)
        with ThreadPoolExecutor(1, "decode") as decoding:
            ready: Future[Frame] | None = None
            while chunk := list(islice(source, size)):
                following = decoding.submit(self._frame, chunk)
                if ready:
                    yield ready.result()
                ready = following
            if ready:
                yield ready.result()

    def _frame(self, chunk: list[SourceRecord]) -> Frame:
        undecodable: list[tuple[SourceRecord, BadInput]] = []
        tables = self._tables(chunk, undecodable)
        bad = {id(record) for record, _ in undecodable}
        kept = [record for record in chunk if id(record) not in bad] if bad else chunk
        return _frame(kept, pa.concat_tables(tables), undecodable)

    def _tables(
        self, records: Sequence[SourceRecord], undecodable: list[tuple[SourceRecord, BadInput]]
    ) -> list[pa.Table]:
        """Decode at once if all are plain; else halve, until the ones that are not stand among a few."""
        table = tlog_json.decode([record.data for record in records], self._schema)
        if table is not None:
            return [table]
        if len(records) <= _FEW:
            return self._mended(records, undecodable)
        middle = len(records) // 2
        return [*self._tables(records[:middle], undecodable), *self._tables(records[middle:], undecodable)]

    def _mended(
        self, records: Sequence[SourceRecord], undecodable: list[tuple[SourceRecord, BadInput]]
    ) -> list[pa.Table]:
        tables, rows = [], []
        for record in records:
            try:
                rows.append(tlog_json.mend(record.data, self._schema))
            except BadInput as error:
                # what Arrow takes without a word must not be refused only because a neighbour is not plain
                alone = None if error.reason in _NEVER_PLAIN else tlog_json.decode([record.data], self._schema)
                if alone is None:
                    undecodable.append((record, error))
                else:
                    tables += [pa.Table.from_pylist(rows, self._schema), alone]
                    rows = []
        return [*tables, pa.Table.from_pylist(rows, self._schema)]


def _frame(records: list[SourceRecord], table: pa.Table, undecodable: list[tuple[SourceRecord, BadInput]]) -> Frame:
    columns = _flat(table)
    lines = _group(columns.pop("orderProductList"))
    of_lines = dict(lines.columns)
    taxes = _group(of_lines.pop("productTax.taxRates"))
    adjustments = _group(of_lines.pop("priceAdjustments"))
    returned, refunds = _lengths(columns.pop("returnProductList")), _lengths(columns.pop("refundPaymentDetails"))
    return Frame(
        records=records,
        tenders=_group(columns.pop("tenders")),
        activities=_group(columns.pop("orderActivityLog")),
        returns=returned + refunds,
        order=columns,
        lines=Group(of_lines, lines.counts),
        taxes=taxes,
        adjustments=adjustments,
        undecodable=undecodable,
    )


def _flat(table: pa.Table) -> dict[str, pa.Array]:
    """Every field by its dotted path; a field of an object that is not there is null."""
    while any(pa.types.is_struct(kind) for kind in table.schema.types):
        table = table.flatten()
    return {name: table[name].combine_chunks() for name in table.column_names}


def _group(lists: pa.ListArray) -> Group:
    return Group(_flat(pa.Table.from_struct_array(lists.flatten())), _lengths(lists))


def _lengths(lists: pa.ListArray) -> Int64Array:
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0)).astype(np.int64)
