from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.hotwax import MDM_INV_VARIANCE, HotWax, LogStatus
from tests.sandbox.hotwax_files import HEADER, VARIANCE_HEADER, csv_bytes, order_rows, variance_row


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited 5 s in vain"
        time.sleep(0.01)


def test_takes_only_files_that_match_and_moves_them_to_the_archive(hotwax: HotWax, feed: Path) -> None:
    for name in ("a.csv", ".a.csv.part", ".hidden.csv", "b.csv.part", "notes.txt"):
        (feed / name).write_bytes(csv_bytes(HEADER, order_rows(f"PS-{name}")))
    (feed / "folder.csv").mkdir()
    logs = hotwax.importer.import_now()
    assert [(log.config_id, log.remote_file_path) for log in logs] == [("IMP_ORDER", "/hotwax/order-feed/a.csv")]
    assert sorted(path.name for path in feed.iterdir()) == [
        ".a.csv.part",
        ".hidden.csv",
        "archive",
        "b.csv.part",
        "folder.csv",
        "notes.txt",
    ]
    assert [path.name for path in (feed / "archive").iterdir()] == ["a.csv"]
    assert hotwax.importer.import_now() == []


def test_a_pattern_of_its_own_decides_what_is_taken(make_hotwax: Callable[..., HotWax], feed: Path) -> None:
    patterns = {"IMP_ORDER": r".*_OrderFeed_.*\.csv", "IMP_JSON_LIST_DATA": r".*\.json", MDM_INV_VARIANCE: r".*\.csv"}
    hotwax = make_hotwax(file_patterns=patterns)
    for name in ("a.csv", "x_OrderFeed_1.csv"):
        (feed / name).write_bytes(csv_bytes(HEADER, order_rows(name)))
    assert [log.content_name for log in hotwax.importer.import_now()] == ["x_OrderFeed_1.csv"]


def test_a_second_file_of_the_same_name_does_not_replace_the_first_in_the_archive(hotwax: HotWax, feed: Path) -> None:
    for number in (1, 2):
        (feed / "a.csv").write_bytes(csv_bytes(HEADER, order_rows(f"PS{number}")))
        hotwax.importer.import_now()
    assert sorted(path.name for path in (feed / "archive").iterdir()) == ["a-M100002.csv", "a.csv"]


def test_a_variance_imported_twice_deducts_twice_and_is_told(hotwax: HotWax, variances: Path) -> None:
    content = csv_bytes(VARIANCE_HEADER, [variance_row("197", "-2"), variance_row("198", "+1", facilityId="254")])
    for name in ("first.csv", "renamed.csv"):
        (variances / name).write_bytes(content)
        (log,) = hotwax.importer.import_now()
        assert (log.config_id, log.status, log.total, log.failed) == (MDM_INV_VARIANCE, LogStatus.FINISHED, 2, 0)
    assert (hotwax.database.stock("254", "197"), hotwax.database.stock("254", "198")) == (-4, 2)
    assert [log.content_name for log in hotwax.logs.imported_twice()] == ["renamed.csv"]
    assert len(hotwax.database.variances()) == 4


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (variance_row("", "-1"), "Required Field: the product is blank"),
        (variance_row("666", "-1"), "Invalid Data: no product with UPCA '666'"),
        (variance_row("197", "-1.5"), "Invalid Format: availableDelta '-1.5' is not a whole number"),
        (variance_row("197", ""), "Invalid Format: availableDelta '' is not a whole number"),
        (variance_row("197", "-1", externalFacilityId="9"), "Invalid Data: external facility '9' is not known"),
        (
            variance_row("197", "-1", externalFacilityId=""),
            "Required Field: facilityId or externalFacilityId is blank",
        ),
        (variance_row("197", "-1", varianceReasonId="SOLD"), "Invalid Data: variance reason 'SOLD' is not known"),
        (variance_row("197", "-1", varianceReasonId=""), "Required Field: varianceReasonId is blank"),
        (variance_row("197", "-1", locationSeqId=""), "Required Field: locationSeqId is blank"),
    ],
)
def test_a_bad_variance_row_is_refused_alone(
    make_hotwax: Callable[..., HotWax], variances: Path, row: dict[str, str], reason: str
) -> None:
    hotwax = make_hotwax(refuse_gtins=frozenset({"666"}))
    (variances / "v.csv").write_bytes(csv_bytes(VARIANCE_HEADER, [row, variance_row("197", "-1")]))
    (log,) = hotwax.importer.import_now()
    assert (log.total, log.failed) == (2, 1)
    content = hotwax.logs.content(log.error_content_id or "")
    assert content is not None
    lines = content[1].decode().splitlines()
    assert lines[0] == ",".join((*VARIANCE_HEADER, "_ERROR_MESSAGE_"))
    assert lines[1].endswith(f",{reason}")
    assert len(lines) == 2


def test_a_scripted_crash_leaves_what_was_imported_and_hits_once(hotwax: HotWax, feed: Path) -> None:
    hotwax.importer.faults.crash_next(after_records=1)
    (feed / "a.csv").write_bytes(csv_bytes(HEADER, order_rows("PS1") + order_rows("PS2")))
    (log,) = hotwax.importer.import_now()
    assert (log.status, log.total, log.error_content_id) == (LogStatus.CRASHED, 1, None)
    assert [order["external_id"] for order in hotwax.database.orders()] == ["PS1"]
    (feed / "b.csv").write_bytes(csv_bytes(HEADER, order_rows("PS3")))
    (log,) = hotwax.importer.import_now()
    assert log.status is LogStatus.FINISHED


def test_a_delayed_import_is_pending_first(hotwax: HotWax, feed: Path) -> None:
    hotwax.importer.faults.delay_seconds = 0.3
    (feed / "a.csv").write_bytes(csv_bytes(HEADER, order_rows("PS1")))
    worker = threading.Thread(target=hotwax.importer.import_now)
    worker.start()
    wait_for(lambda: bool(hotwax.logs.all()))
    assert hotwax.logs.all()[0].status is LogStatus.PENDING
    assert hotwax.database.orders() == []
    worker.join()
    assert hotwax.logs.all()[0].status is LogStatus.FINISHED


def test_polls_by_itself_and_never_imports_a_file_twice(make_hotwax: Callable[..., HotWax], feed: Path) -> None:
    hotwax = make_hotwax(polling=True, poll_seconds=0.01)
    (feed / ".a.csv.part").write_bytes(csv_bytes(HEADER, order_rows("PS1")))
    (feed / ".a.csv.part").rename(feed / "a.csv")
    for _ in range(5):
        hotwax.importer.import_now()
    wait_for(lambda: [log.status for log in hotwax.logs.all()] == [LogStatus.FINISHED])
    assert len(hotwax.database.orders()) == 1


def test_what_was_imported_outlives_a_restart(make_hotwax: Callable[..., HotWax], feed: Path) -> None:
    first = make_hotwax()
    (feed / "a.csv").write_bytes(csv_bytes(HEADER, order_rows("PS1")))
    first.importer.import_now()
    first.stop()
    second = make_hotwax()
    assert second.database.order("PS1") is not None
    (feed / "b.csv").write_bytes(csv_bytes(HEADER, order_rows("PS1")))
    (log,) = second.importer.import_now()
    assert (log.log_id, log.failed) == ("M100002", 1)
