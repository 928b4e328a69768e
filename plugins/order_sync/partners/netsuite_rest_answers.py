"""What an answer of NetSuite's REST API means.

Errors come in one shape, ``o:errorDetails`` with a code; the code counts before the status, for the same thing comes
under several. An upsert by external id makes no second record, so a doubt is ended by asking or sending again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import msgspec

from order_sync.contracts.netsuite_rest import RestSublist
from order_sync.errors import Outcome
from order_sync.partners.call_answers import Verdict

#: Codes and statuses that say that there is no room for a call at the moment.
_BUSY_CODES = frozenset({"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "WS_CONCUR_SESSION_DISALLWD"})
_BUSY_STATUS = 429
#: Words of an error of any code that say that something else is changing the record.
_LOCK_WORDS = ("changed by another process", "changed by another user", "record has been changed", "is locked")
#: Given before the record is looked at; they will be the same for every record until a person mends them.
_HOPELESS = {403: "the role lacks a permission", 404: "there is no such path", 405: "the path takes no such call"}
_MESSAGE_LENGTH = 300
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Details(NamedTuple):
    """The first error of an answer; blank where it holds none.

    :param text: what NetSuite says, shortened.
    """

    code: str
    text: str


class Sameness(NamedTuple):
    """What must agree for a record of NetSuite to be the one that we have.

    :param fields: of the record.
    :param sublist: where its lines stand; None: it has none.
    :param line_fields: of each line.
    """

    fields: Sequence[str]
    sublist: RestSublist | None
    line_fields: Sequence[str]


def decoded(body: bytes) -> Any:
    """The JSON content, None if it is none; numbers that are no whole ones as exact decimals."""
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def details(body: bytes) -> Details:
    """What an answer complains of."""
    content = decoded(body)
    listed = content.get("o:errorDetails") if isinstance(content, dict) else None
    first = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], dict) else {}
    code, path = str(first.get("o:errorCode") or ""), str(first.get("o:errorPath") or "")
    text = str(first.get("detail") or "").removeprefix("Error while accessing a resource. ")
    where = ", ".join(filter(None, (code, path)))
    return Details(code, f"{text[:_MESSAGE_LENGTH]} ({where})" if where else text[:_MESSAGE_LENGTH])


def is_busy(status: int, body: bytes) -> bool:
    """Whether the account has no room for a call at the moment."""
    return status == _BUSY_STATUS or details(body).code in _BUSY_CODES


def is_locked(status: int, body: bytes) -> bool:
    """Whether something else is changing the record at this very moment."""
    text = details(body).text.lower()
    return 400 <= status < 500 and any(words in text for words in _LOCK_WORDS)


def is_absent(status: int, body: bytes) -> bool:
    """Whether NetSuite says that there is no such record; a page of another kind does not say so."""
    return status == 404 and bool(details(body).code)


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """Judge the answer to a PUT that let us in, was not busy and met no lock.

    :param body: what came back, whole.
    """
    if status in {200, 201, 204} and (reference := _internal_id(headers)):
        return Verdict(Outcome.DELIVERED, f"taken with status {status}", reference=reference)
    complaint = details(body)
    if 400 <= status < 500 and complaint.code and status not in {403, 405}:
        return Verdict(Outcome.REFUSED, f"NetSuite: {complaint.text}", "NETSUITE_REFUSED")
    if status in _HOPELESS:
        words = complaint.text or _HOPELESS[status]
        return Verdict(Outcome.NOT_SENT, f"status {status}: {words}", hopeless=True)
    if 300 <= status < 400:
        return Verdict(Outcome.NOT_SENT, f"status {status}: a redirection, which is never followed", hopeless=True)
    if 400 <= status < 500 and status != 408:
        return Verdict(Outcome.REFUSED, f"NetSuite: status {status}", "NETSUITE_REFUSED")
    return Verdict(Outcome.IN_DOUBT, f"status {status} with an answer that does not say whether it was carried out")


def difference(shown: Mapping[str, Any], sent: Mapping[str, Any], same: Sameness) -> str:
    """What a record of NetSuite has in another form than ours, in words; blank if nothing."""
    for name in same.fields:
        ours, theirs = _plain(sent.get(name)), _plain(shown.get(name))
        if ours and ours != theirs:
            return f"{name} is {theirs!r:.60}, ours is {ours!r:.60}"
    if same.sublist:
        ours, theirs = (_lines(record, same) for record in (sent, shown))
        if ours != theirs:
            lacking, strange = (ours - theirs).total(), (theirs - ours).total()
            return f"of our {ours.total()} lines it lacks {lacking}, and it has {strange} of its own"
    return ""


def items(record: Mapping[str, Any], sublist: RestSublist) -> list[Mapping[str, Any]]:
    """The lines of a record; none where it shows none."""
    found = record.get(sublist.name)
    listed = found.get("items") if isinstance(found, dict) else None
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _lines(record: Mapping[str, Any], same: Sameness) -> Counter[tuple[str, ...]]:
    lines = items(record, same.sublist) if same.sublist else []
    return Counter(tuple(_plain(line.get(name)) for name in same.line_fields) for line in lines)


def _plain(value: Any) -> str:
    """A value as text that is the same for what means the same: references by their id, numbers by their worth."""
    if isinstance(value, dict):
        value = value.get("id", value.get("refName"))
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value).strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    plain = format(number.normalize(), "f") if number.is_finite() else text
    return text if text[:1] == "0" and text.isdigit() else plain


def _internal_id(headers: Mapping[str, str]) -> str:
    """NetSuite's id, which ends the address of the record."""
    place = next((value for name, value in headers.items() if name.lower() == "location"), "")
    last = place.rstrip("/").rpartition("/")[2]
    return last if last.isdecimal() else ""
