"""NetSuite's fulfilments and rejections to HotWax's imports.

A fulfilment is known by order, line, facility and its tracking numbers, or by its time where it has none: the two forms
in which NetSuite tells of one write the time differently. It goes out as the JSON that NetSuite's own script writes for
HotWax, a rejection as the columns that it came in.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

import msgspec

from order_sync.contracts import netsuite_shipments
from order_sync.contracts.hotwax_completed import guess_order_id, text
from order_sync.contracts.netsuite_shipments import REJECTION_COLUMNS, Fulfilment
from order_sync.errors import BadInput
from order_sync.transforms.invoice_order import told
from order_sync.transforms.netsuite_frames import in_frames
from order_sync.transforms.netsuite_items import FRAME_ITEMS, ItemDraft, pieces, required
from order_sync.transforms.tlog_frame import SourceRecord

_BETWEEN = " | "
_LONGEST = 100

#: Tells how often each of some lines was given to a facility before the file of a record was written.
Allocated = Callable[[Sequence[tuple[int, str]]], Mapping[tuple[int, str], int]]


class HotWaxFulfilments:
    """What NetSuite shipped."""

    version = "1"

    def header(self) -> bytes:
        """What a file begins with."""
        return b"["

    def read(self, records: Iterable[SourceRecord], size: int = FRAME_ITEMS) -> Iterator[list[ItemDraft]]:
        """A draft for every fulfilled line, in their order, some thousand at a time."""
        return in_frames(records, size, lambda chunk: [self._draft(record) for record in chunk])

    def _draft(self, record: SourceRecord) -> ItemDraft:
        draft = ItemDraft(record)
        try:
            shipped = netsuite_shipments.fulfilments.decode(record.data)
            self._judge(shipped, draft)
        except BadInput as cause:
            draft.key, draft.cause = draft.key or guess_order_id(record.data), told(cause)
        return draft

    def _judge(self, shipped: Fulfilment, draft: ItemDraft) -> None:
        draft.key = draft.order = required(shipped.orderId, "orderId")
        seq = required(shipped.orderItemSeqId, "orderItemSeqId")
        draft.facility = required(shipped.externalFacilityId, "externalFacilityId")
        draft.line = f"{draft.order}:{seq}"
        date = required(shipped.shippedDate, "shippedDate")
        numbers = [part.strip() for part in (text(shipped.trackingNumber) or "").split(_BETWEEN.strip())]
        tracking = [number for number in numbers if number]
        draft.key = f"{draft.line}:{draft.facility}:{_short(_BETWEEN.join(sorted(tracking)) or date)}"
        quantity = pieces(_number(shipped.quantity), "quantity")
        item = {
            "orderItemSeqId": seq,
            "externalFacilityId": draft.facility,
            "shippedDate": date,
            "quantity": str(quantity),
            "trackingNumber": _BETWEEN.join(tracking),
            "carrier": text(shipped.carrier) or "",
            "shippingMethod": text(shipped.shippingMethod) or "",
            "validation-result": "success",
        }
        draft.row = msgspec.json.encode(item)
        draft.opening = b'{"orderMap":{"orderId":' + msgspec.json.encode(draft.order) + b',"items":['
        draft.closing = b"]}}"
        draft.together = f"{draft.order}:{draft.facility}:{draft.key.rpartition(':')[2]}"
        draft.known_by = msgspec.json.encode((draft.key, quantity))


class HotWaxRejections:
    """What a facility of NetSuite's will not ship.

    A line may be rejected again once it was given to a facility again; until then the same is the same, whatever file
    says it.
    """

    version = "1"

    def header(self) -> bytes:
        """The header line."""
        return f"{','.join(REJECTION_COLUMNS)}\n".encode()

    def read(
        self, records: Iterable[SourceRecord], allocated: Allocated, size: int = FRAME_ITEMS
    ) -> Iterator[list[ItemDraft]]:
        """A draft for every rejected line, in their order, some thousand at a time.

        :param allocated: asked once per frame.
        """
        return in_frames(records, size, lambda chunk: self._drafts(chunk, allocated))

    def _drafts(self, records: Sequence[SourceRecord], allocated: Allocated) -> list[ItemDraft]:
        drafts = [self._draft(record) for record in records]
        times = allocated([(draft.record.file, draft.line) for draft in drafts if draft.line])
        for draft in drafts:
            if draft.line:
                draft.key = f"{draft.line}:{times.get((draft.record.file, draft.line), 0)}"
        return drafts

    def _draft(self, record: SourceRecord) -> ItemDraft:
        draft = ItemDraft(record)
        try:
            rejected = netsuite_shipments.rejections.decode(record.data)
            draft.key = draft.order = required(rejected.orderId, "orderId")
            seq = required(rejected.orderItemSeqId, "orderItemSeqId")
        except BadInput as cause:
            draft.key, draft.cause = draft.key or guess_order_id(record.data), told(cause)
            return draft
        draft.line = f"{draft.order}:{seq}"
        line = io.StringIO(newline="")
        comments, reason = rejected.rejectionComments or "", rejected.rejectionReason or ""
        csv.writer(line, lineterminator="\n").writerow([draft.order, seq, comments, reason])
        draft.row = line.getvalue().encode()
        draft.known_by = draft.line.encode()
        return draft


def _number(value: object) -> Decimal | None:
    try:
        return Decimal(str(value).strip()) if value is not None else None
    except InvalidOperation:
        return Decimal("NaN")


def _short(words: str) -> str:
    """Words as part of a key; long or strange ones as their checksum."""
    if len(words) <= _LONGEST and words.isprintable():
        return words
    return hashlib.sha256(words.encode()).hexdigest()[:16]
