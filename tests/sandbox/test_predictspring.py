from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox import predictspring_world as world
from sandbox.predictspring import DROP, KINDS, LAYOUTS, TRAITS, Shop, dump, write_files, write_json_lines

ROOT = Path(__file__).parents[2]
ORDERS = [Shop(7).order(n) for n in range(400)]


def exact(order: dict[str, Any]) -> dict[str, Any]:
    """The order as a reader of exact numbers sees it."""
    found: dict[str, Any] = json.loads(dump(order), parse_float=Decimal, parse_int=Decimal)
    return found


def money(value: Any) -> Decimal:
    return Decimal(0) if value is None else value


def test_the_same_seed_and_number_give_the_same_bytes() -> None:
    assert [dump(Shop(7).order(n)) for n in range(50)] == [dump(order) for order in ORDERS[:50]]


def test_another_seed_gives_other_orders_with_the_same_ids() -> None:
    other = [Shop(8).order(n) for n in range(50)]
    assert [order["orderId"] for order in other] == [order["orderId"] for order in ORDERS[:50]]
    assert sum(a["totalAmount"] == b["totalAmount"] for a, b in zip(other, ORDERS, strict=False)) < 5


@pytest.mark.parametrize("slim", [False, True])
def test_the_figures_close_to_the_cent(slim: bool) -> None:
    for order in (exact(Shop(3).order(n, slim=slim)) for n in range(300)):
        lines = order["orderProductList"]
        for line in lines:
            assert line["subTotal"] == line["price"] * line["quantity"]
            assert line["total"] == line["subTotal"] - money(line.get("discount")) + line["tax"]
            assert line["tax"] == sum(rate["taxAmount"] for rate in line["productTax"]["taxRates"])
            assert line["productTax"].get("totalTax", line["tax"]) == line["tax"]
        shipping = order.get("shippingSubTotal", 0) + order.get("shippingTax", 0)
        assert order["orderSubTotal"] == sum(line["subTotal"] for line in lines)
        assert order["discount"] == sum(money(line.get("discount")) for line in lines)
        assert order["taxSubTotal"] == sum(line["tax"] for line in lines)
        assert order["taxSubTotal"] == sum(rate["taxAmount"] for rate in order["taxRates"])
        assert order["totalAmount"] == order["orderSubTotal"] - order["discount"] + order["taxSubTotal"] + shipping
        assert order["totalAmount"] == sum(tender["amountAuthorized"] for tender in order["tenders"])


def test_no_amount_has_more_than_two_decimals() -> None:
    fields = "price|subTotal|total|tax|discount|totalTax|amountAuthorized|\\w+Total|\\w+Amount"
    amounts = re.findall(rf'"(?:{fields})":([0-9.eE+-]+)', b"".join(map(dump, ORDERS)).decode())
    assert len(amounts) > 10_000
    assert [amount for amount in amounts if not re.fullmatch(r"\d+(\.\d\d?)?", amount)] == []


def test_epoch_and_text_dates_are_the_same_utc_instant() -> None:
    order = Shop().order(5, lacking=TRAITS)
    assert order["orderDate"] == 1767604085000
    assert order["creationDate"] == "2026-01-05 09:08:05"
    assert order["updateDate"] > order["orderDate"]


def test_the_usual_mix_holds_every_kind_and_every_trait() -> None:
    kinds = [order.get("fulfillmentType", "MIXED") for order in ORDERS]
    assert 200 < kinds.count("IN_STORE") < 280
    assert 80 < kinds.count("ONLINE") < 160
    assert 20 < kinds.count("MIXED") < 70
    assert {len(order["orderProductList"]) for order in ORDERS} == set(range(1, 9))
    assert {order["storeId"] for order in ORDERS} == {store.store_id for store in world.STORES}
    seen = {trait for order in ORDERS for trait, test in SIGNS.items() if test(order)}
    assert seen == set(TRAITS) - {"no_city", "open_total"}


def lines_of(order: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = order["orderProductList"]
    return lines


def adjustments(order: dict[str, Any]) -> list[str]:
    found = (line.get("priceAdjustments") or [] for line in lines_of(order))
    return [adjustment["priceAdjustmentType"] for batch in found for adjustment in batch]


def tendered(order: dict[str, Any]) -> list[float]:
    return [tender["amountAuthorized"] for tender in order["tenders"]]


def address(order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = order.get("shippingAddress", {})
    return found


SIGNS: dict[str, Any] = {
    "discount": lambda order: "PRICE_OVERRIDE" in adjustments(order),
    "transaction_discount": lambda order: "TRANSACTION_DISCOUNT" in adjustments(order),
    "quantity": lambda order: any(line["quantity"] > 1 for line in lines_of(order)),
    "two_tenders": lambda order: len(order["tenders"]) == 2,
    "equal_tenders": lambda order: len(order["tenders"]) == 2 and abs(tendered(order)[0] - tendered(order)[1]) < 0.02,
    "guest": lambda order: "customerProfile" not in order,
    "blank_customer_id": lambda order: order.get("customerProfile", {"customerId": "-"})["customerId"] == "",
    "no_email": lambda order: order["email"] == "",
    "no_phone": lambda order: order["phoneNumber"] == "",
    "no_billing": lambda order: "billingAddress" not in order,
    "currency": lambda order: order.get("currency") == "USD",
    "empty_country": lambda order: address(order).get("countryCode") == "",
    "country_field": lambda order: address(order).get("country") == "US",
    "second_address_line": lambda order: address(order).get("addressLine2") == "Apt 4",
    "comma": lambda order: "," in address(order).get("addressLine1", ""),
    "epoch_only": lambda order: "creationDate" not in order,
    "text_only": lambda order: "orderDate" not in order,
    "no_method": lambda order: bool(address(order)) and "shippingName" not in order,
    "shipping_tax": lambda order: order.get("shippingTax", 0) > 0,
    "omni_only": lambda order: all("fulfillmentType" not in line for line in lines_of(order)),
    "no_total_tax": lambda order: any("totalTax" not in line["productTax"] for line in lines_of(order)),
    "offline": lambda order: order["offlineMode"],
    "no_city": lambda order: address(order).get("city") == "",
    "open_total": lambda order: round(order["totalAmount"] - sum(tendered(order)), 2) == 0.01,
}


@pytest.mark.parametrize("trait", sorted(TRAITS))
def test_a_trait_can_be_forced_on_and_off(trait: str) -> None:
    shop = Shop(stores=("254",))
    orders = [shop.order(n, "send_sale", lines=4, lacking=TRAITS.keys() - {trait}, having=[trait]) for n in range(40)]
    assert any(SIGNS[trait](order) for order in orders)
    assert not any(SIGNS[trait](shop.order(n, "send_sale", lines=4, lacking=TRAITS)) for n in range(40))


@pytest.mark.parametrize(("kind", "found"), [("in_store", {"IN_STORE"}), ("send_sale", {"ONLINE"})])
def test_an_order_of_one_kind_says_so_in_header_and_lines(kind: str, found: set[str]) -> None:
    order = Shop().order(3, kind, lines=5, lacking=TRAITS)
    assert {order["fulfillmentType"]} == {line["fulfillmentType"] for line in order["orderProductList"]} == found
    assert ("shippingAddress" in order) == (kind == "send_sale")


def test_a_mixed_order_has_both_kinds_of_lines_and_no_header_value() -> None:
    for order in (Shop().order(n, "mixed", lines=1, lacking=TRAITS) for n in range(20)):
        assert {line["omniFulfillmentType"] for line in order["orderProductList"]} == {"IN_STORE", "SHIP_TO_HOME"}
        assert "fulfillmentType" not in order
        assert "shippingAddress" in order


def test_status_and_source_never_tell_the_kinds_apart() -> None:
    assert {(order["orderStatus"], order["orderSource"]) for order in ORDERS} == {("COMPLETED", "IN_STORE")}


def test_changes_set_and_drop_top_level_fields() -> None:
    order = Shop().order(1, "in_store", totalAmount=1, creationDate=DROP)
    assert order["totalAmount"] == 1
    assert "creationDate" not in order


def test_lists_that_are_equal_are_not_the_same_object() -> None:
    order = Shop().order(1)
    order["orderProductList"][0]["quantity"] = 99
    order["coupons"].append("x")
    assert order["productList"][0]["quantity"] != 99
    assert Shop().order(2)["coupons"] == []


def test_a_slim_order_is_about_4_kb_and_a_full_one_repeats_its_lines() -> None:
    sizes = [len(dump(Shop(2).order(n, slim=True))) for n in range(500)]
    assert 3_600 < sum(sizes) / len(sizes) < 4_300
    order = ORDERS[0]
    assert order["productList"] == order["orderProductList"]
    assert order["paymentDetails"] == order["tenders"]
    assert order["orderActivityLog"][0]["transactionData"]["transactionType"] == "SALE"


def test_a_return_has_the_id_of_the_sale_and_lists_what_came_back() -> None:
    sale, returned = Shop().order(4, "in_store"), Shop().return_order(4)
    assert returned["orderId"] == sale["orderId"]
    assert len(returned["returnProductList"]) == len(sale["orderProductList"])
    assert returned["refundPaymentDetails"]
    assert returned["updateDate"] > sale["updateDate"]
    assert returned["orderActivityLog"][0]["transactionData"]["transactionType"] == "RETURN"


def test_an_exchange_is_a_new_sale_and_the_return_of_an_old_one() -> None:
    sale, returned = Shop().exchange_order(9, old=4)
    assert (sale["orderId"], returned["orderId"]) == ("PS00000009", "PS00000004")
    assert sale["tenders"][0]["totalAmountCarriedOverForExchange"] == sale["tenders"][0]["amountAuthorized"]
    assert returned["orderStatus"] == "EXCHANGED"


@pytest.mark.parametrize("wish", [{"kind": "online"}, {"having": ["discuont"]}, {"lacking": ["gest"]}])
def test_a_misspelt_wish_is_refused(wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="unknown"):
        Shop().order(1, **wish)


def test_every_gtin_has_a_right_check_digit() -> None:
    codes = {world.gtin(style, size) for style in range(len(world.PRODUCTS)) for size in range(len(world.SIZES))}
    assert len(codes) == len(world.PRODUCTS) * len(world.SIZES)
    for code in codes:
        assert len(code) == 12
        assert sum(int(digit) * (3, 1)[i % 2] for i, digit in enumerate(code)) % 10 == 0


def read_back(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as bundle:
            return [json.loads(bundle.read(name)) for name in bundle.namelist()]
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    if path.suffix == ".json":
        found = json.loads(data)
        return found if isinstance(found, list) else [found]
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_holds_the_orders_and_always_the_same_bytes(tmp_path: Path, layout: str) -> None:
    orders = list(Shop().orders(5))
    files = write_files(tmp_path / "a", orders, layout)
    again = write_files(tmp_path / "b", orders, layout)
    assert [order for file in files for order in read_back(file)] == orders
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    assert sorted(tmp_path.joinpath("a").iterdir()) == sorted(files)
    assert len(files) == (5 if layout == "one_per_file" else 1)


def test_two_orders_with_one_id_get_two_files(tmp_path: Path) -> None:
    files = write_files(tmp_path, [Shop().order(1), Shop().order(1, totalAmount=5), {"note": "no id"}])
    assert [file.name for file in files] == ["tlog_PS00000001.json", "tlog_PS00000001_2.json", "tlog_without_id.json"]


def test_an_unknown_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown layout 'tar'"):
        write_files(tmp_path, [], "tar")


def test_bulk_lines_are_whole_orders_with_ids_and_dates_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "bulk.jsonl"
    spoiled = write_json_lines(path, 250, templates=60, spoiled=20)
    orders = read_back(path)
    assert [order["orderId"] for order in orders] == [f"PS{n:08d}" for n in range(250)]
    assert orders[:19] == [Shop().order(n, slim=True) for n in range(19)]
    later, first = orders[65], orders[5]
    assert later["updateDate"] - first["updateDate"] == 60 * 97_000
    assert later["cartId"] == later["tenders"][0]["orderId"] == later["orderId"]
    assert later["orderProductList"] == first["orderProductList"]
    assert sum(SIGNS["no_city"](order) for order in orders) == 8
    assert sum(SIGNS["open_total"](order) for order in orders) == 4
    assert spoiled == 12


def test_kinds_add_up_to_one_hundred_percent() -> None:
    assert sum(KINDS.values()) == 100


def test_the_command_line_writes_the_files(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "sandbox.predictspring",
        "--orders",
        "3",
        "--out",
        str(tmp_path / "out"),
        "--seed",
        "4",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == f"3 orders in 3 files in {tmp_path / 'out'}\n"
    assert [read_back(file)[0] for file in sorted((tmp_path / "out").iterdir())] == list(Shop(4).orders(3))
