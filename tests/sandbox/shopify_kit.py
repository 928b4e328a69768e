"""A shop with a clock that stands still, and a client of a few lines."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from sandbox.shopify import TOKEN_HEADER, Shopify, ShopifySettings, number_of

START = datetime(2026, 11, 20, 12, tzinfo=UTC)
TIMEOUT = 10
PAGE = """query($n: Int = 250, $after: String, $q: String, $sort: OrderSortKeys = UPDATED_AT, $back: Boolean = false) {
  orders(first: $n, after: $after, query: $q, sortKey: $sort, reverse: $back) {
    pageInfo { hasNextPage endCursor } nodes { id updatedAt }
  }
}"""
RUN = """mutation($q: String!, $g: Boolean!) { bulkOperationRunQuery(query: $q, groupObjects: $g) {
  bulkOperation { id status } userErrors { field message code } } }"""
LOOK = """query($id: ID!) { bulkOperation(id: $id) {
  id status errorCode url partialDataUrl objectCount rootObjectCount fileSize completedAt } }"""
ALL = "{ orders { edges { node { id updatedAt lineItems { edges { node { id quantity } } } } } } }"


class Clock:
    """Moves only when told to; points come back by it, too."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def make_shop(folder: Path, clock: Clock, **settings: Any) -> Shopify:
    """A shop with a bucket that is never empty, unless the settings say otherwise."""
    settings = {"maximum_available": 1e9, "most_per_query": 10**6, **settings}
    return Shopify(
        folder / "shop.sqlite", settings=ShopifySettings(**settings), clock=clock, bucket_clock=clock.seconds
    )


class Client:
    """Sends GraphQL requests with the static token."""

    def __init__(self, shop: Shopify, version: str = "2026-10") -> None:
        self.shop, self.version = shop, version
        self.token = shop.credentials.static_token

    def post(self, text: str, variables: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        url = f"{self.shop.url}/admin/api/{options.pop('version', self.version)}/graphql.json"
        body = {"query": text, "variables": variables or {}}
        return requests.post(url, json=body, headers={TOKEN_HEADER: self.token}, timeout=TIMEOUT, **options)

    def ask(self, text: str, variables: dict[str, Any] | None = None, **options: Any) -> dict[str, Any]:
        answer = self.post(text, variables, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    def data(self, text: str, variables: dict[str, Any] | None = None, **options: Any) -> Any:
        answer = self.ask(text, variables, **options)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def order(self, order_id: str, fields: str, **options: Any) -> Any:
        return self.data(f"query($id: ID!) {{ order(id: $id) {{ {fields} }} }}", {"id": order_id}, **options)["order"]

    def pages(self, query: str = "", size: int = 250, **variables: Any) -> list[list[dict[str, Any]]]:
        """Every page of a search."""
        pages, after = [], None
        while True:
            found = self.data(PAGE, {"n": size, "after": after, "q": query, **variables})["orders"]
            pages.append(found["nodes"])
            after = found["pageInfo"]["endCursor"]
            if not found["pageInfo"]["hasNextPage"]:
                return pages

    def found(self, query: str = "", size: int = 250, **variables: Any) -> list[str]:
        """Ids that a search finds."""
        return [node["id"] for page in self.pages(query, size, **variables) for node in page]

    def run_bulk(self, query: str = ALL, *, grouped: bool = False, **options: Any) -> str:
        done = self.data(RUN, {"q": query, "g": grouped}, **options)["bulkOperationRunQuery"]
        assert done["userErrors"] == []
        return str(done["bulkOperation"]["id"])

    def look(self, bulk_id: str) -> Any:
        return self.data(LOOK, {"id": bulk_id})["bulkOperation"]

    def finished(self, bulk_id: str) -> Any:
        """An operation after it has shown its end."""
        self.shop.bulk.wait(number_of(bulk_id))
        self.look(bulk_id)
        return self.look(bulk_id)

    def download(self, url: str) -> list[dict[str, Any]]:
        answer = requests.get(url, timeout=TIMEOUT)
        assert answer.status_code == 200
        return [json.loads(line) for line in answer.content.splitlines()]


def truth(shop: Shopify) -> set[tuple[str, str]]:
    """Id and updatedAt, as a client sees them, of every order."""
    return {(one.order_id, text(one.updated_at)) for one in shop.database.truth()}


def text(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
