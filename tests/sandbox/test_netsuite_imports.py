"""Customers and orders: what NetSuite takes, what it makes of it, and how little of that it tells."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.netsuite import NetSuite, NetSuiteSettings
from tests.sandbox.netsuite_kit import (
    CASH_SALE_HEADER,
    customer,
    customers_csv,
    names,
    order,
    orders_csv,
    put,
    results,
    returned,
    table,
    with_customer,
    with_order,
)

CUSTOMERS, ORDERS, CASH_SALES = "customer/export", "salesorder/export", "cashsale/export"
IMPORT_CUSTOMER, IMPORT_ORDERS = "HC_SC_ImportCustomer", "HC_importSalesOrders"


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def test_makes_the_published_folders(netsuite: NetSuite, tmp_path: Path) -> None:
    root = tmp_path / "sftp" / "netsuite"
    for folder in (
        "customer/export/required_fields_missing",
        "customer/import/archive",
        "salesorder/import/fulfillment-nifi/archive",
        "salesorder/customerdeposit/error",
        "salesorder/update/failed",
        "cashsale/export/error",
        "fulfilledsalesorder/export/archive",
        "salesorder/rejectedorderitem/archive",
    ):
        assert (root / folder).is_dir()


@pytest.mark.parametrize("generation", ["camel", "title"])
def test_a_customer_an_order_and_their_ids(netsuite: NetSuite, generation: str) -> None:
    netsuite.settings.generation = generation  # type: ignore[assignment]
    put(netsuite, CUSTOMERS, customers_csv(customer(), generation=generation))
    netsuite.scripts.run_now()
    assert names(netsuite, CUSTOMERS) == []
    assert names(netsuite, f"{CUSTOMERS}/archive") == ["feed.csv"]
    made = netsuite.database.customer("HC1")
    assert made is not None
    assert (made["first_name"], made["shopify_customer_id"], made["source"]) == ("Ada", "7HC1", "csv")
    customer_id = made["internal_id"]
    (file,) = returned(netsuite, "customer/import", "CustomerExport")
    assert file == f"partyId,partyIdentificationTypeId,idValue\nHC1,NETSUITE_CUSTOMER_ID,{customer_id}\n"
    discount = {**order("M1", customer_id)[0], "orderLineId": "", "price": "-1.00", "quantity": "1"}
    typed = {**discount, "orderLineId": "00002", "orderLineTypeId": "HC_DISCOUNT_ITEM"}
    put(netsuite, ORDERS, orders_csv(*order("M1", customer_id), discount, typed, generation=generation))
    netsuite.scripts.run_now()
    one = netsuite.database.order("M1")
    assert one is not None
    assert (one["tran_date"], one["order_name"], one["hc_order_id"], one["status"]) == ("2026-11-21", "#M1", "M1", "B")
    assert '"city": "Austin"' in one["ship_to"]
    assert '"city": "Dallas"' in one["bill_to"]
    assert netsuite.database.order_total("M1") == Decimal("24.00")
    order_id = one["internal_id"]
    folder = "salesorder/import/orderidentification"
    assert returned(netsuite, folder, "SalesOrderExport") == [
        f"orderId,orderIdentificationTypeId,idValue\nM1,NETSUITE_ORDER_ID,{order_id}\n"
    ]
    (file,) = returned(netsuite, "salesorder/import/orderitemattribute", "SalesOrderItemExport")
    assert file == (
        "orderId,orderItemSeqId,attrName,attrValue\n"
        "M1,00001,NetsuiteItemLineId,1\nM1,,NetsuiteItemLineId,2\nM1,00002,NetsuiteDiscountItemLineId,3\n"
    )


def test_return_files_have_the_names_of_javascript(netsuite: NetSuite) -> None:
    with_order(netsuite)
    (name,) = names(netsuite, "salesorder/import/orderitemattribute")
    pattern = r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d{4} \d\d:\d\d:\d\d GMT-0[78]00 \(P[SD]T\)"
    assert re.fullmatch(rf"{pattern}-SalesOrderItemExport\.csv", name)


def test_nothing_is_told_twice_and_no_file_is_empty(netsuite: NetSuite) -> None:
    with_order(netsuite, "M1")
    netsuite.scripts.run_now()
    with_order(netsuite, "M2")
    files = returned(netsuite, "salesorder/import/orderidentification", "SalesOrderExport")
    assert [file.splitlines()[1].split(",")[0] for file in files] == ["M1", "M2"]
    assert len(returned(netsuite, "customer/import", "CustomerExport")) == 1


def test_customers_without_both_ids_are_never_told_of(netsuite: NetSuite) -> None:
    put(netsuite, CUSTOMERS, customers_csv(customer(""), customer("HC2", HCShopifyCustomerId="")))
    netsuite.scripts.run_now()
    assert [one["external_id"] for one in netsuite.database.rows("SELECT * FROM customers")] == [None, "HC2"]
    assert returned(netsuite, "customer/import", "CustomerExport") == []


def test_takes_any_plain_file_oldest_first_as_far_as_it_is_written(netsuite: NetSuite) -> None:
    whole = customers_csv(customer("HC1", HCCustomerId="long-id-1"), customer("HC2"))
    for age, name in enumerate(("b.csv", ".upload.tmp", "a")):
        path = put(netsuite, CUSTOMERS, whole[: whole.index(b"-id-1")] if age == 0 else whole, name)
        os.utime(path, (1000 + age, 1000 + age))
    netsuite.folder(f"{CUSTOMERS}/folder.csv").mkdir()
    netsuite.scripts.run_now()
    assert [job["file_name"] for job in netsuite.database.jobs()] == ["b.csv", ".upload.tmp", "a"]
    first = netsuite.database.customer("HC1")
    assert first is not None
    assert first["hc_customer_id"] == "long"
    assert [result for _, result, _ in results(netsuite, IMPORT_CUSTOMER)] == [
        *("created", "refused", "created", "refused", "refused"),
    ]
    assert netsuite.folder(f"{CUSTOMERS}/folder.csv").is_dir()


def test_empty_files_are_archived(netsuite: NetSuite) -> None:
    put(netsuite, ORDERS, b"")
    netsuite.scripts.run_now()
    assert names(netsuite, f"{ORDERS}/archive") == ["feed.csv"]
    assert [job["status"] for job in netsuite.database.jobs()] == ["EMPTY"]


def test_a_known_external_id_is_refused_and_only_the_database_knows(netsuite: NetSuite) -> None:
    put(netsuite, CUSTOMERS, customers_csv(customer(firstName="Ada")))
    netsuite.scripts.run_now()
    put(netsuite, CUSTOMERS, customers_csv(customer(firstName="Eve"), customer("HC2")), "again.csv")
    netsuite.scripts.run_now()
    assert results(netsuite, IMPORT_CUSTOMER)[1:] == [
        ("HC1", "refused", "This record already exists"),
        ("HC2", "created", ""),
    ]
    assert [one["file_name"] for one in netsuite.database.refusals()] == ["again.csv"]
    assert netsuite.database.jobs()[1]["message"] == "1 of 2 records processed successfully"
    made = netsuite.database.customer("HC1")
    assert made is not None
    assert made["first_name"] == "Ada"
    assert names(netsuite, f"{CUSTOMERS}/error") == names(netsuite, f"{CUSTOMERS}/failed") == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customer": "77"}, "Invalid entity reference key 77"),
        ({"item": "666"}, "Invalid item reference key 666"),
        ({"item": "SKU-1"}, "Invalid item reference key SKU-1"),
        ({"location": "13"}, "Invalid location reference key 13 for subsidiary 1"),
        ({"itemLocation": "14"}, "Invalid location reference key 14 for subsidiary 1"),
        ({"subsidiary": "9"}, "Invalid subsidiary reference key 9"),
        ({"shippingMethod": "5"}, "Invalid shipmethod reference key 5"),
        ({"priceLevel": "Cheap"}, "Invalid price reference key Cheap"),
        ({"date": "21/11/2026"}, "Invalid date value (must be M/D/YYYY): 21/11/2026"),
        ({"date": "2026-11-21"}, "Invalid date value (must be M/D/YYYY): 2026-11-21"),
        ({"price": "1,000.00"}, "Please enter a valid number for rate: 1,000.00"),
        ({"rate": "ten"}, "Please enter a valid number for rate: ten"),
        ({"quantity": "0"}, "Invalid number (must be positive): 0"),
        ({"closed": "maybe"}, "Invalid value for closed: maybe"),
        (
            {"orderId": "#" * 46},
            "The field orderid contained more than the maximum number ( 45 ) of characters allowed.",
        ),
    ],
)
def test_one_wrong_order_is_refused_alone(netsuite: NetSuite, changes: dict[str, str], message: str) -> None:
    netsuite.settings.unknown_items = {"666"}
    netsuite.settings.unknown_locations = {"13"}
    netsuite.settings.location_subsidiaries = {"14": "2"}
    netsuite.settings.unknown_shipping_methods = {"5"}
    customer_id = with_customer(netsuite)
    wrong = order("M1", customer_id, 2)
    wrong[1 if {"item", "quantity", "price"} & changes.keys() else 0] |= changes
    put(netsuite, ORDERS, orders_csv(*wrong, *order("M2", customer_id)))
    netsuite.scripts.run_now()
    assert results(netsuite, IMPORT_ORDERS) == [*[("M1", "refused", message)] * 2, ("M2", "created", "")]
    assert netsuite.database.order("M1") is None
    assert len(returned(netsuite, "salesorder/import/orderidentification", "SalesOrderExport")) == 1
    assert names(netsuite, f"{ORDERS}/error") == []


@pytest.mark.parametrize("column", ["customer", "date", "item", "quantity"])
def test_a_missing_required_value_refuses_the_whole_file(netsuite: NetSuite, column: str) -> None:
    customer_id = with_customer(netsuite)
    put(netsuite, ORDERS, orders_csv(*order("M1", customer_id), *order("M2", customer_id, **{column: ""})))
    netsuite.scripts.run_now()
    (job,) = netsuite.database.jobs()
    message = f"Row 2: required value missing: {column}. The whole file was refused."
    assert (job["status"], job["message"]) == ("FAILED", message)
    assert results(netsuite, IMPORT_ORDERS) == [("M1", "refused", message), ("M2", "refused", message)]
    assert netsuite.database.order("M1") is None
    assert names(netsuite, f"{ORDERS}/archive") == ["feed.csv"]
    assert names(netsuite, f"{ORDERS}/error") == names(netsuite, f"{ORDERS}/failed") == []


@pytest.mark.parametrize("column", ["subsidiary", "status"])
def test_required_values_of_customers(netsuite: NetSuite, column: str) -> None:
    put(netsuite, CUSTOMERS, customers_csv(customer(), customer("HC2", **{column: ""})))
    netsuite.scripts.run_now()
    assert [job["status"] for job in netsuite.database.jobs()] == ["FAILED"]
    assert netsuite.database.figures()["customers"] == 0


def test_an_order_in_two_pieces_becomes_one_order_with_lines_missing(netsuite: NetSuite) -> None:
    customer_id = with_customer(netsuite)
    first, second = order("M1", customer_id, 2)
    put(netsuite, ORDERS, orders_csv(first, *order("M2", customer_id), second))
    netsuite.scripts.run_now()
    assert [result for _, result, _ in results(netsuite, IMPORT_ORDERS)] == ["created", "created", "refused"]
    one = netsuite.database.order("M1")
    assert one is not None
    assert len(one["lines"]) == 1


def test_items_of_discount_rows_may_be_called_by_name(netsuite: NetSuite) -> None:
    with_order(netsuite, item="SHOPIFY DISCOUNT ITEM", price="-4.00")
    assert netsuite.database.order_total("M1") == Decimal("-3.00")


def test_the_date_order_is_a_setting(netsuite: NetSuite) -> None:
    netsuite.settings.date_order = "D/M/YYYY"
    with_order(netsuite, date="3/11/2026")
    one = netsuite.database.order("M1")
    assert one is not None
    assert one["tran_date"] == "2026-11-03"


def test_files_that_are_not_taken_fail_with_a_stray_comma_between_them(netsuite: NetSuite) -> None:
    put(netsuite, ORDERS, orders_csv(*order("M1", 1), generation="title"), "a.csv")
    put(netsuite, ORDERS, b"\xff\xfe\x00", "b.csv")
    put(netsuite, ORDERS, b"just a sentence", "c.csv")
    netsuite.scripts.run_now()
    (text,) = returned(netsuite, f"{ORDERS}/error", "ErrorSaleOrder")
    missing = "Missing columns of the saved CSV import: customer date item quantity"
    assert text == (
        f"fileName,errorMessage\na.csv,{missing}\n,b.csv,The file could not be read as CSV in UTF-8\n,c.csv,{missing}\n"
    )
    assert names(netsuite, f"{ORDERS}/failed") == ["a.csv", "b.csv", "c.csv"]
    assert names(netsuite, f"{ORDERS}/archive") == names(netsuite, ORDERS) == []
    assert {job["status"] for job in netsuite.database.jobs()} == {"NOT_SUBMITTED"}


@pytest.mark.parametrize(
    ("folder", "suffix"),
    [
        (CUSTOMERS, "ErrorAddCustomer"),
        (CASH_SALES, "ErrorCashSale"),
        ("salesorder/update", "ErrorUpdateSaleOrder"),
    ],
)
def test_names_of_error_files(netsuite: NetSuite, folder: str, suffix: str) -> None:
    put(netsuite, folder, b"nothing\n")
    netsuite.scripts.run_now()
    assert len(returned(netsuite, f"{folder}/error", suffix)) == 1


def test_too_many_rows_are_refused(netsuite: NetSuite) -> None:
    assert NetSuiteSettings().most_rows == 25_000
    netsuite.settings.most_rows = 2
    put(netsuite, CUSTOMERS, customers_csv(*(customer(f"HC{number}") for number in range(3))))
    netsuite.scripts.run_now()
    assert netsuite.database.jobs()[0]["message"] == "The file has 3 rows. The limit is 2"
    assert names(netsuite, f"{CUSTOMERS}/failed") == ["feed.csv"]


def test_unknown_columns_are_left_alone(netsuite: NetSuite) -> None:
    put(netsuite, CUSTOMERS, b"color,status,externalId,subsidiary\nred,CUSTOMER-Closed Won,HC1,1\n")
    netsuite.scripts.run_now()
    assert results(netsuite, IMPORT_CUSTOMER) == [("HC1", "created", "")]


def test_moving_onto_an_archived_file_may_fail_after_the_import_began(netsuite: NetSuite) -> None:
    netsuite.settings.move_replaces = False
    for external_id in ("HC1", "HC2"):
        put(netsuite, CUSTOMERS, customers_csv(customer(external_id)))
        netsuite.scripts.run_now()
    assert netsuite.database.customer("HC2") is not None
    assert names(netsuite, f"{CUSTOMERS}/failed") == ["feed.csv"]
    assert len(returned(netsuite, f"{CUSTOMERS}/error", "ErrorAddCustomer")) == 1


def test_cash_sales(netsuite: NetSuite) -> None:
    customer_id = with_customer(netsuite)
    (row,) = order("M9", customer_id, HCShopifyPOSOrderId="88", location="3", address1="1 Shop Street")
    put(netsuite, CASH_SALES, table(CASH_SALE_HEADER, [row, {**row, "orderLineId": "", "price": "-0.10"}]))
    netsuite.scripts.run_now()
    sale = netsuite.database.cash_sale("M9")
    assert sale is not None
    assert [(line["hc_order_line_id"], line["rate"]) for line in sale["lines"]] == [("00001", "10.50"), ("", "-0.10")]
    assert (sale["shopify_order_id"], sale["location"]) == ("88", "3")
    assert '"address1": "1 Shop Street"' in sale["ship_to"]
    assert returned(netsuite, "salesorder/import/orderidentification", "CashSaleExport") == [
        f"orderId,orderIdentificationTypeId,idValue\nM9,NETSUITE_ORDER_ID,{sale['internal_id']}\n"
    ]
    put(netsuite, CASH_SALES, table(CASH_SALE_HEADER, [row]))
    netsuite.scripts.run_now()
    assert results(netsuite, "HC_SC_ImportCashSale")[-1] == ("M9", "refused", "This record already exists")


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as netsuite:
        first = with_order(netsuite)
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as netsuite:
        assert netsuite.scripts.run_now() == 2
        assert with_order(netsuite, "M2") > first
        assert len(returned(netsuite, "salesorder/import/orderidentification", "SalesOrderExport")) == 2


def test_customers_that_were_there_before(netsuite: NetSuite) -> None:
    known, other = netsuite.add_customer("", "7001"), netsuite.add_customer("HC5", "")
    netsuite.scripts.export_history()
    (text,) = returned(netsuite, "historicalshopifycustomer/csv", "HistoricalShopifyCustomerExport")
    assert text == f"Internal ID,HC Shopify Customer Id\n{known},7001\n"
    assert other > known
