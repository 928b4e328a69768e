"""Error files: whatever shape they come in, the order and HotWax's reason are found."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from order_sync.errors import NotSent
from order_sync.partners.hotwax import DataManager, ImportLog, ImportStatus

from .scripted_http import Scripted

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def _failed_log(content_id: str = "10") -> ImportLog:
    return ImportLog("M1", "IMP_ORDER", "feed.csv", ImportStatus.FINISHED, 2, 1, NOW, content_id)


CSV = "external-id,quantity,error\nPS-1,2,No such product\n"
CSV_ROW = ("PS-1", {"external-id": "PS-1", "quantity": "2"}, "No such product")


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (CSV, [CSV_ROW]),
        ("\ufeff" + CSV, [CSV_ROW]),
        (CSV.replace("\n", "\r\n"), [CSV_ROW]),
        (CSV.replace(",error", ""), [CSV_ROW]),
        (CSV.replace(",error", ",").replace("external-id", " external-id "), [CSV_ROW]),
        (CSV.replace("quantity", "quantity,").replace(",2,", ",2,,"), [CSV_ROW]),
        (CSV + "\n" + ",,\n", [CSV_ROW]),
        (
            'external-id,name,error\nPS-1,"Ada,\n""A""","first line\nsecond, line"\n',
            [("PS-1", {"external-id": "PS-1", "name": 'Ada,\n"A"'}, "first line\nsecond, line")],
        ),
        ("external-id,quantity,error\nPS-1\n", [("PS-1", {"external-id": "PS-1"}, "")]),
        ("quantity,error\n1,bad\n", [(None, {"quantity": "1"}, "bad")]),
        ("external-id,error\n,bad\n", [(None, {"external-id": ""}, "bad")]),
        ("", []),
    ],
    ids=[
        "plain",
        "BOM",
        "CRLF",
        "no name",
        "blank name",
        "stray comma",
        "blank",
        "quoted",
        "short",
        "no id",
        "id",
        "empty",
    ],
)
@pytest.mark.parametrize("backend", ["moqui", "ofbiz"])
def test_csv_error_files(
    manager: Callable[..., DataManager], server: Scripted, backend: str, text: str, rows: list[object]
) -> None:
    server.answer({"csvData": text} if backend == "moqui" else text.encode())
    with manager(backend) as opened:
        found = opened.failed_rows(_failed_log())
    assert [(row.key, row.fields, row.message) for row in found] == rows


JSON_RECORDS = [
    {
        "dataList": [{"data": {"order": {"note": {"externalId": "deep"}, "externalId": "PS-1"}}}],
        "_ERROR_MESSAGE_": "bad",
    },
    {"externalId": 17, "_ERROR_MESSAGE_LIST_": ["one", "two"]},
    "a bare text",
]


@pytest.mark.parametrize("backend", ["moqui", "moqui text", "moqui bare", "ofbiz"])
def test_json_error_files(manager: Callable[..., DataManager], server: Scripted, backend: str) -> None:
    text = json.dumps(JSON_RECORDS)
    answers: dict[str, object] = {
        "moqui": {"csvData": JSON_RECORDS},
        "moqui text": {"csvData": text},
        "moqui bare": JSON_RECORDS,
        "ofbiz": text.encode("utf-8-sig"),
    }
    server.answer(answers[backend])
    with manager(backend.split()[0]) as opened:
        rows = opened.failed_rows(_failed_log())
    assert [(row.key, row.message) for row in rows] == [("PS-1", "bad"), ("17", "one; two"), (None, "")]
    assert rows[1].fields == {"externalId": 17}


def test_error_file_without_content(manager: Callable[..., DataManager], server: Scripted) -> None:
    server.answer({})
    with manager() as opened:
        assert opened.failed_rows(_failed_log()) == []


def test_no_error_file_is_not_asked_for(manager: Callable[..., DataManager], server: Scripted) -> None:
    with manager() as opened:
        assert opened.failed_rows(_failed_log("")) == []
    assert server.asked == []


@pytest.mark.parametrize("text", ["[{", "[" * 100_000])
def test_error_file_that_cannot_be_read(manager: Callable[..., DataManager], server: Scripted, text: str) -> None:
    server.answer({"csvData": text})
    with manager() as opened, pytest.raises(NotSent, match="error file cannot be read"):
        opened.failed_rows(_failed_log())
