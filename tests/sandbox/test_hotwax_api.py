from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from sandbox.hotwax import HotWax
from tests.sandbox.hotwax_files import HEADER, csv_bytes, order_rows

TIMEOUT = 5


def moqui(hotwax: HotWax, method: str, path: str, **options: object) -> requests.Response:
    known = hotwax.credentials
    options.setdefault("auth", (known.login, known.password))
    return requests.request(method, f"{hotwax.url}/rest/s1/admin/{path}", timeout=TIMEOUT, **options)  # type: ignore[arg-type]


def ofbiz(hotwax: HotWax, method: str, path: str, **options: object) -> requests.Response:
    options.setdefault("headers", {"Authorization": f"Bearer {hotwax.credentials.token}"})
    return requests.request(method, f"{hotwax.url}/api/{path}", timeout=TIMEOUT, **options)  # type: ignore[arg-type]


def find(hotwax: HotWax, **asked: object) -> dict[str, object]:
    answer = ofbiz(hotwax, "POST", "performFind", json={"entityName": "DataManagerLogAndContent", **asked})
    assert answer.status_code == 200
    found = answer.json()
    assert isinstance(found, dict)
    return found


def import_orders(hotwax: HotWax, feed: Path, *names: str, city: str = "Austin") -> None:
    for name in names:
        (feed / name).write_bytes(csv_bytes(HEADER, order_rows(f"PS-{name}", city=city)))
        hotwax.importer.import_now()


@pytest.mark.parametrize("way", ["basic", "bearer", "api_key"])
def test_moqui_takes_three_kinds_of_credentials(hotwax: HotWax, way: str) -> None:
    known = hotwax.credentials
    headers = {"bearer": {"Authorization": f"Bearer {known.token}"}, "api_key": {"api_key": known.api_key}}
    auth = (known.login, known.password) if way == "basic" else None
    answer = moqui(hotwax, "GET", "dataManager/details", auth=auth, headers=headers.get(way))
    assert (answer.status_code, answer.json()) == (200, {"dataManagerLogs": [], "dataManagerLogsCount": 0})


def test_moqui_turns_strangers_away(hotwax: HotWax) -> None:
    answer = moqui(hotwax, "GET", "dataManager/details", auth=("integration", "wrong"))
    assert answer.status_code == 401
    assert "errors" in answer.json()


def test_moqui_shows_log_rows_and_gives_out_the_error_file(hotwax: HotWax, feed: Path) -> None:
    import_orders(hotwax, feed, "a.csv", city="")
    answer = moqui(hotwax, "GET", "dataManager/details", params={"configId": "IMP_ORDER"}).json()
    assert answer["dataManagerLogsCount"] == 1
    (row,) = answer["dataManagerLogs"]
    created = datetime.strptime(row.pop("createdDate"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs((datetime.now(UTC) - created).total_seconds()) < 60
    assert {"startDateTime", "finishDateTime"} <= set(row)
    assert {name: row[name] for name in row if not name.endswith("DateTime")} == {
        "logId": "M100001",
        "configId": "IMP_ORDER",
        "statusId": "DmlsFinished",
        "contentName": "a.csv",
        "remoteFilePath": "/hotwax/order-feed/a.csv",
        "errorRecordContentId": "10001",
        "totalRecordCount": 1,
        "successRecordCount": 0,
        "failedRecordCount": 1,
    }
    query = {"configId": "IMP_ORDER", "logContentId": row["errorRecordContentId"]}
    text = moqui(hotwax, "GET", "dataManager/downloadDataManagerFile", params=query).json()["csvData"]
    assert text.splitlines()[1].endswith(",Required Field: city is blank")
    query["logContentId"] = "99"
    assert moqui(hotwax, "GET", "dataManager/downloadDataManagerFile", params=query).status_code == 404


def test_moqui_filters_and_pages_and_caps_silently(make_hotwax: Callable[..., HotWax], feed: Path) -> None:
    hotwax = make_hotwax(page_cap=2)
    import_orders(hotwax, feed, "a.csv", "b.csv", "c.csv")

    def names(**query: str) -> list[str]:
        answer = moqui(hotwax, "GET", "dataManager/details", params=query).json()
        return [row["contentName"] for row in answer["dataManagerLogs"]]

    assert names(pageSize="100") == ["c.csv", "b.csv"]
    assert names(pageSize="100", pageIndex="1") == ["a.csv"]
    assert names(pageIndex="2") == []
    assert names(logId="M100002") == ["b.csv"]
    assert names(configId="MDM_INV_VARIANCE") == []
    assert names(statusId="DmlsRunning,DmlsFailed", statusId_op="in") == []
    assert names(statusId="DmlsFinished,DmlsFailed", statusId_op="in", pageSize="1") == ["c.csv"]
    assert moqui(hotwax, "GET", "dataManager/details", params={"pageSize": "many"}).status_code == 400


def test_moqui_upload_is_pending_until_the_next_import(hotwax: HotWax) -> None:
    content = csv_bytes(HEADER, order_rows("PS1", first_name="Zoë\r\n--x"))
    answer = moqui(
        hotwax,
        "POST",
        "uploadDataManagerFile",
        files={"contentFile": ("a.csv", content)},
        data={"configId": "IMP_ORDER"},
    )
    assert answer.json() == {"logId": "M100001", "configId": "IMP_ORDER", "statusId": "DmlsPending"}
    assert hotwax.database.orders() == []
    (log,) = hotwax.importer.import_now()
    assert (log.log_id, log.failed, log.remote_file_path) == ("M100001", 0, None)
    assert hotwax.logs.content(log.upload_content_id or "") == ("a.csv", content)
    assert hotwax.importer.import_now() == []


@pytest.mark.parametrize(
    ("files", "data"),
    [
        ({"contentFile": ("a.csv", b"x")}, {"configId": "NO_SUCH"}),
        ({"contentFile": ("a.csv", b"x")}, {}),
        ({"uploadedFile": ("a.csv", b"x")}, {"configId": "IMP_ORDER"}),
        (None, {"configId": "IMP_ORDER"}),
    ],
)
def test_moqui_refuses_an_incomplete_upload(hotwax: HotWax, files: object, data: object) -> None:
    assert moqui(hotwax, "POST", "uploadDataManagerFile", files=files, data=data).status_code == 400
    assert hotwax.logs.all() == []


def test_ofbiz_login_gives_the_token(hotwax: HotWax) -> None:
    known = hotwax.credentials
    good = ofbiz(hotwax, "POST", "login", headers={}, json={"USERNAME": known.login, "PASSWORD": known.password})
    assert good.json() == {"token": known.token}
    bad = ofbiz(hotwax, "POST", "login", headers={}, json={"USERNAME": known.login, "PASSWORD": "x"})
    assert (bad.status_code, list(bad.json())) == (200, ["_ERROR_MESSAGE_"])
    assert ofbiz(hotwax, "GET", "performFind", headers={}).status_code == 401


@pytest.mark.parametrize("path", ["uploadAndImportFile", "service/uploadAndImportFile", "uploadAndImportfile"])
def test_ofbiz_upload_acknowledges_receipt_not_import(hotwax: HotWax, path: str) -> None:
    content = csv_bytes(HEADER, order_rows("PS1"))
    answer = ofbiz(
        hotwax, "POST", path, files={"uploadedFile": ("orders.csv", content)}, data={"configId": "IMP_ORDER"}
    )
    assert answer.json() == {
        "uploadFileContentId": "10001",
        "filePath": "/oms/runtime/datamanager/imported/IMP_ORDER/orders.csv",
        "configId": "IMP_ORDER",
        "_EVENT_MESSAGE_": "Upload has been started successfully.",
    }
    assert hotwax.database.orders() == []
    assert find(hotwax)["docs"][0]["statusId"] == "SERVICE_PENDING"  # type: ignore[index]


def test_ofbiz_says_no_inside_a_200(hotwax: HotWax) -> None:
    upload = ofbiz(hotwax, "POST", "uploadAndImportFile", files={"uploadedFile": ("a", b"")}, data={"configId": "X"})
    wrong = [
        upload,
        ofbiz(hotwax, "POST", "uploadAndImportFile", data={"configId": "IMP_ORDER"}),
        ofbiz(hotwax, "POST", "performFind", data="{"),
        ofbiz(hotwax, "GET", "performFind", params={"entityName": "OrderHeader"}),
        ofbiz(hotwax, "GET", "DownloadDataManagerFile", params={"contentId": "1"}),
    ]
    assert [(answer.status_code, list(answer.json())) for answer in wrong] == [(200, ["_ERROR_MESSAGE_"])] * 5
    for inputs in ({"nonsense": "x"}, {"configId": "x", "configId_op": "near"}, {"configId": "[", "configId_op": "in"}):
        assert "_ERROR_MESSAGE_" in find(hotwax, inputFields=inputs)


def test_ofbiz_finds_sorts_pages_and_selects_fields(make_hotwax: Callable[..., HotWax], feed: Path) -> None:
    hotwax = make_hotwax(page_cap=2)
    import_orders(hotwax, feed, "a.csv", "b.csv", "c.csv")
    found = find(hotwax, fieldList=["contentName", "statusId"], viewSize=50, orderBy="contentName")
    assert found == {
        "count": 3,
        "docs": [
            {"contentName": "a.csv", "statusId": "SERVICE_FINISHED"},
            {"contentName": "b.csv", "statusId": "SERVICE_FINISHED"},
        ],
    }

    def names(**asked: object) -> list[str]:
        return [doc["contentName"] for doc in find(hotwax, **asked)["docs"]]  # type: ignore[attr-defined]

    assert names(viewIndex=1, orderBy="contentName") == ["c.csv"]
    assert names(orderBy="-createdDate") == names(orderBy="createdDate DESC") == ["c.csv", "b.csv"]
    assert names(inputFields={"remoteFilePath": "/b.c", "remoteFilePath_op": "contains"}) == ["b.csv"]
    assert names(inputFields={"logId": ["M100001", "M100003"], "logId_op": "in"}) == ["c.csv", "a.csv"]
    assert names(inputFields={"configId": "MDM_INV_VARIANCE"}) == []


def test_ofbiz_takes_the_question_from_the_query_too(hotwax: HotWax, feed: Path) -> None:
    import_orders(hotwax, feed, "a.csv")
    query = {
        "entityName": "DataManagerLogAndContent",
        "inputFields": json.dumps({"configId": "IMP_ORDER"}),
        "fieldList": "logId,createdDate",
        "viewSize": "1",
    }
    (doc,) = ofbiz(hotwax, "GET", "performFind", params=query).json()["docs"]
    assert doc["logId"] == "M100001"
    assert abs(doc["createdDate"] / 1000 - time.time()) < 60


def test_ofbiz_gives_out_the_error_file_byte_for_byte(hotwax: HotWax, feed: Path) -> None:
    import_orders(hotwax, feed, "a.csv", city="")
    (doc,) = find(hotwax)["docs"]  # type: ignore[misc]
    answer = ofbiz(hotwax, "GET", "DownloadDataManagerFile", params={"contentId": doc["errorRecordContentId"]})  # type: ignore[has-type]
    content = hotwax.logs.content(doc["errorRecordContentId"])  # type: ignore[has-type]
    assert content is not None
    assert answer.content == content[1]
    assert "a_Error_M100001.csv" in answer.headers["Content-Disposition"]


def test_scripted_errors_hit_the_next_answers_only(hotwax: HotWax) -> None:
    hotwax.api.faults.answer(503, retry_after=7)
    hotwax.api.faults.answer(429, pattern="/rest/*", times=2)
    answers = [moqui(hotwax, "GET", "dataManager/details") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [503, 429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert [fault.kind for fault in hotwax.api.faults.happened] == ["answer"] * 3


@pytest.mark.parametrize(("when", "rows"), [("before", 0), ("after", 1)])
def test_closes_before_or_after_doing_what_was_asked(hotwax: HotWax, when: str, rows: int) -> None:
    hotwax.api.faults.close(when)  # type: ignore[arg-type]
    with pytest.raises(requests.ConnectionError):
        moqui(
            hotwax,
            "POST",
            "uploadDataManagerFile",
            files={"contentFile": ("a.csv", b"x")},
            data={"configId": "IMP_ORDER"},
        )
    assert len(hotwax.logs.all()) == rows


def test_hangs_and_a_stop_ends_the_hang(make_hotwax: Callable[..., HotWax]) -> None:
    hotwax = make_hotwax()
    hotwax.api.faults.hang(60)
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{hotwax.url}/rest/s1/admin/dataManager/details", timeout=0.2)
    started = time.monotonic()
    hotwax.stop()
    assert time.monotonic() - started < 5


def test_a_stopped_http_face_refuses_and_comes_back_on_the_same_port(hotwax: HotWax) -> None:
    url = hotwax.url
    with requests.Session() as session:
        session.auth = (hotwax.credentials.login, hotwax.credentials.password)
        details = f"{url}/rest/s1/admin/dataManager/details"
        assert session.get(details, timeout=TIMEOUT).status_code == 200
        hotwax.api.server.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(details, timeout=TIMEOUT)
        hotwax.api.server.start()
        assert session.get(details, timeout=TIMEOUT).status_code == 200
    assert hotwax.url == url


def test_the_summary_needs_no_login_and_meets_no_fault(hotwax: HotWax, feed: Path, variances: Path) -> None:
    import_orders(hotwax, feed, "a.csv", "b.csv")
    import_orders(hotwax, feed, "c.csv", city="")
    (variances / "v.csv").write_text(
        "externalFacilityId,idType,idValue,availableDelta,locationSeqId,varianceReasonId\n"
    )
    hotwax.importer.import_now()
    hotwax.api.faults.answer(500)
    summary = requests.get(f"{hotwax.url}/sandbox/summary", timeout=TIMEOUT).json()
    logs = summary.pop("logs")
    assert [(log["contentName"], log["totalRecordCount"], log["failedRecordCount"]) for log in logs] == [
        ("a.csv", 1, 0),
        ("b.csv", 1, 0),
        ("c.csv", 1, 1),
        ("v.csv", 0, 0),
    ]
    assert summary == {
        "orders": 2,
        "ordersByStatus": {"ORDER_COMPLETED": 2},
        "grandTotal": "263.08",
        "orderItems": 2,
        "orderAdjustments": 8,
        "orderPayments": 2,
        "excludedOrderFacilities": 0,
        "varianceRows": 0,
        "varianceUnits": 0,
        "importedTwice": [],
    }


def test_unknown_paths_are_told(hotwax: HotWax) -> None:
    assert requests.get(f"{hotwax.url}/elsewhere", timeout=TIMEOUT).status_code == 404
    assert moqui(hotwax, "GET", "elsewhere").status_code == 404
    assert ofbiz(hotwax, "GET", "elsewhere").status_code == 404
