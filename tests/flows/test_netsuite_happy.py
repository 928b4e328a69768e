"""Customers and created orders of every kind go to NetSuite through Airflow, and what comes back confirms them."""

from __future__ import annotations

from datetime import UTC, datetime

from demo.netsuite_books import Books
from order_sync.flow import NETSUITE_CASH_SALES, NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from sandbox.hotwax.created_orders import KINDS
from tests.support.airflow_lab import CASH_SALES, NETSUITE, AirflowLab, Run, text_of

AT = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)
#: An order of every kind, each of a customer of its own.
ORDERS = dict(enumerate(KINDS, 1))
NUMBER = {kind: f"N{10_000 + number}" for number, kind in ORDERS.items()}


def _round(lab: AirflowLab, at: datetime | None = None, dag_id: str = NETSUITE) -> Run:
    """HotWax offers what is due, a run, then NetSuite and HotWax do what is theirs."""
    shop = lab.world.shop
    if dag_id == NETSUITE:
        shop.feed_customers()
        shop.feed_created_orders()
    run = lab.run(dag_id, at=at)
    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), (run.tasks, run.log[-3000:])
    lab.world.tick()
    return run


def test_every_kind_of_order_stands_in_netsuite_once_whatever_is_repeated(lab: AirflowLab) -> None:
    shop, books = lab.world.shop, Books()
    for number, kind in ORDERS.items():
        shop.place(number, kind)
    books.want_customers(str(customer["partyId"]) for customer in shop.customers_due())

    _round(lab, AT)

    assert books.faults(lab.world.netsuite, ["customer"]) == []
    (mail,) = lab.mails
    assert "An order of a till is paid in part only".upper() in text_of(mail)
    assert NUMBER["part_paid_pos"] in text_of(mail)
    for _ in range(3):
        _round(lab)
    shop.feed_completed_pos_orders()
    for _ in range(2):
        _round(lab, dag_id=CASH_SALES)
    books.want_orders(shop, ORDERS)
    books.want_cash_sales(shop, [number for number, kind in ORDERS.items() if kind == "pos_completed"])
    assert len(books.of("order")) == len(ORDERS) - 4
    assert books.faults(lab.world.netsuite) == []
    assert books.unequal(lab.world.netsuite) == []
    assert lab.keys(NETSUITE_ORDERS, "CONFIRMED") == sorted(books.of("order"))
    assert lab.keys(NETSUITE_CASH_SALES, "CONFIRMED") == sorted(books.of("cash_sale"))
    assert lab.world.netsuite_ids.approvals() == dict.fromkeys(books.of("order"), 1)
    assert lab.keys(NETSUITE_CUSTOMERS, "CONFIRMED") == sorted(books.of("customer"))
    assert lab.keys(NETSUITE_ORDERS, "WAITING") == [NUMBER["unknown_product"]]
    assert lab.keys(NETSUITE_ORDERS, "QUARANTINED") == [NUMBER["part_paid_pos"]]
    assert lab.world.netsuite_ids.changes() == []
    for batch in lab.batches():
        with lab.ledger() as book:
            equation = book.equation(batch.id)
        assert equation.gap(equation.arrived) == "", batch

    _repeat_everything(lab)

    assert books.faults(lab.world.netsuite) == []
    assert books.unequal(lab.world.netsuite) == []
    assert lab.world.netsuite.database.refusals() == []
    assert lab.world.netsuite_ids.approvals() == dict.fromkeys(books.of("order"), 1)


def _repeat_everything(lab: AirflowLab) -> None:
    """Every file of every stage is dropped again, the first run is cleared, and NetSuite looks once more."""
    root, again = lab.world.sftp.root, []
    shop = lab.world.shop
    for inbox in (shop.customers_folder, shop.created_orders_folder, shop.completed_pos_orders_folder):
        for number, path in enumerate(sorted(inbox.glob("archive/**/*.json"))):
            again.append(inbox / f"again-{number}.json")
            again[-1].write_bytes(path.read_bytes())
    returned = sorted(root.glob("netsuite/*/import/**/*.csv"))
    for number, path in enumerate(returned):
        folder = path.parent.parent if path.parent.name == "archive" else path.parent
        (folder / f"{number} again-{path.name.rpartition('-')[2]}").write_bytes(path.read_bytes())
    assert len(again) >= 6
    assert len(returned) >= 3
    exported = _exported(lab)
    for dag_id, at in ((NETSUITE, AT), (NETSUITE, None), (CASH_SALES, None)):
        run = lab.run(dag_id, at=at)
        assert (run.state, set(run.tasks.values())) == ("success", {"success"}), (run.tasks, run.log[-3000:])
        lab.world.tick()
    assert _exported(lab) == exported


def _exported(lab: AirflowLab) -> dict[str, str]:
    """Every file that NetSuite was given, with a hash of its bytes."""
    folders = ("customer/export", "salesorder/export", "salesorder/customerdeposit", "cashsale/export")
    return {name: sha256 for name, sha256 in lab.tree().items() if any(f"netsuite/{one}/" in name for one in folders)}
