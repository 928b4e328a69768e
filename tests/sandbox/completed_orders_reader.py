"""Reads orders of the completed-orders feed as a partner would: from their JSON, and nothing else."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.hotwax.completed_orders import CompletedOrders, dump

FEED = CompletedOrders(7)
NUMBERS = range(1, 41)

Json = dict[str, Any]


def exact(order: Json) -> Json:
    """The order as a reader of exact numbers sees it."""
    found: Json = json.loads(dump(order), parse_float=Decimal, parse_int=Decimal)
    return found


def read(kind: str, number: int, feed: CompletedOrders = FEED) -> Json:
    return exact(feed.order(number, kind))


def items(order: Json) -> list[Json]:
    """In the order of their places in the order."""
    found = [item for shipment in order["shipments"] for item in shipment["shipmentItems"]]
    return sorted(found, key=lambda item: str(item["orderItemSeqId"]))


def in_stores(order: Json) -> list[Json]:
    return [item for item in items(order) if item["facilityExternalId"] != "_NA_"]


def amounts(adjustments: list[Json], name: str | None = None) -> list[Decimal]:
    return [one["amount"] for one in adjustments if name in {None, one["orderAdjustmentTypeId"]}]


def item_amounts(order: Json, name: str | None = None) -> list[list[Decimal]]:
    return [amounts(item["itemAdjustments"], name) for item in items(order)]


def attributes(order: Json) -> dict[str, str]:
    return {one["attrName"]: one["attrValue"] for one in order["orderAttributes"]}


def open_upc(item: Json) -> str:
    """The one that had not ended when the item was fulfilled."""
    fulfilled = datetime.fromisoformat(item["statusDatetime"])
    (upc,) = [
        one["idValue"]
        for one in item["goodIdentifications"]
        if one["goodIdentificationTypeId"] == "UPCA"
        and (one["thruDate"] is None or datetime.fromisoformat(one["thruDate"]) > fulfilled)
    ]
    return str(upc)


def stores_of(order: Json) -> set[str]:
    return {item["facilityExternalId"] for item in items(order)}


def upcs(order: Json) -> list[list[Json]]:
    return [
        [one for one in item["goodIdentifications"] if one["goodIdentificationTypeId"] == "UPCA"]
        for item in in_stores(order)
    ]
