"""GraphQL requests: what comes back, what is refused, what versions differ in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.shopify import KINDS, TOKEN_HEADER, VERSIONS, Shopify
from sandbox.shopify.schema import answering_version, schema
from tests.sandbox.shopify_kit import PAGE, START, TIMEOUT, Client, Clock, make_shop

EVERYTHING = """id legacyResourceId name number createdAt updatedAt processedAt cancelledAt closedAt closed sourceName
  currencyCode presentmentCurrencyCode displayFinancialStatus displayFulfillmentStatus email phone note tags test
  totalPriceSet { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
  currentTotalPriceSet { shopMoney { amount } } totalTipReceivedSet { shopMoney { amount } }
  customer { id displayName email defaultAddress { address1 } defaultEmailAddress { validFormat } }
  shippingAddress { name formatted countryCodeV2 } billingAddress { name } retailLocation { id legacyResourceId name }
  app { name } attribution { handle } discountCodes statusPageUrl
  discountApplications(first: 10) { nodes { index targetType ... on DiscountCodeApplication { code }
    ... on ManualDiscountApplication { title } value { __typename ... on MoneyV2 { amount }
    ... on PricingPercentageValue { percentage } } } }
  shippingLines(first: 10) { nodes { title code discountedPriceSet { shopMoney { amount } } taxLines { title rate } } }
  lineItems(first: 250) { pageInfo { hasNextPage endCursor } edges { cursor node { id sku name quantity currentQuantity
    unfulfilledQuantity isGiftCard originalUnitPriceSet { shopMoney { amount } } product { id isGiftCard }
    variant { id sku product { id } } taxLines { title priceSet { shopMoney { amount } } }
    discountAllocations { allocatedAmountSet { shopMoney { amount } } discountApplication { index } } } } }
  fulfillmentOrders(first: 5) { nodes { status deliveryMethod { methodType } lineItems(first: 250) { nodes {
    remainingQuantity lineItem { id } } } } }
  fulfillments { id status trackingInfo { number } fulfillmentLineItems(first: 50) { nodes { quantity
    lineItem { id } } } }
  refunds { id totalRefundedSet { shopMoney { amount } } refundLineItems(first: 50) { nodes { quantity restockType
    lineItem { id } } } refundShippingLines(first: 5) { nodes { shippingLine { id } } }
    transactions(first: 5) { nodes { kind } } orderAdjustments(first: 5) { nodes { reason } } }
  transactions { id kind status gateway amountSet { shopMoney { amount } }
    paymentDetails { ... on CardPaymentDetails { company } } }"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shopify]:
    with make_shop(tmp_path, clock) as shop:
        yield shop


@pytest.fixture
def client(shop: Shopify) -> Client:
    return Client(shop)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_kind_can_be_read(shop: Shopify, client: Client, kind: str) -> None:
    order_id = shop.place(kind)
    order = client.order(order_id, EVERYTHING)
    kept = shop.database.order(order_id)
    assert order["id"] == f"gid://shopify/Order/{order['legacyResourceId']}"
    assert [edge["node"]["id"] for edge in order["lineItems"]["edges"]] == [x["id"] for x in kept["lineItems"]][:250]
    lines = {line["id"] for line in kept["lineItems"]}
    for refund in order["refunds"]:
        assert {node["lineItem"]["id"] for node in refund["refundLineItems"]["nodes"]} <= lines


def test_only_what_was_asked_for_comes_back(shop: Shopify, client: Client) -> None:
    order_id = shop.place()
    assert client.order(order_id, "name") == {"name": "#1001"}
    aliased = client.data(
        "query($id: ID!) { a: order(id: $id) { ... F } } fragment F on Order { n: name __typename }", {"id": order_id}
    )
    assert aliased == {"a": {"n": "#1001", "__typename": "Order"}}


def test_amounts_and_times_are_text(shop: Shopify, client: Client) -> None:
    order_id = shop.place("no_cents_currency")
    order = client.order(order_id, "createdAt totalPriceSet { shopMoney { amount } presentmentMoney { amount } }")
    kept = shop.database.order(order_id)["totalPriceSet"]
    assert order["createdAt"] == "2026-11-20T12:00:00Z"
    assert float(order["totalPriceSet"]["shopMoney"]["amount"]) * 100 == pytest.approx(kept[0])
    assert order["totalPriceSet"]["presentmentMoney"]["amount"] == f"{kept[1]}.0"


def test_more_than_one_page_of_lines(shop: Shopify, client: Client) -> None:
    order_id = shop.place("many_lines")
    fields = "lineItems(first: 200%s) { pageInfo { hasNextPage endCursor } nodes { id } }"
    first = client.order(order_id, fields % "")["lineItems"]
    rest = client.order(order_id, fields % f', after: "{first["pageInfo"]["endCursor"]}"')["lineItems"]
    found = [node["id"] for node in first["nodes"] + rest["nodes"]]
    assert found == [line["id"] for line in shop.database.order(order_id)["lineItems"]]
    assert (first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (True, False)


@pytest.mark.parametrize(
    ("text", "message", "code"),
    [
        ("{ shop { nonsense } }", "Field 'nonsense' doesn't exist on type 'Shop'", "undefinedField"),
        ("{ orders(first: 1, nope: 2) { nodes { id } } }", "Field 'orders' doesn't accept argument 'nope'", None),
        ("{ order { id } }", "Field 'order' is missing required arguments: id", "missingRequiredArguments"),
        ("{ orders { nodes { id } } }", "you must provide one of first or last", "BAD_REQUEST"),
        ("{ orders(first: 251) { nodes { id } } }", "orders: page size 251 is not between 0 and 250", "BAD_REQUEST"),
        (
            '{ orders(first: 1, after: "x") { nodes { id } } }',
            "Invalid cursor for current pagination sort.",
            "BAD_REQUEST",
        ),
    ],
)
def test_what_is_refused_is_refused_in_words(client: Client, text: str, message: str, code: str | None) -> None:
    (error,) = client.ask(text)["errors"]
    assert error["message"] == message
    assert code is None or error["extensions"]["code"] == code


def test_a_request_that_cannot_be_parsed(client: Client) -> None:
    assert "Syntax Error" in client.ask("{ shop {")["errors"][0]["message"]
    answer = requests.post(
        f"{client.shop.url}/admin/api/2026-10/graphql.json",
        data=b"{",
        headers={TOKEN_HEADER: client.token},
        timeout=TIMEOUT,
    )
    assert answer.status_code == 400


def test_a_bare_number_is_no_id(shop: Shopify, client: Client) -> None:
    bare = shop.place().rpartition("/")[2]
    for text in (f'order(id: "{bare}")', 'order(id: "gid://shopify/Product/1")'):
        assert "Invalid global id" in client.ask(f"{{ {text} {{ name }} }}")["errors"][0]["message"]


@pytest.mark.parametrize("kind", ["many_refunds", "many_fulfilments", "cancelled", "order_discount"])
def test_parts_can_be_asked_for_by_their_ids(shop: Shopify, client: Client, kind: str) -> None:
    shop.place()
    order_id = shop.place(kind)
    shop.refund(order_id)
    order = shop.database.order(order_id)
    text = """query($ids: [ID!]!) { nodes(ids: $ids) { id
      ... on Refund { totalRefundedSet { shopMoney { currencyCode } }
        refundLineItems(first: 9) { nodes { lineItem { id } } } }
      ... on Fulfillment { fulfillmentLineItems(first: 9) { nodes { lineItem { id } } } }
      ... on LineItem { discountAllocations { discountApplication { index } } } ... on OrderTransaction { kind } } }"""
    for name in ("refunds", "fulfillments", "lineItems", "transactions"):
        ids = [part["id"] for part in order[name]]
        found = client.data(text, {"ids": [*ids, ids[0] + "9" if ids else order_id]})["nodes"]
        assert [node["id"] for node in found if node and node["id"] != order_id] == ids
    lines = {line["id"] for line in order["lineItems"]}
    refunds = client.data(text, {"ids": [part["id"] for part in order["refunds"]]})["nodes"]
    assert {node["lineItem"]["id"] for one in refunds for node in one["refundLineItems"]["nodes"]} <= lines


def test_nodes_keep_their_places(shop: Shopify, client: Client) -> None:
    first, gone, last = (shop.place() for _ in range(3))
    shop.delete(gone)
    text = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Order { name } } }"
    found = client.data(text, {"ids": [last, gone, first]})["nodes"]
    assert [node and node["id"] for node in found] == [last, None, first]
    assert "maximum allowed of 250" in client.ask(text, {"ids": [first] * 251})["errors"][0]["message"]


def test_a_deleted_order_is_found_no_more(shop: Shopify, client: Client) -> None:
    kept, gone = shop.place(), shop.place()
    shop.delete(gone)
    assert client.found() == [kept]
    assert client.data("query($id: ID!) { order(id: $id) { id } }", {"id": gone})["order"] is None
    assert shop.database.deleted() == [gone]
    with pytest.raises(KeyError):
        shop.touch(gone)


def test_versions_fall_forward_and_say_so(shop: Shopify, client: Client) -> None:
    for asked, answered in (("2024-01", VERSIONS[0]), ("2026-04", "2026-04"), ("unstable", VERSIONS[-1])):
        answer = client.post("{ shop { name } }", version=asked)
        assert (answer.status_code, answer.headers["X-Shopify-API-Version"]) == (200, answered)
    assert client.post("{ shop { name } }", version="2027-01").status_code == 404
    assert answering_version("2026-02") is None


def test_older_versions_know_less(shop: Shopify, client: Client) -> None:
    order_id = shop.place("gift_card")
    assert client.order(order_id, "displayFulfillmentStatus attribution { handle }") == {
        "displayFulfillmentStatus": "FULFILLMENT_NOT_REQUIRED",
        "attribution": {"handle": "web"},
    }
    assert client.order(order_id, "displayFulfillmentStatus", version="2026-07") == {
        "displayFulfillmentStatus": "UNFULFILLED"
    }
    for text, version in (("attribution { handle }", "2026-04"), ("cartToken", "2026-04")):
        answer = client.ask(f'{{ order(id: "{order_id}") {{ {text} }} }}', version=version)
        assert answer["errors"][0]["extensions"]["code"] == "undefinedField"
    assert "bulkOperations" not in schema("2025-10").query_type.fields  # type: ignore[union-attr]


def test_the_cost_is_told_and_taken(tmp_path: Path, clock: Clock) -> None:
    with make_shop(tmp_path, clock, maximum_available=100, restore_rate=10, most_per_query=1000) as shop:
        client = Client(shop)
        cost = client.ask(PAGE, {"n": 250, "q": "status:open"})["extensions"]["cost"]
        assert (cost["requestedQueryCost"], cost["actualQueryCost"]) == (18, 2)
        assert cost["throttleStatus"] == {"maximumAvailable": 100.0, "currentlyAvailable": 98, "restoreRate": 10.0}
        for _ in range(49):
            client.ask("{ a: shop { name } b: shop { name } }")
        throttled = client.ask("{ shop { name } }")
        assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert "data" not in throttled
        assert throttled["extensions"]["cost"]["actualQueryCost"] is None
        clock.forward(seconds=1)
        assert client.data("{ shop { name } }")


@pytest.mark.parametrize(("costs", "cost"), [("square_root", 2 + 16), ("linear", 2 + 250)])
def test_costs_follow_the_setting(tmp_path: Path, clock: Clock, costs: Any, cost: int) -> None:
    with make_shop(tmp_path, clock, costs=costs, most_per_query=cost - 1) as shop:
        (error,) = Client(shop).ask(PAGE)["errors"]
        assert (error["extensions"]["code"], error["extensions"]["cost"]) == ("MAX_COST_EXCEEDED", cost)
        shop.settings.most_per_query = cost
        assert Client(shop).ask(PAGE)["extensions"]["cost"]["requestedQueryCost"] == cost


def test_fields_without_approval_come_back_null_with_an_error(shop: Shopify, client: Client) -> None:
    order_id = shop.place()
    shop.settings.denied_fields = {"Order.email"}
    shop.settings.scopes -= {"read_customers"}
    answer = client.ask(f'{{ order(id: "{order_id}") {{ name email customer {{ id }} }} }}')
    assert answer["data"]["order"] == {"name": "#1001", "email": None, "customer": None}
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"ACCESS_DENIED"}
    assert [error["path"] for error in answer["errors"]] == [["order", "email"], ["order", "customer"]]


def test_without_the_scope_nothing_is_shown(shop: Shopify, client: Client) -> None:
    shop.settings.scopes.clear()
    answer = client.ask(PAGE)
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
    assert "data" not in answer
    text = "{ currentAppInstallation { accessScopes { handle } } }"
    assert client.data(text)["currentAppInstallation"]["accessScopes"] == []


def test_orders_older_than_sixty_days_need_a_scope(shop: Shopify, client: Client, clock: Clock) -> None:
    old = shop.place()
    clock.forward(days=61)
    new = shop.place()
    assert client.found() == [old, new]
    shop.settings.scopes -= {"read_all_orders"}
    assert client.found() == [new]
    assert client.data("{ ordersCount { count } }")["ordersCount"]["count"] == 1
    assert client.data("query($id: ID!) { order(id: $id) { id } }", {"id": old})["order"] is None


def test_the_answer_carries_the_shops_time(shop: Shopify, client: Client) -> None:
    shop.faults.clock_skew_seconds = 90
    assert client.post("{ shop { name } }").headers["Date"] == "Fri, 20 Nov 2026 12:01:30 GMT"
    order = shop.database.order(shop.place())
    assert order["updatedAt"] - START.timestamp() == 90


def test_a_shop_is_kept_over_a_restart(tmp_path: Path, clock: Clock) -> None:
    with make_shop(tmp_path, clock) as shop:
        order_id = shop.place()
    with make_shop(tmp_path, clock) as shop:
        assert Client(shop).found() == [order_id]
        assert shop.place() != order_id
