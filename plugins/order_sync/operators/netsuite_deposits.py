"""Customer deposits: one for each payment of an order, once NetSuite has the order; one file at a time.

NetSuite's script takes one file per run, the oldest, and puts it into the archive before it makes the first deposit. A
file that it cannot read blocks every later one. So all deposits that are due go into one file, and the next one
follows when each of them is answered, or when it is plain that no answer comes. By REST each deposit is a call of its
own, and none waits for another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from order_sync.errors import BadInput
from order_sync.flow import NETSUITE_DEPOSITS, Run
from order_sync.ledger import Batch, BatchState, Feed, FeedState, Ledger, RecordLocation, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.make_calls import OPEN
from order_sync.operators.netsuite_again import NO_ANSWER
from order_sync.operators.netsuite_files import TransformCustomers
from order_sync.operators.netsuite_followed import order_of
from order_sync.operators.netsuite_replies import ORDER
from order_sync.operators.problem_notes import Notes
from order_sync.partners.sftp import SftpClient
from order_sync.settings import Limits, NetSuiteCreatedOrders, include_folder, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.csv_batch import Draft
    from order_sync.operators.netsuite_follow_ups import DepositFollowUps
    from order_sync.operators.transform import BatchFunction
    from order_sync.transforms.netsuite_deposits import Deposit, NetSuiteDeposits
    from order_sync.transforms.tlog_frame import SourceRecord

#: Name of the file in the ledger.
DEPOSITS = "deposits"
_FRAME = 2_000


class CollectDeposits(FlowOperator):
    """Registers deposits of orders that were sent, and makes a batch of all that are due; of files one at a time.

    :param conn_id: the SFTP connection.
    :param export: the folder from which NetSuite takes the files.
    :param temp_folder: where unfinished files lie.
    :param deadline_hours: after which a deposit that is not answered holds up the others no longer.
    :returns: ``{"batches": [...]}``, those with something left to do.
    """

    def __init__(self, *, conn_id: str, export: str, temp_folder: str, deadline_hours: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.export, self.temp_folder, self.deadline_hours = conn_id, export, temp_folder, deadline_hours

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """Take in, let wake what can; where it goes as a file, hold it back while one is out."""
        from order_sync.operators.netsuite_follow_ups import DepositFollowUps

        settings = load(self.retailer).netsuite_created_orders
        if run.dry_run or run.repeats_interval or settings.deposits.form == "off":
            self.log.info("Nothing is sent: deposits are switched off, or the run is dry, or repeats an interval.")
            return {"dry_run": []} if run.dry_run else {"batches": []}
        with book.alone(f"{self.flow} for {self.retailer}"):
            follow_ups = DepositFollowUps(book, run, self.flow, self.retailer, settings.limits)
            follow_ups.take_in()
            open_batches = [one for one in follow_ups.under_way() if not self._is_over(run, book, one)]
            self._set_aside(run, book, {one.id for one in open_batches})
            follow_ups.bring_back()
            by_rest = settings.transport == "rest"
            if (by_rest or not open_batches) and (due := _due(follow_ups, open_batches)):
                most = len(due) if by_rest else settings.deposits.max_per_file
                open_batches.append(follow_ups.due_batch(due[:most]))
            ids = [one.id for one in open_batches if one.state is not BatchState.PUBLISHED or _has_calls(book, one)]
        self.log.info("Under way: batches %s.", [one.id for one in open_batches] or "none")
        return {"batches": list(dict.fromkeys(ids))}

    def _set_aside(self, run: Run, book: Ledger, out: set[int]) -> None:
        """Set aside what a person asks for by name although NetSuite has not answered it, and whose file is not out."""
        asked = {str(key).strip() for key in run.param("order_ids") or []}
        late = book.standing(self.flow, self.retailer, State.DELIVERED) if asked else []
        ids = [one.id for one in late if {one.order_key, order_of(one.order_key)} & asked and one.batch_id not in out]
        book.refuse_records(ids, NO_ANSWER, f"asked for by {run.who}", at=run.now, who=run.who)

    def _is_over(self, run: Run, book: Ledger, batch: Batch) -> bool:
        """Whether a batch holds up the next one no longer: all is answered, or too late and NetSuite has the file."""
        if batch.state is not BatchState.PUBLISHED or _has_calls(book, batch):
            return False
        if book.states_of([batch.id])[State.DELIVERED]:
            feeds = [one for one in book.feeds_of_batch(batch.id) if one.state is FeedState.PUBLISHED]
            before = run.now - timedelta(hours=self.deadline_hours)
            if any(feed.published_at is None or feed.published_at > before for feed in feeds):
                return False
            with SftpClient(self.conn_id) as sftp:
                if not all(self._is_taken(run, book, sftp, feed) for feed in feeds):
                    return False
        book.move_batch(batch.id, {BatchState.PUBLISHED}, BatchState.CLOSED, at=run.now)
        return True

    def _is_taken(self, run: Run, book: Ledger, sftp: SftpClient, feed: Feed) -> bool:
        """Whether NetSuite has a file; one that is nowhere is put there again."""
        with Staging().local(feed.uri) as local:
            found = sftp.publish(
                local, self.export, feed.name, sha256=feed.sha256, temp_folder=self.temp_folder,
                taken_folders=[f"{self.export}/archive"],
            )  # fmt: skip
        if found.renamed:
            book.put_again(feed.id, at=run.now, who=run.who)
            message = f"{feed.name} never reached NetSuite, and was put into {self.export} again."
            step = "Nothing, if it was once; else look who takes files out of that folder."
            Notes(run, book, run.dag_id.partition("__")[0], self.retailer).tell("answers", message, step)
        return found.path.startswith(f"{self.export}/archive/")


def _has_calls(book: Ledger, batch: Batch) -> bool:
    """Whether a batch that was promised has calls left to make or to find out about: one of files never has."""
    return bool(OPEN & book.states_of([batch.id]).keys())


def _due(follow_ups: DepositFollowUps, open_batches: Sequence[Batch]) -> list[RecordLocation]:
    """What waits no longer, and is in no batch that is still to be transformed."""
    chosen = {record for one in open_batches if one.state is not BatchState.PUBLISHED for record in one.selection}
    return [place for place in follow_ups.waiting() if place.record_id not in chosen]


class TransformDeposits(TransformCustomers):
    """Deposits that are due to a JSON file, or to bodies for REST."""

    def prepared(self, book: Ledger, run: Run) -> BatchFunction:
        """The retailer's transform."""
        from order_sync.operators.csv_batch import Form
        from order_sync.operators.netsuite_rest_rows import by_transport
        from order_sync.transforms.netsuite_deposits import NetSuiteDeposits, check_file

        settings = load(self.retailer).netsuite_created_orders
        transform = NetSuiteDeposits(settings, include_folder(), self.retailer)
        deposits, in_file = _DepositRows(transform, book, self.retailer), Form("json", b",\n", b"\n]\n", check_file)
        rows, target, form = by_transport(
            settings.transport, deposits, DEPOSITS, settings.rows.date_format, in_file=in_file, keys=transform.keys
        )
        return self._function(book, run, rows, target, "CustomerDepositFeed", _OneFile(settings), form)


class _OneFile:
    """The settings of a flow, but for one file of whatever size."""

    def __init__(self, settings: NetSuiteCreatedOrders) -> None:
        self.file_prefix: str = settings.file_prefix
        self.zone: ZoneInfo = settings.zone
        self.limits: Limits = settings.limits
        self.rows = _Sizes()


class _Sizes(NamedTuple):
    max_orders_per_file: int = 1 << 62
    max_rows_per_file: int = 1 << 62


class _DepositRows:
    """Deposits as drafts."""

    def __init__(self, rows: NetSuiteDeposits, book: Ledger, retailer: str) -> None:
        self._rows, self._book, self._retailer = rows, book, retailer
        self.version = rows.version

    def header(self) -> bytes:
        return b"[\n"

    def read(self, records: Iterable[SourceRecord]) -> Iterator[list[Draft]]:
        from order_sync.transforms.netsuite_frames import in_frames

        return in_frames(records, _FRAME, self._drafts)

    def _drafts(self, records: Sequence[SourceRecord]) -> list[Draft]:
        from order_sync.operators.csv_batch import Draft
        from order_sync.operators.netsuite_follow_ups import ended

        deposits = [deposit_of(record.data) for record in records]
        ids = self._book.ids_of(self._retailer, ORDER, sorted({one.order for one in deposits}))
        stopped = ended(self._book, NETSUITE_DEPOSITS, self._retailer, [one.key for one in deposits])
        written = self._rows.write(deposits, [ids.get(one.order, "") for one in deposits])
        return [
            Draft(
                record=record,
                key=one.key,
                cause=problem_of(one) or cause,
                left_out=stopped.get(one.key, ""),
                waits_for=() if one.order in ids else (f"order {one.order}",),
                rows=element,
                row_count=1,
                amount_minor=one.minor,
                currency=one.currency,
                known_by=record.data,
            )
            for record, one, (element, cause) in zip(records, deposits, written, strict=True)
        ]


def deposit_of(line: bytes) -> Deposit:
    """The deposit that a line stands for."""
    from order_sync.transforms.netsuite_deposits import Deposit

    return msgspec.json.decode(line, type=Deposit)


def problem_of(deposit: Deposit) -> BadInput | None:
    """Why a payment cannot become a deposit."""
    return BadInput("BAD_MONEY", deposit.problem, field="payments.amount") if deposit.problem else None
