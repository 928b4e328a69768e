"""What NetSuite's answers mean, by their shape."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from order_sync.contracts.netsuite_rest import RestSublist
from order_sync.errors import Outcome
from order_sync.partners import netsuite_rest_answers as answers
from order_sync.partners.netsuite_rest_answers import Sameness

SUBLIST = RestSublist("item", "line", "custcol_key", "custcol_kind")
SAME = Sameness(["custbody_id", "entity"], SUBLIST, ["custcol_key", "quantity", "rate"])


def error(code: str, detail: str = "Error while accessing a resource. So it is.", **more: str) -> bytes:
    told = {"detail": detail, "o:errorCode": code, **{f"o:{name}": value for name, value in more.items()}}
    return json.dumps({"title": "Bad Request", "status": 400, "o:errorDetails": [told]}).encode()


def record(**changes: Any) -> dict[str, Any]:
    line = {"custcol_key": "00001", "quantity": 2, "rate": Decimal("10.50")}
    return {"custbody_id": "M1", "entity": {"id": "7"}, "item": {"items": [line]}, **changes}


def test_taken_means_an_id() -> None:
    verdict = answers.judge(204, {"Location": "https://x/services/rest/record/v1/customer/501"}, b"")
    assert (verdict.outcome, verdict.reference) == (Outcome.DELIVERED, "501")
    assert answers.judge(204, {"location": "https://x/customer/501/"}, b"").reference == "501"


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [(204, {}, b""), (204, {"Location": "https://x/home"}, b""), (200, {}, b"<html>"), (500, {}, b""), (408, {}, b""),
     (503, {}, b"<h1>"), (502, {}, error("UNEXPECTED_ERROR"))],
)  # fmt: skip
def test_what_does_not_say_is_a_doubt(status: int, headers: dict[str, str], body: bytes) -> None:
    assert answers.judge(status, headers, body).outcome is Outcome.IN_DOUBT


@pytest.mark.parametrize(
    "code", ["USER_ERROR", "INVALID_CONTENT", "NONEXISTENT_ID", "INVALID_KEY_OR_REF", "DUP_ENTITY", "FIELD_PARAM_REQD"]
)
@pytest.mark.parametrize("status", [400, 404])
def test_data_errors_are_the_records_own(code: str, status: int) -> None:
    verdict = answers.judge(status, {}, error(code, errorPath="item.items[0].item"))
    assert (verdict.outcome, verdict.reason, verdict.hopeless) == (Outcome.REFUSED, "NETSUITE_REFUSED", False)
    assert verdict.message == f"NetSuite: So it is. ({code}, item.items[0].item)"


@pytest.mark.parametrize(
    ("status", "body"), [(403, error("INSUFFICIENT_PERMISSION")), (404, b"<html>"), (405, b""), (302, b"")]
)
def test_what_is_the_same_for_all_stops_the_calls(status: int, body: bytes) -> None:
    verdict = answers.judge(status, {}, body)
    assert (verdict.outcome, verdict.hopeless) == (Outcome.NOT_SENT, True)


def test_no_room_comes_under_several_statuses() -> None:
    assert answers.is_busy(429, b"")
    assert answers.is_busy(400, error("CONCURRENCY_LIMIT_EXCEEDED"))
    assert answers.is_busy(400, error("SSS_REQUEST_LIMIT_EXCEEDED"))
    assert not answers.is_busy(400, error("USER_ERROR"))


def test_locks_are_known_by_their_words() -> None:
    assert answers.is_locked(400, error("USER_ERROR", "The record has been changed by another process or workflow."))
    assert not answers.is_locked(400, error("USER_ERROR", "Please enter value(s) for: Customer"))
    assert not answers.is_locked(500, error("USER_ERROR", "The record has been changed by another process."))


def test_absence_must_be_said() -> None:
    assert answers.is_absent(404, error("NONEXISTENT_ID"))
    assert not answers.is_absent(404, b"<html>no such page</html>")
    assert not answers.is_absent(200, b"")


@pytest.mark.parametrize(
    "shown",
    [
        record(),
        record(entity={"id": 7, "refName": "Ada"}),
        record(item={"items": [{"custcol_key": "00001", "quantity": 2.0, "rate": "10.5", "line": 3}]}),
        record(memo="others may add"),
    ],
)
def test_same_is_what_means_the_same(shown: dict[str, Any]) -> None:
    assert answers.difference(shown, record(), SAME) == ""


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (record(custbody_id="M2"), "custbody_id is 'M2', ours is 'M1'"),
        (record(custbody_id=None), "custbody_id is '', ours is 'M1'"),
        (record(entity={"id": "8"}), "entity is '8', ours is '7'"),
        (record(item={"links": []}), "of our 1 lines it lacks 1, and it has 0 of its own"),
        (record(item={"items": [*record()["item"]["items"]] * 2}), "1 lines it lacks 0, and it has 1 of its own"),
        (record(item={"items": [{"custcol_key": "1", "quantity": 2, "rate": 10.5}]}), "it lacks 1, and it has 1"),
    ],
)  # fmt: skip
def test_another_is_told_with_what_differs(shown: dict[str, Any], words: str) -> None:
    assert words in answers.difference(shown, record(), SAME)


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"o:errorDetails": [1]}', b'{"o:errorDetails": {}}'])
def test_an_error_of_no_shape_has_no_code(body: bytes) -> None:
    assert answers.details(body) == ("", "")
