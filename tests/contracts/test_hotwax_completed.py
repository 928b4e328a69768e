"""Completed orders are decoded exactly; one that does not fit is refused with the path of what is wrong."""

from __future__ import annotations

from decimal import Decimal

import pytest

from order_sync.contracts.hotwax_completed import (
    GoodIdentification,
    Identifications,
    guess_order_id,
    instant,
    minor_units,
    orders,
    text,
)
from order_sync.errors import BadInput


def refusal(data: bytes) -> tuple[str, str]:
    with pytest.raises(BadInput) as caught:
        orders.decode(data)
    return caught.value.reason, caught.value.field


def test_only_what_is_used_is_read() -> None:
    order = orders.decode(
        b'{"orderId": 7, "strange": [{"a": 1}], "shipments": [{"shipmentItems": [{"shipmentId": null, "x": 1}]}]}'
    )
    assert order.orderId == 7
    assert order.shipments is not None
    assert order.shipments[0].shipmentItems is not None
    assert order.shipments[0].shipmentItems[0].shipmentId is None


@pytest.mark.parametrize("written", ["65.97", '"65.97"', "6597e-2"])
def test_amounts_are_exact(written: str) -> None:
    assert orders.decode(f'{{"grandTotal": {written}}}'.encode()).grandTotal == Decimal("65.97")


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b'{"grandTotal": "much"}', ("RECORD_WRONG_TYPE", "grandTotal")),
        (b'{"orderId": {}}', ("RECORD_WRONG_TYPE", "orderId")),
        (b'{"shipments": {}}', ("RECORD_WRONG_TYPE", "shipments")),
        (
            b'{"shipments": [{"shipmentItems": [{"unitPrice": true}]}]}',
            ("RECORD_WRONG_TYPE", "shipments[0].shipmentItems[0].unitPrice"),
        ),
        (b"[]", ("RECORD_WRONG_TYPE", "")),
        (b'{"orderId": "1"', ("RECORD_NOT_JSON", "")),
        (b"", ("RECORD_NOT_JSON", "")),
        (b'{"orderId": "1"} x', ("RECORD_NOT_JSON", "")),
        ('{"customerEmail": "José"}'.encode("latin-1"), ("FILE_ENCODING", "")),
        (b'{"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ("RECORD_TOO_DEEP", "")),
    ],
)
def test_records_that_do_not_fit(data: bytes, wanted: tuple[str, str]) -> None:
    assert refusal(data) == wanted


def test_the_message_names_the_field() -> None:
    with pytest.raises(BadInput, match=r"field shipments\[0\].shipTo: Expected `object \| null`, got `array`\."):
        orders.decode(b'{"shipments": [{"shipTo": []}]}')


@pytest.mark.parametrize(
    ("data", "wanted"),
    [(b'{"orderId": "M1", "x"', "M1"), (b'{"orderId" : 17 }', "17"), (b"{}", ""), (b'{"orderId": "a\\"b"}', "")],
)
def test_guessing_the_id_of_a_broken_record(data: bytes, wanted: str) -> None:
    assert guess_order_id(data) == wanted


@pytest.mark.parametrize(("given", "wanted"), [(None, None), ("", None), (" ", None), (" a ", "a"), (7, "7"), (0, "0")])
def test_ids(given: str | int | None, wanted: str | None) -> None:
    assert text(given) == wanted


@pytest.mark.parametrize(
    "moment", ["2023-01-30T03:50:02-05:00", "2023-01-30T08:50:02Z", "2023-01-30 08:50:02.000+0000"]
)
def test_instants(moment: str) -> None:
    assert instant(moment, "statusDatetime") == 1_675_068_602_000


@pytest.mark.parametrize(
    "moment", [None, "", "2023-01-30T03:50:02", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "soon"]
)
def test_instants_that_are_none(moment: str | None) -> None:
    with pytest.raises(BadInput, match=r"statusDatetime is .*; a time with its offset from UTC is wanted") as caught:
        instant(moment, "statusDatetime")
    assert caught.value.reason == "BAD_DATE"


@pytest.mark.parametrize(
    ("amount", "decimals", "wanted"),
    [
        ("65.97", 2, 6597),
        ("-12.50", 2, -1250),
        ("7E+1", 2, 7000),
        ("40.125", 3, 40125),
        ("40", 0, 40),
        ("10.000000", 2, 1000),
        ("40.125", 2, None),
        ("0.5", 0, None),
        ("10.00000000000000000000000000000000000001", 2, None),
        ("100000000000.00", 2, 10**13),
        ("100000000000.01", 2, None),
        ("1E+999999", 2, None),
        ("1E-999999", 2, None),
        ("NaN", 2, None),
        ("sNaN", 2, None),
        ("-Infinity", 2, None),
    ],
)
def test_minor_units(amount: str, decimals: int, wanted: int | None) -> None:
    assert minor_units(Decimal(amount), decimals) == wanted
    assert minor_units(None, decimals) is None


def test_a_date_that_decides_must_be_readable() -> None:
    upcs = Identifications[GoodIdentification]("UPCA", "goodIdentifications")
    alone = [GoodIdentification(kind="UPCA", value="1", since="long ago")]
    assert upcs.open_at(0, alone) == "1"
    with pytest.raises(BadInput, match=r"goodIdentifications\.fromDate is 'long ago'"):
        upcs.open_at(0, [*alone, GoodIdentification(kind="UPCA", value="2")])
    with pytest.raises(BadInput, match=r"goodIdentifications\.thruDate is 'never'"):
        upcs.open_at(0, [GoodIdentification(kind="UPCA", value="1", until="never")])


def test_what_ends_at_the_moment_is_not_open() -> None:
    upcs = Identifications[GoodIdentification]("UPCA", "goodIdentifications")
    given = [GoodIdentification(kind="UPCA", value="1", until="2024-05-02T16:00:00Z")]
    end = instant("2024-05-02T16:00:00Z", "thruDate")
    assert (upcs.open_at(end - 1, given), upcs.open_at(end, given)) == ("1", None)
