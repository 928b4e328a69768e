"""Orders and slips that Retail Pro, or we, do not take: told once, in words that help, and brought again."""

from __future__ import annotations

import csv
import io

from demo.completed_orders import Invoices
from order_sync.contracts import money
from order_sync.flow import SLIPS_FLOW
from sandbox.hotwax.completed_orders import CompletedOrders
from tests.support.airflow_lab import INVOICING, AirflowLab, attachment, text_of

SHOP = CompletedOrders(seed=11)


def _upc(number: int, kind: str = "single") -> str:
    """The first product of an order."""
    return next(iter(SHOP.expected(number, kind).quantities))


def test_refused_order_leaves_the_run_green_and_is_told_with_all_that_helps(lab: AirflowLab) -> None:
    lab.complete([SHOP.order(1), SHOP.order(2), SHOP.order(3, "multi_store")])
    lab.world.retailpro.settings.unknown_upcs.update({_upc(2), _upc(3, "multi_store")})

    run = lab.run(INVOICING)

    assert (run.state, set(run.tasks.values())) == ("success", {"success"})
    assert Invoices.of(SHOP, {1: "single"}).faults(lab.world.retailpro) == [], "and no slip of an order not invoiced"
    assert lab.keys(INVOICING, "QUARANTINED") == ["00000002", "00000003"]
    (mail,) = lab.mails
    text = text_of(mail)
    refused = SHOP.expected(2, "single")
    for words in (
        "2 orders need a person (1 cause)", "00000002", money.show(refused.total, "USD"), str(refused.invoicing_store),
        f"product {_upc(2)} is not known", "00000003", f"product {_upc(3, 'multi_store')} is not known",
        "then bring the order again", "Nothing is missing: every order is in exactly one of these lines.",
    ):  # fmt: skip
        assert words.casefold() in f"{mail['Subject']} {text}".casefold(), words
    rows = list(csv.DictReader(io.StringIO(attachment(mail), newline="")))
    assert len(rows) == 2
    assert all(
        {key, str(SHOP.expected(int(key), kind).invoicing_store)} <= set(row.values())
        for key, kind, row in zip(("00000002", "00000003"), ("single", "multi_store"), rows, strict=True)
    )


def test_refused_order_is_brought_again_by_its_number_with_its_slips(lab: AirflowLab) -> None:
    lab.complete([SHOP.order(1), SHOP.order(3, "multi_store")])
    lab.world.retailpro.settings.unknown_upcs.add(_upc(3, "multi_store"))
    lab.run(INVOICING)
    lab.world.retailpro.settings.unknown_upcs.clear()

    again = lab.run(INVOICING, order_ids=["00000003"])

    assert (again.state, set(again.tasks.values())) == ("success", {"success"})
    assert Invoices.of(SHOP, {1: "single", 3: "multi_store"}).faults(lab.world.retailpro) == []
    posts = lab.world.retailpro.database.posts_by_key("invoice")
    assert posts == {"00000001": 1, "00000003": 2}
    assert len(lab.mails) == 1
    assert {batch.state for batch in lab.batches()} == {"CLOSED"}
    unknown = lab.run(INVOICING, order_ids=["00000003"])
    assert (unknown.state, unknown.tasks["collect"]) == ("failed", "failed"), "it waits no longer"


def test_next_report_tells_what_was_solved(lab: AirflowLab) -> None:
    lab.complete([SHOP.order(1)])
    lab.world.retailpro.settings.unknown_upcs.add(_upc(1))
    lab.run(INVOICING)
    lab.world.retailpro.settings.unknown_upcs.clear()
    lab.run(INVOICING, order_ids=["all"])
    lab.complete([SHOP.order(2, lacking=["billTo"])])
    lab.run(INVOICING)
    first, second = lab.mails
    assert first["Message-ID"] != second["Message-ID"]
    assert "SOLVED SINCE THE LAST REPORT" in text_of(second)
    assert "00000001" in text_of(second).partition("SOLVED SINCE")[2]


def test_refused_slip_leaves_the_run_green_and_is_brought_again_by_its_number(lab: AirflowLab) -> None:
    (slip, *_) = SHOP.expected(1, "send_sale").slips
    lab.complete([SHOP.order(1, "send_sale"), SHOP.order(2, "pickup")])
    lab.world.retailpro.settings.unknown_stores.add(slip.to_store)
    assert SHOP.expected(2, "pickup").invoicing_store != slip.to_store

    run = lab.run(INVOICING)

    assert (run.state, set(run.tasks.values())) == ("success", {"success"})
    (number, *_) = lab.keys(SLIPS_FLOW, "QUARANTINED")
    (mail,) = lab.mails
    assert number in text_of(mail)
    assert f"store {slip.to_store} is not known" in text_of(mail)
    lab.world.retailpro.settings.unknown_stores.clear()
    again = lab.run(INVOICING, order_ids=["all"])
    assert (again.state, set(again.tasks.values())) == ("success", {"success"})
    assert Invoices.of(SHOP, {1: "send_sale", 2: "pickup"}).faults(lab.world.retailpro) == []
    assert lab.keys(SLIPS_FLOW, "QUARANTINED") == []


def test_order_that_cannot_become_an_invoice_is_never_sent(lab: AirflowLab) -> None:
    numbered = SHOP.order(4)
    for one in numbered["orderIdentifications"]:
        one["idValue"] = "1234567890" if one["orderIdentificationTypeId"] == "SHOPIFY_ORD_NO" else one["idValue"]
    lab.complete([SHOP.order(1), SHOP.order(2, lacking=["billTo"]), SHOP.order(3, "digital_only"), numbered])
    run = lab.run(INVOICING)
    assert run.state == "success"
    assert Invoices.of(SHOP, {1: "single"}).faults(lab.world.retailpro) == []
    assert set(lab.world.retailpro.database.posts_by_key("invoice")) == {"00000001"}
    text = text_of(lab.mails[0])
    for words in (
        "3 orders need a person (3 causes)", "00000002", "the feed has no billTo.address1", "00000003",
        "NO STORE SHIPPED ANY ITEM", "1234567890", "OrderNo would have 10 characters, at most 9 are allowed",
    ):  # fmt: skip
        assert words in text, words


def test_changed_order_waits_and_is_never_a_second_invoice(lab: AirflowLab) -> None:
    lab.complete([SHOP.order(1)])
    lab.run(INVOICING)
    lab.complete([SHOP.order(1, "shipping"), SHOP.order(2)])
    run = lab.run(INVOICING)
    assert run.state == "success"
    assert Invoices.of(SHOP, {1: "single", 2: "single"}).faults(lab.world.retailpro) == []
    assert lab.world.retailpro.database.posts("00000001") == 1
    assert "THE ORDER WAS ALREADY SENT AND HAS CHANGED SINCE" in text_of(lab.mails[0])
