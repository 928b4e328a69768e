"""The generator of completed orders of tills, and the shop's job that writes them once."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.hotwax.created_orders_expected import Fate
from sandbox.hotwax.pos_orders import KINDS, PosOrders, main, store_address
from sandbox.world import World

SHOP = PosOrders(3)


@pytest.mark.parametrize("kind", KINDS)
def test_amounts_close_and_the_same_seed_gives_the_same_order(kind: str) -> None:
    for number in (1, 2, 3):
        order = SHOP.order(number, kind)
        assert order == PosOrders(3).order(number, kind)
        items = [item for shipment in order["shipments"] for item in shipment["shipmentItems"]]
        alive = [item for item in items if item["itemStatusId"] != "ITEM_CANCELLED"]
        made = sum(item["unitPrice"] * item["itemQuantity"] for item in alive)
        made += sum(one["amount"] for item in alive for one in item["itemAdjustments"])
        made += sum(one["amount"] for one in order["orderAdjustments"])
        assert made == order["grandTotal"] == SHOP.expected(number, kind).total
        assert len({item["orderItemSeqId"] for item in items}) == len(items)
        assert order["orderStatusId"] == "ORDER_COMPLETED"
        assert "orderItems" not in order


def test_kinds_are_what_they_say() -> None:
    def methods(kind: str) -> set[str]:
        return {shipment["shipmentMethodTypeId"] for shipment in SHOP.order(1, kind)["shipments"]}

    assert methods("pos_completed") == methods("pos_discount") == {"POS_COMPLETED"}
    assert methods("send_sale") == {"STANDARD"}
    assert methods("mixed_cart") == {"POS_COMPLETED", "STANDARD"}
    assert SHOP.order(1, "pos_walk_in")["customerPartyId"] is None
    assert {kind: SHOP.expected(1, kind).fate for kind in ("pos_completed", "pos_part_paid", "send_sale")} == {
        "pos_completed": Fate.SENT, "pos_part_paid": Fate.REJECTED, "send_sale": Fate.LEFT_OUT,
    }  # fmt: skip
    assert {SHOP.kind_of(number) for number in range(1, 300)} == set(KINDS)
    with pytest.raises(ValueError, match="unknown kind"):
        SHOP.order(1, "web")


def test_lines_carry_the_address_of_their_store() -> None:
    order = SHOP.order(1)
    item = order["shipments"][0]["shipmentItems"][0]
    assert item["facilityAddress"] == store_address(item["facilityExternalId"])
    assert order["shipments"][0]["shipTo"] is None


def test_the_shop_writes_what_was_taken_away_once(tmp_path: Path) -> None:
    with World(tmp_path, polling=False) as world:
        assert world.shop.feed_completed_pos_orders() is None
        placed = [world.shop.place(number, "pos_completed") for number in (1, 2)]
        world.shop.place(3, "mixed_cart")
        path = world.shop.feed_completed_pos_orders()
        assert path is not None
        assert [order["orderId"] for order in json.loads(path.read_bytes())] == placed
        path.unlink()  # lost: HotWax's job goes by time
        assert world.shop.feed_completed_pos_orders() is None
        placed = [world.shop.place(4, "pos_completed")]
        path = world.shop.feed_completed_pos_orders()
        assert path is not None
        assert [order["orderId"] for order in json.loads(path.read_bytes())] == placed


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--out", str(tmp_path / "inbox"), "--orders", "7", "--kind", "pos_discount"])
    path = Path(capsys.readouterr().out.strip())
    orders = json.loads(path.read_bytes(), parse_float=Decimal)
    assert len(orders) == 7
    assert all(order["orderAdjustments"] for order in orders)
