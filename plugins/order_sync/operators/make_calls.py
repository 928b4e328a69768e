"""One call per document, at most once whatever happens, for any partner; what cannot be known is made visible.

The colour of the run comes from the ledger: red as long as a document is not sent or in doubt, green when each has a
final state, even if the partner refused some of them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from datetime import timedelta
from itertools import islice
from typing import Any, NamedTuple, Protocol, TypeVar

from order_sync.errors import InDoubt, NotSent, OrderSyncError
from order_sync.flow import Run
from order_sync.ledger import IN_DOUBT, Doubt, Intent, Ledger, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.delivery import Call, Caller, CallLimits, Delivery
from order_sync.operators.group_commit import GroupCommit

T = TypeVar("T")

#: The states of what is left to send or to find out.
OPEN = frozenset({State.READY, State.INTENDED, State.UNKNOWN})

_CHUNK = 500
#: Calls, then doubts; a document that turns out to be absent is sent in the next round.
_ROUNDS = 4


class Document(NamedTuple):
    """What is to be created at the partner.

    :param body: what the partner's client is given.
    :param content_hash: by which the ledger knows the record; blank: the hash of the body.
    """

    number: str
    body: bytes
    content_hash: str = ""


class Source(NamedTuple):
    """Where the bodies of one batch are read from, as often as needed."""

    batch_id: int
    documents: Callable[[], Iterator[Document]]


class DoubtEnder(Protocol):
    """Finds out what became of calls.

    :ivar asks: whether there is anything but a person to ask.
    :ivar patience: how long an answer may take.
    """

    asks: bool
    patience: timedelta

    def due_in(self, doubt: Doubt) -> timedelta:
        """How long to wait until an answer counts; zero or less: it does now."""

    async def end(self, doubt: Doubt, body: bytes) -> bool:
        """End a doubt if that can be done; tells whether it is over."""


class MakeCalls(FlowOperator):
    """Makes the calls of some batches: what is READY is sent, what is in doubt is found out.

    :param conn_id: the connection of the partner's API.
    :param work: what :class:`~order_sync.operators.collect.Collect` returned.
    """

    template_fields = ("work",)
    #: Which call it makes.
    operation = ""
    #: What its documents are called, one and many.
    words = ("document", "documents")
    #: What a person does about documents in doubt.
    doubt_step = ""

    def __init__(self, *, conn_id: str, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.work = conn_id, work

    # What differs from partner to partner.

    @property
    def ledger_flow(self) -> str:
        """The flow under which the ledger keeps the documents."""
        return self.flow

    def settings(self) -> Any:
        """The settings that the other methods are given."""
        raise NotImplementedError

    def limits(self, settings: Any) -> CallLimits:
        """How the partner may be called."""
        raise NotImplementedError

    def sources(self, run: Run, book: Ledger, settings: Any) -> AbstractContextManager[list[Source]]:
        """The batches with something left to send or to find out."""
        raise NotImplementedError

    def partner(self, settings: Any) -> AbstractAsyncContextManager[Any]:
        """A session with the partner."""
        raise NotImplementedError

    def doubts(self, book: Ledger, partner: Any, settings: Any, run: Run) -> DoubtEnder:
        """What ends doubts."""
        raise NotImplementedError

    def settle(self, run: Run, book: Ledger, settings: Any, sources: Sequence[Source]) -> None:
        """What is to be done with answers, those of a try that died included; it is done however the calls ended."""

    # What does not.

    def step(self, run: Run, book: Ledger) -> dict[str, int]:
        """Send what is left; returns how many documents stand in which state.

        :raises NotSent: something was not sent; nothing is lost, the next try sends it.
        :raises InDoubt: something is in doubt.
        """
        if run.dry_run:
            self.log.info("Dry run: nothing is sent. The transform's log says what would be.")
            return {}
        settings = self.settings()
        with self.sources(run, book, settings) as sources:
            if not sources:
                self.settle(run, book, settings, sources)
                return {}
            try:
                stopped = asyncio.run(self._deliver(run, book, settings, sources))
            finally:
                self.settle(run, book, settings, sources)
        states = book.states_of([source.batch_id for source in sources])
        self.log.info("%s: %s.", self.words[1].capitalize(), dict(states))
        self._check(book, sources, states, stopped)
        return {state.value: count for state, count in states.items()}

    async def _deliver(self, run: Run, book: Ledger, settings: Any, sources: Sequence[Source]) -> str:
        """Call until nothing is left that a call could settle; returns why it stopped before, if it did."""
        limits = self.limits(settings)
        async with self.partner(settings) as partner:
            doubts = self.doubts(book, partner, settings, run)
            for _ in range(_ROUNDS):
                stopped = await self._call(run, book, limits, partner, sources)
                sent_again = False
                if not stopped:
                    sent_again = await self._end_doubts(run, book, limits, doubts, sources)
                if not sent_again:
                    break
        return stopped

    async def _call(
        self, run: Run, book: Ledger, limits: CallLimits, partner: Caller, sources: Sequence[Source]
    ) -> str:
        """Send everything that is READY."""
        exchanging = book.exchanging(operation=self.operation, lease=_lease(limits), at=run.now, who=run.who)
        async with GroupCommit(exchanging) as commits:
            delivery = Delivery(partner, commits, limits, self.operation, book.still_mine)
            await delivery.deliver(_ready(book, sources))
        for answer in commits.late:
            self.log.warning("Record %s: the answer came after the call was taken over.", answer.claim.record_id)
        if delivery.ended:
            self.log.info("Calls: %s.", {outcome.value: count for outcome, count in delivery.ended.items()})
        return delivery.stopped

    async def _end_doubts(
        self, run: Run, book: Ledger, limits: CallLimits, doubts: DoubtEnder, sources: Sequence[Source]
    ) -> bool:
        """Wait for calls of processes that died, and for the partner's evidence; True if something is READY again."""
        ids = [source.batch_id for source in sources]
        loop = asyncio.get_running_loop()
        until = loop.time() + doubts.patience.total_seconds()
        while True:
            book.expire_leases(self.ledger_flow, self.retailer, at=run.now, who=run.who)
            under_way = book.states_of(ids)[State.INTENDED]
            found = {doubt.order_key: doubt for doubt in book.doubts(self.ledger_flow, self.retailer, batch_ids=ids)}
            found = {key: doubt for key, doubt in found.items() if doubt.reason == IN_DOUBT}
            answered = bool(found) and doubts.asks
            if not under_way and not answered:
                break
            due = [doubt for doubt in found.values() if doubts.due_in(doubt) <= timedelta(0)] if answered else []
            if due:
                bodies = _bodies(sources, {doubt.order_key for doubt in due})
                for some in chunks(iter(due), limits.concurrency):
                    await asyncio.gather(*(doubts.end(doubt, bodies[doubt.order_key]) for doubt in some))
            if loop.time() > until + (_lease(limits).total_seconds() if under_way else 0):
                break
            await asyncio.sleep(min(1.0, max(0.05, limits.settle_seconds / 4)))
        return book.states_of(ids)[State.READY] > 0

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
            message = f"{doubtful} {one if doubtful == 1 else many} in doubt: {shown}."
            told.append(InDoubt(message, next_step=self.doubt_step))
        if len(told) > 1:
            raise InDoubt(" ".join(error.message for error in told), next_step=told[1].next_step)
        if told:
            raise told[0]


def _lease(limits: CallLimits) -> timedelta:
    return timedelta(seconds=limits.connect_seconds + limits.read_seconds + limits.lease_margin_seconds)


def _ready(book: Ledger, sources: Sequence[Source]) -> Iterator[list[Call]]:
    """What may be sent now, a few hundred at a time, in the order of the files."""
    for source in sources:
        for chunk in chunks(source.documents(), _CHUNK):
            sendable = book.sendable(source.batch_id, [document.number for document in chunk])
            calls = [
                Call(Intent(sendable[document.number].record_id, _hash(document)), document.number, document.body)
                for document in chunk
                if document.number in sendable
            ]
            if calls:
                yield calls


def _hash(document: Document) -> str:
    return document.content_hash or hashlib.sha256(document.body).hexdigest()


def _bodies(sources: Sequence[Source], numbers: set[str]) -> dict[str, bytes]:
    return {
        document.number: document.body
        for source in sources
        for document in source.documents()
        if document.number in numbers
    }


def chunks(items: Iterator[T], size: int) -> Iterator[list[T]]:
    """Cut into lists of so many; the last one may be shorter."""
    while chunk := list(islice(items, size)):
        yield chunk
