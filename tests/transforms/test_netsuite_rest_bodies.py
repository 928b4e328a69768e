"""Bodies for REST, from the rows of CSV imports."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.contracts.netsuite_rest import rest_lines
from order_sync.errors import Stop
from order_sync.mapping import model
from order_sync.mapping.model import Vocabulary
from order_sync.settings import include_folder
from order_sync.transforms.netsuite_deposits import DEPOSIT_PATHS
from order_sync.transforms.netsuite_rest_bodies import RestBodies

FORMS = sorted(path.stem.removesuffix("_rest") for path in (include_folder() / "mappings").glob("*_rest.yaml"))


def header(form: str) -> bytes:
    """The columns that a form is made of."""
    path = include_folder() / "mappings"
    if form == "netsuite_deposit":
        vocabulary = Vocabulary(DEPOSIT_PATHS, {}, frozenset({"payment_method"}))
        mapping = model.load(path / "netsuite_deposit_record.yaml", vocabulary, path / "lookups", "default")
        names = [column.name for column in mapping.columns]
    else:
        content = yaml.safe_load((path / f"{form}_camel.yaml").read_text(encoding="utf-8"))
        names = [column["name"] for column in content["columns"]]
    return ",".join(names).encode() + b"\n"


def body(form: str, *rows: dict[str, str], date_format: str = "M/D/YYYY") -> Any:
    bodies = RestBodies(form, include_folder(), header(form), date_format)
    names = header(form).decode().strip().split(",")
    text = "".join(",".join(f'"{row.get(name, "")}"' for name in names) + "\n" for row in rows)
    line = rest_lines.decode(bodies.line("K", text.encode(), b"known"))
    return json.loads(bytes(line.body), parse_float=str)


@pytest.mark.parametrize("form", FORMS)
def test_forms_name_columns_of_the_newer_generation(form: str) -> None:
    RestBodies(form, include_folder(), header(form), "M/D/YYYY")


def test_every_column_of_an_import_has_its_field() -> None:
    """One that is forgotten in a form would be lost by REST only."""
    for form in FORMS:
        content = yaml.safe_load((include_folder() / f"mappings/{form}_rest.yaml").read_text(encoding="utf-8"))
        used = {field["from"] for field in [*content["fields"], *content.get("lines", {}).get("fields", [])]}
        assert {*header(form).decode().strip().split(",")} - used == {content["external_id"]}


def test_order_with_two_lines() -> None:
    order = {"externalId": "M1", "HCOrderId": "M1", "customer": "7", "shippingCost": "5.00", "rate": "-1.50",
             "subsidiary": "Parent : Child", "country": "US", "billingCity": "Dallas "}  # fmt: skip
    one = {**order, "orderLineId": "00001", "item": "901", "quantity": "2", "price": "10.50", "closed": "TRUE"}
    two = {**order, "orderLineTypeId": "HC_DISCOUNT_00001", "item": "SHOPIFY DISCOUNT ITEM", "price": "-0.10"}
    made = body("netsuite_sales_order", {**one, "date": "3/9/2026"}, {**two, "date": "3/9/2026"})
    assert made == {
        "custbody_hc_order_id": "M1",
        "entity": {"id": "7"},
        "tranDate": "2026-03-09",
        "subsidiary": {"refName": "Parent : Child"},
        "discountRate": "-1.50",
        "shippingCost": "5.00",
        "shippingAddress": {"country": {"id": "US"}},
        "billingAddress": {"city": "Dallas"},
        "item": {
            "items": [
                {"custcol_hc_order_line_id": "00001", "item": {"id": "901"}, "quantity": 2, "rate": "10.50",
                 "isClosed": True},
                {"custcol_hc_orderline_type_id": "HC_DISCOUNT_00001", "item": {"refName": "SHOPIFY DISCOUNT ITEM"},
                 "rate": "-0.10"},
            ]
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("date_format", "text"),
    [("M/D/YYYY", "3/9/2026"), ("D/M/YYYY", "9/3/2026"), ("MM/DD/YYYY", "03/09/2026"), ("DD/MM/YYYY", "09/03/2026"),
     ("YYYY-MM-DD", "2026-03-09")],
)  # fmt: skip
def test_dates_are_iso_whatever_the_account_prefers(date_format: str, text: str) -> None:
    assert body("netsuite_sales_order", {"date": text}, date_format=date_format)["tranDate"] == "2026-03-09"


def test_deposit_from_an_object() -> None:
    keys = header("netsuite_deposit").decode().strip().split(",")
    bodies = RestBodies("netsuite_deposit", include_folder(), b"", "M/D/YYYY", keys=keys)
    element = {"orderId": "77", "totalAmount": "693.00", "paymentMethod": "Gift Card", "externalId": "M1-CD-1",
               "shopifyOrderName": "#1", "customer": "5"}  # fmt: skip
    line = rest_lines.decode(bodies.line("K", json.dumps(element).encode(), b"known"))
    assert (line.record, line.external_id) == ("customerDeposit", "M1-CD-1")
    assert json.loads(bytes(line.body), parse_float=str) == {
        "customer": {"id": "5"}, "salesOrder": {"id": "77"}, "payment": "693.00",
        "paymentMethod": {"refName": "Gift Card"}, "memo": "#1",
    }  # fmt: skip


@pytest.mark.parametrize("text", ["10%", "05", "1e5", "NaN"])
def test_what_is_no_plain_number_goes_as_text(text: str) -> None:
    assert body("netsuite_sales_order", {"rate": text})["discountRate"] == text


def test_text_with_quotes_and_line_breaks_stays_whole() -> None:
    note = 'say ""hello"",\nthen ring'
    assert body("netsuite_sales_order", {"orderNote": note})["memo"] == 'say "hello",\nthen ring'


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("from: orderNote", "from: orderNotes", "netsuite_sales_order_rest.yaml:.*there is no column orderNotes"),
        ("as: date", "as: day", "netsuite_sales_order_rest.yaml:.*day"),
        ("same: [custbody_hc_order_id", "same: [custbody_hc_ordr_id", "custbody_hc_ordr_id is no field"),
    ],
)
def test_mistake_in_a_form_names_file_and_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    shutil.copytree(include_folder(), tmp_path / "include")
    path = tmp_path / "include/mappings/netsuite_sales_order_rest.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(Stop, match=words):
        RestBodies("netsuite_sales_order", tmp_path / "include", header("netsuite_sales_order"), "M/D/YYYY")
