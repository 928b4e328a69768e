"""Customers' names, addresses, phones and e-mails, and our passwords, stay out of logs, XComs and mails."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab

SHOP = Shop(seed=31)


def test_nothing_personal_leaves_the_feeds(lab: AirflowLab) -> None:
    good = [SHOP.order(n, "send_sale", lacking=("guest", "no_email", "no_phone")) for n in range(1, 6)]
    bad = SHOP.order(10, "send_sale", lacking=("guest", "no_email", "no_phone"))
    bad["shippingAddress"]["city"] = ""
    torn = SHOP.order(11, "in_store", lacking=("guest", "no_email"))
    torn["orderProductList"][0]["quantity"] = "one"
    lab.drop(*good, bad, torn)
    run = lab.run()
    assert run.state == "success"

    passwords = {str(connection["password"]) for connection in lab.connections().values() if connection.get("password")}
    secrets = passwords | set(_personal([*good, bad, torn]))
    assert len(secrets) > 10
    places = {"log": run.log, **{f"mail {mail['Subject']}": mail.as_string() for mail in lab.mails}}
    places |= {str(database): _dump(database) for database in (lab.home / "airflow.db", lab.ledger_path)}
    assert len(places) == 4
    assert all("predictspring_order_sync" in text or "PS000000" in text for text in places.values())
    assert {(place, secret) for place, text in places.items() for secret in secrets if secret in text} == set()


def _personal(orders: list[dict[str, Any]]) -> Iterator[str]:
    for order in orders:
        for holder in ("shippingAddress", "customerProfile", "billingAddress"):
            person = order.get(holder) or {}
            for field in ("email", "emailAddress", "phone", "phoneMobile", "addressLine1"):
                if value := person.get(field):
                    yield value
        if order.get("email"):
            yield order["email"]


def _dump(database: Path) -> str:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        return "\n".join(connection.iterdump())
