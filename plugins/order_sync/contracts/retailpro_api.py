"""How Retail Pro is called and what its answers mean.

Path and bodies are published (hotwax/oms-documentation, adoc/flows/SalesOrders: InvoiceAPI, InvTransfer); answers,
status codes, authentication and duplicate handling are not, so each retailer's settings state them in these terms.
"""

from __future__ import annotations

from typing import Literal

import msgspec


class AnswerTest(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How an answer of the partner is recognised.

    :param statuses: HTTP statuses it may have; none: there is no such answer.
    :param path: dotted path of a value in the JSON body that decides; blank: the status is enough.
    :param equals: the values it may have there, written as text (``true``, ``OK``, ``0``).
    """

    statuses: list[int]
    path: str = ""
    equals: list[str] = []


class LookUp(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """The call that says whether the partner has a document.

    :param invoice_path: path and query; a field of the body in braces stands for its value.
    :param slip_path: the same for manual slips.
    :param documents_path: where the list of documents found stands in the answer; blank: the answer is the list.
    :param absent_statuses: statuses that say "there is none", beside an empty list.
    :param absent_answers: how often it must say so, `settle_seconds` apart, before the document is sent again.
    """

    invoice_path: str
    slip_path: str
    documents_path: str
    absent_statuses: list[int]
    absent_answers: int


class RetailProApi(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """How Retail Pro is called, and what its answers mean; none of this is published, so all of it is a setting.

    :param concurrency: calls that may be under way at once.
    :param connect_seconds: until the connection must stand; nothing was sent when it does not.
    :param read_seconds: until the answer must be complete; the outcome is in doubt when it is not.
    :param lease_margin_seconds: beyond both, until a call whose process died is taken for one in doubt.
    :param most_wait_seconds: the longest pause that the partner may ask for (Retry-After) within one task.
    :param breaker_failures: calls in a row that must fail before the rest is left for later.
    :param accepted: an answer that says the document was created.
    :param duplicate: an answer that says it exists already.
    :param reference_paths: where the partner's own number stands in an answer; the first that is there counts.
    :param reason_paths: where the reason of a refusal stands.
    :param same: evidence of the partner (path) that must agree with a field of what we sent.
    :param resolve_doubt: ``look_up`` asks, ``resend`` sends again (only if the partner recognises duplicates),
        ``person`` waits for someone to say.
    :param settle_seconds: after the end of a doubtful call before the partner's evidence counts.
    """

    invoice_path: str
    slip_path: str
    concurrency: int
    connect_seconds: float
    read_seconds: float
    lease_margin_seconds: float
    most_wait_seconds: float
    breaker_failures: int
    accepted: AnswerTest
    duplicate: AnswerTest
    reference_paths: list[str]
    reason_paths: list[str]
    same: dict[str, str]
    resolve_doubt: Literal["look_up", "resend", "person"]
    settle_seconds: float
    look_up: LookUp


class _Numbered(msgspec.Struct):
    OrderNo: str = ""
    SlipNo: str = ""


_numbered = msgspec.json.Decoder(_Numbered)


def document_number(body: bytes) -> str:
    """The number of an invoice or a slip, as its body states it."""
    document = _numbered.decode(body)
    return document.OrderNo or document.SlipNo
