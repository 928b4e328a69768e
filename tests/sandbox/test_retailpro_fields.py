"""The published field tables, and what else Retail Pro refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.retailpro import SLIP_PATH, RetailPro, RetailProSettings
from tests.sandbox.retailpro_kit import DROP, changed, invoice, post, slip

VERSIONS = ("v1", "v2_fiscal")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RetailPro]:
    settings = RetailProSettings(auth="none", unknown_upcs={"404404"}, unknown_stores={"XX999"})
    with RetailPro(tmp_path_factory.mktemp("retailpro") / "retailpro.sqlite", settings=settings) as running:
        yield running


@pytest.fixture(params=VERSIONS)
def retailpro(request: pytest.FixtureRequest, shared: RetailPro) -> RetailPro:
    shared.settings.body = request.param
    return shared


def body_for(retailpro: RetailPro) -> dict[str, Any]:
    return invoice(body=retailpro.settings.body)


def refused(retailpro: RetailPro, document: dict[str, Any]) -> str:
    """The reason of a refusal that changed nothing."""
    before = retailpro.database.figures()
    answer = post(retailpro, document)
    after = retailpro.database.figures()
    assert answer.status_code == 422, answer.text
    assert answer.json()["Success"] is False
    assert (after["invoices"], after["slips"]) == (before["invoices"], before["slips"])
    assert after["calls"] == before["calls"] + 1
    return str(answer.json()["Message"])


REQUIRED = [
    *("InvoicingStore", "OrderNo", "CreatedDate", "DeliveryType", "PaymentType", "TotalAmt"),
    *("CustomerShipping", "CustomerBilling", "Items"),
    *(f"CustomerBilling.{name}" for name in ("FirstName", "LastName", "Email", "Address1", "NoDocument")),
    *(f"CustomerShipping.{name}" for name in ("FirstName", "LastName", "Email", "Address1", "NoDocument")),
    *(f"Items.0.{name}" for name in ("UPC", "OrigPrice", "OrigTax", "Price", "Tax", "Qty", "StoreOrig")),
]
LONGEST = {
    "InvoicingStore": 5,
    "OrderNo": 9,
    **{f"CustomerBilling.{name}": 30 for name in ("FirstName", "LastName")},
    **{f"CustomerShipping.{name}": 40 for name in ("Address1", "Address2", "City", "Country")},
    "CustomerBilling.Email": 60,
    "CustomerShipping.NoDocument": 20,
    "Items.0.UPC": 19,
    "Items.0.StoreOrig": 5,
    "Items.0.StoreDest": 5,
}
NUMBERS = [
    *("TotalAmt", "TotalDiscAmt", "ShippingAmt"),
    *(f"Items.0.{name}" for name in ("OrigPrice", "OrigTax", "Price", "Tax", "Qty")),
]


def shown(path: str) -> str:
    """``Items.0.UPC`` as Retail Pro writes it."""
    return path.replace("Items.0", "Items[0]")


@pytest.mark.parametrize("path", REQUIRED)
def test_required_field(retailpro: RetailPro, path: str) -> None:
    assert refused(retailpro, changed(body_for(retailpro), path, DROP)) == f"{shown(path)}: required"


@pytest.mark.parametrize("path", ["OrderNo", "CustomerBilling.Email", "Items.0.UPC"])
def test_blank_is_not_filled(retailpro: RetailPro, path: str) -> None:
    assert refused(retailpro, changed(body_for(retailpro), path, "  ")) == f"{shown(path)}: required, it is blank"


@pytest.mark.parametrize(("path", "longest"), LONGEST.items())
def test_longest_text(retailpro: RetailPro, path: str, longest: int) -> None:
    assert post(retailpro, changed(body_for(retailpro), path, "é" * longest)).status_code == 201
    too_long = changed(body_for(retailpro), path, "é" * (longest + 1))
    assert refused(retailpro, too_long) == f"{shown(path)}: longer than {longest} characters"


@pytest.mark.parametrize("path", LONGEST)
@pytest.mark.parametrize("value", [7, None, True, ["x"]])
def test_text_is_text(retailpro: RetailPro, path: str, value: object) -> None:
    assert refused(retailpro, changed(body_for(retailpro), path, value)) == f"{shown(path)}: must be text"


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("value", ["40", None, True, ""])
def test_number_is_a_number(retailpro: RetailPro, path: str, value: object) -> None:
    message = refused(retailpro, changed(body_for(retailpro), path, value))
    assert message in {f"{shown(path)}: must be a number", f"{shown(path)}: required, it is blank"}


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize("text", ["0.00001", "1.23456", "1234567.8901", "12345678901", "1e10", "1e999999999"])
def test_number_that_does_not_fit(retailpro: RetailPro, path: str, text: str) -> None:
    body = json.dumps(changed(body_for(retailpro), path, "@")).replace('"@"', text).encode()
    answer = post(retailpro, body)
    assert (answer.status_code, answer.json()["Message"]) == (422, f"{shown(path)}: does not fit Float(10,4)")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("40", 400_000),
        ("40.00000", 400_000),
        ("0.0001", 1),
        ("123456.7891", 1_234_567_891),
        ("1234567890", 12_345_678_900_000),
        ("4e1", 400_000),
        ("-0.1", -1_000),
        ("1.1", 11_000),
        ("0", 0),
    ],
)
def test_number_is_kept_exactly(retailpro: RetailPro, text: str, stored: int) -> None:
    body = json.dumps(changed(body_for(retailpro), "TotalAmt", "@")).replace('"@"', text).encode()
    assert post(retailpro, body).status_code == 201
    assert retailpro.database.invoices()[-1].total_amt == stored


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("CreatedDate", "2026-03-20 11:29:00", "must be yyyy-MM-ddTHH:mm:ss"),
        ("CreatedDate", "2026-03-20T11:29:00Z", "must be yyyy-MM-ddTHH:mm:ss"),
        ("CreatedDate", "2026-03-20T11:29", "must be yyyy-MM-ddTHH:mm:ss"),
        ("CreatedDate", 1_774_000_000, "must be yyyy-MM-ddTHH:mm:ss"),
        ("CreatedDate", "2026-02-30T11:29:00", "is no date"),
        ("DeliveryType", "1", "must be 1 or 2"),
        ("DeliveryType", 3, "must be 1 or 2"),
        ("DeliveryType", True, "must be 1 or 2"),
        ("PaymentType", 1.0, "must be 1 or 2"),
        ("CustomerBilling", [], "must be an object"),
        ("Items", {}, "must be a list"),
        ("Items", [], "required, it is empty"),
        ("Items.0.Qty", 0, "must be above 0"),
        ("Items.0.UPC", "404404", "product 404404 is not known"),
        ("InvoicingStore", "XX999", "store XX999 is not known"),
        ("Items.0.StoreOrig", "XX999", "store XX999 is not known"),
        ("Items.0.StoreDest", "XX999", "store XX999 is not known"),
        ("OrderNr", "1", "unknown field"),
        ("orderNo", "1", "unknown field"),
        ("CustomerBilling.Fax", "1", "unknown field"),
        ("Items.0.Sku", "1", "unknown field"),
    ],
)
def test_wrong_value(retailpro: RetailPro, path: str, value: object, problem: str) -> None:
    assert refused(retailpro, changed(body_for(retailpro), path, value)) == f"{shown(path)}: {problem}"


def test_all_faults_are_told_at_once_and_no_personal_data(retailpro: RetailPro) -> None:
    document = changed(changed(body_for(retailpro), "OrderNo", DROP), "CustomerBilling.FirstName", "Ana" * 11)
    message = post(retailpro, json.dumps(document).encode()).json()["Message"]
    assert message == "OrderNo: required; CustomerBilling.FirstName: longer than 30 characters"


@pytest.mark.parametrize("path", ["TotalDiscAmt", "ShippingAmt", "CustomerBilling.Phone", "Items.0.StoreDest"])
def test_optional_field(retailpro: RetailPro, path: str) -> None:
    assert post(retailpro, changed(body_for(retailpro), path, DROP)).status_code == 201


@pytest.mark.parametrize("path", ["FiscalCredit", "CompanyId", "CustomerBilling.TypeDocument"])
def test_the_older_version_has_no_fiscal_fields(shared: RetailPro, path: str) -> None:
    shared.settings.body = "v1"
    assert refused(shared, changed(invoice(), path, "x")) == f"{path}: unknown field"


@pytest.mark.parametrize("path", ["FiscalCredit", "CustomerBilling.TypeDocument", "CustomerShipping.TypeDocument"])
def test_the_newer_version_requires_them(shared: RetailPro, path: str) -> None:
    shared.settings.body = "v2_fiscal"
    assert refused(shared, changed(invoice(body="v2_fiscal"), path, DROP)) == f"{path}: required"


@pytest.mark.parametrize("value", ["yes", 1, None, "True"])
def test_fiscal_credit_is_yes_or_no(shared: RetailPro, value: object) -> None:
    shared.settings.body = "v2_fiscal"
    document = changed(invoice(body="v2_fiscal"), "FiscalCredit", value)
    assert refused(shared, document) == "FiscalCredit: must be true or false"


@pytest.mark.parametrize("value", [True, "true"])
def test_fiscal_credit_needs_the_company(shared: RetailPro, value: object) -> None:
    shared.settings.body = "v2_fiscal"
    document = {**invoice(body="v2_fiscal"), "FiscalCredit": value, "CompanyId": "1", "CompanyName": " "}
    assert refused(shared, document) == (
        "CompanyName: required when FiscalCredit is true; CompanyAddress: required when FiscalCredit is true"
    )
    whole = {**document, "CompanyName": "N" * 30, "CompanyAddress": "A" * 80}
    assert post(shared, whole).status_code == 201


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("SlipNo", DROP, "required"),
        ("SlipNo", 11, "must be text"),
        ("FromStore", "SVA321", "longer than 5 characters"),
        ("ToStore", "P22", "the same as FromStore"),
        ("ToStore", "XX999", "store XX999 is not known"),
        ("CreatedDate", "yesterday", "must be yyyy-MM-ddTHH:mm:ss"),
        ("TotalQty", 2, "not the sum of Items.Qty"),
        ("Items", [], "required, it is empty"),
        ("Items.0.UPC", DROP, "required"),
        ("Items.0.UPC", "404404", "product 404404 is not known"),
        ("Items.0.Price", 1, "unknown field"),
        ("OrderNumber", "1", "unknown field"),
    ],
)
def test_wrong_slip(shared: RetailPro, path: str, value: object, problem: str) -> None:
    document = changed(slip(), path, value)
    before = shared.database.figures()["slips"]
    answer = post(shared, document, SLIP_PATH)
    assert (answer.status_code, answer.json()["Message"]) == (422, f"{shown(path)}: {problem}")
    assert shared.database.figures()["slips"] == before


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"", 400, "The body is not JSON"),
        (b'{"OrderNo": ', 400, "The body is not JSON"),
        (b'{"OrderNo": "\xff"}', 400, "The body is not JSON"),
        (b'{"TotalAmt": NaN}', 400, "The body is not JSON"),
        (b'{"TotalAmt": ' + b"1" * 5000 + b"}", 400, "The body is not JSON"),
        (b"[" * 100_000, 400, "The body is not JSON"),
        (b"[]", 422, "The body must be an object"),
        (b'{"OrderNo": "1", "OrderNo": "2"}', 422, "OrderNo: stands there twice"),
        (b'{"Items": [{"UPC": "1", "UPC": "1"}]}', 422, "UPC: stands there twice"),
    ],
)
def test_body_that_is_no_document(shared: RetailPro, body: bytes, status: int, message: str) -> None:
    answer = post(shared, body)
    assert (answer.status_code, answer.json()) == (status, {"Success": False, "Message": message})
    last = shared.database.calls()[-1]
    assert (last.body, last.key, last.committed, last.status) == (body, "", False, status)


def test_half_a_character_is_refused(shared: RetailPro) -> None:
    shared.settings.body = "v1"
    answer = post(shared, changed(invoice(), "OrderNo", "\ud800"))
    assert (answer.status_code, answer.json()["Message"]) == (422, "OrderNo: holds half a character")


def test_what_is_known_changes_at_run_time(shared: RetailPro) -> None:
    shared.settings.body = "v1"
    document = changed(invoice(), "Items.0.UPC", "404405")
    assert post(shared, document).status_code == 201
    shared.settings.unknown_upcs.add("404405")
    assert refused(shared, document) == "Items[0].UPC: product 404405 is not known"
