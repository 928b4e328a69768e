"""What an arrival is to the ledger: decided in memory, without a database.

The rules, in this order:

1. The batch registered this very place of this very file before: MINE (or what it was settled as).
2. No version of the order is known: NEW.
3. The latest version was set aside in another batch, or waits there. If it waits and is newer by the partner's clock:
   OLDER. If no earlier version is in force, the arrival takes it up: AGAIN. Otherwise the one in force is what to
   compare with, so that a stray copy of it is not sent as if it were new.
4. Same content as the version to compare with: SAME. Same content as an earlier version that is in force, and not
   newer by the partner's clock: SAME too, for it is a stray copy and not a change back.
5. Other content: OTHER, for the caller to compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from order_sync.errors import Stop
from order_sync.ledger.arrivals import AdmissionKind, Arrival, OtherDecision, OtherKind
from order_sync.ledger.states import DECIDED, State

#: The states in which a record of another batch is taken up by the next arrival of it.
_TAKEN_UP_AGAIN = frozenset({State.QUARANTINED, State.WAITING})

#: A place in a batch: file id and index of the record in the file.
Place = tuple[int, int]


@dataclass(slots=True)
class Known:
    """One version of an order as this call knows it; ``record_id`` is 0 until it is written."""

    record_id: int
    version: int
    batch_id: int
    state: State
    feed_id: int | None
    arrival: Arrival

    @property
    def place(self) -> Place:
        """Where it lies in its batch."""
        return self.arrival.file_id, self.arrival.record_index


@dataclass(frozen=True, slots=True)
class Settled:
    """An arrival of this batch that was counted as a repeat before."""

    kind: AdmissionKind
    record: Known
    feed_id: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one arrival; turned into an :class:`Admission` once every record has its id."""

    kind: AdmissionKind
    record: Known | None
    previous: Known | None = None
    settled: Settled | None = None


@dataclass
class Plan:
    """What has to be written for the arrivals of one call."""

    created: list[Known] = field(default_factory=list)
    #: Pairs of a record as it was in its former batch, and as it is now.
    adopted: list[tuple[Known, Known]] = field(default_factory=list)
    refreshed: list[Known] = field(default_factory=list)
    repeats: list[tuple[Arrival, AdmissionKind, Known]] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """Whether nothing has to be written."""
        return not (self.created or self.adopted or self.refreshed or self.repeats)


class Judge:
    """Judges the arrivals of one call in their order; an earlier one counts for those after it.

    :param batch_id: the batch they belong to.
    :param mine: records of this batch by place.
    :param settled: arrivals of this batch that were counted as repeats, by place.
    :param versions: known versions of every order key among the arrivals, oldest first.
    :param frozen: whether the batch's feed was promised to the partner, so that nothing may change.
    """

    def __init__(
        self,
        batch_id: int,
        mine: Mapping[Place, Known],
        settled: Mapping[Place, Settled],
        versions: dict[str, list[Known]],
        *,
        frozen: bool,
    ) -> None:
        self.plan = Plan()
        self._batch_id = batch_id
        self._frozen = frozen
        self._mine = mine
        self._settled = settled
        self._versions = versions

    def judge(self, arrival: Arrival, verdict: OtherDecision | None = None) -> Outcome:
        """Judge one arrival.

        :param verdict: how the caller found its content to compare, if it came back as OTHER before.
        :raises Stop: if a batch whose feed was promised holds a record that it did not hold then, or a place is now
            read as an order that is known from elsewhere.
        """
        place = (arrival.file_id, arrival.record_index)
        if place in self._mine:
            return self._again_mine(self._mine[place], arrival)
        if place in self._settled:
            settled = self._settled[place]
            return Outcome(settled.kind, settled.record, settled=settled)
        if self._frozen:
            raise Stop(
                f"Batch {self._batch_id} was published without record {arrival.record_index} of file "
                f"{arrival.file_id} (order {arrival.order_key}), which is read from it now.",
                next_step="The way files are read has changed since: bring this file again as a batch of its own.",
            )
        versions = self._versions.get(arrival.order_key)
        if not versions:
            return self._create(arrival, 1, AdmissionKind.NEW, None)
        return self._against(versions, arrival, verdict)

    def _again_mine(self, record: Known, arrival: Arrival) -> Outcome:
        if not self._frozen and record.state in DECIDED | {State.SEEN} and record.arrival != arrival:
            if record.arrival.order_key != arrival.order_key:
                self._rename(record, arrival)
            record.arrival = arrival
            self.plan.refreshed.append(record)
        versions = self._versions.get(record.arrival.order_key, [])
        earlier = [version for version in versions if version.version < record.version]
        return Outcome(AdmissionKind.MINE, record, in_force(earlier))

    def _rename(self, record: Known, arrival: Arrival) -> None:
        if self._versions.get(arrival.order_key) or record.version > 1:
            raise Stop(
                f"Record {arrival.record_index} of file {arrival.file_id} was registered in batch {self._batch_id} as "
                f"{record.arrival.order_key} and is read now as order {arrival.order_key}, which is known already.",
                next_step=f"Set record {record.record_id} to CANCELLED in the ledger, then bring the file again.",
            )
        self._versions[arrival.order_key] = [record]

    def _against(self, versions: list[Known], arrival: Arrival, verdict: OtherDecision | None) -> Outcome:
        latest = versions[-1]
        open_elsewhere = latest.state in _TAKEN_UP_AGAIN and latest.batch_id != self._batch_id
        if open_elsewhere and latest.state is State.WAITING and _newer(latest.arrival, arrival):
            return self._repeat(arrival, AdmissionKind.OLDER, latest)
        previous = in_force(versions[:-1]) if open_elsewhere else latest
        if previous is None:
            return self._adopt(latest, arrival, AdmissionKind.AGAIN, None)
        copied = _copied(versions, previous, arrival)
        if copied is not None:
            return self._repeat(arrival, AdmissionKind.SAME, copied)
        if verdict is None or verdict.previous_id != previous.record_id:
            return Outcome(AdmissionKind.OTHER, None, previous)
        if verdict.kind is not OtherKind.CHANGED:
            return self._repeat(arrival, AdmissionKind(verdict.kind.value), previous)
        if open_elsewhere:
            return self._adopt(latest, arrival, AdmissionKind.CHANGED, previous)
        return self._create(arrival, latest.version + 1, AdmissionKind.CHANGED, previous)

    def _create(self, arrival: Arrival, version: int, kind: AdmissionKind, previous: Known | None) -> Outcome:
        record = Known(0, version, self._batch_id, State.SEEN, None, arrival)
        self._versions.setdefault(arrival.order_key, []).append(record)
        self.plan.created.append(record)
        return Outcome(kind, record, previous)

    def _adopt(self, record: Known, arrival: Arrival, kind: AdmissionKind, previous: Known | None) -> Outcome:
        before = Known(record.record_id, record.version, record.batch_id, record.state, record.feed_id, record.arrival)
        record.batch_id, record.state, record.feed_id, record.arrival = self._batch_id, State.SEEN, None, arrival
        self.plan.adopted.append((before, record))
        return Outcome(kind, record, previous)

    def _repeat(self, arrival: Arrival, kind: AdmissionKind, record: Known) -> Outcome:
        self.plan.repeats.append((arrival, kind, record))
        return Outcome(kind, record)


def in_force(versions: Sequence[Known]) -> Known | None:
    """Return the latest version that is not set aside: what an arrival has to be compared with."""
    return next((version for version in reversed(versions) if version.state is not State.QUARANTINED), None)


def _copied(versions: Sequence[Known], previous: Known, arrival: Arrival) -> Known | None:
    """Return the version in force whose content an arrival repeats."""
    if previous.arrival.content_hash == arrival.content_hash:
        return previous
    for version in versions[: previous.version - 1]:
        same = version.arrival.content_hash == arrival.content_hash
        if same and version.state is not State.QUARANTINED and not _newer(arrival, version.arrival):
            return version
    return None


def _newer(one: Arrival, other: Arrival) -> bool:
    return one.updated_ms is not None and other.updated_ms is not None and one.updated_ms > other.updated_ms
