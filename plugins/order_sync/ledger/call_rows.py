"""What the ledger keeps of calls to partners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from order_sync.errors import Outcome


class Intent(NamedTuple):
    """What is about to be sent.

    :param request_hash: SHA-256 of the exact body.
    """

    record_id: int
    request_hash: str


class Claim(NamedTuple):
    """The right, and the duty, to make one call.

    :param attempt: 1 for the first call of the record.
    :param fence: proves later that nobody else has taken the record over.
    """

    record_id: int
    attempt: int
    fence: int


@dataclass(frozen=True)
class Answer:
    """How a call ended.

    :param reason: for a refusal, a code of :data:`order_sync.reasons.REASONS`; empty otherwise.
    :param message: in words, without personal data.
    :param reference: the partner's own number of what it created.
    :param status: HTTP status, None where no answer came.
    :param milliseconds: from sending to the end of the answer.
    """

    claim: Claim
    outcome: Outcome
    message: str = ""
    reason: str = ""
    reference: str = ""
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    milliseconds: int = 0


@dataclass(frozen=True)
class Exchanged:
    """What one transaction of :meth:`Calls.exchange` did.

    :param claims: by record id; a record that is missing was not READY any more: somebody else has it.
    :param late: answers that came when somebody else had taken the record over already; they are kept as evidence.
    """

    claims: Mapping[int, Claim]
    late: tuple[Answer, ...]


@dataclass(frozen=True)
class Doubt:
    """A record whose last call may or may not have been carried out by the partner.

    :param fence: of that call.
    :param since: when the call was over, or its lease.
    :param age: how long that is ago by the database's clock.
    :param reason: ``IN_DOUBT``, or why only a person can end it.
    :param request_hash: of the body that was sent.
    """

    record_id: int
    order_key: str
    batch_id: int
    fence: int
    attempts: int
    amount_minor: int | None
    currency: str
    reason: str
    message: str
    request_hash: str
    since: datetime
    age: timedelta


@dataclass(frozen=True)
class Call:
    """One call as it is kept: what was sent when, and everything that came back.

    :param operation: which call it was, e.g. ``invoice``; ``look_up`` for a question about an earlier one.
    :param outcome: a value of :class:`Outcome`, or what a look-up found; empty while the call is under way.
    :param response_file: the file in the partner's responses folder that holds it.
    """

    id: int
    order_key: str
    operation: str
    attempt: int
    fence: int
    request_hash: str
    started_at: datetime
    outcome: str
    status: int | None
    headers: Mapping[str, str]
    body: str
    milliseconds: int | None
    message: str
    response_file: str
