from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.hotwax import HotWax, ImportLog, LogStatus
from tests.sandbox.hotwax_files import HEADER, csv_bytes, order_rows


def import_csv(hotwax: HotWax, feed: Path, rows: list[dict[str, str]], header: tuple[str, ...] = HEADER) -> ImportLog:
    (feed / "Order_1.csv").write_bytes(csv_bytes(header, rows))
    (log,) = hotwax.importer.import_now()
    return log


def reasons(hotwax: HotWax, log: ImportLog) -> list[str]:
    content = hotwax.logs.content(log.error_content_id or "")
    assert content is not None
    rows = list(csv.reader(io.StringIO(content[1].decode())))
    assert rows[0][-1] == "_ERROR_MESSAGE_"
    return [row[-1] for row in rows[1:]]


def test_imports_an_order_with_its_items_amounts_and_payment(hotwax: HotWax, feed: Path) -> None:
    log = import_csv(hotwax, feed, order_rows("PS1", lines=2))
    assert (log.status, log.total, log.failed, log.error_content_id) == (LogStatus.FINISHED, 1, 0, None)
    order = hotwax.database.order("PS1")
    assert order is not None
    assert (order["status_id"], order["order_date"], order["grand_total"], order["placing_facility_id"]) == (
        "ORDER_COMPLETED",
        "2026-11-20T00:00:00",
        "131.54",
        "254",
    )
    assert [(item["item_seq_id"], item["id_value"], item["external_id"]) for item in order["items"]] == [
        ("00001", "197076109601", "PS1-1"),
        ("00002", "197076109602", "PS1-2"),
    ]
    assert [(row["item_seq_id"], row["adjustment_type_id"], row["amount"]) for row in order["adjustments"]] == [
        ("_NA_", "SHIPPING_CHARGES", "0.00"),
        ("_NA_", "SHIPPING_SALES_TAX", "0.00"),
        ("00001", "EXT_PROMO_ADJUSTMENT", "-10.00"),
        ("00001", "SALES_TAX", "11.54"),
        ("00002", "EXT_PROMO_ADJUSTMENT", "-10.00"),
        ("00002", "SALES_TAX", "11.54"),
    ]
    assert [(row["payment_method_type_id"], row["amount"]) for row in order["payments"]] == [("CASH", "131.54")]


def test_an_order_stands_where_its_least_advanced_item_stands(hotwax: HotWax, feed: Path) -> None:
    rows = order_rows("PS1") + order_rows("PS1", item_status_id="ITEM_APPROVED", external_facility_id="_NA_")
    import_csv(hotwax, feed, rows)
    order = hotwax.database.order("PS1")
    assert order is not None
    assert order["status_id"] == "ORDER_APPROVED"
    assert [item["facility_id"] for item in order["items"]] == ["254", "_NA_"]


def test_columns_are_found_by_name_in_any_order_and_unknown_ones_are_ignored(hotwax: HotWax, feed: Path) -> None:
    header = (*reversed(HEADER), "surprise", "")
    rows = [{**row, "surprise": "x"} for row in order_rows("PS1")]
    assert import_csv(hotwax, feed, rows, header).failed == 0
    assert hotwax.database.order("PS1") is not None


def test_optional_columns_may_be_left_out(hotwax: HotWax, feed: Path) -> None:
    optional = ("order-id", "order-name", "payment-method", "shipping-charges", "item-total-discount", "grand-total")
    header = tuple(name for name in HEADER if name not in optional)
    assert import_csv(hotwax, feed, order_rows("PS1"), header).failed == 0


def test_address_line_2_must_exist_but_may_be_blank(hotwax: HotWax, feed: Path) -> None:
    assert import_csv(hotwax, feed, order_rows("PS1", address_line_2="")).failed == 0
    header = tuple(name for name in HEADER if name != "address-line-2")
    log = import_csv(hotwax, feed, order_rows("PS2"), header)
    assert reasons(hotwax, log) == ["Missing Field: there is no column address-line-2"]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("phone", "", "Required Field: phone is blank"),
        ("email", " ", "Required Field: email is blank"),
        ("external-id", "", "Required Field: external-id is blank"),
        ("product-store-id", "SHOP", "Invalid Data: product store 'SHOP' is not known"),
        ("external-facility-id", "999", "Invalid Data: external facility '999' is not known"),
        ("external-placing-facility-id", "999", "Invalid Data: external facility '999' is not known"),
        ("facility-id", "999", "Invalid Data: facility '999' is not known"),
        ("product-id-value", "", "Required Field: the product is blank"),
        ("product-id-value", "000000000000", "Invalid Data: no product with UPCA '000000000000'"),
        ("product-id-type", "GTIN14", "Invalid Data: product id type 'GTIN14' is not known"),
        ("item-status-id", "DONE", "Invalid Data: item status 'DONE' is not known"),
        ("order-date", "2026-11-20", "Invalid Format: order date '2026-11-20' is not MM/DD/YYYY"),
        ("order-date", "1/2/2026", "Invalid Format: order date '1/2/2026' is not MM/DD/YYYY"),
        ("order-date", "02/30/2026", "Invalid Format: order date '02/30/2026' is not MM/DD/YYYY"),
        ("shipment-method-type-id", "Next Day", "Invalid Data: shipment method 'Next Day' is not known"),
        ("sales-channel-code", "POS Channel", "Invalid Data: sales channel 'POS Channel' is not known"),
        ("payment-method", "Cash", "Invalid Data: payment method 'Cash' is not known"),
        ("quantity", "0", "Invalid Data: quantity '0' is out of range"),
        ("quantity", "two", "Invalid Format: quantity 'two' is not a number"),
        ("unit-price", "$130", "Invalid Format: unit price '$130' is not a number"),
        ("unit-list-price", "NaN", "Invalid Data: unit list price 'NaN' is out of range"),
    ],
)
def test_a_bad_value_refuses_the_order_and_no_other(
    make_hotwax: Callable[..., HotWax], feed: Path, column: str, value: str, reason: str
) -> None:
    hotwax = make_hotwax(refuse_gtins=frozenset({"000000000000"}))
    bad = [{**row, column: value} for row in order_rows("PS2")]
    log = import_csv(hotwax, feed, order_rows("PS1") + bad + order_rows("PS3"))
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 3, 1)
    assert reasons(hotwax, log) == [reason]
    assert [order["external_id"] for order in hotwax.database.orders()] == ["PS1", "PS3"]


def test_one_bad_row_refuses_every_row_of_its_order(hotwax: HotWax, feed: Path) -> None:
    rows = order_rows("PS1", lines=3)
    rows[1]["unit-price"] = "x"
    log = import_csv(hotwax, feed, rows)
    content = hotwax.logs.content(log.error_content_id or "")
    assert content is not None
    failed = list(csv.DictReader(io.StringIO(content[1].decode())))
    assert [row["item-external-id"] for row in failed] == ["PS1-1", "PS1-2", "PS1-3"]
    assert failed[0]["first-name"] == "Ada"
    assert hotwax.database.figures()["orderItems"] == 0


def test_a_mended_error_file_can_be_imported_again(hotwax: HotWax, feed: Path) -> None:
    log = import_csv(hotwax, feed, order_rows("PS1", city="", address_line_1='5 "Corner", Flat\n2'))
    content = hotwax.logs.content(log.error_content_id or "")
    assert content is not None
    rows = [{**row, "city": "Austin"} for row in csv.DictReader(io.StringIO(content[1].decode(), newline=""))]
    assert import_csv(hotwax, feed, rows).failed == 0
    order = hotwax.database.order("PS1")
    assert order is not None
    assert order["address"] == '5 "Corner", Flat\n2'


def test_an_order_that_exists_is_refused_even_when_its_rows_are_apart(hotwax: HotWax, feed: Path) -> None:
    log = import_csv(hotwax, feed, [*order_rows("PS1"), *order_rows("PS2"), *order_rows("PS1")])
    assert (log.total, log.failed) == (3, 1)
    assert reasons(hotwax, log) == ["Invalid Data: Order already exists with external id 'PS1'"]
    assert import_csv(hotwax, feed, order_rows("PS2")).failed == 1


def test_scripted_refusals_by_table_and_by_function(hotwax: HotWax, feed: Path) -> None:
    hotwax.importer.faults.refuse = {"PS1": "Rollback called"}
    assert reasons(hotwax, import_csv(hotwax, feed, order_rows("PS1") + order_rows("PS2"))) == ["Rollback called"]
    hotwax.importer.faults.refuse = lambda key: f"no {key}" if key == "PS3" else None
    assert reasons(hotwax, import_csv(hotwax, feed, order_rows("PS3") + order_rows("PS4"))) == ["no PS3"]


def test_a_file_that_breaks_off_is_imported_as_it_is(hotwax: HotWax, feed: Path) -> None:
    whole = csv_bytes(HEADER, order_rows("PS1", lines=2))
    cut = whole[: whole.rindex(b"130.00,130.00") + 2]
    (feed / "Order_1.csv").write_bytes(cut)
    (log,) = hotwax.importer.import_now()
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 1, 0)
    order = hotwax.database.order("PS1")
    assert order is not None
    assert [item["unit_price"] for item in order["items"]] == ["130.00", "13"]


def test_header_only_is_finished_with_nothing_and_an_empty_file_fails(hotwax: HotWax, feed: Path) -> None:
    log = import_csv(hotwax, feed, [])
    assert (log.status, log.total) == (LogStatus.FINISHED, 0)
    (feed / "empty.csv").write_bytes(b"")
    (log,) = hotwax.importer.import_now()
    assert (log.status, log.total) == (LogStatus.FAILED, 0)
    assert hotwax.logs.content(log.log_content_id or "") == (
        f"{log.log_id}.log",
        b"Invalid Format: the file is empty",
    )


def test_reads_a_byte_order_mark_and_windows_line_ends(hotwax: HotWax, feed: Path) -> None:
    content = csv_bytes(HEADER, order_rows("PS1", first_name="Zoë")).replace(b"\n", b"\r\n")
    (feed / "Order_1.csv").write_bytes(b"\xef\xbb\xbf" + content)
    (log,) = hotwax.importer.import_now()
    assert log.failed == 0
    order = hotwax.database.order("PS1")
    assert order is not None
    assert order["first_name"] == "Zoë"
