from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable
from datetime import datetime

import pytest

from order_sync.reports.failure_report import Amount, FailureReport, Item
from order_sync.reports.reject_csv import COLUMNS, harmless, write_csv

MakeItem = Callable[..., Item]
MakeReport = Callable[..., FailureReport]


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_it_has_every_reject_with_every_column(make_item: MakeItem, make_report: MakeReport) -> None:
    report = make_report(*(make_item(n, reason) for n in range(70) for reason in ("RETURN", "NO_LINES")))

    content = write_csv(report.groups)

    assert content.startswith(codecs.BOM_UTF8)
    assert content.count(b"\r\n") == 141
    assert [row["Order"] for row in rows(content)] == [item.order_id for item in report.items]
    assert rows(content)[0] == {
        "Order": "PS-00000",
        "File": "tlog_00000.json",
        "Record": "1",
        "Cause": "The order has no lines",
        "Field": "store.storeId",
        "Message": "Store '0' is not in facility.csv.",
        "What to do": report.groups[0].what_to_do,
        "Amount": "10.00",
        "Currency": "USD",
        "Order date (UTC)": "2026-03-02 08:30:00",
        "Store": "254",
        "Reason code": "NO_LINES",
    }


@pytest.mark.parametrize(
    "dangerous",
    [
        "=1+1",
        "+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        " =1",
        "\x00=1",
        "\u200b=1",
        "\ufeff@x",
        "＝1+1",
        "-5.00",
    ],
    ids=repr,
)
def test_no_cell_runs_as_a_formula(dangerous: str, make_item: MakeItem, make_report: MakeReport) -> None:
    item = make_item(order_id=dangerous, file=dangerous, field=dangerous, message=dangerous, store=dangerous)

    row = rows(write_csv(make_report(item).groups))[0]

    assert all(row[column].startswith("'") for column in ("Order", "File", "Field", "Message", "Store"))


@pytest.mark.parametrize("plain", ["PS-1", "5-3", "a=b", "Ünïcode", "", "'quoted'"])
def test_other_text_stays_as_it_is(plain: str) -> None:
    assert harmless(plain) == plain


@pytest.mark.parametrize(
    ("minor", "currency", "expected"),
    [
        (-500, "USD", "-5.00"),
        (5, "USD", "0.05"),
        (123456789, "USD", "1234567.89"),
        (1500, "JPY", "1500"),
        (1500, "KWD", "1.500"),
        (10**15 - 1, "EUR", "9999999999999.99"),
    ],
)
def test_amounts_are_exact_numbers(
    minor: int, currency: str, expected: str, make_item: MakeItem, make_report: MakeReport
) -> None:
    row = rows(write_csv(make_report(make_item(amount=Amount(minor, currency))).groups))[0]

    assert (row["Amount"], row["Currency"]) == (expected, currency)


def test_what_is_unknown_is_empty(make_item: MakeItem, make_report: MakeReport) -> None:
    item = make_item(order_id="", record=None, amount=None, order_date=None, store="", field="")

    row = rows(write_csv(make_report(item).groups))[0]

    unknown = ("Order", "Record", "Field", "Amount", "Currency", "Order date (UTC)", "Store")
    assert [row[column] for column in unknown] == [""] * 7


def test_the_order_date_is_in_utc(make_item: MakeItem, make_report: MakeReport) -> None:
    item = make_item(order_date=datetime.fromisoformat("2026-03-02T01:30:00+02:00"))

    assert rows(write_csv(make_report(item).groups))[0]["Order date (UTC)"] == "2026-03-01 23:30:00"


def test_commas_quotes_line_breaks_and_broken_unicode_keep_one_row_per_reject(
    make_item: MakeItem, make_report: MakeReport
) -> None:
    report = make_report(make_item(1, message='He said "a, b"\r\nand\x00 left \ud800.'), make_item(2))

    content = rows(write_csv(report.groups))

    assert [len(row) for row in content] == [len(COLUMNS)] * 2
    assert content[0]["Message"] == 'He said "a, b" and left \ufffd.'


def test_a_huge_message_fits_a_spreadsheet_cell(make_item: MakeItem, make_report: MakeReport) -> None:
    row = rows(write_csv(make_report(make_item(message="x" * 100_000)).groups))[0]

    assert len(row["Message"]) < 32_767
    assert row["Message"].endswith("x…")
