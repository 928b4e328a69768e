"""Completed orders to the bodies that Retail Pro gets: this repository beside the usual pandas script.

    python -m benchmarks.invoices            # 10,000 and 100,000 orders
    python -m benchmarks.invoices --write    # also puts the tables into benchmarks/results.md

Ends with 1 when a peer failed, or when the two do not say the same: as many invoices, each with the same total,
discount, shipping, and pieces of each UPC.
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from benchmarks.beside_script import Contest, compared, options
from benchmarks.results import write_section
from order_sync.contracts import framing
from sandbox.hotwax.completed_orders import CompletedOrders, write_feed


class _Line(msgspec.Struct):
    UPC: str
    Qty: Decimal


class _Body(msgspec.Struct):
    OrderNo: str
    TotalAmt: Decimal
    TotalDiscAmt: Decimal
    ShippingAmt: Decimal
    Items: list[_Line]


def digest(path: Path) -> str:
    """What the bodies in a file say of money and quantities, as one hash; their order does not matter."""
    decoder = msgspec.json.Decoder(_Body)
    with path.open("rb") as stream:
        said = sorted(
            _said(decoder.decode(one.data)) for one in framing.records(stream, path.name, framing.Layout.ARRAY, 1 << 24)
        )
    return hashlib.sha256("\n".join(said).encode()).hexdigest()


def _said(body: _Body) -> str:
    pieces: Counter[str] = Counter()
    for line in body.Items:
        pieces[line.UPC] += int(line.Qty)
    money = (f"{amount:.4f}" for amount in (body.TotalAmt, body.TotalDiscAmt, body.ShippingAmt))
    return f"{body.OrderNo} {' '.join(money)} {sorted(pieces.items())}"


def _write(folder: Path, size: int) -> Path:
    return write_feed(folder, CompletedOrders(1).orders(size), datetime(2026, 9, 1, 6, 0, tzinfo=UTC))


CONTEST = Contest(
    command="python -m benchmarks.invoices",
    ours="invoices_ours",
    base="invoices_json_normalize",
    made="invoices",
    same="money and quantities",
    bytes_per_byte=8,
    write=_write,
    digest=digest,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and tell by the result whether both said the same."""
    asked = options(CONTEST, __doc__, (10_000, 100_000)).parse_args(arguments)
    text, faults = compared(CONTEST, asked.sizes, asked.rounds)
    print(text)
    if asked.write:
        write_section("invoices", text)
    for fault in faults:
        print(f"fault: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
