"""Texts that break naive programs: they are no error, and arrive in the feed exactly as the shopper typed them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.predictspring import dump
from tests.museum.exhibits import accepted, assert_closed, exhibit, line, order, refused
from tests.support.batch_lab import Lab, LabResult

NAMES = {
    "emoji": "Zoë 🛍️👩‍👩‍👧",
    "commas": "Lee, Jr., III",
    "quotes": 'Mac "the Knife" O\'Neil "',
    "only quotes": '""',
    "newline": "Line one\nline two",
    "carriage return": "Line one\r\nline two\rthree",
    "tab": "Ta\tb",
    "formula": '=HYPERLINK("http://example.com","click")',
    "formula with a sign": "+1+1",
    "formula at": "@SUM(A1:A9)",
    "formula minus": "-2+3",
    "semicolons and pipes": "a;b|c",
    "backslash": "a\\b\\",
    "right to left": "\u202eabc",
    "combining": "e\u0301\u0302" * 5,
    "zero width": "a\u200bb",
    "null word": "NULL",
    "not a number": "NaN",
    "csv comment": "# not a comment",
    "separator line": "sep=;",
    "private use": "\ue000\uf8ff",
    "line separator": "a\u2028b\u2029c\u0085d",
    "delete": "a\x7fb",
}


def row_of(result: LabResult, order_id: str) -> dict[str, str]:
    return next(row for row in result.order_rows if row["external-id"] == order_id)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("kind", ["in_store", "send_sale"])
def test_odd_name(lab: Lab, name: str, kind: str) -> None:
    odd = order(3, kind, lines=2, billingAddress={"firstName": name, "lastName": name})
    result = exhibit(lab, "odd.json", dump(odd))
    accepted(result, odd["orderId"])
    rows = [row for row in result.order_rows if row["external-id"] == odd["orderId"]]
    assert [(row["first-name"], row["last-name"]) for row in rows] == [(name, name)] * 2
    assert {row["item-external-id"] for row in rows} == {f"{odd['orderId']}-{at}" for at in (1, 2)}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_odd_street_and_order_id(lab: Lab, name: str) -> None:
    odd = order(3, "send_sale")
    odd["shippingAddress"] |= {"addressLine1": name, "city": name}
    odd["orderId"] = f"PS {name}."
    result = exhibit(lab, "odd.json", dump(odd))
    accepted(result, odd["orderId"])
    row = row_of(result, odd["orderId"])
    assert (row["address-line-1"], row["city"]) == (name, name)


def test_blanks_around_a_text_are_none_of_it(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": "  Ada\t", "lastName": "\u00a0Smith \n"})
    result = exhibit(lab, "odd.json", dump(odd))
    assert [row_of(result, odd["orderId"])[name] for name in ("first-name", "last-name")] == ["Ada", "Smith"]


def test_blank_name_counts_as_none(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": " \t", "lastName": ""})
    row = row_of(exhibit(lab, "odd.json", dump(odd)), odd["orderId"])
    assert row["first-name"] == odd["customerProfile"]["firstName"]


def test_nul_in_a_text(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": "A\0da", "lastName": "B"})
    result = exhibit(lab, "nul.json", dump(odd))
    refused(result, "nul.json", "RECORD_WRONG_TYPE", order_id=odd["orderId"], field="billingAddress.firstName")


def test_nul_in_a_text_that_nobody_reads(lab: Lab) -> None:
    odd = order(3, notesList=["a\0b"])
    accepted(exhibit(lab, "nul.json", dump(odd)), odd["orderId"])


def test_half_a_character(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": "HERE", "lastName": "B"})
    result = exhibit(lab, "half.json", dump(odd).replace(b"HERE", b"\\ud83d"))
    refused(result, "half.json", "RECORD_WRONG_TYPE", order_id=odd["orderId"], field="billingAddress.firstName")


def test_escaped_characters_are_those_characters(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": "HERE", "lastName": "B"})
    result = exhibit(lab, "escaped.json", dump(odd).replace(b"HERE", b"\\ud83d\\udecd\\u002c\\/\\u00e9"))
    assert row_of(result, odd["orderId"])["first-name"] == "🛍,/é"


def test_10_mb_string_in_a_name_is_cut(lab: Lab) -> None:
    odd = order(3, billingAddress={"firstName": "é" * 5_000_000, "lastName": "B"})
    result = exhibit(lab, "long.json", dump(odd))
    accepted(result, odd["orderId"])
    assert row_of(result, odd["orderId"])["first-name"] == "é" * 100


def test_10_mb_string_in_a_street(lab: Lab) -> None:
    odd = order(3, "send_sale")
    odd["shippingAddress"]["addressLine1"] = "x" * 10_000_000
    row = refused(
        exhibit(lab, "long.json", dump(odd)),
        "long.json",
        "VALUE_TOO_LONG",
        order_id=odd["orderId"],
        field="address-line-1",
    )
    assert "10000000 characters" in row.message
    assert len(row.message) < 200


def test_10_mb_string_in_a_field_that_nobody_reads(lab: Lab) -> None:
    odd = order(3, notesList=["x" * 10_000_000])
    accepted(exhibit(lab, "long.json", dump(odd)), odd["orderId"])


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("orderId", "VALUE_TOO_LONG"),
        ("storeId", "UNMAPPED_VALUE"),
        ("currency", "BAD_CURRENCY"),
        ("fulfillmentType", "UNKNOWN_FULFILMENT"),
        ("orderItemId", "DUPLICATE_LINE"),
        ("totalAmount", "RECORD_WRONG_TYPE"),
    ],
)
def test_10_mb_string_in_what_a_message_shows(lab: Lab, where: str, reason: str) -> None:
    """The message stays readable, and the order keeps a name."""
    long = "9" * 10_000_000 + "x"
    odd = order(3, lines=2, currency="USD")
    for holder in (odd, *odd["orderProductList"]):
        if where in holder:
            holder[where] = long
    row = exhibit(lab, "long.json", dump(odd)).only_exception
    assert (row.file_name, row.reason) == ("long.json", reason)
    assert len(row.message) < 400
    assert len(row.order_key) < 60


@pytest.mark.parametrize("digits", ["9" * 5_000, "1e400", "1e-400", "0." + "3" * 5_000, "184467440737095517"])
def test_number_of_5_000_digits(lab: Lab, digits: str) -> None:
    data = dump(order(3, totalAmount="HERE")).replace(b'"HERE"', digits.encode())
    row = refused(
        exhibit(lab, "digits.json", data), "digits.json", "BAD_MONEY", order_id=order(3)["orderId"], field="totalAmount"
    )
    assert len(row.message) < 200


def test_1_000_line_order(lab: Lab) -> None:
    long = order(3, "mixed", lines=1_000)
    result = exhibit(lab, "long.json", dump(long))
    accepted(result, long["orderId"])
    rows = [row for row in result.order_rows if row["external-id"] == long["orderId"]]
    assert [row["item-external-id"] for row in rows] == [f"{long['orderId']}-{at}" for at in range(1, 1_001)]
    assert {row["grand-total"] for row in rows} == {f"{Decimal(str(long['totalAmount'])):.2f}"}
    taken = [one for one in long["orderProductList"] if one["fulfillmentType"] == "IN_STORE"]
    assert sum(row["comments"].startswith(long["orderId"]) for row in result.variance_rows) == len(taken) > 0


def test_1_000_line_order_with_one_bad_line_in_the_middle(lab: Lab) -> None:
    long = order(3, lines=1_000)
    long["orderProductList"][499]["quantity"] = -1
    row = exhibit(lab, "long.json", dump(long)).only_exception
    assert row.message.startswith("line 500: quantity is -1")


def test_every_order_of_a_large_batch_is_odd(lab: Lab) -> None:
    """Nothing is lost where nothing is plain."""
    odd = [line(order(number), orderItemId=1) for number in range(10, 110)]
    bad = [order(number, orderDate="?") for number in range(110, 130)]
    result = exhibit(lab, "odd.jsonl", b"\n".join(map(dump, (*odd, *bad))))
    assert len(result.exceptions) == 20
    assert len(result.sent) == 102
    assert_closed(result)
