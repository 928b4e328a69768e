"""Deposits: whole files byte by byte in both generations of keys, which payments become one, and their sums."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_sync.errors import Stop
from order_sync.settings import include_folder, load
from order_sync.transforms.netsuite_deposits import (
    Deposit,
    FollowedOrder,
    NetSuiteDeposits,
    check_file,
    deposits_of,
    told_of,
)
from tests.transforms.created_kit import CANCELLED, draft, item, numbered, order, with_tables

SETTLED, REFUNDED = "PAYMENT_SETTLED", "PAYMENT_REFUNDED"
GOLDEN = {
    "current": (
        b"""{"orderId":"10567845","totalAmount":"693.00","paymentMethod":"Shopify Payment","externalId":"M1-CD-1",\
"shopifyOrderNumber":"1001","shopifyOrderId":"449","shopifyOrderName":"#1001"}""",
        b"""{"orderId":"10567846","totalAmount":"0.05","paymentMethod":"Gift Card","externalId":"M2-CD-77",\
"shopifyOrderName":"\xc3\x9cber \\"7\\""}""",
        b"""{"orderId":"10567847","totalAmount":"290","paymentMethod":"AfterPay","externalId":"M3-CD-2"}""",
    ),
    "legacy": (
        b"""{"order_id":"10567845","total_amount":"693.00","payment_method":"Shopify Payment","external_id":"M1-CD-1",\
"shopify_order_no":"1001"}""",
        b"""{"order_id":"10567846","total_amount":"0.05","payment_method":"Gift Card","external_id":"M2-CD-77"}""",
        b"""{"order_id":"10567847","total_amount":"290","payment_method":"AfterPay","external_id":"M3-CD-2"}""",
    ),
}
DEPOSITS = (
    Deposit("M1-CD-1", "M1", 69_300, "USD", "EXT_SHOPIFY", "#1001", "449", "1001"),
    Deposit("M2-CD-77", "M2", 5, "USD", "EXT_SHOP_GFT_CARD", 'Über "7"'),
    Deposit("M3-CD-2", "M3", 290, "JPY", "EXT_SHOP_AFTRPAY_NA"),
)
IDS = ("10567845", "10567846", "10567847")


@cache
def transform(form: str = "current") -> NetSuiteDeposits:
    settings = load("default", include_folder()).netsuite_created_orders
    deposits = msgspec.structs.replace(settings.deposits, form=form)
    return NetSuiteDeposits(msgspec.structs.replace(settings, deposits=deposits), include_folder(), "default")


def payment(amount: str, status: str = SETTLED, method: str = "EXT_SHOP_CARD", **more: Any) -> dict[str, Any]:
    return {"amount": Decimal(amount), "statusId": status, "paymentMethodTypeId": method, **more}


def told(one: dict[str, Any], *using: Any) -> FollowedOrder:
    """What is kept of an order."""
    line = told_of(draft(one, *using))
    assert line.endswith(b"\n")
    return msgspec.json.decode(line, type=FollowedOrder)


def amounts(one: dict[str, Any], *using: Any) -> dict[str, int]:
    return {deposit.key: deposit.minor for deposit in deposits_of(told(one, *using))}


@pytest.mark.parametrize("form", list(GOLDEN))
def test_elements_of_the_file(form: str) -> None:
    assert transform(form).write(DEPOSITS, IDS) == [(element, None) for element in GOLDEN[form]]


def test_an_element_does_not_depend_on_its_neighbours() -> None:
    together = transform().write(DEPOSITS, IDS)
    assert [transform().write([one], [netsuite]) for one, netsuite in zip(DEPOSITS, IDS, strict=True)] == [
        [element] for element in together
    ]
    assert transform().write([], []) == []


def test_an_order_without_netsuites_id_is_a_cause() -> None:
    ((_, cause),) = transform().write(DEPOSITS[:1], [""])
    assert cause is not None
    assert (cause.reason, cause.field) == ("REQUIRED_FIELD", "orderId")


# Which payments become deposits.


def test_what_is_kept_of_an_order() -> None:
    found = told(order(item(), item("00002", **CANCELLED)))
    assert (found.order, found.name, found.shopify_order, found.shopify_number) == ("M10001", "#1001", "449", "1001")
    assert (found.lines, found.stop, found.currency) == (("00001", "00002"), "", "USD")
    assert amounts(order()) == {"M10001-CD-1": 4000}


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([payment("40")], {"1": 4000}),
        ([payment("10"), payment("30")], {"1": 1000, "2": 3000}),
        ([payment("40", REFUNDED), payment("10"), payment("30")], {"2": 1000, "3": 3000}),
        ([payment("0"), payment("40")], {"2": 4000}),
        ([payment("10", orderPaymentPreferenceId=871), payment("30")], {"871": 1000, "2": 3000}),
        ([payment("30"), payment("10", orderPaymentPreferenceId="871")], {"1": 3000, "871": 1000}),
        ([payment("40.00")], {"1": 4000}),
    ],
)
def test_payments_that_become_deposits(payments: list[dict[str, Any]], expected: dict[str, int]) -> None:
    assert amounts(order(payments=payments)) == {f"M10001-CD-{name}": minor for name, minor in expected.items()}


def test_a_payment_that_disappears_renumbers_no_other_that_has_a_number() -> None:
    both = order(payments=[payment("10", orderPaymentPreferenceId="7"), payment("30", orderPaymentPreferenceId="8")])
    one = order(payments=[payment("30", orderPaymentPreferenceId="8")])
    assert amounts(both).items() >= amounts(one).items()


def test_methods_that_the_table_leaves_blank_become_none(tmp_path: Path) -> None:
    using = with_tables(tmp_path, {"netsuite_payment_method": "EXT_SHOP_GFT_CARD,,not deposited\n"})
    paid = order(payments=[payment("10", method="EXT_SHOP_GFT_CARD"), payment("30")])
    assert told(paid, using).stop == ""
    assert amounts(paid, using) == {"M10001-CD-2": 3000}


@pytest.mark.parametrize("payments", [[], [payment("39.99")], [payment("40", REFUNDED)]])
def test_no_deposit_follows_an_order_that_is_paid_in_part_or_paid_back(payments: list[dict[str, Any]]) -> None:
    found = told(order(payments=payments))
    assert found.stop == "NOT_FULLY_PAID"
    assert {one.left_out for one in deposits_of(found)} <= {"NOT_FULLY_PAID"}


def test_a_negative_payment_has_a_problem() -> None:
    found = told(order(payments=[payment("-1"), payment("41")]))
    assert [bool(one.problem) for one in deposits_of(found)] == [True, False]


@pytest.mark.parametrize(
    "one",
    [
        order(orderStatusId="ORDER_CANCELLED"),
        order(orderStatusId="ORDER_CANCELLED", orderIdentifications=[numbered("NETSUITE_ORDER_ID", "77")]),
        order(item(**CANCELLED), orderIdentifications=[numbered("NETSUITE_ORDER_ID", "77")]),
    ],
)
def test_of_a_cancelled_order_only_that_is_kept(one: dict[str, Any]) -> None:
    assert told(one) == FollowedOrder("M10001", "#1001", stop="CANCELLED_ORDER")


@pytest.mark.parametrize(
    "changes",
    [
        {"orderStatusId": "ORDER_APPROVED"},
        {"customerPartyIdentifications": []},
        {"salesChannel": "POS_CHANNEL", "payments": [payment("1")]},
        {"grandTotal": Decimal(1)},
    ],
)
def test_nothing_is_kept_of_an_order_that_is_not_sent(changes: dict[str, Any]) -> None:
    assert told_of(draft(order(**changes))) == b""


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.sampled_from([SETTLED, "PAYMENT_AUTHORIZED", REFUNDED])), max_size=8)
)
def test_the_deposits_of_an_order_make_what_was_paid(parts: list[tuple[int, str]]) -> None:
    paid = sum(minor for minor, status in parts if status != REFUNDED)
    payments = [payment(str(Decimal(minor) / 100), status) for minor, status in parts]
    one = order(item(price=str(Decimal(paid) / 100)), payments=payments)
    found = told(one)
    elements = transform().write(deposits_of(found), ["1"] * len(found.parts))
    written = [Decimal(msgspec.json.decode(element)["totalAmount"]) for element, _ in elements]
    assert (found.stop, sum(written)) == ("", Decimal(paid) / 100)
    assert all(amount > 0 for amount in written)
    assert len({one.key for one in deposits_of(found)}) == len(written)


# The file is read back before it goes out.


@pytest.mark.parametrize(
    "data", [b"", b"[", b"[\n\n]\n", b"{}", b'[{"orderId": 1}]', b'[{"orderId": "1"} {}]', b"\xff"]
)
def test_a_file_that_would_block_the_next_ones_is_stopped(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "deposits.json"
    path.write_bytes(data)
    with pytest.raises(Stop, match="file of deposits"):
        check_file(path)


def test_a_sound_file_is_none_of_those(tmp_path: Path) -> None:
    path = tmp_path / "deposits.json"
    path.write_bytes(b"[\n" + b",\n".join(GOLDEN["current"]) + b"\n]\n")
    check_file(path)
