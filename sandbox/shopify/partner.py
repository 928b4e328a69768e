"""The shop as a whole: orders, history, HTTP face, started and stopped together."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from sandbox.shopify import changes
from sandbox.shopify.bulk import BulkOperations
from sandbox.shopify.database import Order, ShopifyDatabase
from sandbox.shopify.door import Bucket, Credentials, Door
from sandbox.shopify.faults import ShopifyFaults
from sandbox.shopify.http_server import HttpServer
from sandbox.shopify.office import Office
from sandbox.shopify.orders import ID_BASE, kind_of, make_order
from sandbox.shopify.rest_shape import rest_order
from sandbox.shopify.settings import ShopifySettings

Change = Callable[[Order, int], None]
_BATCH = 500
#: What happens to orders, the more often the more often it stands here; None: it is deleted.
_CHANGES: tuple[Change | None, ...] = (
    *([changes.touch] * 10),
    *([changes.fulfil] * 6),
    *([changes.cancel] * 2),
    *([changes.refund] * 2),
    None,
)


def utc_now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


class Shopify:
    """The simulated shop; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    `database` is the truth about the orders, `settings` and `faults` may be changed while it runs. What people and
    buyers do is done by methods, while it runs or before.

    :param database: file of the database; made if missing, kept over a restart. Results of bulk operations lie beside.
    :param settings: how shop and app are set up.
    :param seed: of the orders.
    :param port: 0 for any free port.
    :param keys: folder of the credentials, made on first use; default ``keys`` beside the database.
    :param clock: gives the present time, aware UTC; the shop's own is that much ahead as `faults` says.
    :param bucket_clock: seconds from any start; by it points come back.
    """

    def __init__(
        self,
        database: Path,
        *,
        settings: ShopifySettings | None = None,
        seed: int = 1,
        port: int = 0,
        keys: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
        bucket_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or ShopifySettings()
        self.seed = seed
        self.faults = ShopifyFaults()
        self.credentials = Credentials.read(keys or database.parent / "keys")
        self.database = ShopifyDatabase(database)
        self._clock = clock
        folder = database.parent / f"{database.stem}-bulk"
        self.bulk = BulkOperations(self.database, self.settings, self.faults, folder, self.now)
        self.door = Door(self.database, self.settings, self.credentials, self.now)
        self.bucket = Bucket(self.settings, bucket_clock)
        office = Office(self.database, self.bulk, self.bucket, self.settings, self.faults, self.now)
        self.server = HttpServer(office, self.door, self.bulk, self.faults, self.now, self.summary, port=port)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return self.server.url

    def now(self) -> float:
        """The shop's time, in seconds since 1970."""
        return self._clock().timestamp() + self.faults.clock_skew_seconds

    def start(self) -> None:
        """Listen.

        :raises OSError: when the port is taken.
        """
        self.server.start()

    def stop(self) -> None:
        """Stop listening and every bulk operation, and close the database for good."""
        self.server.stop()
        self.bulk.stop()
        self.database.close()

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def fill(self, count: int, *, start: datetime, end: datetime, kind: str | None = None) -> None:
        """Make a history of orders, evenly spread, none of them changed but as their kinds are.

        :param count: how many, numbered after those that are there.
        :param start: when the first was placed.
        :param end: nothing happens at or after it.
        :param kind: of all of them; None: a mix.
        """
        first, last, span = int(start.timestamp()), int(end.timestamp()) - 1, (end - start).total_seconds()
        before = self._last()
        for begin in range(0, count, _BATCH):
            with self.database.transaction():
                for place in range(begin, min(count, begin + _BATCH)):
                    number = before + place + 1
                    at = first + int(span * place / count)
                    chosen = kind or kind_of(self.seed, number)
                    made = make_order(self.seed, number, chosen, at, currency=self.settings.currency, latest=last)
                    self.database.put(made, visible_at=0)

    def stir(self, count: int, *, start: datetime, end: datetime) -> None:
        """Change orders that are there, seeded: tags, shipments, cancellations, refunds, and now and then a deletion.

        :param count: how many changes, evenly spread.
        :param start: when the first happens.
        :param end: nothing happens at or after it.
        """
        random = Random(f"{self.seed}:stir:{count}")
        ids = [one.order_id for one in self.database.truth()]
        for place in range(count if ids else 0):
            order_id = random.choice(ids)
            change = random.choice(_CHANGES)
            if change is None:
                self.delete(order_id)
                ids.remove(order_id)
                if not ids:
                    return
            else:
                self.change(order_id, change, at=start + (end - start) * place / count)

    def place(self, kind: str = "web", *, at: datetime | None = None) -> str:
        """Place an order.

        :param kind: one of `KINDS`.
        :param at: when it is placed; None: now.
        :returns: GraphQL's id.
        """
        moment = int(self.now() if at is None else at.timestamp())
        number, currency = self._last() + 1, self.settings.currency
        made = make_order(self.seed, number, kind, moment, currency=currency, latest=moment)
        self._keep(made)
        return str(made["id"])

    def change(self, order_id: str, change: Change, *, at: datetime | None = None) -> Order:
        """Change an order.

        :param order_id: GraphQL's.
        :param change: one of `changes`, or any function of document and seconds; updatedAt never goes back.
        :param at: when it is changed; None: now.
        :returns: the document as it stands now.
        :raises KeyError: there is no such order.
        """
        moment = int(self.now() if at is None else at.timestamp())
        with self.database.transaction():
            order = self.database.order(order_id)
            before = order["updatedAt"]
            change(order, moment)
            order["updatedAt"] = max(moment, before)
            self._keep(order)
        return order

    def touch(self, order_id: str, *, at: datetime | None = None) -> None:
        """Change nothing but a tag, so that the order has a newer updatedAt."""
        self.change(order_id, changes.touch, at=at)

    def cancel(self, order_id: str, *, at: datetime | None = None) -> None:
        """Cancel an order and give its money back."""
        self.change(order_id, changes.cancel, at=at)

    def fulfil(self, order_id: str, *, at: datetime | None = None) -> None:
        """Ship everything that waits."""
        self.change(order_id, changes.fulfil, at=at)

    def refund(self, order_id: str, *, at: datetime | None = None) -> None:
        """Give all money back."""
        self.change(order_id, changes.refund, at=at)

    def heal(self, order_id: str, *, at: datetime | None = None) -> None:
        """Mend customer data and note."""
        self.change(order_id, changes.heal, at=at)

    def delete(self, order_id: str) -> None:
        """Delete an order.

        :param order_id: GraphQL's.
        :raises KeyError: there is no such order.
        """
        self.database.delete(order_id, at=int(self.now()))

    def rest_order(self, order_id: str) -> dict[str, Any]:
        """An order as webhooks and the older API show it, and as HotWax imports it.

        :param order_id: GraphQL's.
        :raises KeyError: there is no such order.
        """
        return rest_order(self.database.order(order_id), self.settings.zone)

    def summary(self) -> dict[str, Any]:
        """What the shop holds."""
        orders = self.database.rows("SELECT kind, count(*) AS n FROM orders WHERE deleted_at IS NULL GROUP BY kind")
        return {
            "orders": sum(row["n"] for row in orders),
            "ordersByKind": {row["kind"]: row["n"] for row in orders},
            "deleted": len(self.database.deleted()),
            "bulkOperations": len(self.bulk.numbers()),
            "answers": dict(self.server.answers),
        }

    def _keep(self, order: Order) -> None:
        num = int(order["id"].rpartition("/")[2])
        self.database.put(order, visible_at=self.now() + self.faults.lag(num, order["updatedAt"]))

    def _last(self) -> int:
        found = self.database.rows("SELECT coalesce(max(num), 0) AS last FROM orders")
        return max(0, int(found[0]["last"]) - ID_BASE)
