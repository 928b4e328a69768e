"""HotWax imports Shopify's orders: files and uploads, failed records, statuses, versions, look-ups."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox.hotwax import HotWax, ImportLog, LogStatus
from sandbox.hotwax.settings import CRT_SHOPIFY_ORDER, SHOPIFY_FOLDERS, SYNC_SHOPIFY_ORDER, UPD_SHOPIFY_ORDER
from sandbox.hotwax.shopify_import import BAD_EMAIL, BAD_NOTE, NULL
from sandbox.hotwax.shopify_import_orders import OLD_VERSION
from sandbox.shopify import Shopify
from tests.sandbox.shopify_kit import START, TIMEOUT, Clock, make_shop

Order = dict[str, Any]
CHECKED = {
    "no_address": "Required Field: customer address is missing",
    "no_phone": "Required Field: phone is missing",
    "bad_email": BAD_EMAIL,
    "emoji_note": BAD_NOTE,
    "control_note": BAD_NOTE,
    "custom_item": "Invalid Data: no product with SHOPIFY_PROD_ID or SKU for line",
    "unknown_product": "Invalid Data: no product with SHOPIFY_PROD_ID or SKU for line",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shop(tmp_path: Path, clock: Clock) -> Iterator[Shopify]:
    shop = make_shop(tmp_path / "shop", clock)
    yield shop
    shop.stop()


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    found = {config: tmp_path / "sftp" / folder for config, folder in SHOPIFY_FOLDERS.items()}
    for folder in found.values():
        folder.mkdir(parents=True)
    return found


@pytest.fixture
def bring(hotwax: HotWax, folders: dict[str, Path]) -> Callable[..., ImportLog]:
    """Import orders from a file on SFTP."""

    def bring(*orders: Order, config: str = CRT_SHOPIFY_ORDER) -> ImportLog:
        (folders[config] / "orders.json").write_text(json.dumps([{"order": order} for order in orders]))
        (log,) = hotwax.importer.import_now()
        return log

    return bring


def failed(hotwax: HotWax, log: ImportLog) -> list[Order]:
    content = hotwax.logs.content(log.error_content_id or "")
    return [] if content is None else json.loads(content[1])  # type: ignore[no-any-return]


def number(order_id: str) -> str:
    return order_id.rpartition("/")[2]


def test_good_orders_come_in(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    order_id = shop.place("order_discount")
    log = bring(shop.rest_order(order_id))
    assert (log.status, log.total, log.failed, log.error_content_id) == (LogStatus.FINISHED, 1, 0, None)
    assert log.remote_file_path == "/hotwax/shopify-orders/orders.json"
    order = hotwax.shopify.order(number(order_id))
    assert order is not None
    kept = shop.database.order(order_id)
    assert (order["name"], order["status_id"], order["channel"]) == ("#1001", "ORDER_CREATED", "WEB_SALES_CHANNEL")
    assert len(order["items"]) == sum(line["quantity"] for line in kept["lineItems"])
    discounts = [one["amount"] for one in order["adjustments"] if one["type"] == "EXT_PROMO_ADJUSTMENT"]
    assert discounts == ["-3.34", "-6.67"]
    assert hotwax.shopify.reached() == {(number(order_id), "2026-11-20T12:00:00Z")}


@pytest.mark.parametrize(
    ("kind", "channel", "method", "status"),
    [
        ("web", "WEB_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("pos_completed", "POS_SALES_CHANNEL", "POS_COMPLETED", "ORDER_COMPLETED"),
        ("send_sale", "POS_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("mixed_cart", "POS_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("cancelled", "WEB_SALES_CHANNEL", "STANDARD", "ORDER_CANCELLED"),
        ("draft", "CSR_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("exchange", "EXCHG_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("mobile", "PHONE_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("marketplace", "UNKNWN_SALES_CHANNEL", "STANDARD", "ORDER_CREATED"),
        ("pickup", "WEB_SALES_CHANNEL", "STOREPICKUP", "ORDER_CREATED"),
        ("gift_card", "WEB_SALES_CHANNEL", "NO_SHIPPING", "ORDER_CREATED"),
    ],
)
def test_hotwax_maps_by_its_own_tables(
    hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog], kind: str, channel: str, method: str, status: str
) -> None:
    order_id = shop.place(kind)
    bring(shop.rest_order(order_id))
    order = hotwax.shopify.order(number(order_id))
    assert order is not None
    assert (order["channel"], order["shipment_method"], order["status_id"]) == (channel, method, status)


def test_what_was_mapped_before_counts(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    content = shop.rest_order(shop.place())
    payment = {"paymentMethodTypeId": "EXT_SHOP_VISA", "maxAmount": "5.00", "statusId": "PAYMENT_SETTLED"}
    content |= {"salesChannelEnumId": "MKTP_SALES_CHANNEL", "shipmentMethodTypeId": "NEXT_DAY"}
    content |= {"orderPaymentPref": [payment], "orderAdjustments": [{"type": "FEE", "amount": 1.5}]}
    bring(content)
    order = hotwax.shopify.order(str(content["id"]))
    assert order is not None
    assert (order["channel"], order["shipment_method"]) == ("MKTP_SALES_CHANNEL", "NEXT_DAY")
    assert (order["payments"], order["adjustments"]) == ([payment], [{"type": "FEE", "amount": "1.5"}])


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("salesChannelEnumId", "NOPE", "Invalid Data: sales channel 'NOPE' is not known"),
        ("shipmentMethodTypeId", "NOPE", "Invalid Data: shipment method 'NOPE' is not known"),
        ("productStoreId", "NOPE", "Invalid Data: product store 'NOPE' is not known"),
        ("orderPaymentPref", [{"paymentMethodTypeId": "NOPE"}], "Invalid Data: payment method 'NOPE' is not known"),
        ("orderAdjustments", [{"type": "NOPE"}], "Invalid Data: adjustment type 'NOPE' is not known"),
        ("line_items", [], NULL),
        ("name", None, NULL),
        ("id", None, NULL),
        ("created_at", "yesterday", "Invalid Format: 'yesterday' is no date"),
    ],
)
def test_records_that_are_refused(
    hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog], name: str, value: object, message: str
) -> None:
    log = bring(shop.rest_order(shop.place()) | {name: value})
    assert [record["_ERROR_MESSAGE_"] for record in failed(hotwax, log)] == [message]
    assert hotwax.shopify.orders() == []


def test_some_fail_and_are_matched_by_shopifys_id(
    hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]
) -> None:
    good = shop.place()
    bad = {shop.place(kind): message for kind, message in CHECKED.items()}
    log = bring(*(shop.rest_order(one) for one in (good, *bad)))
    assert (log.status, log.total, log.failed) == (LogStatus.FINISHED, 1 + len(bad), len(bad))
    told = {f"gid://shopify/Order/{row['order']['id']}": row["_ERROR_MESSAGE_"] for row in failed(hotwax, log)}
    assert told.keys() == bad.keys()
    assert all(told[one].startswith(message) for one, message in bad.items())
    assert [order["shopify_id"] for order in hotwax.shopify.orders()] == [number(good)]


def test_the_reason_may_stand_under_another_name(
    hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]
) -> None:
    hotwax.shopify.reason = "errors"
    log = bring(shop.rest_order(shop.place("bad_email")))
    assert [record["errors"] for record in failed(hotwax, log)] == [BAD_EMAIL]


@pytest.mark.parametrize("kind", ["bad_email", "control_note", "emoji_note", "no_address", "no_phone"])
def test_a_mended_order_comes_in(
    hotwax: HotWax, shop: Shopify, clock: Clock, bring: Callable[..., ImportLog], kind: str
) -> None:
    order_id = shop.place(kind)
    assert bring(shop.rest_order(order_id)).failed == 1
    clock.forward(minutes=5)
    shop.heal(order_id)
    assert bring(shop.rest_order(order_id)).failed == 0
    assert [one.outcome for one in hotwax.shopify.arrivals(number(order_id))] == ["refused", "created"]


def test_a_till_needs_no_address(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    content = shop.rest_order(shop.place("pos_completed")) | {"customer": None, "phone": None}
    hotwax.shopify.reader.strict_tills = True
    assert bring(content).failed == 1
    hotwax.shopify.reader.strict_tills = False
    assert bring(content).failed == 0


def test_scripted_errors_and_unknown_products(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    content = shop.rest_order(shop.place())
    hotwax.importer.faults.refuse = {str(content["id"]): "Transaction is empty"}
    assert failed(hotwax, bring(content))[0]["_ERROR_MESSAGE_"] == "Transaction is empty"
    hotwax.importer.faults.refuse = None
    hotwax.shopify.reader.unknown_products = {str(content["line_items"][0]["variant_id"])}
    assert bring(content).failed == 1


def test_a_known_order_is_left_or_refused(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    content = shop.rest_order(shop.place())
    assert [bring(content).failed for _ in range(2)] == [0, 0]
    hotwax.shopify.known = "refuse"
    log = bring(content)
    assert "already exists" in failed(hotwax, log)[0]["_ERROR_MESSAGE_"]
    outcomes = [one.outcome for one in hotwax.shopify.arrivals()]
    assert outcomes == ["created", "known", "refused"]
    assert len(hotwax.shopify.orders()) == 1


@pytest.mark.parametrize("config", [UPD_SHOPIFY_ORDER, SYNC_SHOPIFY_ORDER])
def test_updates(hotwax: HotWax, shop: Shopify, clock: Clock, bring: Callable[..., ImportLog], config: str) -> None:
    order_id = shop.place()
    first = shop.rest_order(order_id)
    assert bring(first, config=config).failed == (config == UPD_SHOPIFY_ORDER)
    bring(first)
    clock.forward(minutes=1)
    shop.cancel(order_id)
    bring(shop.rest_order(order_id), config=config)
    bring(first, config=config)
    order = hotwax.shopify.order(number(order_id))
    assert order is not None
    assert (order["status_id"], order["updated_at"]) == ("ORDER_CANCELLED", "2026-11-20T12:01:00Z")


def test_refresh_makes_a_new_version(
    hotwax: HotWax, shop: Shopify, clock: Clock, bring: Callable[..., ImportLog]
) -> None:
    order_id = shop.place("pos_completed")
    bring(shop.rest_order(order_id) | {"fulfillment_status": None})
    (old,) = hotwax.shopify.versions(number(order_id))
    assert old["status_id"] == "ORDER_CREATED"
    new_id = hotwax.shopify.refresh(number(order_id), shop.rest_order(order_id))
    old, new = hotwax.shopify.versions(number(order_id))
    assert (old["status_id"], old["tag"]) == ("ORDER_CANCELLED", OLD_VERSION)
    assert (new["order_id"], new["status_id"], new["version"], new["tag"]) == (new_id, "ORDER_COMPLETED", 2, "")
    assert hotwax.shopify.duplicated() == []
    with pytest.raises(KeyError):
        hotwax.shopify.refresh("1", {})


def test_duplicates_can_be_made(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    shopify_id = number(shop.place())
    hotwax.shopify.create_twice.add(shopify_id)
    bring(shop.rest_order(shopify_id))
    assert hotwax.shopify.duplicated() == [shopify_id]
    hotwax.shopify.cancel(hotwax.shopify.live(shopify_id)[0]["order_id"])
    assert [row["status_id"] for row in hotwax.shopify.live(shopify_id)] == ["ORDER_CANCELLED", "ORDER_CREATED"]


def test_approval_waits_for_attributes(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    web, till = shop.place(), shop.place("send_sale")
    bring(shop.rest_order(web), shop.rest_order(till))
    hotwax.shopify.required_attributes = frozenset({"customerId", "municipality"})
    order_id = hotwax.shopify.live(number(web))[0]["order_id"]
    hotwax.shopify.set_attribute(order_id, "customerId", "1")
    assert hotwax.shopify.lacking(order_id) == ["municipality"]
    assert hotwax.shopify.approve_orders() == []
    hotwax.shopify.set_attribute(order_id, "municipality", "7")
    assert hotwax.shopify.approve_orders() == [order_id]
    assert hotwax.shopify.live(number(till))[0]["status_id"] == "ORDER_CREATED"


def test_a_file_that_breaks_off_is_imported_up_to_there(
    hotwax: HotWax, shop: Shopify, folders: dict[str, Path]
) -> None:
    whole = json.dumps([shop.rest_order(shop.place()) for _ in range(2)])
    (folders[CRT_SHOPIFY_ORDER] / "orders.json").write_text(whole[:-50])
    (log,) = hotwax.importer.import_now()
    assert (log.status, log.total, len(hotwax.shopify.orders())) == (LogStatus.FAILED, 1, 1)


def upload(hotwax: HotWax, path: str, member: str, orders: list[Order]) -> requests.Response:
    file = {member: ("orders.json", json.dumps(orders).encode(), "application/json")}
    headers = {"Authorization": f"Bearer {hotwax.credentials.token}"}
    data = {"configId": CRT_SHOPIFY_ORDER}
    return requests.post(f"{hotwax.url}{path}", files=file, data=data, headers=headers, timeout=TIMEOUT)


@pytest.mark.parametrize("backend", ["moqui", "ofbiz"])
def test_uploads_and_failed_records_over_http(hotwax: HotWax, shop: Shopify, backend: str) -> None:
    orders = [shop.rest_order(shop.place(kind)) for kind in ("web", "bad_email")]
    headers = {"Authorization": f"Bearer {hotwax.credentials.token}"}
    if backend == "moqui":
        upload(hotwax, "/rest/s1/admin/uploadDataManagerFile", "contentFile", orders).raise_for_status()
    else:
        upload(hotwax, "/api/uploadAndImportFile", "uploadedFile", orders).raise_for_status()
    (log,) = hotwax.importer.import_now()
    assert (log.config_id, log.total, log.failed) == (CRT_SHOPIFY_ORDER, 2, 1)
    if backend == "moqui":
        query = {"configId": CRT_SHOPIFY_ORDER, "logContentId": log.error_content_id}
        answer = requests.get(
            f"{hotwax.url}/rest/s1/admin/dataManager/downloadDataManagerFile", query, headers=headers, timeout=TIMEOUT
        )
        records = json.loads(answer.json()["csvData"])
    else:
        query = {"contentId": log.error_content_id}
        answer = requests.get(f"{hotwax.url}/api/DownloadDataManagerFile", query, headers=headers, timeout=TIMEOUT)
        records = answer.json()
    assert [(row["id"], row["_ERROR_MESSAGE_"]) for row in records] == [(orders[1]["id"], BAD_EMAIL)]


def look_up(hotwax: HotWax, path: str, **query: Any) -> Any:
    headers = {"Authorization": f"Bearer {hotwax.credentials.token}"}
    answer = requests.get(f"{hotwax.url}{path}", query, headers=headers, timeout=TIMEOUT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_orders_are_looked_up(hotwax: HotWax, shop: Shopify, clock: Clock, bring: Callable[..., ImportLog]) -> None:
    ids = []
    for kind in ("web", "exchange", "pos_completed"):
        ids.append(shop.place(kind))
        clock.forward(minutes=10)
    bring(*map(shop.rest_order, ids))
    moqui, ofbiz = "/rest/s1/oms/orders", "/api/orders"
    (found,) = look_up(hotwax, moqui, externalId=number(ids[1]))["orders"]
    assert (found["orderExternalId"], found["orderName"]) == (number(ids[1]), "#1002")
    assert found["orderItemAssocs"] == [{"orderItemAssocTypeId": "EXCHANGE"}]
    detail = look_up(hotwax, f"{moqui}/{found['orderId']}")["orderDetail"]
    assert detail == found
    since = int(START.timestamp() * 1000) + 600_000
    window = {"orderDate_from": since, "orderDate_thru": since + 600_000}
    assert [row["orderExternalId"] for row in look_up(hotwax, moqui, **window)["orders"]] == [number(ids[1])]
    listed = look_up(hotwax, ofbiz, viewSize=2, viewIndex=1)
    assert (listed["count"], [row["orderName"] for row in listed["docs"]]) == (3, ["#1003"])
    assert look_up(hotwax, ofbiz, orderStatusId="ORDER_COMPLETED")["docs"][0]["orderStatusId"] == "ORDER_COMPLETED"


def test_pages_are_cut_without_a_word(
    make_hotwax: Callable[..., HotWax], shop: Shopify, folders: dict[str, Path]
) -> None:
    hotwax = make_hotwax(page_cap=2)
    orders = [shop.rest_order(shop.place()) for _ in range(5)]
    (folders[CRT_SHOPIFY_ORDER] / "orders.json").write_text(json.dumps(orders))
    hotwax.importer.import_now()
    pages = [look_up(hotwax, "/rest/s1/oms/orders", pageSize=100, pageIndex=page) for page in range(4)]
    assert [len(page["orders"]) for page in pages] == [2, 2, 1, 0]
    assert pages[0].keys() == {"orders"}


def test_the_log_of_failed_imports(hotwax: HotWax, shop: Shopify, bring: Callable[..., ImportLog]) -> None:
    order_id = shop.place("bad_email")
    bring(shop.rest_order(order_id))
    body = {"json": {"params": {"q": "docType:SHOPIFY_ORDER"}}, "coreName": "logInsights"}
    headers = {"Authorization": f"Bearer {hotwax.credentials.token}"}
    url = f"{hotwax.url}/api/solr-query"
    (doc,) = requests.get(url, json=body, headers=headers, timeout=TIMEOUT).json()["response"]["docs"]
    assert (doc["shopifyOrderName"], doc["errorMessage"]) == ("#1001", BAD_EMAIL)
    assert doc["orderCreatedDate"] == str(int(START.timestamp()) * 1000)
    assert number(order_id) in doc["site"]
    refused = requests.get(url, json={}, headers=headers, timeout=TIMEOUT).json()
    assert "logInsights" in refused["_ERROR_MESSAGE_"]


def test_look_ups_need_a_login(hotwax: HotWax) -> None:
    for path in ("/rest/s1/oms/orders", "/api/orders", "/api/solr-query"):
        assert requests.get(f"{hotwax.url}{path}", timeout=TIMEOUT).status_code == 401


def test_some_installs_want_a_slash(hotwax: HotWax) -> None:
    hotwax.api.shopify.needs_slash = True
    assert look_up(hotwax, "/rest/s1/oms/orders/") == {"orders": []}
    headers = {"Authorization": f"Bearer {hotwax.credentials.token}"}
    assert requests.get(f"{hotwax.url}/rest/s1/oms/orders", headers=headers, timeout=TIMEOUT).status_code == 404
