"""What a person may ask of a run, and what must not be seen of customers whatever happens."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.hotwax.completed_orders import CompletedOrders, Order
from sandbox.retailpro import Lie
from tests.support.airflow_lab import INVOICING, AirflowLab

SHOP = CompletedOrders(seed=29)


def test_dry_run_changes_nothing_anywhere(lab: AirflowLab) -> None:
    upc = next(iter(SHOP.expected(2, "single").quantities))
    lab.world.retailpro.settings.unknown_upcs.add(upc)
    lab.complete([SHOP.order(1), SHOP.order(2)])
    lab.run(INVOICING)
    new = [SHOP.order(3, "multi_store"), SHOP.order(4, "pos"), SHOP.order(5, "digital_only"), SHOP.order(1)]
    lab.complete(new)
    before = lab.everything()
    asked: list[tuple[dict[str, Any], list[str]]] = [
        ({}, ["4 orders in, 1 into the feed", "1 set aside: NO_STORE", "1 left out: POS_ORDER", "ALREADY_SENT"]),
        ({"order_ids": ["00000002"]}, ["1 orders in, 1 into the feed"]),
        ({"order_ids": ["all"]}, ["1 orders in, 1 into the feed"]),
        ({"max_records": 1}, ["4 orders in"]),
    ]
    for conf, told in asked:
        run = lab.run(INVOICING, dry_run=True, **conf)
        assert (run.state, set(run.tasks.values())) == ("success", {"success"}), conf
        after = lab.everything()
        assert {key for key in before if before[key] != after[key]} == set(), conf
        assert [words for words in told if words not in run.log] == [], conf


def test_nothing_personal_leaves_the_feeds(lab: AirflowLab) -> None:
    """Not into logs, XComs, the ledger, the mails, nor into what is kept of Retail Pro's answers."""
    good = [SHOP.order(1), SHOP.order(2, "multi_store"), SHOP.order(3, "fiscal"), SHOP.order(4, "pos")]
    long_mail = SHOP.order(5, customerEmail=f"{'somebody.' * 8}else@example.com")
    no_address = SHOP.order(6, lacking=["billTo.address1"])
    torn = SHOP.order(7, "quantity")
    torn["shipments"][0]["shipmentItems"][0]["itemQuantity"] = "one"
    refused, doubtful = SHOP.order(8), SHOP.order(9)
    lab.invoicing(resolve_doubt="person")
    lab.world.retailpro.settings.unknown_upcs.update(SHOP.expected(8, "single").quantities)
    lab.world.retailpro.faults.lie_about("00000009", Lie("html", committed=True))
    orders = [*good, long_mail, no_address, torn, refused, doubtful]
    lab.complete(orders)
    run = lab.run(INVOICING)
    assert run.tasks["deliver"] == "failed"
    assert len(lab.mails) == 1

    secrets = {str(connection["password"]) for connection in lab.connections().values() if connection.get("password")}
    secrets |= set(_personal(orders))
    assert len(secrets) > 30
    places = {"log": run.log, "mail": lab.mails[0].as_string()}
    places |= {str(database): _dump(database) for database in (lab.home / "airflow.db", lab.ledger_path)}
    places |= {name: data.decode() for name, data in lab.published("retailpro/responses").items()}
    assert len(places) >= 5
    assert all("retailpro_invoicing" in text or "0000000" in text for text in places.values())
    assert {(place, secret) for place, text in places.items() for secret in secrets if secret in text} == set()


def _personal(orders: list[Order]) -> Iterator[str]:
    """Names, addresses, phones, e-mails, documents of persons and of companies."""
    for order in orders:
        yield f"{order['customerFirstName']} {order['customerLastName']}"
        yield order["customerLastName"]
        yield order["customerEmail"]
        yield order["billTo"]["phone"]["contactNumber"]
        named = {"customerId", "companyId", "companyName", "companyAddress"}
        yield from (one["attrValue"] for one in order["orderAttributes"] if one["attrName"] in named)
        shipped_to = [shipment["shipTo"] for shipment in order["shipments"] if shipment["shipTo"]]
        for place in (order["billTo"], *shipped_to):
            yield from (place[key] for key in ("toName", "address1", "city") if place.get(key))


def _dump(database: Path) -> str:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return "\n".join(connection.iterdump())
