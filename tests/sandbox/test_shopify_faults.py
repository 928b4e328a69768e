"""What goes wrong on purpose, tokens, states of the shop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.shopify import TOKEN_HEADER, TOKEN_PATH, WHATS, BulkFault, Fault, Shopify, ShopifyFaults
from tests.sandbox.shopify_kit import ALL, PAGE, RUN, TIMEOUT, Client, Clock, make_shop

NAME = "{ shop { name } }"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shopify]:
    with make_shop(tmp_path, clock) as shop:
        for _ in range(4):
            shop.place()
        yield shop


@pytest.fixture
def client(shop: Shopify) -> Client:
    return Client(shop)


@pytest.mark.parametrize(
    ("what", "code"),
    [("throttled", "THROTTLED"), ("internal", "INTERNAL_SERVER_ERROR"), ("shop_inactive", "SHOP_INACTIVE")],
)
def test_errors_inside_a_200(shop: Shopify, client: Client, what: Any, code: str) -> None:
    shop.faults.next(Fault(what, times=2))
    for _ in range(2):
        answer = client.ask(PAGE)
        assert "data" not in answer
        assert answer["errors"][0]["extensions"]["code"] == code
    assert len(client.found()) == 4
    assert shop.faults.happened == [what, what]


def test_data_and_errors_together(shop: Shopify, client: Client) -> None:
    shop.faults.next(Fault("partial"))
    answer = client.ask(PAGE)
    assert answer["data"]["orders"]["nodes"][-1] is None
    assert answer["errors"][0]["path"] == ["orders", "nodes", 3]


@pytest.mark.parametrize("status", ["429", "500", "502", "503", "504"])
def test_statuses_come_with_a_page_of_html(shop: Shopify, client: Client, status: Any) -> None:
    shop.faults.next(Fault(status))
    answer = client.post(PAGE)
    assert (answer.status_code, answer.headers["Content-Type"].split(";")[0]) == (int(status), "text/html")
    assert len(client.found()) == 4


@pytest.mark.parametrize("what", ["half", "close", "reset"])
def test_connections_that_end(shop: Shopify, client: Client, what: Any) -> None:
    shop.faults.next(Fault(what))
    with pytest.raises(requests.exceptions.RequestException):
        client.post(PAGE)
    assert len(client.found()) == 4


def test_no_answer(shop: Shopify, client: Client) -> None:
    shop.faults.next(Fault("hang", hang_seconds=20))
    url = f"{shop.url}/admin/api/2026-10/graphql.json"
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.post(url, json={"query": NAME}, headers={TOKEN_HEADER: client.token}, timeout=0.2)
    assert client.data(NAME)


def test_html_with_status_200(shop: Shopify, client: Client) -> None:
    shop.faults.next(Fault("html"))
    answer = client.post(PAGE)
    assert (answer.status_code, answer.text.startswith("<html>")) == (200, True)


def test_a_fault_at_any_page(shop: Shopify, client: Client) -> None:
    shop.faults.at(3, Fault("502"))
    assert [client.post(PAGE, {"n": 1}).status_code for _ in range(4)] == [200, 200, 502, 200]


def test_an_internal_error_goes_away_with_smaller_pages(shop: Shopify, client: Client) -> None:
    shop.faults.internal_above = 100
    assert client.ask(PAGE, {"n": 101})["errors"][0]["extensions"]["code"] == "INTERNAL_SERVER_ERROR"
    assert len(client.found("", 100)) == 4
    assert client.ask("{ orders(first: 200) { nodes { id } } }")["errors"]


@pytest.mark.parametrize(("committed", "left"), [(True, 1), (False, 0)])
def test_a_mutation_behind_a_lie_may_have_been_carried_out(
    shop: Shopify, client: Client, committed: bool, left: int
) -> None:
    shop.faults.next(Fault("502", committed=committed))
    assert client.post(RUN, {"q": ALL, "g": False}).status_code == 502
    assert len(shop.bulk.numbers()) == left


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    def draw(seed: int) -> list[str | None]:
        faults = ShopifyFaults()
        faults.probability, faults.seed = 0.5, seed
        return [None if (fault := faults.take()) is None else fault.what for _ in range(50)]

    assert draw(1) == draw(1) != draw(2)
    assert 10 < sum(what is not None for what in draw(1)) < 40


def test_scripts_are_checked_and_forgotten(shop: Shopify) -> None:
    with pytest.raises(ValueError, match="what must be one of"):
        Fault("nonsense")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="times at least 1"):
        BulkFault("cut", times=0)
    shop.faults.next(*(Fault(what) for what in WHATS))
    shop.faults.next_bulk(BulkFault("short"))
    assert shop.faults.pending == len(WHATS) + 1
    shop.faults.clear()
    assert shop.faults.pending == 0


def grant(shop: Shopify, **changes: str) -> requests.Response:
    known = shop.credentials
    form = {"client_id": known.client_id, "client_secret": known.client_secret, "grant_type": "client_credentials"}
    return requests.post(f"{shop.url}{TOKEN_PATH}", data=form | changes, timeout=TIMEOUT)


def test_client_credentials_give_a_token_for_a_day(shop: Shopify, client: Client, clock: Clock) -> None:
    given = grant(shop).json()
    assert given["expires_in"] == 86_399
    assert "read_all_orders" in given["scope"].split(",")
    client.token = given["access_token"]
    assert client.data(NAME)
    clock.forward(hours=24)
    assert client.post(NAME).status_code == 401
    client.token = grant(shop).json()["access_token"]
    assert client.data(NAME)
    shop.door.revoke_tokens()
    assert client.post(NAME).status_code == 401
    assert shop.door.tokens_given == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [({"client_secret": "x"}, "invalid_client"), ({"grant_type": "password"}, "unsupported_grant_type")],
)
def test_wrong_credentials(shop: Shopify, changes: dict[str, str], error: str) -> None:
    answer = grant(shop, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_wrong_token(shop: Shopify, client: Client) -> None:
    client.token = "x"
    answer = client.post(NAME)
    assert answer.status_code == 401
    assert answer.json()["errors"].startswith("[API] Invalid API key or access token")
    client.token = shop.credentials.static_token
    shop.faults.next(Fault("401"))
    assert [client.post(NAME).status_code for _ in range(2)] == [401, 200]


@pytest.mark.parametrize(("state", "status"), [("frozen", 402), ("locked", 423), ("missing", 404), ("rejected", 430)])
def test_states_of_the_shop(shop: Shopify, client: Client, state: Any, status: int) -> None:
    shop.settings.state = state
    assert client.post(NAME).status_code == grant(shop).status_code == status
    shop.settings.state = "open"
    assert client.data(NAME)
    assert shop.summary()["answers"][str(status)] == 2


def test_a_shop_in_a_process_of_its_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sandbox.shopify", "--database", str(tmp_path / "shop.sqlite"), "--orders", "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url, token = (process.stdout.readline().strip() for _ in range(2))
            body = {"query": "{ ordersCount(limit: null) { count } }"}
            path = f"{url}/admin/api/2026-10/graphql.json"
            answer = requests.post(path, json=body, headers={TOKEN_HEADER: token}, timeout=TIMEOUT)
            assert answer.json()["data"]["ordersCount"]["count"] == 30
        finally:
            process.terminate()
    assert process.returncode == 0


def test_the_summary_needs_no_token(shop: Shopify) -> None:
    assert requests.get(f"{shop.url}/sandbox/summary", timeout=TIMEOUT).json()["orders"] == 4
