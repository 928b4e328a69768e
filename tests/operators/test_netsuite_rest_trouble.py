"""Calls to NetSuite that go wrong: lies, locks, floods, outages, processes that die. Nothing twice, nothing lost."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from order_sync.errors import NotSent
from order_sync.ledger import State
from order_sync.operators import delivery
from order_sync.partners import netsuite_rest
from sandbox.retailpro import LIES, Lie
from tests.faults.processes import Processes
from tests.support.netsuite_rest_lab import RestLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RestLab]:
    with RestLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def doubled(lab: RestLab, order: str) -> bool:
    """Whether NetSuite has a line of an order twice, or none at all."""
    lines = [(line["hc_order_line_id"], line["line_type_id"]) for line in lab.netsuite.database.order(order)["lines"]]
    return len(set(lines)) < len(lines) or not lines


def test_lies_make_no_second_record_and_lose_none(lab: RestLab) -> None:
    lab.change("netsuite_rest", breaker_failures=100)
    lies = [Lie(what, committed) for what in LIES for committed in (True, False)]
    orders = [lab.shop.place(number, "web") for number in range(1, len(lies) + 1)]
    parties = [f"HC{10_000 + number}" for number in range(1, len(lies) + 1)]
    for lie, order, party in zip(lies, orders, reversed(parties), strict=True):
        lab.netsuite.rest.faults.lies.lie_about(order, lie)
        lab.netsuite.rest.faults.lies.lie_about(party, lie)
    lab.offer()
    lab.run("one")
    assert lab.netsuite.rest.faults.lies.pending == 0
    assert lab.customers(*parties) == {"CONFIRMED": len(lies)}
    assert lab.states(*orders) == {"CONFIRMED": len(lies)}
    figures = lab.netsuite.database.figures()
    assert (figures["customers"], figures["sales_orders"]) == (len(lies), len(lies))
    assert [order for order in orders if doubled(lab, order)] == []


def test_lines_are_not_added_to_by_a_second_put(lab: RestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a look before: what is sent again must replace what is there."""
    lab.change("netsuite_rest", look_first=False)
    order = lab.shop.place(1, "web")
    lab.netsuite.rest.faults.lies.lie_about(order, Lie("reset", True), Lie("500", True))
    lab.offer()
    lab.run("one")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert len(lab.puts(order)) >= 3
    assert not doubled(lab, order)


@pytest.mark.parametrize("status", [429, 400])
def test_account_without_room_slows_us_down_and_loses_nothing(lab: RestLab, status: Any) -> None:
    lab.netsuite.settings.concurrency_limit, lab.netsuite.settings.concurrency_status = 2, status
    lab.netsuite.rest.faults.latency_ms = 20
    orders = [lab.shop.place(number, "web") for number in range(1, 9)]
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 8}
    assert {len(lab.puts(order)) for order in orders} == {1}


def test_no_more_calls_at_once_than_the_settings_say(lab: RestLab) -> None:
    lab.netsuite.rest.faults.latency_ms = 20
    orders = [lab.shop.place(number, "web") for number in range(1, 13)]
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 12}
    assert lab.netsuite.rest.most_at_once == 4


def test_locked_record_is_tried_again_and_at_last_left_to_a_person(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in (1, 2)]
    lab.netsuite.rest.faults.locked.update({orders[0]: 2, orders[1]: 99})
    lab.offer()
    lab.run("one")
    assert lab.states(orders[0]) == {"CONFIRMED": 1}
    left = lab.record(orders[1])
    assert (left.state, left.reason) == (State.QUARANTINED, "NETSUITE_REFUSED")
    assert "changed by another process" in left.message


def test_token_that_ends_or_is_revoked_is_replaced(lab: RestLab) -> None:
    lab.netsuite.settings.token_seconds = 0.3
    lab.netsuite.rest.faults.latency_ms = 60
    orders = [lab.shop.place(number, "web") for number in range(1, 13)]
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 12}


def test_good_token_that_is_refused_for_a_while_is_no_credential_fault(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in range(1, 4)]
    lab.netsuite.rest.faults.invalid_logins = 5
    lab.offer()
    lab.run("one")
    assert lab.states(*orders) == {"CONFIRMED": 3}


def test_good_token_that_is_refused_for_ever_is_one(lab: RestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(netsuite_rest, "_FIRST_WAIT_SECONDS", 0.01)
    lab.shop.place(1, "web")
    lab.netsuite.rest.faults.invalid_logins = 10_000
    lab.offer()
    with pytest.raises(NotSent, match="1 customer not sent: status 401: Invalid login attempt"):
        lab.run("one")
    lab.netsuite.rest.faults.invalid_logins = 0
    lab.run("two")
    assert lab.customers("HC10001") == {"CONFIRMED": 1}


def test_maintenance_stops_the_calls_and_clearing_goes_on(lab: RestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_FIRST_PAUSE_SECONDS", 0.01)
    orders = [lab.shop.place(number, "web") for number in range(1, 31)]
    lab.offer()
    work = lab.collect("customers")
    lab.transform("customers", work)
    lab.netsuite.rest.faults.maintenance = True
    with pytest.raises(NotSent, match="30 customers not sent: the last of 5 failures in a row: no token: status 503"):
        lab.publish("customers", work)
    lab.netsuite.rest.faults.maintenance = False
    lab.publish("customers", work)
    lab.archive("customers", work)
    lab.run("two")
    assert lab.states(*orders) == {"CONFIRMED": 30}


def test_outage_while_lines_are_asked_for_keeps_the_order_open(lab: RestLab, monkeypatch: pytest.MonkeyPatch) -> None:
    order = lab.shop.place(1, "web")
    lab.offer()
    find, calls = netsuite_rest.NetSuite.find, []

    async def down(self: Any, line: Any) -> Any:
        calls.append(line.key)
        if calls.count(order) > 1:
            lab.netsuite.rest.faults.maintenance = True
        return await find(self, line)

    monkeypatch.setattr(netsuite_rest.NetSuite, "find", down)
    with pytest.raises(NotSent, match="does not tell its numbers of the lines of 1 orders"):
        lab.run("one")
    assert lab.states(order) == {"DELIVERED": 1}
    monkeypatch.setattr(netsuite_rest.NetSuite, "find", find)
    lab.netsuite.rest.faults.maintenance = False
    lab.run("two")
    assert lab.states(order) == {"CONFIRMED": 1}
    assert len(lab.puts(order)) == 1


def test_late_commit_of_a_call_that_was_given_up_makes_no_second_record(lab: RestLab) -> None:
    order = lab.shop.place(1, "web")
    lab.netsuite.rest.faults.lies.lie_about(order, Lie("reset", True, late_seconds=0.6))
    lab.offer()
    lab.run("one")
    time.sleep(0.7)
    assert lab.netsuite.database.figures()["sales_orders"] == 1
    assert not doubled(lab, order)
    assert lab.states(order) == {"CONFIRMED": 1}


def test_transport_that_changes_in_the_middle_is_told(lab: RestLab) -> None:
    orders = [lab.shop.place(number, "web") for number in (1, 2)]
    lab.offer()
    lab.send_customers("one")
    work = lab.collect("orders")
    lab.transform("orders", work)
    lab.go_by("sftp")
    with pytest.raises(NotSent, match="were prepared for REST"):
        lab.publish("orders", work)
    lab.transform("orders", work)  # nothing was promised: by SFTP now
    lab.publish("orders", work)
    assert lab.states(*orders) == {"DELIVERED": 2}
    lab.go_by("rest")
    lab.publish("orders", work)
    assert lab.states(*orders) == {"DELIVERED": 2}
    assert {len(lab.puts(order)) for order in orders} == {0}


def test_staged_file_that_was_changed_stops_everything(lab: RestLab) -> None:
    order = lab.shop.place(1, "web")
    lab.offer()
    lab.send_customers("one")
    work = lab.collect("orders")
    lab.transform("orders", work)
    (feed,) = [one for one in lab.book.feeds_of_batch(work["batches"][0]) if one.target.startswith("sales_orders")]
    path = Path(feed.uri.removeprefix("file://"))
    path.write_bytes(path.read_bytes().replace(b'"quantity":', b'"quantity":9'))
    with pytest.raises(AirflowFailException, match="is not the one that was promised"):
        lab.publish("orders", work)
    assert lab.puts(order) == []


def test_key_and_token_are_never_told(lab: RestLab, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    order = lab.shop.place(1, "web")
    lab.netsuite.faults.refuse[order] = "no"
    lab.netsuite.rest.faults.invalid_logins = 1
    lab.offer()
    with caplog.at_level("DEBUG"):
        lab.run("one")
    out = capfd.readouterr()
    told = caplog.text + out.out + out.err + "".join(map(str, lab.everything()))
    secret = lab.netsuite.credentials.private_key.splitlines()[1]
    assert secret not in told
    assert "Bearer" not in told
    assert "eyJ" not in told  # the beginning of any assertion


def test_dry_run_sends_nothing(lab: RestLab) -> None:
    lab.shop.place(1, "web")
    lab.offer()
    lab.run("one", dry_run=True)
    assert lab.netsuite.database.figures()["rest_calls"] == 0


@pytest.mark.parametrize(
    "place",
    [
        "deliver.before_intent:2", "deliver.after_intent:3", "deliver.before_send", "deliver.after_send:2",
        "deliver.before_commit:2", "deliver.after_commit:2",
    ],
)  # fmt: skip
def test_killed_between_call_and_commit_makes_no_second_order(lab: RestLab, tmp_path: Path, place: str) -> None:
    orders = [lab.shop.place(number, "web") for number in range(1, 6)]
    lab.offer()
    lab.send_customers("one")
    work = lab.collect("orders")
    lab.transform("orders", work)
    with Processes(tmp_path) as processes:
        killed = processes.start("publish", "orders", work, at=place, lab="RestLab").finish()
    assert killed.signal == signal.SIGKILL
    assert lab.states(*orders).get("CONFIRMED", 0) < 5
    lab.publish("orders", work)
    assert lab.states(*orders) == {"CONFIRMED": 5}
    assert lab.netsuite.database.figures()["sales_orders"] == 5
    assert not any(doubled(lab, order) for order in orders)


def test_two_runs_at_once_send_each_order_once(lab: RestLab, tmp_path: Path) -> None:
    lab.netsuite.rest.faults.latency_ms = 30
    orders = [lab.shop.place(number, "web") for number in range(1, 13)]
    lab.offer()
    lab.send_customers("one")
    work = lab.collect("orders")
    lab.transform("orders", work)
    with Processes(tmp_path) as processes:
        children = [processes.start("publish", "orders", work, lab="RestLab") for _ in range(2)]
        codes = [child.finish().code for child in children]
    assert 0 in codes
    lab.publish("orders", work)
    assert lab.states(*orders) == {"CONFIRMED": 12}
    assert {len(lab.puts(order)) for order in orders} == {1}
