"""The feeds of a batch while they are written, and their registration under a name that never changes again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from order_sync.flow import Run
from order_sync.ledger import Batch, Feed, Ledger, NameTaken
from order_sync.settings import FileNames
from order_sync.staging import Staging
from order_sync.transforms.predictspring_orders import INVENTORY_VARIANCE, ORDER_FEED, PredictSpringOrders

#: What stands for each target in the names of published files.
_LABELS = {ORDER_FEED: "OrderFeed", INVENTORY_VARIANCE: "InventoryVariance"}


class Output:
    """One feed, written part by part and hashed on the way.

    :param path: an unfinished file in a scratch folder.
    :param start: what it begins with.
    """

    def __init__(self, path: Path, start: bytes) -> None:
        self.path = path
        self.rows = self.orders = 0
        self._file = path.open("wb")
        self._hash = hashlib.sha256()
        self._append(start)

    def write(self, part: pa.Buffer | bytes, rows: int) -> None:
        """Append some rows."""
        self._append(part)
        self.rows += rows

    def finish(self, end: bytes = b"") -> None:
        """Append the end and close the file."""
        self._append(end)
        self._file.close()

    def close(self) -> None:
        """Close the file, finished or not."""
        self._file.close()

    @property
    def sha256(self) -> str:
        """Hash of everything written so far."""
        return self._hash.hexdigest()

    def _append(self, part: pa.Buffer | bytes) -> None:
        self._file.write(part)
        self._hash.update(part)


class Outputs:
    """The order feed and the stock variance of one batch."""

    def __init__(self, folder: Path, transform: PredictSpringOrders) -> None:
        self._transform = transform
        self.feed = Output(folder / ORDER_FEED, transform.feed_start())
        self.variance = Output(folder / INVENTORY_VARIANCE, transform.variance_start())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.feed.close()
        self.variance.close()

    def finish(self) -> None:
        """Complete both files."""
        self.feed.finish(self._transform.feed_end())
        self.variance.finish()

    def register(self, book: Ledger, staging: Staging, batch: Batch, run: Run, transform: PredictSpringOrders) -> None:
        """Store the feeds that have rows, name them and attach the batch's orders to the order feed."""
        money = book.equation(batch.id).sending.amounts
        for target, output, amounts, ending in (
            (ORDER_FEED, self.feed, money, transform.feed_ending),
            (INVENTORY_VARIANCE, self.variance, {}, "csv"),
        ):
            if not output.rows:
                book.drop_staged_feed(batch.id, target)
                continue
            feed = register(
                book, staging, batch, run, output,
                target=target, label=_LABELS[target], ending=ending, settings=transform.settings, amounts=amounts,
                carries_records=target == ORDER_FEED,
            )  # fmt: skip
            book.attach_records_to_feed(feed.id)


def register(
    book: Ledger,
    staging: Staging,
    batch: Batch,
    run: Run,
    output: Output,
    *,
    target: str,
    label: str,
    ending: str,
    settings: FileNames,
    amounts: Mapping[str, int],
    carries_records: bool,
) -> Feed:
    """Store a finished output and register it under a name made of the batch's time, which no other file has.

    :param label: what stands for the target in the name.
    :param amounts: money of the orders in it, minor units by currency.
    """
    sha256 = output.sha256
    uri = staging.put(output.path, "outputs", sha256)
    moment = batch.created_at.astimezone(settings.zone)
    while True:
        name = f"{settings.file_prefix}_{label}_{moment:%Y-%m-%d-%H_%M_%S}_{moment.microsecond // 1000:03d}.{ending}"
        try:
            return book.register_feed(
                batch.id,
                target=target,
                name=name,
                sha256=sha256,
                uri=uri,
                rows=output.rows,
                orders=output.orders,
                amounts=amounts,
                carries_records=carries_records,
                at=run.now,
            )
        except NameTaken:
            moment += timedelta(milliseconds=1)
