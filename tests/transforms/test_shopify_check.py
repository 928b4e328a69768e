"""The rules of the check without partners: days, hours, versions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from order_sync.contracts.order_check import HotWaxOrder, ShopOrder
from order_sync.settings import DEFAULT, load
from order_sync.transforms.shopify_check import Checker, Versions, day_before

NEW_YORK, KOLKATA = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata")
SETTINGS = msgspec.structs.replace(load(DEFAULT).shopify_order_check, usual_orders=5, history_weeks=8)
CHECKER = Checker(SETTINGS, "https://shop.example/{id}", ["POS_SALES_CHANNEL"])
HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)
SHOP = ShopOrder("5001", "#1001", NOON, NOON, cancelled=False, fulfilled=False)


def hotwax(order_id: str = "M1", status: str = "ORDER_APPROVED", **changes: object) -> HotWaxOrder:
    order = HotWaxOrder(
        order_id, "#1001", "5001", status, "WEB_SALES_CHANNEL", NOON, old_version=False, exchange=False,
        attributes=frozenset(),
    )  # fmt: skip
    return order._replace(**changes)


@pytest.mark.parametrize(
    ("moment", "zone", "start", "hours"),
    [
        (datetime(2026, 11, 2, 9, tzinfo=UTC), NEW_YORK, datetime(2026, 11, 1, 4, tzinfo=UTC), 25),
        (datetime(2026, 3, 9, 9, tzinfo=UTC), NEW_YORK, datetime(2026, 3, 8, 5, tzinfo=UTC), 23),
        (datetime(2026, 11, 11, 3, tzinfo=UTC), NEW_YORK, datetime(2026, 11, 9, 5, tzinfo=UTC), 24),
        (datetime(2026, 11, 11, 3, tzinfo=UTC), KOLKATA, datetime(2026, 11, 9, 18, 30, tzinfo=UTC), 24),
    ],
)
def test_day_before_is_that_of_the_retailer(moment: datetime, zone: ZoneInfo, start: datetime, hours: int) -> None:
    day = day_before(moment, zone)
    assert (day.start, day.end) == (start, start + HOUR * hours)
    assert len(day.hours()) == hours


def history(zone: ZoneInfo, hours: dict[int, int], weeks: int = 8) -> dict[datetime, int]:
    """Orders by hour of the clock on the wall, the same in each of the weeks before 10 November 2026."""
    found = {}
    for back in range(1, weeks + 1):
        for hour, orders in hours.items():
            wall = datetime(2026, 11, 10, hour, tzinfo=zone) - timedelta(weeks=back)
            found[wall.astimezone(UTC).replace(minute=0)] = orders
    return found


def silent(zone: ZoneInfo, usual: dict[int, int], *placed: int, weeks: int = 8) -> list[str]:
    day = day_before(datetime(2026, 11, 11, 12, tzinfo=UTC), zone)
    moments = [datetime(2026, 11, 10, hour, 30, tzinfo=zone).astimezone(UTC) for hour in placed]
    return [one.words for one in CHECKER.silence(day, moments, history(zone, usual, weeks), zone)]


def test_hours_without_orders_are_one_alarm() -> None:
    (told,) = silent(NEW_YORK, {9: 3, 10: 3, 11: 2, 15: 9}, 15)
    assert told == ("No order between 10 Nov 2026 09:00 and 10 Nov 2026 12:00 (America/New_York); usual are 8"), (
        "the nights before and after, in which nothing is usual, are not told"
    )


def test_one_order_breaks_the_silence() -> None:
    assert silent(NEW_YORK, {9: 3, 10: 3, 11: 3}, 10) == []


def test_hours_in_which_little_is_usual_are_no_alarm() -> None:
    assert silent(NEW_YORK, {3: 1, 4: 1, 5: 1, 6: 1}) == []


def test_silence_twice_a_day_is_told_twice() -> None:
    assert len(silent(NEW_YORK, {9: 6, 12: 4, 18: 7}, 12)) == 2


def test_young_shop_has_no_usual_hours() -> None:
    assert silent(NEW_YORK, {9: 50}, weeks=3) == []


def test_one_loud_week_makes_no_hour_usual() -> None:
    assert silent(NEW_YORK, {9: 500}, weeks=1) == []


def test_hours_are_those_of_the_clock_on_the_wall() -> None:
    """Seven of the eight weeks before lie on the other side of the change of the clocks."""
    (told,) = silent(NEW_YORK, {9: 6})
    assert "between 10 Nov 2026 09:00 and 10 Nov 2026 10:00" in told


def test_zones_that_are_half_an_hour_off() -> None:
    (told,) = silent(KOLKATA, {9: 6})
    assert "10 Nov 2026 09:00" in told


def test_spans_hold_every_hour_that_is_asked_for() -> None:
    for zone in (NEW_YORK, KOLKATA):
        day = day_before(datetime(2026, 11, 2, 12, tzinfo=UTC), zone)
        spans = CHECKER.spans(day, zone)
        for hour in day.hours():
            for back in range(1, 9):
                wall = hour.astimezone(zone) - timedelta(weeks=back)
                slot = wall.astimezone(UTC).replace(minute=0)
                assert any(start <= slot < end for start, end in spans)


def kinds(*versions: HotWaxOrder, **shop: object) -> list[str]:
    return [one.kind for one in CHECKER.compare(SHOP._replace(**shop), versions, NOON + HOUR)]


def test_comparing_one_order() -> None:
    assert kinds(hotwax()) == []
    assert kinds(hotwax(), hotwax("M2")) == ["TWO_LIVE_ORDERS"]
    assert kinds(hotwax(), hotwax("M2", exchange=True)) == []
    assert kinds(hotwax(), hotwax("M2", "ORDER_CANCELLED")) == []
    assert kinds(hotwax("M1", "ORDER_CANCELLED", old_version=True), hotwax("M2")) == []
    assert kinds(hotwax(), cancelled=True) == ["CANCELLED_IN_SHOPIFY"]
    assert kinds(hotwax(), cancelled=True, updated_at=NOON + 2 * HOUR) == []
    assert kinds(hotwax("M1", "ORDER_CANCELLED"), cancelled=True) == []
    assert kinds(hotwax("M1", "ORDER_CANCELLED")) == ["CANCELLED_IN_HOTWAX"]
    assert kinds(hotwax("M1", "ORDER_CANCELLED", exchange=True)) == []
    assert kinds() == []


def test_version_without_a_number_is_known_by_its_name() -> None:
    versions = Versions()
    versions.add([hotwax("M1", shopify_id=""), hotwax("M2", shopify_id="5002", name="#1002")])
    assert [one.id for one in versions.of(SHOP)] == ["M1"]
    assert versions.of(SHOP._replace(id="5003", name="#1003")) == []
    versions.add([hotwax("M3")])
    assert [one.id for one in versions.of(SHOP)] == ["M3"]


def test_version_that_is_read_twice_counts_once_as_it_was_read_last() -> None:
    versions = Versions()
    versions.add([hotwax(), hotwax("M1", "ORDER_CANCELLED")])
    assert [(one.id, one.status) for one in versions.of(SHOP)] == [("M1", "ORDER_CANCELLED")]
