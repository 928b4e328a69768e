"""What Retail Pro does with a document once it is through the door, and what it tells about those that it has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from sandbox.retailpro.amounts import shown
from sandbox.retailpro.checks import NotJsonError, WrongBodyError, check, key_of, read_body
from sandbox.retailpro.database import RetailProDatabase, sha256
from sandbox.retailpro.documents import Call, Invoice, LookUp, Slip, invoice_no
from sandbox.retailpro.faults import Lie, RetailProFaults
from sandbox.retailpro.settings import Operation, RetailProSettings

#: The status that goes out with each lie; 0: none does. A half answer begins like a real one.
_STATUS_OF_LIE = {"500": 500, "502": 502, "504": 504, "close": 0, "reset": 0, "hang": 0, "html": 200}

_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Answer:
    """One answer in JSON.

    :param retry_after: whole seconds for that header, None for no header.
    """

    status: int
    body: bytes
    retry_after: int | None = None


@dataclass(frozen=True)
class Posted:
    """One POST as it arrived.

    :param document: the body read, None when it cannot be.
    :param problem: the answer when it cannot.
    """

    operation: Operation
    arrived_at: datetime
    body: bytes
    key: str
    document: dict[str, Any] | None
    problem: Answer | None


def answer(status: int, content: object, *, retry_after: int | None = None) -> Answer:
    """Make an answer.

    :param status: the HTTP status.
    :param content: what becomes its JSON; a Decimal becomes a number, exactly.
    :param retry_after: seconds for that header.
    """
    return Answer(status, _encode(content), retry_after)


def refusal(status: int, message: str, **more: object) -> Answer:
    """Make an answer that says no.

    :param status: the HTTP status.
    :param message: the reason.
    :param more: further fields.
    """
    return answer(status, {"Success": False, **more, "Message": message})


def read_post(operation: Operation, arrived_at: datetime, body: bytes) -> Posted:
    """Read the body of a POST.

    :param operation: what is to be created.
    :param arrived_at: when it came.
    :param body: the bytes.
    """
    try:
        document = read_body(body)
    except NotJsonError as error:
        return Posted(operation, arrived_at, body, "", None, refusal(400, str(error)))
    except WrongBodyError as error:
        return Posted(operation, arrived_at, body, "", None, refusal(422, str(error)))
    return Posted(operation, arrived_at, body, key_of(document, operation), document, None)


class Office:
    """Creates documents and finds them again; used by one thread only.

    :param database: the truth.
    :param settings: what is known and recognised.
    :param faults: lies of look-ups.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        database: RetailProDatabase,
        settings: RetailProSettings,
        faults: RetailProFaults,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._settings = settings
        self._faults = faults
        self._clock = clock

    def turn_away(self, posted: Posted, reply: Answer) -> None:
        """Write down a POST that is not looked at.

        :param posted: the POST.
        :param reply: what it is told.
        """
        self._database.append(_call(posted, reply, None, committed=False), None, posted.arrived_at)

    def create(self, posted: Posted, lie: Lie | None) -> Answer:
        """Do what a POST asks for, and write it down.

        :param posted: the POST.
        :param lie: what will go out instead of the answer; it may keep the document from being created.
        :returns: the true answer, or the one that would have been true.
        """
        document = posted.document
        reply = posted.problem or self._objection(posted, document or {})
        if reply is not None or document is None:
            reply = reply or refusal(400, "The body is not JSON")
            self._database.append(_call(posted, reply, lie, committed=False), None, posted.arrived_at)
            return reply
        reply = self._created(posted)
        committed = lie is None or lie.committed
        call = _call(posted, reply, lie, committed=committed)
        self._database.append(call, document if committed else None, self._clock())
        return reply

    def find(self, operation: Operation, key: str, arrived_at: datetime) -> Answer:
        """Answer a look-up, and write it down.

        :param operation: which kind of document.
        :param key: OrderNo or SlipNo.
        :param arrived_at: when it came.
        """
        documents: list[Invoice | Slip] = []
        if not self._settings.look_up:
            status = 404
            reply = answer(status, {"Message": "Nothing here"})
        elif self._faults.look_up_down:
            status = 503
            reply = answer(status, {"Message": "Come back later"})
        else:
            status, documents = 200, self._found(operation, key)
            reply = answer(status, {"Documents": [_shown(document) for document in documents]})
        self._database.append_look_up(LookUp(0, arrived_at, operation, key, status, len(documents)))
        return reply

    def summary(self) -> Answer:
        """Counts and sums, for people."""
        content = {
            **self._database.figures(),
            "totalAmt": shown(self._database.invoiced_total()),
            "createdTwice": self._database.created_twice(),
        }
        return answer(200, content)

    def _objection(self, posted: Posted, document: dict[str, Any]) -> Answer | None:
        if faults := check(document, posted.operation, self._settings):
            return refusal(422, "; ".join(faults))
        if self._settings.duplicates and (known := self._known(posted.operation, posted.key)):
            return refusal(409, f"{posted.key} exists already", Code="DUPLICATE", **_shown(known[0]))
        return None

    def _created(self, posted: Posted) -> Answer:
        if posted.operation == "slip":
            return answer(201, {"Success": True, "SlipNo": posted.key})
        number = invoice_no(self._database.next_invoice())
        return answer(201, {"Success": True, "InvoiceNo": number, "OrderNo": posted.key})

    def _known(self, operation: Operation, key: str) -> list[Invoice] | list[Slip]:
        return self._database.invoices(key) if operation == "invoice" else self._database.slips(key)

    def _found(self, operation: Operation, key: str) -> list[Invoice | Slip]:
        shown_from = self._clock() - timedelta(seconds=self._faults.lag_seconds)
        documents: list[Invoice | Slip] = [
            one for one in self._known(operation, key) if not self._faults.lag_seconds or one.created_at <= shown_from
        ]
        if documents and self._faults.says_absent(key):
            return []
        if documents and key in self._faults.two_matches:
            documents.append(replace(documents[0], number=0))
        return documents


def _call(posted: Posted, reply: Answer, lie: Lie | None, *, committed: bool) -> Call:
    return Call(
        number=0,
        arrived_at=posted.arrived_at,
        operation=posted.operation,
        key=posted.key,
        body=posted.body,
        sha256=sha256(posted.body),
        committed=committed,
        status=reply.status if lie is None else _STATUS_OF_LIE.get(lie.what, reply.status),
        lie=lie.what if lie is not None else "",
        answer=reply.body,
    )


def _shown(document: Invoice | Slip) -> dict[str, object]:
    """A document as look-ups and refusals of duplicates show it."""
    if isinstance(document, Slip):
        return {
            "SlipNo": document.slip_no,
            "FromStore": document.from_store,
            "ToStore": document.to_store,
            "TotalQty": shown(document.total_qty),
        }
    return {
        "OrderNo": document.order_no,
        "InvoiceNo": document.invoice_no,
        "InvoicingStore": document.invoicing_store,
        "TotalAmt": shown(document.total_amt),
        "CreatedDate": document.created_date,
    }
