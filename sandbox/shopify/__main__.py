"""A shop alone, in a process of its own: ``python -m sandbox.shopify --database shop.sqlite --orders 100000``."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.shopify.faults import Fault
from sandbox.shopify.partner import Shopify, utc_now
from sandbox.shopify.settings import ShopifySettings


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C; the first line of output is the URL, the second the static token.

    :param arguments: of the command line; default: those the process was started with.
    """
    parser = argparse.ArgumentParser(description="A simulated Shopify shop.")
    parser.add_argument("--database", type=Path, required=True, help="file of the database")
    parser.add_argument("--port", type=int, default=0, help="default: any free port")
    parser.add_argument("--orders", type=int, default=0, help="fill an empty shop with so many orders")
    parser.add_argument("--days", type=int, default=30, help="over so many days before now, or before --end")
    parser.add_argument("--end", type=datetime.fromisoformat, help="end of those days, aware; default: now")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--latency-ms", type=float, default=0.0, help="before every answer")
    parser.add_argument("--restore-rate", type=float, default=100.0, help="points a second; the bucket holds 20 times")
    parser.add_argument("--fault", action="append", default=[], help="JSON of a fault, for the next request")
    asked = parser.parse_args(arguments)
    settings = ShopifySettings(restore_rate=asked.restore_rate, maximum_available=asked.restore_rate * 20)
    shop = Shopify(asked.database, settings=settings, seed=asked.seed, port=asked.port)
    shop.faults.latency_ms = asked.latency_ms
    shop.faults.next(*(Fault(**json.loads(text)) for text in asked.fault))
    if asked.orders and not shop.summary()["orders"]:
        end = (asked.end or utc_now()).astimezone(UTC)
        shop.fill(asked.orders, start=end - timedelta(days=asked.days), end=end)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    with shop:
        print(shop.url, flush=True)
        print(shop.credentials.static_token, flush=True)
        stopping.wait()


if __name__ == "__main__":
    main()
