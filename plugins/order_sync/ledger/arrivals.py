"""What goes into the ledger when a batch is read, and what the ledger says about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from order_sync.ledger.states import State


@dataclass(frozen=True, slots=True)
class Arrival:
    """One record found in a file of a batch.

    :param order_key: the order's business identity, e.g. its ``orderId``; for an unreadable record a key made of file
        hash and index.
    :param content_hash: hash of the content in canonical form.
    :param updated_ms: the partner's version clock in milliseconds since 1970; None if it gives none.
    :param file_id: the file it was found in.
    :param record_index: its place among the records of that file, from 0.
    :param offset: where its raw bytes start in the stored file.
    :param length: how many bytes they are.
    :param amount_minor: its total in minor units; None if it cannot be read.
    :param currency: ISO code; empty if it cannot be read.
    :param lines: how many lines it has.
    :param kind: ``IN_STORE``, ``SEND_SALE``, ``MIXED`` or empty.
    :param order_date: when the order was placed; None if it cannot be read.
    :param store: the store it belongs to, in the retailer's own code; empty if it is not known.
    """

    order_key: str
    content_hash: str
    updated_ms: int | None
    file_id: int
    record_index: int
    offset: int
    length: int
    amount_minor: int | None
    currency: str
    lines: int
    kind: str = ""
    order_date: datetime | None = None
    store: str = ""


class AdmissionKind(StrEnum):
    """What an arrival is to the ledger."""

    #: The key was unknown: a record in state SEEN now exists.
    NEW = "NEW"
    #: This batch already registered this very record: the same record again.
    MINE = "MINE"
    #: It was set aside in another batch: this batch has taken it up, state SEEN.
    AGAIN = "AGAIN"
    #: The same content is known already: counted as a repeat, do not send it.
    SAME = "SAME"
    #: A newer version is known: counted as a repeat, do not send it.
    OLDER = "OLDER"
    #: This batch registered it once, set it aside, and a later batch took it up: leave it alone.
    MOVED = "MOVED"
    #: The key is known with other content: nothing written; compare, then call ``settle_others``.
    OTHER = "OTHER"
    #: ``settle_others`` took it up as a changed order: a record in state SEEN exists.
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class PreviousRecord:
    """The version of an order that an arrival has to be compared with.

    :param record_id: 0 in a dry run, for an arrival of the same call.
    :param file_uri: the stored file in which its raw bytes lie at ``offset``, ``length`` bytes long.
    :param state: how far it came; only one that was sent makes the arrival a *changed* order.
    """

    record_id: int
    version: int
    batch_id: int
    file_uri: str
    record_index: int
    offset: int
    length: int
    content_hash: str
    updated_ms: int | None
    state: State


@dataclass(frozen=True, slots=True)
class Admission:
    """The ledger's answer to one arrival.

    :param record_id: the record it made or stands for; None for OTHER, and for NEW in a dry run.
    :param version: version of that record; 0 where there is none.
    :param state: state of that record after the call; SEEN where there is none.
    :param feed_id: the feed that carried this arrival. A transform that runs again over a batch whose feed was promised
        must emit exactly the arrivals with that feed's id, to make the same bytes.
    :param previous: set for OTHER and CHANGED, and for MINE with a version above 1: what it has to be compared with.
    """

    kind: AdmissionKind
    record_id: int | None
    version: int
    state: State
    feed_id: int | None = None
    previous: PreviousRecord | None = None


class OtherKind(StrEnum):
    """How the content of an OTHER arrival compares with the previous version."""

    SAME = "SAME"
    OLDER = "OLDER"
    CHANGED = "CHANGED"


@dataclass(frozen=True, slots=True)
class OtherDecision:
    """The caller's verdict on an arrival that came back as OTHER.

    :param previous_id: ``admission.previous.record_id`` that it was compared with. If another version has come
        since, the verdict is void: the arrival comes back as OTHER once more, to be compared with that one.
    """

    arrival: Arrival
    kind: OtherKind
    previous_id: int


@dataclass(frozen=True, slots=True)
class Decision:
    """The transform's verdict on one record.

    :param state: READY, EXCLUDED or QUARANTINED.
    :param reason: a code of :data:`order_sync.reasons.REASONS` or ``EXCLUSIONS``; empty for READY.
    :param field: path of the field that is wrong.
    :param message: what is wrong, in words for the report; no personal data.
    """

    record_id: int
    state: State
    reason: str = ""
    field: str = ""
    message: str = ""
