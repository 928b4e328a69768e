"""confirm: published is not imported; HotWax's own log says what became of each feed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator
from airflow.sdk.exceptions import AirflowSensorTimeout

from order_sync.errors import NotSent, Stop
from order_sync.faults import point
from order_sync.flow import Run, ledger
from order_sync.ledger import BatchState, Feed, FeedState, Ledger
from order_sync.operators.base import guarded
from order_sync.partners.hotwax import DataManager, FailedRow, ImportLog, ImportStatus

if TYPE_CHECKING:
    from airflow.sdk import Context

#: HotWax's clock may be behind ours: its log of a feed may seem to be older than the feed.
CLOCK_MARGIN = timedelta(minutes=10)
_SHOWN_ROWS = 5


class ConfirmImport(BaseSensorOperator):
    """Waits until HotWax has imported the feeds, and turns the orders that it refused into exceptions.

    :param conn_id: the HTTP connection of the Data Manager; blank where there is none: then published is final.
    :param configs: the Data Manager config of each target.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    :param wait_seconds: after which the task fails, naming the feeds that were not imported.
    :param link: where a person mends an order that was refused, made of ``{id}``; blank: there is no such place.
    """

    template_fields = ("work",)

    def __init__(
        self,
        *,
        flow: str,
        retailer: str,
        conn_id: str,
        configs: dict[str, str],
        work: Any,
        poke_seconds: float,
        wait_seconds: float,
        link: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(mode="reschedule", poke_interval=poke_seconds, timeout=wait_seconds, **kwargs)
        self.link = link
        self.flow, self.retailer, self.conn_id, self.configs, self.work = flow, retailer, conn_id, configs, work

    def execute(self, context: Context) -> Any:
        """Poke until every feed is settled.

        :raises AirflowFailException: HotWax did not import a feed in time, or its import broke off.
        """
        try:
            return super().execute(context)
        except AirflowSensorTimeout as late:
            run = Run(context)
            with ledger() as book, guarded(run, book, self.flow, self.retailer, self.task_id):
                names = ", ".join(feed.name for feed in self._open_feeds(book))
                raise Stop(
                    f"HotWax has not imported {names} after {timedelta(seconds=self.timeout)}.",
                    next_step="Look whether its import job runs and the file lies in its folder; then clear this task.",
                ) from late

    def poke(self, context: Context) -> bool:
        """One look at the log for every feed that is not settled."""
        run = Run(context)
        with ledger() as book, guarded(run, book, self.flow, self.retailer, self.task_id):
            if run.dry_run or not self.conn_id:
                self.log.info("Nothing to confirm: %s.", "dry run" if run.dry_run else "no Data Manager is set")
                return True
            feeds = self._open_feeds(book)
            if feeds:
                with DataManager(self.conn_id) as hotwax:
                    waiting = [feed for feed in feeds if not self._settle(run, book, hotwax, feed)]
                if waiting:
                    return False
            for batch_id in self.work["batches"]:
                book.move_batch(batch_id, {BatchState.PUBLISHED}, BatchState.CONFIRMED, at=run.now)
            return True

    def _open_feeds(self, book: Ledger) -> list[Feed]:
        feeds = [feed for batch_id in self.work["batches"] for feed in book.feeds_of_batch(batch_id)]
        return [feed for feed in feeds if feed.state is FeedState.PUBLISHED]

    def _settle(self, run: Run, book: Ledger, hotwax: DataManager, feed: Feed) -> bool:
        """Whether HotWax is done with a feed; if so, the ledger knows the result.

        :raises NotSent: the import broke off; HotWax has to run it again.
        """
        since = (feed.published_at or run.now) - CLOCK_MARGIN
        log = hotwax.find_log(self.configs[feed.target], feed.name, since)
        if log is None or not log.status.settled:
            return False
        if log.status is not ImportStatus.FINISHED:
            raise NotSent(
                f"HotWax's import {log.log_id} of {feed.name} ended as {log.status}.",
                next_step="Read that log in HotWax (EXIM, Data Manager), run the import there again, clear this task.",
            )
        point("confirm.before_commit")
        rows = [] if log.clean else hotwax.failed_rows(log)
        if feed.carries_records:
            self._confirm_orders(run, book, feed, log, rows)
        else:
            self._confirm_rows(run, book, feed, log, rows)
        return True

    def _confirm_orders(self, run: Run, book: Ledger, feed: Feed, log: ImportLog, rows: list[FailedRow]) -> None:
        refused = {row.key: self._told(row.key, row) for row in rows if row.key}
        if not log.clean and not refused:
            raise NotSent(
                f"HotWax refused {log.failed} records of {feed.name}, but its error file names none of them.",
                next_step=f"Read import {log.log_id} in HotWax (EXIM, Data Manager), then clear this task.",
            )
        done = book.confirm_feed(feed.id, refused=refused, partner_log_id=log.log_id, at=run.now, who=run.who)
        self.log.info(
            "HotWax took %s of %s: %s confirmed, %s refused.", feed.name, feed.orders, done.confirmed, done.refused
        )

    def _told(self, key: str, row: FailedRow) -> str:
        """HotWax's reason; with it which order it is, and where it is mended."""
        if not self.link:
            return row.message
        order = row.fields.get("order", row.fields)
        name = order.get("name") if isinstance(order, dict) else None
        return f"order {name or key} ({key}): {row.message}. {self.link.format(id=key)}"

    def _confirm_rows(self, run: Run, book: Ledger, feed: Feed, log: ImportLog, rows: list[FailedRow]) -> None:
        """The stock variance has no orders of its own: refused rows are told as a problem of the run."""
        refused = {str(number): row.message for number, row in enumerate(rows)}
        book.confirm_feed(feed.id, refused=refused, partner_log_id=log.log_id, at=run.now, who=run.who)
        if log.clean:
            return
        shown = "; ".join(
            f"{row.fields.get('comments') or row.fields.get('idValue')}: {row.message}" for row in rows[:_SHOWN_ROWS]
        )
        book.note_problem(
            flow=self.flow,
            retailer=self.retailer,
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id="stock variance",
            error_class="Rejected",
            message=f"HotWax refused {log.failed} of {log.total} rows of {feed.name}: {shown}",
            next_step="Correct the stock of these items in HotWax; the rest is booked, so never import the file again.",
            at=run.now,
        )
