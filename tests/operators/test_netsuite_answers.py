"""NetSuite's return files and error files against the ledger: delayed, lost, doubled, halved, refused and imported."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from order_sync.flow import NETSUITE_DEPOSITS, NETSUITE_ORDERS, now
from order_sync.ledger import Arrival, BatchInput, Decision, FileSeen, State
from order_sync.operators.netsuite_answers import DEPOSIT, LINE, ORDER
from order_sync.operators.netsuite_files import STAGES
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import START

CUSTOMERS, ORDERS = STAGES


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NetSuiteLab]:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def send(lab: NetSuiteLab, *numbers: int) -> list[str]:
    """Orders whose customers NetSuite knows, put into its folder."""
    orders = [lab.shop.place(number, "web") for number in numbers]
    lab.offer()
    lab.send(CUSTOMERS, f"customers of {numbers}")
    lab.netsuite.scripts.run_now()
    lab.answers(f"orders {numbers}")
    lab.send(ORDERS, f"orders {numbers}")
    assert lab.states(*orders) == {"DELIVERED": len(orders)}
    return orders


def told(lab: NetSuiteLab, run: str) -> list[str]:
    return [problem.message for problem in lab.book.problems_of_run(FLOW, run)]


def waiting_file(lab: NetSuiteLab) -> str:
    (path,) = [path for path in lab.netsuite.folder("salesorder/export").iterdir() if path.is_file()]
    return path.name


def error_file(lab: NetSuiteLab, folder: str, suffix: str, text: str) -> str:
    name = f"Sat Nov 21 2026 01:02:03 GMT-0800 (PST)-{suffix}.csv"
    (lab.netsuite.folder(folder) / name).write_text(text, encoding="utf-8")
    return name


@pytest.mark.parametrize("fault", ["duplicate", "delay", "halve"])
def test_ids_that_come_twice_late_or_in_halves_confirm_every_order_once(lab: NetSuiteLab, fault: str) -> None:
    orders = send(lab, 1, 2, 3)
    getattr(lab.netsuite.faults, fault)("SalesOrderExport")
    for run in ("one", "two", "three"):
        lab.netsuite.scripts.run_now()
        lab.answers(run)
    assert lab.states(*orders) == {"CONFIRMED": 3}
    assert [told(lab, run) for run in ("one", "two", "three")] == [[], [], []]


def test_ids_under_external_ids_with_a_prefix_are_found(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch, order_external_id_prefix="SO_") as lab:
        (order,) = send(lab, 1)
        lab.netsuite.scripts.run_now()
        lab.answers("three")
        assert lab.states(order) == {"CONFIRMED": 1}
        assert lab.netsuite.database.order(f"SO_{order}")
        line = lab.netsuite.database.order(f"SO_{order}")["lines"][0]["hc_order_line_id"]
        assert lab.book.ids_of(RETAILER, LINE, [f"{order}:{line}", f"SO_{order}:{line}"]).keys() == {f"{order}:{line}"}


def test_file_that_netsuite_did_not_take_in_makes_exceptions_of_its_orders(
    tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files of one batch, told in one error file whose second row begins with a stray comma."""
    with NetSuiteLab(tmp_path, ledger_template, monkeypatch, max_orders_per_file=1) as lab:
        orders = send(lab, 1, 2)
        assert len({path.name for path in lab.netsuite.folder("salesorder/export").glob("*.csv")}) == 2
        lab.netsuite.settings.most_rows = 0
        lab.netsuite.scripts.run_now()
        lab.answers("three")
        assert lab.states(*orders) == {"QUARANTINED": 2}
        record = lab.record(orders[0])
        assert record.reason == "NETSUITE_REFUSED"
        assert "rows" in record.message
        assert "ErrorSaleOrder.csv" in record.message
        assert record.feed_id is not None
        lab.answers("four")
        assert told(lab, "three") == told(lab, "four") == []
        lab.netsuite.settings.most_rows = 25_000
        lab.send(ORDERS, "five", order_ids=["all"])
        lab.netsuite.scripts.run_now()
        lab.answers("six")
        assert lab.states(*orders) == {"CONFIRMED": 2}


def test_order_that_netsuite_refused_and_has_is_solved_by_its_id(lab: NetSuiteLab) -> None:
    """A file of a name that its archive holds is imported, then complained of."""
    orders = send(lab, 1, 2)
    archive = lab.netsuite.folder("salesorder/export/archive")
    (archive / waiting_file(lab)).write_bytes(b"an older file of that name")
    lab.netsuite.settings.move_replaces = False
    lab.netsuite.faults.delay("SalesOrderExport", runs=1)
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    assert lab.states(*orders) == {"QUARANTINED": 2}
    ids = lab.book.open_exception_ids(NETSUITE_ORDERS, RETAILER)
    lab.book.mark_reported(ids, at=START)
    lab.netsuite.scripts.run_now()
    assert lab.answers("four")[NETSUITE_ORDERS] == 2
    assert lab.states(*orders) == {"CONFIRMED": 2}
    assert lab.book.exceptions(NETSUITE_ORDERS, RETAILER) == []
    solved = lab.book.solved_since_report(NETSUITE_ORDERS, RETAILER)
    assert [(row.order_key, row.reason) for row in solved] == [(order, "NETSUITE_REFUSED") for order in orders]


def test_ids_that_come_with_the_complaint_count_first(lab: NetSuiteLab) -> None:
    orders = send(lab, 1, 2)
    (lab.netsuite.folder("salesorder/export/archive") / waiting_file(lab)).write_bytes(b"older")
    lab.netsuite.settings.move_replaces = False
    lab.netsuite.faults.halve("SalesOrderExport", runs=None)
    lab.netsuite.scripts.run_now()
    lab.answers("three")
    assert lab.states(*orders) == {"CONFIRMED": 1, "QUARANTINED": 1}


def test_complaint_about_a_file_that_is_none_of_ours_is_told_by_name(lab: NetSuiteLab) -> None:
    text = "fileName,errorMessage\nother.csv,Unexpected, and unquoted\n,,no file at all\n"
    name = error_file(lab, "salesorder/export/error", "ErrorSaleOrder", text)
    lab.answers("one")
    assert told(lab, "one") == [
        f"NetSuite's {name!r} says, of the file other.csv, which we never sent: Unexpected, and unquoted",
        f"NetSuite's {name!r} says, of no file: ,no file at all",
    ]
    lab.answers("two")
    assert told(lab, "two") == []


def test_complaint_of_another_kind_of_file_is_told(lab: NetSuiteLab) -> None:
    name = error_file(lab, "customer/export/error", "ErrorAddCustomer", "orderId,errorMessage\n1,no\n")
    lab.answers("one")
    (message,) = told(lab, "one")
    assert message.startswith(f"File {name}: its first line is 'orderId,errorMessage'")


def test_complaint_waits_for_the_run_that_died_after_it_put_the_file_there(lab: NetSuiteLab) -> None:
    deposits = deliver_deposits(lab, ["M1-CD-1"], until=State.INTENDED)
    lab.book.keep_ids(RETAILER, ORDER, {"M1": "501"}, source="test", at=START)
    error_file(lab, "salesorder/customerdeposit/error", "ErrorCustomerDeposit", "orderId,errorMessage\n501,no\n")
    lab.answers("one")
    assert states(lab, *deposits) == ["INTENDED"]
    (feed,) = lab.book.feeds_of_batch(lab.record("M1-CD-1", NETSUITE_DEPOSITS).batch_id)
    lab.book.publish_feed(feed.id, at=now(), who="test")
    lab.answers("two")
    assert states(lab, *deposits) == ["QUARANTINED"]


# Deposits


def deliver_deposits(lab: NetSuiteLab, keys: Sequence[str], *, until: State = State.DELIVERED) -> list[str]:
    """Deposits that lie in NetSuite's folder, as the ledger knows them."""
    book, content = lab.book, "\n".join(keys)
    digest = hashlib.sha256(content.encode()).hexdigest()
    seen = FileSeen(digest, len(content), f"file:///{digest}", f"{digest}.json", "", None)
    (file,) = book.record_files(NETSUITE_DEPOSITS, RETAILER, [seen], at=START)
    batch = book.create_batch(
        flow=NETSUITE_DEPOSITS, retailer=RETAILER, key=digest, kind="derived", window=None, dag_id=FLOW, run_id="test",
        files=[BatchInput(file.id, seen.name, "", None, 0)], at=START,
    )  # fmt: skip
    arrivals = [
        Arrival(
            order_key=key, content_hash=digest, updated_ms=None, file_id=file.id, record_index=index, offset=index,
            length=1, amount_minor=100, currency="USD", lines=1,
        )
        for index, key in enumerate(keys)
    ]  # fmt: skip
    taken = book.admit(batch, arrivals, at=START, who="test")
    book.decide(batch.id, [Decision(one.record_id or 0, State.READY) for one in taken], at=START, who="test")
    feed = book.register_feed(
        batch.id, target="deposits", name=f"{digest}.json", sha256=digest, uri=seen.uri, rows=len(keys),
        orders=len(keys), amounts={"USD": 100 * len(keys)}, carries_records=True, at=START,
    )  # fmt: skip
    book.attach_records_to_feed(feed.id)
    book.intend_feed(feed.id, remote_path="there", at=START, who="test")
    if until is State.DELIVERED:
        book.publish_feed(feed.id, at=now(), who="test")
    return list(keys)


def states(lab: NetSuiteLab, *keys: str) -> list[str]:
    return [lab.record(key, NETSUITE_DEPOSITS).state.value for key in keys]


def deposit_ids(lab: NetSuiteLab, text: str, number: int = 1) -> str:
    name = f"Sat Nov 21 2026 01:02:0{number} GMT-0800 (PST)-CustomerDepositExport.csv"
    path = lab.netsuite.folder("salesorder/import/orderpayment") / name
    path.write_text(f"orderId,internalId,manualRefNumber\n{text}", encoding="utf-8")
    return name


def test_deposit_is_confirmed_by_its_own_name(lab: NetSuiteLab) -> None:
    deposits = deliver_deposits(lab, ["M1-CD-1", "M1-CD-2", "M2-CD-1"])
    deposit_ids(lab, "M1,901,M1-CD-1\nM1,902,M1-CD-2\n")
    assert lab.answers("one")[NETSUITE_DEPOSITS] == 2
    assert states(lab, *deposits) == ["CONFIRMED", "CONFIRMED", "DELIVERED"]
    assert lab.book.ids_of(RETAILER, DEPOSIT, ["M1-CD-2"]) == {"M1-CD-2": "902"}


@pytest.mark.parametrize("order", ["M1", "501"], ids=["HotWax's id", "NetSuite's id"])
@pytest.mark.parametrize("reference", ["", "undefined", "#1001"])
def test_deposit_that_is_the_only_open_one_of_its_order_is_confirmed(
    lab: NetSuiteLab, order: str, reference: str
) -> None:
    deposits = deliver_deposits(lab, ["M1-CD-1", "M2-CD-1"])
    lab.book.keep_ids(RETAILER, ORDER, {"M1": "501", "M2": "502"}, source="test", at=START)
    deposit_ids(lab, f"{order},901,{reference}\n")
    lab.answers("one")
    assert states(lab, *deposits) == ["CONFIRMED", "DELIVERED"]
    assert told(lab, "one") == []


def test_deposit_that_could_be_one_of_two_is_told(lab: NetSuiteLab) -> None:
    deposits = deliver_deposits(lab, ["M1-CD-1", "M1-CD-2"])
    name = deposit_ids(lab, "M1,901,undefined\nM9,903,#9\n")
    lab.answers("one")
    assert states(lab, *deposits) == ["DELIVERED", "DELIVERED"]
    (message,) = told(lab, "one")
    assert message.startswith(f"The return file {name!r} tells of deposits that belong to no one deposit of ours: ")
    assert message.endswith(": 901 of order M1; 903 (#9) of order M9.")
    deposit_ids(lab, "M1,902,M1-CD-2\nM1,901,\n", number=2)  # one is named: the other is the only open one
    lab.answers("two")
    assert states(lab, *deposits) == ["CONFIRMED", "CONFIRMED"]


def test_refused_deposit_is_an_exception_in_netsuites_words(lab: NetSuiteLab) -> None:
    deposits = deliver_deposits(lab, ["M1-CD-1", "M1-CD-2", "M2-CD-1"])
    lab.book.keep_ids(RETAILER, ORDER, {"M1": "501", "M2": "502"}, source="test", at=START)
    deposit_ids(lab, "M1,901,M1-CD-1\n")
    text = "orderId,errorMessage\n501,Invalid paymentmethod reference key 9, or so.\n999,unknown\n"
    name = error_file(lab, "salesorder/customerdeposit/error", "ErrorCustomerDeposit", text)
    lab.answers("one")
    assert states(lab, *deposits) == ["CONFIRMED", "QUARANTINED", "DELIVERED"]
    record = lab.record("M1-CD-2", NETSUITE_DEPOSITS)
    assert record.reason == "NETSUITE_REFUSED"
    assert record.message == f"Invalid paymentmethod reference key 9, or so. (NetSuite's {name} of its order 501)"
    assert told(lab, "one") == [
        f"NetSuite's {name!r} says, of a deposit of its order 999, which has no open one: unknown"
    ]
    deposit_ids(lab, "M1,902,M1-CD-2\n", number=2)  # the other deposit of the order was the refused one
    lab.answers("two")
    assert states(lab, "M1-CD-2") == ["CONFIRMED"]


def test_folder_that_may_not_be_read_is_told_and_the_others_are_taken_in(lab: NetSuiteLab) -> None:
    (order,) = send(lab, 1)
    lab.netsuite_works()
    lab.world.sftp.faults.deny("list", "/netsuite/customer/import")
    lab.answers("denied")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert any("netsuite/customer/import" in message and "not permitted" in message for message in told(lab, "denied"))
