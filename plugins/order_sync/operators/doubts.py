"""Doubt: a call may or may not have been carried out. The partner's evidence ends it, or a person; never a guess."""

from __future__ import annotations

from datetime import timedelta

from order_sync.contracts.retailpro_api import RetailProApi
from order_sync.flow import Run
from order_sync.ledger import Doubt, Ledger, State
from order_sync.partners.retailpro import RetailPro
from order_sync.partners.retailpro_answers import Found

#: Answers that end a doubt, and answers that only a person can draw a conclusion from: the order stays in doubt.
_ENDS = {Found.PRESENT: State.DELIVERED, Found.ABSENT: State.READY}
_PUZZLES = {Found.OTHER: "RETAILPRO_OTHER_CONTENT", Found.SEVERAL: "RETAILPRO_SEVERAL"}


class Doubts:
    """Ends doubts about one kind of call.

    :param operation: which call they are about.
    :ivar asks: whether there is anything but a person to ask.
    :ivar patience: how long Retail Pro's answers may take.
    """

    def __init__(self, book: Ledger, partner: RetailPro, api: RetailProApi, operation: str, run: Run) -> None:
        self._book, self._partner, self._api, self._operation, self._run = book, partner, api, operation, run
        self.asks = api.resolve_doubt != "person"
        self.patience = timedelta(seconds=api.settle_seconds * (api.look_up.absent_answers + 2) + api.read_seconds)

    def due_in(self, doubt: Doubt) -> timedelta:
        """How long to wait until the partner's evidence about a doubt counts; zero or less: it does now.

        A document may show late, so "there is none" is asked for more than once, further and further apart.
        """
        settle = timedelta(seconds=self._api.settle_seconds)
        return settle * (self._absences(doubt) + 1) - doubt.age

    async def end(self, doubt: Doubt, body: bytes) -> bool:
        """End a doubt if the retailer's settings name evidence that does.

        :param body: what was sent.
        :returns: whether it is over.
        """
        if self._api.resolve_doubt == "resend":
            return self._resolve(doubt, State.READY, "sent again: Retail Pro recognises what it has already")
        evidence, reply = await self._partner.look_up(self._operation, body)
        self._book.note_look_up(
            doubt.record_id,
            doubt.fence,
            outcome=evidence.found.value,
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            milliseconds=reply.milliseconds,
            message=evidence.message,
            request_hash=doubt.request_hash,
            at=self._run.now,
        )
        if evidence.found is Found.ABSENT and self._absences(doubt) < self._api.look_up.absent_answers:
            return False
        if evidence.found in _PUZZLES:
            reason = _PUZZLES[evidence.found]
            self._book.leave_to_a_person(
                doubt.record_id, doubt.fence, reason, evidence.message, at=self._run.now, who=self._run.who
            )
        if evidence.found not in _ENDS:
            return False
        return self._resolve(doubt, _ENDS[evidence.found], evidence.message, evidence.reference)

    def _absences(self, doubt: Doubt) -> int:
        """How often the partner has said that there is none since this call."""
        asked = [call for call in self._book.calls_of([doubt.record_id]) if call.operation == "look_up"]
        return sum(call.outcome == Found.ABSENT.value and call.fence == doubt.fence for call in asked)

    def _resolve(self, doubt: Doubt, state: State, why: str, reference: str = "") -> bool:
        return self._book.resolve(
            doubt.record_id,
            doubt.fence,
            state,
            at=self._run.now,
            who=self._run.who,
            why=why,
            reference=reference,
        )
