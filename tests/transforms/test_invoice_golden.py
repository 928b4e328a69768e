"""Whole bodies, byte by byte."""

from __future__ import annotations

import json

import pytest

from tests.transforms.completed_kit import (
    adjustment,
    attributes,
    digital,
    draft,
    drafts,
    item,
    order,
    shipment,
    transform,
)

PROMO, TAX = "EXT_PROMO_ADJUSTMENT", "SALES_TAX"
ITEMS = [
    item(
        "00101", price="50", itemAdjustments=[adjustment(PROMO, "-10"), adjustment(TAX, "4.5"), adjustment(TAX, "0.10")]
    ),
    item("00102", price="50", itemAdjustments=[adjustment(PROMO, "-10"), adjustment(TAX, "4.60")]),
    digital("00103", price="12.34"),
]
SHIPPING = [adjustment("SHIPPING_CHARGES", "5"), adjustment("SHIPPING_SALES_TAX", "0.65")]
CUSTOMER_V1 = (
    '{"FirstName":"Ana","LastName":"Muestra Prueba","Email":"ana@example.com","Address1":"Calle %d",'
    '"Address2":"Casa 2","City":"San Salvador","Country":"SV","NoDocument":"0614-000000-001-1",%s"Phone":"50322001100"}'
)
HEAD = (
    '{"InvoicingStore":"P22","OrderNo":"00001001","CreatedDate":"2024-05-01T08:30:00","DeliveryType":2,"PaymentType":1,'
    '"TotalAmt":107.19,"TotalDiscAmt":20,"ShippingAmt":5,'
)
LINES = (
    '"Items":[{"UPC":"750000000001","OrigPrice":50,"OrigTax":5.75,"Price":40,"Tax":4.6,"Qty":2,"StoreOrig":"P22"},'
    '{"UPC":"gift0001","OrigPrice":12.34,"OrigTax":0,"Price":12.34,"Tax":0,"Qty":1,"StoreOrig":"P22"}]}'
)


def golden(**changes: object) -> dict[str, object]:
    return order(*ITEMS, adjustments=SHIPPING, **changes)


def test_first_version() -> None:
    found = draft(golden(), time_zone="America/El_Salvador")
    assert found.cause is None, found.cause
    customers = f'"CustomerShipping":{CUSTOMER_V1 % (9, "")},"CustomerBilling":{CUSTOMER_V1 % (1, "")},'
    assert found.body.decode() == HEAD + customers + LINES
    assert found.slips == ()


def test_fiscal_version() -> None:
    given = attributes(
        fiscalCredit="true", companyId="C-1", companyName='"Muestra" S.A.', companyAddress="Calle 3", documentType="nit"
    )
    found = draft(golden(orderAttributes=given), body="v2_fiscal", time_zone="America/El_Salvador")
    assert found.cause is None, found.cause
    fiscal = '"FiscalCredit":"true","CompanyId":"C-1","CompanyName":"\\"Muestra\\" S.A.","CompanyAddress":"Calle 3",'
    kind = '"TypeDocument":"nit",'
    customers = f'"CustomerShipping":{CUSTOMER_V1 % (9, kind)},"CustomerBilling":{CUSTOMER_V1 % (1, kind)},'
    assert found.body.decode() == HEAD + fiscal + customers + LINES


def test_slips_of_an_order_of_several_stores() -> None:
    goods = [
        item("00101", upc="B", facility="A36", statusDatetime="2024-05-02T07:30:00-06:00"),
        item("00102", upc="A", facility="A36", statusDatetime="2024-05-02T09:00:00-06:00", itemQuantity=2),
        item("00103", upc="B", facility="A36", statusDatetime="2024-05-02T07:00:00-06:00"),
        item("00104", upc="C", facility="A27", statusDatetime="2024-05-02T06:00:00-06:00"),
        item("00105", upc="C", facility="P22"),
        digital(),
    ]
    found = draft(order(*goods), time_zone="America/El_Salvador")
    assert (found.store, found.kind, found.left_out) == ("P22", "INVOICE", "")
    assert [slip.body.decode() for slip in found.slips] == [
        (
            '{"SlipNo":"000010011","FromStore":"A27","ToStore":"P22","CreatedDate":"2024-05-02T06:00:00","TotalQty":1,'
            '"Items":[{"UPC":"C","Qty":1}]}'
        ),
        (
            '{"SlipNo":"000010012","FromStore":"A36","ToStore":"P22","CreatedDate":"2024-05-02T09:00:00","TotalQty":4,'
            '"Items":[{"UPC":"A","Qty":2},{"UPC":"B","Qty":2}]}'
        ),
    ]
    assert [(slip.number, slip.from_store, slip.to_store, slip.quantity) for slip in found.slips] == [
        ("000010011", "A27", "P22", 1),
        ("000010012", "A36", "P22", 4),
    ]
    assert all(json.loads(slip.body)["TotalQty"] == slip.quantity for slip in found.slips)


def test_same_bytes_whatever_the_order_of_the_feed() -> None:
    goods = [
        item("00101", upc="B", price="9.99"),
        item("00110", upc="A", price="9.99", facility="A27"),
        item("00109", upc="A", price="3.33"),
        digital("00100"),
    ]
    promo = [adjustment(PROMO, "-1.00")]
    forwards = order(*goods, adjustments=promo)
    split = order(*goods, adjustments=promo, shipments=[shipment(*goods[2:][::-1]), shipment(*goods[:2][::-1])])
    first, second = drafts([forwards, split])
    assert first.cause is None, first.cause
    assert (first.body, first.slips) == (second.body, second.slips)


def test_same_bytes_whatever_the_neighbours() -> None:
    """Frames, bad neighbours and texts to be escaped change nothing for the others."""
    strange = order(orderId="x", customerEmail="", billTo=None)
    quoted = order(orderId="y", billTo={"toName": 'A "B"\n C', "address1": "\\"})
    alone = draft(golden()).body
    for size in (1, 2, 5):
        found = drafts([golden(), b'{"a":', strange, golden(), quoted], size=size)
        assert [one.body == alone for one in found] == [True, False, False, True, False]
        assert [one.cause.reason if one.cause else "" for one in found] == [
            *("", "RECORD_NOT_JSON", "REQUIRED_FIELD", "", "")
        ]
        assert json.loads(found[4].body)["CustomerBilling"]["LastName"] == '"B"\n C'


@pytest.mark.parametrize("odd", [*map(chr, (*range(1, 33), 127)), '"', "\\", "\u2028", "é", "😀"], ids=ascii)
def test_any_character_is_written_as_json_wants_it(odd: str) -> None:
    """Frames with and without characters to be escaped are written in two ways."""
    plain, named = draft(order()), order(billTo={"toName": f"A B{odd}C", "address1": "Calle 1"})
    first, found = drafts([order(), named])
    assert found.cause is None, found.cause
    assert json.loads(found.body)["CustomerBilling"]["LastName"] == f"B{odd}C"
    assert first.body == plain.body
    assert found.body == draft(named).body


def test_version_follows_settings_and_tables() -> None:
    assert transform().version == transform().version
    assert (
        len(
            {
                transform().version,
                transform(body="v2_fiscal").version,
                transform(time_zone="UTC", order_discount="header").version,
            }
        )
        == 3
    )
