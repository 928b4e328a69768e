from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.hotwax import HotWax
from sandbox.hotwax.created_orders import CUSTOMER_KINDS, KINDS, CreatedOrders, Fate
from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.hotwax.netsuite_ids import IMP_APR_SALES_ORD, IMPORTS, MOD_ORD_ATTR, NetSuiteIds

FOLDERS = {one.config_id: one.folder for one in IMPORTS}
BEGIN = datetime(2026, 1, 31, 4, 22, 5, tzinfo=UTC)

Json = dict[str, Any]
MakeShop = Callable[[], HotWaxShop]


@pytest.fixture
def make_shop(hotwax: HotWax, tmp_path: Path) -> MakeShop:
    """Every reading of its clock is a second later than the one before."""
    times = (BEGIN + timedelta(seconds=n) for n in range(1000))

    def make() -> HotWaxShop:
        root = tmp_path / "sftp"
        ids = NetSuiteIds(hotwax.database, hotwax.logs, root)
        return HotWaxShop(root, hotwax.database, ids, seed=7, clock=lambda: next(times))

    return make


@pytest.fixture
def shop(make_shop: MakeShop) -> HotWaxShop:
    return make_shop()


@pytest.fixture
def bring(tmp_path: Path, shop: HotWaxShop) -> Callable[..., None]:
    """Let HotWax import a file; every row must be taken."""

    def bring(config_id: str, *rows: str) -> None:
        header = next(",".join(one.columns) for one in IMPORTS if one.config_id == config_id)
        (tmp_path / "sftp" / FOLDERS[config_id] / "Export.csv").write_text("\n".join([header, *rows]))
        (log,) = shop.ids.import_now()
        assert (log.total, log.failed) == (len(rows), 0)

    return bring


def records(path: Path | None) -> list[Json]:
    if path is None:
        return []
    found: list[Json] = json.loads(path.read_bytes())
    return found


def parties(shop: HotWaxShop) -> list[str]:
    return [record["partyId"] for record in records(shop.feed_customers())]


def orders(shop: HotWaxShop, **options: Any) -> list[str]:
    return [record["orderId"] for record in records(shop.feed_created_orders(**options))]


def line_rows(shop: HotWaxShop, number: int) -> list[str]:
    expected = shop.expected(number)
    return [f"{expected.order_id},{line.key},NetsuiteItemLineId,{place}" for place, line in enumerate(expected.lines)]


def test_nothing_due_is_no_file(shop: HotWaxShop) -> None:
    assert (shop.feed_customers(), shop.feed_created_orders()) == (None, None)
    assert list(shop.customers_folder.iterdir()) == list(shop.created_orders_folder.iterdir()) == []


def test_customers_are_due_until_their_id_is_there(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    assert [shop.sign_up(number) for number in (1, 2, 3)] == ["HC10001", "HC10002", "HC10003"]
    assert parties(shop) == ["HC10001", "HC10002", "HC10003"]
    bring("IMP_PARTY_IDENT", "HC10002,NETSUITE_CUSTOMER_ID,502")
    assert parties(shop) == ["HC10001", "HC10003"]
    (known,) = [one for one in shop.customer(2)["partyIdentifications"] if one["idValue"] == "502"]
    assert (known["partyIdentificationTypeId"], known["thruDate"]) == ("NETSUITE_CUSTOMER_ID", None)
    assert len(list(shop.customers_folder.iterdir())) == 2


def test_which_kinds_of_customer_are_due(shop: HotWaxShop) -> None:
    for number, kind in enumerate(CUSTOMER_KINDS, 1):
        shop.sign_up(number, kind)
    numbers = dict(enumerate(CUSTOMER_KINDS, 10_001))
    due = [numbers[int(party.removeprefix("HC"))] for party in parties(shop)]
    assert due == [kind for kind in CUSTOMER_KINDS if kind not in {"web", "pos", "long_names", "no_shopify_id"}]
    assert shop.ids.customer_id("HC10001") == "900001"


def test_a_new_id_does_not_hide_one_that_has_ended(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    shop.sign_up(1, "ended_id")
    bring("IMP_PARTY_IDENT", "HC10001,NETSUITE_CUSTOMER_ID,501")
    found = [(one["idValue"], bool(one["thruDate"])) for one in shop.customer(1)["partyIdentifications"][1:]]
    assert found == [("800001", True), ("501", False)]
    bring("IMP_PARTY_IDENT", "HC10001,NETSUITE_CUSTOMER_ID,502")
    assert [one["idValue"] for one in shop.customer(1)["partyIdentifications"][1:]] == ["800001", "502"]


def test_orders_are_due_until_every_line_has_its_id(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    assert [shop.place(number, "cancelled_line") for number in (1, 2)] == ["N10001", "N10002"]
    first, *others = line_rows(shop, 1)
    bring("IMP_ORDER_ITM_ATTR", first)
    assert orders(shop) == ["N10001", "N10002"]
    bring("IMP_ORDER_ITM_ATTR", *others)
    assert orders(shop) == ["N10002"]


def test_components_of_a_kit_are_not_waited_for(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    shop.place(1, "kit")
    bring("IMP_ORDER_ITM_ATTR", *line_rows(shop, 1))
    assert orders(shop) == []


def test_an_order_shows_what_came_back(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    shop.place(1, "web")
    before = shop.order(1)
    assert {one["partyIdentificationTypeId"] for one in before["customerPartyIdentifications"]} == {"SHOPIFY_CUST_ID"}
    bring("IMP_PARTY_IDENT", "HC10001,NETSUITE_CUSTOMER_ID,501")
    bring("IMP_ORDER_IDENT", "N10001,NETSUITE_ORDER_ID,9001")
    bring("IMP_ORDER_ITM_ATTR", "N10001,00001,NetsuiteItemLineId,4", "N10001,00001,NetsuiteDiscountItemLineId,5")
    bring(MOD_ORD_ATTR, "N10001,NETSUITE_ORDER_EXPORTED,Y")
    order = shop.order(1)
    assert order["customerPartyIdentifications"][-1]["idValue"] == "501"
    assert order["orderIdentifications"][-1] == {
        "orderId": "N10001",
        "orderIdentificationTypeId": "NETSUITE_ORDER_ID",
        "idValue": "9001",
        "fromDate": order["entryDate"],
        "lastUpdatedStamp": order["entryDate"],
        "thruDate": None,
    }
    found = {one["attrName"]: one["attrValue"] for one in order["orderItems"][0]["orderItemAttributes"]}
    assert found == {"NetsuiteItemLineId": "4", "NetsuiteDiscountItemLineId": "5"}
    assert order["orderAttributes"] == [{"attrName": "NETSUITE_ORDER_EXPORTED", "attrValue": "Y"}]
    taken_back = {"customerPartyIdentifications", "orderIdentifications", "orderAttributes", "orderItems"}
    assert {field for field in order if order[field] != before[field]} == taken_back


def test_an_approved_order_is_not_due(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    shop.place(1, "mixed_cart")
    bring(IMP_APR_SALES_ORD, "N10001")
    assert orders(shop) == []
    order = shop.order(1)
    assert order["orderStatusId"] == "ORDER_APPROVED"
    statuses = [item["itemStatusId"] for item in order["orderItems"]]
    assert statuses == ["ITEM_COMPLETED", *["ITEM_APPROVED"] * (len(statuses) - 1)]


def test_a_cash_sale_is_never_due(shop: HotWaxShop) -> None:
    shop.place(1, "pos_completed")
    assert orders(shop) == []
    assert shop.order(1)["orderStatusId"] == "ORDER_COMPLETED"


def test_hotwax_can_hold_back_what_is_not_ready(shop: HotWaxShop, bring: Callable[..., None]) -> None:
    shop.place(1, "web")
    shop.place(2, "exchange")
    shop.place(3, "unknown_product", customer=1)
    shop.place(4, "part_paid_pos", customer=1)
    assert orders(shop) == ["N10001", "N10002", "N10003", "N10004"]
    assert orders(shop, ready_only=True) == []
    bring("IMP_PARTY_IDENT", "HC10001,NETSUITE_CUSTOMER_ID,501")
    assert orders(shop, ready_only=True) == ["N10001", "N10004"]


def test_a_product_becomes_known(shop: HotWaxShop) -> None:
    shop.sign_up(1, "web")
    shop.place(1, "unknown_product")
    (waits_for,) = shop.expected(1).waits_for
    product_id = waits_for.removeprefix("product ")
    shop.ids.learn_product(product_id, "777")
    assert (shop.expected(1).fate, shop.expected(1).lines[-1].item) == (Fate.SENT, "777")
    assert shop.order(1)["orderItems"][-1]["goodIdentifications"][-1]["idValue"] == "777"


def test_customers_share_orders_and_are_signed_up_by_them(shop: HotWaxShop) -> None:
    shop.place(1, "web", customer=9)
    shop.place(2, "send_sale", customer=9)
    shop.place(3, "send_sale")
    shop.place(4, "long_names")
    assert parties(shop) == ["HC10003", "HC10004", "HC10009"]
    assert {order["customerPartyId"] for order in map(shop.order, (1, 2))} == {"HC10009"}
    assert shop.customer(3)["classifications"] == ["POS_SALES_CHANNEL"]
    assert len(shop.customer(4)["lastName"]) > 83


def test_placed_orders_are_those_of_the_generator(shop: HotWaxShop) -> None:
    for number, kind in enumerate(KINDS, 1):
        shop.sign_up(number, "web")
        shop.place(number, kind)
        customer = CreatedOrders(7).customer(number, "web")
        assert shop.order(number) == CreatedOrders(7).order(number, kind, customer=customer)
        assert shop.expected(number) == CreatedOrders(7).expected(number, kind, customer=customer)


def test_what_is_said_about_others_is_refused(shop: HotWaxShop, tmp_path: Path) -> None:
    shop.place(1, "web")
    rows = ["orderId,orderItemSeqId,attrName,attrValue", "N10001,00009,NetsuiteItemLineId,1", "N2,00001,A,1"]
    (tmp_path / "sftp" / FOLDERS["IMP_ORDER_ITM_ATTR"] / "Export.csv").write_text("\n".join(rows))
    (log,) = shop.ids.import_now()
    assert (log.total, log.failed) == (2, 2)
    assert orders(shop) == ["N10001"]


def test_the_shop_outlives_a_restart(shop: HotWaxShop, make_shop: MakeShop, bring: Callable[..., None]) -> None:
    shop.place(1, "web")
    shop.place(2, "web")
    bring("IMP_ORDER_ITM_ATTR", *line_rows(shop, 1))
    again = make_shop()
    assert again.order(1) == shop.order(1)
    assert orders(again) == ["N10002"]


def test_wrong_calls_are_refused(shop: HotWaxShop) -> None:
    shop.place(1, "web")
    with pytest.raises(ValueError, match="order 1 was placed before"):
        shop.place(1, "kit")
    with pytest.raises(ValueError, match="unknown kind 'nonsense'"):
        shop.place(2, "nonsense")
    with pytest.raises(KeyError, match="shop_orders has no number 2"):
        shop.order(2)
    assert parties(shop) == ["HC10001"]
