"""take_answers: NetSuite's return files, read and left where they lie, for HotWax imports the same files.

"In the archive folder" means submitted, not imported: a customer or an order is done only when its id has come back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from order_sync.contracts import netsuite_files
from order_sync.contracts.netsuite_files import ERRORS, Kind
from order_sync.errors import BadInput, NotThere, Stop
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import FileSeen, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.operators.netsuite_refusals import Refusals
from order_sync.operators.netsuite_replies import (
    CASH_SALE,
    CUSTOMER,
    DEPOSIT,
    DISCOUNT_LINE,
    LINE,
    ORDER,
    Replies,
    created_orders_replies,
)
from order_sync.operators.netsuite_returns import read_return
from order_sync.operators.netsuite_unanswered import Unanswered
from order_sync.operators.problem_notes import Notes
from order_sync.partners.sftp import Fetched, FileSink, RemoteFile, SftpClient
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.operators.netsuite_returns import Told

__all__ = [
    "ANSWERS",
    "CASH_SALE",
    "CUSTOMER",
    "DEPOSIT",
    "DISCOUNT_LINE",
    "LINE",
    "ORDER",
    "Replies",
    "TakeAnswers",
    "created_orders_replies",
]

#: The ledger's flow of the return files and error files themselves.
ANSWERS = "netsuite_answers"
_SHOWN = 10


class TakeAnswers(FlowOperator):
    """Takes in every return file and error file that has come since, for records of any earlier run.

    :param conn_id: the SFTP connection.
    :param answers: what NetSuite answers to what this DAG sends.
    :param temp_folder: where unfinished files lie, of those that are put there again.
    :param deadline_hours: after which a record without an answer, or one that waits, is told by name.
    :returns: how many records were confirmed, by flow.
    """

    def __init__(
        self, *, conn_id: str, answers: Sequence[Replies], temp_folder: str, deadline_hours: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.answers, self.temp_folder = conn_id, answers, temp_folder
        self.deadline_hours = deadline_hours

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """Read what is new, keep the ids, confirm what they belong to; then what was refused, and what is overdue."""
        if run.dry_run:
            self.log.info("Dry run: no answers are taken in.")
            return {}
        notes = Notes(run, book, self.flow, self.retailer)
        with Staging().scratch() as folder, SftpClient(self.conn_id) as sftp:
            errors = []
            for replies, fetched, path in self._new_files(book, notes, sftp, folder):
                if netsuite_files.kind_of(fetched.remote.name) in ERRORS:
                    errors.append((replies, fetched, path))
                else:
                    self._take(run, book, notes, replies, fetched, path)
            confirmed = self._confirm(run, book)
            # Only now: a file that NetSuite complains of may have been imported all the same.
            refusals = Refusals(run, book, notes, self.retailer)
            for replies, fetched, path in errors:
                if refusals.take(replies, fetched.remote.name, path.read_bytes()):
                    self._taken(run, book, fetched, path)
            unanswered = Unanswered(run, book, notes, self.retailer, self.deadline_hours)
            for replies in self.answers:
                unanswered.tell(replies, sftp, self.temp_folder)
        return confirmed

    def _confirm(self, run: Run, book: Ledger) -> dict[str, int]:
        confirmed = {
            one.flow: book.confirm_by_ids(one.flow, self.retailer, one.kind, at=run.now, who=run.who)
            for one in self.answers
            if one.kind
        }
        self.log.info("Confirmed by ids that came back: %s.", confirmed)
        return confirmed

    def _new_files(
        self, book: Ledger, notes: Notes, sftp: SftpClient, folder: Path
    ) -> Iterator[tuple[Replies, Fetched, Path]]:
        """The files that were not taken in before, the oldest first."""
        listed: dict[tuple[str, int, object], tuple[RemoteFile, Replies]] = {}
        for replies in self.answers:
            for place, kinds in _places(replies):
                for file in _of_kinds(sftp, notes, place, kinds):
                    listed.setdefault((file.name, file.size, file.mtime), (file, replies))
        known = book.sighted(ANSWERS, self.retailer, [file.name for file, _ in listed.values()])
        whose = {file.path: replies for key, (file, replies) in listed.items() if key not in known}
        new = [file for file, _ in listed.values() if file.path in whose]
        new.sort(key=lambda file: (file.mtime, file.name))
        places = {file.path: folder / str(number) for number, file in enumerate(new)}
        for fetched in sftp.fetch(new, lambda file: FileSink(places[file.path])):
            if fetched.error is not None:  # HotWax took it away meanwhile: the next run finds it in the archive
                self.log.warning("File %r is left for the next run: %s", fetched.remote.name, fetched.error)
                continue
            yield whose[fetched.remote.path], fetched, places[fetched.remote.path]

    def _take(self, run: Run, book: Ledger, notes: Notes, replies: Replies, fetched: Fetched, path: Path) -> None:
        """Keep the ids of one file, then note that it was taken in: in this order, so that nothing is lost between."""
        name, data = fetched.remote.name, path.read_bytes()
        if not data.endswith((b"\n", b"\r")):
            self._leave(notes, name)
            return
        try:
            self._keep(run, book, notes, name, read_return(book, self.retailer, replies, name, data))
        except BadInput as error:
            notes.tell(f"return file {name!r:.120}", error.message, error.next_step)
        self._taken(run, book, fetched, path)

    def _leave(self, notes: Notes, name: str) -> None:
        """Pass over a file that ends in the middle of a line: the beginning of an id is the id of another record."""
        self.log.warning("Return file %r ends in the middle of a line and is left for the next run.", name)
        intro = "A return file ends in the middle of a line and is not taken in"
        step = "Nothing, if it was just being uploaded: the next run takes it in. Else have NetSuite write it again."
        notes.tell_named("return files", intro, [name.replace(";", ",")], step)

    def _keep(self, run: Run, book: Ledger, notes: Notes, name: str, told: Told) -> None:
        if told.strange:
            message = f"{told.strange} lines of the return file {name!r:.120} could not be read."
            notes.tell("return files", message, "Look at the file; the other lines were taken in.")
        if told.unclear:
            shown = "; ".join(told.unclear[:_SHOWN]) + (" and more" if len(told.unclear) > _SHOWN else "")
            message = f"The return file {name!r:.120} tells of deposits that belong to no one deposit of ours: {shown}."
            notes.tell("return files", message, "Look in NetSuite which deposit each of them is.")
        for kind, ids in told.ids.items():
            for key, (kept, other) in book.keep_ids(self.retailer, kind, ids, source=name, at=run.now).items():
                message = f"NetSuite gives {key} the id {other}, but gave it {kept} before."
                notes.tell("return files", message, "Look in NetSuite which one is right: one is a double.")

    def _taken(self, run: Run, book: Ledger, fetched: Fetched, path: Path) -> None:
        remote = fetched.remote
        uri = Staging().put(path, "inputs", fetched.sha256)
        folder = remote.path.rpartition("/")[0]
        seen = FileSeen(fetched.sha256, fetched.size, uri, remote.name, folder, remote.mtime)
        point("answers.before_commit")
        book.record_files(ANSWERS, self.retailer, [seen], at=run.now)


def _places(replies: Replies) -> list[tuple[str, tuple[Kind, ...]]]:
    """Where the flow's files come, with the kinds that are for it; its archive is there once HotWax imported one."""
    returns = [(place, replies.returns) for folder in replies.folders for place in (folder, f"{folder}/archive")]
    return returns + ([(f"{replies.export}/error", replies.errors)] if replies.errors else [])


def _of_kinds(sftp: SftpClient, notes: Notes, place: str, kinds: Sequence[Kind]) -> list[RemoteFile]:
    """The files of some kinds; those of others are for others to read. What may not be read is told."""
    try:
        files = sftp.list(place)
    except NotThere:
        return []
    except Stop as error:
        notes.tell("return files", error.message, error.next_step)
        return []
    return [file for file in files if not file.is_dir and file.size and netsuite_files.kind_of(file.name) in kinds]
