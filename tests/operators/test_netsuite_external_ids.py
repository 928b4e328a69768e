"""Customers whose External ID is Shopify's number: NetSuite tells their ids by it, and everything finds the party."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from order_sync.flow import NETSUITE_CUSTOMERS
from order_sync.operators.netsuite_replies import CUSTOMER, CUSTOMER_BY_SHOPIFY
from tests.support.netsuite_lab import RETAILER, NetSuiteLab
from tests.support.netsuite_rest_lab import RestLab


@pytest.fixture(params=["", "SHOP-"])
def lab(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[NetSuiteLab]:
    rows = {"customer_external_id": "shopify", "customer_external_id_prefix": request.param}
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch, **rows) as opened:
        yield opened


def number_of(lab: NetSuiteLab, customer: int) -> str:
    """Shopify's number of a customer."""
    kinds = {
        one["partyIdentificationTypeId"]: one["idValue"] for one in lab.shop.customer(customer)["partyIdentifications"]
    }
    return str(kinds["SHOPIFY_CUST_ID"])


def external_id(lab: NetSuiteLab, customer: int) -> str:
    return lab.settings.rows.customer_external_id_prefix + number_of(lab, customer)


def test_customers_are_confirmed_and_their_orders_go(lab: NetSuiteLab) -> None:
    orders = [lab.shop.place(number, "web") for number in (1, 2, 3)]
    parties = [f"HC{10_000 + number}" for number in (1, 2, 3)]
    lab.offer()
    lab.run("one")
    lab.netsuite_works()
    (told,) = lab.netsuite.folder("customer/import").rglob("*-CustomerExport.csv")
    assert external_id(lab, 1) in told.read_text(encoding="utf-8")
    lab.run("two")
    assert lab.customers(*parties) == {"CONFIRMED": 3}
    assert lab.states(*orders) == {"DELIVERED": 3}
    for number, party in enumerate(parties, 1):
        known = str(lab.netsuite.database.customer(external_id(lab, number))["internal_id"])
        assert lab.record(party, NETSUITE_CUSTOMERS).partner_ref == known
        assert lab.book.ids_of(RETAILER, CUSTOMER, [party, external_id(lab, number)]) == {party: known}
    for run in ("three", "four"):
        lab.netsuite_works()
        lab.offer()  # HotWax may not have understood these numbers: the same customers again change nothing
        lab.run(run)
    assert lab.states(*orders) == {"CONFIRMED": 3}
    assert lab.netsuite.database.figures()["customers"] == 3
    assert lab.netsuite.database.refusals() == []


def offer_twins(lab: NetSuiteLab, name: str, *parties: str) -> None:
    """HotWax exports customers that have the number of customer 1."""
    twins = [{**lab.shop.customer(1), "partyId": party} for party in parties]
    (lab.shop.customers_folder / name).write_text(json.dumps(twins), encoding="utf-8")


@pytest.mark.parametrize("together", [True, False])
def test_two_customers_of_one_number_are_one_in_netsuite(lab: NetSuiteLab, together: bool) -> None:
    lab.shop.place(1, "web")
    for name, parties in [("1.json", ["A1", "A2"])] if together else [("1.json", ["A1"]), ("2.json", ["A2"])]:
        offer_twins(lab, name, *parties)
        lab.run(name)
    assert lab.customers("A1") == {"DELIVERED": 1}
    twin = lab.record("A2", NETSUITE_CUSTOMERS)
    assert (twin.state.value, twin.reason) == ("QUARANTINED", "SAME_EXTERNAL_ID")
    assert "A1" in twin.message
    offer_twins(lab, "3.json", "A2", "A1")
    lab.run("in the other order")
    assert (lab.customers("A1"), lab.customers("A2")) == ({"DELIVERED": 1}, {"QUARANTINED": 1})
    lab.netsuite_works()
    offer_twins(lab, "4.json", "A2", "A1")
    lab.run("known")
    assert lab.record("A1", NETSUITE_CUSTOMERS).state.value == "CONFIRMED"
    assert (lab.record("A2", NETSUITE_CUSTOMERS).state.value, lab.record("A2", NETSUITE_CUSTOMERS).reason) == (
        "EXCLUDED", "HAS_NETSUITE_ID",
    )  # fmt: skip
    ids = lab.book.ids_of(RETAILER, CUSTOMER, ["A1", "A2"])
    assert ids["A1"] == ids["A2"]
    assert lab.netsuite.database.figures()["customers"] == 1


def test_customer_whose_twin_was_refused_goes_itself(lab: NetSuiteLab) -> None:
    """What is kept of a customer that goes nowhere must stand in nobody's way."""
    lab.shop.place(1, "web")
    offer_twins(lab, "1.json", "A1")
    lab.run("one")
    (file,) = [path for path in lab.netsuite.folder("customer/export").iterdir() if path.is_file()]
    file.unlink()
    refused = lab.record("A1", NETSUITE_CUSTOMERS)
    lab.book.refuse_records([refused.id], "NETSUITE_REFUSED", "no", at=refused.updated_at, who="test")
    offer_twins(lab, "2.json", "A2")
    lab.run("two")
    lab.netsuite_works()
    lab.answers("three")
    assert lab.customers("A2") == {"CONFIRMED": 1}


def test_customer_that_we_never_sent_is_known_by_its_number(lab: NetSuiteLab) -> None:
    order = lab.shop.place(1, "web")
    known = lab.netsuite.add_customer(external_id(lab, 1), number_of(lab, 1))
    lab.netsuite_works()
    lab.offer()
    lab.run("one")
    assert lab.book.ids_of(RETAILER, CUSTOMER_BY_SHOPIFY, [number_of(lab, 1)]) == {number_of(lab, 1): str(known)}
    assert lab.record("HC10001", NETSUITE_CUSTOMERS).reason == "HAS_NETSUITE_ID"
    assert lab.states(order) == {"DELIVERED": 1}


def test_customers_that_went_out_by_party_are_found_after_the_setting_was_changed(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RestLab(tmp_path, ledger_template, monkeypatch) as lab:
        lab.go_by("sftp")
        for number, own in enumerate(("party", "shopify", "party"), 1):
            lab.change("netsuite_created_orders", rows={"customer_external_id": own})
            lab.shop.place(number, "web")
            lab.shop.feed_customers()
            lab.run(f"customer {number}")
            for path in lab.shop.customers_folder.glob("*.json"):
                path.unlink()
            if number == 2:
                lab.netsuite.scripts.run_now()
        lab.netsuite_works()
        for own in ("shopify", "party"):
            lab.change("netsuite_created_orders", rows={"customer_external_id": own})
            lab.answers(own)
        states = {
            party: lab.record(party, NETSUITE_CUSTOMERS).state.value for party in ("HC10001", "HC10002", "HC10003")
        }
        assert states == dict.fromkeys(states, "CONFIRMED")


def test_by_rest_the_return_files_that_come_later_say_the_same(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RestLab(tmp_path, ledger_template, monkeypatch, customer_external_id="shopify") as lab:
        order = lab.shop.place(1, "web")
        lab.offer()
        lab.run("one")
        assert (lab.customers("HC10001"), lab.states(order)) == ({"CONFIRMED": 1}, {"CONFIRMED": 1})
        lab.netsuite_works()
        lab.run("two")
        known = lab.book.ids_of(RETAILER, CUSTOMER, ["HC10001"])["HC10001"]
        assert lab.book.ids_of(RETAILER, CUSTOMER_BY_SHOPIFY, [number_of(lab, 1)]) == {number_of(lab, 1): known}
        assert lab.book.problems_of_run("netsuite_created_orders", "two") == []
