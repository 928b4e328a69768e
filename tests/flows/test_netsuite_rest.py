"""Customers, created orders of every kind and their deposits go to NetSuite by REST through Airflow, in one run."""

from __future__ import annotations

from datetime import UTC, datetime

from demo.netsuite_books import Books
from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, NETSUITE_ORDERS
from sandbox.hotwax.created_orders import KINDS
from sandbox.retailpro import Lie
from tests.support.airflow_lab import NETSUITE, AirflowLab

AT = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)


def test_one_run_brings_customers_and_their_orders(lab: AirflowLab) -> None:
    lab.netsuite_by_rest(connect_seconds=2, read_seconds=1, lease_margin_seconds=0.5, settle_seconds=0.1)
    shop, books, kinds = lab.world.shop, Books(), dict(enumerate(KINDS, 1))
    for number, kind in kinds.items():
        shop.place(number, kind)
    books.want_customers(str(customer["partyId"]) for customer in shop.customers_due())
    lab.world.netsuite.rest.faults.lies.lie_about("HC10001", Lie("reset", committed=True))
    shop.feed_customers()
    shop.feed_created_orders()

    run = lab.run(NETSUITE, at=AT)

    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), (run.tasks, run.log[-3000:])
    lab.world.tick()  # HotWax learns the ids as ever, by NetSuite's return files
    books.want_orders(shop, kinds)
    assert books.faults(lab.world.netsuite, ["customer", "order", "deposit"]) == []
    assert lab.keys(NETSUITE_ORDERS, "CONFIRMED") == sorted(books.of("order"))
    assert lab.keys(NETSUITE_DEPOSITS, "CONFIRMED") == sorted(f"{order}-CD-1" for order in books.of("deposit"))
    assert lab.keys(NETSUITE_CUSTOMERS, "CONFIRMED") == sorted(books.of("customer"))
    for folder in ("salesorder/export", "salesorder/customerdeposit"):
        assert not [path for path in lab.world.netsuite.folder(folder).iterdir() if path.is_file()]
