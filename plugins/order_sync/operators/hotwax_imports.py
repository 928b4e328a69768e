"""take_answers of items: what NetSuite refused, and what HotWax's Data Manager says of the files that it was given.

One look per run: a file that HotWax has not imported yet is looked at again by the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from order_sync.flow import Run
from order_sync.ledger import Feed, FeedState, Ledger, Record, State
from order_sync.operators.confirm import CLOCK_MARGIN
from order_sync.operators.netsuite_answers import TakeAnswers
from order_sync.operators.problem_notes import Notes
from order_sync.partners.hotwax import DataManager, FailedRow, ImportStatus

_READ_LOG = "Read that log in HotWax (EXIM, Data Manager), and run the import there again if it did not end."


class _Look(NamedTuple):
    """What it takes to look at the imports of one kind of file."""

    run: Run
    book: Ledger
    hotwax: DataManager
    notes: Notes
    config: str


class TakeItemAnswers(TakeAnswers):
    """Takes in NetSuite's error files, and looks once what became of every file that went to HotWax.

    :param api: the HTTP connection of HotWax's Data Manager; blank: then published is final.
    :param imports: config of the import that takes the files of a flow.
    """

    def __init__(self, *, api: str, imports: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.api, self.imports = api, imports

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """First NetSuite's answers, then HotWax's."""
        confirmed = super().step(run, book)
        open_feeds = {} if run.dry_run or not self.api else self._open_feeds(book)
        if open_feeds:
            notes = Notes(run, book, self.flow, self.retailer)
            with DataManager(self.api) as hotwax:
                for flow, feeds in open_feeds.items():
                    look = _Look(run, book, hotwax, notes, self.imports[flow])
                    confirmed[flow] = sum(self._settled(look, *one) for one in feeds)
        return confirmed

    def _open_feeds(self, book: Ledger) -> dict[str, list[tuple[Feed, list[Record]]]]:
        """Files that HotWax was given and has not answered for, with what is in them."""
        found = {}
        for flow in self.imports:
            records: dict[int, list[Record]] = defaultdict(list)
            for record in book.standing(flow, self.retailer, State.DELIVERED):
                if record.feed_id:
                    records[record.feed_id].append(record)
            feeds = [feed for feed in book.feeds_of_ids(sorted(records)) if feed.state is FeedState.PUBLISHED]
            if feeds:
                found[flow] = [(feed, records[feed.id]) for feed in feeds]
        return found

    def _settled(self, look: _Look, feed: Feed, records: Sequence[Record]) -> int:
        """How many records of a file HotWax has taken by now."""
        run, notes = look.run, look.notes
        published = feed.published_at or run.now
        log = look.hotwax.find_log(look.config, feed.name, published - CLOCK_MARGIN)
        if log is None or not log.status.settled:
            if published < run.now - timedelta(hours=self.deadline_hours):
                message = f"HotWax has not imported {feed.name} after {self.deadline_hours:g} h."
                notes.tell("imports", message, "Look whether its import job runs, and for the file in its folder.")
            return 0
        if log.status is not ImportStatus.FINISHED:
            notes.tell("imports", f"HotWax's import {log.log_id} of {feed.name} ended as {log.status}.", _READ_LOG)
            return 0
        refused = {} if log.clean else _refused(look.hotwax.failed_rows(log), records)
        if not log.clean and not refused:
            message = f"HotWax refused {log.failed} records of {feed.name}, but its error file names none of them."
            notes.tell("imports", message, _READ_LOG)
            return 0
        at, who = run.now, run.who
        done = look.book.confirm_feed(feed.id, refused=refused, partner_log_id=log.log_id, at=at, who=who)
        return done.confirmed


def _refused(rows: Sequence[FailedRow], records: Sequence[Record]) -> dict[str, str]:
    """The words of HotWax by the records that they are about."""
    refused = {}
    for row in rows:
        for beginning in _lines(row.fields):
            refused |= {one.order_key: row.message for one in records if one.order_key.startswith(beginning)}
    return refused


def _lines(fields: Mapping[str, object]) -> list[str]:
    """How the keys of the records begin that a refused record is about."""
    order = fields.get("orderMap", fields)
    if not isinstance(order, Mapping):
        return []
    items = order.get("items", [order])
    beginnings = []
    for item in items if isinstance(items, list) else []:
        if isinstance(item, Mapping):
            parts = [order.get("orderId"), item.get("orderItemSeqId"), item.get("externalFacilityId")]
            beginnings.append("".join(f"{part}:" for part in parts if part))
    return beginnings
