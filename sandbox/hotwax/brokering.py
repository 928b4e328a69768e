"""HotWax gives the items of the shop's orders to facilities, ships them, and tells of both in feeds.

Sources: hotwax/oms-documentation, api/brokering/brokered-order-items.md and
api/fulfillment/fulfilled-order-items-feed.md with their samples. Assumed: that a cancelled item comes in the brokered
feed, too, and that `reservedDatetime` is when an item was given to its facility.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.hotwax.created_orders_json import ZONE, Order
from sandbox.hotwax.created_orders_sale import STORES
from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.hotwax.customers import write_feed
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.partner import utc_now
from sandbox.hotwax.settings import NOT_APPLICABLE

BROKERED_ORDERS_FOLDER = "hotwax/brokered-orders"
FULFILLED_ORDERS_FOLDER = "hotwax/fulfilled-orders"
NETSUITE_GROUP = "NETSUITE_FULFILLMENT"
CANCELLED = "ITEM_CANCELLED"

_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS brokered_items (
        step INTEGER PRIMARY KEY,          -- every change is one more row, the last one of an item counts
        number INTEGER, item_id TEXT, store TEXT, status TEXT, at TEXT, told INTEGER
    )""",
    """CREATE TABLE IF NOT EXISTS shipped_items (
        step INTEGER PRIMARY KEY,
        number INTEGER, item_id TEXT, store TEXT, quantity INTEGER, at TEXT, told INTEGER
    )""",
)


class Brokering:
    """What became of the shop's items; it outlives a restart.

    :param sftp_root: local folder that holds the SFTP server's files.
    :param database: HotWax's.
    :param shop: the orders.
    :param netsuite_stores: external ids of the facilities that NetSuite fulfils.
    :param clock: gives the present time, aware UTC; no two changes have the same.
    """

    def __init__(
        self,
        sftp_root: Path,
        database: HotWaxDatabase,
        shop: HotWaxShop,
        *,
        netsuite_stores: frozenset[str] = frozenset(),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.netsuite_stores = netsuite_stores
        self.brokered_folder, self.fulfilled_folder = (
            sftp_root / BROKERED_ORDERS_FOLDER,
            sftp_root / FULFILLED_ORDERS_FOLDER,
        )
        self._database, self._shop, self._clock = database, shop, clock
        for folder in (self.brokered_folder, self.fulfilled_folder):
            folder.mkdir(parents=True, exist_ok=True)
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)

    def allocate(self, number: int, store: str | None, items: Sequence[str] | None = None) -> None:
        """Give items of order `number` to a facility.

        :param store: its external id; None: back into the queue.
        :param items: their ids; None: all that are not cancelled.
        """
        self._broker(number, items, store, "ITEM_APPROVED")

    def cancel(self, number: int, item: str) -> None:
        """Cancel an item of order `number`."""
        self._broker(number, [item], None, CANCELLED)

    def ship(self, number: int, store: str, items: Sequence[str] | None = None, *, pieces: int | None = None) -> None:
        """Let a facility of HotWax's ship items of order `number`.

        :param items: their ids; None: all that are not cancelled.
        :param pieces: of each; None: all of them.
        """
        with self._database.transaction() as connection:
            for item in self._items(number, items):
                quantity = pieces or item["orderItemQuantity"]
                connection.execute(
                    "INSERT INTO shipped_items (number, item_id, store, quantity, at, told) VALUES (?, ?, ?, ?, ?, 0)",
                    (number, item["orderItemSeqId"], store, quantity, self._clock().isoformat()),
                )

    def feed_brokered(self, layout: str = "array") -> Path | None:
        """Write the items that changed since the last file.

        :param layout: one of :data:`~sandbox.hotwax.customers.LAYOUTS`.
        :returns: the file; ``None``, and no file, where nothing did.
        """
        orders = []
        for number, rows in self._untold("brokered_items").items():
            latest = {row["item_id"]: row for row in rows}
            orders.append(self._brokered(number, latest))
        return self._write(self.brokered_folder, "BrokeredOrderItemsFeed", orders, layout)

    def feed_fulfilled(self, layout: str = "array") -> Path | None:
        """Write the orders of which something was shipped that no file told of yet; ship all of an order before.

        :param layout: one of :data:`~sandbox.hotwax.customers.LAYOUTS`.
        :returns: the file; ``None``, and no file, where there is none.
        """
        orders = [self._completed(number, rows) for number, rows in self._untold("shipped_items").items()]
        return self._write(self.fulfilled_folder, "HotWaxFulfilledOrderItemsFeed", orders, layout)

    def _broker(self, number: int, items: Sequence[str] | None, store: str | None, status: str) -> None:
        with self._database.transaction() as connection:
            for item in self._items(number, items):
                connection.execute(
                    "INSERT INTO brokered_items (number, item_id, store, status, at, told) VALUES (?, ?, ?, ?, ?, 0)",
                    (number, item["orderItemSeqId"], store, status, self._clock().isoformat()),
                )

    def _items(self, number: int, wanted: Sequence[str] | None) -> list[Order]:
        items = self._shop.order(number)["orderItems"]
        if wanted is None:
            return [item for item in items if item["itemStatusId"] != CANCELLED]
        return [item for item in items if item["orderItemSeqId"] in wanted]

    def _untold(self, table: str) -> dict[int, list[dict[str, Any]]]:
        """Rows that no file told of yet, by order; from now on one does."""
        found: dict[int, list[dict[str, Any]]] = {}
        for row in self._database.rows(f"SELECT * FROM {table} WHERE told = 0 ORDER BY step"):
            found.setdefault(row["number"], []).append(row)
        with self._database.transaction() as connection:
            connection.execute(f"UPDATE {table} SET told = 1")
        return found

    def _write(self, folder: Path, name: str, orders: list[Order], layout: str) -> Path | None:
        return write_feed(folder, name, orders, self._clock(), layout) if orders else None

    def _brokered(self, number: int, changed: dict[str, dict[str, Any]]) -> Order:
        order = self._shop.order(number)
        items = []
        for item in order["orderItems"]:
            if row := changed.get(item["orderItemSeqId"]):
                facility = self._facility(row["store"])
                moment = _local(row["at"])
                times = {"reservedDatetime": moment, "statusDatetime": moment}
                items.append({**item, **facility, **times, "itemStatusId": row["status"]})
        return {**order, "orderStatusId": "ORDER_APPROVED", "orderItems": items}

    def _facility(self, store: str | None) -> Order:
        if store is None:
            return {
                "facilityId": NOT_APPLICABLE,
                "facilityExternalId": NOT_APPLICABLE,
                "facilityTypeId": "NA",
                "parentFacilityTypeId": "VIRTUAL_FACILITY",
                "facilityGroupMembers": [],
            }
        group = NETSUITE_GROUP if store in self.netsuite_stores else "OMS_FULFILLMENT"
        member = {"facilityGroupId": group, "facilityId": STORES.get(store, store), "sequenceNum": 1, "thruDate": None}
        return {
            "facilityId": STORES.get(store, store),
            "facilityExternalId": store,
            "facilityTypeId": "RETAIL_STORE",
            "parentFacilityTypeId": "PHYSICAL_STORE",
            "facilityGroupMembers": [member],
        }

    def _completed(self, number: int, rows: list[dict[str, Any]]) -> Order:
        order = self._shop.order(number)
        items = {item["orderItemSeqId"]: item for item in order.pop("orderItems")}
        shipments = []
        for step, store in enumerate(dict.fromkeys(row["store"] for row in rows), 1):
            there = [row for row in rows if row["store"] == store]
            shipments.append(
                {
                    "trackingNumber": f"HW{number:06d}{step}",
                    "carrierPartyId": "SAMPLE_CARRIER",
                    "shipmentMethodTypeId": "STANDARD",
                    "shipTo": None,
                    "shipmentItems": [self._shipped(items[row["item_id"]], row, f"{number}{step}") for row in there],
                }
            )
        return {**order, "orderStatusId": "ORDER_COMPLETED", "billTo": None, "shipments": shipments}

    def _shipped(self, item: Order, row: dict[str, Any], shipment: str) -> Order:
        facility = self._facility(row["store"])
        del facility["facilityGroupMembers"]
        return {
            "shipmentId": shipment,
            "shipmentItemSeqId": item["orderItemSeqId"],
            "orderItemSeqId": item["orderItemSeqId"],
            "orderItemExternalId": item["orderItemExternalId"],
            "shipGroupSeqId": item["shipGroupSeqId"],
            "itemStatusId": "ITEM_COMPLETED",
            "itemQuantity": item["orderItemQuantity"],
            "slaShipmentMethodTypeId": item["shipmentMethodTypeId"],
            "statusDatetime": _local(row["at"]),
            "productId": item["productId"],
            "unitPrice": item["unitPrice"],
            **facility,
            "shippedQuantity": row["quantity"],
            "goodIdentifications": item["goodIdentifications"],
            "itemAdjustments": item["orderItemAdjustments"],
        }


def _local(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(ZONE).isoformat()
