"""One call per document, a few at a time: intent, call, outcome; slower when asked, stopped when the partner is out."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from order_sync.errors import Outcome
from order_sync.faults import point
from order_sync.ledger import Answer, Claim, Intent
from order_sync.operators.group_commit import GroupCommit
from order_sync.partners.call_answers import Reply

#: After so many seconds between intent and call the ledger is asked once more whether the call is still ours.
_FRESH_SECONDS = 1.0
_FIRST_PAUSE_SECONDS = 0.5
_BODY_LENGTH = 1 << 16


class CallLimits(Protocol):
    """How a partner may be called: settings of every API that documents are sent to, explained there."""

    concurrency: int
    connect_seconds: float
    read_seconds: float
    lease_margin_seconds: float
    settle_seconds: float
    most_wait_seconds: float
    breaker_failures: int


class Caller(Protocol):
    """A session with a partner.

    :ivar name: of the partner, for messages.
    """

    name: str

    async def create(self, operation: str, body: bytes, may_send: Callable[[], bool]) -> Reply:
        """Make one call; every way in which that can end is a reply, none is an exception.

        :param may_send: asked right before anything that creates something is sent.
        """


@dataclass(frozen=True)
class Call:
    """A document to create.

    :param number: the number it has at the partner, for messages.
    :param body: sent exactly as it is.
    """

    intent: Intent
    number: str
    body: bytes


class Delivery:
    """Makes calls until there are none left or the partner does not take any more.

    :param operation: which call it is.
    :param still_mine: asks the ledger whether a claim still stands.
    """

    def __init__(
        self,
        partner: Caller,
        commits: GroupCommit,
        api: CallLimits,
        operation: str,
        still_mine: Callable[[Claim], bool],
    ) -> None:
        self._partner, self._commits, self._api, self._operation = partner, commits, api, operation
        self._still_mine = still_mine
        self._waiting: deque[Call] = deque()
        self._reading = asyncio.Lock()
        self._pace = Pace(api, partner.name)
        #: How calls ended, by outcome.
        self.ended: Counter[Outcome] = Counter()

    @property
    def stopped(self) -> str:
        """Why no further calls are made, blank while they are."""
        return self._pace.stopped

    async def deliver(self, chunks: Iterator[list[Call]]) -> None:
        """Make the calls; what is left when it stops stays READY in the ledger.

        :raises Exception: the first error of the ledger; calls under way are given up and become doubts.
        """
        self._chunks = chunks
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._api.concurrency):
                    workers.create_task(self._work())
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _work(self) -> None:
        while call := await self._next():
            await self._pace.wait()
            if self._pace.stopped:
                return
            point("deliver.before_intent")
            claimed_at = _elapsed()  # before the claim: a freeze in between must count, too
            claim = await self._commits.claim(call.intent)
            if claim is None:
                continue  # another run has it
            point("deliver.after_intent")
            if not await self._may_send(claim, claimed_at):
                continue  # frozen for too long: whoever took over finds out what is to be done
            point("deliver.before_send")
            reply = await self._partner.create(self._operation, call.body, partial(self._in_time, claimed_at))
            point("deliver.before_commit")
            self._commits.settle(_answer(claim, reply))
            self.ended[reply.verdict.outcome] += 1
            if self._pace.note(reply, claimed_at):
                self._waiting.append(call)

    async def _next(self) -> Call | None:
        if not self._waiting:
            async with self._reading:
                if not self._waiting:
                    loop = asyncio.get_running_loop()
                    self._waiting.extend(await loop.run_in_executor(None, next, self._chunks, []))
        return self._waiting.popleft() if self._waiting else None

    async def _may_send(self, claim: Claim, claimed_at: float) -> bool:
        """Whether nobody can have taken the record over since the intent was committed."""
        if _elapsed() - claimed_at < _FRESH_SECONDS:
            return True
        return await asyncio.get_running_loop().run_in_executor(None, self._still_mine, claim)

    def _in_time(self, claimed_at: float) -> bool:
        """Whether the lease outlasts a call that begins now: until then nobody takes the record over."""
        return _elapsed() - claimed_at < self._api.connect_seconds + self._api.lease_margin_seconds / 2


class Pace:
    """When the next call may begin, and whether there is any point in it.

    Calls that failed together count as one failure, and are followed by one pause: eight calls at once that find the
    server down say no more than one does. A doubt is a failure of its own, because each leaves an order in doubt.
    A partner that has no room at the moment is a reason to pause, and no failure.
    """

    def __init__(self, api: CallLimits, partner: str) -> None:
        self._api, self._partner = api, partner
        self._failures = 0
        self._resume_at = 0.0
        self._paused_at = 0.0
        self.stopped = ""

    async def wait(self) -> None:
        """Wait for the end of a pause."""
        while not self.stopped and (left := self._resume_at - _elapsed()) > 0:
            await asyncio.sleep(left)

    def note(self, reply: Reply, started: float) -> bool:
        """Learn from a reply.

        :param started: when its call began.
        :returns: whether the call is to be made again.
        """
        verdict = reply.verdict
        if verdict.outcome in {Outcome.DELIVERED, Outcome.REFUSED}:
            self._failures = 0
            return False
        if verdict.hopeless:
            self.stopped = verdict.message
        elif verdict.outcome is Outcome.IN_DOUBT:
            self._failures += 1
        elif started >= self._paused_at:
            self._failures += not verdict.busy
            self._pause(reply)
        if self._failures >= self._api.breaker_failures:
            self.stopped = self.stopped or f"the last of {self._failures} failures in a row: {verdict.message}"
        return verdict.outcome is Outcome.NOT_SENT and not self.stopped

    def _pause(self, reply: Reply) -> None:
        """Pause for as long as the partner asks, or longer with every failure."""
        wait = reply.wait if reply.wait is not None else _FIRST_PAUSE_SECONDS * 2.0 ** (self._failures - 1)
        if wait > self._api.most_wait_seconds:
            self.stopped = f"{self._partner} asks for a pause of {wait:g} s"
        self._paused_at = _elapsed()
        self._resume_at = self._paused_at + min(wait, self._api.most_wait_seconds)


def _answer(claim: Claim, reply: Reply) -> Answer:
    verdict = reply.verdict
    return Answer(
        claim,
        verdict.outcome,
        message=verdict.message,
        reason=verdict.reason,
        reference=verdict.reference,
        status=reply.status,
        headers=reply.headers,
        body=reply.body[:_BODY_LENGTH],
        milliseconds=reply.milliseconds,
    )


def _elapsed() -> float:
    """Seconds on a clock that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
