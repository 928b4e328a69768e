"""A sandbox shop with a client of ours in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from order_sync.contracts.shopify_api import ShopifyApi
from order_sync.partners.shopify import Shopify
from order_sync.partners.shopify_connection import ShopifyShop
from order_sync.partners.shopify_http import ShopifyHttp
from sandbox.shopify import Shopify as Sandbox
from sandbox.shopify import ShopifySettings

START = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
API = ShopifyApi(
    version="2026-10", page_orders=20, page_parts=5, connect_seconds=2, read_seconds=10, tries=5, most_wait_seconds=30,
    bulk_poll_seconds=0.02, bulk_hours=1,
)  # fmt: skip


def shop_of(sandbox: Sandbox, *, static: bool = True) -> ShopifyShop:
    """The sandbox as the client sees it.

    :param static: with the token that does not end, or with client id and secret.
    """
    keys = sandbox.credentials
    if static:
        return ShopifyShop("the sandbox", sandbox.url, "", "", keys.static_token)
    return ShopifyShop("the sandbox", sandbox.url, keys.client_id, keys.client_secret, "")


@contextmanager
def sandbox_shop(folder: Path, **settings: Any) -> Iterator[Sandbox]:
    """A shop that runs, whose points come back at once."""
    settings = {"restore_rate": 1e6, "maximum_available": 1e6, **settings}
    with Sandbox(folder / "shop.sqlite", settings=ShopifySettings(**settings)) as sandbox:
        yield sandbox


@contextmanager
def client(sandbox: Sandbox, *, static: bool = True, **api: Any) -> Iterator[Shopify]:
    """A client of the shop that makes no long pauses."""
    given = msgspec.structs.replace(API, **api)
    with ShopifyHttp(shop_of(sandbox, static=static), given, pause=0.01) as http:
        yield Shopify(http, given)
