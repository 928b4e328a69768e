"""Midnight, and the nights on which clocks change, in the retailer's own zone: the dates that NetSuite gets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from order_sync.transforms.netsuite_sales_orders import OrderDraft
from tests.transforms.created_kit import drafts, order, transform

QUARTER = timedelta(minutes=15)
#: Local days to look at: clocks go forward, clocks go back, an ordinary month's end, a leap year's, the year's.
DAYS = {
    "America/New_York": ["2026-03-08", "2026-11-01", "2026-05-31", "2028-02-29", "2026-12-31"],
    "Europe/Berlin": ["2026-03-29", "2026-10-25", "2026-05-31", "2028-02-29", "2026-12-31"],
}
NIGHTS = [(zone, day) for zone, days in DAYS.items() for day in days]


def _instants(zone: ZoneInfo, day: str) -> Iterator[datetime]:
    """Every quarter of an hour from the noon before a day to the small hours after it, and the moments beside it."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=zone)
    first = midnight.astimezone(UTC) - timedelta(hours=12)
    for number in range(38 * 4):
        at = first + number * QUARTER
        yield from (at - timedelta(milliseconds=1), at, at + timedelta(milliseconds=1))


@pytest.mark.parametrize(("zone", "day"), NIGHTS, ids=[" ".join(night) for night in NIGHTS])
def test_order_has_the_date_of_its_local_day(zone: str, day: str) -> None:
    there, instants = ZoneInfo(zone), list(_instants(ZoneInfo(zone), day))
    orders = [order(orderId=f"M{number}", orderDate=_written(at)) for number, at in enumerate(instants)]
    found = drafts(orders, transform(time_zone=zone))
    dates = [_date(draft) for draft in found]
    local = [at.astimezone(there) for at in instants]
    assert dates == [f"{at.month}/{at.day}/{at.year}" for at in local]
    assert [draft.order_date for draft in found] == instants
    assert len(set(dates)) == 3, "the night before, the day, the night after"


def _written(at: datetime) -> str:
    """As HotWax writes it: in a zone of its own."""
    return at.astimezone(ZoneInfo("America/Chicago")).isoformat(timespec="milliseconds")


def _date(draft: OrderDraft) -> str:
    (*_, row) = csv.reader(io.StringIO(draft.rows.decode(), newline=""))
    return row[15]
