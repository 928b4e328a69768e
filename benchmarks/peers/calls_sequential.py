"""Peer: the usual script, one call after the other with requests, over one kept connection."""

from __future__ import annotations

from pathlib import Path

import requests

from benchmarks.child import Watch
from benchmarks.peers.calls_job import HEADERS, PATH, check, read_bodies


def run(watch: Watch, *, url: str, bodies: str) -> int:
    """Send every body; returns how many were created."""
    waiting = read_bodies(Path(bodies))
    with requests.Session() as session, watch:
        for body in waiting:
            response = session.post(url + PATH, data=body, headers=HEADERS, timeout=60)
            check(response.status_code, response.content)
    return len(waiting)
