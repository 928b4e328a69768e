"""What an answer of Retail Pro means.

Nothing of it is published (neither body nor status codes nor duplicate handling), so the retailer's settings say how to
recognise "created" and "exists already"; what is left over is judged with care: only an answer that a server gives
before it does anything counts as "not sent", and a server error is a doubt, because the server may have committed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

import msgspec

from order_sync.contracts.retailpro_api import AnswerTest, RetailProApi
from order_sync.errors import Outcome
from order_sync.partners.call_answers import Verdict

#: Wrong address, wrong credentials, too busy: given before the document is looked at.
_NOT_LOOKED_AT = {
    401: "the credentials are refused",
    403: "the credentials lack the permission",
    404: "there is no such path",
    405: "the path takes no POST",
    429: "too many calls",
}
#: Of those, the ones that will be the same for every order until a person mends them.
HOPELESS = frozenset({401, 403, 404, 405})
_MESSAGE_LENGTH = 300
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Found(StrEnum):
    """What a look-up says."""

    PRESENT = "PRESENT"
    ABSENT = "ABSENT"
    OTHER = "OTHER"
    SEVERAL = "SEVERAL"
    UNCLEAR = "UNCLEAR"


@dataclass(frozen=True)
class Evidence:
    """What the partner says about a document when it is asked."""

    found: Found
    message: str
    reference: str = ""


def judge(status: int, body: bytes, sent: bytes, api: RetailProApi) -> Verdict:
    """Judge the answer to a POST.

    :param body: what came back, whole.
    :param sent: the body that was sent.
    """
    content = decoded(body)
    reference = _first(content, api.reference_paths)
    if _meets(api.duplicate, status, content):
        return _duplicate(content, sent, api, reference)
    readable = content is not None or not body
    if readable and _meets(api.accepted, status, content):
        return Verdict(Outcome.DELIVERED, f"accepted with status {status}", reference=reference)
    reason = _first(content, api.reason_paths)[:_MESSAGE_LENGTH]
    if status in _NOT_LOOKED_AT:
        words = f"status {status}: {_NOT_LOOKED_AT[status]}"
        return Verdict(Outcome.NOT_SENT, words, hopeless=status in HOPELESS)
    if 300 <= status < 400:
        return Verdict(Outcome.NOT_SENT, f"status {status}: a redirection, which is never followed", hopeless=True)
    if 400 <= status < 500 and status != 408:
        return Verdict(Outcome.REFUSED, f"Retail Pro: {reason or f'status {status}'}", "RETAILPRO_REFUSED")
    if 200 <= status < 300 and reason:
        return Verdict(Outcome.REFUSED, f"Retail Pro: {reason}", "RETAILPRO_REFUSED")
    return Verdict(Outcome.IN_DOUBT, f"status {status} with an answer that does not say whether it was carried out")


def weigh(status: int, body: bytes, sent: bytes, api: RetailProApi) -> Evidence:
    """Judge the answer to a look-up.

    :param sent: the body whose fate is asked for.
    """
    if status in api.look_up.absent_statuses:
        return Evidence(Found.ABSENT, f"the look-up says there is none (status {status})")
    content = decoded(body)
    documents = at_path(content, api.look_up.documents_path)
    if not 200 <= status < 300 or not isinstance(documents, list):
        return Evidence(Found.UNCLEAR, f"the look-up gave no answer that can be read (status {status})")
    if not documents:
        return Evidence(Found.ABSENT, "the look-up says there is none")
    if len(documents) > 1:
        return Evidence(Found.SEVERAL, f"the look-up found {len(documents)} documents")
    reference = _first(documents[0], api.reference_paths)
    if other := _difference(documents[0], sent, api.same):
        return Evidence(Found.OTHER, f"the look-up found another one: {other}", reference)
    return Evidence(Found.PRESENT, "the look-up found it", reference)


def decoded(body: bytes) -> Any:
    """The JSON content, None if it is none; numbers that are no whole ones as exact decimals."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def at_path(content: Any, path: str) -> Any:
    """The value at a dotted path (``Documents.0.InvoiceNo``), None if there is none; a blank path is all of it."""
    for step in path.split(".") if path else ():
        if isinstance(content, Mapping):
            content = content.get(step)
        elif isinstance(content, Sequence) and not isinstance(content, str) and step.isdecimal():
            content = content[int(step)] if int(step) < len(content) else None
        else:
            return None
    return content


def _first(content: Any, paths: Sequence[str]) -> str:
    """The first text or number that stands at one of the paths."""
    found = (at_path(content, path) for path in paths)
    return next((str(value) for value in found if isinstance(value, str | int) and value not in ("", True, False)), "")


def _meets(test: AnswerTest, status: int, content: Any) -> bool:
    if status not in test.statuses:
        return False
    return not test.path or _text(at_path(content, test.path)) in test.equals


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _duplicate(content: Any, sent: bytes, api: RetailProApi, reference: str) -> Verdict:
    """It exists already: delivered, unless the partner's own words show that it is another one."""
    other = _difference(content, sent, api.same)
    if other:
        message = f"Retail Pro has it already, but says {other}"
        return Verdict(Outcome.REFUSED, message, "RETAILPRO_OTHER_CONTENT", reference, duplicate=True)
    return Verdict(Outcome.DELIVERED, "Retail Pro has it already", reference=reference, duplicate=True)


def _difference(evidence: Any, sent: bytes, same: Mapping[str, str]) -> str:
    """Where the evidence contradicts what was sent; what the evidence does not tell contradicts nothing."""
    body = decoded(sent)
    for path, field in same.items():
        said, meant = at_path(evidence, path), at_path(body, field)
        if said is not None and not _equal(said, meant):
            return f"{path} {said} where {field} is {meant}"
    return ""


def _equal(one: Any, other: Any) -> bool:
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return str(one) == str(other)
