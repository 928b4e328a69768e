"""deliver: one call per document, at most once whatever happens; what cannot be known is made visible.

The colour of the run comes from the ledger: red as long as a document is not sent or in doubt, green when each has a
final state, even if Retail Pro refused some of them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from order_sync.contracts.retailpro_api import document_number
from order_sync.errors import InDoubt, NotSent, OrderSyncError, Stop
from order_sync.flow import Run
from order_sync.ledger import IN_DOUBT, Feed, Intent, Ledger, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.delivery import Call, Delivery
from order_sync.operators.doubts import Doubts
from order_sync.operators.group_commit import GroupCommit
from order_sync.operators.response_files import file_responses
from order_sync.partners.retailpro import INVOICE, RetailPro
from order_sync.partners.retailpro_connection import read_server
from order_sync.partners.sftp import FileSink, SftpClient
from order_sync.settings import RetailProInvoicing, load
from order_sync.staging import Staging

T = TypeVar("T")

ORDER_TO_INVOICE = "order_to_invoice"

#: The states of what is left to send or to find out.
OPEN = frozenset({State.READY, State.INTENDED, State.UNKNOWN})

_CHUNK = 500
#: Calls, then doubts; a document that turns out to be absent is sent in the next round.
_ROUNDS = 4


class Document(NamedTuple):
    """What is to be created at the partner."""

    number: str
    body: bytes


class Source(NamedTuple):
    """Where the bodies of one batch are read from, as often as needed."""

    batch_id: int
    documents: Callable[[], Iterator[Document]]


class Deliver(FlowOperator):
    """Makes the calls of some batches: what is READY is sent, what is in doubt is looked up.

    :param conn_id: the connection of Retail Pro's API.
    :param sftp_conn_id: the connection of the SFTP server with the files for Retail Pro.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    """

    template_fields = ("work",)
    #: Which call it makes.
    operation = INVOICE
    #: What its documents are called, one and many.
    words = ("invoice", "invoices")
    #: What stands for them in the names of response files.
    label = "InvoiceResponses"

    def __init__(self, *, conn_id: str, sftp_conn_id: str, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.sftp_conn_id, self.work = conn_id, sftp_conn_id, work

    @property
    def ledger_flow(self) -> str:
        """The flow under which the ledger keeps the documents."""
        return self.flow

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """Deliver what is left; returns how many documents stand in which state.

        :raises NotSent: something was not sent; nothing is lost, the next try sends it.
        :raises InDoubt: something is in doubt.
        """
        if run.dry_run:
            self.log.info("Dry run: nothing is sent. The transform's log says what would be.")
            return {}
        settings = load(self.retailer).retailpro_invoicing
        with self.sources(run, book, settings) as sources:
            if not sources:
                self._file_responses(run, book, settings)  # of a try that died after its last call
                return {}
            try:
                stopped = asyncio.run(self._deliver(run, book, settings, sources))
            finally:
                self._file_responses(run, book, settings)
        states = book.states_of([source.batch_id for source in sources])
        self.log.info("%s: %s.", self.words[1].capitalize(), dict(states))
        self._check(book, sources, states, stopped)
        return {state.value: count for state, count in states.items()}

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

    async def _deliver(self, run: Run, book: Ledger, settings: RetailProInvoicing, sources: Sequence[Source]) -> str:
        """Call until nothing is left that a call could settle; returns why it stopped before, if it did."""
        async with RetailPro(read_server(self.conn_id), settings.api) as partner:
            for _ in range(_ROUNDS):
                stopped = await self._call(run, book, settings, partner, sources)
                sent_again = False
                if not stopped:
                    sent_again = await self._end_doubts(run, book, settings, partner, sources)
                if not sent_again:
                    break
        return stopped

    async def _call(
        self, run: Run, book: Ledger, settings: RetailProInvoicing, partner: RetailPro, sources: Sequence[Source]
    ) -> str:
        """Send everything that is READY."""
        api = settings.api
        lease = timedelta(seconds=api.connect_seconds + api.read_seconds + api.lease_margin_seconds)

        exchanging = book.exchanging(operation=self.operation, lease=lease, at=run.now, who=run.who)
        async with GroupCommit(exchanging) as commits:
            delivery = Delivery(partner, commits, api, self.operation, book.still_mine)
            await delivery.deliver(_ready(book, sources))
        for answer in commits.late:
            self.log.warning("Record %s: the answer came after the call was taken over.", answer.claim.record_id)
        if delivery.ended:
            self.log.info("Calls: %s.", {outcome.value: count for outcome, count in delivery.ended.items()})
        return delivery.stopped

    async def _end_doubts(
        self, run: Run, book: Ledger, settings: RetailProInvoicing, partner: RetailPro, sources: Sequence[Source]
    ) -> bool:
        """Wait for calls of processes that died, and for the partner's evidence; True if something is READY again."""
        api, ids = settings.api, [source.batch_id for source in sources]
        doubts = Doubts(book, partner, api, self.operation, run)
        patience = timedelta(seconds=api.settle_seconds * (api.look_up.absent_answers + 2) + api.read_seconds)
        loop = asyncio.get_running_loop()
        until = loop.time() + patience.total_seconds()
        while True:
            book.expire_leases(self.ledger_flow, self.retailer, at=run.now, who=run.who)
            under_way = book.states_of(ids)[State.INTENDED]
            found = {doubt.order_key: doubt for doubt in book.doubts(self.ledger_flow, self.retailer, batch_ids=ids)}
            found = {key: doubt for key, doubt in found.items() if doubt.reason == IN_DOUBT}
            answered = bool(found) and api.resolve_doubt != "person"
            if not under_way and not answered:
                break
            due = [doubt for doubt in found.values() if doubts.due_in(doubt) <= timedelta(0)] if answered else []
            if due:
                bodies = _bodies(sources, {doubt.order_key for doubt in due})
                for some in _chunks(iter(due), api.concurrency):
                    await asyncio.gather(*(doubts.end(doubt, bodies[doubt.order_key]) for doubt in some))
            lease_seconds = api.connect_seconds + api.read_seconds + api.lease_margin_seconds
            if loop.time() > until + (lease_seconds if under_way else 0):
                break
            await asyncio.sleep(min(1.0, max(0.05, api.settle_seconds / 4)))
        return book.states_of(ids)[State.READY] > 0

    def _file_responses(self, run: Run, book: Ledger, settings: RetailProInvoicing) -> None:
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

    def _check(self, book: Ledger, sources: Sequence[Source], states: Counter[State], stopped: str) -> None:
        """Red as long as something is left.

        :raises OrderSyncError: it is.
        """
        one, many = self.words
        unsent, doubtful = states[State.READY] + states[State.INTENDED], states[State.UNKNOWN]
        told: list[OrderSyncError] = []
        if unsent:
            why = stopped or "another run is at it"
            told.append(
                NotSent(
                    f"{unsent} {one if unsent == 1 else many} not sent: {why}.",
                    next_step="Mend the cause if it lies with us; the next try sends what is left, and only that.",
                )
            )
        if doubtful:
            ids = [source.batch_id for source in sources]
            doubts = book.doubts(self.ledger_flow, self.retailer, batch_ids=ids)
            shown = ", ".join(doubt.order_key for doubt in doubts[:5]) + (" and more" if len(doubts) > 5 else "")
            told.append(
                InDoubt(
                    f"{doubtful} {one if doubtful == 1 else many} in doubt: {shown}.",
                    next_step="Look them up in Retail Pro, then: python -m order_sync unknown resolve NUMBER "
                    "delivered | send-again.",
                )
            )
        if len(told) > 1:
            raise InDoubt(" ".join(error.message for error in told), next_step=told[1].next_step)
        if told:
            raise told[0]


def _documents(path: Path, name: str, most: int) -> Iterator[Document]:
    from order_sync.contracts import framing

    with path.open("rb") as stream:
        for record in framing.records(stream, name, framing.Layout.ARRAY, most):
            yield Document(document_number(record.data), record.data)


def _ready(book: Ledger, sources: Sequence[Source]) -> Iterator[list[Call]]:
    """What may be sent now, a few hundred at a time, in the order of the files."""
    for source in sources:
        for chunk in _chunks(source.documents(), _CHUNK):
            sendable = book.sendable(source.batch_id, [document.number for document in chunk])
            calls = [
                Call(
                    Intent(sendable[document.number].record_id, hashlib.sha256(document.body).hexdigest()),
                    document.number,
                    document.body,
                )
                for document in chunk
                if document.number in sendable
            ]
            if calls:
                yield calls


def _bodies(sources: Sequence[Source], numbers: set[str]) -> dict[str, bytes]:
    return {
        document.number: document.body
        for source in sources
        for document in source.documents()
        if document.number in numbers
    }


def _chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    while chunk := list(islice(items, size)):
        yield chunk
