"""The client of Retail Pro's API against the sandbox: what is sent, once, and what is kept back."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from order_sync.errors import Outcome
from order_sync.partners.retailpro import INVOICE, Reply, RetailPro
from order_sync.partners.retailpro_connection import RetailProServer
from order_sync.settings import load
from sandbox.retailpro import RetailPro as Sandbox
from sandbox.retailpro import RetailProSettings
from tests.sandbox.retailpro_kit import invoice

BODY = msgspec.json.encode(invoice())


@pytest.fixture
def retailpro(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(tmp_path / "retailpro.sqlite", settings=RetailProSettings()) as running:
        yield running


def create(retailpro: Sandbox, *, may_send: bool = True, password: str | None = None) -> Reply:
    """One call."""
    credentials = f"{retailpro.credentials.login}:{password or retailpro.credentials.password}"
    basic = base64.b64encode(credentials.encode()).decode()
    server = RetailProServer("the sandbox", retailpro.url, {"Authorization": f"Basic {basic}"})

    async def call() -> Reply:
        async with RetailPro(server, load("default").retailpro_invoicing.api) as client:
            return await client.create(INVOICE, BODY, lambda: may_send)

    return asyncio.run(call())


def test_body_arrives_as_it_is(retailpro: Sandbox) -> None:
    reply = create(retailpro)
    assert reply.verdict.outcome is Outcome.DELIVERED
    (call,) = retailpro.database.calls()
    assert call.body == BODY


def test_what_may_not_be_sent_any_more_never_reaches_the_wire(retailpro: Sandbox) -> None:
    reply = create(retailpro, may_send=False)
    assert reply.verdict.outcome is Outcome.NOT_SENT
    assert not reply.verdict.hopeless
    assert retailpro.database.calls() == []


def test_wrong_password_is_no_ones_order(retailpro: Sandbox) -> None:
    reply = create(retailpro, password="wrong")
    assert (reply.verdict.outcome, reply.verdict.hopeless, reply.status) == (Outcome.NOT_SENT, True, 401)


def test_server_that_is_not_there_was_sent_nothing(retailpro: Sandbox) -> None:
    retailpro.faults.outage = "refused"
    reply = create(retailpro)
    assert (reply.verdict.outcome, reply.status) == (Outcome.NOT_SENT, None)
