"""Group commit: calls that are under way together share the ledger's transactions, which a thread of its own makes.

A commit that survives a power cut costs the same for one record as for fifty, and must never block the event loop.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from order_sync.faults import point
from order_sync.ledger import Answer, Claim, Exchange, Exchanged, Intent

#: The most intents and outcomes of one transaction.
_MOST = 200
#: An intent with what waits for it, an outcome, or the end.
_Waiting = tuple[Intent, "asyncio.Future[Claim | None]"]
_Item = _Waiting | Answer | None


class GroupCommit:
    """Commits what the calls of one event loop hand in; use it in an asynchronous ``with`` statement.

    :param exchanging: what the ledger makes transactions with; the thread enters it, and leaves it at the end.
    :raises Exception: leaving it, what a transaction raised, if no call was told of it.
    """

    def __init__(self, exchanging: AbstractContextManager[Exchange]) -> None:
        self._exchanging = exchanging
        self._queue: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="group-commit", daemon=True)
        self._error: BaseException | None = None
        #: Answers of calls that somebody else had taken over meanwhile.
        self.late: list[Answer] = []

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._queue.put(None)
        await self._loop.run_in_executor(None, self._thread.join)
        if self._error and error is None:
            raise self._error

    async def claim(self, intent: Intent) -> Claim | None:
        """Commit an intent; None if somebody else has the record. The call may begin when this returns."""
        waiting: asyncio.Future[Claim | None] = self._loop.create_future()
        self._queue.put((intent, waiting))
        return await waiting

    def settle(self, answer: Answer) -> None:
        """Hand in an outcome; it is committed before any intent that is handed in later."""
        self._queue.put(answer)

    def _work(self) -> None:
        with self._exchanging as self._exchange:
            self._commit_all()

    def _commit_all(self) -> None:
        ended = False
        while not ended:
            items = [self._queue.get()]
            while len(items) < _MOST and not self._queue.empty():
                items.append(self._queue.get())
            ended = None in items
            waiting = [item for item in items if isinstance(item, tuple)]
            answers = [item for item in items if isinstance(item, Answer)]
            if waiting or answers:
                self._commit(waiting, answers)

    def _commit(self, waiting: list[_Waiting], answers: list[Answer]) -> None:
        try:
            if self._error:
                raise self._error
            done = self._exchange([intent for intent, _ in waiting], answers)
        except BaseException as error:  # noqa: BLE001 - handed on to everything that waits
            self._error = error
            self._loop.call_soon_threadsafe(_fail, waiting, error)
            return
        if answers:
            point("deliver.after_commit")
        self.late += done.late
        self._loop.call_soon_threadsafe(_hand_out, waiting, done)


def _hand_out(waiting: list[_Waiting], done: Exchanged) -> None:
    for intent, future in waiting:
        if not future.done():
            future.set_result(done.claims.get(intent.record_id))


def _fail(waiting: list[_Waiting], error: BaseException) -> None:
    for _, future in waiting:
        if not future.done():
            future.set_exception(error)
