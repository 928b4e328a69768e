"""What answers of Retail Pro mean: nothing of it is published, so doubt is the rule and certainty needs a reason."""

from __future__ import annotations

import json

import msgspec
import pytest

from order_sync.contracts.retailpro_api import AnswerTest, RetailProApi
from order_sync.errors import Outcome
from order_sync.partners.retailpro_answers import Found, at_path, judge, weigh
from order_sync.settings import load

SENT = b'{"OrderNo":"00000007","InvoicingStore":"SVA32","TotalAmt":40.5}'


def api(**changes: object) -> RetailProApi:
    """The default settings with changes."""
    return msgspec.structs.replace(load("default").retailpro_invoicing.api, **changes)


SAYS_SO = {"accepted": AnswerTest([201], "Success", ["true"])}


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (201, b'{"InvoiceNo": "INV-1"}', Outcome.DELIVERED),
        (200, b"", Outcome.DELIVERED),
        (200, b"<html>welcome</html>", Outcome.IN_DOUBT),
        (204, b"", Outcome.IN_DOUBT),
        (301, b"", Outcome.NOT_SENT),
        (400, b"", Outcome.REFUSED),
        (401, b"", Outcome.NOT_SENT),
        (403, b"", Outcome.NOT_SENT),
        (404, b"", Outcome.NOT_SENT),
        (408, b"", Outcome.IN_DOUBT),
        (409, b"", Outcome.REFUSED),
        (422, b'{"Message": "UPC unknown"}', Outcome.REFUSED),
        (429, b"", Outcome.NOT_SENT),
        (500, b"", Outcome.IN_DOUBT),
        (502, b"<html>", Outcome.IN_DOUBT),
        (503, b"", Outcome.IN_DOUBT),
        (504, b"", Outcome.IN_DOUBT),
    ],
)
def test_status(status: int, body: bytes, outcome: Outcome) -> None:
    assert judge(status, body, SENT, api()).outcome is outcome


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b'{"Success": true, "InvoiceNo": "INV-1"}', Outcome.DELIVERED),
        (b'{"Success": false, "Message": "no such store"}', Outcome.REFUSED),
        (b'{"Success": false}', Outcome.IN_DOUBT),
        (b"<html>welcome</html>", Outcome.IN_DOUBT),
        (b"", Outcome.IN_DOUBT),
        (b"\xff\xfe", Outcome.IN_DOUBT),
    ],
)
def test_success_must_be_said_where_the_settings_ask_for_it(body: bytes, outcome: Outcome) -> None:
    assert judge(201, body, SENT, api(**SAYS_SO)).outcome is outcome


def test_partners_number_and_words_are_kept() -> None:
    assert judge(201, b'{"InvoiceNo": "INV-1"}', SENT, api()).reference == "INV-1"
    assert judge(201, b'{"DocumentNo": 12}', SENT, api()).reference == "12"
    refused = judge(422, b'{"Message": "UPC 871 unknown"}', SENT, api())
    assert (refused.reason, refused.message) == ("RETAILPRO_REFUSED", "Retail Pro: UPC 871 unknown")


@pytest.mark.parametrize(("total", "outcome"), [(40.5, Outcome.DELIVERED), ("40.50", Outcome.DELIVERED),
                                                (41, Outcome.REFUSED), (None, Outcome.DELIVERED)])  # fmt: skip
def test_duplicate_counts_as_delivered_unless_it_says_something_else(total: object, outcome: Outcome) -> None:
    using = api(duplicate=AnswerTest([409]), same={"TotalAmt": "TotalAmt"})
    answer = {"InvoiceNo": "INV-1"} | ({} if total is None else {"TotalAmt": total})
    verdict = judge(409, json.dumps(answer).encode(), SENT, using)
    assert verdict.outcome is outcome
    assert verdict.duplicate
    if outcome is Outcome.REFUSED:
        assert verdict.reason == "RETAILPRO_OTHER_CONTENT"
        assert verdict.message == "Retail Pro has it already, but says TotalAmt 41 where TotalAmt is 40.5"


@pytest.mark.parametrize("status", [401, 403, 404, 405, 302])
def test_what_a_person_must_mend_is_not_tried_with_the_next_order(status: int) -> None:
    assert judge(status, b"", SENT, api()).hopeless


@pytest.mark.parametrize("status", [429, 500, 422])
def test_what_may_pass_or_lies_with_one_order_is_no_reason_to_stop(status: int) -> None:
    assert not judge(status, b"", SENT, api()).hopeless


FOUND = {"OrderNo": "00000007", "InvoiceNo": "INV-9", "TotalAmt": 40.5}


@pytest.mark.parametrize(
    ("status", "documents", "found"),
    [
        (200, [FOUND], Found.PRESENT),
        (200, [{**FOUND, "TotalAmt": 40}], Found.OTHER),
        (200, [FOUND, FOUND], Found.SEVERAL),
        (200, [], Found.ABSENT),
        (200, None, Found.UNCLEAR),
        (200, {"OrderNo": "7"}, Found.UNCLEAR),
        (404, [], Found.UNCLEAR),
        (410, [], Found.ABSENT),
        (503, [], Found.UNCLEAR),
    ],
)
def test_look_up(status: int, documents: object, found: Found) -> None:
    using = api(same={"TotalAmt": "TotalAmt"})
    look_up = msgspec.structs.replace(using.look_up, documents_path="Documents", absent_statuses=[410])
    body = json.dumps({"Documents": documents}).encode()
    evidence = weigh(status, body, SENT, msgspec.structs.replace(using, look_up=look_up))
    assert evidence.found is found
    assert evidence.reference == ("INV-9" if found in {Found.PRESENT, Found.OTHER} else "")


@pytest.mark.parametrize(
    ("path", "value"),
    [("a.b", 1), ("a.c", None), ("list.0.x", 2), ("list.7", None), ("text.0", None), ("", "whole")],
)
def test_path(path: str, value: object) -> None:
    content = {"a": {"b": 1}, "list": [{"x": 2}], "text": "abc"}
    assert at_path(content, path) == (content if value == "whole" else value)
