"""Peer: the plain join of a return file with the file that was sent: two passes of `csv`, one dictionary."""

from __future__ import annotations

import csv
from pathlib import Path

from benchmarks.child import Watch


def run(watch: Watch, *, sent: str, answers: str) -> int:
    """Find NetSuite's id of every order that was sent; returns how many were found."""
    with watch:
        with Path(answers).open(encoding="utf-8", newline="") as file:
            ids = {row["orderId"]: row["idValue"] for row in csv.DictReader(file)}
        with Path(sent).open(encoding="utf-8", newline="") as file:
            found = {key: ids[key] for row in csv.DictReader(file) if (key := row["HCOrderId"]) in ids}
    return len(found)
