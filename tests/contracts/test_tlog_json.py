from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from order_sync.contracts import predictspring, tlog_json
from order_sync.errors import BadInput

SCHEMA = predictspring.schema(
    ["orderId", "totalAmount", "orderDate", "store.city", "customerProfile.address.city"],
    ["orderItemId", "price", "quantity", "isReturnRelated", "productTax.totalTax"],
)


def fast(*records: bytes) -> list[dict[str, Any]] | None:
    table = tlog_json.decode(records, SCHEMA)
    return None if table is None else table.to_pylist()


def careful(record: bytes) -> dict[str, Any]:
    return dict(pa.Table.from_pylist([tlog_json.mend(record, SCHEMA)], SCHEMA).to_pylist()[0])


def refusal(record: bytes) -> BadInput:
    assert fast(record) is None, "what the careful way refuses is not plain"
    with pytest.raises(BadInput) as caught:
        tlog_json.mend(record, SCHEMA)
    assert caught.value.next_step
    return caught.value


@pytest.mark.parametrize(
    "record",
    [
        b"{}",
        b'{"orderId":"A"}',
        b'{ "orderId" : "A" ,\n"totalAmount" : 1.50 }',
        b'{"orderId":"A","unknown":{"deep":[1,{"er":null}]}}',
        b'{"orderId":null,"totalAmount":null,"store":null,"orderProductList":null}',
        b'{"store":{},"orderProductList":[],"tenders":[]}',
        b'{"orderProductList":[{},{"price":1},null]}',
        b'{"tenders":[null],"returnProductList":[{}],"refundPaymentDetails":[null]}',
        b'{"customerProfile":{"address":null}}',
        b'{"totalAmount":-0.0}',
        b'{"totalAmount":1e2}',
        b'{"totalAmount":12E-2}',
        b'{"totalAmount":"12.50"}',
        b'{"totalAmount":1.500000}',
        b'{"orderDate":1705077927000}',
        b'{"orderDate":-1}',
        rb'{"orderId":"\u0041\n\"\\\/\ud83d\ude00"}',
        '{"orderId":"é🛍 \u2028"}'.encode(),
        b'{"orderProductList":[{"isReturnRelated":true,"productTax":{"totalTax":1,"taxRates":[{"taxAmount":1}]}}]}',
    ],
)
def test_both_ways_give_the_same_row(record: bytes) -> None:
    assert fast(record) == [careful(record)]


@pytest.mark.parametrize(
    ("record", "path", "value"),
    [
        (b'{"orderId":4711}', "orderId", "4711"),
        (b'{"orderId":-12345678901234567890}', "orderId", "-12345678901234567890"),
        (b'{"orderDate":"1705077927000"}', "orderDate", 1705077927000),
        (b'{"orderDate":" 1705077927000 "}', "orderDate", 1705077927000),
        (b'{"orderDate":1705077927000.0}', "orderDate", 1705077927000),
        (b'{"orderDate":1.7e12}', "orderDate", 1_700_000_000_000),
        (b'{"totalAmount":" 12.5 "}', "totalAmount", Decimal("12.5")),
        (b'{"totalAmount":1,"totalAmount":1.0}', "totalAmount", Decimal(1)),
    ],
)
def test_what_is_only_unusual_is_accepted_with_care(record: bytes, path: str, value: object) -> None:
    assert careful(record)[path] == value


@pytest.mark.parametrize("flag", ["true", "TRUE", " False ", "false"])
def test_flag_as_text(flag: str) -> None:
    record = json.dumps({"orderProductList": [{"isReturnRelated": flag}]}).encode()
    assert careful(record)["orderProductList"][0]["isReturnRelated"] is (flag.strip().lower() == "true")


@pytest.mark.parametrize(
    ("record", "path", "words"),
    [
        (b'{"orderId":1.5}', "orderId", "a number where text"),
        (b'{"orderId":true}', "orderId", "true or false where text"),
        (b'{"orderId":["A"]}', "orderId", "a list where text"),
        (b'{"orderId":{"a":1}}', "orderId", "an object where text"),
        (b'{"totalAmount":"a lot"}', "totalAmount", "text where a number"),
        (b'{"totalAmount":""}', "totalAmount", "text where a number"),
        (b'{"totalAmount":"1,5"}', "totalAmount", "text where a number"),
        (b'{"totalAmount":"1_5"}', "totalAmount", "text where a number"),
        (b'{"totalAmount":"NaN"}', "totalAmount", "text where a number"),
        ('{"totalAmount":"١٢"}'.encode(), "totalAmount", "text where a number"),
        (b'{"totalAmount":NaN}', "totalAmount", "NaN where a number"),
        (b'{"totalAmount":-Infinity}', "totalAmount", "-Infinity where a number"),
        (b'{"totalAmount":true}', "totalAmount", "true or false where a number"),
        (b'{"orderDate":"2024-01-12"}', "orderDate", "text where an instant"),
        (b'{"orderDate":1.5}', "orderDate", "a number where an instant"),
        (b'{"orderDate":1e30}', "orderDate", "a number where an instant"),
        (b'{"store":[]}', "store", "a list where an object"),
        (b'{"store":"254"}', "store", "text where an object"),
        (b'{"customerProfile":{"address":{"city":1.5}}}', "customerProfile.address.city", "a number where text"),
        (b'{"orderProductList":{}}', "orderProductList", "an object where a list"),
        (b'{"orderProductList":[1]}', "orderProductList[0]", "a number where an object"),
        (b'{"orderProductList":[{},{"price":[]}]}', "orderProductList[1].price", "a list where a number"),
        (b'{"orderProductList":[{"isReturnRelated":"yes"}]}', "orderProductList[0].isReturnRelated", "text where true"),
        (b'{"orderProductList":[{"isReturnRelated":1}]}', "orderProductList[0].isReturnRelated", "a number where true"),
        (b'{"orderId":"a\\u0000b"}', "orderId", "NUL"),
        (b'{"orderId":"\\ud83d"}', "orderId", "half a character"),
    ],
)
def test_wrong_kind(record: bytes, path: str, words: str) -> None:
    error = refusal(record)
    assert (error.reason, error.field) == ("RECORD_WRONG_TYPE", path)
    assert f"field {path} holds " in error.message
    assert words in error.message


@pytest.mark.parametrize("number", ["1.00001", "1e-5", "1e400", "9" * 5_000, "0." + "1" * 5_000])
def test_number_beyond_any_amount(number: str) -> None:
    error = refusal(b'{"totalAmount":%b}' % number.encode())
    assert (error.reason, error.field) == ("BAD_MONEY", "totalAmount")
    assert len(error.message) < 150


@pytest.mark.parametrize(
    "record",
    [
        b"null",
        b"[]",
        b"1",
        b'"a"',
        b"{",
        b'{"a":01}',
        b'{"a":.5}',
        b'{"a":1.}',
        b"{'a':1}",
        b'{"a":1,}',
        b'{"a":1}x',
        b'{"a":1}{"b":2}',
        b'{"a":"\t"}',
        b'{"a":"\\x"}',
        b'\xef\xbb\xbf{"a":1}',
        b'{"a":1}\0',
        b'{"a"\0:1}',
    ],
)
def test_no_json(record: bytes) -> None:
    assert refusal(record).reason == "RECORD_NOT_JSON"


@pytest.mark.parametrize("record", [b'{"a":"\xe9"}', b'{"orderId":"\xff"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc3"}'])
def test_no_utf_8(record: bytes) -> None:
    error = refusal(record)
    assert error.reason == "FILE_ENCODING"
    assert f"byte {next(at for at, byte in enumerate(record) if byte > 127)} " in error.message


@pytest.mark.parametrize("shape", [b"[%b]", b'{"a":%b}'])
def test_deep_nesting(shape: bytes) -> None:
    opening, closing = shape.split(b"%b")
    deep = b'{"orderId":"A","x":' + opening * 20_000 + b"1" + closing * 20_000 + b"}"
    assert refusal(deep).reason == "RECORD_TOO_DEEP"


def test_nesting_in_a_text_is_none() -> None:
    deep = b'{"orderId":"' + b"]" * 50 + b"[" * 50 + b'","x":[' + b"1," * 9_000 + b"1]}"
    assert fast(deep) == [careful(deep)]


@pytest.mark.parametrize(
    "records",
    [
        (b'{"orderId":"A","store":', b'{"city":"X"}}', b'{"orderId":"B"}{"orderId":"C"}'),
        (b'{"orderId":"A"}{"orderId":"B"}', b" "),
        (b'{"orderId":"A"}', b"null"),
        (b'{"orderId":"A"', b"}", b'{"orderId":"B"}'),
        (b'{"orderId":"A"}\n{"orderId":"B"}',),
    ],
)
def test_a_row_never_comes_from_two_records(records: tuple[bytes, ...]) -> None:
    """Read in one go, the end of one record may complete the next: then each has to be looked at alone."""
    assert fast(*records) is None


def test_many_records_keep_their_order() -> None:
    records = [b'{"orderId":"%d","x":"%b"}' % (number, b"y" * 5_000) for number in range(3_000)]
    rows = fast(*records)
    assert rows is not None
    assert [row["orderId"] for row in rows] == [str(number) for number in range(3_000)]


def test_records_over_several_lines() -> None:
    records = [json.dumps({"orderId": str(number), "store": {"city": "X"}}, indent=2).encode() for number in range(500)]
    rows = fast(*records)
    assert rows is not None
    assert [row["orderId"] for row in rows] == [str(number) for number in range(500)]


@pytest.mark.parametrize("size", [1 << 22, (1 << 22) + 1, 9_000_000])
def test_record_larger_than_a_block(size: int) -> None:
    big = b'{"orderId":"A","x":"' + b"y" * (size - 30) + b'"}'
    rows = fast(b'{"orderId":"0"}', big, b'{"orderId":"B"}')
    assert rows is not None
    assert [row["orderId"] for row in rows] == ["0", "A", "B"]
