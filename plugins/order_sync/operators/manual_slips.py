"""manual_slips: moves stock in Retail Pro from the store that shipped to the store that invoiced, once per slip.

A slip is a document of its own in the ledger (flow ``retailpro_manual_slips``, key = SlipNo). It goes out only when its
order is invoiced, or was invoiced at the till.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec

from order_sync.flow import SLIPS_FLOW, Run
from order_sync.ledger import Arrival, Batch, Feed, FileSeen, Ledger, Record, State
from order_sync.operators.batches import close_derived, derived_batch
from order_sync.operators.deliver import OPEN, Deliver, Document, Source
from order_sync.partners.retailpro import SLIP
from order_sync.settings import RetailProInvoicing
from order_sync.staging import Staging

#: The target name of the file that holds a batch's slips.
MANUAL_SLIPS = "manual_slips"
#: Why an order is left out whose slips go out nevertheless.
SEND_SALE = "SEND_SALE"

_INVOICED = frozenset({State.DELIVERED, State.CONFIRMED})


class SlipLine(msgspec.Struct):
    """One line of the file that holds a batch's slips."""

    order: str
    number: str
    body: msgspec.Raw


class _Placed(NamedTuple):
    index: int
    offset: int
    raw: bytes
    slip: SlipLine


_lines = msgspec.json.Decoder(SlipLine)


def slip_line(order: str, number: str, body: bytes) -> bytes:
    """A line of that file.

    :param order: key of the order in the ledger.
    """
    return msgspec.json.encode(SlipLine(order, number, msgspec.Raw(body))) + b"\n"


class ManualSlips(Deliver):
    """Sends the slips of the batches' orders, and refused ones that are asked for by number in ``order_ids``."""

    operation = SLIP
    words = ("manual slip", "manual slips")
    label = "SlipResponses"

    @property
    def ledger_flow(self) -> str:
        """The slips' own flow."""
        return SLIPS_FLOW

    @contextmanager
    def sources(self, run: Run, book: Ledger, settings: RetailProInvoicing) -> Iterator[list[Source]]:
        """The slips of the batches, registered as far as their orders are invoiced."""
        staging = Staging()
        batches = {}
        for batch_id in self.work["batches"]:
            for feed in book.feeds_of_batch(batch_id):
                if feed.target == MANUAL_SLIPS:
                    derived = self._registered(run, book, staging, book.batch(batch_id), feed, settings)
                    batches[derived.id] = feed.uri
        for record in self._asked_for(run, book):
            batches.setdefault(record.batch_id, book.batch_inputs(record.batch_id)[0].uri)
        yield [Source(batch_id, _reader(staging, uri)) for batch_id, uri in batches.items()]
        for batch_id in self.work["batches"]:
            self._close(run, book, batch_id)

    def _registered(
        self, run: Run, book: Ledger, staging: Staging, batch: Batch, feed: Feed, settings: RetailProInvoicing
    ) -> Batch:
        """The batch of the slips, with those that may go out by now."""
        from order_sync.operators.batch_decisions import BatchDecisions, Candidate
        from order_sync.operators.batch_reader import Input

        seen = FileSeen(feed.sha256, _size(staging, feed.uri), feed.uri, feed.name, "", None)
        derived = derived_batch(book, run, SLIPS_FLOW, batch, [seen])
        (file,) = book.batch_inputs(derived.id)
        inputs = [Input(0, file.file_id, feed.sha256, feed.uri, feed.name)]
        decisions = BatchDecisions(book, staging, derived, inputs, run, settings.limits, emit_changes=False)
        due = self._due(book, batch, derived, list(_placed(staging, feed.uri)))
        decisions.decide([Candidate(_arrival(one, file.file_id, batch), one.raw, None) for one in due])
        return derived

    def _due(self, book: Ledger, batch: Batch, derived: Batch, lines: Sequence[_Placed]) -> list[_Placed]:
        """The slips that are not registered yet and whose orders are invoiced, by us or at the till."""
        orders = book.records_by_order(self.flow, self.retailer, [one.slip.order for one in lines])
        invoiced = {
            order.order_key
            for order in orders
            if order.state in _INVOICED
            or (order.batch_id == batch.id and order.state is State.EXCLUDED and order.reason == SEND_SALE)
        }
        known = book.records_by_order(SLIPS_FLOW, self.retailer, [one.slip.number for one in lines])
        registered = {slip.order_key for slip in known if slip.batch_id == derived.id and slip.state is not State.SEEN}
        return [one for one in lines if one.slip.order in invoiced and one.slip.number not in registered]

    def _asked_for(self, run: Run, book: Ledger) -> list[Record]:
        """Refused slips that a person asks for; they are ready again."""
        asked = [str(number).strip() for number in run.param("order_ids") or []]
        if asked == ["all"]:
            ids = book.open_exception_ids(SLIPS_FLOW, self.retailer)
            asked = [place.order_key for place in book.record_locations(ids)]
        found = book.records_by_order(SLIPS_FLOW, self.retailer, asked) if asked else []
        refused = [record for record in found if record.state in {State.QUARANTINED, State.READY}]
        book.bring_back([record.id for record in refused], at=run.now, who=run.who)
        return refused

    def _close(self, run: Run, book: Ledger, batch_id: int) -> None:
        """Close the batch of the slips when no order of its parent and none of its slips is under way."""
        parent = book.batch(batch_id)
        derived = book.batch_by_key(SLIPS_FLOW, self.retailer, parent.key)
        if derived is None or (OPEN | {State.SEEN}) & book.states_of([parent.id, derived.id]).keys():
            return
        close_derived(book, derived, run)


def _placed(staging: Staging, uri: str) -> Iterator[_Placed]:
    offset = 0
    with staging.open(uri) as stream:
        for index, raw in enumerate(stream):
            yield _Placed(index, offset, raw, _lines.decode(raw))
            offset += len(raw)


def _reader(staging: Staging, uri: str) -> Callable[[], Iterator[Document]]:
    return lambda: (Document(one.slip.number, bytes(one.slip.body)) for one in _placed(staging, uri))


def _arrival(one: _Placed, file_id: int, batch: Batch) -> Arrival:
    return Arrival(
        order_key=one.slip.number,
        content_hash=hashlib.sha256(bytes(one.slip.body)).hexdigest(),
        updated_ms=None,
        file_id=file_id,
        record_index=one.index,
        offset=one.offset,
        length=len(one.raw),
        amount_minor=None,
        currency="",
        lines=1,
        kind="SLIP",
        order_date=batch.created_at,
    )


def _size(staging: Staging, uri: str) -> int:
    with staging.open(uri) as stream:
        return stream.seek(0, 2)
