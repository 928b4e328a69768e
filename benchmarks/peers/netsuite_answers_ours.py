"""Peer: what `take_answers` does with a return file once it is here: read it, keep its ids, confirm what they are of.

The ledger is a SQLite file with ``synchronous=FULL``. It holds the orders that were sent, all DELIVERED, before the
watch begins.
"""

from __future__ import annotations

import csv
import hashlib
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.child import Watch
from order_sync import settings
from order_sync.flow import NETSUITE_ORDERS
from order_sync.ledger import Arrival, BatchInput, Decision, FileSeen, Ledger, State, open_ledger, upgrade
from order_sync.operators.netsuite_replies import ORDER, created_orders_replies
from order_sync.operators.netsuite_returns import read_return

_AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
_RETAILER = "default"


def run(watch: Watch, *, sent: str, answers: str) -> int:
    """Join the return file to the ledger; returns how many orders it confirmed."""
    url = f"sqlite:///{Path(sent).with_name('ledger.sqlite')}"
    upgrade(url)
    replies = next(
        one
        for one in created_orders_replies(settings.load(_RETAILER).netsuite_created_orders)
        if one.flow == NETSUITE_ORDERS
    )
    with open_ledger(url) as book:
        _deliver(book, Path(sent))
        with watch:
            path = Path(answers)
            told = read_return(book, _RETAILER, replies, path.name, path.read_bytes())
            for kind, ids in told.ids.items():
                book.keep_ids(_RETAILER, kind, ids, source=path.name, at=_AT)
            return book.confirm_by_ids(NETSUITE_ORDERS, _RETAILER, ORDER, at=_AT, who="bench")


def _deliver(book: Ledger, sent: Path) -> None:
    """Let the ledger know every order of a file that NetSuite was given."""
    with sent.open(encoding="utf-8", newline="") as file:
        keys = list(dict.fromkeys(row["HCOrderId"] for row in csv.DictReader(file)))
    seen = FileSeen("0" * 64, 1, "file:///orders.json", "orders.json")
    (source,) = book.record_files(NETSUITE_ORDERS, _RETAILER, [seen], at=_AT)
    batch = book.create_batch(
        flow=NETSUITE_ORDERS, retailer=_RETAILER, key="bench", kind="inbox", window=None, dag_id="bench",
        run_id="bench", files=[BatchInput(source.id, source.first_name, "", None, 0)], at=_AT,
    )  # fmt: skip
    stamp = {"at": _AT, "who": "bench"}
    admissions = book.admit(batch, [_arrival(source.id, *one) for one in enumerate(keys)], **stamp)
    book.decide(batch.id, [Decision(one.record_id or 0, State.READY) for one in admissions], **stamp)
    sending = book.equation(batch.id).sending
    feed = book.register_feed(
        batch.id, target="sales_orders#1", name=sent.name, sha256="0" * 64, uri="file:///sent.csv", rows=len(keys),
        orders=len(keys), amounts=sending.amounts, carries_records=True, at=_AT,
    )  # fmt: skip
    book.attach_records_to_feed(feed.id)
    book.intend_feed(feed.id, remote_path=f"/netsuite/salesorder/export/{sent.name}", **stamp)
    book.publish_feed(feed.id, **stamp)


def _arrival(file_id: int, index: int, key: str) -> Arrival:
    return Arrival(
        order_key=key, content_hash=hashlib.sha256(key.encode()).hexdigest(), updated_ms=None, file_id=file_id,
        record_index=index, offset=index, length=1, amount_minor=1_000, currency="USD", lines=1, kind="",
        order_date=_AT,
    )  # fmt: skip
