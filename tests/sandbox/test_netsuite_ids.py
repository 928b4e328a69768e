from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.hotwax import HotWax
from sandbox.hotwax.logs import ImportLog, LogStatus
from sandbox.hotwax.netsuite_ids import (
    IMP_APR_SALES_ORD,
    IMP_ORDER_IDENT,
    IMP_ORDER_ITM_ATTR,
    IMP_PARTY_IDENT,
    IMPORTS,
    MOD_ORD_ATTR,
    Change,
    NetSuiteIds,
)

DATE = "Sat Nov 21 2026 01_02_03 GMT+0000 (GMT)"
FOLDERS = {one.config_id: one.folder for one in IMPORTS}
HEADERS = {one.config_id: ",".join(one.columns) for one in IMPORTS}


class Knows:
    """What there is: party HC1, order N1 with item 00001."""

    def has_party(self, party_id: str) -> bool:
        return party_id == "HC1"

    def has_order(self, order_id: str) -> bool:
        return order_id == "N1"

    def has_item(self, order_id: str, item_id: str) -> bool:
        return (order_id, item_id) == ("N1", "00001")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "sftp"


@pytest.fixture
def ids(hotwax: HotWax, root: Path) -> NetSuiteIds:
    return NetSuiteIds(hotwax.database, hotwax.logs, root)


@pytest.fixture
def drop(root: Path) -> Callable[..., Path]:
    def drop(config_id: str, *rows: str, name: str = f"{DATE}-Export.csv", header: str | None = None) -> Path:
        path = root / FOLDERS[config_id] / name
        path.write_text("\n".join([HEADERS[config_id] if header is None else header, *rows, ""]), encoding="utf-8")
        return path

    return drop


@pytest.fixture
def bring(drop: Callable[..., Path], ids: NetSuiteIds) -> Callable[..., ImportLog]:
    def bring(config_id: str, *rows: str, **options: str) -> ImportLog:
        drop(config_id, *rows, **options)
        (log,) = ids.import_now()
        return log

    return bring


def refused(hotwax: HotWax, log: ImportLog) -> list[list[str]]:
    """Rows of the error file, the reason last; without its header."""
    content = hotwax.logs.content(log.error_content_id or "")
    if content is None:
        return []
    return list(csv.reader(io.StringIO(content[1].decode())))[1:]


def test_headers_are_those_of_the_scripts() -> None:
    assert HEADERS == {
        IMP_PARTY_IDENT: "partyId,partyIdentificationTypeId,idValue",
        IMP_ORDER_IDENT: "orderId,orderIdentificationTypeId,idValue",
        IMP_ORDER_ITM_ATTR: "orderId,orderItemSeqId,attrName,attrValue",
        MOD_ORD_ATTR: "orderId,attrName,attrValue",
        IMP_APR_SALES_ORD: "orderId",
    }


def test_ids_of_customers(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    log = bring(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501", "HC2,NETSUITE_CUSTOMER_ID,502", "HC3,OTHER,503")
    assert ids.customer_ids() == {"HC1": "501", "HC2": "502"}
    assert (ids.customer_id("HC2"), ids.customer_id("HC3"), ids.customer_id("HC4")) == ("502", None, None)
    assert (log.config_id, log.status, log.total, log.failed) == (IMP_PARTY_IDENT, LogStatus.FINISHED, 3, 0)


def test_ids_of_orders_and_lines(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    bring(IMP_ORDER_IDENT, "N1,NETSUITE_ORDER_ID,9001")
    bring(
        IMP_ORDER_ITM_ATTR,
        "N1,00001,NetsuiteItemLineId,1",
        "N1,00001,NetsuiteDiscountItemLineId,2",
        "N1,00002,NetsuiteItemLineId,3",
        "N2,00001,NetsuiteItemLineId,1",
    )
    assert (ids.order_id("N1"), ids.order_id("N2")) == ("9001", None)
    assert ids.order_ids() == {"N1": "9001"}
    assert ids.line_ids("N1") == {"00001": "1", "00002": "3"}
    assert ids.line_attributes("N1")["00001"] == {"NetsuiteItemLineId": "1", "NetsuiteDiscountItemLineId": "2"}
    assert (ids.line_id("N1", "00002"), ids.line_id("N1", "00003")) == ("3", None)


def test_attributes_and_approvals(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    bring(MOD_ORD_ATTR, "N1,NETSUITE_ORDER_EXPORTED,Y", "N1,FRAUD_VERIFIED,Y")
    assert ids.attributes("N1") == {"NETSUITE_ORDER_EXPORTED": "Y", "FRAUD_VERIFIED": "Y"}
    assert not ids.approved("N1")
    bring(IMP_APR_SALES_ORD, "N1")
    bring(IMP_APR_SALES_ORD, "N1")
    assert (ids.approved("N1"), ids.approved("N2")) == (True, False)
    assert ids.approvals() == {"N1": 2}


def test_an_approval_can_want_attributes(bring: Callable[..., ImportLog], ids: NetSuiteIds, hotwax: HotWax) -> None:
    ids.required_attributes = frozenset({"NETSUITE_ORDER_EXPORTED"})
    log = bring(IMP_APR_SALES_ORD, "N1")
    assert refused(hotwax, log) == [["N1", "Invalid Data: order 'N1' lacks NETSUITE_ORDER_EXPORTED"]]
    bring(MOD_ORD_ATTR, "N1,NETSUITE_ORDER_EXPORTED,Y")
    assert refused(hotwax, bring(IMP_APR_SALES_ORD, "N1")) == []
    assert ids.approvals() == {"N1": 1}


def test_attributes_go_before_approvals_in_one_pass(drop: Callable[..., Path], ids: NetSuiteIds) -> None:
    ids.required_attributes = frozenset({"NETSUITE_ORDER_EXPORTED"})
    drop(IMP_APR_SALES_ORD, "N1")
    drop(MOD_ORD_ATTR, "N1,NETSUITE_ORDER_EXPORTED,Y")
    assert [log.config_id for log in ids.import_now()] == [MOD_ORD_ATTR, IMP_APR_SALES_ORD]
    assert ids.approved("N1")


def test_a_file_goes_to_the_archive_under_a_name_of_its_own(drop: Callable[..., Path], ids: NetSuiteIds) -> None:
    for _ in range(2):
        path = drop(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501")
        (log,) = ids.import_now()
    archived = sorted(one.name for one in (path.parent / "archive").iterdir())
    assert archived == [f"{DATE}-Export-{log.log_id}.csv", f"{DATE}-Export.csv"]
    assert [one.name for one in path.parent.iterdir()] == ["archive"]
    assert log.remote_file_path == f"/netsuite/customer/import/{path.name}"
    assert ids.import_now() == []


def test_the_same_file_twice_changes_nothing(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    for _ in range(2):
        log = bring(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501")
    assert (log.total, log.failed) == (1, 0)
    assert ids.customer_ids() == {"HC1": "501"}
    assert ids.changes() == []


def test_an_id_that_is_replaced_is_told(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    for number in ("9001", "9002"):
        bring(IMP_ORDER_IDENT, f"N1,NETSUITE_ORDER_ID,{number}")
    assert ids.order_id("N1") == "9002"
    assert ids.changes() == [Change(IMP_ORDER_IDENT, "N1", "", "NETSUITE_ORDER_ID", "9001", "9002")]


def test_files_are_taken_by_age_and_not_by_the_day_of_the_week(drop: Callable[..., Path], ids: NetSuiteIds) -> None:
    for age, day, number in ((200, "Wed", "9001"), (100, "Mon", "9002")):
        path = drop(IMP_ORDER_IDENT, f"N1,NETSUITE_ORDER_ID,{number}", name=f"{day}-SalesOrderExport.csv")
        os.utime(path, (time.time() - age,) * 2)
    assert len(ids.import_now()) == 2
    assert ids.order_id("N1") == "9002"


@pytest.mark.parametrize("name", [".Export.csv", "Export.csv.tmp", "Export.txt"])
def test_files_under_other_names_are_left(name: str, drop: Callable[..., Path], ids: NetSuiteIds) -> None:
    path = drop(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501", name=name)
    assert ids.import_now() == []
    assert path.exists()


@pytest.mark.parametrize(
    ("header", "remark"),
    [
        ("partyId,idValue", "Missing Field: partyIdentificationTypeId"),
        ("", "Invalid Format: the file is empty"),
    ],
)
def test_a_file_with_another_header_fails(
    header: str, remark: str, bring: Callable[..., ImportLog], hotwax: HotWax, ids: NetSuiteIds
) -> None:
    log = bring(IMP_PARTY_IDENT, "HC1,501", header=header)
    assert (log.status, log.total) == (LogStatus.FAILED, 0)
    assert hotwax.logs.content(log.log_content_id or "") == (f"{log.log_id}.log", remark.encode())
    assert ids.customer_ids() == {}


def test_rows_before_the_place_where_a_file_breaks_off_stay(bring: Callable[..., ImportLog], ids: NetSuiteIds) -> None:
    log = bring(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501", f"HC2,NETSUITE_CUSTOMER_ID,{'5' * 200_000}")
    assert (log.status, log.total) == (LogStatus.FAILED, 1)
    assert ids.customer_ids() == {"HC1": "501"}


def test_a_row_with_a_blank_is_refused_and_the_others_are_not(
    bring: Callable[..., ImportLog], hotwax: HotWax, ids: NetSuiteIds
) -> None:
    log = bring(IMP_ORDER_ITM_ATTR, "N1,,NetsuiteItemLineId,1", "N1,00001,NetsuiteItemLineId,2", "N1,00002", "")
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 3, 2)
    assert [row[-1] for row in refused(hotwax, log)] == [
        "Required Field: orderItemSeqId",
        "Required Field: attrName, attrValue",
    ]
    assert ids.line_ids("N1") == {"00001": "2"}


@pytest.mark.parametrize(
    ("config_id", "good", "bad", "reason"),
    [
        (IMP_PARTY_IDENT, "HC1,T,5", "HC2,T,5", "Invalid Data: partyId 'HC2' is not known"),
        (IMP_ORDER_IDENT, "N1,T,5", "#CO1,T,5", "Invalid Data: orderId '#CO1' is not known"),
        (IMP_ORDER_ITM_ATTR, "N1,00001,A,5", "N1,00002,A,5", "Invalid Data: order 'N1' has no item '00002'"),
        (MOD_ORD_ATTR, "N1,A,5", "N2,A,5", "Invalid Data: orderId 'N2' is not known"),
        (IMP_APR_SALES_ORD, "N1", "N2", "Invalid Data: orderId 'N2' is not known"),
    ],
)
def test_what_hotwax_has_not_is_refused(
    config_id: str, good: str, bad: str, reason: str, bring: Callable[..., ImportLog], hotwax: HotWax, ids: NetSuiteIds
) -> None:
    ids.known = Knows()
    assert refused(hotwax, bring(config_id, good, bad)) == [[*bad.split(","), reason]]


def test_records_can_be_refused_on_purpose(bring: Callable[..., ImportLog], hotwax: HotWax, ids: NetSuiteIds) -> None:
    ids.refuse = {"HC1": "Lock wait timeout"}
    log = bring(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501", "HC2,NETSUITE_CUSTOMER_ID,502")
    assert refused(hotwax, log) == [["HC1", "NETSUITE_CUSTOMER_ID", "501", "Lock wait timeout"]]
    assert ids.customer_ids() == {"HC2": "502"}


def test_other_ways_to_learn_ids(ids: NetSuiteIds) -> None:
    ids.learn_customer("HC1", "501")
    ids.learn_product("230000", "777")
    assert (ids.customer_id("HC1"), ids.product_id("230000"), ids.product_id("1")) == ("501", "777", None)


def test_ids_outlive_a_restart(bring: Callable[..., ImportLog], hotwax: HotWax, root: Path) -> None:
    bring(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501")
    assert NetSuiteIds(hotwax.database, hotwax.logs, root).customer_id("HC1") == "501"


def test_it_looks_for_files_by_itself(drop: Callable[..., Path], hotwax: HotWax, root: Path) -> None:
    with NetSuiteIds(hotwax.database, hotwax.logs, root, poll_seconds=0.01) as ids:
        path = drop(IMP_PARTY_IDENT, "HC1,NETSUITE_CUSTOMER_ID,501", name=".part")
        path.rename(path.with_name("CustomerExport.csv"))
        deadline = time.monotonic() + 10
        while not (path.parent / "archive" / "CustomerExport.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        assert ids.customer_id("HC1") == "501"
