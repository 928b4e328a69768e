"""take_answers: NetSuite's return files, read and left where they lie, for HotWax imports the same files.

"In the archive folder" means submitted, not imported: a customer or an order is done only when its id has come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from order_sync.contracts import netsuite_files
from order_sync.contracts.netsuite_files import Answers, CustomerId, Kind, LineId, OrderId
from order_sync.errors import BadInput, Stop
from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS, Run
from order_sync.ledger import FileSeen, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.partners.sftp import Fetched, FileSink, RemoteFile, SftpClient
from order_sync.settings import NetSuiteFolders
from order_sync.staging import Staging

#: Whose ids the ledger keeps: customers by party, orders by HotWax's order id, lines by order and number.
CUSTOMER, ORDER, LINE, DISCOUNT_LINE = (
    "netsuite_customer", "netsuite_order", "netsuite_line", "netsuite_discount_line",
)  # fmt: skip
#: The kinds of return files whose ids are kept.
_KINDS = frozenset({Kind.CUSTOMERS, Kind.SALES_ORDERS, Kind.SALES_ORDER_LINES})
#: The ledger's flow of the return files themselves.
ANSWERS = "netsuite_answers"


class _Told(NamedTuple):
    """Ids that a file tells, by kind, and what could not be read of it."""

    ids: dict[str, dict[str, str]]
    strange: int


class TakeAnswers(FlowOperator):
    """Takes in every return file that has come since, for records of any earlier run.

    :param conn_id: the SFTP connection.
    :param folders: where the return files lie; HotWax moves them into ``archive`` below.
    :param deadline_hours: after which a record without an answer is told by name.
    :returns: how many records were confirmed, by flow.
    """

    def __init__(self, *, conn_id: str, folders: NetSuiteFolders, deadline_hours: float, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.folders, self.deadline_hours = conn_id, folders, deadline_hours

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """Read what is new, keep the ids, confirm what they belong to, and tell what is overdue."""
        if run.dry_run:
            self.log.info("Dry run: no answers are taken in.")
            return {}
        with Staging().scratch() as folder, SftpClient(self.conn_id) as sftp:
            for fetched, path in self._new_files(book, sftp, folder):
                self._take(run, book, fetched, path)
        confirmed = {}
        for flow, kind in ((NETSUITE_CUSTOMERS, CUSTOMER), (NETSUITE_ORDERS, ORDER)):
            confirmed[flow] = book.confirm_by_ids(flow, self.retailer, kind, at=run.now, who=run.who)
            self._tell_overdue(run, book, flow)
        self.log.info("Confirmed by ids that came back: %s.", confirmed)
        return confirmed

    def _new_files(self, book: Ledger, sftp: SftpClient, folder: Path) -> Iterator[tuple[Fetched, Path]]:
        """The files that were not taken in before, the oldest first."""
        listed: dict[tuple[str, int, object], RemoteFile] = {}
        for place in self.folders.answers():
            for file in (*self._read(sftp.list(place)), *self._archived(sftp, place)):
                listed.setdefault((file.name, file.size, file.mtime), file)
        known = book.sighted(ANSWERS, self.retailer, [file.name for file in listed.values()])
        new = sorted((file for key, file in listed.items() if key not in known), key=lambda one: (one.mtime, one.name))
        places = {file.path: folder / str(number) for number, file in enumerate(new)}
        for fetched in sftp.fetch(new, lambda file: FileSink(places[file.path])):
            if fetched.error is not None:  # HotWax took it away meanwhile: the next run finds it in the archive
                self.log.warning("File %r is left for the next run: %s", fetched.remote.name, fetched.error)
                continue
            yield fetched, places[fetched.remote.path]

    def _archived(self, sftp: SftpClient, place: str) -> list[RemoteFile]:
        """The return files that HotWax has imported already; its archive is there once it did so for the first time."""
        try:
            return self._read(sftp.list(f"{place}/archive"))
        except Stop:
            return []

    @staticmethod
    def _read(files: Sequence[RemoteFile]) -> list[RemoteFile]:
        """The files whose ids are kept; those of other kinds are for others to read."""
        return [file for file in files if not file.is_dir and file.size and netsuite_files.kind_of(file.name) in _KINDS]

    def _take(self, run: Run, book: Ledger, fetched: Fetched, path: Path) -> None:
        """Keep the ids of one file, then note that it was taken in: in this order, so that nothing is lost between."""
        remote = fetched.remote
        try:
            told = _ids(remote.name, path.read_bytes())
        except BadInput as error:
            self._tell(run, book, f"return file {remote.name!r:.120}", error.message, error.next_step)
            told = _Told({}, 0)
        if told.strange:
            message = f"{told.strange} lines of the return file {remote.name!r:.120} could not be read."
            self._tell(run, book, "return files", message, "Look at the file; the other lines were taken in.")
        for kind, ids in told.ids.items():
            for key, (kept, other) in book.keep_ids(self.retailer, kind, ids, source=remote.name, at=run.now).items():
                message = f"NetSuite gives {key} the id {other}, but gave it {kept} before."
                self._tell(run, book, "return files", message, "Look in NetSuite which one is right: one is a double.")
        uri = Staging().put(path, "inputs", fetched.sha256)
        folder = remote.path.rpartition("/")[0]
        seen = FileSeen(fetched.sha256, fetched.size, uri, remote.name, folder, remote.mtime)
        book.record_files(ANSWERS, self.retailer, [seen], at=run.now)

    def _tell_overdue(self, run: Run, book: Ledger, flow: str) -> None:
        late = book.overdue(flow, self.retailer, before=run.now - timedelta(hours=self.deadline_hours))
        if late:
            shown = ", ".join(record.order_key for record in late[:10]) + (" and more" if len(late) > 10 else "")
            message = (
                f"{len(late)} of {flow} are without an answer of NetSuite after {self.deadline_hours:g} h: {shown}."
            )
            self._tell(
                run, book, "answers", message, "Look at NetSuite's import job status: row errors stand only there."
            )

    def _tell(self, run: Run, book: Ledger, about: str, message: str, next_step: str) -> None:
        book.note_problem(
            flow=self.flow,
            retailer=self.retailer,
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id=about,
            error_class="Answer",
            message=message,
            next_step=next_step,
            at=run.now,
        )


def _ids(name: str, data: bytes) -> _Told:
    """The ids of one return file.

    :raises BadInput: it is not what its name says.
    """
    kind = netsuite_files.kind_of(name)
    if kind is Kind.CUSTOMERS:
        return _customers(netsuite_files.customers(name, data))
    if kind is Kind.SALES_ORDERS:
        return _orders(netsuite_files.orders(name, data))
    return _lines(netsuite_files.lines(name, data))


def _customers(answers: Answers[CustomerId]) -> _Told:
    return _Told({CUSTOMER: {row.party_id: row.netsuite_id for row in answers.rows}}, len(answers.strange))


def _orders(answers: Answers[OrderId]) -> _Told:
    return _Told({ORDER: {row.order_id: row.netsuite_id for row in answers.rows}}, len(answers.strange))


def _lines(answers: Answers[LineId]) -> _Told:
    plain: dict[str, str] = {}
    discounts: dict[str, str] = {}
    for row in answers.rows:
        (discounts if row.discount else plain)[f"{row.order_id}:{row.seq}"] = row.netsuite_id
    return _Told({LINE: plain, DISCOUNT_LINE: discounts}, len(answers.strange))
