"""The client of NetSuite's REST API: who it says it is, and what never leaves it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from order_sync.contracts.netsuite_rest import RestLine
from order_sync.errors import Outcome, Stop
from order_sync.partners import netsuite_rest as client
from order_sync.partners.call_answers import Reply
from order_sync.partners.netsuite_rest_answers import Sameness
from order_sync.partners.netsuite_rest_connection import NetSuiteAccount, read_account
from order_sync.settings import load
from sandbox.netsuite import NetSuite

BODY = {"isPerson": True, "firstName": "Ada", "lastName": "Shopper", "subsidiary": {"id": "1"},
        "custentity_hc_customer_id": "HC 1/ñ"}  # fmt: skip
LINE = RestLine("HC1", "customer", "HC 1/ñ", "0" * 64, msgspec.Raw(json.dumps(BODY).encode()))
SAME = {"customer": Sameness(["custentity_hc_customer_id"], None, ())}


@pytest.fixture
def netsuite(tmp_path: Path) -> Iterator[NetSuite]:
    with NetSuite(tmp_path / "sftp", tmp_path / "netsuite.sqlite", polling=False) as running:
        yield running


def pem(key: Any) -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form).decode()


def account(netsuite: NetSuite, **changes: str) -> NetSuiteAccount:
    known = netsuite.credentials
    return NetSuiteAccount(
        "the sandbox", netsuite.url, known.client_id,
        **{"certificate_id": known.certificate_id, "algorithm": "ES256", "private_key": known.private_key, **changes},
    )  # fmt: skip


def create(netsuite: NetSuite, *, times: int = 1, may_send: bool = True, **changes: Any) -> list[Reply]:
    """Some calls in one session."""
    rest = msgspec.structs.replace(load("default").netsuite_rest, **changes.pop("rest", {}))

    async def call() -> list[Reply]:
        async with client.NetSuite(account(netsuite, **changes), rest, SAME, lambda: datetime.now(UTC)) as partner:
            return [await partner.create("upsert", LINE.encoded(), lambda: may_send) for _ in range(times)]

    return asyncio.run(call())


def tokens(netsuite: NetSuite) -> int:
    return len(netsuite.rest.authority._tokens)


def test_one_record_one_token_and_the_id(netsuite: NetSuite) -> None:
    first, again = create(netsuite, times=2)
    (made,) = netsuite.database.rows("SELECT * FROM customers")
    assert made["external_id"] == "HC 1/ñ"
    assert [reply.verdict.outcome for reply in (first, again)] == [Outcome.DELIVERED] * 2
    assert {first.verdict.reference, again.verdict.reference} == {str(made["internal_id"])}
    assert (first.verdict.duplicate, again.verdict.duplicate) == (False, True)
    assert netsuite.database.figures()["rest_calls"] == 1
    assert tokens(netsuite) == 1


def test_rsa_keys_sign_with_ps256(netsuite: NetSuite) -> None:
    key = rsa.generate_private_key(65537, 3072)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    netsuite.rest.authority.register("rsa", public)
    (reply,) = create(netsuite, certificate_id="rsa", algorithm="PS256", private_key=pem(key))
    assert reply.verdict.outcome is Outcome.DELIVERED
    assert netsuite.rest.authority.problems == []


def test_certificate_that_is_not_mapped_stops_the_calls(netsuite: NetSuite) -> None:
    (reply,) = create(netsuite, certificate_id="another")
    assert (reply.verdict.outcome, reply.verdict.hopeless) == (Outcome.NOT_SENT, True)
    assert reply.verdict.message.startswith("NetSuite gives no token (invalid_grant)")


def test_token_is_fetched_anew_shortly_before_its_end(netsuite: NetSuite) -> None:
    netsuite.settings.token_seconds = 0.2
    netsuite.rest.faults.latency_ms = 110
    replies = create(netsuite, times=3)
    assert {reply.verdict.outcome for reply in replies} == {Outcome.DELIVERED}
    assert tokens(netsuite) > 1


def test_revoked_token_is_replaced_once(netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    find = client.NetSuite.find

    async def revoked(self: client.NetSuite, line: RestLine) -> Any:
        found = await find(self, line)
        netsuite.rest.authority.revoke()
        return found

    monkeypatch.setattr(client.NetSuite, "find", revoked)
    (reply,) = create(netsuite)
    assert reply.verdict.outcome is Outcome.DELIVERED
    assert tokens(netsuite) == 1


def test_what_may_not_be_sent_any_more_never_reaches_the_wire(netsuite: NetSuite) -> None:
    (reply,) = create(netsuite, may_send=False)
    assert reply.verdict.outcome is Outcome.NOT_SENT
    assert not reply.verdict.hopeless
    assert netsuite.database.figures()["rest_calls"] == 0


def test_account_without_room_is_left_when_patience_is_over(netsuite: NetSuite) -> None:
    netsuite.settings.concurrency_limit = 0
    (reply,) = create(netsuite)
    assert (reply.verdict.busy, reply.verdict.hopeless) == (True, False)
    assert reply.wait is not None
    assert 0 < reply.wait <= 1
    *_, last = create(netsuite, times=2, rest={"patience_seconds": 0})
    assert last.verdict.hopeless
    assert "no room for 0 s" in last.verdict.message


def test_pauses_grow_up_to_the_longest(netsuite: NetSuite, monkeypatch: pytest.MonkeyPatch) -> None:
    netsuite.settings.concurrency_limit = 0
    monkeypatch.setattr(client, "_FIRST_WAIT_SECONDS", 10.0)
    monkeypatch.setattr(client, "_jittered", lambda seconds: seconds)
    waits: list[float] = []

    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(client, "time", clock)
    rest = load("default").netsuite_rest

    async def call() -> None:
        async with client.NetSuite(account(netsuite), rest, SAME, lambda: datetime.now(UTC)) as partner:
            for _ in range(4):
                reply = await partner.create("upsert", LINE.encoded(), lambda: True)
                waits.append(reply.wait or 0)
                clock.now += reply.wait or 0

    asyncio.run(call())
    assert waits == [10, 20, 30, 30]


def test_no_answer_of_a_look_up_is_kept(netsuite: NetSuite) -> None:
    replies = create(netsuite, times=2)
    assert [reply.body for reply in replies] == ["", ""]


def connect(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    known = {"conn_type": "http", "host": "https://1.suitetalk.api.netsuite.com", "login": "client",
             "password": pem(ec.generate_private_key(ec.SECP256R1())),
             "extra": {"certificate_id": "c", "algorithm": "ES256"}}  # fmt: skip
    monkeypatch.setenv("AIRFLOW_CONN_NETSUITE_API", json.dumps({**known, **changes}))


def test_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    read = read_account("netsuite_api")
    assert (read.origin, read.client_id, read.certificate_id) == ("https://1.suitetalk.api.netsuite.com", "client", "c")
    assert read.private_key.splitlines()[1] not in f"{read!r} {read.where}"


def test_key_whose_line_breaks_were_written_out_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    key = pem(ec.generate_private_key(ec.SECP256R1()))
    connect(monkeypatch, password=key.replace("\n", "\\n"))
    assert read_account("netsuite_api").private_key == key


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"login": ""}, "client id of the integration, is blank"),
        ({"extra": {"algorithm": "ES256"}}, "certificate_id is missing"),
        ({"extra": {"certificate_id": "c", "algorithm": "HS256"}}, "it must be PS256 or ES256"),
        ({"extra": {"certificate_id": "c"}}, "which PS256 needs"),
        ({"extra": {"certificate_id": "c", "colour": 1}}, "'colour' is not known"),
        ({"password": "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----"}, "is no private key in PEM"),
    ],
)
def test_connection_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], words: str) -> None:
    connect(monkeypatch, **changes)
    with pytest.raises(Stop, match=words) as stopped:
        read_account("netsuite_api")
    assert "secret" not in str(stopped.value)
