"""NetSuite's server is away, NetSuite refuses an order, a person asks for something: red or green, and what is left."""

from __future__ import annotations

from datetime import UTC, datetime

from demo.netsuite_books import Books
from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from tests.support.airflow_lab import NETSUITE, AirflowLab, Run, text_of

AT = datetime(2026, 9, 1, 6, 15, tzinfo=UTC)


def _offer(lab: AirflowLab, *numbers: int) -> Books:
    """Orders with their customers, in HotWax's feeds; the customers that NetSuite has to get."""
    shop, books = lab.world.shop, Books()
    for number in numbers:
        shop.place(number)
    books.want_customers(str(customer["partyId"]) for customer in shop.customers_due())
    shop.feed_customers()
    shop.feed_created_orders()
    return books


def _green(lab: AirflowLab, **asked: object) -> Run:
    run = lab.run(NETSUITE, **asked)
    assert (run.state, set(run.tasks.values())) == ("success", {"success"}), (run.tasks, run.log[-3000:])
    return run


def test_server_that_goes_away_makes_the_run_red_and_a_clear_does_what_is_left(lab: AirflowLab) -> None:
    books = _offer(lab, 1, 2, 3)
    lab.world.sftp.stop()
    down = lab.run(NETSUITE, at=AT)
    assert (down.state, down.tasks["take_answers"], down.tasks["report"]) == ("failed", "failed", "success")
    assert {state for task, state in down.tasks.items() if task not in {"take_answers", "report"}} == {
        "upstream_failed"
    }
    assert len(lab.mails) == 1
    lab.world.sftp.start()
    lab.connect(netsuite_sftp={"port": lab.world.sftp.port})
    lab.world.sftp.faults.deny("rename", "*CustomerFeed*", times=9)
    stuck = lab.run(NETSUITE, at=AT)
    assert stuck.state == "failed"
    assert (stuck.tasks["transform_customers"], stuck.tasks["publish_customers"]) == ("success", "failed")
    assert stuck.tasks["find_orders"] == "upstream_failed", "no order goes before its customer"
    assert list(lab.world.netsuite.folder("customer/export").glob("*.csv")) == []
    lab.world.sftp.faults.clear()
    lab.run(NETSUITE, at=AT)
    (first,) = lab.world.netsuite.folder("customer/export").glob("*.csv")
    lab.world.tick()
    assert books.faults(lab.world.netsuite, ["customer"]) == []
    assert lab.keys(NETSUITE_ORDERS, "WAITING") == ["N10001", "N10002", "N10003"]
    lab.run(NETSUITE, at=AT)
    lab.world.tick()
    assert [path.name for path in lab.world.netsuite.folder("customer/export/archive").iterdir()] == [first.name]
    assert books.faults(lab.world.netsuite, ["customer"]) == []
    assert lab.world.netsuite.database.refusals() == []


def test_refused_order_is_sent_once_more_when_a_person_asks(lab: AirflowLab) -> None:
    books = _offer(lab, 1, 2)
    _green(lab)
    lab.world.tick()
    lab.world.netsuite.faults.refuse = {"N10002": "the item is not active"}
    _green(lab)
    lab.world.tick()
    _green(lab)
    assert lab.keys(NETSUITE_ORDERS, "CONFIRMED") == ["N10001"]
    assert lab.keys(NETSUITE_ORDERS, "DELIVERED") == ["N10002"], "nothing is sent again by itself"
    lab.world.netsuite.faults.refuse = {}
    _green(lab, order_ids=["N10002"])
    lab.world.tick()
    _green(lab)
    books.want_orders(lab.world.shop, (1, 2))
    assert books.faults(lab.world.netsuite, ["customer", "order"]) == []
    assert lab.keys(NETSUITE_ORDERS, "CONFIRMED") == ["N10001", "N10002"]


def test_dry_run_changes_nothing_anywhere(lab: AirflowLab) -> None:
    _offer(lab, 1)
    _green(lab)
    lab.world.tick()
    _offer(lab, 2)
    before = lab.everything()
    run = _green(lab, dry_run=True)
    after = lab.everything()
    assert {key for key in before if before[key] != after[key]} == set()
    assert "no answers are taken in" in run.log
    assert "orders in" in run.log
    assert lab.keys(NETSUITE_CUSTOMERS, "DELIVERED") == ["HC10001"]


def test_odd_return_file_is_told_and_stops_nothing(lab: AirflowLab) -> None:
    """A file of another kind lies under a name of NetSuite's."""
    books = _offer(lab, 1)
    _green(lab)
    lab.world.tick()
    odd = lab.world.netsuite.folder("customer/import") / "Sun Nov 01 2026-CustomerExport.csv"
    odd.write_text("something,else\n1,2\n", encoding="utf-8")
    _green(lab)
    lab.world.tick()
    books.want_orders(lab.world.shop, [1])
    assert books.faults(lab.world.netsuite, ["customer", "order"]) == []
    (mail,) = lab.mails
    assert "CustomerExport.csv" in text_of(mail)
