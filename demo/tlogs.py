"""The TLogs of the demo, and what has to become of each, computed from the TLogs themselves."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.predictspring import Shop
from sandbox.predictspring_files import write_files

SHOP = Shop(seed=20_26)
REFUSED_BY_HOTWAX = "PS00000030"
TOTALS_WRONG = "PS00000201"
UNKNOWN_STORE = "PS00000202"


@dataclass
class Expected:
    """What has to stand in HotWax in the end: orders with their totals, and the stock that moved."""

    totals: dict[str, Decimal] = field(default_factory=dict)
    units: int = 0

    def add(self, orders: Iterable[dict[str, Any]]) -> None:
        """Expect these orders."""
        for order in orders:
            self.totals[order["orderId"]] = Decimal(str(order["totalAmount"]))
            self.units -= sum(line["quantity"] for line in order["orderProductList"] if _in_store(line, order))


def _in_store(line: dict[str, Any], order: dict[str, Any]) -> bool:
    kind = line.get("fulfillmentType") or line.get("omniFulfillmentType") or order.get("fulfillmentType")
    return kind == "IN_STORE"


def drop_first_round(folder: Path) -> Expected:
    """A quarter of an hour at the shops, with everything that goes wrong."""
    expected = Expected()
    singles = [SHOP.order(n) for n in range(1, 41)]
    write_files(folder, singles, stem="tlog")
    array = [SHOP.order(n) for n in range(41, 61)]
    write_files(folder, array, layout="array", stem="hourly")
    lines = [SHOP.order(n, slim=True) for n in range(61, 81)]
    write_files(folder, lines, layout="gz", stem="end-of-day")
    expected.add([*singles, *array, *lines])

    _write(folder / "tlog copy of 1.json", singles[0])
    _write(folder / "hourly-more.json", [*array[:5], more := SHOP.order(81)])
    expected.add([more])

    _write(folder / "return.json", SHOP.return_order(150))
    _write(folder / "cut.json", SHOP.order(151), cut=400)
    wrong = SHOP.order(201, "in_store")
    wrong["totalAmount"] = wrong["totalAmount"] + 1
    _write(folder / "totals.json", wrong)
    _write(folder / "store.json", SHOP.order(202, "in_store", storeId="999"))
    strange = SHOP.order(203, "in_store")
    strange["orderProductList"][0]["fulfillmentType"] = "DRONE"
    _write(folder / "fulfilment.json", strange)
    homeless = SHOP.order(204, "send_sale")
    homeless["shippingAddress"]["city"] = ""
    _write(folder / "no-city.json", homeless)
    return expected


def drop_second_round(folder: Path, expected: Expected) -> None:
    """Old files again, an order that changed after it was sent, and one that was corrected."""
    write_files(folder, [SHOP.order(n) for n in range(1, 11)], stem="again")
    changed = copy.deepcopy(SHOP.order(2))
    changed["updateDate"] += 3_600_000
    changed["phoneNumber"] = "+15555550199"
    _write(folder / "changed.json", changed)
    corrected = SHOP.order(201, "in_store")
    _write(folder / "totals-corrected.json", corrected)
    expected.add([corrected])


def _write(path: Path, content: Any, cut: int = 0) -> None:
    data = json.dumps(content).encode()
    path.write_bytes(data[:-cut] if cut else data)
