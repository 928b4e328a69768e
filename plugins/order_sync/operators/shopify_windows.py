"""Which part of the past a run asks Shopify about: half-open windows that leave no gap."""

from __future__ import annotations

from datetime import datetime, timedelta

from order_sync.flow import Window
from order_sync.settings import ShopifyOrderImport


def next_window(
    cursor: datetime | None, interval: Window, settings: ShopifyOrderImport, *, now: datetime, repeated: bool
) -> Window | None:
    """The window of a run; None if nothing of it lies far enough in the past.

    A run goes on where the last one ended, less the overlap, because Shopify's search may have shown a change late. It
    ends before the interval does, so that every try of it has the same window. A backfill reads its interval.

    :param cursor: up to where everything was read; None before the first run.
    :param interval: the run's data interval.
    :param repeated: whether a person asks for the interval again.
    """
    latest = now - settings.lag
    if repeated:
        start, end = interval.start - settings.overlap, min(interval.end, latest)
    else:
        end = min(interval.end - settings.lag, latest)
        start = cursor - settings.overlap if cursor else end - timedelta(hours=settings.first_hours)
    # whole seconds: Shopify compares no finer, and a bound between two of them would hide what lies in the second
    start, end = (moment.replace(microsecond=0) for moment in (start, end))
    if start >= end or (cursor and not repeated and end <= cursor):
        return None
    return Window(start, end)
