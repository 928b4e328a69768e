"""Answers that the simulated HotWax does not give, from a plain HTTP server."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from order_sync.errors import InDoubt, NotSent, Rejected, Stop
from order_sync.partners.hotwax import DataManager, ImportLog, ImportStatus

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Scripted(ThreadingHTTPServer):
    """Gives the answers it was told to, one after the other, the last one for ever; notes what was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, bytes, dict[str, str]]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []

    def answer(self, body: object, status: int = 200, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers.append((status, data, {name.replace("_", "-"): value for name, value in headers.items()}))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Scripted

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        status, data, headers = self.server.answers[min(len(self.server.asked), len(self.server.answers)) - 1]
        self.send_response(status)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
        self.close_connection = True

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Scripted]:
    """The server."""
    with Scripted() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def manager(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DataManager]:
    """:returns: a function that makes a client of the server."""

    def make(backend: str = "moqui", **extra: object) -> DataManager:
        document = {
            "conn_type": "http",
            "host": f"http://127.0.0.1:{server.server_port}",
            "extra": {"backend": backend, "token": "secret", "read_timeout": 2, **extra},
        }
        monkeypatch.setenv("AIRFLOW_CONN_HOTWAX_API", json.dumps(document))
        return DataManager("hotwax_api", pause=0)

    return make


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


def test_error_content_id_of_the_details_view_goes_first(manager: Callable[..., DataManager], server: Scripted) -> None:
    log = _find(manager(), server, _row(errorRecordContentId="11", errorLogContentId="10"))
    assert log is not None
    assert log.error_content_id == "10"


@pytest.mark.parametrize("text", ["[{", "[" * 100_000])
def test_error_file_that_cannot_be_read(manager: Callable[..., DataManager], server: Scripted, text: str) -> None:
    server.answer({"csvData": text})
    with manager() as opened, pytest.raises(NotSent, match="error file cannot be read"):
        opened.failed_rows(_failed_log())


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
            opened.failed_rows(_failed_log())
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
