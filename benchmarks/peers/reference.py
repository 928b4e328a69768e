"""Peer: the slow reference that the tests trust; its bytes are the measure of all others."""

from __future__ import annotations

from pathlib import Path

from tests.support.reference_transform import read_json_lines, write_feeds


def run(source: Path, orders_csv: Path, variance_csv: Path) -> None:
    """Write both feeds of the JSON lines in `source`."""
    with (
        orders_csv.open("w", encoding="utf-8", newline="") as orders,
        variance_csv.open("w", encoding="utf-8", newline="") as variance,
    ):
        write_feeds(read_json_lines(source), orders, variance)
