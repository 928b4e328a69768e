"""Answers that the simulated HotWax does not give, from a plain HTTP server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from order_sync.errors import InDoubt, NotSent, Rejected, Stop
from order_sync.partners.hotwax import DataManager, ImportLog, ImportStatus

from .scripted_http import Scripted

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
FAILED = ImportLog("M1", "IMP_ORDER", "feed.csv", ImportStatus.FINISHED, 2, 1, NOW, "10")


def _row(**changes: object) -> dict[str, object]:
    row = {"logId": "M1", "configId": "IMP_ORDER", "statusId": "DmlsFinished", "remoteFilePath": "/out/feed.csv"}
    return {**row, "totalRecordCount": 2, "failedRecordCount": 0, "createdDate": "2026-11-20T12:00:00Z", **changes}


def _find(manager: DataManager, server: Scripted, *rows: dict[str, object]) -> ImportLog | None:
    server.answer({"dataManagerLogs": list(rows), "dataManagerLogsCount": len(rows)})
    server.answer({"dataManagerLogs": [], "dataManagerLogsCount": len(rows)})
    with manager:
        return manager.find_log("IMP_ORDER", "feed.csv", NOW)


@pytest.mark.parametrize(
    ("status_id", "status"),
    [
        ("DmlsPending", "pending"),
        ("DmlsQueued", "queued"),
        ("DmlsRunning", "running"),
        ("DmlsFinished", "finished"),
        ("DmlsFailed", "failed"),
        ("DmlsCrashed", "crashed"),
        ("DmlsCancelled", "cancelled"),
        ("SERVICE_PENDING", "pending"),
        ("SERVICE_RUNNING", "running"),
        ("SERVICE_FINISHED", "finished"),
        ("SERVICE_FAILED", "failed"),
        ("SERVICE_CRASHED", "crashed"),
        ("SERVICE_CANCELLED", "cancelled"),
    ],
)
def test_status(manager: Callable[..., DataManager], server: Scripted, status_id: str, status: str) -> None:
    log = _find(manager(), server, _row(statusId=status_id))
    assert log is not None
    assert log.status == status
    assert log.status.settled is (status not in ("pending", "queued", "running"))


def test_unknown_status(manager: Callable[..., DataManager], server: Scripted) -> None:
    with pytest.raises(NotSent, match="'DmlsAsleep', which is not known"):
        _find(manager(), server, _row(statusId="DmlsAsleep"))


def test_unknown_status_of_another_file_does_not_matter(manager: Callable[..., DataManager], server: Scripted) -> None:
    other = _row(logId="M2", remoteFilePath="/out/other.csv", statusId="DmlsAsleep")
    assert _find(manager(), server, other, _row()) is not None


@pytest.mark.parametrize(
    "names",
    [
        {"remoteFilePath": "C:\\out\\feed.csv"},
        {"remoteFilePath": None, "contentName": "feed.csv"},
        {"remoteFilePath": None, "fileName": "feed.csv"},
        {"remoteFilePath": None, "contentName": "feed_2026-11-20-12-00-00-123.csv"},
        {"remoteFilePath": "/runtime/tmp/4711", "contentName": "feed.csv"},
    ],
)
def test_names_a_log_may_know_its_file_by(
    manager: Callable[..., DataManager], server: Scripted, names: dict[str, object]
) -> None:
    assert _find(manager(), server, _row(**names)) is not None


@pytest.mark.parametrize(
    ("created", "moment"),
    [
        (1795176000000, NOW),
        ("1795176000000", NOW),
        ("2026-11-20T12:00:00Z", NOW),
        ("2026-11-20T07:00:00.000-0500", NOW),
        ("2026-11-20 07:00:00.0", None),
        (None, None),
    ],
)
def test_moments(
    manager: Callable[..., DataManager], server: Scripted, created: object, moment: datetime | None
) -> None:
    log = _find(manager(), server, _row(createdDate=created))
    assert log is not None
    assert log.created == moment


def test_older_import_of_the_same_name(manager: Callable[..., DataManager], server: Scripted) -> None:
    assert _find(manager(), server, _row(createdDate="2026-11-20T11:59:59Z")) is None


def test_search_ends_at_rows_that_are_too_old(manager: Callable[..., DataManager], server: Scripted) -> None:
    old = (NOW - timedelta(days=2)).isoformat()
    assert _find(manager(), server, _row(createdDate=old, remoteFilePath="/out/other.csv")) is None
    assert len(server.asked) == 1


def test_server_that_gives_the_same_page_for_ever(manager: Callable[..., DataManager], server: Scripted) -> None:
    server.answer({"dataManagerLogs": [_row(remoteFilePath="/out/other.csv")]})
    with manager() as opened:
        assert opened.find_log("IMP_ORDER", "feed.csv", NOW) is None
    assert len(server.asked) == 2


def test_what_moqui_is_asked(manager: Callable[..., DataManager], server: Scripted) -> None:
    _find(manager(), server)
    method, path, headers, _ = server.asked[0]
    assert (method, urlsplit(path).path) == ("GET", "/rest/s1/admin/dataManager/details")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    assert asked == {
        "configId": "IMP_ORDER",
        "createdDate_from": "2026-11-19 12:00:00",
        "orderByField": "-createdDate",
        "pageSize": "50",
        "pageIndex": "0",
    }
    assert headers["Authorization"] == "Bearer secret"


def test_credentials_do_not_come_from_a_netrc_file(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    _find(manager(), server)
    assert server.asked[0][2]["Authorization"] == "Bearer secret"


def test_no_cookie_is_sent_back(manager: Callable[..., DataManager], server: Scripted) -> None:
    server.answer({"dataManagerLogs": [_row(logId="M2", remoteFilePath="x")]}, Set_Cookie="JSESSIONID=1; Path=/")
    server.answer({"dataManagerLogs": []})
    with manager() as opened:
        opened.find_log("IMP_ORDER", "feed.csv", NOW)
    assert len(server.asked) == 2
    assert "Cookie" not in server.asked[1][2]


@pytest.mark.parametrize(
    ("counts", "failed", "clean"),
    [
        ({"failedRecordCount": 0}, 0, True),
        ({"failedRecordCount": "3"}, 3, False),
        ({"failedRecordCount": None}, 0, True),
        ({"failedRecordCount": None, "errorRecordContentId": "10"}, None, False),
        ({"failedRecordCount": None, "statusId": "DmlsFailed"}, None, False),
        ({"failedRecordCount": 0, "statusId": "DmlsRunning"}, 0, False),
    ],
)
def test_clean(
    manager: Callable[..., DataManager], server: Scripted, counts: dict[str, object], failed: int | None, clean: bool
) -> None:
    log = _find(manager(), server, _row(**counts))
    assert log is not None
    assert (log.failed, log.clean) == (failed, clean)


def test_error_content_id_of_the_details_view_goes_first(manager: Callable[..., DataManager], server: Scripted) -> None:
    log = _find(manager(), server, _row(errorRecordContentId="11", errorLogContentId="10"))
    assert log is not None
    assert log.error_content_id == "10"


REFUSALS = [
    {"_ERROR_MESSAGE_": "not allowed"},
    {"_ERROR_MESSAGE_LIST_": ["not", "allowed"]},
    {"responseMessage": "error", "errorMessage": "not allowed"},
    {"responseMessage": "fail"},
]


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusal_inside_of_http_200(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, refusal: dict[str, object]
) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer(refusal)
    with manager("ofbiz") as opened:
        with pytest.raises(Rejected):
            opened.find_log("IMP_ORDER", "feed.csv", NOW)
        with pytest.raises(Rejected):
            opened.failed_rows(FAILED)
        with pytest.raises(Rejected):
            opened.upload("IMP_ORDER", tmp_path / "feed.csv")


@pytest.mark.parametrize("body", [b"<html>Sign in</html>", b"", b"\xff"])
def test_answer_that_is_not_json(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, body: bytes
) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer(body)
    with manager() as opened:
        with pytest.raises(NotSent, match="something other than JSON"):
            opened.find_log("IMP_ORDER", "feed.csv", NOW)
        with pytest.raises(InDoubt):
            opened.upload("IMP_ORDER", tmp_path / "feed.csv")


@pytest.mark.parametrize("body", [[], "text", 1])
def test_receipt_that_is_none(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, body: object
) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer(body)
    with manager() as opened, pytest.raises(InDoubt, match="not a receipt"):
        opened.upload("IMP_ORDER", tmp_path / "feed.csv")


@pytest.mark.parametrize("status", [301, 302, 404])
def test_redirect_is_not_followed(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, status: int
) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer({}, status=status, Location=f"http://127.0.0.1:{server.server_port}/login")
    with manager() as opened:
        with pytest.raises(Stop, match=f"HTTP {status}"):
            opened.find_log("IMP_ORDER", "feed.csv", NOW)
        with pytest.raises(Stop, match=f"HTTP {status}"):
            opened.upload("IMP_ORDER", tmp_path / "feed.csv")
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("body", "words"), [({"errors": "Field cannot be empty"}, "Field cannot be empty"), (b"<html>", "HTTP 400 at")]
)
def test_http_400_is_a_refusal(
    manager: Callable[..., DataManager], server: Scripted, tmp_path: Path, body: object, words: str
) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer(body, status=400)
    with manager() as opened, pytest.raises(Rejected, match=words):
        opened.upload("IMP_ORDER", tmp_path / "feed.csv")


def test_answer_cut_in_the_middle(manager: Callable[..., DataManager], server: Scripted, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    server.answer(b'{"logId":', Content_Length="500")
    with manager() as opened:
        with pytest.raises(InDoubt):
            opened.upload("IMP_ORDER", tmp_path / "feed.csv")
        with pytest.raises(NotSent):
            opened.find_log("IMP_ORDER", "feed.csv", NOW)
