"""upload: gives feeds to HotWax's Data Manager, once; an upload nobody answered is looked for before it is repeated."""

from __future__ import annotations

from typing import Any

from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, BatchState, Feed, FeedState, Ledger
from order_sync.operators.base import FlowOperator
from order_sync.operators.confirm import CLOCK_MARGIN
from order_sync.partners.hotwax import DataManager
from order_sync.staging import Staging

_DONE = frozenset({FeedState.PUBLISHED, FeedState.CONFIRMED, FeedState.REFUSED})


class Upload(FlowOperator):
    """Uploads each feed under its name.

    The intent stands in the ledger before the upload begins. A try that finds an intent looks into the Data Manager's
    log for a file of that name first: a second upload would be a second import.

    :param conn_id: the HTTP connection of the Data Manager.
    :param configs: the Data Manager config of each target.
    :param work: what the step returned that made the batches.
    :returns: the names of the files that were uploaded.
    """

    template_fields = ("work",)

    def __init__(self, *, conn_id: str, configs: dict[str, str], work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.configs, self.work = conn_id, configs, work

    def step(self, run: Run, book: Ledger) -> list[str]:
        """Upload what is not uploaded yet.

        :raises InDoubt: an upload was not answered.
        """
        if run.dry_run:
            self.log.info("Dry run: nothing is uploaded.")
            return []
        batches = [book.batch(batch_id) for batch_id in self.work["batches"]]
        names = []
        with book.alone(f"{self.flow} for {self.retailer}"):
            if todo := [feed for batch in batches for feed in self._left(book, batch)]:
                with DataManager(self.conn_id) as hotwax:
                    names = [self._upload(run, book, hotwax, feed) for feed in todo]
        for batch in batches:
            book.move_batch(batch.id, {BatchState.TRANSFORMED}, BatchState.PUBLISHED, at=run.now)
        return names

    def _left(self, book: Ledger, batch: Batch) -> list[Feed]:
        return [feed for feed in book.feeds_of_batch(batch.id) if feed.state not in _DONE]

    def _upload(self, run: Run, book: Ledger, hotwax: DataManager, feed: Feed) -> str:
        config = self.configs[feed.target]
        doubtful = feed.state is FeedState.INTENDED
        feed = book.intend_feed(feed.id, remote_path=f"{config}/{feed.name}", at=run.now, who=run.who)
        if doubtful and hotwax.find_log(config, feed.name, feed.created_at - CLOCK_MARGIN):
            self.log.info("HotWax has %s already: an earlier try was not answered.", feed.name)
        else:
            with Staging().local(feed.uri) as local:
                point("publish.before_upload")
                hotwax.upload(config, local, name=feed.name)
        point("publish.before_commit")
        book.publish_feed(feed.id, at=run.now, who=run.who)
        self.log.info("Uploaded %s to %s: %s orders, sha256 %s.", feed.name, config, feed.orders, feed.sha256)
        return feed.name
