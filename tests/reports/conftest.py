from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_sync.reports.failure_report import Amount, FailureReport, Item, build_report
from order_sync.reports.rendering import RenderedReport, render

TEMPLATES = Path(__file__).parents[2] / "include" / "templates"
END = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

MakeItem = Callable[..., Item]
MakeReport = Callable[..., FailureReport]
Render = Callable[..., RenderedReport]


@pytest.fixture
def make_item() -> MakeItem:
    def make(number: int = 1, reason: str = "UNMAPPED_VALUE", **changes: Any) -> Item:
        values: dict[str, Any] = {
            "reason": reason,
            "order_id": f"PS-{number:05}",
            "file": f"tlog_{number:05}.json",
            "record": 1,
            "field": "store.storeId",
            "message": f"Store '{number}' is not in facility.csv.",
            "amount": Amount(1000 + number, "USD"),
            "order_date": END - timedelta(minutes=30),
            "store": "254",
        }
        return Item(**(values | changes))

    return make


@pytest.fixture
def make_report() -> MakeReport:
    def make(*items: Item, **changes: Any) -> FailureReport:
        values: dict[str, Any] = {
            "flow": "predictspring_order_sync",
            "flow_title": "PredictSpring order sync",
            "retailer": "default",
            "window_start": END - timedelta(hours=1),
            "window_end": END,
            "produced_at": END + timedelta(minutes=3),
            "items": items,
        }
        return build_report(**(values | changes))

    return make


@pytest.fixture
def rendered(make_report: MakeReport) -> Render:
    def make(*items: Item, lines_per_group: int = 50, **changes: Any) -> RenderedReport:
        return render(make_report(*items, **changes), TEMPLATES, lines_per_group=lines_per_group)

    return make
