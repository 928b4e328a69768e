"""Records that follow an order: made from what its transform told of it, waiting until NetSuite has what they need.

Each stands for itself in the ledger, under a flow of its own. It comes into being WAITING, when the order's file lies
in NetSuite's folder, and wakes when NetSuite's ids have come back, in whatever run that is.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec

from order_sync.errors import BadInput
from order_sync.faults import point
from order_sync.flow import NETSUITE_ORDERS, Run
from order_sync.ledger import Batch, BatchState, Feed, FileSeen, Ledger, RecordLocation, State
from order_sync.operators.batch_decisions import BatchDecisions, Candidate
from order_sync.operators.batches import batch_of_records, close_derived, derived_batch
from order_sync.operators.csv_batch import TOLD
from order_sync.operators.netsuite_deposits import deposit_of, problem_of
from order_sync.operators.netsuite_followed import order_of
from order_sync.operators.netsuite_replies import LINE, ORDER
from order_sync.operators.transform import inputs_of
from order_sync.settings import Limits
from order_sync.staging import Staging
from order_sync.transforms.netsuite_deposits import CANCELLED, FollowedOrder, deposits_of
from order_sync.transforms.tlog_frame import SourceRecord

#: Kind of the batches whose records go out; those of other kinds only take records in.
DUE = "due"
#: What a record that follows an order waits for first.
WISH = "order "
_CHUNK = 2_000
_OPEN = frozenset({State.WAITING, State.READY})
_orders = msgspec.json.Decoder(FollowedOrder)
T = TypeVar("T")
#: What an approval waits for beside the order.
LINE_WISH = "line "


class Approval(msgspec.Struct, frozen=True, gc=False):
    """An order whose numbers of lines are waited for."""

    order: str
    lines: tuple[str, ...]


_approvals = msgspec.json.Decoder(Approval)


def approval_of(line: bytes) -> Approval:
    """The approval that a line stands for.

    :raises msgspec.DecodeError: it is none.
    """
    return _approvals.decode(line)


def ended(book: Ledger, flow: str, retailer: str, keys: Sequence[str]) -> dict[str, str]:
    """Why records that were on their way were left out in the meantime, codes of the exclusions by key."""
    latest = {one.order_key: one for one in book.records_by_order(flow, retailer, keys)}
    return {key: one.reason for key, one in latest.items() if one.state is State.EXCLUDED}


class FollowUp(NamedTuple):
    """One record that follows an order.

    :param key: its identity in the ledger.
    :param wishes: what has to be known first, beside the order itself.
    :param line: what is kept of it; the same line is the same record.
    """

    key: str
    order: str
    line: bytes
    wishes: tuple[str, ...] = ()
    cause: BadInput | None = None
    left_out: str = ""
    amount_minor: int | None = None
    currency: str = ""

    @property
    def waits_for(self) -> tuple[str, ...]:
        """What has to be known first."""
        return (f"{WISH}{self.order}", *self.wishes)


class FollowUps(ABC):
    """The records of one flow that follow orders.

    :param flow: of the ledger.
    :param wanted: whether there shall be any; what orders tell meanwhile is passed over for good.
    """

    def __init__(
        self, book: Ledger, run: Run, flow: str, retailer: str, limits: Limits, *, wanted: bool = True
    ) -> None:
        self.book, self.run, self.flow, self.retailer = book, run, flow, retailer
        self._limits, self._wanted, self._staging = limits, wanted, Staging()

    @abstractmethod
    def of_order(self, order: FollowedOrder) -> list[FollowUp]:
        """What follows an order."""

    @abstractmethod
    def of_line(self, line: bytes) -> FollowUp:
        """What a line stands for."""

    def take_in(self) -> None:
        """Register what follows the orders of all batches that were published since, and what was left half done."""
        for batch in self.book.unfinished_batches(self.flow, self.retailer):
            if batch.kind != DUE:
                self._settle(batch)
        for parent, feed in self.book.underived(NETSUITE_ORDERS, self.retailer, TOLD, into=self.flow):
            self._settle(self._derived(parent, feed))

    def bring_back(self) -> None:
        """Let the exceptions that a person asks for wait again, as if they had just come."""
        asked = {str(key).strip() for key in self.run.param("order_ids") or []}
        places = self.book.record_locations(self.book.open_exception_ids(self.flow, self.retailer)) if asked else []
        if asked != {"all"}:
            places = [one for one in places if self.is_asked_for(one.order_key, asked)]
        if places:
            self._settle(batch_of_records(self.book, self.run, self.flow, self.retailer, "again", places))

    def is_asked_for(self, key: str, asked: set[str]) -> bool:
        """Whether a person names a record, or the order that it follows."""
        return key in asked or order_of(key) in asked

    def read_lines(self, places: Sequence[RecordLocation]) -> dict[int, FollowUp]:
        """What records stand for, by their ids."""
        found = {}
        for uri in dict.fromkeys(place.uri for place in places):
            with self._staging.open(uri) as stream:
                for place in places:
                    if place.uri == uri:
                        stream.seek(place.offset)
                        found[place.record_id] = self.of_line(stream.read(place.length))
        return found

    def waiting(self) -> list[RecordLocation]:
        """The records that wait and whose orders NetSuite knows, in the order in which they came."""
        wishes = {one.id: one.field.removeprefix(WISH) for one in self.book.waiting(self.flow, self.retailer)}
        known = self.book.ids_of(self.retailer, ORDER, sorted(set(wishes.values())))
        return self.book.record_locations([record for record, order in wishes.items() if order in known])

    def due_batch(self, places: Sequence[RecordLocation]) -> Batch:
        """The batch in which records go out."""
        point("collect.before_batch")
        return batch_of_records(self.book, self.run, self.flow, self.retailer, DUE, places)

    def under_way(self) -> list[Batch]:
        """The batches that go out, or are out, oldest first."""
        return [one for one in self.book.unfinished_batches(self.flow, self.retailer) if one.kind == DUE]

    def _derived(self, parent: Batch, feed: Feed) -> Batch:
        """The batch of what follows the orders of another one; an empty one if nothing new does."""
        with self._staging.scratch() as folder:
            path = folder / "lines"
            open_ones = self._open_ones()
            with path.open("wb") as lines, self._staging.open(feed.uri) as stream:
                for chunk in _chunks(_orders.decode(line) for line in stream):
                    lines.writelines(one.line + b"\n" for one in self._news(chunk, open_ones))
            seen = [self._stored(path, feed.name)] if path.stat().st_size else []
        point("collect.before_batch")
        return derived_batch(self.book, self.run, self.flow, parent, seen)

    def _stored(self, path: Path, name: str) -> FileSeen:
        data = path.read_bytes()
        sha256 = hashlib.sha256(data).hexdigest()
        return FileSeen(sha256, len(data), self._staging.put(path, "inputs", sha256), name, "", None)

    def _open_ones(self) -> dict[str, list[tuple[int, str]]]:
        """What waits, or is ready to go out and did not yet: ids and keys by order."""
        found = defaultdict(list)
        for record in self.book.waiting(self.flow, self.retailer):
            found[order_of(record.order_key)].append((record.id, record.order_key))
        for batch in self.under_way():
            if self.book.states_of([batch.id])[State.READY] or batch.state is BatchState.COLLECTED:
                for place in self.book.record_locations(batch.selection):
                    found[order_of(place.order_key)].append((place.record_id, place.order_key))
        return found

    def _news(self, told: Sequence[FollowedOrder], open_ones: dict[str, list[tuple[int, str]]]) -> Iterator[FollowUp]:
        """What follows some orders and is not known yet, in these very words; what waited and does not any more ends.

        Of an order that is told twice the last telling counts.
        """
        orders = {order.order: order for order in told}
        follow = {one.key: one for order in orders.values() for one in self.of_order(order)} if self._wanted else {}
        for order in orders.values():
            self._end(order, open_ones.get(order.order, []), follow)
        latest = {one.order_key: one for one in self.book.records_by_order(self.flow, self.retailer, list(follow))}
        for key, one in follow.items():
            known = latest.get(key)
            if known is None or known.content_hash != hashlib.sha256(one.line).hexdigest():
                yield one

    def _end(self, order: FollowedOrder, open_ones: Sequence[tuple[int, str]], follow: dict[str, FollowUp]) -> None:
        """Leave out what waits, or is ready, and does not follow its order any more."""
        reason = order.stop or ("PAYMENT_GONE" if self._wanted else "")
        for record_id, key in open_ones if reason else ():
            if key not in follow or follow[key].left_out:
                self.book.move(
                    record_id, _OPEN, State.EXCLUDED, at=self.run.now, who=self.run.who, why=reason, reason=reason,
                    field="", message="",
                )  # fmt: skip

    def _settle(self, batch: Batch) -> None:
        """Decide on the records of a batch that only takes records in, and close it."""
        inputs = inputs_of(self.book, batch)
        decisions = BatchDecisions(
            self.book, self._staging, batch, inputs, self.run, self._limits, emit_changes=False
        )  # fmt: skip
        for chunk in _chunks(decisions.reader.records()):
            decisions.decide([self._candidate(decisions, record) for record in chunk])
        decisions.check_equation()
        close_derived(self.book, batch, self.run)

    def _candidate(self, decisions: BatchDecisions, record: SourceRecord) -> Candidate:
        one = self.of_line(record.data)
        return decisions.candidate(
            record, one.key, b"", cause=one.cause, left_out=one.left_out, waits_for=one.waits_for,
            amount_minor=one.amount_minor, currency=one.currency, lines=1,
        )  # fmt: skip


class DepositFollowUps(FollowUps):
    """One deposit for each payment."""

    def of_order(self, order: FollowedOrder) -> list[FollowUp]:
        """Its payments."""
        return [self.of_line(msgspec.json.encode(one)) for one in deposits_of(order)]

    def of_line(self, line: bytes) -> FollowUp:
        """The deposit of a line."""
        one = deposit_of(line)
        return FollowUp(one.key, one.order, line, (), problem_of(one), one.left_out, one.minor, one.currency)


class ApprovalFollowUps(FollowUps):
    """One approval for each order, once NetSuite has all its lines."""

    def of_order(self, order: FollowedOrder) -> list[FollowUp]:
        """The order with its lines, if it is not cancelled."""
        line = msgspec.json.encode({"order": order.order, "lines": order.lines})
        return [] if order.stop == CANCELLED else [self.of_line(line)]

    def of_line(self, line: bytes) -> FollowUp:
        """The approval of a line."""
        one = approval_of(line)
        return FollowUp(one.order, one.order, line, tuple(f"{LINE_WISH}{one.order}:{seq}" for seq in one.lines))

    def due(self) -> list[RecordLocation]:
        """What waits no longer: NetSuite's numbers of every line have come back, too."""
        places = self.waiting()
        wishes = {
            key: [one.removeprefix(LINE_WISH) for one in up.wishes] for key, up in self.read_lines(places).items()
        }
        known = self.book.ids_of(self.retailer, LINE, sorted({line for lines in wishes.values() for line in lines}))
        return [place for place in places if known.keys() >= set(wishes[place.record_id])]


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    source = iter(items)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk
