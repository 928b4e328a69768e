"""Return files lost, late, doubled or halved; slow imports; scripts that stand still, and scripts by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.netsuite import NetSuite, NetSuiteSettings
from tests.sandbox.netsuite_kit import (
    customer,
    customers_csv,
    names,
    order,
    orders_csv,
    put,
    results,
    returned,
    with_customer,
    with_order,
)

FOLDER = "customer/import"


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def send(netsuite: NetSuite, *external_ids: str) -> None:
    put(netsuite, "customer/export", customers_csv(*map(customer, external_ids)))
    netsuite.scripts.run_now()


def told(netsuite: NetSuite) -> list[list[str]]:
    """External ids of each customer file."""
    files = returned(netsuite, FOLDER, "CustomerExport")
    return [[line.split(",")[0] for line in file.splitlines()[1:]] for file in files]


def test_a_lost_file_never_comes(netsuite: NetSuite) -> None:
    netsuite.faults.lose("CustomerExport")
    send(netsuite, "HC1")
    send(netsuite, "HC2")
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC2"]]
    assert [(fault.kind, fault.target) for fault in netsuite.faults.happened] == [("lose", "CustomerExport")]


def test_a_late_file_comes_so_many_runs_later(netsuite: NetSuite) -> None:
    netsuite.faults.delay("CustomerExport", runs=2)
    send(netsuite, "HC1")
    netsuite.scripts.run_now()
    assert told(netsuite) == []
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC1"]]
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC1"]]


def test_a_file_may_come_twice(netsuite: NetSuite) -> None:
    netsuite.faults.duplicate("CustomerExport")
    send(netsuite, "HC1")
    assert told(netsuite) == [["HC1"], ["HC1"]]
    assert len(set(names(netsuite, FOLDER))) == 2


@pytest.mark.parametrize(("runs", "second"), [(1, [["HC2"]]), (None, [])])
def test_half_the_customers_now_the_others_later_or_never(
    netsuite: NetSuite, runs: int | None, second: list[list[str]]
) -> None:
    netsuite.faults.halve("CustomerExport", runs=runs)
    send(netsuite, "HC1", "HC2", "HC3")
    assert told(netsuite) == [["HC1", "HC3"]]
    netsuite.scripts.run_now()
    assert sorted(told(netsuite)) == [["HC1", "HC3"], *second]


def test_a_pattern_says_which_files(netsuite: NetSuite) -> None:
    netsuite.faults.lose("SalesOrder*", times=2)
    with_order(netsuite)
    assert told(netsuite) == [["HC1"]]
    assert names(netsuite, "salesorder/import/orderidentification") == []
    assert names(netsuite, "salesorder/import/orderitemattribute") == []


def test_submitted_files_may_stay_pending(netsuite: NetSuite) -> None:
    netsuite.faults.processing_delay_runs = 2
    send(netsuite, "HC1")
    assert names(netsuite, "customer/export/archive") == ["feed.csv"]
    netsuite.scripts.run_now()
    assert [job["status"] for job in netsuite.database.jobs()] == ["PENDING"]
    assert netsuite.database.customer("HC1") is None
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC1"]]


def test_named_records_are_refused(netsuite: NetSuite) -> None:
    netsuite.faults.refuse["M1"] = "Please choose a location, or ask, your administrator"
    customer_id = with_customer(netsuite)
    put(netsuite, "salesorder/export", orders_csv(*order("M1", customer_id), *order("M2", customer_id)))
    netsuite.scripts.run_now()
    assert results(netsuite, "HC_importSalesOrders") == [
        ("M1", "refused", "Please choose a location, or ask, your administrator"),
        ("M2", "created", ""),
    ]


def test_everything_may_stand_still(netsuite: NetSuite) -> None:
    netsuite.faults.stopped = True
    send(netsuite, "HC1")
    assert names(netsuite, "customer/export") == ["feed.csv"]
    netsuite.faults.stopped = False
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC1"]]


NINES = "9" * 30


@pytest.mark.parametrize(
    ("folder", "content"),
    [
        ("salesorder/customerdeposit", [{"orderId": NINES, "totalAmount": "1"}, 1, None, [], {"orderId": {}}]),
        ("salesorder/customerdeposit", {"orderId": "1"}),
        ("salesorder/customerdeposit", b"[" * 100_000),
        ("salesorder/customerdeposit", b'[{"orderId": "\\ud800"}]'),
        ("fulfilledsalesorder/export", [1, {"order_id": NINES, "items": [None]}, {"order_id": "1", "items": "x"}]),
        ("fulfilledsalesorder/export", [{"order_id": 1, "items": [{"line_id": NINES, "quantity": "1"}]}]),
        ("salesorder/export", orders_csv(*order("M1", NINES), *order("M2", "\u0663"), *order("M3", 1, rate="%"))),
        ("salesorder/export", b'externalId,customer,date,item,quantity\n"M1,1\n,'),
        ("salesorder/update", f"internalId,lineId\n{NINES},{NINES}\n".encode()),
        ("cashsale/export", bytes(range(256))),
    ],
)
def test_nonsense_stops_no_script(netsuite: NetSuite, folder: str, content: bytes | list[object]) -> None:
    put(netsuite, folder, content, "nonsense")
    put(netsuite, "customer/export", customers_csv(customer()))
    netsuite.scripts.run_now()
    assert told(netsuite) == [["HC1"]]
    figures = netsuite.database.figures()
    assert figures["sales_orders"] == figures["deposits"] == figures["fulfilments"] == figures["cash_sales"] == 0


def test_scripts_run_by_themselves(tmp_path: Path) -> None:
    settings = NetSuiteSettings(poll_seconds=0.02)
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", settings=settings) as netsuite:
        put(netsuite, "customer/export", customers_csv(customer()))
        deadline = time.monotonic() + 5
        while not told(netsuite):
            assert time.monotonic() < deadline, "waited 5 s in vain"
            time.sleep(0.01)
    assert list(tmp_path.rglob("*-CustomerExport.csv"))
