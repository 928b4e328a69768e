from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.hotwax import HotWax, ImportLog, LogStatus
from tests.sandbox.hotwax_files import excluded_facility, sales_order


def import_json(hotwax: HotWax, feed: Path, content: object) -> ImportLog:
    text = content if isinstance(content, str) else json.dumps(content)
    (feed / "Orders_1.json").write_text(text)
    (log,) = hotwax.importer.import_now()
    return log


def failed_elements(hotwax: HotWax, log: ImportLog) -> list[dict[str, object]]:
    content = hotwax.logs.content(log.error_content_id or "")
    assert content is not None
    assert content[0].endswith(".json")
    elements = json.loads(content[1])
    assert isinstance(elements, list)
    return elements


def test_imports_an_order_and_keeps_the_selling_store_out_of_brokering(hotwax: HotWax, feed: Path) -> None:
    log = import_json(hotwax, feed, [{"dataList": [sales_order("PS1"), excluded_facility("PS1")]}])
    assert (log.config_id, log.status, log.total, log.failed) == ("IMP_JSON_LIST_DATA", LogStatus.FINISHED, 1, 0)
    order = hotwax.database.order("PS1")
    assert order is not None
    assert (order["status_id"], order["currency"], order["grand_total"]) == ("ORDER_APPROVED", "USD", "302.38")
    assert (order["placing_facility_id"], order["excluded_facilities"]) == ("254", ["254"])
    (item,) = order["items"]
    assert (item["quantity"], item["unit_price"], item["facility_id"]) == ("2", "130.5", "_NA_")
    assert [(row["adjustment_type_id"], row["amount"]) for row in order["adjustments"]] == [
        ("SHIPPING_CHARGES", "30"),
        ("SALES_TAX", "11.38"),
    ]


def test_the_calls_of_one_element_succeed_or_fail_together(hotwax: HotWax, feed: Path) -> None:
    first = {"dataList": [sales_order("PS1"), excluded_facility("PS1", "999")]}
    log = import_json(hotwax, feed, [first, {"dataList": [sales_order("PS2")]}])
    assert (log.total, log.failed) == (2, 1)
    assert [order["external_id"] for order in hotwax.database.orders()] == ["PS2"]
    (element,) = failed_elements(hotwax, log)
    assert element == {**first, "_ERROR_MESSAGE_": "Invalid Data: external facility '999' is not known"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"phone": ""}, "Required Field: phone is blank"),
        ({"grandTotal": None}, "Required Field: grandTotal is blank"),
        ({"shipGroup": []}, "Missing Field: the order has no items"),
        ({"orderDate": "11/20/2026"}, "Invalid Format: order date '11/20/2026' is not yyyy-MM-dd HH:mm:ss"),
        ({"statusId": "COMPLETED"}, "Invalid Data: order status 'COMPLETED' is not known"),
        ({"channel": "POS"}, "Invalid Data: sales channel 'POS' is not known"),
        ({"productStoreId": "SHOP"}, "Invalid Data: product store 'SHOP' is not known"),
        ({"orderAdjustments": [{"type": "TAX", "amount": 1}]}, "Invalid Data: adjustment type 'TAX' is not known"),
        (
            {"orderPaymentPref": [{"paymentMethodTypeId": "Misc", "maxAmount": 1}]},
            "Invalid Data: payment method 'Misc' is not known",
        ),
        (
            {"shipGroup": [{"shipTo": {}, "items": [{"idType": "UPCA", "idValue": "1", "status": "ITEM_APPROVED"}]}]},
            (
                "Required Field: address1 is blank; Required Field: city is blank; Required Field: postalCode is blank;"
                " Required Field: state is blank; Required Field: unitPrice is blank"
            ),
        ),
    ],
)
def test_a_bad_order_is_refused_with_its_reason(
    hotwax: HotWax, feed: Path, changes: dict[str, object], reason: str
) -> None:
    log = import_json(hotwax, feed, [{"dataList": [sales_order("PS1", **changes)]}])
    assert [element["_ERROR_MESSAGE_"] for element in failed_elements(hotwax, log)] == [reason]


def test_the_last_name_may_be_spelt_either_way(hotwax: HotWax, feed: Path) -> None:
    call = sales_order("PS1", lastName="Shopper")
    del call["data"]["order"]["LastName"]  # type: ignore[index]
    assert import_json(hotwax, feed, [{"dataList": [call]}]).failed == 0


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        ({}, "Missing Field: dataList"),
        (7, "Missing Field: dataList"),
        ({"dataList": [{"serviceName": "dropTables", "data": {}}]}, "Invalid Data: service 'dropTables' is not known"),
        ({"dataList": [{"serviceName": "createSalesOrder"}]}, "Missing Field: data of createSalesOrder"),
        ({"dataList": [excluded_facility("PS9")]}, "Invalid Data: no order with external id 'PS9'"),
    ],
)
def test_an_element_of_another_shape_is_refused(hotwax: HotWax, feed: Path, element: object, reason: str) -> None:
    log = import_json(hotwax, feed, [element, {"dataList": [sales_order("PS1")]}])
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 2, 1)
    assert [entry["_ERROR_MESSAGE_"] for entry in failed_elements(hotwax, log)] == [reason]


def test_an_order_that_exists_is_refused(hotwax: HotWax, feed: Path) -> None:
    log = import_json(hotwax, feed, [{"dataList": [sales_order("PS1")]}, {"dataList": [sales_order("PS1")]}])
    assert (log.total, log.failed) == (2, 1)


@pytest.mark.parametrize("cut", ["element", "comma", "bracket"])
def test_elements_before_a_break_are_imported_and_the_import_fails(hotwax: HotWax, feed: Path, cut: str) -> None:
    whole = json.dumps([{"dataList": [sales_order("PS1")]}, {"dataList": [sales_order("PS2")]}])
    at_comma = whole.index(', {"dataList"', 1)
    text = {"element": whole[:-40], "comma": whole[: at_comma + 1], "bracket": whole[:-1]}[cut]
    log = import_json(hotwax, feed, text)
    assert log.status is LogStatus.FAILED
    expected = ["PS1", "PS2"] if cut == "bracket" else ["PS1"]
    assert [order["external_id"] for order in hotwax.database.orders()] == expected
    assert log.total == len(expected)


@pytest.mark.parametrize("text", ["", "{}", "null", "[" * 100_000])
def test_a_file_that_is_no_list_fails_as_a_whole(hotwax: HotWax, feed: Path, text: str) -> None:
    log = import_json(hotwax, feed, text)
    assert (log.status, log.total) == (LogStatus.FAILED, 0)


def test_an_empty_list_is_finished(hotwax: HotWax, feed: Path) -> None:
    assert import_json(hotwax, feed, " [ ] ").status is LogStatus.FINISHED
