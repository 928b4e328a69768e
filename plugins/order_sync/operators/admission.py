"""What the ledger knows of the orders of a frame, comparing content where an order is known with other bytes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from order_sync.contracts.bundles import Bounds
from order_sync.contracts.predictspring import canonical
from order_sync.flow import Run
from order_sync.ledger import (
    Admission,
    AdmissionKind,
    Arrival,
    Batch,
    Ledger,
    OtherDecision,
    OtherKind,
    PreviousRecord,
)
from order_sync.operators.batch_reader import Frames, json_records, read_records
from order_sync.staging import Staging


class Admitter:
    """Takes the orders of one batch into the ledger.

    :param bounds: for compressed files, when an earlier arrival has to be read again.
    :param most: the most bytes of one order.
    :param frames: what cuts a file into records.
    """

    def __init__(
        self,
        book: Ledger,
        staging: Staging,
        batch: Batch,
        run: Run,
        bounds: Bounds,
        most: int,
        frames: Frames = json_records,
    ) -> None:
        self._book, self._staging, self._batch, self._run = book, staging, batch, run
        self._bounds, self._most, self._frames = bounds, most, frames

    def admit(self, arrivals: Sequence[Arrival], contents: Sequence[bytes]) -> list[Admission]:
        """The ledger's answers, in order; none is ``OTHER`` any more.

        :param contents: the raw bytes of each arrival.
        """
        run = self._run
        answers = self._book.admit(self._batch, arrivals, at=run.now, who=run.who, dry_run=run.dry_run)
        while others := [at for at, answer in enumerate(answers) if answer.kind is AdmissionKind.OTHER]:
            decisions = self._compare(others, arrivals, contents, answers)
            settled = self._book.settle_others(self._batch, decisions, at=run.now, who=run.who, dry_run=run.dry_run)
            for at, answer in zip(others, settled, strict=True):
                answers[at] = replace(answer, previous=answer.previous or answers[at].previous)
        return answers

    def _compare(
        self,
        others: Sequence[int],
        arrivals: Sequence[Arrival],
        contents: Sequence[bytes],
        answers: Sequence[Admission],
    ) -> list[OtherDecision]:
        previous = [(at, answers[at].previous) for at in others]
        earlier = self._earlier([record for _, record in previous if record is not None])
        decisions = []
        for at, record in previous:
            if record is None:
                raise RuntimeError("The ledger answered OTHER without saying what it compares with.")
            kind = _kind(arrivals[at], contents[at], record, earlier.get(record.record_id, b""))
            decisions.append(OtherDecision(arrivals[at], kind, record.record_id))
        return decisions

    def _earlier(self, records: Sequence[PreviousRecord]) -> dict[int, bytes]:
        """The bytes of earlier arrivals, each stored file opened once."""
        by_file: dict[str, dict[int, int]] = defaultdict(dict)
        for record in records:
            by_file[record.file_uri][record.record_index] = record.record_id
        found: dict[int, bytes] = {}
        for uri, wanted in by_file.items():
            for index, data in read_records(self._staging, uri, wanted, self._bounds, self._most, self._frames).items():
                found[wanted[index]] = data
        return found


def _kind(arrival: Arrival, content: bytes, record: PreviousRecord, earlier: bytes) -> OtherKind:
    """Same content whatever the layout, an older version by the partner's own clock, or a change."""
    try:
        if canonical(content) == canonical(earlier):
            return OtherKind.SAME
    except ValueError:
        pass  # one of them is not JSON: then they differ
    if arrival.updated_ms is not None and record.updated_ms is not None and arrival.updated_ms < record.updated_ms:
        return OtherKind.OLDER
    return OtherKind.CHANGED
