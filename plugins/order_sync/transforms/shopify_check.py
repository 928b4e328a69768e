"""What is wrong between Shopify's orders and HotWax's: the rules of the check, without clock or network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import NamedTuple
from zoneinfo import ZoneInfo

from order_sync.contracts.order_check import Finding, HotWaxOrder, ShopOrder
from order_sync.settings import ShopifyOrderCheck

_HOUR = timedelta(hours=1)


class Day(NamedTuple):
    """A day of the retailer, half-open, UTC: 23, 24 or 25 hours."""

    start: datetime
    end: datetime

    def hours(self) -> list[datetime]:
        """Its full hours."""
        return [self.start + _HOUR * number for number in range(int((self.end - self.start) / _HOUR))]


def day_before(moment: datetime, zone: ZoneInfo) -> Day:
    """The last whole day of a time zone before a moment."""
    return _day(moment.astimezone(zone).date() - timedelta(days=1), zone)


def _day(day: date, zone: ZoneInfo) -> Day:
    bounds = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + timedelta(days=1)))
    return Day(*bounds)


class Versions:
    """HotWax's orders by Shopify's number, each once however often it was read."""

    def __init__(self) -> None:
        self._by_shopify: dict[str, dict[str, HotWaxOrder]] = {}
        self._unnumbered: dict[str, HotWaxOrder] = {}

    def add(self, orders: Iterable[HotWaxOrder]) -> None:
        """Take in what was read; what is read later counts."""
        for order in orders:
            if order.shopify_id:
                self._by_shopify.setdefault(order.shopify_id, {})[order.id] = order
            elif order.name:
                self._unnumbered[order.name] = order

    def of(self, order: ShopOrder) -> list[HotWaxOrder]:
        """Every version of a Shopify order; one without a number is known by its name."""
        found = list(self._by_shopify.get(order.id, {}).values())
        return found or [one for one in [self._unnumbered.get(order.name)] if one]


class Checker:
    """The rules of one retailer.

    :param admin_url: where a person sees an order in Shopify, made of ``{id}``.
    :param pos_channels: HotWax's channels of tills.
    """

    def __init__(self, settings: ShopifyOrderCheck, admin_url: str, pos_channels: Sequence[str]) -> None:
        self._settings, self._admin_url, self._pos = settings, admin_url, frozenset(pos_channels)

    def is_live(self, order: HotWaxOrder) -> bool:
        """Whether an order is neither cancelled nor replaced."""
        return order.status != self._settings.cancelled_status and not order.old_version

    def missing(self, order: ShopOrder, why: str) -> Finding:
        """The finding of an order that HotWax does not have.

        :param why: what the ledger knows of it.
        """
        when = f"{order.created_at.astimezone(UTC):%d %b %Y %H:%M} UTC"
        return Finding(
            "MISSING_IN_HOTWAX", order.id, f"{order.name} of {when} is not in HotWax: {why}", self._links(order.id)
        )

    def compare(self, order: ShopOrder, versions: Sequence[HotWaxOrder], settled_before: datetime) -> Iterator[Finding]:
        """What is wrong with an order that both sides have.

        :param settled_before: what changed in Shopify later may not have come to HotWax yet.
        """
        counted = [one for one in versions if not one.exchange]
        live = [one for one in counted if self.is_live(one)]
        if len(live) > 1:
            ids = " and ".join(sorted(one.id for one in live))
            yield self._finding("TWO_LIVE_ORDERS", order, f"{order.name} is in HotWax as {ids}", live)
        if not counted or order.updated_at >= settled_before:
            return
        if order.cancelled and live:
            told = f"{order.name} is cancelled in Shopify; in HotWax {_statuses(live)}"
            yield self._finding("CANCELLED_IN_SHOPIFY", order, told, live)
        elif not order.cancelled and not live:
            told = f"{order.name} is cancelled in HotWax ({counted[-1].id}); in Shopify it is not"
            yield self._finding("CANCELLED_IN_HOTWAX", order, told, counted[-1:])

    def stuck(self, order: HotWaxOrder, shop: ShopOrder | None) -> Finding | None:
        """Why an order stays in the status created; None for one that is cancelled in Shopify.

        :param shop: the order in Shopify; None where Shopify does not show it.
        """
        since = f" of {order.ordered_at.astimezone(UTC):%d %b %Y}" if order.ordered_at else ""
        name = f"{order.name or order.shopify_id} ({order.id}){since}"
        subject = shop or order.shopify_id
        if shop and shop.cancelled:
            return None
        if order.channel not in self._pos:
            lacks = [one for one in self._settings.approval_attributes if one not in order.attributes]
            told = f"lacks {', '.join(lacks)}" if lacks else "lacks no attribute that approval needs"
            return self._finding("NOT_APPROVED", subject, f"{name} {told}", [order])
        if shop is None:
            return self._finding("NOT_FULFILLED_IN_SHOPIFY", subject, f"{name} is not shown by Shopify", [order])
        if shop.fulfilled:
            return self._finding("TO_BE_REFRESHED", shop, f"{name} is fulfilled in Shopify", [order])
        return self._finding("NOT_FULFILLED_IN_SHOPIFY", shop, f"{name} is not fulfilled in Shopify either", [order])

    def refreshed(self, order: ShopOrder, before: str, versions: Sequence[HotWaxOrder]) -> tuple[str, Finding | None]:
        """What became of an order that had to be refreshed.

        :param before: HotWax's id of the version that was to be replaced.
        :returns: HotWax's id of the new version, blank as long as there is none; and what is wrong with the refresh.
        """
        live = [one for one in versions if self.is_live(one) and one.id != before]
        old = next((one for one in versions if one.id == before), None)
        if len(live) != 1:  # nothing was refreshed, or two are live, which is a finding of its own
            return "", None
        (new,) = live
        faults = []
        if old is not None and not (old.old_version and old.status == self._settings.cancelled_status):
            tag = self._settings.hotwax.old_version_tag
            faults.append(f"{old.id} is {old.status} and should be cancelled with the tag {tag!r}")
        if order.fulfilled and new.status != self._settings.completed_status:
            faults.append(f"{new.id} is {new.status}, and Shopify has fulfilled it")
        if not faults:
            return new.id, None
        told = f"{order.name} was refreshed: {'; '.join(faults)}"
        return new.id, self._finding("WRONGLY_REFRESHED", order, told, [new])

    def silence(
        self, day: Day, placed: Sequence[datetime], history: Mapping[datetime, int], zone: ZoneInfo
    ) -> Iterator[Finding]:
        """Hours without an order in which the shop usually sells, those side by side as one finding.

        :param placed: when orders were placed.
        :param history: orders of earlier weeks by the full hour, UTC.
        """
        filled = {(moment - day.start) // _HOUR for moment in placed if day.start <= moment < day.end}
        quiet: list[tuple[datetime, int]] = []
        for number, hour in enumerate([*day.hours(), None]):
            if hour is not None and number not in filled:
                quiet.append((hour, self._usual(hour, history, zone)))
                continue
            selling = [at for at, (_, usual) in enumerate(quiet) if usual]
            quiet = quiet[selling[0] : selling[-1] + 1] if selling else []
            expected = sum(usual for _, usual in quiet)
            if quiet and expected >= self._settings.usual_orders:
                start, end = quiet[0][0].astimezone(zone), (quiet[-1][0] + _HOUR).astimezone(zone)
                told = f"No order between {start:%d %b %Y %H:%M} and {end:%d %b %Y %H:%M} ({zone.key})"
                yield Finding("NO_ORDERS", f"{quiet[0][0]:%Y-%m-%dT%HZ}", f"{told}; usual are {expected}")
            quiet = []

    def spans(self, day: Day, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
        """The same days of the weeks before, as far as history is looked at."""
        local = day.start.astimezone(zone).date()
        days = [_day(local - timedelta(weeks=back), zone) for back in range(1, self._settings.history_weeks + 1)]
        return [(_full(one.start), _full(one.end + _HOUR)) for one in days]

    def _usual(self, hour: datetime, history: Mapping[datetime, int], zone: ZoneInfo) -> int:
        """Orders in the same hour of the week, by the clock on the wall: the median of the weeks before."""
        local = hour.astimezone(zone)
        same = [local - timedelta(weeks=back) for back in range(1, self._settings.history_weeks + 1)]
        return int(median(history.get(_full(one.astimezone(UTC)), 0) for one in same))

    def _finding(self, kind: str, order: ShopOrder | str, words: str, hotwax: Sequence[HotWaxOrder]) -> Finding:
        subject = order if isinstance(order, str) else order.id
        return Finding(kind, subject, words, self._links(subject, *(one.id for one in hotwax)))

    def _links(self, shopify_id: str, *hotwax: str) -> tuple[tuple[str, str], ...]:
        there = [(f"HotWax {one}", self._settings.order_url.replace("{id}", one)) for one in hotwax]
        return (("Shopify", self._admin_url.replace("{id}", shopify_id)), *there)


def _full(moment: datetime) -> datetime:
    """The full hour, UTC: a zone may be half an hour off."""
    return moment.replace(minute=0, second=0, microsecond=0)


def _statuses(orders: Sequence[HotWaxOrder]) -> str:
    return ", ".join(f"{one.id} is {one.status}" for one in orders)
