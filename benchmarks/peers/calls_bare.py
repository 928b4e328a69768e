"""Peer: a bare aiohttp loop without a ledger: as fast as it gets, and nobody knows afterwards what became of a call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aiohttp

from benchmarks.child import Watch
from benchmarks.peers.calls_job import HEADERS, PATH, check, read_bodies


def run(watch: Watch, *, url: str, bodies: str, concurrency: int) -> int:
    """Send every body; returns how many were created."""
    return asyncio.run(_send(watch, url + PATH, read_bodies(Path(bodies)), concurrency))


async def _send(watch: Watch, url: str, bodies: list[bytes], concurrency: int) -> int:
    waiting = iter(bodies)
    connector = aiohttp.TCPConnector(limit=concurrency)
    async with aiohttp.ClientSession(headers=HEADERS, connector=connector) as session:
        with watch:
            return sum(await asyncio.gather(*(_work(session, url, waiting) for _ in range(concurrency))))


async def _work(session: aiohttp.ClientSession, url: str, waiting: Iterator[bytes]) -> int:
    created = 0
    for body in waiting:
        async with session.post(url, data=body) as response:
            check(response.status, await response.read())
        created += 1
    return created
