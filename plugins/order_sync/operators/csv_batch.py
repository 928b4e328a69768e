"""One batch of records that become rows of CSV files: whole records, at most so many of them to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple, Protocol

from order_sync.errors import BadInput
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Admission, AdmissionKind, Batch, Decision, Ledger, State
from order_sync.operators.batch_decisions import BatchDecisions, Candidate, is_sent
from order_sync.operators.batch_reader import Frames, Input, json_records
from order_sync.operators.outcome import Outcome
from order_sync.operators.outputs import Output, register
from order_sync.settings import FileNames, Limits
from order_sync.staging import Staging
from order_sync.transforms.tlog_frame import SourceRecord

#: The target name of the side file: what later steps have to know of orders, one JSON object per line.
TOLD = "order_facts"


class Draft(NamedTuple):
    """A record on its way into a file.

    :param rows: exactly what is written for it; blank where nothing is.
    :param told: a line of the side file, for what follows the record; blank where nothing does.
    :param known_by: what tells it from another version, where that is not its rows.
    :param updated_ms: the partner's own clock, where versions of it have one.
    :param together: records side by side that have the same text here stand in one file; blank: it stands alone.
    :param opening: stands once before the rows of such records that have the same; ``closing`` stands behind them.
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
    told: bytes = b""
    known_by: bytes = b""
    updated_ms: int | None = None
    together: str = ""
    opening: bytes = b""
    closing: bytes = b""


class Form(NamedTuple):
    """What stands in a file beside the rows.

    :param between: between the rows of two records.
    :param check: looks at a finished file, and raises Stop where it must not go out.
    :param carries_records: whether the records move with their file; if not, each has a call of its own.
    """

    ending: str = "csv"
    between: bytes = b""
    end: bytes = b""
    check: Callable[[Path], None] | None = None
    carries_records: bool = True


CSV = Form()


class FileSizes(Protocol):
    """How much a file may hold."""

    @property
    def max_orders_per_file(self) -> int:
        """The most records."""

    @property
    def max_rows_per_file(self) -> int:
        """The most rows."""


class CsvSettings(FileNames, Protocol):
    """Settings of a flow that writes CSV files."""

    @property
    def limits(self) -> Limits:
        """Bounds for what is read."""

    @property
    def rows(self) -> FileSizes:
        """How much a file may hold."""


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
    :param form: of the files.
    :param frames: what cuts a source file into records.
    :param emit_changes: whether a changed record goes out once more; else it waits as an exception.
    """

    def __init__(
        self,
        rows: Rows,
        target: str,
        label: str,
        settings: CsvSettings,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
        form: Form = CSV,
        *,
        frames: Frames = json_records,
        emit_changes: bool = False,
    ) -> None:
        self._rows, self._target, self._label, self._settings, self._form = rows, target, label, settings, form
        self._book, self._staging, self._batch, self._run = book, staging, batch, run
        self._decisions = BatchDecisions(
            book, staging, batch, inputs, run, settings.limits, emit_changes=emit_changes, frames=frames
        )
        self._files: list[_File] = []
        self._told: Output | None = None

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
                for output in (*(file.output for file in self._files), *([self._told] if self._told else [])):
                    with suppress(OSError):
                        output.close()
        return outcome

    def _decide(self, drafts: Sequence[Draft], folder: Path) -> None:
        admissions, decisions = self._decisions.decide([self._candidate(draft) for draft in drafts])
        for draft, admission, decision in zip(drafts, admissions, decisions, strict=True):
            if draft.told and _stands(draft, admission, decision):
                self._told = self._told or Output(folder / TOLD, b"")
                self._told.write(draft.told, 1)
        going = [draft for draft, decision in zip(drafts, decisions, strict=True) if is_sent(decision)]
        for _, side_by_side in groupby(enumerate(going), key=lambda one: one[1].together or one[0]):
            self._write([draft for _, draft in side_by_side], folder)

    def _write(self, group: Sequence[Draft], folder: Path) -> None:
        """Write what goes out of records that stand together."""
        file = self._file(sum(draft.row_count for draft in group), len(group), folder)
        for opening, beside in groupby(group, key=lambda draft: draft.opening):
            before, closing = opening, b""
            for draft in beside:
                file.output.write((self._form.between if file.output.rows else b"") + before, 0)
                file.output.write(draft.rows, draft.row_count)
                file.output.orders += 1
                file.keys.append(self._key(draft))
                if draft.amount_minor is not None:
                    file.amounts[draft.currency] += draft.amount_minor
                before, closing = b"", draft.closing
            file.output.write(closing, 0)

    def _file(self, rows: int, records: int, folder: Path) -> _File:
        """The file that takes so much more; a record is never split over two."""
        if self._files:
            last = self._files[-1]
            fits = last.output.rows + rows <= self._settings.rows.max_rows_per_file
            if fits and last.output.orders + records <= self._settings.rows.max_orders_per_file:
                return last
        self._files.append(_File(Output(folder / str(len(self._files)), self._rows.header())))
        return self._files[-1]

    def _key(self, draft: Draft) -> str:
        return self._decisions.key(draft.record, draft.key)

    def _candidate(self, draft: Draft) -> Candidate:
        return self._decisions.candidate(
            draft.record, draft.key, draft.known_by or draft.rows, cause=draft.cause, left_out=draft.left_out,
            waits_for=draft.waits_for, amount_minor=draft.amount_minor, currency=draft.currency, lines=draft.lines,
            order_date=draft.order_date, store=draft.store, updated_ms=draft.updated_ms,
        )  # fmt: skip

    def _register(self) -> None:
        for number, file in enumerate(self._files, start=1):
            file.output.finish(self._form.end)
            if self._form.check:
                self._form.check(file.output.path)
            feed = register(
                self._book, self._staging, self._batch, self._run, file.output,
                target=f"{self._target}#{number}", label=self._label, ending=self._form.ending, settings=self._settings,
                amounts=file.amounts, carries_records=self._form.carries_records,
            )  # fmt: skip
            self._book.attach_records_to_feed(feed.id, file.keys)
        self._register_told()
        targets = {f"{self._target}#{number}" for number in range(1, len(self._files) + 1)}
        for feed in self._book.feeds_of_batch(self._batch.id):
            if feed.target not in targets | ({TOLD} if self._told else set()):
                self._book.drop_staged_feed(self._batch.id, feed.target)
        self._decisions.done(self._rows.version)

    def _register_told(self) -> None:
        """Keep the side file in the staging store; it goes to nobody."""
        if self._told:
            self._told.finish()
            register(
                self._book, self._staging, self._batch, self._run, self._told, target=TOLD, label="OrderFacts",
                ending="jsonl", settings=self._settings, amounts={}, carries_records=False,
            )  # fmt: skip


def _stands(draft: Draft, admission: Admission, decision: Decision | None) -> bool:
    """Whether what a draft tells is so: it goes out, did so before, or is left out for what it tells."""
    if decision is None:
        return admission.kind is AdmissionKind.SAME
    return decision.state is State.READY or (decision.state is State.EXCLUDED and decision.reason == draft.left_out)
