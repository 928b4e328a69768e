"""From raw orders to columns: an order that is not plain never changes what becomes of its neighbours."""

from __future__ import annotations

from typing import Any

import pytest

from order_sync.transforms.tlog_frame import FrameReader, SourceRecord
from sandbox.predictspring import Shop, dump
from tests.transforms.kit import column, encode, lines_of, run
from tests.transforms.orders import in_store, send_sale

GOOD = [dump(order) for order in Shop(31).orders(60, slim=True)]
DEEP = b'{"orderId":"X","a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"
#: Records that cannot be decoded, with the reason.
BAD = [
    (b'{"orderId":"X"', "RECORD_NOT_JSON"),
    (b'{"orderId":"X",}', "RECORD_NOT_JSON"),
    (b'{"orderId":"X"} {"orderId":"Y"}', "RECORD_NOT_JSON"),
    (b'["X"]', "RECORD_NOT_JSON"),
    (b"null", "RECORD_NOT_JSON"),
    (b"{}}{", "RECORD_NOT_JSON"),
    (b'{"orderId":"X","totalAmount":NaN}', "RECORD_WRONG_TYPE"),
    (b'{"orderId":"X","totalAmount":"much"}', "RECORD_WRONG_TYPE"),
    (b'{"orderId":"X","store":7}', "RECORD_WRONG_TYPE"),
    (b'{"orderId":"X\\u0000"}', "RECORD_WRONG_TYPE"),
    (b'{"orderId":"X\\ud83d"}', "RECORD_WRONG_TYPE"),
    (b'{"orderId":"X","totalAmount":0.30000000000000004}', "BAD_MONEY"),
    (b'{"orderId":"X","orderId":"Y"}', "DUPLICATE_FIELD"),
    ('{"orderId":"Zo\u00eb"}'.encode("latin-1"), "FILE_ENCODING"),
    (DEEP, "RECORD_TOO_DEEP"),
]
#: Orders that are unusual but clear: each makes the fast way give up, and says what the plain order says.
ODD: list[bytes] = [
    encode(in_store(orderDate=str(in_store()["orderDate"]))),
    encode(in_store(totalAmount=" 217.86 ")),
    encode(in_store(totalAmount="2.1786e2", orderSubTotal="201")),
    encode(in_store(storeId=254)),
    encode(in_store(orderProductList=lines_of(in_store(), {"orderItemId": 1, "gtin": 190000000008, "quantity": "2"}))),
    encode(in_store(remark="HERE")).replace(b'"HERE"', b"NaN"),
    encode(in_store(remark="HERE")).replace(b'"HERE"', b'"\\ud83d"'),
    encode(in_store(remark="HERE")).replace(b'"HERE"', b'"\\u0000"'),
    encode(in_store()).replace(b'"orderId":"PS7"', b'"orderId":"PS7","orderId":"PS7"'),
    encode(in_store()).replace(b'"totalAmount":217.86', b'"totalAmount":217.86,"totalAmount":217.8600'),
]


@pytest.mark.parametrize(("bad", "reason"), BAD, ids=range(len(BAD)))
def test_a_bad_record_is_set_aside_alone(bad: bytes, reason: str) -> None:
    """Its neighbours are read the careful way, and that gives the very same bytes."""
    alone, among = run(GOOD), run([*GOOD[:30], bad, *GOOD[30:]])
    assert among.reasons == {"#30": reason}
    assert among.feed == alone.feed
    assert among.variance == alone.variance


@pytest.mark.parametrize("place", [0, 2_499, 2_500, 4_999])
def test_a_bad_record_among_5000(place: int) -> None:
    orders: list[Any] = [order.replace(b"PS", b"%05d-PS" % n) for n, order in enumerate(GOOD * 84)][:5_000]
    right = column(run(orders).rows, "item-external-id")
    gone = run([orders[place]]).rows[0]["external-id"]
    orders[place] = b'{"orderId":"X","totalAmount":1e999}'
    result = run(orders)
    assert list(result.reasons) == [f"#{place}"]
    assert column(result.rows, "item-external-id") == [item for item in right if not item.startswith(f"{gone}-")]
    assert len(set(column(result.rows, "external-id"))) == 4_999


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_order_says_what_the_plain_one_says(odd: bytes) -> None:
    plain = encode(in_store())
    assert odd != plain
    good = encode(send_sale(orderId="Z"))
    assert run([odd, good]).feed == run([plain, good]).feed
    assert run([odd]).variance == run([plain]).variance


def test_every_order_the_careful_way() -> None:
    """The published mix, each order read field by field."""
    careful = [order[:-1] + b',"remark":NaN}' for order in GOOD]
    assert run(careful).feed == run(GOOD).feed
    assert run(careful).variance == run(GOOD).variance


def test_frames_come_in_order_and_remember_where_they_come_from() -> None:
    records = [SourceRecord(at // 7, at % 7, at * 10, data) for at, data in enumerate(GOOD[:20])]
    frames = list(FrameReader([], []).frames(records, 6))
    assert [len(frame.records) for frame in frames] == [6, 6, 6, 2]
    assert [record for frame in frames for record in frame.records] == records
    labels = [label for frame in frames for label in frame.order["orderId"].to_pylist()]
    assert labels == [f"PS{n:08d}" for n in range(1, 21)]
    for frame in frames:
        assert frame.counts.sum() == len(frame.line["orderItemId"])


def test_a_reader_may_stop_early() -> None:
    """Records that nobody asks for are not read, and no thread is left behind."""
    taken: list[int] = []

    def records() -> Any:
        for at, data in enumerate(GOOD):
            taken.append(at)
            yield SourceRecord(0, at, 0, data)

    frames = FrameReader([], []).frames(records(), 5)
    assert len(next(frames).records) == 5
    frames.close()  # type: ignore[attr-defined]
    assert len(taken) <= 15


def test_no_records_no_frames() -> None:
    assert list(FrameReader([], []).frames([])) == []


def test_an_order_of_1000_lines() -> None:
    line = in_store()["orderProductList"][0] | {"discount": 0, "tax": 0, "productTax": None}
    line = {name: value for name, value in line.items() if name not in ("subTotal", "total")}
    lines = [line | {"orderItemId": str(at)} for at in range(1_000)]
    nothing = dict.fromkeys(("orderSubTotal", "discount", "taxSubTotal"))
    result = run([in_store(orderProductList=lines, totalAmount=201_000, **nothing), send_sale(orderId="Z")])
    assert result.causes == {}
    assert (len(result.rows), len(result.stock)) == (1_001, 1_000)
