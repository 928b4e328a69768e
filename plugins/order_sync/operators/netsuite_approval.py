"""Approval: HotWax is told of every order that NetSuite has with all its lines, and approves it.

Two files, one after the other: the attribute that says so, then, when HotWax has it, the order to approve.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from order_sync.errors import NotSent
from order_sync.flow import NETSUITE_APPROVALS, Run
from order_sync.ledger import Batch, BatchState, Feed, FeedState, Ledger, Record, State
from order_sync.operators.confirm import CLOCK_MARGIN
from order_sync.operators.netsuite_unanswered import Unanswered
from order_sync.operators.problem_notes import Notes
from order_sync.operators.publish import Publish
from order_sync.partners.hotwax import DataManager, ImportStatus
from order_sync.partners.sftp import SftpClient
from order_sync.settings import ApprovalFile, NetSuiteApproval, NetSuiteCreatedOrders, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.csv_batch import Draft
    from order_sync.operators.netsuite_follow_ups import ApprovalFollowUps
    from order_sync.transforms.tlog_frame import SourceRecord

#: Names of the files in the ledger.
ATTRIBUTES, APPROVALS = "order_attributes", "order_approvals"
_FRAME = 2_000
#: Stands for every order of a file that was refused as a whole.
_ALL = ""


class _Import(NamedTuple):
    """What HotWax did with a file.

    :param evidence: the id of its log, or that the file lies in the archive.
    :param refused: its words, by order.
    """

    evidence: str
    refused: dict[str, str]


class MarkExported(Publish):
    """Registers approvals of orders that were sent, and tells HotWax the attribute of those whose lines have numbers.

    :param conn_id: HotWax's SFTP connection.
    :param approval: the files.
    :returns: the paths that were published.
    """

    def __init__(self, *, approval: NetSuiteApproval, **kwargs: Any) -> None:
        super().__init__(folders={ATTRIBUTES: approval.attributes.folder}, repeatable=[], work=None, **kwargs)

    def step(self, run: Run, book: Ledger) -> list[str]:
        """Take in, let wake what can, and publish."""
        if run.dry_run or run.repeats_interval:
            self.log.info("Nothing is marked: the run is dry, or repeats an interval.")
            return []
        settings = load(self.retailer).netsuite_created_orders
        with book.alone(f"{self.flow} for {self.retailer}"):
            follow_ups = _follow_ups(run, book, self.flow, self.retailer, settings)
            follow_ups.take_in()
            follow_ups.bring_back()
            batches = [one for one in follow_ups.under_way() if one.state is not BatchState.PUBLISHED]
            if settings.approval.enabled and (due := follow_ups.due()):
                batches.append(follow_ups.due_batch(due))
            for batch in batches:
                self._transform(run, book, batch, settings)
        return self.put(run, book, batches)

    def _transform(self, run: Run, book: Ledger, batch: Batch, settings: NetSuiteCreatedOrders) -> None:
        """Write the attributes of a batch; one that was promised stands as it is."""
        from order_sync.operators.csv_batch import CsvBatch
        from order_sync.operators.transform import inputs_of

        if not book.is_frozen(batch.id):
            rows = _AttributeRows(settings.approval, book, self.retailer)
            inputs = inputs_of(book, batch)
            CsvBatch(
                rows, ATTRIBUTES, "ApproveOrderAttributes", settings, book, Staging(), batch, inputs, run
            ).transform()  # fmt: skip


class Approve(Publish):
    """Looks once what HotWax did with the files, approves what it has the attribute of, and tells what it refused.

    :param conn_id: HotWax's SFTP connection.
    :param api: of its Data Manager; blank: what lies in the archive counts as imported.
    :param approval: the files.
    :param deadline_hours: after which what HotWax has not imported, or what waits, is told by name.
    :returns: the paths that were published.
    """

    def __init__(self, *, api: str, approval: NetSuiteApproval, deadline_hours: float, **kwargs: Any) -> None:
        super().__init__(folders={APPROVALS: approval.orders.folder}, repeatable=[], work=None, **kwargs)
        self.api, self.approval, self.deadline_hours = api, approval, deadline_hours

    def step(self, run: Run, book: Ledger) -> list[str]:
        """Take every batch that is out one step further, if HotWax is done with the step before."""
        if run.dry_run or run.repeats_interval:
            self.log.info("Nothing is approved: the run is dry, or repeats an interval.")
            return []
        settings = load(self.retailer).netsuite_created_orders
        with book.alone(f"{self.flow} for {self.retailer}"):
            out = _follow_ups(run, book, self.flow, self.retailer, settings).under_way()
            batches = [one for one in out if one.state is BatchState.PUBLISHED and self._goes_on(run, book, one)]
        paths = self.put(run, book, batches)
        self._tell_late(run, book)
        return paths

    def _goes_on(self, run: Run, book: Ledger, batch: Batch) -> bool:
        """Whether there is a file of orders to publish."""
        feeds = book.feeds_of_batch(batch.id)
        marks = [one for one in feeds if one.carries_records]
        approvals = [one for one in feeds if not one.carries_records]
        if any(one.state in {FeedState.STAGED, FeedState.INTENDED} for one in approvals):
            return True
        asked = self.approval.orders if approvals else self.approval.attributes
        evidence = self._evidence(run, book, batch, approvals or marks, asked)
        if evidence is None:
            return False
        if not approvals and (keys := [one.order_key for one in self._delivered(book, batch)]):
            self._register(run, book, batch, keys)
            return True
        for feed in feeds:
            book.confirm_feed(feed.id, refused={}, partner_log_id=evidence, at=run.now, who=run.who)
        book.move_batch(batch.id, {BatchState.PUBLISHED}, BatchState.CLOSED, at=run.now)
        return False

    def _delivered(self, book: Ledger, batch: Batch) -> list[Record]:
        """The orders of a batch that HotWax has not refused."""
        return [one for one in book.standing(self.flow, self.retailer, State.DELIVERED) if one.batch_id == batch.id]

    def _evidence(self, run: Run, book: Ledger, batch: Batch, feeds: Sequence[Feed], file: ApprovalFile) -> str | None:
        """What says that HotWax is done with all of some files, None if it is not; what it refused is set aside."""
        imports = [self._import(feed, file, run) for feed in feeds]
        done = [one for one in imports if one is not None]
        if len(done) < len(imports):
            return None
        refused = {key: message for one in done for key, message in one.refused.items()}
        for record in self._delivered(book, batch) if refused else ():
            if message := refused.get(record.order_key) or refused.get(_ALL):
                book.refuse_records([record.id], "HOTWAX_REFUSED", message, at=run.now, who=run.who)
        return ", ".join(one.evidence for one in done)

    def _import(self, feed: Feed, file: ApprovalFile, run: Run) -> _Import | None:
        """What HotWax did with a file; None if it has not come to it yet.

        :raises NotSent: it refused orders, and does not say which.
        """
        if not self.api:
            with SftpClient(self.conn_id) as sftp:
                taken = {one.name for one in sftp.list(f"{file.folder}/archive")}
            return _Import("archive", {}) if feed.name in taken else None
        with DataManager(self.api) as hotwax:
            log = hotwax.find_log(file.config, feed.name, (feed.published_at or run.now) - CLOCK_MARGIN)
            if log is None or not log.status.settled:
                return None
            if log.status is not ImportStatus.FINISHED:
                message = f"HotWax's import {log.log_id} of {feed.name} ended as {log.status}."
                return _Import(log.log_id, {_ALL: message})
            rows = [] if log.clean else hotwax.failed_rows(log)
        refused = {str(row.fields.get(file.columns[0]) or ""): row.message for row in rows}
        if not log.clean and not any(refused):
            raise NotSent(
                f"HotWax refused {log.failed} records of {feed.name}, but its error file names none of them.",
                next_step=f"Read import {log.log_id} in HotWax (EXIM, Data Manager), then clear this task.",
            )
        return _Import(log.log_id, {key: message for key, message in refused.items() if key})

    def _register(self, run: Run, book: Ledger, batch: Batch, keys: Sequence[str]) -> None:
        """The file of the orders to approve."""
        from order_sync.operators.outputs import Output, register

        settings, staging = load(self.retailer).netsuite_created_orders, Staging()
        with staging.scratch() as folder:
            output = Output(folder / APPROVALS, _row(self.approval.orders.columns))
            for key in keys:
                output.write(_row([key]), 1)
            output.finish()
            output.orders = output.rows
            register(
                book, staging, batch, run, output, target=APPROVALS, label="ApproveOrders", ending="csv",
                settings=settings, amounts={}, carries_records=False,
            )  # fmt: skip

    def _tell_late(self, run: Run, book: Ledger) -> None:
        notes = Notes(run, book, run.dag_id.partition("__")[0], self.retailer)
        Unanswered(run, book, notes, self.retailer, self.deadline_hours).tell_waiting(self.flow)
        late = book.overdue(self.flow, self.retailer, before=run.now - timedelta(hours=self.deadline_hours))
        if late:
            intro = f"{len(late)} of {self.flow} are not imported by HotWax after {self.deadline_hours:g} h"
            step = f"Look whether its imports {self.approval.attributes.config} and {self.approval.orders.config} run."
            notes.tell_named("approvals", intro, [one.order_key for one in reversed(late)], step)


class _AttributeRows:
    """Approvals as drafts: rows of the file with the attribute."""

    version = ""

    def __init__(self, approval: NetSuiteApproval, book: Ledger, retailer: str) -> None:
        self._approval, self._book, self._retailer = approval, book, retailer

    def header(self) -> bytes:
        return _row(self._approval.attributes.columns)

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        from order_sync.transforms.netsuite_frames import in_frames

        return in_frames(records, _FRAME, self._drafts)

    def _drafts(self, records: Sequence[SourceRecord]) -> list[Draft]:
        from order_sync.operators.csv_batch import Draft
        from order_sync.operators.netsuite_follow_ups import approval_of, ended

        keys = [approval_of(record.data).order for record in records]
        stopped = ended(self._book, NETSUITE_APPROVALS, self._retailer, keys)
        return [
            Draft(
                record, key, None, stopped.get(key, ""), (),
                _row([key, self._approval.attribute, self._approval.value]), 1, known_by=record.data,
            )
            for record, key in zip(records, keys, strict=True)
        ]  # fmt: skip


def _follow_ups(run: Run, book: Ledger, flow: str, retailer: str, settings: NetSuiteCreatedOrders) -> ApprovalFollowUps:
    from order_sync.operators.netsuite_follow_ups import ApprovalFollowUps

    return ApprovalFollowUps(book, run, flow, retailer, settings.limits, wanted=settings.approval.enabled)


def _row(values: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(values)
    return text.getvalue().encode()
