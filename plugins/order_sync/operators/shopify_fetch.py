"""fetch: Shopify's orders of a window, or those that were asked for, into a file of the staging store and a batch.

The file is a run's input like any other: whatever happens later, the batch is worked on with exactly these bytes. The
cursor moves last: everything before it is stored and counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from order_sync.contracts.shopify_api import search_between
from order_sync.errors import NotSent, Stop
from order_sync.faults import point
from order_sync.flow import Run, Window
from order_sync.ledger import Batch, BatchInput, FileSeen, Ledger, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.batches import new_batch
from order_sync.operators.shopify_windows import next_window
from order_sync.settings import ShopifyOrderImport, load
from order_sync.staging import Staging

if TYPE_CHECKING:
    from order_sync.partners.shopify import Shopify, ShopifyOrder

#: Partner ids that say which bulk operation reads a window, so that a try that dies is gone on with.
BULK = "shopify_bulk"
_GID = "gid://shopify/Order/"
#: How often a bulk operation is begun for one window in one try.
_OPERATIONS = 3
#: The most characters of a key of partner ids.
_KEY_LENGTH = 250
#: Reasons of records that HotWax's import refused, and of those that it never confirmed.
_REFUSED, _NOT_CONFIRMED = "HOTWAX_REFUSED", "NOT_CONFIRMED"


class FetchShopifyOrders(FlowOperator):
    """Fetches orders and registers them as a batch.

    :param conn_id: the HTTP connection of the shop.
    :returns: ``{"batches": [...]}``, or ``{"dry_run": [...]}`` with the inputs of a dry run.
    """

    def __init__(self, *, conn_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.conn_id = conn_id

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """Find the batches of this run: those that an earlier try made, those that are not done, and a new one."""
        from order_sync.partners.shopify import open_shop

        own = book.batches_of_run(run.dag_id, run.run_id, self.flow)
        unfinished = book.unfinished_batches(self.flow, self.retailer)
        if not own:
            settings = load(self.retailer).shopify_order_import
            with Staging().scratch() as folder, open_shop(self.conn_id, settings.api) as shop:
                fetching = _Fetching(run, book, self.flow, self.retailer, settings, shop, folder)
                seen = fetching.asked_for() if run.param("order_ids") else fetching.window()
                if run.dry_run:
                    return {"dry_run": [{"sha256": one.sha256, "uri": one.uri, "name": one.name} for one in seen]}
                own = [self._batch(run, book, one) for one in seen]
                fetching.advance()
        ids = dict.fromkeys(batch.id for batch in (*unfinished, *own))
        self.log.info("This run works on batches %s.", list(ids) or "none")
        return {"batches": list(ids)}

    def _batch(self, run: Run, book: Ledger, seen: FileSeen) -> Batch:
        (row,) = book.record_files(self.flow, self.retailer, [seen], at=run.now)
        point("collect.before_batch")
        inputs = [BatchInput(row.id, seen.name, "", None, 0)]
        return new_batch(book, run, self.flow, self.retailer, "window", [f"{seen.sha256} {seen.name}"], inputs)


class _Fetching:
    """One try of one run.

    :param folder: for unfinished files.
    """

    def __init__(
        self,
        run: Run,
        book: Ledger,
        flow: str,
        retailer: str,
        settings: ShopifyOrderImport,
        shop: Shopify,
        folder: Path,
    ) -> None:
        self._run, self._book, self._flow, self._retailer = run, book, flow, retailer
        self._settings, self._shop, self._folder = settings, shop, folder
        self._cursor = book.cursor(flow, retailer)
        self._reached: Window | None = None

    def window(self) -> list[FileSeen]:
        """The file of the run's window, with what HotWax's technical errors kept out; none if there is no order.

        :raises Stop: the app may not see all orders.
        """
        if "read_all_orders" not in self._shop.scopes():
            raise Stop(
                "The app sees Shopify's orders of the last 60 days only: it lacks the scope read_all_orders.",
                next_step="Give the app of the Airflow connection that scope.",
            )
        repeated = self._run.repeats_interval
        window = next_window(self._cursor, self._run.window, self._settings, now=self._run.now, repeated=repeated)
        again = [] if repeated else self._again(window.end if window else self._cursor)
        if window is None and not again:
            return []
        name = "again"
        pages: Iterator[Sequence[ShopifyOrder]] = iter(())
        if window is not None:
            self._reached = window
            name = f"{window.start:%Y-%m-%dT%H-%M-%SZ}_{window.end:%Y-%m-%dT%H-%M-%SZ}"
            pages = self._new(self._pages(window))
        return self._file(name, pages, again)

    def asked_for(self) -> list[FileSeen]:
        """The file of the orders that a person asks for by Shopify's ids or names, as they are in Shopify now.

        :raises Stop: Shopify has no such order, or several of one name.
        """
        asked = [str(one).strip() for one in self._run.param("order_ids")]
        if asked == ["all"]:
            asked = [row.order_key for row in self._book.exceptions(self._flow, self._retailer)]
        ids = [one.removeprefix(_GID) for one in asked]
        names = [one for one in ids if not one.isdecimal()]
        found = self._shop.ids_by_name(names)
        wrong = [f"{name} ({len(found.get(name, []))} orders)" for name in names if len(found.get(name, [])) != 1]
        orders = self._shop.by_ids([found[one][0] if one in found else one for one in ids if one not in wrong])
        known = {order.id for order in orders}
        wrong += [one for one in ids if one.isdecimal() and one not in known]
        if wrong:
            raise Stop(
                f"Shopify has no order, or not exactly one, for: {', '.join(dict.fromkeys(wrong))}.",
                next_step="Leave them out, or give the number at the end of the order's address in Shopify's admin.",
            )
        self._set_aside(known)
        return self._file("asked", iter(()), orders)

    def advance(self) -> None:
        """Move the cursor behind the window: what lies before it is stored and counted."""
        if self._reached is None or self._run.repeats_interval:
            return
        point("collect.before_cursor")
        self._book.move_cursor(
            self._flow, self._retailer, seen=self._cursor, reached=self._reached.end, at=self._run.now,
            who=self._run.who,
        )  # fmt: skip

    def _pages(self, window: Window) -> Iterator[list[ShopifyOrder]]:
        hours = (window.end - window.start).total_seconds() / 3600
        if hours < self._settings.bulk_from_hours:
            yield from self._shop.changed(window.start, window.end)
            return
        for orders in self._bulk(window):
            yield [order for order in orders if window.start <= order.updated_at < window.end]

    def _bulk(self, window: Window) -> Iterator[list[ShopifyOrder]]:
        """A window by way of a bulk operation, gone on with where a try before this one began it.

        :raises NotSent: no operation gave a whole result.
        :raises Stop: Shopify refuses the operation, or its result.
        """
        from order_sync.partners.shopify_bulk import BulkOrders

        bulk, path = BulkOrders(self._shop, self._settings.api), self._folder / "bulk.jsonl"
        key = f"{window.start:%Y-%m-%dT%H:%M:%SZ}/{window.end:%Y-%m-%dT%H:%M:%SZ} {self._run.run_id}"[:_KEY_LENGTH]
        begun, operation_id = 0, self._book.ids_of(self._retailer, BULK, [key]).get(key)
        while True:
            if operation_id is None:
                begun, operation_id = begun + 1, bulk.begin(search_between(window.start, window.end))
                if not self._run.dry_run:  # before the wait: a try that dies is gone on with, and not begun anew
                    ids = {key: operation_id}
                    self._book.follow_ids(self._retailer, BULK, ids, source=self._flow, at=self._run.now)
            try:
                bulk.fetch(bulk.ended(operation_id, now=self._run.now), path)
            except NotSent:
                if begun == _OPERATIONS:
                    raise
                operation_id = None
                continue
            yield from bulk.orders(path)
            return

    def _new(self, pages: Iterable[Sequence[ShopifyOrder]]) -> Iterator[Sequence[ShopifyOrder]]:
        """What the ledger does not know yet: windows overlap, and a page may show an order once more."""
        met: set[tuple[str, int]] = set()
        for page in pages:
            records = self._book.records_by_order(self._flow, self._retailer, [order.id for order in page])
            met.update((record.order_key, record.updated_ms) for record in records if record.updated_ms is not None)
            fresh = []
            for order in page:
                version = (order.id, int(order.updated_at.timestamp() * 1000))
                if version not in met:
                    met.add(version)
                    fresh.append(order)
            yield fresh

    def _file(self, name: str, pages: Iterator[Sequence[ShopifyOrder]], more: Sequence[ShopifyOrder]) -> list[FileSeen]:
        """Write orders, one per line, into the staging store; no file where there is none."""
        path, count = self._folder / "orders.jsonl", 0
        checksum = hashlib.sha256()
        with path.open("wb") as file:
            for page in pages:
                count += _write(file, checksum, page)
            count += _write(file, checksum, more)
        if not count:
            return []
        size, sha256 = path.stat().st_size, checksum.hexdigest()
        uri = Staging().put(path, "inputs", sha256)
        return [FileSeen(sha256, size, uri, f"shopify_orders_{name}.jsonl", "", None)]

    def _again(self, before: datetime | None) -> list[ShopifyOrder]:
        """What HotWax refused for technical reasons, as it is in Shopify now.

        :param before: where this run's window ends: what changed since comes with another window.
        """
        ids = self._technical()
        orders = self._shop.by_ids(ids) if ids else []
        return [order for order in orders if before is None or order.updated_at < before]

    def _technical(self) -> list[str]:
        """Orders that HotWax refused for technical reasons, as long as it is worth while to try them again."""
        words = [one.lower() for one in self._settings.technical_errors]
        due = []
        for row in self._book.exceptions(self._flow, self._retailer):
            if row.reason == _REFUSED and any(word in row.message.lower() for word in words):
                story = self._book.order_of(self._flow, self._retailer, row.order_key)
                moves = story.versions[-1].moves if story else []
                if sum(move.to_state == State.QUARANTINED for move in moves) <= self._settings.technical_tries:
                    due.append(row.order_key)
        return due

    def _set_aside(self, ids: set[str]) -> None:
        """Let what was published and not confirmed be taken up once more, because a person asks for it."""
        if self._run.dry_run:
            return
        records = self._book.records_by_order(self._flow, self._retailer, sorted(ids))
        for record in {record.order_key: record for record in records}.values():
            if record.state is State.DELIVERED:
                self._book.move(
                    record.id, {State.DELIVERED}, State.QUARANTINED, at=self._run.now, who=self._run.who,
                    why="asked for by a person", reason=_NOT_CONFIRMED, message=f"asked for by {self._run.who}",
                )  # fmt: skip


def _write(file: BinaryIO, checksum: Any, orders: Sequence[ShopifyOrder]) -> int:
    for order in orders:
        line = order.data + b"\n"
        file.write(line)
        checksum.update(line)
    return len(orders)
