"""What NetSuite has not answered in time, what waits for it, and files that never reached it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from order_sync.errors import Stop
from order_sync.flow import Run
from order_sync.ledger import Feed, FeedState, Ledger, Record
from order_sync.operators.netsuite_replies import Replies
from order_sync.operators.problem_notes import Notes
from order_sync.partners.sftp import SftpClient
from order_sync.staging import Staging

_JOB_STATUS = (
    "Look at NetSuite's import job status: row errors stand only there. To send one of them once more, bring it "
    "again by order_ids."
)


class _Whereabouts(NamedTuple):
    """What lies in an export folder, and in the folders below it.

    :param taken: names by folder.
    :param folders: their paths.
    """

    waiting: frozenset[str]
    taken: dict[str, frozenset[str]]
    folders: tuple[str, ...]

    def of(self, name: str) -> str | None:
        """The folder below that holds a file, blank for the export folder itself; None: it is nowhere."""
        if name in self.waiting:
            return ""
        return next((folder for folder, names in self.taken.items() if name in names), None)


class Unanswered:
    """Tells by name what is overdue and what waits; puts lost files there again.

    :param deadline_hours: after which that is so.
    """

    def __init__(self, run: Run, book: Ledger, notes: Notes, retailer: str, deadline_hours: float) -> None:
        self._run, self._book, self._notes, self._retailer = run, book, notes, retailer
        self._hours = f"{deadline_hours:g} h"
        self._before = run.now - timedelta(hours=deadline_hours)

    def tell(self, replies: Replies, sftp: SftpClient, temp_folder: str) -> None:
        """Look after one flow of the ledger."""
        late = self._book.overdue(replies.flow, self._retailer, before=self._before) if replies.kind else []
        if late and replies.export:
            late = self._followed(replies, sftp, temp_folder, late)
        if late:
            names = [f"{one.order_key} (sent {_time(one.updated_at)})" for one in reversed(late)]
            intro = f"{len(late)} of {replies.flow} are without an answer of NetSuite after {self._hours}"
            self._notes.tell_named("answers", intro, names, _JOB_STATUS)
        self.tell_waiting(replies.flow)

    def tell_waiting(self, flow: str) -> None:
        """Tell what has waited for too long."""
        waiting = self._book.waiting_since(flow, self._retailer, before=self._before)
        if waiting:
            names = [f"{one.order_key} ({_wish(one)}, since {_time(since)})" for one, since in reversed(waiting)]
            intro = f"{len(waiting)} of {flow} wait for more than {self._hours}"
            step = "They go by themselves once NetSuite's id of it is known; if it never is, look for what they name."
            self._notes.tell_named("waiting", intro, names, step)

    def _followed(
        self, replies: Replies, sftp: SftpClient, temp_folder: str, late: Sequence[Record]
    ) -> Sequence[Record]:
        """What is still overdue after a look for the files; a file that was put there again has its time anew."""
        feeds = self._book.feeds_of_ids(sorted({one.feed_id for one in late if one.feed_id}))
        feeds = [feed for feed in feeds if feed.state is FeedState.PUBLISHED]
        try:
            found = _whereabouts(sftp, replies.export, temp_folder)
        except Stop as error:
            # A folder that may not be read could hold the file: nothing is lost until that is known.
            self._notes.tell("answers", f"Files that NetSuite may not have got: {error.message}", error.next_step)
            return late
        places = {feed.id: found.of(feed.name) for feed in feeds}
        self._tell_places(replies.export, [(feed.name, places[feed.id]) for feed in feeds])
        lost = [feed for feed in feeds if places[feed.id] is None]
        if not lost or not replies.put_again:
            return late
        again = self._put_again(replies, sftp, temp_folder, lost, found.folders)
        return [one for one in late if one.feed_id not in again]

    def _tell_places(self, export: str, places: Sequence[tuple[str, str | None]]) -> None:
        not_taken = [name for name, place in places if place == ""]
        if not_taken:
            intro = f"NetSuite has not taken files out of {export} after {self._hours}"
            self._notes.tell_named("answers", intro, not_taken[::-1], "Look whether its import script runs.")
        failed = [f"{name} in {place}" for name, place in places if place and not place.endswith("/archive")]
        if failed:
            intro = "NetSuite has put files aside without a word that we could read"
            self._notes.tell_named("answers", intro, failed[::-1], "Look there, and at its import job status.")

    def _put_again(
        self, replies: Replies, sftp: SftpClient, temp_folder: str, lost: Sequence[Feed], folders: Sequence[str]
    ) -> set[int]:
        """Put files there once more, same bytes, same name; the ids of those that are there now."""
        done: dict[int, str] = {}
        with self._book.alone(f"{replies.flow} for {self._retailer}"):
            for feed in lost:
                try:
                    with Staging().local(feed.uri) as local:
                        sftp.publish(
                            local, replies.export, feed.name, sha256=feed.sha256, temp_folder=temp_folder or None,
                            taken_folders=folders,
                        )  # fmt: skip
                except Stop as error:
                    self._notes.tell("answers", f"{feed.name} is lost. {error.message}", error.next_step)
                    continue
                self._book.put_again(feed.id, at=self._run.now, who=self._run.who)
                done[feed.id] = feed.name
        if done:
            intro = f"Files never reached NetSuite, and were put into {replies.export} again"
            step = "Nothing, if it was once; else look who takes files out of that folder."
            self._notes.tell_named("answers", intro, list(done.values())[::-1], step)
        return set(done)


def _whereabouts(sftp: SftpClient, export: str, temp_folder: str) -> _Whereabouts:
    """Look into an export folder and everything right below it.

    :raises Stop: one of them may not be read.
    """
    entries = sftp.list(export)
    taken = {one.path: _names(sftp, one.path) for one in entries if one.is_dir}
    places = dict(taken)
    if temp_folder:
        try:
            places[temp_folder] = _names(sftp, temp_folder)
        except Stop:  # made by the first upload
            places[temp_folder] = frozenset()
    return _Whereabouts(frozenset(one.name for one in entries if not one.is_dir), places, tuple(taken))


def _names(sftp: SftpClient, folder: str) -> frozenset[str]:
    return frozenset(file.name for file in sftp.list(folder) if not file.is_dir)


def _wish(record: Record) -> str:
    return (record.message.removesuffix(".") or f"waits for {record.field}").replace(";", ",")


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
