"""PredictSpring TLogs to HotWax: the order feed and the stock variance of one batch of raw orders.

The one entry for everything that turns TLogs into feeds: operators feed it raw records and write what it returns. It
decides per order (emit, leave out, set aside) and never touches a file, a clock or a network.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from order_sync.mapping import lookups
from order_sync.mapping import model as mapping_model
from order_sync.mapping.engine import Engine, Filled
from order_sync.mapping.model import Mapping, Vocabulary
from order_sync.mapping.sheet import BoolArray
from order_sync.settings import PredictSpringOrderSync
from order_sync.transforms import create_sales_order, csv_rows, tlog_rules, tlog_vocabulary
from order_sync.transforms.arrays import equals
from order_sync.transforms.feed_check import Figures, csv_figures, json_figures
from order_sync.transforms.tlog_frame import FRAME_ORDERS, FrameReader, SourceRecord
from order_sync.transforms.tlog_rules import Judgement
from order_sync.transforms.tlog_vocabulary import CASES, IN_STORE, KINDS

ORDER_FEED = "order_feed"
INVENTORY_VARIANCE = "inventory_variance"
_MAPPINGS = {
    "csv": "hotwax_order_csv",
    "json": "hotwax_order_json",
    INVENTORY_VARIANCE: "hotwax_inventory_variance_csv",
}


@dataclass(frozen=True)
class MappedFrame:
    """A frame whose target fields are filled and whose orders are judged.

    :param judgement: the orders, the rejects with their causes, the notes.
    :param order_fields: fields of the order feed by name.
    :param variance_fields: fields of the stock variance by name.
    """

    judgement: Judgement
    order_fields: dict[str, Filled]
    variance_fields: dict[str, Filled]


class PredictSpringOrders:
    """The transform of one retailer.

    :param settings: the retailer's settings of the flow.
    :param include: the folder with mappings and lookup tables.
    :param retailer: whose own lookup tables come before the common ones.
    :raises Stop: a mapping or a table is wrong; the message names file and line.
    """

    def __init__(self, settings: PredictSpringOrderSync, include: Path, retailer: str) -> None:
        self.settings = settings
        folder = include / "mappings"
        tables = folder / "lookups"
        vocabulary = Vocabulary(tlog_vocabulary.known_paths(), CASES, frozenset(settings.values))
        feed, variance = (
            mapping_model.load(folder / f"{_MAPPINGS[name]}.yaml", vocabulary, tables, retailer)
            for name in (settings.feed_format, INVENTORY_VARIANCE)
        )
        self._fulfilment = lookups.load(lookups.find(tables, retailer, "fulfilment"))
        self._payments = lookups.load(lookups.find(tables, retailer, "payment_method"))
        self._feed = Engine(feed, settings.values, settings.zone)
        self._variance = Engine(variance, settings.values, settings.zone)
        paths = feed.paths() | variance.paths()
        self._reader = FrameReader(_below("order.", paths), _below("line.", paths))
        self.version = mapping_model.combined_version(
            feed, variance, tables=[self._fulfilment.path, self._payments.path], settings=settings
        )

    @property
    def feed_ending(self) -> str:
        """The ending of the order feed's file name."""
        return self.settings.feed_format

    def read(self, records: Iterable[SourceRecord], size: int = FRAME_ORDERS) -> Iterator[MappedFrame]:
        """Decode, judge and map raw orders, some thousand at a time."""
        for frame in self._reader.frames(records, size):
            judgement = tlog_rules.judge(frame, self._fulfilment, self.settings.values["currency"])
            order_fields = self._feed.fill(judgement.sheet, judgement.verdicts)
            if self.settings.feed_format == "json":
                create_sales_order.check_payments(judgement, self._payments)
            variance_fields = self._variance.fill(judgement.sheet, judgement.verdicts)
            yield MappedFrame(judgement, order_fields, variance_fields)

    def left_out(self, mapped: MappedFrame) -> BoolArray:
        """Orders that the settings keep out of the order feed: in-store ones where their sync is off."""
        in_store = mapped.judgement.kind == KINDS.index("in_store")
        return in_store if not self.settings.sync_in_store_orders else np.zeros(len(in_store), dtype=np.bool_)

    def feed_start(self) -> bytes:
        """What the order feed begins with."""
        return b"[" if self.settings.feed_format == "json" else csv_rows.header(list(self._names(self._feed.mapping)))

    def feed_end(self) -> bytes:
        """What the order feed ends with."""
        return b"\n]\n" if self.settings.feed_format == "json" else b""

    def variance_start(self) -> bytes:
        """The header of the stock variance."""
        return csv_rows.header(list(self._names(self._variance.mapping)))

    def feed_rows(self, mapped: MappedFrame, orders: BoolArray, first: bool) -> tuple[pa.Buffer | bytes, int]:
        """The part of the order feed for some orders, and its rows.

        :param orders: which orders of the frame to write.
        :param first: whether nothing stands in the feed yet (JSON elements are separated by commas).
        """
        owner = mapped.judgement.frame.lines.owner
        lines = np.flatnonzero(orders[owner])
        if not len(lines):
            return b"", 0
        if self.settings.feed_format == "csv":
            return csv_rows.rows(mapped.order_fields, owner, lines), len(lines)
        elements = create_sales_order.elements(
            mapped.judgement, mapped.order_fields, orders, self._payments, self.settings
        )
        return (b"\n" if first else b",\n") + b",\n".join(elements), len(lines)

    def variance_rows(self, mapped: MappedFrame, orders: BoolArray) -> tuple[pa.Buffer | bytes, int]:
        """The part of the stock variance for the in-store lines of some orders, and its rows."""
        owner = mapped.judgement.frame.lines.owner
        taken = mapped.judgement.sheet.text["fact.fulfilment"]
        lines = np.flatnonzero(orders[owner] & (equals(taken, IN_STORE) > 0))
        return (csv_rows.rows(mapped.variance_fields, owner, lines) if len(lines) else b""), len(lines)

    def figures(self, part: pa.Buffer | bytes) -> Figures:
        """What a part of the order feed says when it is read back."""
        if self.settings.feed_format == "json":
            return json_figures(bytes(part))
        return csv_figures(self.feed_start(), pa.py_buffer(part))

    @staticmethod
    def _names(mapping: Mapping) -> Iterator[str]:
        return (column.name for column in mapping.columns)


def _below(prefix: str, paths: Iterable[str]) -> list[str]:
    return sorted(path.removeprefix(prefix) for path in paths if path.startswith(prefix))
