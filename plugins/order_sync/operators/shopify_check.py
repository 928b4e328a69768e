"""check: whether HotWax has every order that Shopify has, once, alive and on its way.

All of it is read first and written last: where a partner cannot be asked to the end, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import DagRunTriggerException

from order_sync.contracts.order_check import Finding, HotWaxOrder, ShopOrder
from order_sync.contracts.shopify_api import search_between
from order_sync.errors import NotSent
from order_sync.flow import SHOPIFY_FINDINGS, SHOPIFY_ORDERS, Run
from order_sync.ledger import Ledger, Problem, Record, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.netsuite_replies import ORDER
from order_sync.operators.netsuite_versions import HOTWAX_ORDER
from order_sync.reasons import FINDINGS, REASONS
from order_sync.settings import Retailer, load

if TYPE_CHECKING:
    from airflow.sdk import Context

    from order_sync.partners.hotwax_orders import HotWaxOrders
    from order_sync.partners.shopify import OrderHead, Shopify

#: How many ids one search names.
_IDS_AT_ONCE = 50
#: HotWax may date an order otherwise than Shopify by so much.
_CLOCKS = timedelta(hours=1)
_IMPORTED_NOW = "it was never fetched, and is imported now"


class CheckShopifyOrders(FlowOperator):
    """Compares both sides and keeps what it finds in the ledger.

    :param shop: the HTTP connection of the shop; ``hotwax`` is that of HotWax.
    :returns: ``{"missing": [...]}``: Shopify's numbers of the orders to import now.
    """

    def __init__(self, *, shop: str, hotwax: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.shop, self.hotwax = shop, hotwax

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """Read both sides, compare, keep."""
        from order_sync.partners.hotwax_orders import open_orders
        from order_sync.partners.shopify import open_shop

        retailer = load(self.retailer)
        settings = retailer.shopify_order_check
        with (
            open_shop(self.shop, retailer.shopify_order_import.api) as shop,
            open_orders(self.hotwax, settings.hotwax) as hotwax,
        ):
            check = _Check(run, book, retailer, shop, hotwax)
            found = check.findings()
        for finding in found:
            self.log.info("%s %s: %s.", finding.kind, finding.subject, finding.words)
        if not found:
            self.log.info("Nothing found: %s orders of Shopify were compared.", check.compared)
        if run.dry_run:
            return {"missing": []}
        check.follow()
        kept = {f"{one.kind} {one.subject}": (one.kind, one.words, _links(one)) for one in found}
        book.keep_findings(SHOPIFY_FINDINGS, self.retailer, kept, dag_id=run.dag_id, run_id=run.run_id, at=run.now)
        return {"missing": check.to_import}


class _Check:
    """One look at both sides.

    :ivar compared: how many orders of Shopify were looked at.
    :ivar to_import: Shopify's numbers of orders that were never fetched, if they are to be imported.
    """

    def __init__(self, run: Run, book: Ledger, retailer: Retailer, shop: Shopify, hotwax: HotWaxOrders) -> None:
        from order_sync.transforms.shopify_check import Checker, Versions, day_before

        self._run, self._book, self._retailer, self._shop, self._hotwax = run, book, retailer, shop, hotwax
        self._settings = retailer.shopify_order_check
        orders = retailer.shopify_order_import.orders
        self._checker = Checker(self._settings, orders.admin_url, orders.pos_channels)
        by_hand = run.asked_for and not run.repeats_interval
        self._day = day_before(run.now if by_hand else run.window.end, self._settings.zone)
        self._settled = run.now - self._settings.grace
        self._versions = Versions()
        self._orders: dict[str, ShopOrder] = {}
        self._to_follow: dict[str, str] = {}
        self._followed: dict[str, tuple[str, str]] = {}
        self.compared = 0
        self.to_import: list[str] = []

    def findings(self) -> list[Finding]:
        """Everything that is wrong now, each finding once.

        :raises NotSent: a partner cannot be asked to the end.
        """
        known = self._book.open_findings(SHOPIFY_FINDINGS, self._retailer.name)
        start, end = self._day.start - self._settings.edge, self._day.end + self._settings.edge
        self._take(self._placed(start, min(end, self._settled)))
        in_window = list(self._orders)
        self._versions.add(self._hotwax.placed(start - _CLOCKS, end + _CLOCKS))
        stuck = self._stuck()
        self._versions.add(stuck)
        again = _orders_of(known)
        asked = list(dict.fromkeys([*again, *(one.shopify_id for one in stuck)]))
        self._take(self._by_ids([one for one in asked if one not in self._orders]))
        self._look_up(again)
        told = [one for one in dict.fromkeys([*in_window, *asked]) if one in self._orders]
        self.compared = len(told)
        found = [*self._missing(told), *self._compared(told), *self._of_stuck(stuck), *self._of_refreshed(known)]
        found += [*self._silence(in_window), *self._lasting_silence(known, in_window)]
        order = list(FINDINGS)
        return sorted({(one.kind, one.subject): one for one in found}.values(), key=lambda one: order.index(one.kind))

    def follow(self) -> None:
        """Let the ledger know HotWax's ids of refreshed orders, with what NetSuite calls the order."""
        here, at = self._retailer.name, self._run.now
        self._book.keep_ids(here, HOTWAX_ORDER, self._to_follow, source=self._run.who, at=at)
        ids = self._book.ids_of(here, ORDER, [old for old, _ in self._followed.values()])
        carried = {new: ids[old] for old, new in self._followed.values() if old in ids}
        self._book.keep_ids(here, ORDER, carried, source=self._run.who, at=at)
        current = {shopify: new for shopify, (_, new) in self._followed.items()}
        self._book.follow_ids(here, HOTWAX_ORDER, current, source=self._run.who, at=at)

    def _placed(self, start: datetime, end: datetime) -> list[OrderHead]:
        """Shopify's orders of a window.

        :raises NotSent: the search shows fewer than it counts.
        """
        if start >= end:
            return []
        search = search_between(start, end, "created_at")
        counted = self._shop.count(search)
        heads = list({head.id: head for head in self._shop.heads(search)}.values())
        if len(heads) < counted:
            raise NotSent(
                f"Shopify counts {counted} orders of {start:%Y-%m-%d} and shows {len(heads)}.",
                next_step="The next try asks anew.",
            )
        return [head for head in heads if start <= head.created_at < end]

    def _by_ids(self, ids: Sequence[str]) -> Iterable[OrderHead]:
        for at in range(0, len(ids), _IDS_AT_ONCE):
            yield from self._shop.heads(" OR ".join(f"id:{one}" for one in ids[at : at + _IDS_AT_ONCE]))

    def _take(self, heads: Iterable[OrderHead]) -> None:
        for head in heads:
            order = ShopOrder(
                head.id.rpartition("/")[2], head.name, head.created_at, head.updated_at, head.cancelled_at is not None,
                head.fulfilment_status in self._settings.fulfilled_statuses,
            )  # fmt: skip
            self._orders[order.id] = order

    def _stuck(self) -> list[HotWaxOrder]:
        """HotWax's orders that are created for too long and came from Shopify."""
        settings = self._settings
        latest = self._run.now - timedelta(hours=settings.stuck_hours)
        listed = self._hotwax.placed(
            self._run.now - timedelta(days=settings.stuck_days), latest, status=settings.created_status
        )
        return [
            one
            for one in listed
            if one.shopify_id
            and not one.exchange
            and one.status == settings.created_status
            and (one.ordered_at is None or one.ordered_at < latest)
        ]

    def _look_up(self, ids: Sequence[str]) -> None:
        """Read every version of some orders, whatever lists say or leave out."""
        for one in ids:
            self._versions.add(self._hotwax.of_shopify(one))

    def _missing(self, ids: Sequence[str]) -> list[Finding]:
        lacking = [one for one in ids if not self._versions.of(self._orders[one])]
        self._look_up(lacking)
        for one in lacking:
            if not self._versions.of(self._orders[one]):
                self._versions.add(self._hotwax.named(self._orders[one].name))
        lacking = [one for one in lacking if not self._versions.of(self._orders[one])]
        records = self._book.records_by_order(SHOPIFY_ORDERS, self._retailer.name, lacking)
        latest = {record.order_key: record for record in records}
        unknown = [one for one in lacking if one not in latest]
        wanted = self._settings.import_missing and len(unknown) <= self._settings.most_imports
        self.to_import = unknown if wanted else []
        why = dict.fromkeys(unknown, _IMPORTED_NOW if wanted else "it was never fetched")
        why |= {key: _known(record) for key, record in latest.items() if record.state is not State.EXCLUDED}
        return [self._checker.missing(self._orders[one], why[one]) for one in lacking if one in why]

    def _compared(self, ids: Sequence[str]) -> Iterable[Finding]:
        for one in ids:
            order = self._orders[one]
            yield from self._checker.compare(order, self._versions.of(order), self._settled)

    def _of_stuck(self, stuck: Sequence[HotWaxOrder]) -> Iterable[Finding]:
        for one in stuck:
            finding = self._checker.stuck(one, self._orders.get(one.shopify_id))
            if finding is None:
                continue
            if finding.kind == "TO_BE_REFRESHED":
                self._to_follow[one.shopify_id] = one.id
            yield finding

    def _of_refreshed(self, known: Sequence[Problem]) -> Iterable[Finding]:
        """What became of the orders that had to be refreshed."""
        due = [
            subject for row in known if (subject := _subject(row)) in self._orders
            and row.error_class in ("TO_BE_REFRESHED", "WRONGLY_REFRESHED")
        ]  # fmt: skip
        before = self._book.ids_of(self._retailer.name, HOTWAX_ORDER, due)
        for subject in due:
            if subject not in before:
                continue
            order = self._orders[subject]
            new, finding = self._checker.refreshed(order, before[subject], self._versions.of(order))
            if finding:
                yield finding
            elif new:
                self._followed[subject] = (before[subject], new)

    def _silence(self, ids: Sequence[str]) -> Iterable[Finding]:
        zone = self._settings.zone
        spans = self._checker.spans(self._day, zone)
        history = self._book.orders_by_hour(SHOPIFY_ORDERS, self._retailer.name, spans)
        placed = [self._orders[one].created_at for one in ids]
        return list(self._checker.silence(self._day, placed, history, zone))

    def _lasting_silence(self, known: Sequence[Problem], ids: Sequence[str]) -> Iterable[Finding]:
        """Alarms of days before, as long as no order has come."""
        return [] if ids else [
            Finding(row.error_class, _subject(row), row.message) for row in known if row.error_class == "NO_ORDERS"
        ]  # fmt: skip


class ImportMissing(FlowOperator):
    """Starts the import with the orders that were never fetched; once for each run of the check.

    :param found: what :class:`CheckShopifyOrders` returned.
    :param import_dag: id of the DAG that imports.
    """

    template_fields = ("found",)

    def __init__(self, *, found: Any, import_dag: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.found, self.import_dag = found, import_dag

    def execute(self, context: Context) -> None:
        """Start it, if something is missing; nobody waits for its end.

        :raises DagRunTriggerException: how a task asks Airflow for a run of a DAG; one that exists skips the task.
        """
        missing = self.found["missing"]
        if not missing:
            self.log.info("Nothing to import.")
            return
        raise DagRunTriggerException(
            trigger_dag_id=self.import_dag,
            dag_run_id=f"missing__{Run(context).run_id}",
            conf={"order_ids": missing},
            reset_dag_run=False,
            skip_when_already_exists=True,
            wait_for_completion=False,
            allowed_states=[],
            failed_states=[],
            poke_interval=0,
            deferrable=False,
        )


def _links(finding: Finding) -> str:
    return "\n".join(f"{url} {text}" for text, url in finding.links)


def _subject(row: Problem) -> str:
    return row.task_id.partition(" ")[2]


def _orders_of(known: Sequence[Problem]) -> list[str]:
    return list(dict.fromkeys(subject for row in known if (subject := _subject(row)).isdecimal()))


def _known(record: Record) -> str:
    """What the ledger knows of an order that HotWax does not have."""
    if record.state is State.QUARANTINED:
        reason = REASONS.get(record.reason)
        return f"it waits as an exception ({reason.title if reason else record.reason})"
    if record.state is State.CONFIRMED:
        return "HotWax has confirmed its import, and does not show it"
    return f"it is under way since {record.updated_at:%d %b %Y %H:%M} UTC ({record.state.value})"
