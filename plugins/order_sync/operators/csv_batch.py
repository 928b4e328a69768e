"""One batch of records that become rows of CSV files: whole records, at most so many of them to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from order_sync.errors import BadInput
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, Ledger
from order_sync.operators.batch_decisions import BatchDecisions, Candidate, is_sent
from order_sync.operators.batch_reader import Input
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Output, register
from order_sync.settings import NetSuiteCreatedOrders
from order_sync.staging import Staging
from order_sync.transforms.tlog_frame import SourceRecord


class Draft(NamedTuple):
    """A record on its way into a file.

    :param rows: exactly what is written for it; blank where nothing is.
    """

    record: SourceRecord
    key: str
    cause: BadInput | None
    left_out: str
    waits_for: tuple[str, ...]
    rows: bytes
    row_count: int
    amount_minor: int | None = None
    currency: str = ""
    lines: int = 1
    order_date: datetime | None = None
    store: str = ""


class Rows(Protocol):
    """What turns raw records into drafts."""

    version: str

    def header(self) -> bytes:
        """The first line of every file."""

    def read(self, records: Iterable[SourceRecord]) -> Iterator[Sequence[Draft]]:
        """Drafts, some thousand at a time, in the order of the records."""


@dataclass
class _File:
    """One file while it is written."""

    output: Output
    keys: list[str] = field(default_factory=list)
    amounts: Counter[str] = field(default_factory=Counter)


class CsvBatch:
    """Transforms one batch.

    :param target: name of the files in the ledger; several are told apart by a number behind ``#``.
    :param label: what stands for them in file names.
    """

    def __init__(
        self,
        rows: Rows,
        target: str,
        label: str,
        settings: NetSuiteCreatedOrders,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
    ) -> None:
        self._rows, self._target, self._label, self._settings = rows, target, label, settings
        self._book, self._staging, self._batch, self._run = book, staging, batch, run
        self._decisions = BatchDecisions(book, staging, batch, inputs, run, settings.limits, emit_changes=False)
        self._files: list[_File] = []

    def transform(self) -> Outcome:
        """Read, decide, write.

        :raises Stop: the count or the money does not close.
        """
        outcome = self._decisions.outcome
        with self._staging.scratch() as folder:
            try:
                for drafts in self._rows.read(self._decisions.reader.records()):
                    self._decide(drafts, folder)
                self._decisions.decide_faults()
                outcome.feed_rows = sum(file.output.rows for file in self._files)
                if not self._run.dry_run:
                    self._decisions.cancel_surrogates()
                    self._decisions.check_equation()
                    point("transform.before_register")
                    self._register()
            finally:
                for file in self._files:
                    with suppress(OSError):
                        file.output.close()
        return outcome

    def _decide(self, drafts: Sequence[Draft], folder: Path) -> None:
        _, decisions = self._decisions.decide([self._candidate(draft) for draft in drafts])
        for draft, decision in zip(drafts, decisions, strict=True):
            if is_sent(decision):
                file = self._file(draft.row_count, folder)
                file.output.write(draft.rows, draft.row_count)
                file.output.orders += 1
                file.keys.append(self._key(draft))
                if draft.amount_minor is not None:
                    file.amounts[draft.currency] += draft.amount_minor

    def _file(self, rows: int, folder: Path) -> _File:
        """The file that takes so many rows more; a record is never split over two."""
        if self._files:
            last = self._files[-1]
            fits = last.output.rows + rows <= self._settings.rows.max_rows_per_file
            if fits and last.output.orders < self._settings.rows.max_orders_per_file:
                return last
        self._files.append(_File(Output(folder / str(len(self._files)), self._rows.header())))
        return self._files[-1]

    def _key(self, draft: Draft) -> str:
        return self._decisions.key(draft.record, draft.key)

    def _candidate(self, draft: Draft) -> Candidate:
        return self._decisions.candidate(
            draft.record, draft.key, draft.rows, cause=draft.cause, left_out=draft.left_out, waits_for=draft.waits_for,
            amount_minor=draft.amount_minor, currency=draft.currency, lines=draft.lines, order_date=draft.order_date,
            store=draft.store,
        )  # fmt: skip

    def _register(self) -> None:
        for number, file in enumerate(self._files, start=1):
            file.output.finish()
            feed = register(
                self._book, self._staging, self._batch, self._run, file.output,
                target=f"{self._target}#{number}", label=self._label, ending="csv", settings=self._settings,
                amounts=file.amounts, carries_records=True,
            )  # fmt: skip
            self._book.attach_records_to_feed(feed.id, file.keys)
        for feed in self._book.feeds_of_batch(self._batch.id)[len(self._files) :]:
            self._book.drop_staged_feed(self._batch.id, feed.target)
        self._decisions.done(self._rows.version)
