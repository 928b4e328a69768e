"""What becomes of the orders of one batch: the ledger's knowledge of each, and the verdict on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Required, TypedDict, Unpack

from order_sync.contracts.bundles import Bounds
from order_sync.contracts.predictspring import guess_order_id
from order_sync.errors import BadInput, Stop
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import (
    ORDER_KEY_LENGTH,
    Admission,
    AdmissionKind,
    Arrival,
    Batch,
    BatchState,
    Decision,
    Ledger,
    PreviousRecord,
    State,
)
from order_sync.operators.admission import Admitter
from order_sync.operators.batch_reader import BatchReader, Frames, Input, json_records
from order_sync.operators.outcome import Outcome
from order_sync.settings import Limits
from order_sync.staging import Staging
from order_sync.transforms.tlog_frame import SourceRecord

#: States of an order that has left us or is about to, so that another version of it is a change of something sent.
SENT = frozenset({State.READY, State.INTENDED, State.DELIVERED, State.CONFIRMED, State.UNKNOWN})
#: Kinds of batches that nobody asked for: what a partner refused, and may have, does not go again by one of these.
_BY_ITSELF = frozenset({"inbox", "derived"})
_TAKEN_UP = frozenset({AdmissionKind.NEW, AdmissionKind.AGAIN, AdmissionKind.MINE, AdmissionKind.CHANGED})


class Candidate(NamedTuple):
    """An order of the batch before the ledger was asked.

    :param cause: why it cannot go out, None if it can.
    :param left_out: why it is left out on purpose: a code of EXCLUSIONS, blank if it is not.
    :param waits_for: what has to be known to the partner first, such as ``customer 10004``.
    """

    arrival: Arrival
    content: bytes
    cause: BadInput | None
    left_out: str = ""
    waits_for: tuple[str, ...] = ()


class Details(TypedDict, total=False):
    """What else the ledger keeps of a record; see :class:`~order_sync.ledger.Arrival`."""

    amount_minor: Required[int | None]
    currency: Required[str]
    lines: Required[int]
    kind: str
    order_date: datetime | None
    store: str


class BatchDecisions:
    """Takes the orders of one batch into the ledger and decides on each.

    :param batch: a batch of the ledger; in a dry run one that exists in memory only.
    :param inputs: its stored files.
    :param emit_changes: whether a changed order goes out once more; else it waits as an exception.
    :param frames: what cuts a file into records.
    """

    def __init__(
        self,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        inputs: Sequence[Input],
        run: Run,
        limits: Limits,
        *,
        emit_changes: bool,
        frames: Frames = json_records,
    ) -> None:
        self._book, self._batch, self._run, self._emit_changes = book, batch, run, emit_changes
        bounds = Bounds(limits.max_unpacked_bytes, limits.max_members, limits.max_ratio)
        self.reader = BatchReader(staging, inputs, bounds, limits.max_record_bytes, frames)
        self.inputs = {source.position: source for source in inputs}
        self._admitter = Admitter(book, staging, batch, run, bounds, limits.max_record_bytes, frames)
        self.outcome = Outcome()

    def candidate(
        self,
        record: SourceRecord,
        key: str,
        sent: bytes,
        *,
        cause: BadInput | None,
        left_out: str,
        waits_for: tuple[str, ...] = (),
        updated_ms: int | None = None,
        **details: Unpack[Details],
    ) -> Candidate:
        """A record that is known by what is sent for it: the same rows or body from another source are no change.

        :param key: its business identity; blank: its place in the file.
        :param sent: exactly what goes out; blank where nothing does, then the record itself counts.
        :param updated_ms: the partner's own clock, where versions of the record have one.
        """
        arrival = Arrival(
            order_key=self.key(record, key),
            content_hash=hashlib.sha256(sent or record.data).hexdigest(),
            updated_ms=updated_ms,
            file_id=self.inputs[record.file].file_id,
            record_index=record.index,
            offset=record.offset,
            length=len(record.data),
            **details,
        )
        return Candidate(arrival, record.data, cause, left_out, waits_for)

    def done(self, mapping_version: str) -> None:
        """Note that the batch is transformed."""
        self._book.move_batch(
            self._batch.id,
            {BatchState.COLLECTED, BatchState.TRANSFORMED},
            BatchState.TRANSFORMED,
            at=self._run.now,
            mapping_version=mapping_version,
            summary=self.outcome.as_dict(self._batch.id),
        )

    def decide_faults(self) -> None:
        """Decide on the files, or parts of files, that could not be read."""
        self.decide([self.faulty(fault.position, fault.index, fault.error) for fault in self.reader.faults])

    def decide(self, candidates: Sequence[Candidate]) -> tuple[list[Admission], list[Decision | None]]:
        """Take candidates into the ledger and say what becomes of each; None for a repeat of what is known."""
        admissions = self._admitter.admit(
            [candidate.arrival for candidate in candidates], [candidate.content for candidate in candidates]
        )
        decisions = self._decisions(candidates, admissions)
        for candidate, admission, decision in zip(candidates, admissions, decisions, strict=True):
            self.outcome.count(candidate.arrival, admission.kind, decision)
        point("transform.before_decide")
        if not self._run.dry_run:
            self._book.decide(
                self._batch.id, [decision for decision in decisions if decision], at=self._run.now, who=self._run.who
            )
        return admissions, decisions

    def _decisions(self, candidates: Sequence[Candidate], admissions: Sequence[Admission]) -> list[Decision | None]:
        """The verdict on each candidate; of several versions that could go out together only the last one does."""
        decisions: list[Decision | None] = []
        going: dict[str, int] = {}
        refused = self._refused(admissions)
        for at, (candidate, admission) in enumerate(zip(candidates, admissions, strict=True)):
            decision, key = None, candidate.arrival.order_key
            if admission.kind in _TAKEN_UP:
                decision = self._decision(candidate, admission, key in going, refused.get(admission.record_id or 0))
                if decision.state is State.READY:
                    if key in going:
                        replaced = admissions[going[key]].record_id or 0
                        decisions[going[key]] = Decision(replaced, State.EXCLUDED, "OLDER_VERSION")
                    going[key] = at
            decisions.append(decision)
        return decisions

    def _refused(self, admissions: Sequence[Admission]) -> dict[int, tuple[str, str]]:
        """Of what came again by itself, what a partner refused, or was asked for a second time: reason and message."""
        if self._batch.kind not in _BY_ITSELF or self._emit_changes:
            return {}
        known = [one.record_id for one in admissions if one.kind in _TAKEN_UP - {AdmissionKind.NEW} and one.record_id]
        return self._book.refusals_of(known) if known else {}

    def _decision(
        self, candidate: Candidate, admission: Admission, going: bool, refused: tuple[str, str] | None
    ) -> Decision:
        """The verdict on one candidate.

        :param going: whether an earlier version of it goes out with this very frame.
        :param refused: why it stays set aside until a person asks for it, reason and message.
        """
        record_id = admission.record_id or 0
        if candidate.left_out and not candidate.cause:
            return Decision(record_id, State.EXCLUDED, candidate.left_out)
        cause = candidate.cause or self._changed(candidate.arrival.order_key, admission, going)
        if cause:
            return Decision(record_id, State.QUARANTINED, cause.reason, cause.field, cause.message)
        if refused:
            return Decision(record_id, State.QUARANTINED, refused[0], message=refused[1])
        if candidate.waits_for:
            first, told = candidate.waits_for[0], ", ".join(candidate.waits_for[:20])
            return Decision(record_id, State.WAITING, "WAITS_FOR", first, f"waits for {told}.")
        return Decision(record_id, State.READY)

    def _changed(self, key: str, admission: Admission, going: bool) -> BadInput | None:
        """Why a changed order waits, where an earlier version of it was sent and changes do not go out."""
        previous = admission.previous
        if previous is None or self._emit_changes:
            return None
        if not going and not self._was_sent(key, previous):
            return None
        return BadInput("CHANGED_ORDER", "an earlier version of this order went out and says something else.")

    def _was_sent(self, key: str, previous: PreviousRecord) -> bool:
        """Whether the version to compare with was sent, or one before it that it was set aside for."""
        if previous.state in SENT:
            return True
        versions = self._book.records_by_order(self._batch.flow, self._batch.retailer, [key])
        return any(record.state in SENT for record in versions if record.version < previous.version)

    def faulty(self, position: int, index: int, cause: BadInput, record: SourceRecord | None = None) -> Candidate:
        """An order that could not be decoded, or a file that could not be read, as one record of unknown amount."""
        data = record.data if record else b""
        place = record or SourceRecord(position, index, 0, data)
        arrival = Arrival(
            order_key=self.key(place, guess_order_id(data)),
            content_hash=hashlib.sha256(data).hexdigest(),
            updated_ms=None,
            file_id=self.inputs[position].file_id,
            record_index=index,
            offset=place.offset,
            length=len(data),
            amount_minor=None,
            currency="",
            lines=0,
        )
        return Candidate(arrival, data, cause)

    def key(self, record: SourceRecord, order_id: str) -> str:
        """The order's identity; for one that has none, the place in the file it came in."""
        if 0 < len(order_id) <= ORDER_KEY_LENGTH and order_id.isprintable():
            return order_id
        return f"file:{self.inputs[record.file].sha256[:16]}:{record.index}"

    def cancel_surrogates(self) -> None:
        """Close exceptions that stood for a place in a file, where the order in that place can be read by now."""
        for place in self._book.record_locations(self._batch.selection) if self._batch.selection else []:
            if place.state is State.QUARANTINED and place.batch_id != self._batch.id:
                self._book.move(
                    place.record_id,
                    {State.QUARANTINED},
                    State.CANCELLED,
                    at=self._run.now,
                    who=self._run.who,
                    why=f"record {place.record_index + 1} of {place.file_name} can be read now",
                )

    def check_equation(self) -> None:
        """In = out + left out + set aside, in count and money.

        :raises Stop: it does not close.
        """
        gap = self._book.equation(self._batch.id).gap(self.outcome.arrived)
        if gap:
            raise Stop(
                f"Batch {self._batch.id} does not close: {gap}.",
                next_step="Nothing was published. Keep the batch's files and the ledger, and call its maintainers.",
            )


def is_sent(decision: Decision | None) -> bool:
    """Whether a verdict lets a record go out; None is a repeat of what is known."""
    return decision is not None and decision.state is State.READY
