"""Peer: this repository's delivery, as its task runs it but without Airflow: intent, call, outcome, all durable.

The bodies come from the published file record by record, their intents from the ledger a few hundred at a time.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import aiohttp  # noqa: F401 - the client loads it on first use; here it counts as start-up, as for the other peers
import msgspec

from benchmarks.child import Watch
from order_sync import settings
from order_sync.contracts import framing
from order_sync.contracts.retailpro_api import RetailProApi, document_number
from order_sync.ledger import Intent, Ledger, open_ledger
from order_sync.operators.delivery import Call, Delivery
from order_sync.operators.group_commit import GroupCommit
from order_sync.partners.retailpro import INVOICE, RetailPro
from order_sync.partners.retailpro_connection import RetailProServer

_AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
_CHUNK = 500
_MOST_BYTES = 1 << 20


def run(watch: Watch, *, url: str, bodies: str, concurrency: int, ledger: str, batch_id: int) -> dict[str, int]:
    """Send what is READY in a batch; returns its records by state."""
    api = msgspec.structs.replace(settings.load("default").retailpro_invoicing.api, concurrency=concurrency)
    with open_ledger(ledger) as book:
        states = book.states_of([batch_id])  # the connection to the database stands when the watch begins
        asyncio.run(_deliver(watch, RetailProServer("bench", url, {}), api, book, _calls(book, batch_id, Path(bodies))))
        states = book.states_of([batch_id])
    return {state.value: count for state, count in states.items()}


async def _deliver(
    watch: Watch, server: RetailProServer, api: RetailProApi, book: Ledger, calls: Iterator[list[Call]]
) -> None:
    lease = timedelta(seconds=api.connect_seconds + api.read_seconds + api.lease_margin_seconds)

    async with RetailPro(server, api) as partner:
        with watch:
            async with GroupCommit(book.exchanging(operation=INVOICE, lease=lease, at=_AT, who="bench")) as commits:
                delivery = Delivery(partner, commits, api, INVOICE, book.still_mine)
                await delivery.deliver(calls)
    if delivery.stopped:
        raise RuntimeError(delivery.stopped)


def _calls(book: Ledger, batch_id: int, path: Path) -> Iterator[list[Call]]:
    with path.open("rb") as stream:
        records = framing.records(stream, path.name, framing.Layout.ARRAY, _MOST_BYTES)
        while chunk := {document_number(record.data): record.data for record in islice(records, _CHUNK)}:
            ready = book.sendable(batch_id, list(chunk))
            yield [
                Call(Intent(ready[number].record_id, hashlib.sha256(body).hexdigest()), number, body)
                for number, body in chunk.items()
                if number in ready
            ]
