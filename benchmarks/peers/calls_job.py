"""What all peers of the calls do: POST each body of a file once, and read the whole answer."""

from __future__ import annotations

from pathlib import Path

import msgspec

PATH = "/api/v1/Document/Ordertoinvoice"
HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


def read_bodies(path: Path) -> list[bytes]:
    """The bodies in a file, which is one JSON array."""
    return [bytes(body) for body in msgspec.json.decode(path.read_bytes(), type=list[msgspec.Raw])]


def check(status: int, answer: bytes) -> None:
    """Make sure that a document was created.

    :raises RuntimeError: it was not.
    """
    if status != 201 or b'"Success":true' not in answer:
        raise RuntimeError(f"status {status}: {answer[:200]!r}")
