"""HotWax's list of orders, from a server that pages as the test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from order_sync.contracts.hotwax_orders import listed_order
from order_sync.errors import NotSent, Stop
from order_sync.partners.hotwax_orders import HotWaxOrders, open_orders
from order_sync.settings import DEFAULT, load

SETTINGS = load(DEFAULT).shopify_order_check.hotwax
END = datetime(2026, 11, 10, tzinfo=UTC)
Pages = Callable[[int], Any]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Iterator[HotWaxOrders]]]:
    running: list[Any] = []

    def start(pages: Pages, **extra: str) -> Any:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                body = json.dumps(pages(int((asked.get("pageIndex") or asked["viewIndex"])[0]))).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        host = f"http://127.0.0.1:{server.server_port}"
        connection = {"conn_type": "http", "host": host, "extra": {"api_key": "k", "token": "t", **extra}}
        monkeypatch.setenv("AIRFLOW_CONN_HOTWAX_API", json.dumps(connection))
        opened = open_orders("hotwax_api", SETTINGS)
        running.append((server, opened))
        return opened.__enter__()

    yield start
    for server, opened in running:
        opened.__exit__(None, None, None)
        server.shutdown()
        server.server_close()


def order(number: int, **changes: Any) -> dict[str, Any]:
    return {"orderId": f"M{number}", "orderStatusId": "ORDER_CREATED", "externalId": str(5000 + number), **changes}


def placed(orders: HotWaxOrders) -> list[str]:
    return [one.id for one in orders.placed(END - timedelta(days=1), END)]


def test_short_page_is_not_the_last_one(serve: Any) -> None:
    pages = [[order(1), order(2)], [order(3)], [order(4), order(5)], []]
    assert placed(serve(lambda at: {"orders": pages[at]})) == ["M1", "M2", "M3", "M4", "M5"]


def test_order_that_moved_to_the_next_page_is_met_once(serve: Any) -> None:
    pages = [[order(1), order(2)], [order(2), order(3)], []]
    assert placed(serve(lambda at: {"orders": pages[at]})) == ["M1", "M2", "M3"]


def test_server_that_does_not_page_is_no_endless_list(serve: Any) -> None:
    with pytest.raises(NotSent, match="page 2 over again"):
        placed(serve(lambda _at: {"orders": [order(1)]}))


def test_list_that_is_shorter_than_its_count_is_refused(serve: Any) -> None:
    pages = [[order(1)], []]
    with pytest.raises(NotSent, match="counts 2 orders and shows 1"):
        placed(serve(lambda at: {"count": 2, "docs": pages[at]}, backend="ofbiz"))


def test_answer_without_a_list_is_not_an_empty_one(serve: Any) -> None:
    with pytest.raises(Stop, match="no list of orders"):
        placed(serve(lambda _at: {"message": "hello"}))


def test_search_that_shows_others_is_not_believed(serve: Any) -> None:
    with pytest.raises(Stop, match="asked for Shopify order 5001 and shows order M2"):
        serve(lambda _at: {"orders": [order(2)]}).of_shopify("5001")


def test_without_a_connection_nothing_can_be_compared() -> None:
    with pytest.raises(Stop, match="no connection to HotWax"), open_orders("", SETTINGS):
        pass


@pytest.mark.parametrize(
    ("changes", "shopify_id"),
    [
        ({}, "5001"),
        ({"externalId": "PS00000001"}, ""),
        ({"externalId": None, "orderExternalId": 5001}, "5001"),
        ({"externalId": ""}, ""),
        (
            {
                "externalId": "PS00000001",
                "orderIdentifications": [{"orderIdentificationTypeId": "SHOPIFY_ORD_ID", "idValue": "77"}],
            },
            "77",
        ),
    ],
)
def test_number_of_shopify(changes: dict[str, Any], shopify_id: str) -> None:
    assert listed_order(order(1, **changes), SETTINGS).shopify_id == shopify_id


def test_order_as_it_is_listed() -> None:
    found = listed_order(
        order(
            1,
            orderDate=1_762_732_800_000,
            tags=["old version"],
            orderAttributes=[{"attrName": "RISK", "attrValue": "LOW"}, {"attrName": "EMPTY", "attrValue": " "}],
            orderItemAssocs=[{"orderItemAssocTypeId": "EXCHANGE"}],
        ),
        SETTINGS,
    )
    assert found.ordered_at == datetime(2025, 11, 10, tzinfo=UTC)
    assert found.attributes == {"RISK"}
    assert found.old_version
    assert found.exchange


@pytest.mark.parametrize("wrong", [{"orderId": None}, {"orderStatusId": None}, {"tags": "old version"}])
def test_order_of_another_shape_stops_the_check(wrong: dict[str, Any]) -> None:
    with pytest.raises(Stop, match="cannot be read"):
        listed_order(order(1, **wrong), SETTINGS)
