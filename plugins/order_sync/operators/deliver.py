"""deliver: what Retail Pro is sent, from the files that were published on SFTP, and where its answers are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from order_sync.contracts.retailpro_api import RetailProApi, document_number
from order_sync.errors import Stop
from order_sync.flow import Run
from order_sync.ledger import Feed, Ledger
from order_sync.operators.doubts import Doubts
from order_sync.operators.make_calls import OPEN, Document, MakeCalls, Source
from order_sync.operators.response_files import file_responses
from order_sync.partners.retailpro import INVOICE, RetailPro
from order_sync.partners.retailpro_connection import read_server
from order_sync.partners.sftp import FileSink, SftpClient
from order_sync.settings import RetailProInvoicing, load
from order_sync.staging import Staging

__all__ = ["OPEN", "ORDER_TO_INVOICE", "Deliver", "Document", "Source"]

ORDER_TO_INVOICE = "order_to_invoice"


class Deliver(MakeCalls):
    """Makes the calls of some batches: what is READY is sent, what is in doubt is looked up.

    :param conn_id: the connection of Retail Pro's API.
    :param sftp_conn_id: the connection of the SFTP server with the files for Retail Pro.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    """

    operation = INVOICE
    words = ("invoice", "invoices")
    doubt_step = "Look them up in Retail Pro, then: python -m order_sync unknown resolve NUMBER delivered | send-again."
    #: What stands for them in the names of response files.
    label = "InvoiceResponses"

    def __init__(self, *, sftp_conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sftp_conn_id = sftp_conn_id

    def settings(self) -> RetailProInvoicing:
        """The retailer's."""
        return load(self.retailer).retailpro_invoicing

    def limits(self, settings: RetailProInvoicing) -> RetailProApi:
        """Those of the API."""
        return settings.api

    def partner(self, settings: RetailProInvoicing) -> RetailPro:
        """Retail Pro."""
        return RetailPro(read_server(self.conn_id), settings.api)

    def doubts(self, book: Ledger, partner: RetailPro, settings: RetailProInvoicing, run: Run) -> Doubts:
        """They end as the retailer's settings say."""
        return Doubts(book, partner, settings.api, self.operation, run)

    @contextmanager
    def sources(self, run: Run, book: Ledger, settings: RetailProInvoicing) -> Iterator[list[Source]]:  # noqa: ARG002
        """The batches with something left to send or to find out: their published files, fetched from SFTP."""
        feeds = [
            feed
            for batch_id in self.work["batches"]
            if OPEN & book.states_of([batch_id]).keys()
            for feed in book.feeds_of_batch(batch_id)
            if feed.target == ORDER_TO_INVOICE
        ]
        with Staging().scratch() as folder:
            yield [Source(feed.batch_id, self._fetched(feed, folder, settings)) for feed in feeds]

    def _fetched(self, feed: Feed, folder: Path, settings: RetailProInvoicing) -> Callable[[], Iterator[Document]]:
        """Fetch a published file, make sure that it is the one that was published, and say how to read it.

        :raises Stop: it is gone or was changed: somebody means to stop it, or did something by mistake.
        """
        place, _, name = feed.remote_path.rpartition("/")
        local = folder / str(feed.id)
        with SftpClient(self.sftp_conn_id) as sftp:
            listed = [file for file in sftp.list(place) if file.name == name]
            if not listed:
                raise Stop(
                    f"The file {feed.remote_path} is gone: its {feed.orders} orders are not sent.",
                    next_step="Put it back and clear this task, or backfill its interval with `force_publish`.",
                )
            (fetched,) = sftp.fetch(listed, lambda _: FileSink(local))
        if fetched.error:
            raise fetched.error
        if fetched.sha256 != feed.sha256:
            raise Stop(
                f"The file {feed.remote_path} is not the one that was published: nothing of it is sent.",
                next_step="Remove it, then backfill its interval with `force_publish`.",
            )
        return lambda: _documents(local, name, settings.limits.max_record_bytes)

    def settle(self, run: Run, book: Ledger, settings: RetailProInvoicing, sources: Sequence[Source]) -> None:  # noqa: ARG002
        """File the answers."""
        filed = file_responses(
            book,
            run,
            flow=self.ledger_flow,
            retailer=self.retailer,
            conn_id=self.sftp_conn_id,
            settings=settings,
            label=self.label,
        )
        if filed:
            self.log.info("%s answers were put into %s.", filed, settings.folders.responses)


def _documents(path: Path, name: str, most: int) -> Iterator[Document]:
    from order_sync.contracts import framing

    with path.open("rb") as stream:
        for record in framing.records(stream, name, framing.Layout.ARRAY, most):
            yield Document(document_number(record.data), record.data)
