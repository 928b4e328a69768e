"""What is known when a run is over, read where it lies: the shop's statement, Retail Pro's database, ledger and SFTP.

Nothing here asks the code that is on trial: the ledger is read as a database file, Retail Pro's bodies as JSON.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from sandbox.hotwax.completed_orders import Expected
from sandbox.retailpro.database import RetailProDatabase
from sandbox.world import World
from tests.faults.checker import Content, Key, Kind

KINDS: dict[str, Kind] = {"retailpro_invoicing": "invoice", "retailpro_manual_slips": "slip"}


def wanted(expected: Iterable[Expected]) -> dict[Key, Content]:
    """What Retail Pro must hold, by what the shop says about its orders."""
    documents = {}
    for order in expected:
        if order.invoiced:
            key = Key("invoice", order.order_no)
            documents[key] = Content(order.total * 100, (order.invoicing_store or "",), _sorted(order.quantities))
        for number, slip in enumerate(order.slips, 1):
            key = Key("slip", f"{order.order_no}{number}")
            documents[key] = Content(0, (slip.from_store, slip.to_store), _sorted(slip.quantities))
    return documents


def held(database: RetailProDatabase) -> list[tuple[Key, Content]]:
    """Every document that Retail Pro has, with what its body says."""
    bodies = {call.number: json.loads(call.body, parse_float=Decimal) for call in database.calls()}
    found = []
    for invoice in database.invoices():
        content = Content(invoice.total_amt, (invoice.invoicing_store,), _pieces(bodies[invoice.call_number]))
        found.append((Key("invoice", invoice.order_no), content))
    for slip in database.slips():
        content = Content(0, (slip.from_store, slip.to_store), _pieces(bodies[slip.call_number]))
        found.append((Key("slip", slip.slip_no), content))
    return found


def _pieces(body: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    pieces: Counter[str] = Counter()
    for item in body["Items"]:
        pieces[item["UPC"]] += int(item["Qty"])
    return _sorted(pieces)


def _sorted(quantities: dict[str, int] | Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(quantities.items()))


class Told(NamedTuple):
    """What the ledger says.

    :param states: of every version of a document.
    :param doubted: seconds that each document was in doubt, once for every doubt that is over.
    :param answers: how many there are, by number, operation and attempt.
    :param files: path on the SFTP server and hash of every file that was, or may have been, published.
    """

    states: dict[Key, Collection[str]]
    doubted: list[tuple[Key, float]]
    answers: Counter[tuple[str, str, int]]
    files: list[tuple[str, str]]


def told(ledger: Path) -> Told:
    """Read the ledger's file."""
    with closing(sqlite3.connect(ledger)) as connection:
        states: defaultdict[Key, set[str]] = defaultdict(set)
        for flow, number, state in connection.execute("SELECT flow, order_key, state FROM records"):
            states[Key(KINDS[flow], number)].add(state)
        answers = Counter(
            (number, operation, attempt)
            for number, operation, attempt in connection.execute(
                "SELECT order_key, operation, attempt FROM calls JOIN records ON records.id = record_id "
                "WHERE outcome <> ''"
            )
        )
        files = connection.execute("SELECT remote_path, sha256 FROM feeds WHERE remote_path <> ''").fetchall()
        return Told(dict(states), list(_doubts(connection)), answers, files)


def _doubts(connection: sqlite3.Connection) -> Iterator[tuple[Key, float]]:
    since: dict[int, datetime] = {}
    moves = connection.execute(
        "SELECT record_id, flow, order_key, at, from_state, to_state FROM history "
        "JOIN records ON records.id = record_id WHERE 'UNKNOWN' IN (from_state, to_state) ORDER BY history.id"
    )
    for record_id, flow, number, at, _, state in moves:
        if state == "UNKNOWN":
            since.setdefault(record_id, datetime.fromisoformat(at))
        else:
            yield Key(KINDS[flow], number), (datetime.fromisoformat(at) - since.pop(record_id)).total_seconds()


def filed(world: World) -> Counter[tuple[str, str, int]]:
    """How often each answer stands in the response files."""
    lines = (
        json.loads(line)
        for path in sorted(world.responses_folder.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    )
    return Counter((line["number"], line["operation"], line["attempt"]) for line in lines)


def partial(world: World, files: Iterable[tuple[str, str]]) -> list[str]:
    """Files that lie under their final name with other bytes than the ledger says."""
    paths = [(world.sftp.root / remote, sha256) for remote, sha256 in files]
    return [path.name for path, sha256 in paths if path.exists() and _hash(path) != sha256]


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
