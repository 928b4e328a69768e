"""Peer: this repository's client of Shopify, by pages or in bulk, every order whole, into a file of lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.child import Watch
from order_sync import settings
from order_sync.contracts.shopify_api import ShopifyApi, search_between
from order_sync.partners.shopify import Shopify, ShopifyOrder
from order_sync.partners.shopify_bulk import BulkOrders
from order_sync.partners.shopify_connection import ShopifyShop
from order_sync.partners.shopify_http import ShopifyHttp


def run(watch: Watch, *, url: str, token: str, start: str, end: str, target: str, way: str) -> int:
    """Write every order of the window into `target`; returns how many there are.

    :param way: ``pages`` or ``bulk``.
    """
    api = settings.load("default").shopify_order_import.api
    window = datetime.fromisoformat(start), datetime.fromisoformat(end)
    written = 0
    with (
        ShopifyHttp(ShopifyShop("the sandbox", url, "", "", token), api) as http,
        watch,
        Path(target).open("wb") as file,
    ):
        shop = Shopify(http, api)
        found = _bulk(shop, api, window, Path(target)) if way == "bulk" else shop.changed(*window)
        for orders in found:
            for order in orders:
                file.write(order.data + b"\n")
            written += len(orders)
    return written


def _bulk(
    shop: Shopify, api: ShopifyApi, window: tuple[datetime, datetime], target: Path
) -> Iterator[list[ShopifyOrder]]:
    bulk, path = BulkOrders(shop, api), target.with_suffix(".bulk")
    bulk.fetch(bulk.ended(bulk.begin(search_between(*window)), now=datetime.now(UTC)), path)
    yield from bulk.orders(path)
    path.unlink()
