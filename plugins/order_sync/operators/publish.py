"""publish: puts feeds into the partner's folders, complete or not at all, once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, BatchState, Feed, FeedState, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.partners.sftp import SftpClient
from order_sync.staging import Staging

_DONE = frozenset({FeedState.PUBLISHED, FeedState.CONFIRMED, FeedState.REFUSED})


class Publish(FlowOperator):
    """Uploads each feed under a temporary name, verifies it and renames it.

    The intent stands in the ledger before the upload begins, so a try that dies anywhere is finished by the next one.

    :param conn_id: the SFTP connection.
    :param folders: the folder of each target; its ``archive`` is where the partner puts what it has taken.
        Targets that are not named stay in the staging store.
    :param repeatable: targets that ``force_publish`` may put there again.
    :param temp_folder: where unfinished files lie, for partners that take any file in the folder; blank: beside it.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    :returns: the paths that were published.
    """

    template_fields = ("work",)

    def __init__(
        self,
        *,
        conn_id: str,
        folders: dict[str, str],
        repeatable: list[str],
        work: Any,
        temp_folder: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.folders, self.repeatable, self.work = conn_id, folders, repeatable, work
        self.temp_folder = temp_folder

    def step(self, run: Run, book: Ledger) -> list[str]:
        """Publish what is not published yet."""
        if run.dry_run:
            self.log.info("Dry run: nothing is published.")
            return []
        return self.put(run, book, [book.batch(batch_id) for batch_id in self.work["batches"]])

    def put(self, run: Run, book: Ledger, batches: Sequence[Batch]) -> list[str]:
        """Publish what is not published yet of some batches."""
        paths = []
        # Between the look whether the partner has a feed and its rename, another run must not be doing the same.
        with book.alone(f"{self.flow} for {self.retailer}"):
            if todo := [feed for batch in batches for feed in self._wanted(run, book, batch)]:
                with SftpClient(self.conn_id) as sftp:
                    paths = [self._publish(run, book, sftp, feed) for feed in todo]
        for batch in batches:
            book.move_batch(batch.id, {BatchState.TRANSFORMED}, BatchState.PUBLISHED, at=run.now)
        return paths

    def _wanted(self, run: Run, book: Ledger, batch: Batch) -> list[Feed]:
        """The feeds to publish; the order feed first, because it fixes what belongs to the batch."""
        feeds = [feed for feed in book.feeds_of_batch(batch.id) if _kind(feed.target) in self.folders]
        feeds.sort(key=lambda feed: not feed.carries_records)
        if run.param("force_publish"):
            return [feed for feed in feeds if feed.state not in _DONE or _kind(feed.target) in self.repeatable]
        return [feed for feed in feeds if feed.state not in _DONE]

    def _publish(self, run: Run, book: Ledger, sftp: SftpClient, feed: Feed) -> str:
        folder = self.folders[_kind(feed.target)]
        again = feed.state in _DONE
        feed = book.intend_feed(feed.id, remote_path=f"{folder}/{feed.name}", at=run.now, who=run.who)
        taken = [] if again else [f"{folder}/archive"]
        with Staging().local(feed.uri) as local:
            published = sftp.publish(
                local,
                folder,
                feed.name,
                sha256=feed.sha256,
                temp_folder=self.temp_folder or None,
                taken_folders=taken,
            )
        point("publish.before_commit")
        book.publish_feed(feed.id, at=run.now, who=run.who)
        done = "Published" if published.renamed else "Found already published"
        self.log.info(
            "%s %s: %s rows, %s bytes, sha256 %s.", done, published.path, feed.rows, published.size, feed.sha256
        )
        return published.path


def _kind(target: str) -> str:
    """What a target is, where a batch makes several files of one kind (``sales_orders#2``)."""
    return target.partition("#")[0]
