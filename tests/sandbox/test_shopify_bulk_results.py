"""Bulk operations: results in any order, counts, limits, ends of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.shopify import BulkFault, Shopify, number_of
from tests.sandbox.shopify_kit import ALL, LOOK, RUN, START, TIMEOUT, Client, Clock, make_shop, truth


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shopify]:
    with make_shop(tmp_path, clock) as shop:
        shop.fill(120, start=START - timedelta(days=2), end=START)
        yield shop


@pytest.fixture
def client(shop: Shopify) -> Client:
    return Client(shop)


def roots(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {(row["id"], row["updatedAt"]) for row in rows if "__parentId" not in row}


def children(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if "__parentId" in row]


@pytest.mark.parametrize("grouped", [True, False])
def test_everything_is_there_once_and_counted(shop: Shopify, client: Client, grouped: bool) -> None:
    done = client.finished(client.run_bulk(grouped=grouped))
    assert (done["status"], done["errorCode"], done["partialDataUrl"]) == ("COMPLETED", None, None)
    rows = client.download(done["url"])
    assert roots(rows) == truth(shop)
    kept = [shop.database.order(one.order_id) for one in shop.database.truth()]
    lines = sorted((order["id"], line["id"]) for order in kept for line in order["lineItems"])
    assert sorted((row["__parentId"], row["id"]) for row in children(rows)) == lines
    assert (int(done["objectCount"]), int(done["rootObjectCount"])) == (len(rows), len(kept))
    assert int(done["fileSize"]) == shop.bulk.path(number_of(done["id"])).stat().st_size


def test_grouped_children_follow_their_parents(client: Client) -> None:
    parent = ""
    for row in client.download(client.finished(client.run_bulk(grouped=True))["url"]):
        parent = row["id"] if "__parentId" not in row else parent
        assert row.get("__parentId", parent) == parent


def test_ungrouped_children_stand_before_and_after_their_parents(client: Client) -> None:
    rows = client.download(client.finished(client.run_bulk())["url"])
    place = {row["id"]: number for number, row in enumerate(rows)}
    before = [row for row in children(rows) if place[row["id"]] < place[row["__parentId"]]]
    assert 0 < len(before) < len(children(rows))


@pytest.mark.parametrize(("version", "grouped"), [("2025-10", True), ("2026-10", False)])
def test_the_version_says_whether_children_are_grouped(shop: Shopify, version: str, grouped: bool) -> None:
    text = RUN.replace(", $g: Boolean!", "").replace(", groupObjects: $g", "")
    client = Client(shop, version)
    client.data(text, {"q": ALL})
    assert bool(shop.database.rows("SELECT grouped FROM bulk_operations")[0]["grouped"]) is grouped


def test_objects_without_an_id_are_anonymous(shop: Shopify, client: Client) -> None:
    order_id = shop.place("order_discount")
    query = f"""{{ orders(query: "id:{number_of(order_id)}") {{ edges {{ node {{ id
      discountApplications {{ edges {{ node {{ index targetType }} }} }} }} }} }} }}"""
    rows = client.download(client.finished(client.run_bulk(query))["url"])
    assert children(rows) == [{"index": 0, "targetType": "LINE_ITEM", "__parentId": order_id}]


def test_lists_come_inside_their_order(shop: Shopify, client: Client) -> None:
    order_id = shop.place("many_refunds")
    query = (
        f'{{ orders(query: "id:{number_of(order_id)}") {{ nodes {{ id refunds {{ id }} transactions {{ kind }} }} }} }}'
    )
    (row,) = client.download(client.finished(client.run_bulk(query))["url"])
    assert (len(row["refunds"]), len(row["transactions"])) == (12, 13)


def test_nothing_found_has_no_address(client: Client) -> None:
    done = client.finished(client.run_bulk('{ orders(query: "created_at:>=2030-01-01") { edges { node { id } } } }'))
    assert (done["status"], done["url"], done["objectCount"], done["rootObjectCount"]) == ("COMPLETED", None, "0", "0")


def test_the_end_is_shown_after_some_looks(shop: Shopify, client: Client) -> None:
    shop.settings.bulk_polls = 3
    bulk_id = client.run_bulk()
    shop.bulk.wait(number_of(bulk_id))
    looks = [client.look(bulk_id) for _ in range(5)]
    assert [look["status"] for look in looks] == ["RUNNING"] * 3 + ["COMPLETED"] * 2
    assert [look["url"] is None for look in looks] == [True] * 3 + [False] * 2


def test_other_ways_to_look(shop: Shopify, client: Client) -> None:
    bulk_id = client.run_bulk()
    client.finished(bulk_id)
    node = client.data("query($id: ID!) { node(id: $id) { ... on BulkOperation { status } } }", {"id": bulk_id})
    assert node["node"] == {"status": "COMPLETED"}
    assert client.data("{ currentBulkOperation { id } }")["currentBulkOperation"] == {"id": bulk_id}
    listed = client.data('{ bulkOperations(first: 5, query: "status:completed") { nodes { id type } } }')
    assert listed["bulkOperations"]["nodes"] == [{"id": bulk_id, "type": "QUERY"}]
    assert client.data(LOOK, {"id": "gid://shopify/BulkOperation/99"})["bulkOperation"] is None


@pytest.mark.parametrize(
    ("version", "limit", "code"), [("2025-10", 1, "OPERATION_IN_PROGRESS"), ("2026-10", 5, "LIMIT_REACHED")]
)
def test_so_many_at_once(shop: Shopify, version: str, limit: int, code: str) -> None:
    client = Client(shop, version)
    shop.faults.next_bulk(*[BulkFault("stuck")] * limit)
    ids = [client.run_bulk() for _ in range(limit)]
    refused = client.data(RUN, {"q": ALL, "g": False})["bulkOperationRunQuery"]
    assert refused["bulkOperation"] is None
    assert refused["userErrors"][0]["code"] == code
    assert (ids[-1] in refused["userErrors"][0]["message"]) is (limit == 1)
    cancel = "mutation($id: ID!) { bulkOperationCancel(id: $id) { bulkOperation { status } userErrors { message } } }"
    assert client.data(cancel, {"id": ids[0]})["bulkOperationCancel"]["bulkOperation"] == {"status": "CANCELING"}
    shop.bulk.wait(number_of(ids[0]))
    text = "query($id: ID!) { node(id: $id) { ... on BulkOperation { status partialDataUrl } } }"
    assert client.data(text, {"id": ids[0]})["node"]["status"] == "CANCELED"
    assert client.data(cancel, {"id": ids[0]})["bulkOperationCancel"]["userErrors"]
    client.run_bulk()


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ shop { name } }", "Bulk queries must contain at least one connection."),
        ('{ node(id: "1") { id } }', "Bulk queries must have one field at the top, which cannot be node or nodes."),
        ("{ orders { edges { node { nope } } } }", "Invalid bulk query: Field 'nope' doesn't exist on type 'Order'"),
        (
            "{ orders { edges { node { id refunds { refundLineItems { edges { node { quantity } } } } } } } }",
            "Queries that contain a connection field within a list field are not supported.",
        ),
        (
            f"{{ orders {{ nodes {{ {' '.join(f'a{n}: lineItems {{ nodes {{ id }} }}' for n in range(5))} }} }} }}",
            "Bulk queries cannot contain more than 5 connections.",
        ),
    ],
)
def test_queries_that_cannot_run_in_bulk(client: Client, query: str, message: str) -> None:
    refused = client.data(RUN, {"q": query, "g": False})["bulkOperationRunQuery"]
    assert refused["bulkOperation"] is None
    assert refused["userErrors"] == [{"field": ["query"], "message": message, "code": "INVALID"}]


def test_a_sorted_query_omits_orders_and_counts_as_if_that_were_all(shop: Shopify, client: Client) -> None:
    query = ALL.replace("orders {", "orders(sortKey: UPDATED_AT) {")
    done = client.finished(client.run_bulk(query))
    rows = client.download(done["url"])
    assert roots(rows) < truth(shop)
    assert (int(done["objectCount"]), int(done["rootObjectCount"])) == (len(rows), len(roots(rows)))
    shop.faults.sorted_bulk_omits = False
    assert roots(client.download(client.finished(client.run_bulk(query))["url"])) == truth(shop)


@pytest.mark.parametrize(
    ("what", "status", "code"),
    [
        ("failed", "FAILED", "INTERNAL_SERVER_ERROR"),
        ("timeout", "FAILED", "TIMEOUT"),
        ("access_denied", "FAILED", "ACCESS_DENIED"),
        ("expired", "EXPIRED", None),
    ],
)
def test_bad_ends(shop: Shopify, client: Client, what: Any, status: str, code: str | None) -> None:
    shop.faults.next_bulk(BulkFault(what))
    done = client.finished(client.run_bulk())
    assert (done["status"], done["errorCode"], done["url"]) == (status, code, None)
    if status == "FAILED":
        assert len(roots(client.download(done["partialDataUrl"]))) == len(truth(shop)) // 2
    assert client.finished(client.run_bulk())["status"] == "COMPLETED"


@pytest.mark.parametrize(
    ("what", "wrong"),
    [
        ("short", {"objectCount", "fileSize"}),
        ("object_count", {"objectCount"}),
        ("root_count", {"rootObjectCount"}),
        ("file_size", {"fileSize"}),
    ],
)
def test_results_that_do_not_fit_their_counts(client: Client, shop: Shopify, what: Any, wrong: set[str]) -> None:
    shop.faults.next_bulk(BulkFault(what, lines=2))
    done = client.finished(client.run_bulk(grouped=True))
    content = requests.get(done["url"], timeout=TIMEOUT).content
    lines = content.splitlines()
    real = {"objectCount": len(lines), "fileSize": len(content), "rootObjectCount": len(truth(shop))}
    assert {name for name, value in real.items() if int(done[name]) != value} == wrong


def test_a_download_is_cut_once(shop: Shopify, client: Client) -> None:
    shop.faults.next_bulk(BulkFault("cut"))
    url = client.finished(client.run_bulk())["url"]
    with pytest.raises(requests.exceptions.RequestException):
        requests.get(url, timeout=TIMEOUT)
    assert roots(client.download(url)) == truth(shop)


def test_addresses_expire(shop: Shopify, client: Client, clock: Clock) -> None:
    shop.faults.next_bulk(BulkFault("url_expired"))
    done = client.finished(client.run_bulk())
    refused = requests.get(done["url"], timeout=TIMEOUT)
    assert (refused.status_code, "ExpiredToken" in refused.text) == (400, True)
    assert client.download(done["url"])
    clock.forward(days=8)
    assert requests.get(done["url"], timeout=TIMEOUT).status_code == 400
    assert client.look(done["id"])["url"] is None


def test_an_order_changed_meanwhile_comes_as_it_is_then(shop: Shopify, client: Client, clock: Clock) -> None:
    clock.forward(seconds=60)
    last = [one.order_id for one in shop.database.truth()][-1]
    shop.faults.before_bulk_root(10, lambda: shop.touch(last))
    rows = client.download(client.finished(client.run_bulk())["url"])
    assert roots(rows) == truth(shop)
    assert dict(roots(rows))[last] == "2026-11-20T12:01:00Z"


def test_an_operation_under_way_is_lost_with_the_server(tmp_path: Path, clock: Clock) -> None:
    with make_shop(tmp_path, clock) as shop:
        shop.faults.next_bulk(BulkFault("stuck"))
        bulk_id = Client(shop).run_bulk()
    with make_shop(tmp_path, clock) as shop:
        client = Client(shop)
        client.look(bulk_id)
        assert (found := client.look(bulk_id))["status"] == "FAILED"
        assert found["errorCode"] == "INTERNAL_SERVER_ERROR"
