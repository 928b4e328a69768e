"""What has to stand at the partners in the end, worked out from the TLogs alone, and what stands there otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.hotwax.logs import LogStatus
from sandbox.world import World
from tests.support.airflow_lab import AirflowLab

Order = Mapping[str, Any]


class Truth:
    """Orders that must be in HotWax, each once, with their money, their units, and the stock they moved.

    :param orders: those that go into the order feed and move stock.
    """

    def __init__(self, *orders: Order) -> None:
        self.totals: dict[str, Decimal] = {}
        self.units: dict[str, int] = {}
        self.stock: Counter[tuple[str, str]] = Counter()
        self.sent(*orders)

    def sent(self, *orders: Order) -> None:
        """Expect these, and their stock."""
        for order in orders:
            self.totals[order["orderId"]] = Decimal(str(order["totalAmount"]))
            self.units[order["orderId"]] = sum(line["quantity"] for line in order["orderProductList"])
        self.stock_of(*orders)

    def stock_of(self, *orders: Order) -> None:
        """Expect the stock of these to move, whatever becomes of the orders."""
        for order in orders:
            for line in order["orderProductList"]:
                if line["omniFulfillmentType"] == "IN_STORE":
                    self.stock[order["storeId"], line["gtin"]] -= line["quantity"]

    def faults(self, lab: AirflowLab, *, inbox: int = 0) -> list[str]:
        """What is otherwise than it has to be; empty when all is well.

        :param inbox: how many files may still lie in the inbox.
        """
        left = sorted(path.name for path in lab.inbox.iterdir() if path.is_file())
        return [
            *self._orders(lab.world),
            *self._stock(lab.world),
            *_imports(lab.world),
            *_publications(lab),
            *_equations(lab),
            *([f"in the inbox lie {left}, not {inbox} files"] if len(left) != inbox else []),
        ]

    def _orders(self, world: World) -> list[str]:
        rows = world.hotwax.database.orders()
        held = {row["external_id"]: Decimal(row["grand_total"]) for row in rows}
        faults = [f"order {key} is missing in HotWax" for key in self.totals.keys() - held.keys()]
        faults += [f"order {key} should not be in HotWax" for key in held.keys() - self.totals.keys()]
        for key in held.keys() & self.totals.keys():
            order = world.hotwax.database.order(key)
            assert order is not None
            units = sum(int(Decimal(item["quantity"])) for item in order["items"])
            if (held[key], units) != (self.totals[key], self.units[key]):
                faults.append(
                    f"{key}: HotWax has {units} units of {held[key]}, not {self.units[key]}, {self.totals[key]}"
                )
        return faults + ([f"{len(rows)} orders, {len(held)} ids"] if len(rows) != len(held) else [])

    def _stock(self, world: World) -> list[str]:
        moved: Counter[tuple[str, str]] = Counter()
        for row in world.hotwax.database.variances():
            moved[row["facility_id"], row["id_value"]] += row["delta"]
        return [
            f"stock of {place}: moved by {moved[place]}, the TLogs say {self.stock[place]}"
            for place in sorted(moved.keys() | self.stock.keys())
            if moved[place] != self.stock[place]
        ]


def _imports(world: World) -> list[str]:
    faults = [f"{log.content_name} was imported twice" for log in world.hotwax.logs.imported_twice()]
    unfinished = [log for log in world.hotwax.logs.all() if log.status is not LogStatus.FINISHED]
    return faults + [f"the import of {log.content_name} is {log.status}" for log in unfinished]


def _publications(lab: AirflowLab) -> list[str]:
    """One file for each feed in the ledger with just its bytes, and nothing else."""
    wanted = Counter((row["target"], row["name"]) for row in lab.rows("feeds"))
    folders = {"order_feed": "hotwax/order-feed", "inventory_variance": "hotwax/inventory-variance"}
    found = Counter((target, name) for target, folder in folders.items() for name in lab.published(folder))
    batches = Counter((row["target"], row["batch_id"]) for row in lab.rows("feeds"))
    faults = [f"{kind} was not published" for kind in (wanted - found)]
    faults += [f"{kind} lies there too often, or without being in the ledger" for kind in (found - wanted)]
    return faults + [f"batch {batch} has several feeds {target}" for (target, batch), n in batches.items() if n > 1]


def _equations(lab: AirflowLab) -> list[str]:
    with lab.ledger() as book:
        gaps = {batch.id: book.equation(batch.id) for batch in lab.batches()}
    found = [f"batch {number} does not close: {one.gap(one.arrived)}" for number, one in gaps.items()]
    return [fault for fault, one in zip(found, gaps.values(), strict=True) if one.gap(one.arrived)]
