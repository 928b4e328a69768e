"""What Retail Pro creates, tells and remembers; who may ask."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from sandbox.retailpro import INVOICE_PATH, SLIP_PATH, Lie, RetailPro, RetailProDatabase, RetailProSettings
from tests.sandbox.retailpro_kit import TIMEOUT, found, invoice, look_up, post, slip

PROJECT = Path(__file__).parents[2]


@pytest.fixture
def make_retailpro(tmp_path: Path) -> Iterator[Callable[..., RetailPro]]:
    """Make a running Retail Pro, always on the same database."""
    running: list[RetailPro] = []

    def make(**settings: object) -> RetailPro:
        one = RetailPro(tmp_path / "retailpro.sqlite", settings=RetailProSettings(**settings))  # type: ignore[arg-type]
        one.start()
        running.append(one)
        return one

    yield make
    for one in running:
        one.server.stop()
        one.database.close()


@pytest.fixture
def retailpro(make_retailpro: Callable[..., RetailPro]) -> RetailPro:
    return make_retailpro()


def test_creates_an_invoice_and_keeps_the_truth(retailpro: RetailPro) -> None:
    body = json.dumps(invoice(total=92.0725), indent=1).encode()
    answer = post(retailpro, body)
    told = {"Success": True, "InvoiceNo": "INV-0000001", "OrderNo": "00000001"}
    assert (answer.status_code, answer.json()) == (201, told)
    assert answer.headers["Content-Type"].startswith("application/json")
    (created,) = retailpro.database.invoices()
    assert (created.invoice_no, created.order_no, created.invoicing_store) == ("INV-0000001", "00000001", "SVA32")
    assert (created.total_amt, created.total_disc_amt, created.shipping_amt) == (920_725, 100_000, 25_000)
    assert created.created_date == "2026-03-20T11:29:00"
    (call,) = retailpro.database.calls()
    assert (call.body, call.sha256) == (body, hashlib.sha256(body).hexdigest())
    assert (call.operation, call.key, call.committed, call.status, call.lie) == ("invoice", "00000001", True, 201, "")
    assert json.loads(call.answer) == told
    assert created.sha256 == call.sha256
    assert created.call_number == call.number == 1
    assert timedelta(0) <= datetime.now(UTC) - call.arrived_at < timedelta(minutes=1)


def test_creates_a_slip(retailpro: RetailPro) -> None:
    answer = post(retailpro, slip())
    assert (answer.status_code, answer.json()) == (201, {"Success": True, "SlipNo": "000000011"})
    (created,) = retailpro.database.slips("000000011")
    assert (created.from_store, created.to_store, created.total_qty) == ("P22", "SVA32", 30_000)
    assert retailpro.database.posts_by_key("slip") == {"000000011": 1}
    assert retailpro.database.posts_by_key("invoice") == {}


def test_without_duplicate_handling_a_second_post_is_a_second_invoice(retailpro: RetailPro) -> None:
    numbers = [post(retailpro, invoice()).json()["InvoiceNo"] for _ in range(2)]
    post(retailpro, slip())
    post(retailpro, slip())
    assert numbers == ["INV-0000001", "INV-0000002"]
    assert retailpro.database.created_twice() == ["00000001", "000000011"]
    assert retailpro.database.invoiced_total() == 2 * 925_000
    assert found(retailpro, "00000001") == ["00000001"] * 2


def test_duplicates_are_told_with_what_was_there_first(make_retailpro: Callable[..., RetailPro]) -> None:
    retailpro = make_retailpro(duplicates=True)
    assert post(retailpro, invoice()).status_code == 201
    answer = post(retailpro, {**invoice(total=1), "InvoicingStore": "SVA01"})
    assert answer.status_code == 409
    assert answer.json() == {
        "Success": False,
        "Code": "DUPLICATE",
        "Message": "00000001 exists already",
        "OrderNo": "00000001",
        "InvoiceNo": "INV-0000001",
        "InvoicingStore": "SVA32",
        "TotalAmt": 92.5,
        "CreatedDate": "2026-03-20T11:29:00",
    }
    assert post(retailpro, slip()).status_code == 201
    again = post(retailpro, slip())
    assert (again.status_code, again.json()["Code"], again.json()["SlipNo"]) == (409, "DUPLICATE", "000000011")
    assert (len(retailpro.database.invoices()), len(retailpro.database.slips())) == (1, 1)
    assert retailpro.database.created_twice() == []
    assert [call.committed for call in retailpro.database.calls("00000001")] == [True, False]


def test_a_number_that_was_refused_is_free(make_retailpro: Callable[..., RetailPro]) -> None:
    retailpro = make_retailpro(duplicates=True)
    retailpro.faults.lie_about("00000001", Lie("500", committed=False))
    assert [post(retailpro, invoice(total=amount)).status_code for amount in ("x", 1, 2, 3)] == [500, 201, 409, 409]


def test_look_up(retailpro: RetailPro) -> None:
    assert look_up(retailpro, "00000001").json() == {"Documents": []}
    assert look_up(retailpro, "000000011", slips=True).json() == {"Documents": []}
    post(retailpro, invoice(total=19.9))
    post(retailpro, slip())
    answer = look_up(retailpro, "00000001")
    assert b'"TotalAmt":19.9,' in answer.content
    assert answer.json()["Documents"] == [
        {
            "OrderNo": "00000001",
            "InvoiceNo": "INV-0000001",
            "InvoicingStore": "SVA32",
            "TotalAmt": 19.9,
            "CreatedDate": "2026-03-20T11:29:00",
        }
    ]
    (shown,) = look_up(retailpro, "000000011", slips=True).json()["Documents"]
    assert shown == {"SlipNo": "000000011", "FromStore": "P22", "ToStore": "SVA32", "TotalQty": 3}


def test_retail_pro_without_look_up(make_retailpro: Callable[..., RetailPro]) -> None:
    retailpro = make_retailpro(look_up=False)
    post(retailpro, invoice())
    assert look_up(retailpro, "00000001").status_code == 404
    retailpro.settings.look_up = True
    assert found(retailpro, "00000001") == ["00000001"]


@pytest.mark.parametrize(("method", "path", "status"), [("PUT", INVOICE_PATH, 405), ("GET", "/api/v1/Document", 404)])
def test_nothing_else_is_here(retailpro: RetailPro, method: str, path: str, status: int) -> None:
    assert requests.request(method, f"{retailpro.url}{path}", timeout=TIMEOUT).status_code == status


def headers(retailpro: RetailPro, way: str, secret: str = "") -> dict[str, str]:
    known = retailpro.credentials
    if way == "api_key":
        return {"X-API-Key": secret or known.api_key}
    return {"Authorization": f"Bearer {secret or known.token}"} if way == "bearer" else {}


@pytest.mark.parametrize("way", ["none", "bearer", "api_key"])
def test_other_ways_in(make_retailpro: Callable[..., RetailPro], way: str) -> None:
    retailpro = make_retailpro(auth=way)
    shown = headers(retailpro, way)
    assert post(retailpro, invoice(), auth=None, headers=shown).status_code == 201
    if way != "none":
        for wrong in ({}, headers(retailpro, way, "wrong")):
            answer = post(retailpro, invoice("00000002"), auth=None, headers=wrong)
            assert (answer.status_code, answer.json()) == (401, {"Message": "Not authorized"})
        assert post(retailpro, invoice("00000002")).status_code == 401, "basic is not asked for"
    assert len(retailpro.database.invoices()) == 1


def test_basic_authentication_and_a_rotated_password(retailpro: RetailPro) -> None:
    old = (retailpro.credentials.login, retailpro.credentials.password)
    assert post(retailpro, invoice("1"), auth=(old[0], "wrong")).status_code == 401
    assert post(retailpro, invoice("2"), auth=None).status_code == 401
    retailpro.credentials.password = "another"
    assert post(retailpro, invoice("3"), auth=old).status_code == 401
    assert post(retailpro, invoice("4")).status_code == 201
    answers = [(call.key, call.status, call.committed) for call in retailpro.database.calls()]
    assert answers == [("1", 401, False), ("2", 401, False), ("3", 401, False), ("4", 201, True)]
    assert requests.get(f"{retailpro.url}{SLIP_PATH}?SlipNo=1", timeout=TIMEOUT).status_code == 401


def test_token_expires(make_retailpro: Callable[..., RetailPro]) -> None:
    retailpro = make_retailpro(auth="bearer", expire_token_after=2)

    def call(number: int) -> int:
        return post(retailpro, invoice(str(number)), auth=None, headers=headers(retailpro, "bearer")).status_code

    assert [call(number) for number in range(3)] == [201, 201, 401]
    retailpro.credentials.token = "fresh"
    assert [call(number) for number in range(3, 6)] == [201, 201, 401]


def test_nothing_is_forgotten_over_a_restart(make_retailpro: Callable[..., RetailPro]) -> None:
    first = make_retailpro(duplicates=True)
    post(first, invoice())
    post(first, slip())
    first.stop()
    second = make_retailpro(duplicates=True)
    assert second.credentials.password == first.credentials.password
    assert post(second, invoice()).status_code == 409
    assert post(second, invoice("00000002")).json()["InvoiceNo"] == "INV-0000002"
    assert found(second, "00000001") == ["00000001"]
    assert second.database.figures() == {"invoices": 2, "slips": 1, "calls": 4, "look_ups": 1}


def test_server_may_be_stopped_and_started_on_its_port(retailpro: RetailPro) -> None:
    url = retailpro.url
    post(retailpro, invoice())
    retailpro.server.stop()
    with pytest.raises(requests.ConnectionError):
        post(retailpro, invoice("00000002"))
    retailpro.server.start()
    assert retailpro.url == url
    assert found(retailpro, "00000001") == ["00000001"]


def test_another_process_may_read_while_it_runs(retailpro: RetailPro, tmp_path: Path) -> None:
    post(retailpro, invoice())
    other = RetailProDatabase(tmp_path / "retailpro.sqlite")
    assert other.invoices() == retailpro.database.invoices()
    post(retailpro, invoice("00000002"))
    assert [call.key for call in other.calls()] == ["00000001", "00000002"]
    other.close()


def test_many_at_once_lose_nothing(make_retailpro: Callable[..., RetailPro]) -> None:
    retailpro = make_retailpro(auth="none", duplicates=True)
    retailpro.faults.latency_ms = 20

    def send(worker: int) -> None:
        with requests.Session() as session:
            for number in (*range(worker * 5, worker * 5 + 5), 999):
                session.post(f"{retailpro.url}{INVOICE_PATH}", json=invoice(str(number), number), timeout=TIMEOUT)

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    invoices = retailpro.database.invoices()
    assert {one.order_no for one in invoices} == {*map(str, range(40)), "999"}
    assert len(invoices) == 41
    assert retailpro.database.invoiced_total() == (sum(range(40)) + 999) * 10_000
    assert retailpro.database.posts("999") == 8
    assert 2 <= retailpro.server.most_at_once <= 8


def test_summary_is_for_people(retailpro: RetailPro) -> None:
    post(retailpro, invoice(total=10.05))
    summary = requests.get(f"{retailpro.url}/sandbox/summary", timeout=TIMEOUT).json()
    assert summary == {"invoices": 1, "slips": 0, "calls": 1, "look_ups": 0, "totalAmt": 10.05, "createdTwice": []}


def start_process(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sandbox.retailpro", "--database", str(tmp_path / "alone.sqlite"), *options]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def test_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    faults = tmp_path / "faults.json"
    faults.write_text(json.dumps({"lies": [{"key": "1", "what": "500", "committed": True}]}))
    with start_process(tmp_path, "--no-auth", "--latency-ms", "50", "--faults", str(faults)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        url = process.stdout.readline().strip()
        started = datetime.now(UTC)
        assert requests.post(f"{url}{INVOICE_PATH}", json=invoice("1"), timeout=TIMEOUT).status_code == 500
        assert datetime.now(UTC) - started >= timedelta(milliseconds=50)
        truth = RetailProDatabase(tmp_path / "alone.sqlite")
        assert [one.order_no for one in truth.invoices()] == ["1"]
        truth.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        assert process.stderr.read() == ""


def test_process_says_why_it_cannot_start(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with start_process(tmp_path, "--port", str(taken.getsockname()[1])) as process:
            assert process.wait(20) == 1
            assert process.stderr is not None
            assert "Retail Pro cannot start" in process.stderr.read()
