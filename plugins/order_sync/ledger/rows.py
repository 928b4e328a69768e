"""What the ledger hands out about files, batches, records and feeds: one frozen dataclass per kind of row.

Money is whole minor units of its currency (``1299`` is 12.99 EUR); a time is an aware UTC datetime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from order_sync.ledger.states import BatchState, FeedState, State


@dataclass(frozen=True)
class FileSeen:
    """Bytes that were downloaded and put into the staging store, for :meth:`Ledger.record_files`.

    :param sha256: hash of the bytes, 64 lower-case hex digits.
    :param size: length in bytes.
    :param uri: where the bytes lie in the staging store.
    :param name: the file's name at the partner.
    :param folder: the folder it lay in.
    :param mtime: the partner's own modification time, where it gives one; never compared with our clock.
    """

    sha256: str
    size: int
    uri: str
    name: str
    folder: str = ""
    mtime: datetime | None = None


@dataclass(frozen=True)
class FileRow:
    """Bytes the ledger knows.

    :param first_name: the name they were first seen under.
    :param known: whether they had been recorded before this call, under any name.
    """

    id: int
    flow: str
    retailer: str
    sha256: str
    size: int
    uri: str
    first_name: str
    first_seen_at: datetime
    known: bool = True


@dataclass(frozen=True)
class Sighting:
    """One name and time under which bytes were seen at the partner."""

    file_id: int
    name: str
    folder: str
    mtime: datetime | None
    seen_at: datetime


@dataclass(frozen=True)
class BatchInput:
    """One file of a batch, for :meth:`Ledger.create_batch`.

    :param position: its place in the batch, from 0; unique within the batch.
    """

    file_id: int
    name: str
    folder: str
    mtime: datetime | None
    position: int


@dataclass(frozen=True)
class Batch:
    """A set of inputs that is transformed and published as one.

    :param key: the business key that the caller gave, a hash of its inputs.
    :param kind: ``inbox`` (files that arrived) or ``again`` (records that were set aside and are brought again).
    :param window_start: start of the data interval, inclusive; None for a run without one.
    :param window_end: end of the data interval, exclusive.
    :param dag_id: who collected it; a pointer for people, never part of its identity.
    :param selection: for kind ``again``: ids of the records that are brought again.
    :param summary: counts and money as the last transform wrote them.
    """

    id: int
    flow: str
    retailer: str
    key: str
    kind: str
    state: BatchState
    window_start: datetime | None
    window_end: datetime | None
    dag_id: str
    run_id: str
    mapping_version: str
    selection: tuple[int, ...]
    summary: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class BatchFile:
    """One input of a batch together with its stored bytes.

    :param archived_to: where the source was moved at the partner; empty until then.
    :param duplicate_of: position of an earlier input of this batch with the very same bytes. Such an input is
        archived like any other but not read: its records are those of that earlier input.
    """

    batch_id: int
    position: int
    file_id: int
    sha256: str
    size: int
    uri: str
    name: str
    folder: str
    mtime: datetime | None
    archived_to: str
    duplicate_of: int | None = None


@dataclass(frozen=True)
class Record:
    """One version of one order, as the ledger keeps it.

    :param order_key: the order's business identity within flow and retailer.
    :param version: 1 for the content first seen, one more for each changed content that was taken up.
    :param record_index: its place among the records of the file, from 0.
    :param offset: where its raw bytes start in the stored file.
    :param length: how many bytes they are.
    :param updated_ms: the partner's own version clock in milliseconds since 1970, where it gives one.
    :param kind: what sort of order it is (``IN_STORE``, ``SEND_SALE``, ``MIXED`` or empty).
    :param store: the store it belongs to, in the retailer's own code.
    :param amount_minor: the order's total in minor units; None if it cannot be read.
    :param feed_id: the feed that carries it.
    :param reported_at: when a failure report listed it as an exception.
    :param solved_reported_at: when a report told that the exception is solved.
    """

    id: int
    flow: str
    retailer: str
    order_key: str
    version: int
    batch_id: int
    file_id: int
    record_index: int
    offset: int
    length: int
    content_hash: str
    updated_ms: int | None
    kind: str
    order_date: datetime | None
    amount_minor: int | None
    currency: str
    lines: int
    store: str
    state: State
    reason: str
    field: str
    message: str
    feed_id: int | None
    partner_ref: str
    attempts: int
    lease_until: datetime | None
    fence: int
    request_hash: str
    reported_at: datetime | None
    solved_reported_at: datetime | None
    first_seen_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class RecordLocation:
    """Where the raw bytes of a record lie in the staging store, and under which key it is registered."""

    record_id: int
    order_key: str
    version: int
    state: State
    content_hash: str
    batch_id: int
    file_id: int
    sha256: str
    uri: str
    file_name: str
    record_index: int
    offset: int
    length: int


@dataclass(frozen=True)
class Feed:
    """One output file of a batch.

    :param target: which of the batch's outputs it is, e.g. ``order_feed``.
    :param orders: how many records it carries (or tells about).
    :param amounts: their money: currency to minor units.
    :param carries_records: whether the records of the batch move with this feed.
    :param remote_path: where it was promised to be put; authoritative from INTENDED on.
    :param partner_log_id: the partner's own evidence of the import.
    """

    id: int
    batch_id: int
    target: str
    name: str
    sha256: str
    uri: str
    rows: int
    orders: int
    amounts: Mapping[str, int]
    carries_records: bool
    state: FeedState
    remote_path: str
    published_at: datetime | None
    partner_log_id: str
    created_at: datetime


@dataclass(frozen=True)
class Move:
    """One line of a record's history; ``from_state`` is empty where the record came into being."""

    record_id: int
    at: datetime
    from_state: str
    to_state: str
    who: str
    why: str


@dataclass(frozen=True)
class Repeat:
    """An arrival that made no new record.

    :param record_id: the record it stands for.
    :param kind: ``SAME`` (same content), ``OLDER`` (a newer version is known) or ``MOVED`` (it was set aside in this
        batch and a later batch took it up).
    """

    record_id: int
    batch_id: int
    file_id: int
    record_index: int
    kind: str
    content_hash: str
    amount_minor: int | None
    currency: str
    at: datetime


@dataclass(frozen=True)
class Problem:
    """Something that went wrong with a run rather than with one order.

    :param reported_at: when a report told of it.
    :param over_at: when the step succeeded again after that, in whatever run.
    """

    id: int
    flow: str
    retailer: str
    dag_id: str
    run_id: str
    task_id: str
    error_class: str
    message: str
    next_step: str
    at: datetime
    reported_at: datetime | None
    over_at: datetime | None
