from __future__ import annotations

import json

import pyarrow as pa
import pytest

from order_sync.contracts import predictspring
from order_sync.contracts.predictspring import LINE_FIELDS, ORDER_FIELDS, Kind
from sandbox.predictspring import Shop, dump


def type_of(schema: pa.Schema, path: str) -> pa.DataType:
    kind: pa.DataType = schema
    for name in path.split("."):
        kind = kind.field(name).type
        kind = kind.value_type if pa.types.is_list(kind) else kind
    return kind


def test_schema_has_what_was_asked_for_and_what_the_rules_need() -> None:
    schema = predictspring.schema(["orderId", "store.city", "customerProfile.address.state"], ["gtin", "price"])
    assert schema.names == [
        "orderId",
        "orderProductList",
        "tenders",
        "returnProductList",
        "refundPaymentDetails",
        "orderActivityLog",
        "store",
        "customerProfile",
    ]
    assert type_of(schema, "customerProfile.address.state") == pa.string()
    line = type_of(schema, "orderProductList")
    assert {line.field(at).name for at in range(line.num_fields)} == {"gtin", "price", "priceAdjustments", "productTax"}


@pytest.mark.parametrize("path", sorted(ORDER_FIELDS))
def test_every_field_of_an_order_can_be_read(path: str) -> None:
    kind = type_of(predictspring.schema([path], []), path)
    assert pa.types.is_decimal(kind) == (ORDER_FIELDS[path] is Kind.MONEY)


@pytest.mark.parametrize("path", sorted(LINE_FIELDS))
def test_every_field_of_a_line_can_be_read(path: str) -> None:
    kind = type_of(predictspring.schema([], [path]), f"orderProductList.{path}")
    assert pa.types.is_decimal(kind) == (LINE_FIELDS[path] in {Kind.MONEY, Kind.WHOLE})


def test_no_amount_is_ever_a_float() -> None:
    assert "double" not in str(predictspring.schema(ORDER_FIELDS, LINE_FIELDS))
    assert "float" not in str(predictspring.schema(ORDER_FIELDS, LINE_FIELDS))


def test_unknown_field_is_a_mistake_in_the_program() -> None:
    with pytest.raises(KeyError):
        predictspring.schema(["orderNumber"], [])


@pytest.mark.parametrize(
    ("data", "order_id"),
    [
        (b'{"orderId":"PS1","tenders":[{"orderId":"PS2"}]', "PS1"),
        (b'{"orderId" :\n "PS1"', "PS1"),
        (b'{"orderId":4711,', "4711"),
        (b'{"orderId": 4711 }', "4711"),
        (b'{"orderId":47.11,"tenders":[{"orderId":"PS2"}]}', "PS2"),
        (b'{"orderId":4711', ""),
        (b'{"orderId":null}', ""),
        (b'{"orderId":""}', ""),
        (b'{"orderId":"a\\"b"}', ""),
        (b'{"orderId":"%b"}' % (b"x" * 65), ""),
        (b'{"myOrderId":"PS1"}', ""),
        (b'{"orderId":"\xff"}', "\ufffd"),
        (b"rubbish", ""),
        (b"", ""),
    ],
)
def test_order_id_of_a_record_that_cannot_be_read(data: bytes, order_id: str) -> None:
    assert predictspring.guess_order_id(data) == order_id


@pytest.mark.parametrize("kind", ["in_store", "send_sale", "mixed"])
@pytest.mark.parametrize("slim", [True, False])
def test_order_id_of_any_order_that_was_cut(kind: str, slim: bool) -> None:
    order = Shop(1).order(5, kind, slim=slim)
    assert predictspring.guess_order_id(dump(order)[:100]) == order["orderId"]


def test_same_content_whatever_the_layout_and_the_clock() -> None:
    order = Shop(1).order(1)
    later = dict(reversed(order.items())) | {"updateDate": 1, "lastDateToReturnTimeStamp": 2}
    assert predictspring.canonical(json.dumps(later, indent=3).encode()) == predictspring.canonical(dump(order))


@pytest.mark.parametrize(
    "change", [{"totalAmount": 1}, {"orderDate": 1}, {"orderId": "PS2"}, {"unknown": None}, {"tenders": []}]
)
def test_other_content_is_other(change: dict[str, object]) -> None:
    order = Shop(1).order(1)
    assert predictspring.canonical(dump(order | change)) != predictspring.canonical(dump(order))


def test_order_of_the_lines_is_content() -> None:
    order = Shop(1).order(1, lines=2)
    turned = order | {"orderProductList": order["orderProductList"][::-1]}
    assert predictspring.canonical(dump(turned)) != predictspring.canonical(dump(order))


@pytest.mark.parametrize("data", [b"", b"{", b'{"a":NaN}', b"rubbish", b"\xff", b'{"a":' + b"[" * 10**5])
def test_content_of_what_is_no_json_cannot_be_told(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        predictspring.canonical(data)


@pytest.mark.parametrize("data", [b"[]", b"null", b"1"])
def test_content_of_what_is_no_order_cannot_be_told(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        predictspring.canonical(data)
