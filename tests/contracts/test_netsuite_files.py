"""Files that NetSuite's scripts give back."""

from __future__ import annotations

import time

import pytest

from order_sync.contracts import netsuite_files
from order_sync.contracts.netsuite_files import (
    ERRORS,
    HEADERS,
    Answers,
    CustomerId,
    DepositId,
    ErrorRow,
    Kind,
    LineId,
    OrderId,
    Strange,
    kind_of,
)
from order_sync.errors import BadInput

DATE = "Tue Nov 21 2026 01:02:03 GMT-0500 (Eastern Standard Time)"
IDS = "orderId,orderIdentificationTypeId,idValue\n"
PARTIES = "partyId,partyIdentificationTypeId,idValue\n"
LINES = "orderId,orderItemSeqId,attrName,attrValue\n"
FILES = "fileName,errorMessage\n"
DEPOSITS = "orderId,errorMessage\n"


def failures(text: str, kind: Kind = Kind.SALES_ORDER_ERRORS) -> Answers[ErrorRow]:
    return netsuite_files.errors("f.csv", text.encode(), kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_file_is_known_by_the_end_of_its_name(kind: Kind) -> None:
    assert kind_of(f"{DATE}-{kind}.csv") is kind
    assert kind_of(f"21/11/2026 whatever-{kind}.csv") is kind


@pytest.mark.parametrize(
    "name",
    [
        f"{DATE}-RejectedSalesOrderItemExport.csv",
        f"{DATE}-CustomerExport.csv.tmp",
        f"{DATE}-CustomerExport",
        "CustomerExport.csv",
        "orders.csv",
        "",
    ],
)
def test_other_files_are_none_of_them(name: str) -> None:
    assert kind_of(name) is None


def test_return_files() -> None:
    found = netsuite_files.customers("f", f"{PARTIES}10004,NETSUITE_CUSTOMER_ID,5501\n".encode())
    assert found == Answers([CustomerId("10004", "5501")], [])
    assert netsuite_files.orders("f", f"{IDS}M1,NETSUITE_ORDER_ID,77\n".encode()).rows == [OrderId("M1", "77")]
    text = f"{LINES}M1,00001,NetsuiteItemLineId,1\nM1,00001,NetsuiteDiscountItemLineId,2\n"
    assert netsuite_files.lines("f", text.encode()).rows == [
        LineId("M1", "00001", False, "1"),
        LineId("M1", "00001", True, "2"),
    ]
    text = "orderId,internalId,manualRefNumber\n77,90,M1-CD\n77,91,\n"
    assert netsuite_files.deposits("f", text.encode()).rows == [
        DepositId("77", "90", "M1-CD"),
        DepositId("77", "91", ""),
    ]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n \n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_marks_line_ends_blank_lines_and_quotes_do_not_matter(mark: bytes, end: str) -> None:
    text = f'{IDS}M1,NETSUITE_ORDER_ID,77\n"M2" , "NETSUITE_ORDER_ID","78"\n M3,NETSUITE_ORDER_ID,79'.replace("\n", end)
    found = netsuite_files.orders("f", mark + text.encode())
    assert found == Answers([OrderId("M1", "77"), OrderId("M2", "78"), OrderId("M3", "79")], [])


def test_a_line_that_cannot_be_read_costs_nothing_but_itself() -> None:
    text = f'{IDS}M1,NETSUITE_ORDER_ID\n"M2,NETSUITE_ORDER_ID,78\nM3,NETSUITE_ORDER_ID,\n'
    text += "M4,OTHER,80\nM5,NETSUITE_ORDER_ID,81\n"
    found = netsuite_files.orders("f", text.encode())
    assert found.rows == [OrderId("M5", "81")]
    assert found.strange == [
        Strange(2, "it has 2 values, 3 are wanted"),
        Strange(3, "it has 1 values, 3 are wanted"),
        Strange(4, "a value is empty"),
        Strange(5, "it is no NETSUITE_ORDER_ID"),
    ]
    assert netsuite_files.lines("f", f"{LINES}M1,1,Other,3\n".encode()).strange == [
        Strange(2, "its attrName is not known")
    ]
    assert netsuite_files.customers("f", f"{PARTIES}1,OTHER,3\n".encode()).strange[0].line == 2


def test_a_file_without_rows_is_no_mistake() -> None:
    assert netsuite_files.customers("f", PARTIES.encode()) == Answers([], [])


def test_a_file_with_other_columns_is_named_for_what_it_is() -> None:
    with pytest.raises(BadInput) as caught:
        netsuite_files.customers("x-CustomerExport.csv", LINES.encode())
    assert caught.value.reason == "FILE_WRONG_HEADER"
    assert caught.value.message == (
        "File x-CustomerExport.csv: its first line is 'orderId,orderItemSeqId,attrName,attrValue', which is that of a "
        "file *-SalesOrderItemExport.csv; partyId,partyIdentificationTypeId,idValue is wanted."
    )


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "FILE_EMPTY"),
        (b"\xef\xbb\xbf\r\n \n", "FILE_EMPTY"),
        (b"partyId,partyIdentificationTypeId,idValue\n\xe9", "FILE_ENCODING"),
        (b"partyId,idValue\n1,2\n", "FILE_WRONG_HEADER"),
        (b"10004,NETSUITE_CUSTOMER_ID,5501\n", "FILE_WRONG_HEADER"),
    ],
)
def test_files_that_cannot_be_used(data: bytes, reason: str) -> None:
    with pytest.raises(BadInput, match=r"^File f") as caught:
        netsuite_files.customers("f", data)
    assert caught.value.reason == reason


def test_stray_commas_of_error_files() -> None:
    """The script turns a list of lines into text, which puts a comma before every line but the first."""
    text = f"{FILES},a-1.csv,Missing column, customer\n,b 2.csv,SSS_MISSING\n"
    assert failures(text) == Answers(
        [ErrorRow("a-1.csv", "Missing column, customer"), ErrorRow("b 2.csv", "SSS_MISSING")], []
    )
    text = f"{FILES}a-1.csv,no good\nb.csv,nor this\n"
    assert failures(text).rows == [ErrorRow("a-1.csv", "no good"), ErrorRow("b.csv", "nor this")]


def test_quoted_and_continued_messages() -> None:
    text = f'{FILES}"a.csv","say ""no"", please"\n,b.csv,first\n  second, third\r\nfourth\n'
    assert failures(text).rows == [
        ErrorRow("a.csv", 'say "no", please'),
        ErrorRow("b.csv", "first second, third fourth"),
    ]
    assert failures(f"{FILES}out of the blue\n") == Answers([], [Strange(2, "it does not begin with fileName")])


def test_deposit_errors() -> None:
    text = (
        f"{DEPOSITS}1001,Invalid payment, see 8, 9\n,1002,That record does not exist.\n,Please enter value(s), for: X\n"
    )
    assert failures(text, Kind.DEPOSIT_ERRORS).rows == [
        ErrorRow("1001", "Invalid payment, see 8, 9"),
        ErrorRow("1002", "That record does not exist."),
        ErrorRow("", "Please enter value(s), for: X"),
    ]


def test_every_kind_of_error_file_is_read() -> None:
    assert len(ERRORS) == 7
    for kind in ERRORS:
        header = ",".join(HEADERS[kind])
        assert failures(f"{header}\n12.csv,x\n" if HEADERS[kind][0] == "fileName" else f"{header}\n12,x\n", kind).rows
    with pytest.raises(BadInput, match="ErrorCustomerDeposit"):
        failures(f"{DEPOSITS}1,x\n")


def test_a_full_file_takes_no_time() -> None:
    """The bound is a hundred times what it takes, and still far below what would be felt."""
    text = IDS + "".join(f"M{at},NETSUITE_ORDER_ID,{at}\n" for at in range(25_000))
    start = time.perf_counter()
    assert len(netsuite_files.orders("f", text.encode()).rows) == 25_000
    assert time.perf_counter() - start < 3


def test_a_discount_that_was_sent_without_a_number_tells_nothing() -> None:
    rows = ("M1,00001,NetsuiteItemLineId,1", "M1,,NetsuiteDiscountItemLineId,2", "M1,,NetsuiteItemLineId,3")
    text = "\n".join(("orderId,orderItemSeqId,attrName,attrValue", *rows))
    found = netsuite_files.lines("f", text.encode())
    assert [row.seq for row in found.rows] == ["00001"]
    assert found.strange == [Strange(4, "a value is empty")]
