"""Every lie, with and without the document behind it; outage, rate limit, look-ups that mislead."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
import requests

from sandbox.retailpro import INVOICE_PATH, LIES, Lie, RetailPro, RetailProFaults, RetailProSettings
from tests.sandbox.retailpro_kit import found, invoice, look_up, post, slip

ENDS_CONNECTION = {"close", "reset", "hang", "half"}


@pytest.fixture
def retailpro(tmp_path: Path) -> Iterator[RetailPro]:
    with RetailPro(tmp_path / "retailpro.sqlite") as running:
        yield running


def fetch(retailpro: RetailPro, body: dict[str, object], total: float = 5.0) -> tuple[int, bytes]:
    """POST through aiohttp: status and body, or its exception."""

    async def call() -> tuple[int, bytes]:
        auth = aiohttp.BasicAuth(retailpro.credentials.login, retailpro.credentials.password)
        limit = aiohttp.ClientTimeout(total=total)
        async with (
            aiohttp.ClientSession(auth=auth, timeout=limit) as session,
            session.post(f"{retailpro.url}{INVOICE_PATH}", json=body) as answer,
        ):
            return answer.status, await answer.read()

    return asyncio.run(call())


def raw(retailpro: RetailPro, body: dict[str, object]) -> tuple[bytes, str]:
    """POST over a bare socket: every byte that came back, and how the connection ended."""
    content = json.dumps(body).encode()
    head = f"POST {INVOICE_PATH} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: {len(content)}\r\n\r\n"
    with socket.create_connection((retailpro.server.host, retailpro.server.port), timeout=5) as connection:
        connection.sendall(head.encode() + content)
        received = b""
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionResetError:
            return received, "RST"
    return received, "FIN"


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("what", LIES)
def test_a_lie_tells_nothing_about_the_document(retailpro: RetailPro, what: str, committed: bool) -> None:
    retailpro.faults.lie_about("00000001", Lie(what, committed, hang_seconds=0.1))  # type: ignore[arg-type]
    if what in ENDS_CONNECTION:
        with pytest.raises(aiohttp.ClientError):
            fetch(retailpro, invoice())
    else:
        status, body = fetch(retailpro, invoice())
        assert status == (200 if what == "html" else int(what))
        assert b"<html>" in body
        with pytest.raises(ValueError, match="Expecting value"):
            json.loads(body)
    assert found(retailpro, "00000001") == (["00000001"] if committed else [])
    (call,) = retailpro.database.calls()
    status = {"html": 200, "half": 201, "500": 500, "502": 502, "504": 504}.get(what, 0)
    assert (call.key, call.committed, call.lie, call.status) == ("00000001", committed, what, status)
    assert json.loads(call.answer)["InvoiceNo"] == "INV-0000001"
    assert retailpro.faults.pending == 0
    assert post(retailpro, invoice()).status_code == 201
    assert len(retailpro.database.invoices("00000001")) == 1 + committed


@pytest.mark.parametrize(("what", "ending"), [("close", "FIN"), ("reset", "RST"), ("half", "FIN")])
def test_how_a_connection_ends(retailpro: RetailPro, what: str, ending: str) -> None:
    retailpro.settings.auth = "none"
    retailpro.faults.lie_about("00000001", Lie(what, committed=True))  # type: ignore[arg-type]
    received, how = raw(retailpro, invoice())
    assert how == ending
    head, _, body = received.partition(b"\r\n\r\n")
    (call,) = retailpro.database.calls()
    assert body == (call.answer[: len(call.answer) // 2] if what == "half" else b"")
    assert head.startswith(b"HTTP/1.1 201 Created\r\n") is (what == "half")


def test_hangs_until_the_client_leaves(retailpro: RetailPro) -> None:
    retailpro.faults.lie_about("00000001", Lie("hang", committed=True))
    with pytest.raises(requests.ReadTimeout):
        post(retailpro, invoice(), timeout=0.2)
    assert found(retailpro, "00000001") == ["00000001"]


def test_document_may_come_late(retailpro: RetailPro) -> None:
    retailpro.faults.lie_about("00000001", Lie("504", committed=True, late_seconds=0.6))
    assert post(retailpro, invoice()).status_code == 504
    assert found(retailpro, "00000001") == []
    assert _wait_until_found(retailpro, "00000001") == 1


def _wait_until_found(retailpro: RetailPro, number: str) -> int:
    end = time.monotonic() + 5
    while not (documents := retailpro.database.invoices(number)) and time.monotonic() < end:
        time.sleep(0.02)
    return len(documents)


@pytest.mark.parametrize("make", [lambda: Lie("200", True), lambda: Lie("500", True, times=0)])  # type: ignore[arg-type]
def test_impossible_lie(make: object) -> None:
    with pytest.raises(ValueError, match="must be one of"):
        make()  # type: ignore[operator]
    with pytest.raises(ValueError, match="before the answer is known"):
        Lie("half", True, late_seconds=1)


def test_lies_are_told_as_often_as_scripted(retailpro: RetailPro) -> None:
    retailpro.faults.lie_about("00000001", Lie("500", committed=False, times=2), Lie("502", committed=True))
    assert retailpro.faults.pending == 3
    assert [post(retailpro, invoice()).status_code for _ in range(4)] == [500, 500, 502, 201]
    assert post(retailpro, invoice("00000002")).status_code == 201
    assert retailpro.database.posts("00000001") == 4
    assert retailpro.database.posts_by_key("invoice") == {"00000001": 4, "00000002": 1}


def test_lies_at_the_nth_call(retailpro: RetailPro) -> None:
    retailpro.faults.lie_at(2, Lie("500", committed=True, times=2))
    answers = [post(retailpro, one).status_code for one in (invoice("1"), slip("11"), invoice("2"), invoice("3"))]
    assert answers == [201, 500, 500, 201]
    assert [one.order_no for one in retailpro.database.invoices()] == ["1", "2", "3"]
    assert [one.slip_no for one in retailpro.database.slips()] == ["11"]


def test_what_would_be_refused_is_not_created_by_a_lie(retailpro: RetailPro) -> None:
    retailpro.faults.lie_about("00000001", Lie("500", committed=True))
    assert post(retailpro, invoice(total="much")).status_code == 500
    (call,) = retailpro.database.calls()
    assert (call.committed, json.loads(call.answer)["Message"]) == (False, "TotalAmt: must be a number")
    assert retailpro.database.invoices() == []


def test_random_lies_depend_on_seed_and_number_only() -> None:
    def draw(seed: int, order: list[int]) -> dict[tuple[int, int], Lie | None]:
        faults = RetailProFaults()
        faults.probability, faults.seed = 0.3, seed
        return {(number, attempt): faults.next_lie(str(number), attempt) for number in order for attempt in (1, 2)}

    first = draw(7, list(range(500)))
    assert first == draw(7, list(range(499, -1, -1)))
    assert first != draw(8, list(range(500)))
    told = [lie for lie in first.values() if lie is not None]
    assert 200 < len(told) < 400
    assert {lie.what for lie in told} == set(LIES)
    assert 0.35 < sum(lie.committed for lie in told) / len(told) < 0.65


def test_random_lies_keep_to_what_they_may(retailpro: RetailPro) -> None:
    faults = retailpro.faults
    faults.probability, faults.whats, faults.committed_share = 1.0, ("502",), 1.0
    assert post(retailpro, invoice()).status_code == 502
    faults.clear()
    assert post(retailpro, invoice("00000002")).status_code == 201
    assert [one.order_no for one in retailpro.database.invoices()] == ["00000001", "00000002"]


def test_latency_comes_after_the_deed(retailpro: RetailPro) -> None:
    retailpro.faults.latency_ms = 400
    with pytest.raises(requests.ReadTimeout):
        post(retailpro, invoice(), timeout=0.1)
    assert len(retailpro.database.invoices()) == 1
    started = time.monotonic()
    look_up(retailpro, "00000001")
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize("says", [True, False])
def test_rate_limit(retailpro: RetailPro, says: bool) -> None:
    retailpro.faults.rate_limit, retailpro.faults.rate_burst, retailpro.faults.retry_after = 0.5, 2, says
    answers = [post(retailpro, invoice(str(number))) for number in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
    assert answers[-1].headers.get("Retry-After") == ("2" if says else None)
    assert look_up(retailpro, "0").status_code == 429
    assert [call.status for call in retailpro.database.calls()] == [201, 201, 429, 429]
    assert [one.order_no for one in retailpro.database.invoices()] == ["0", "1"]
    retailpro.faults.rate_limit = 50
    time.sleep(0.05)
    assert post(retailpro, invoice("4")).status_code == 201


def test_outage_that_refuses_connections(retailpro: RetailPro) -> None:
    port = retailpro.server.port
    with requests.Session() as session:
        session.auth = (retailpro.credentials.login, retailpro.credentials.password)
        session.post(f"{retailpro.url}{INVOICE_PATH}", json=invoice(), timeout=5)
        retailpro.faults.outage = "refused"
        with pytest.raises(requests.ConnectionError):
            session.post(f"{retailpro.url}{INVOICE_PATH}", json=invoice("00000002"), timeout=5)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=5):
        pass
    with socket.socket() as thief, pytest.raises(OSError, match="in use"):
        thief.bind(("127.0.0.1", port))
    retailpro.faults.outage = None
    assert retailpro.server.port == port
    assert post(retailpro, invoice("00000002")).status_code == 201
    assert len(retailpro.database.calls()) == 2


def test_may_start_in_an_outage(tmp_path: Path) -> None:
    retailpro = RetailPro(tmp_path / "retailpro.sqlite")
    retailpro.faults.outage = "refused"
    with retailpro:
        with pytest.raises(requests.ConnectionError):
            post(retailpro, invoice())
        retailpro.faults.outage = None
        assert post(retailpro, invoice()).status_code == 201


def test_outage_that_answers(retailpro: RetailPro) -> None:
    retailpro.faults.outage = "503"
    assert (post(retailpro, invoice()).status_code, look_up(retailpro, "1").status_code) == (503, 503)
    retailpro.faults.outage = None
    assert post(retailpro, invoice()).status_code == 201
    assert [(call.key, call.status) for call in retailpro.database.calls()] == [("00000001", 503), ("00000001", 201)]


def test_look_up_lags(tmp_path: Path) -> None:
    now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    with RetailPro(tmp_path / "retailpro.sqlite", clock=lambda: now) as retailpro:
        retailpro.faults.lag_seconds = 60
        post(retailpro, invoice())
        now += timedelta(seconds=59)
        assert found(retailpro, "00000001") == []
        now += timedelta(seconds=1)
        assert found(retailpro, "00000001") == ["00000001"]


def test_look_up_lies(retailpro: RetailPro) -> None:
    post(retailpro, invoice())
    retailpro.faults.absent_first["00000001"] = 2
    retailpro.faults.absent_first["00000002"] = 1
    assert found(retailpro, "00000002") == []
    assert [len(found(retailpro, "00000001")) for _ in range(3)] == [0, 0, 1]
    retailpro.faults.two_matches |= {"00000001", "00000002"}
    documents = look_up(retailpro, "00000001").json()["Documents"]
    assert [document["InvoiceNo"] for document in documents] == ["INV-0000001", "INV-0000000"]
    assert found(retailpro, "00000002") == []
    retailpro.faults.look_up_down = True
    assert look_up(retailpro, "00000001").status_code == 503
    told = [(one.key, one.status, one.documents) for one in retailpro.database.look_ups("00000001")]
    assert told == [
        ("00000001", 200, 0),
        ("00000001", 200, 0),
        ("00000001", 200, 1),
        ("00000001", 200, 2),
        ("00000001", 503, 0),
    ]


def test_faults_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "faults.json"
    faults = RetailProFaults()
    content = {
        "probability": 0.25,
        "seed": 7,
        "whats": ["500"],
        "rate_limit": 20,
        "retry_after": False,
        "outage": "503",
        "two_matches": ["1"],
        "absent_first": {"2": 3},
        "lies": [
            {"key": "3", "what": "reset", "committed": True, "times": 2},
            {"call": 1, "what": "hang", "committed": False},
        ],
    }
    path.write_text(json.dumps(content))
    faults.load(path)
    assert (faults.probability, faults.seed, faults.whats, faults.rate_limit) == (0.25, 7, ("500",), 20.0)
    assert (faults.retry_after, faults.outage, faults.two_matches) == (False, "503", {"1"})
    assert faults.absent_first == {"2": 3}
    assert faults.next_lie("3", 1) == Lie("hang", committed=False)
    assert faults.next_lie("3", 2) == Lie("reset", committed=True, times=2)
    assert faults.pending == 1


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"latency": 5}, "latency is no fault"),
        ({"latency_ms": 5, "outage": "down"}, "outage is 'down'"),
        ({"latency_ms": 5, "lies": [{"what": "500", "committed": True}]}, "needs a key"),
        ({"latency_ms": 5, "lies": [{"key": "1", "what": "500"}]}, "committed"),
        ({"latency_ms": 5, "lies": [{"key": "1", "what": "418", "committed": True}]}, "must be one of"),
    ],
)
def test_wrong_file_of_faults_sets_nothing(tmp_path: Path, content: dict[str, object], problem: str) -> None:
    path = tmp_path / "faults.json"
    path.write_text(json.dumps(content))
    faults = RetailProFaults()
    with pytest.raises(ValueError, match=problem):
        faults.load(path)
    assert (faults.latency_ms, faults.pending, faults.outage) == (0.0, 0, None)


def test_settings_of_the_faults_reach_every_operation(tmp_path: Path) -> None:
    settings = RetailProSettings(auth="none")
    with RetailPro(tmp_path / "retailpro.sqlite", settings=settings) as retailpro:
        retailpro.faults.lie_about("11", Lie("504", committed=True))
        assert post(retailpro, slip("11")).status_code == 504
        answer = look_up(retailpro, "11", slips=True).json()
        assert answer == {"Documents": [{"SlipNo": "11", "FromStore": "P22", "ToStore": "SVA32", "TotalQty": 3}]}
