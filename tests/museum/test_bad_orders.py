"""Orders that cannot go out for what they say: each is set aside alone, with its file, its id and its field named."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.predictspring import DROP, dump
from tests.museum.exhibits import GOOD, SHOP, accepted, exhibit, line, order, refused
from tests.support.batch_lab import Lab

ORDER = order(3)
ID = ORDER["orderId"]


def put_first(data: bytes, pair: bytes, holder: bytes = b"{") -> bytes:
    """The JSON with one more pair at the beginning of an object."""
    at = data.index(holder) + len(holder)
    return data[:at] + pair + b"," + data[at:]


@pytest.mark.parametrize(
    ("holder", "pair", "field"),
    [
        (b"{", b'"totalAmount":1', "totalAmount"),
        (b"{", b'"orderId":"PS99999999"', "orderId"),
        (b"{", b'"orderProductList":[]', "orderProductList"),
        (b'"orderProductList":[{', b'"price":1', "orderProductList[0].price"),
        (b'"orderProductList":[{', b'"gtin":null', "orderProductList[0].gtin"),
        (b'"store":{', b'"city":"Elsewhere"', "store.city"),
        (b'"tenders":[{', b'"amountAuthorized":1', "tenders[0].amountAuthorized"),
    ],
)
def test_duplicate_keys(lab: Lab, holder: bytes, pair: bytes, field: str) -> None:
    result = exhibit(lab, "twice.json", put_first(dump(ORDER), pair, holder))
    row = result.only_exception
    assert (row.file_name, row.reason, row.field) == ("twice.json", "DUPLICATE_FIELD", field)
    assert row.order_key == ("PS99999999" if field == "orderId" else ID), "the first id in the record names it"
    assert field in row.message
    assert "Elsewhere" not in row.message, "a value may be somebody's name"
    assert result.sent == list(GOOD)


def test_duplicate_keys_with_one_value_say_nothing_wrong(lab: Lab) -> None:
    accepted(exhibit(lab, "twice.json", put_first(dump(ORDER), b'"orderId":"%s"' % ID.encode())), ID)


def test_duplicate_keys_in_a_part_that_nobody_reads(lab: Lab) -> None:
    accepted(exhibit(lab, "twice.json", put_first(dump(ORDER), b'"memo":{"a":1,"a":2}')), ID)


@pytest.mark.parametrize("constant", [b"NaN", b"Infinity", b"-Infinity"])
@pytest.mark.parametrize("field", ["totalAmount", "discount"])
def test_nan_and_infinity(lab: Lab, constant: bytes, field: str) -> None:
    data = dump(order(3, **{field: "HERE"})).replace(b'"HERE"', constant)
    row = refused(exhibit(lab, "nan.json", data), "nan.json", "RECORD_WRONG_TYPE", order_id=ID, field=field)
    assert constant.decode() in row.message


@pytest.mark.parametrize("constant", [b"NaN", b"-Infinity"])
def test_nan_in_a_field_that_nobody_reads(lab: Lab, constant: bytes) -> None:
    accepted(exhibit(lab, "nan.json", dump(order(3, rewardAmount="HERE")).replace(b'"HERE"', constant)), ID)


def test_numbers_as_text(lab: Lab) -> None:
    """Amounts in quotes are as exact as amounts without."""
    plain = lab.run({"a.json": dump(ORDER)})
    first = ORDER["orderProductList"][0]
    quoted = line(ORDER, **{name: str(first[name]) for name in ("price", "quantity", "tax", "total", "subTotal")})
    quoted |= {name: f" {ORDER[name]} " for name in ("totalAmount", "orderSubTotal", "taxSubTotal", "orderDate")}
    quoted["orderId"] = "PS00000077"
    result = lab.run({"b.json": dump(quoted)})
    assert result.exceptions == []
    assert [
        {name: value.replace("PS00000077", ID) for name, value in row.items()} for row in result.order_rows
    ] == plain.order_rows


def test_text_as_numbers(lab: Lab) -> None:
    """An id that is a number in JSON is the same id."""
    changed = line(order(3, orderId=4711, storeId=254), gtin=190000000008, orderItemId=1)
    result = exhibit(lab, "numbers.json", dump(changed))
    accepted(result, "4711")
    row = next(row for row in result.order_rows if row["external-id"] == "4711")
    assert (row["item-external-id"], row["product-id-value"]) == ("4711-1", "190000000008")
    assert row["origin-external-facility-id"] == "254"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"totalAmount": "a lot"}, "totalAmount"),
        ({"totalAmount": ""}, "totalAmount"),
        ({"totalAmount": "1,234.00"}, "totalAmount"),
        ({"totalAmount": "1_000"}, "totalAmount"),
        ({"totalAmount": "\u0661\u0662"}, "totalAmount"),
        ({"totalAmount": True}, "totalAmount"),
        ({"totalAmount": [1]}, "totalAmount"),
        ({"orderId": 1.5}, "orderId"),
        ({"orderId": {"a": 1}}, "orderId"),
        ({"storeId": False}, "storeId"),
        ({"orderDate": "yesterday"}, "orderDate"),
        ({"orderDate": 1.5}, "orderDate"),
        ({"orderDate": 10**30}, "orderDate"),
        ({"store": "254"}, "store"),
        ({"store": []}, "store"),
        ({"orderProductList": {}}, "orderProductList"),
        ({"orderProductList": ["shoe"]}, "orderProductList[0]"),
        ({"tenders": "Cash"}, "tenders"),
        ({"customerProfile": {"phoneMobile": 1.25}}, "customerProfile.phoneMobile"),
    ],
)
def test_wrong_kind_of_value(lab: Lab, changes: dict[str, Any], field: str) -> None:
    name = "kind.json"
    result = exhibit(lab, name, dump(order(3, **changes)))
    row = refused(result, name, "RECORD_WRONG_TYPE", order_id=ID, field=field)
    assert field in row.message


@pytest.mark.parametrize("depth", [10_000, 200_000])
@pytest.mark.parametrize("bracket", [b"[]", b"{}"])
@pytest.mark.parametrize("layout", [b"%b", b"[%b]", b"%b\n"])
def test_10_000_deep_nesting(lab: Lab, depth: int, bracket: bytes, layout: bytes) -> None:
    opening, closing = (b"[", b"]") if bracket == b"[]" else (b'{"a":', b"}")
    deep = dump(order(3, notesList="HERE")).replace(b'"HERE"', opening * depth + b"0" + closing * depth)
    refused(exhibit(lab, "deep.json", layout % deep), "deep.json", "RECORD_TOO_DEEP", order_id=ID)


def test_10_000_deep_nesting_leaves_the_next_line_alone(lab: Lab) -> None:
    deep = dump(order(3, notesList="HERE")).replace(b'"HERE"', b"[" * 10_000 + b"]" * 10_000)
    result = exhibit(lab, "deep.jsonl", deep + b"\n" + dump(order(4)))
    assert result.set_aside == {ID: "RECORD_TOO_DEEP"}
    assert result.sent == [GOOD[0], order(4)["orderId"], GOOD[1]]


def test_10_000_deep_nesting_that_is_never_closed(lab: Lab) -> None:
    data = dump(order(3))[:-1] + b',"deep":' + b"[" * 10_000
    result = exhibit(lab, "deep.json", data)
    assert list(result.set_aside.values()) in (["FILE_TRUNCATED"], ["RECORD_TOO_DEEP"])
    assert result.sent == list(GOOD)


@pytest.mark.parametrize("missing", [DROP, "", "   ", None])
def test_missing_order_id(lab: Lab, missing: object) -> None:
    result = exhibit(lab, "nameless.json", dump(order(3, orderId=missing)))
    row = refused(result, "nameless.json", "MISSING_ORDER_ID", field="orderId")
    assert row.amount_minor is not None, "its money is known and counted"


def test_two_orders_without_an_id_are_two(lab: Lab) -> None:
    result = exhibit(lab, "nameless.json", b"[" + dump(order(3, orderId="")) + b"," + dump(order(4, orderId="")) + b"]")
    assert [row.reason for row in result.exceptions] == ["MISSING_ORDER_ID"] * 2
    assert len({row.order_key for row in result.exceptions}) == 2


@pytest.mark.parametrize("lines", [[], DROP, None])
def test_order_without_lines(lab: Lab, lines: object) -> None:
    refused(
        exhibit(lab, "bare.json", dump(order(3, orderProductList=lines))),
        "bare.json",
        "NO_LINES",
        order_id=ID,
        field="orderProductList",
    )


def test_duplicate_order_item_id(lab: Lab) -> None:
    twice = order(3, lines=3)
    for one in twice["orderProductList"]:
        one["orderItemId"] = "1"
    row = refused(exhibit(lab, "x.json", dump(twice)), "x.json", "DUPLICATE_LINE", order_id=ID, field="orderItemId")
    assert "'1'" in row.message


def test_same_order_item_id_in_two_orders_is_nothing_wrong(lab: Lab) -> None:
    result = exhibit(lab, "x.json", b"[" + dump(order(3)) + b"," + dump(order(4)) + b"]")
    accepted(result, ID, order(4)["orderId"])


@pytest.mark.parametrize("quantity", [-1, 0, 0.5, "0", "-2", None, DROP, 100_001])
def test_quantity_negative_zero_or_broken(lab: Lab, quantity: object) -> None:
    bad = line(order(3, lines=2), quantity=quantity)
    if quantity is DROP:
        del bad["orderProductList"][0]["quantity"]
    row = refused(exhibit(lab, "q.json", dump(bad)), "q.json", "BAD_QUANTITY", order_id=ID, field="quantity")
    assert "line 1" in row.message
    assert "absent" in row.message if quantity in (None, DROP) else str(quantity) in row.message


@pytest.mark.parametrize("changes", [{"price": -5}, {"price": None}, {"discount": -1}, {"price": 1.005}])
def test_amount_negative_missing_or_too_fine(lab: Lab, changes: dict[str, Any]) -> None:
    field = next(iter(changes))
    row = refused(exhibit(lab, "m.json", dump(line(ORDER, **changes))), "m.json", "BAD_MONEY", order_id=ID, field=field)
    assert "line 1" in row.message


@pytest.mark.parametrize("date", [0, -1, 99_999_999_999_999, DROP])
def test_order_date_that_cannot_be_one(lab: Lab, date: object) -> None:
    data = dump(order(3, orderDate=date, creationDate=DROP))
    refused(exhibit(lab, "d.json", data), "d.json", "BAD_DATE", order_id=ID, field="orderDate")


@pytest.mark.parametrize("currency", ["XXX", "Dollar", "$", "US"])
def test_unknown_currency(lab: Lab, currency: str) -> None:
    data = dump(order(3, currency=currency))
    row = refused(exhibit(lab, "c.json", data), "c.json", "BAD_CURRENCY", order_id=ID, field="currency")
    assert currency in row.message


@pytest.mark.parametrize("word", ["BOPIS", "in_store", "SHIP", "\u200b"])
def test_unknown_fulfillment_words(lab: Lab, word: str) -> None:
    data = dump(line(ORDER, fulfillmentType=word))
    row = refused(exhibit(lab, "f.json", data), "f.json", "UNKNOWN_FULFILMENT", order_id=ID, field="fulfillmentType")
    assert repr(word)[1:-1] in row.message


@pytest.mark.parametrize("store", ["999", "0254", "254.0"])
def test_unmapped_store(lab: Lab, store: str) -> None:
    data = dump(order(3, storeId=store))
    row = refused(exhibit(lab, "s.json", data), "s.json", "UNMAPPED_VALUE", order_id=ID, field="order.storeId")
    assert store in row.message
    assert "facility.csv" in row.message


def test_return_and_exchange(lab: Lab) -> None:
    sale, returned = SHOP.exchange_order(5, 6)
    result = exhibit(lab, "r.jsonl", b"\n".join(map(dump, (SHOP.return_order(4), sale, returned))))
    assert set(result.set_aside.values()) == {"RETURN"}
    assert len(result.exceptions) == 3
    assert result.sent == list(GOOD)


def test_totals_that_do_not_add_up(lab: Lab) -> None:
    data = dump(SHOP.order(3, "in_store", having=["open_total"]))
    row = refused(exhibit(lab, "t.json", data), "t.json", "TOTALS_MISMATCH", order_id=ID, field="totalAmount")
    assert "says" in row.message


@pytest.mark.parametrize(("field", "column"), [("gtin", "product-id-value"), ("orderItemId", "item-external-id")])
def test_line_without_what_hotwax_needs(lab: Lab, field: str, column: str) -> None:
    data = dump(line(ORDER, **{field: ""}))
    refused(exhibit(lab, "e.json", data), "e.json", "REQUIRED_FIELD", order_id=ID, field=column)


def test_shipped_line_without_a_city(lab: Lab) -> None:
    data = dump(SHOP.order(3, "send_sale", having=["no_city"]))
    refused(exhibit(lab, "e.json", data), "e.json", "REQUIRED_FIELD", order_id=ID, field="city")
