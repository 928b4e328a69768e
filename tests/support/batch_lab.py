"""A laboratory for batches: files in, and what the transform made of them out; real ledger, staging and settings.

Only the two ends are left out: nothing is fetched and nothing is sent. What stands between is the code that runs in
production, on a ledger, a staging store and a copy of ``include`` in the test's own folder.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Self

import msgspec
import pytest
import yaml

from order_sync.ledger import (
    Batch,
    BatchInput,
    BatchState,
    Equation,
    ExceptionRow,
    Feed,
    FileSeen,
    Ledger,
    Record,
    open_ledger,
    upgrade,
)
from order_sync.operators.transform import TransformTlogs
from order_sync.staging import Staging
from order_sync.transforms.predictspring_orders import INVENTORY_VARIANCE, ORDER_FEED

FLOW, RETAILER = "predictspring_order_sync", "lab"
START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
INCLUDE = Path(__file__).resolve().parents[2] / "include"


@dataclass
class LabRun:
    """As much of a flow's run as a transform asks for, with a clock that only the test moves."""

    now: datetime
    params: Mapping[str, Any] = field(default_factory=dict)
    dag_id: str = FLOW
    run_id: str = "lab"
    who: str = "lab"

    def param(self, name: str) -> Any:
        return self.params.get(name)

    @property
    def dry_run(self) -> bool:
        return bool(self.param("dry_run"))


@dataclass(frozen=True)
class LabResult:
    """What became of a batch.

    :param order_feed: the bytes of the order feed, empty where there is none.
    :param variance: the bytes of the stock variance, empty where there is none.
    :param exceptions: the orders and files that this batch set aside.
    :param outcome: the counts that the transform returned; empty where it had nothing to do.
    :param kept: name to bytes of every file, as the staging store holds them afterwards.
    """

    batch: Batch
    order_feed: bytes
    variance: bytes
    exceptions: list[ExceptionRow]
    outcome: Mapping[str, Any]
    equation: Equation
    kept: Mapping[str, bytes]

    @property
    def order_rows(self) -> list[dict[str, str]]:
        """The rows of the order feed, where it is CSV."""
        return _rows(self.order_feed)

    @property
    def variance_rows(self) -> list[dict[str, str]]:
        """The rows of the stock variance."""
        return _rows(self.variance)

    @property
    def sent(self) -> list[str]:
        """The orders in the feed, each once, in order."""
        return list(dict.fromkeys(row["external-id"] for row in self.order_rows))

    @property
    def stocked(self) -> list[str]:
        """The orders whose stock moves with this batch, each once, in order."""
        return list(dict.fromkeys(row["comments"].rpartition("-")[0] for row in self.variance_rows))

    @property
    def set_aside(self) -> dict[str, str]:
        """Order to reason."""
        return {row.order_key: row.reason for row in self.exceptions}

    @property
    def only_exception(self) -> ExceptionRow:
        """The exception, where there is exactly one."""
        assert len(self.exceptions) == 1, self.exceptions
        return self.exceptions[0]


class Lab:
    """Runs batches one after another; a minute passes between two of them.

    :param settings: what of the flow's settings differs from the default retailer's.
    """

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any) -> None:
        self.include = folder / "include"
        shutil.copytree(INCLUDE, self.include)
        self.configure(**settings)
        monkeypatch.setenv("ORDER_SYNC_INCLUDE", str(self.include))
        monkeypatch.setenv("ORDER_SYNC_STAGING", f"file://{folder / 'staging'}")
        (folder / "ledger.db").write_bytes(_empty_ledger())
        self.book: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.db'}")
        self.now = START
        self._batches = count()
        self._inbox = folder / "inbox"
        self._inbox.mkdir()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.book.close()

    def configure(self, **settings: Any) -> None:
        """Change the retailer's settings of the flow from now on."""
        content = yaml.safe_dump({"predictspring_order_sync": settings})
        (self.include / "retailers" / f"{RETAILER}.yaml").write_text(content, encoding="utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        """Change a mapping or a lookup table from now on."""
        path = self.include / "mappings" / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} does not stand in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, files: Mapping[str, bytes], **params: Any) -> LabResult:
        """Collect some files, by name, as one batch and transform it."""
        return self.transform(self.collect(files), **params)

    def collect(self, files: Mapping[str, bytes]) -> Batch:
        """Store some files and register them as a batch."""
        self.now += timedelta(minutes=1)
        staging = Staging()
        seen = []
        for number, (name, data) in enumerate(files.items()):
            local = self._inbox / str(number)
            local.write_bytes(data)
            sha256 = hashlib.sha256(data).hexdigest()
            seen.append(FileSeen(sha256, len(data), staging.put(local, "inputs", sha256), name, "tlog", self.now))
        rows = self.book.record_files(FLOW, RETAILER, seen, at=self.now)
        inputs = [
            BatchInput(row.id, one.name, "tlog", one.mtime, at)
            for at, (row, one) in enumerate(zip(rows, seen, strict=True))
        ]
        return self._batch("inbox", inputs)

    def again(self, *order_keys: str) -> Batch:
        """A batch of orders that wait as exceptions."""
        self.now += timedelta(minutes=1)
        ids = [self.record(key).id for key in order_keys]
        places = self.book.record_locations(ids)
        names = {place.file_id: place.file_name for place in places}
        inputs = [BatchInput(file_id, name, "", None, at) for at, (file_id, name) in enumerate(names.items())]
        return self._batch("again", inputs, ids)

    def transform(self, batch: Batch, **params: Any) -> LabResult:
        """Transform a batch, for the first time or once more."""
        self.now += timedelta(seconds=1)
        step = TransformTlogs(task_id="transform", flow=FLOW, retailer=RETAILER, work={"batches": [batch.id]})
        told = step.step(LabRun(self.now, params), self.book)  # type: ignore[arg-type]
        feeds = {feed.target: feed for feed in self.book.feeds_of_batch(batch.id)}
        return LabResult(
            batch=self.book.batch(batch.id),
            order_feed=_bytes(feeds.get(ORDER_FEED)),
            variance=_bytes(feeds.get(INVENTORY_VARIANCE)),
            exceptions=self.book.exceptions(FLOW, RETAILER, batch_ids=[batch.id]),
            outcome=told[0] if told else {},
            equation=self.book.equation(batch.id),
            kept={one.name: _read(one.uri) for one in self.book.batch_inputs(batch.id)},
        )

    def publish(self, result: LabResult, upto: BatchState = BatchState.CLOSED) -> None:
        """Do with the feeds of a batch what publishing them does to the ledger."""
        for feed in self.book.feeds_of_batch(result.batch.id):
            self.book.intend_feed(feed.id, remote_path=f"in/{feed.name}", at=self.now, who="lab")
            self.book.publish_feed(feed.id, at=self.now, who="lab")
        for start, end in ((BatchState.TRANSFORMED, BatchState.PUBLISHED), (BatchState.PUBLISHED, BatchState.CLOSED)):
            if result.batch.state is not upto:
                assert self.book.move_batch(result.batch.id, {start}, end, at=self.now)
            if end is upto:
                return

    def record(self, order_key: str) -> Record:
        """The latest version of an order."""
        return self.book.records_by_order(FLOW, RETAILER, [order_key])[-1]

    def _batch(self, kind: str, inputs: Sequence[BatchInput], selection: Sequence[int] = ()) -> Batch:
        return self.book.create_batch(
            flow=FLOW,
            retailer=RETAILER,
            key=hashlib.sha256(str(next(self._batches)).encode()).hexdigest(),
            kind=kind,
            window=None,
            dag_id=FLOW,
            run_id="lab",
            files=inputs,
            selection=selection,
            at=self.now,
        )


def json_bytes(order: Any) -> bytes:
    """Compact JSON, for orders that a test has changed."""
    return msgspec.json.encode(order)


@functools.cache
def _empty_ledger() -> bytes:
    """A ledger with nothing in it, made once per process."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        upgrade(f"sqlite:///{path}")
        return path.read_bytes()


def _rows(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def _bytes(feed: Feed | None) -> bytes:
    return _read(feed.uri) if feed else b""


def _read(uri: str) -> bytes:
    with Staging().open(uri) as stream:
        return stream.read()
