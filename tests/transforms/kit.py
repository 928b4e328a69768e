"""Runs orders through the transform without anything around it, and gives back what came out."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from order_sync.errors import BadInput
from order_sync.settings import PredictSpringOrderSync, include_folder, load
from order_sync.transforms.predictspring_orders import MappedFrame, PredictSpringOrders
from order_sync.transforms.tlog_frame import SourceRecord

Order = dict[str, Any]

_SETTINGS = load("default").predictspring_order_sync
_exact = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Result:
    """What became of some orders.

    :param causes: why an order was rejected, by its id (by its place where it has none).
    :param parts: every part of the order feed as it was written.
    """

    transform: PredictSpringOrders
    mapped: list[MappedFrame]
    parts: list[bytes]
    feed: bytes
    variance: bytes
    causes: dict[str, BadInput]

    @property
    def rows(self) -> list[dict[str, str]]:
        """The rows of the CSV order feed."""
        return read_csv(self.feed)

    @property
    def row(self) -> dict[str, str]:
        """The row of the feed, where there is exactly one."""
        assert self.reasons == {}, self.reasons
        (row,) = self.rows
        return row

    @property
    def stock(self) -> list[dict[str, str]]:
        """The rows of the stock variance."""
        return read_csv(self.variance)

    @property
    def elements(self) -> list[dict[str, Any]]:
        """The elements of the JSON order feed."""
        return msgspec.json.decode(self.feed)

    @property
    def reasons(self) -> dict[str, str]:
        """The code of the cause by order id."""
        return {key: cause.reason for key, cause in self.causes.items()}

    @property
    def cause(self) -> BadInput:
        """Why the only order was rejected."""
        (cause,) = self.causes.values()
        assert self.rows == self.stock == []
        return cause


def settings(values: Mapping[str, str] | None = None, **changes: Any) -> PredictSpringOrderSync:
    """The default retailer's settings with some changed."""
    merged = _SETTINGS.values | dict(values or {})
    return msgspec.structs.replace(_SETTINGS, values=merged, **changes)


def transform(values: Mapping[str, str] | None = None, **changes: Any) -> PredictSpringOrders:
    """The transform of the default retailer, with some settings changed."""
    return PredictSpringOrders(settings(values, **changes), include_folder(), "default")


@functools.cache
def usual(form: str = "csv") -> PredictSpringOrders:
    """The transform of the default retailer, made once."""
    return transform(feed_format=form)


def encode(order: Any) -> bytes:
    """JSON with exact decimals."""
    return order if isinstance(order, bytes) else _exact.encode(order)


def run(orders: Iterable[Any], using: PredictSpringOrders | None = None, size: int = 2_500) -> Result:
    """Transform orders (or the bytes of some) and write both feeds.

    :param size: orders per frame.
    """
    using = using or usual()
    records = [SourceRecord(0, at, 0, encode(order)) for at, order in enumerate(orders)]
    mapped, causes, parts, variance, rows = [], {}, [], [using.variance_start()], 0
    for frame in using.read(records, size):
        verdicts = frame.judgement.verdicts
        keys = frame.judgement.sheet.labels.to_pylist()
        places = [record.index for record in frame.judgement.frame.records]
        causes |= {keys[at] or f"#{places[at]}": cause for at, cause in verdicts.causes.items()}
        causes |= {f"#{record.index}": cause for record, cause in frame.judgement.frame.undecodable}
        good = ~verdicts.rejected
        part, written = using.feed_rows(frame, good & ~using.left_out(frame), first=rows == 0)
        rows += written
        parts.append(bytes(part))
        variance.append(bytes(using.variance_rows(frame, good)[0]))
        mapped.append(frame)
    feed = b"".join((using.feed_start(), *parts, using.feed_end()))
    return Result(using, mapped, parts, feed, b"".join(variance), causes)


def read_csv(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV text."""
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def everything(result: Result) -> np.ndarray:
    """A mask of all orders of the only frame."""
    return np.ones(len(result.mapped[0].judgement.kind), np.bool_)


def lines_of(order: Mapping[str, Any], *changes: Mapping[str, Any]) -> list[Order]:
    """The order's first line once per set of changes."""
    first = order["orderProductList"][0]
    return [{**first, **change} for change in changes]


def without(holder: Mapping[str, Any], *names: str) -> Order:
    """The object without some fields."""
    return {name: value for name, value in holder.items() if name not in names}


def column(rows: Sequence[Mapping[str, str]], name: str) -> list[str]:
    """One column of some rows."""
    return [row[name] for row in rows]
