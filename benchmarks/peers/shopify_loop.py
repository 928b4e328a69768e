"""Peers: the loop over pages that a script would have, and the same loop that does nothing with what it gets.

The second one is the floor: what the simulated shop itself takes to give the same pages.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import requests

from benchmarks.child import Watch
from order_sync import settings
from order_sync.contracts.shopify_api import search_between
from order_sync.contracts.shopify_queries import ORDERS


def run(
    watch: Watch, *, url: str, token: str, start: str, end: str, target: str, way: str, size: int, parts: int
) -> int:
    """Ask for every page of the window; returns how many orders there are, of the floor how many pages.

    :param way: ``floor`` keeps nothing, ``simple`` decodes every page, keeps all orders and writes them in the end.
    """
    api = settings.load("default").shopify_order_import.api
    address = f"{url}/admin/api/{api.version}/graphql.json"
    asked: dict[str, Any] = {
        "search": search_between(datetime.fromisoformat(start), datetime.fromisoformat(end)),
        "size": size, "parts": parts, "after": None,
    }  # fmt: skip
    orders: list[Any] = []
    pages = 0
    with requests.Session() as session, watch:
        session.headers["X-Shopify-Access-Token"] = token
        while True:
            answer = session.post(address, json={"query": ORDERS, "variables": asked}, timeout=60)
            pages += 1
            if way == "floor":
                page = _page(answer.content)
            else:
                found = answer.json()["data"]["orders"]
                orders += found["nodes"]
                page = found["pageInfo"]
            if not page["hasNextPage"]:
                break
            asked["after"] = page["endCursor"]
        if way == "simple":
            Path(target).write_text("".join(json.dumps(order) + "\n" for order in orders), encoding="utf-8")
    return pages if way == "floor" else len(orders)


def _page(content: bytes) -> dict[str, Any]:
    """Where the next page begins, out of the end of an answer."""
    end = content[content.rindex(b'"pageInfo"') :]
    cursor = re.search(rb'"endCursor":\s*"([^"]+)"', end)
    more = re.search(rb'"hasNextPage":\s*true', end) is not None
    return {"hasNextPage": more, "endCursor": cursor and cursor[1].decode("ascii")}
