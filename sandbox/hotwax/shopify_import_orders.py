"""HotWax's orders that came from Shopify: versions, statuses, tags, and everything that ever reached it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Literal, NamedTuple

from sandbox.hotwax.database import HotWaxDatabase, Row
from sandbox.hotwax.importer import Importer
from sandbox.hotwax.logs import ImportLog
from sandbox.hotwax.models import RecordError
from sandbox.hotwax.settings import (
    SHOPIFY_FOLDERS,
    SYNC_SHOPIFY_ORDER,
    UPD_SHOPIFY_ORDER,
    HotWaxSettings,
)
from sandbox.hotwax.shopify_import import ShopifyOrder, ShopifyOrdersJson, ShopifyReader, utc_text

OLD_VERSION = "old version"
ORDER_NUMBER_BASE = 20_000
_OVER = ("ORDER_CANCELLED", "ORDER_COMPLETED")
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS shopify_orders (
        number INTEGER PRIMARY KEY,
        shopify_id TEXT NOT NULL,
        version INTEGER NOT NULL,
        name TEXT NOT NULL,
        status_id TEXT NOT NULL,
        channel TEXT NOT NULL,
        shipment_method TEXT NOT NULL,
        tag TEXT NOT NULL DEFAULT '',
        order_date TEXT NOT NULL,
        entry_date TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        grand_total TEXT NOT NULL,
        content TEXT NOT NULL,
        log_id TEXT NOT NULL
    )""",
    "CREATE INDEX IF NOT EXISTS shopify_orders_id ON shopify_orders (shopify_id)",
    "CREATE INDEX IF NOT EXISTS shopify_orders_date ON shopify_orders (order_date)",
    """CREATE TABLE IF NOT EXISTS shopify_arrivals (
        number INTEGER PRIMARY KEY,
        shopify_id TEXT NOT NULL,
        name TEXT NOT NULL,
        order_date TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        config_id TEXT NOT NULL,
        log_id TEXT NOT NULL,
        at TEXT NOT NULL,
        outcome TEXT NOT NULL,
        message TEXT NOT NULL
    )""",
    """CREATE TABLE IF NOT EXISTS shopify_order_attributes (
        order_id TEXT, name TEXT, value TEXT NOT NULL, PRIMARY KEY (order_id, name)
    ) WITHOUT ROWID""",
)

Known = Literal["leave", "refuse"]


class Arrival(NamedTuple):
    """One record of a file.

    :param updated_at: of the version, as GraphQL writes it.
    :param outcome: ``created``, ``updated``, ``known`` (left as it was) or ``refused``.
    :param message: why it was refused, else blank.
    """

    shopify_id: str
    updated_at: str
    config_id: str
    log_id: str
    outcome: str
    message: str


class ShopifyOrders:
    """Imports them and keeps them.

    :param database: HotWax's; they are kept there, too.
    :param importer: takes their files.
    :param settings: what HotWax knows.
    :param clock: gives the present time, aware UTC.
    :ivar reader: what is known of products, and how strict it is.
    :ivar known: what CRT_SHOPIFY_ORDER does with an order that exists: ``leave`` it, or ``refuse`` the record.
    :ivar reason: name of the member that tells why in failed records; ``errors`` is the other spelling.
    :ivar create_twice: Shopify ids of which the next creation makes two orders.
    :ivar required_attributes: without them an order of the web is not approved.
    """

    def __init__(
        self, database: HotWaxDatabase, importer: Importer, settings: HotWaxSettings, clock: Callable[[], datetime]
    ) -> None:
        self.reader = ShopifyReader(settings)
        self.known: Known = "leave"
        self.reason = "_ERROR_MESSAGE_"
        self.create_twice: set[str] = set()
        self.required_attributes: frozenset[str] = frozenset()
        self._database, self._importer, self._clock = database, importer, clock
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        for config_id, folder in SHOPIFY_FOLDERS.items():
            importer.also_take(config_id, folder, self._open)

    def order(self, shopify_id: str) -> Row | None:
        """The live order of a Shopify order, the newest where there are two; None when there is none.

        :param shopify_id: Shopify's number.
        """
        found = self.live(shopify_id)
        return found[-1] if found else None

    def live(self, shopify_id: str) -> list[Row]:
        """Orders of a Shopify order that are not an old version: more than one is a duplicate.

        :param shopify_id: Shopify's number.
        """
        return [row for row in self.versions(shopify_id) if row["tag"] != OLD_VERSION]

    def versions(self, shopify_id: str) -> list[Row]:
        """Every order of a Shopify order, oldest first.

        :param shopify_id: Shopify's number.
        """
        return self._shown("WHERE shopify_id = ? ORDER BY number", shopify_id)

    def by_id(self, order_id: str) -> Row | None:
        """An order by HotWax's id, None when there is none.

        :param order_id: HotWax's.
        """
        number = _number(order_id) if order_id[1:].isdecimal() else 0
        found = self._shown("WHERE number = ?", number)
        return found[0] if found else None

    def orders(self) -> list[Row]:
        """Every order, oldest first."""
        return self._shown("ORDER BY number")

    def find(self, where: str, *values: object) -> list[Row]:
        """Orders that a condition on the table finds, as :meth:`order` shows them.

        :param where: SQL from WHERE on.
        :param values: its parameters.
        """
        return self._shown(where, *values)

    def arrivals(self, shopify_id: str | None = None) -> list[Arrival]:
        """Everything that reached HotWax, refused records, too, oldest first.

        :param shopify_id: only of this order.
        """
        where, values = ("", ()) if shopify_id is None else (" WHERE shopify_id = ?", (shopify_id,))
        columns = "shopify_id, updated_at, config_id, log_id, outcome, message"
        rows = self._database.rows(f"SELECT {columns} FROM shopify_arrivals{where} ORDER BY number", *values)
        return [Arrival(**row) for row in rows]

    def reached(self) -> set[tuple[str, str]]:
        """Shopify id and updatedAt of every version that was taken."""
        return {(one.shopify_id, one.updated_at) for one in self.arrivals() if one.outcome != "refused"}

    def duplicated(self) -> list[str]:
        """Shopify ids with two live orders."""
        query = "SELECT shopify_id FROM shopify_orders WHERE tag != ? GROUP BY shopify_id HAVING count(*) > 1"
        return [row["shopify_id"] for row in self._database.rows(query, OLD_VERSION)]

    def failures(self) -> list[Row]:
        """Refused records, oldest first, with name, order date, message and time of arrival."""
        return self._database.rows("SELECT * FROM shopify_arrivals WHERE outcome = 'refused' ORDER BY number")

    def refresh(self, shopify_id: str, content: dict[str, Any]) -> str:
        """What the button "refresh order" does: a new version from Shopify, the present one is cancelled and tagged.

        :param shopify_id: Shopify's number.
        :param content: the order as it stands in Shopify, in the shape of the import.
        :returns: HotWax's id of the new version.
        :raises KeyError: there is no such order.
        :raises RecordError: HotWax cannot import the order as it stands.
        """
        present = self.order(shopify_id)
        if present is None:
            raise KeyError(shopify_id)
        order = self.reader.read(_texts(content))
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE shopify_orders SET status_id = 'ORDER_CANCELLED', tag = ? WHERE number = ?",
                (OLD_VERSION, _number(present["order_id"])),
            )
            return self._create(order, "", version=present["version"] + 1)

    def cancel(self, order_id: str) -> None:
        """Cancel an order in HotWax only.

        :param order_id: HotWax's.
        """
        self._set_status(order_id, "ORDER_CANCELLED")

    def approve(self, order_id: str) -> None:
        """Approve an order, whatever it lacks.

        :param order_id: HotWax's.
        """
        self._set_status(order_id, "ORDER_APPROVED")

    def approve_orders(self) -> list[str]:
        """What the job "Approve Orders" does: created orders that are not of a till and lack no attribute.

        :returns: HotWax's ids of those that were approved.
        """
        created = self._shown("WHERE status_id = 'ORDER_CREATED' AND channel != 'POS_SALES_CHANNEL' ORDER BY number")
        ready = [row["order_id"] for row in created if not self.lacking(row["order_id"])]
        for order_id in ready:
            self.approve(order_id)
        return ready

    def set_attribute(self, order_id: str, name: str, value: str) -> None:
        """Give an order an attribute.

        :param order_id: HotWax's.
        :param name: of the attribute.
        :param value: of the attribute.
        """
        with self._database.transaction() as connection:
            row = (order_id, name, value)
            connection.execute("INSERT OR REPLACE INTO shopify_order_attributes VALUES (?, ?, ?)", row)

    def attributes(self, order_id: str) -> dict[str, str]:
        """An order's attributes by name.

        :param order_id: HotWax's.
        """
        query = "SELECT name, value FROM shopify_order_attributes WHERE order_id = ? ORDER BY name"
        return {row["name"]: row["value"] for row in self._database.rows(query, order_id)}

    def lacking(self, order_id: str) -> list[str]:
        """Attributes without which an order is not approved, and which it does not have.

        :param order_id: HotWax's.
        """
        return sorted(self.required_attributes - self.attributes(order_id).keys())

    def _open(self, log: ImportLog, data: bytes) -> ShopifyOrdersJson:
        keep = partial(self._keep, log)
        return ShopifyOrdersJson(data, self._read, keep, partial(self._note_refusal, log), self.reason)

    def _read(self, order: dict[str, Any]) -> ShopifyOrder:
        if message := self._importer.faults.refusal(str(order.get("id") or "")):
            raise RecordError(message)
        return self.reader.read(order)

    def _keep(self, log: ImportLog, order: ShopifyOrder) -> None:
        """Call it inside a transaction."""
        present = self.order(order.shopify_id)
        if present is None and log.config_id == UPD_SHOPIFY_ORDER:
            raise RecordError(f"Invalid Data: no order with external id {order.shopify_id!r}")
        if present is None:
            outcome = "created"
            self._create(order, log.log_id, version=1)
            if order.shopify_id in self.create_twice:
                self.create_twice.discard(order.shopify_id)
                self._create(order, log.log_id, version=1)
        elif log.config_id in {UPD_SHOPIFY_ORDER, SYNC_SHOPIFY_ORDER}:
            outcome = "updated"
            self._update(present, order)
        elif self.known == "refuse":
            raise RecordError(f"Invalid Data: Order already exists with external id {order.shopify_id!r}")
        else:
            outcome = "known"
        self._note(log, (order.shopify_id, order.name, order.order_date, order.updated_at), outcome, "")

    def _create(self, order: ShopifyOrder, log_id: str, *, version: int) -> str:
        columns = {
            "shopify_id": order.shopify_id,
            "version": version,
            "name": order.name,
            "status_id": order.status,
            "channel": order.channel,
            "shipment_method": order.shipment_method,
            "order_date": order.order_date,
            "entry_date": self._clock().isoformat(),
            "updated_at": order.updated_at,
            "grand_total": order.grand_total,
            "content": _content(order),
            "log_id": log_id,
        }
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        with self._database.joined() as connection:
            done = connection.execute(f"INSERT INTO shopify_orders ({names}) VALUES ({places})", columns)
        return _order_id(done.lastrowid or 0)

    def _update(self, present: Row, order: ShopifyOrder) -> None:
        """What is over stays over, but a cancellation; an older version changes nothing."""
        if order.updated_at < present["updated_at"]:
            return
        status = order.status if order.status in _OVER else present["status_id"]
        with self._database.joined() as connection:
            connection.execute(
                "UPDATE shopify_orders SET status_id = ?, updated_at = ?, grand_total = ?, content = ?"
                " WHERE number = ?",
                (status, order.updated_at, order.grand_total, _content(order), _number(present["order_id"])),
            )

    def _note_refusal(self, log: ImportLog, order: dict[str, Any], message: str) -> None:
        moments = []
        for name in ("created_at", "updated_at"):
            try:
                moments.append(utc_text(order.get(name)))
            except RecordError:
                moments.append("")
        self._note(log, (str(order.get("id") or ""), str(order.get("name") or ""), *moments), "refused", message)

    def _note(self, log: ImportLog, who: tuple[str, ...], outcome: str, message: str) -> None:
        row = (*who, log.config_id, log.log_id, self._clock().isoformat(), outcome, message)
        with self._database.joined() as connection:
            connection.execute("INSERT INTO shopify_arrivals VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def _set_status(self, order_id: str, status: str) -> None:
        with self._database.transaction() as connection:
            connection.execute("UPDATE shopify_orders SET status_id = ? WHERE number = ?", (status, _number(order_id)))

    def _shown(self, where: str, *values: object) -> list[Row]:
        rows = self._database.rows(f"SELECT * FROM shopify_orders {where}", *values)
        shown = []
        for row in rows:
            content = json.loads(row.pop("content"))
            shown.append({"order_id": _order_id(row.pop("number")), **row, **content})
        return shown


def _order_id(number: int) -> str:
    return f"M{ORDER_NUMBER_BASE + number}"


def _number(order_id: str) -> int:
    return int(order_id[1:]) - ORDER_NUMBER_BASE


def _content(order: ShopifyOrder) -> str:
    return json.dumps(
        {
            "order_number": order.number,
            "currency": order.currency,
            "items": order.items,
            "adjustments": order.adjustments,
            "payments": order.payments,
        }
    )


def _texts(content: dict[str, Any]) -> dict[str, Any]:
    """The same with its numbers as text, as an import file's are read."""
    found: dict[str, Any] = json.loads(json.dumps(content), parse_int=str, parse_float=str)
    return found
