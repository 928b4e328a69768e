"""The Data Manager's client against the simulated HotWax, on both back ends."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from order_sync.errors import InDoubt, NotSent, Rejected, Stop
from order_sync.partners.hotwax import DataManager, ImportStatus
from sandbox.hotwax import HotWax, HotWaxSettings
from tests.sandbox.hotwax_files import (
    HEADER,
    VARIANCE_HEADER,
    csv_bytes,
    excluded_facility,
    order_rows,
    sales_order,
    variance_row,
)

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
UPLOAD = "*/upload*"


@pytest.fixture
def hotwax(tmp_path: Path) -> Iterator[HotWax]:
    """A running HotWax that imports when told to."""
    with HotWax(
        tmp_path / "sftp",
        tmp_path / "hotwax.sqlite",
        tmp_path / "keys",
        settings=HotWaxSettings(page_cap=2),
        polling=False,
    ) as running:
        yield running


Configure = Callable[..., str]


@pytest.fixture
def configure(hotwax: HotWax, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """:returns: a function that makes an Airflow connection and returns its id."""

    def make(**changes: object) -> str:
        document: dict[str, object] = {
            "conn_type": "http",
            "host": hotwax.url,
            "login": hotwax.credentials.login,
            "password": hotwax.credentials.password,
            **changes,
        }
        monkeypatch.setenv("AIRFLOW_CONN_HOTWAX_API", json.dumps(document))
        return "hotwax_api"

    return make


@pytest.fixture(params=["moqui", "ofbiz"])
def backend(request: pytest.FixtureRequest) -> str:
    """Both back ends, one after the other."""
    return str(request.param)


@pytest.fixture
def manager(configure: Configure, backend: str) -> Iterator[DataManager]:
    """The client."""
    with DataManager(configure(extra={"backend": backend, "read_timeout": 2}), pause=0) as opened:
        yield opened


def _drop(hotwax: HotWax, name: str, data: bytes, folder: str = "order-feed") -> None:
    path = hotwax.importer._root / "hotwax" / folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _feed(*external_ids: str) -> bytes:
    return csv_bytes(HEADER, [row for one in external_ids for row in order_rows(one, lines=2)])


def test_clean_import(hotwax: HotWax, manager: DataManager) -> None:
    before = datetime.now(UTC) - timedelta(seconds=2)
    _drop(hotwax, "PS_OrderFeed_2026-11-20-10_11_12_123.csv", _feed("PS-1", "PS-2"))
    hotwax.importer.import_now()
    log = manager.find_log("IMP_ORDER", "PS_OrderFeed_2026-11-20-10_11_12_123.csv", before)
    assert log is not None
    assert (log.status, log.total, log.failed, log.clean, log.config_id) == ("finished", 2, 0, True, "IMP_ORDER")
    assert log.file_name == "PS_OrderFeed_2026-11-20-10_11_12_123.csv"
    assert log.created is not None
    assert before <= log.created <= datetime.now(UTC)
    assert manager.failed_rows(log) == []


def test_finished_with_refused_orders_is_not_clean(hotwax: HotWax, manager: DataManager) -> None:
    hotwax.importer.faults.refuse = {"PS-2": 'The customer, "Ada",\ncannot be created'}
    _drop(hotwax, "feed.csv", _feed("PS-1", "PS-2", "PS-3"))
    hotwax.importer.import_now()
    log = manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert log is not None
    assert (log.status, log.total, log.failed, log.clean) == ("finished", 3, 1, False)
    rows = manager.failed_rows(log)
    assert [(row.key, row.message) for row in rows] == [("PS-2", 'The customer, "Ada",\ncannot be created')] * len(rows)
    assert [row.fields["item-external-id"] for row in rows] == ["PS-2-1", "PS-2-2"]
    assert "_ERROR_MESSAGE_" not in rows[0].fields


def test_refused_rows_of_a_stock_variance_have_no_key(hotwax: HotWax, manager: DataManager) -> None:
    rows = [variance_row("123", "-1"), variance_row("456", "no number", comments="PredictSpring PS-1-1")]
    _drop(hotwax, "stock.csv", csv_bytes(VARIANCE_HEADER, rows), "inventory-variance")
    hotwax.importer.import_now()
    log = manager.find_log("MDM_INV_VARIANCE", "stock.csv", LONG_AGO)
    assert log is not None
    (failed,) = manager.failed_rows(log)
    assert (failed.key, failed.fields["idValue"], failed.fields["comments"]) == (None, "456", "PredictSpring PS-1-1")
    assert failed.message


def test_refused_records_of_a_json_feed(hotwax: HotWax, manager: DataManager) -> None:
    hotwax.importer.faults.refuse = {"PS-2": "Facility not found"}
    records = [{"dataList": [sales_order(one), excluded_facility(one)]} for one in ("PS-1", "PS-2")]
    _drop(hotwax, "feed.json", json.dumps(records).encode())
    hotwax.importer.import_now()
    log = manager.find_log("IMP_JSON_LIST_DATA", "feed.json", LONG_AGO)
    assert log is not None
    (failed,) = manager.failed_rows(log)
    assert (failed.key, failed.message) == ("PS-2", "Facility not found")
    assert list(failed.fields) == ["dataList"]


def test_crashed_import(hotwax: HotWax, manager: DataManager, backend: str) -> None:
    hotwax.importer.faults.crash_next(after_records=1)
    _drop(hotwax, "feed.csv", _feed("PS-1", "PS-2"))
    hotwax.importer.import_now()
    log = manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert log is not None
    assert log.status is (ImportStatus.CRASHED if backend == "moqui" else ImportStatus.FAILED)
    assert log.status.settled
    assert not log.clean


def test_nothing_imported_yet(manager: DataManager) -> None:
    assert manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO) is None


def test_other_files_other_configs_and_older_imports_do_not_count(hotwax: HotWax, manager: DataManager) -> None:
    _drop(hotwax, "feed.csv", _feed("PS-1"))
    _drop(hotwax, "my_feed.csv", _feed("PS-2"))
    hotwax.importer.import_now()
    assert manager.find_log("IMP_ORDER", "feed", LONG_AGO) is None
    assert manager.find_log("IMP_ORDER", "eed.csv", LONG_AGO) is None
    assert manager.find_log("MDM_INV_VARIANCE", "feed.csv", LONG_AGO) is None
    assert manager.find_log("IMP_ORDER", "feed.csv", datetime.now(UTC) + timedelta(minutes=1)) is None


def test_log_on_a_later_page_is_found_though_pages_are_cut_short(hotwax: HotWax, manager: DataManager) -> None:
    for number in range(7):
        _drop(hotwax, f"feed{number}.csv", _feed(f"PS-{number}"))
        hotwax.importer.import_now()
    log = manager.find_log("IMP_ORDER", "feed0.csv", LONG_AGO)
    assert log is not None
    assert log.file_name == "feed0.csv"


def test_newest_of_two_imports_and_a_warning(
    hotwax: HotWax, manager: DataManager, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        _drop(hotwax, "feed.csv", _feed("PS-1"))
        newest = hotwax.importer.import_now()[0]
    with caplog.at_level(logging.WARNING):
        log = manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert log is not None
    assert log.log_id == newest.log_id
    assert "imported feed.csv 2 times" in caplog.text


def test_upload_and_follow(hotwax: HotWax, manager: DataManager, tmp_path: Path, backend: str) -> None:
    path = tmp_path / "0a1b2c"
    path.write_bytes(_feed("PS-1"))
    receipt = manager.upload("IMP_ORDER", path, name="feed 1.csv")
    assert receipt.config_id == "IMP_ORDER"
    assert receipt.content_id if backend == "ofbiz" else receipt.log_id
    log = manager.find_log("IMP_ORDER", "feed 1.csv", LONG_AGO)
    assert log is not None
    assert (log.status, log.status.settled, log.total, log.failed) == ("pending", False, None, None)
    hotwax.importer.import_now()
    log = manager.find_log("IMP_ORDER", "feed 1.csv", LONG_AGO)
    assert log is not None
    assert log.clean


def test_upload_to_a_config_that_does_not_exist(manager: DataManager, tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"x")
    with pytest.raises(Rejected, match="'NO_SUCH_CONFIG' not found"):
        manager.upload("NO_SUCH_CONFIG", tmp_path / "feed.csv")


def test_upload_of_a_file_that_is_not_there(manager: DataManager, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="cannot be read"):
        manager.upload("IMP_ORDER", tmp_path / "none")


@pytest.mark.parametrize(
    "act", [lambda faults: faults.close("before", pattern=UPLOAD), lambda faults: faults.close("after", pattern=UPLOAD),
            lambda faults: faults.answer(500, pattern=UPLOAD), lambda faults: faults.answer(503, pattern=UPLOAD),
            lambda faults: faults.hang(20, pattern=UPLOAD)],
    ids=["cut before", "cut after", "500", "503", "hangs"],
)  # fmt: skip
def test_upload_without_an_answer_is_in_doubt_and_never_repeated(
    hotwax: HotWax, configure: Configure, tmp_path: Path, act: Callable[..., None], backend: str
) -> None:
    path = tmp_path / "feed.csv"
    path.write_bytes(_feed("PS-1"))
    act(hotwax.api.faults)
    extra = {"backend": backend, "read_timeout": 0.3}
    with DataManager(configure(extra=extra), pause=0) as manager, pytest.raises(InDoubt, match=r"feed\.csv") as caught:
        manager.upload("IMP_ORDER", path)
    assert "before it is sent again" in caught.value.next_step
    assert len(hotwax.api.faults.happened) == 1
    assert len(hotwax.logs.all()) <= 1


@pytest.mark.parametrize(("status", "words"), [(401, "permissions"), (403, "permissions"), (429, "after 7 s")])
def test_upload_that_was_not_let_in_is_not_sent(
    hotwax: HotWax, manager: DataManager, tmp_path: Path, status: int, words: str
) -> None:
    (tmp_path / "feed.csv").write_bytes(_feed("PS-1"))
    hotwax.api.faults.answer(status, pattern=UPLOAD, retry_after=7)
    with pytest.raises(NotSent, match=f"HTTP {status}") as caught:
        manager.upload("IMP_ORDER", tmp_path / "feed.csv")
    assert words in caught.value.next_step
    assert hotwax.logs.all() == []


def test_reads_are_tried_again(hotwax: HotWax, manager: DataManager) -> None:
    hotwax.api.faults.answer(503, pattern="*[df]*", times=1)
    hotwax.api.faults.close("before", pattern="*[df]*", times=1)
    assert manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO) is None


def test_reads_give_up_after_three_tries(hotwax: HotWax, configure: Configure) -> None:
    hotwax.api.faults.answer(500, times=10)
    with DataManager(configure(), pause=0) as manager, pytest.raises(NotSent, match="HTTP 500"):
        manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert len(hotwax.api.faults.happened) == 3


def test_a_busy_hotwax_is_not_pestered(hotwax: HotWax, configure: Configure) -> None:
    hotwax.api.faults.answer(429, retry_after=30, times=10)
    with DataManager(configure(), pause=0) as manager, pytest.raises(NotSent, match="HTTP 429") as caught:
        manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert "after 30 s" in caught.value.next_step
    assert len(hotwax.api.faults.happened) == 1


def test_hotwax_is_down(hotwax: HotWax, manager: DataManager, tmp_path: Path) -> None:
    hotwax.api.server.stop()
    with pytest.raises(NotSent, match="no answer"):
        manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    (tmp_path / "feed.csv").write_bytes(b"x")
    with pytest.raises(NotSent):
        manager.upload("IMP_ORDER", tmp_path / "feed.csv")


@pytest.mark.parametrize(
    ("backend", "extra"),
    [("moqui", "token"), ("moqui", "api_key"), ("ofbiz", "token"), ("moqui", None), ("ofbiz", None)],
)
def test_ways_to_log_in(hotwax: HotWax, configure: Configure, backend: str, extra: str | None) -> None:
    changes: dict[str, object] = {"extra": {"backend": backend}}
    if extra:
        secret = getattr(hotwax.credentials, extra)
        changes = {"login": None, "password": None, "extra": {"backend": backend, extra: secret}}
    with DataManager(configure(**changes), pause=0) as manager:
        assert manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO) is None


@pytest.mark.parametrize("extra", [{}, {"token": "wrong"}, {"api_key": "wrong"}], ids=["password", "token", "api_key"])
def test_wrong_credentials(configure: Configure, backend: str, extra: dict[str, str]) -> None:
    conn_id = configure(password="wrong", extra={"backend": backend, **extra})
    with DataManager(conn_id, pause=0) as manager, pytest.raises(NotSent) as caught:
        manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert "Airflow connection" in caught.value.next_step


def test_no_secret_and_no_body_in_the_log(
    hotwax: HotWax, manager: DataManager, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    (tmp_path / "feed.csv").write_bytes(_feed("PS-1"))
    manager.upload("IMP_ORDER", tmp_path / "feed.csv")
    manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    for secret in (hotwax.credentials.password, hotwax.credentials.token, "Sample Street"):
        assert secret not in caplog.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"extra": {"backend": "sap"}}, "'sap' is not a valid Backend"),
        ({"extra": {"read_timout": 3}}, "'read_timout' is not known"),
        ({"extra": {"read_timeout": "soon"}}, "soon"),
        ({"host": None}, "names no host"),
        ({"password": None}, "no login and password, no token and no api_key"),
    ],
)
def test_settings_that_cannot_be_used(configure: Configure, changes: dict[str, object], words: str) -> None:
    with pytest.raises(Stop, match=words):
        DataManager(configure(**changes))


def test_unknown_connection() -> None:
    with pytest.raises(Stop, match="'nobody_knows_it' cannot be used: it does not exist"):
        DataManager("nobody_knows_it")


@pytest.mark.parametrize(
    "extra", [{"base_path": "/wrong"}, {"backend": "ofbiz", "base_path": "/api/wrong", "token": "x"}]
)
def test_wrong_base_path(hotwax: HotWax, configure: Configure, extra: dict[str, str]) -> None:
    conn_id = configure(extra={**extra, **({"token": hotwax.credentials.token} if "token" in extra else {})})
    with DataManager(conn_id, pause=0) as manager, pytest.raises(Stop, match=r"nothing at .*wrong") as caught:
        manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
    assert "base_path" in caught.value.next_step


def test_wrong_download_path(hotwax: HotWax, configure: Configure) -> None:
    hotwax.importer.faults.refuse = {"PS-1": "no"}
    _drop(hotwax, "feed.csv", _feed("PS-1"))
    hotwax.importer.import_now()
    with DataManager(configure(extra={"backend": "ofbiz", "download_path": "/api/Elsewhere"}), pause=0) as manager:
        log = manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO)
        assert log is not None
        with pytest.raises(Stop, match=r"nothing at .*/api/Elsewhere"):
            manager.failed_rows(log)


@pytest.mark.parametrize("split", [True, False])
def test_host_and_port_may_be_given_apart(hotwax: HotWax, configure: Configure, split: bool) -> None:
    port = hotwax.api.server.port
    changes: dict[str, object] = (
        {"host": "127.0.0.1", "schema": "http", "port": port} if split else {"host": hotwax.url}
    )
    with DataManager(configure(**changes), pause=0) as manager:
        assert manager.find_log("IMP_ORDER", "feed.csv", LONG_AGO) is None
