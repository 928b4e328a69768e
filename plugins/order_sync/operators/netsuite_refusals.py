"""NetSuite's error files: what it refused becomes an exception, in its own words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from order_sync.contracts import netsuite_files
from order_sync.contracts.netsuite_files import ITEM_ERRORS, ErrorRow, Kind
from order_sync.errors import BadInput
from order_sync.flow import Run
from order_sync.ledger import REFUSED, Feed, FeedState, Ledger, Record, State
from order_sync.operators.netsuite_replies import ORDER, Replies
from order_sync.operators.netsuite_returns import deposits_by_order
from order_sync.operators.problem_notes import Notes

_LONGEST = 1_000
_NOT_THERE_YET = frozenset({FeedState.STAGED, FeedState.INTENDED})
_LOOK = "Look in NetSuite what it is about."


class Refusals:
    """Takes in error files."""

    def __init__(self, run: Run, book: Ledger, notes: Notes, retailer: str) -> None:
        self._run, self._book, self._notes, self._retailer = run, book, notes, retailer

    def take(self, replies: Replies, name: str, data: bytes) -> bool:
        """Set aside what an error file tells of.

        :returns: whether it is taken in; False where a run that died has not noted yet that it sent what was refused.
        """
        kind = netsuite_files.kind_of(name)
        if kind is None:
            return True
        try:
            told = netsuite_files.errors(name, data, kind)
        except BadInput as error:
            self._notes.tell(f"error file {name!r:.120}", error.message, error.next_step)
            return True
        by_subject: dict[str, list[str]] = defaultdict(list)
        for row in told.rows:
            by_subject[row.subject].append(row.message)
        rows = [ErrorRow(subject, _cut(" / ".join(messages))) for subject, messages in by_subject.items()]
        takes = {Kind.DEPOSIT_ERRORS: self._deposits, **dict.fromkeys(ITEM_ERRORS, self._items)}
        done = takes.get(kind, self._files)(replies, name, rows)
        if done and told.strange:
            message = f"{len(told.strange)} lines of the error file {name!r:.120} could not be read."
            self._notes.tell("error files", message, "Look at the file; the other lines were taken in.")
        return done

    def _files(self, replies: Replies, name: str, rows: Sequence[ErrorRow]) -> bool:
        names = [row.subject for row in rows]
        feeds = {
            name: feed
            for flow in (replies.flow, *replies.also)
            for name, feed in self._book.feeds_named(flow, self._retailer, names).items()
        }
        if any(feed.state in _NOT_THERE_YET for feed in feeds.values()):
            return False
        for row in rows:
            if feed := feeds.get(row.subject):
                self._refuse(feed, name, row.message)
            else:
                of = f"of the file {row.subject}, which we never sent" if row.subject else "of no file"
                self._notes.tell("error files", f"NetSuite's {name!r:.120} says, {of}: {row.message}", _LOOK)
        return True

    def _refuse(self, feed: Feed, name: str, words: str) -> None:
        message = f"{words} (NetSuite's {name} of the file {feed.name})"
        refused = self._book.refuse_feed(feed.id, REFUSED, message, at=self._run.now, who=self._run.who)
        if not refused and feed.state is not FeedState.REFUSED:
            about = f"NetSuite's {name!r:.120} says of the file {feed.name}, all of which is answered or sent again"
            self._notes.tell("error files", f"{about}: {words}", _LOOK)

    def _items(self, replies: Replies, name: str, rows: Sequence[ErrorRow]) -> bool:
        """Set aside the items of the orders that NetSuite names; it says so again in every run until it is mended."""
        by_order: dict[str, list[Record]] = defaultdict(list)
        for record in self._book.standing(replies.flow, self._retailer, State.DELIVERED, State.INTENDED):
            by_order[record.order_key.partition(":")[0]].append(record)
        ids = self._book.ids_of(self._retailer, ORDER, list(by_order))
        open_items = {netsuite_id: by_order[order] for order, netsuite_id in ids.items()}
        of_rows = [(row, open_items.get(row.subject, [])) for row in rows]
        if any(record.state is State.INTENDED for _, records in of_rows for record in records):
            return False
        for row, records in of_rows:
            self._set_aside(records, f"{row.message} (NetSuite's {name} of its order {row.subject})")
        return True

    def _deposits(self, replies: Replies, name: str, rows: Sequence[ErrorRow]) -> bool:
        """Set aside the deposits of the orders that NetSuite names: it does not say which deposit it means."""
        by_order = deposits_by_order(self._book, self._retailer, replies.flow)
        of_rows = [(row, by_order.get(row.subject, [])) for row in rows]
        if any(record.state is State.INTENDED for _, records in of_rows for record in records):
            return False
        for row, records in of_rows:
            if records:
                self._set_aside(records, f"{row.message} (NetSuite's {name} of its order {row.subject})")
                continue
            of = f"of a deposit of its order {row.subject}, which has no open one" if row.subject else "of no deposit"
            self._notes.tell("error files", f"NetSuite's {name!r:.120} says, {of}: {row.message}", _LOOK)
        return True

    def _set_aside(self, records: Sequence[Record], message: str) -> None:
        ids = [record.id for record in records]
        self._book.refuse_records(ids, REFUSED, message, at=self._run.now, who=self._run.who)


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
