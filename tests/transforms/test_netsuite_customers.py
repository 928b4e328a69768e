"""Customers for NetSuite: each rule by its name."""

from __future__ import annotations

from typing import Any

import pytest

from order_sync.contracts.hotwax_completed import Phone
from order_sync.contracts.hotwax_created import e164
from tests.transforms.created_kit import customer, customer_drafts, customer_row, numbered

SHOPIFY = numbered("SHOPIFY_CUST_ID", 5700, "party")


def refusal(one: Any, **changes: Any) -> tuple[str, str, str]:
    (found,) = customer_drafts([one], **changes)
    assert found.cause
    assert (found.row, found.left_out) == (b"", "")
    return found.cause.reason, found.cause.field, found.key


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_blank_names_become_x(blank: str | None) -> None:
    row = customer_row(customer(firstName=blank, lastName=blank))
    assert (row["firstName"], row["lastName"]) == ("X", "X")


def test_names_are_cut() -> None:
    row = customer_row(customer(firstName="Maximiliana-Josefa", lastName="É" * 14))
    assert (row["firstName"], row["lastName"]) == ("Maximiliana-J", "É" * 13)


def test_external_id_by_setting() -> None:
    assert customer_row(customer())["externalId"] == "10004"
    assert customer_row(customer(), customer_external_id_prefix="HC")["externalId"] == "HC10004"
    assert customer_row(customer(), customer_external_id="shopify")["externalId"] == "5700"


@pytest.mark.parametrize(
    ("groups", "source"),
    [
        ([], "14"),
        (None, "14"),
        (["VIP"], "14"),
        (["VIP", "POS_SALES_CHANNEL"], "13"),
        ([{"partyClassificationGroupId": "POS_SALES_CHANNEL"}], "13"),
    ],
)
def test_source_by_classification(groups: Any, source: str) -> None:
    assert customer_row(customer(classifications=groups))["accountSource"] == source


@pytest.mark.parametrize(
    "given", [{"email": " a@example.com "}, {"email": None, "emails": ["", "a@example.com", "b@example.com"]},
              {"email": "", "emails": [{"emailAddress": "a@example.com"}]}]
)  # fmt: skip
def test_first_email_address(given: dict[str, Any]) -> None:
    assert customer_row(customer(**given))["email"] == "a@example.com"


def test_a_customer_that_netsuite_knows_is_left_out_with_its_id() -> None:
    (found,) = customer_drafts(
        [customer(partyIdentifications=[SHOPIFY, numbered("NETSUITE_CUSTOMER_ID", 77, "party")])]
    )
    assert (found.left_out, found.netsuite_id, found.row, found.cause) == ("HAS_NETSUITE_ID", "77", b"", None)


def test_an_id_that_has_ended_does_not_count() -> None:
    ended = numbered("NETSUITE_CUSTOMER_ID", 77, "party", until="2024-01-01T00:00:00Z")
    (found,) = customer_drafts([customer(partyIdentifications=[ended, SHOPIFY])])
    assert (found.left_out, found.netsuite_id, bool(found.row)) == ("", "", True)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"partyId": " "}, ("REQUIRED_FIELD", "partyId", "")),
        ({"partyIdentifications": []}, ("REQUIRED_FIELD", "HCShopifyCustomerId", "10004")),
        ({"email": "e" * 255}, ("VALUE_TOO_LONG", "email", "10004")),
        ({"phone": "1"}, ("RECORD_WRONG_TYPE", "phone", "10004")),
    ],
)
def test_a_customer_that_lacks_something_is_set_aside(changes: dict[str, Any], refused: tuple[str, ...]) -> None:
    assert refusal(customer(**changes)) == refused


@pytest.mark.parametrize("name", ["subsidiary", "customer_status"])
def test_settings_that_netsuite_requires(name: str) -> None:
    assert refusal(customer(), **{name: ""})[0] == "REQUIRED_FIELD"


def test_only_the_customer_concerned_is_set_aside() -> None:
    ones = [customer(), b'{"partyId": "2"', customer(partyIdentifications=[]), customer(partyId=4)]
    found = customer_drafts(ones, size=3)
    assert [bool(one.row) for one in found] == [True, False, False, True]
    assert [one.key for one in found] == ["10004", "2", "10004", "4"]
    assert found[1].cause
    assert found[1].cause.reason == "RECORD_NOT_JSON"
    assert [one.record.index for one in found] == [0, 1, 2, 3]


def test_a_draft_names_nobody() -> None:
    (found,) = customer_drafts([customer(email="e" * 255)])
    assert found.name == "10004"
    assert "Ana" not in str(found.cause)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (("1", "865", "555-0100"), "+18655550100"),
        ((1, 865, 5550100), "+18655550100"),
        (("+503", None, "2200 1100"), "+50322001100"),
        (("0049", "(30)", "123.456/7"), "+49301234567"),
        (("9", "9", "+44 20 7946 0000"), "+442079460000"),
        ((None, "865", "5550100"), None),
        (("1", None, None), None),
        (("1", "865", "call me"), None),
        (("1", "865", "555010 ext. 4"), None),
        (("1", "865", "5550100" * 3), None),
        (("0", "865", "5550100"), None),
    ],
)
def test_phones_are_international_or_blank(parts: tuple[Any, ...], shown: str | None) -> None:
    assert e164(Phone(*parts), "") == shown


def test_phones_without_a_country() -> None:
    assert e164(Phone(None, "865", "5550100"), "1") == "+18655550100"
    assert e164(None, "1") is None
    assert (
        customer_row(customer(phone={"contactNumber": "8655550100"}), phone_country_code="1")["phone"] == "+18655550100"
    )
