"""The ledger of record: what happened to every file, batch, order and feed.

Start at :class:`Ledger` (``store.py``), whose parts are one module each: ``files``, ``batches``, ``admit`` (records
in), ``decisions``, ``feeds`` (files out), ``calls`` and ``responses`` (calls out), ``summary`` (figures),
``exceptions``, ``orders``, ``problems``. The rules are in ``states.py`` (legal moves) and ``judging.py`` (new,
repeated or changed), the tables in ``schema.py``.
"""

from __future__ import annotations

from order_sync.ledger.admit import ORDER_KEY_LENGTH
from order_sync.ledger.arrivals import (
    Admission,
    AdmissionKind,
    Arrival,
    Decision,
    OtherDecision,
    OtherKind,
    PreviousRecord,
)
from order_sync.ledger.call_rows import Answer, Call, Claim, Doubt, Exchanged, Intent
from order_sync.ledger.calls import Exchange
from order_sync.ledger.exchanging import IN_DOUBT
from order_sync.ledger.feeds import Confirmation, NameTaken
from order_sync.ledger.figures import BatchSummary, Equation, ExceptionRow, Tally, TotalLine
from order_sync.ledger.findings import Untold
from order_sync.ledger.orders import OrderStory, VersionStory
from order_sync.ledger.partner_ids import NO_ANSWER, REFUSED
from order_sync.ledger.rows import (
    Batch,
    BatchFile,
    BatchInput,
    Feed,
    FileRow,
    FileSeen,
    Move,
    Problem,
    Record,
    RecordLocation,
    Repeat,
    Sighting,
)
from order_sync.ledger.states import BatchState, FeedState, IllegalMoveError, State
from order_sync.ledger.store import Ledger, open_ledger
from order_sync.ledger.summary import equation_of
from order_sync.ledger.upgrade import upgrade

__all__ = [
    "IN_DOUBT",
    "NO_ANSWER",
    "ORDER_KEY_LENGTH",
    "REFUSED",
    "Admission",
    "AdmissionKind",
    "Answer",
    "Arrival",
    "Batch",
    "BatchFile",
    "BatchInput",
    "BatchState",
    "BatchSummary",
    "Call",
    "Claim",
    "Confirmation",
    "Decision",
    "Doubt",
    "Equation",
    "ExceptionRow",
    "Exchange",
    "Exchanged",
    "Feed",
    "FeedState",
    "FileRow",
    "FileSeen",
    "IllegalMoveError",
    "Intent",
    "Ledger",
    "Move",
    "NameTaken",
    "OrderStory",
    "OtherDecision",
    "OtherKind",
    "PreviousRecord",
    "Problem",
    "Record",
    "RecordLocation",
    "Repeat",
    "Sighting",
    "State",
    "Tally",
    "TotalLine",
    "Untold",
    "VersionStory",
    "equation_of",
    "open_ledger",
    "upgrade",
]
