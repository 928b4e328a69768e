"""HotWax as the flow of created orders sees it: customers and orders, what NetSuite's ids did to them, what is due.

Command line, whether or not the partners run: ``python -m sandbox.hotwax.created_orders_shop --root .sandbox``
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox.hotwax.created_orders import (
    CreatedOrders,
    Customer,
    Expected,
    Fate,
    Order,
    write_created_orders,
    write_customers,
)
from sandbox.hotwax.created_orders_expected import expect
from sandbox.hotwax.created_orders_json import Writer, item_id, order_id, order_identification
from sandbox.hotwax.created_orders_sale import TILL_KINDS, Sale, draw, usual_kind
from sandbox.hotwax.customers import SHOPIFY_CUST_ID, identification, netsuite_id
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.logs import ImportLogs
from sandbox.hotwax.netsuite_ids import LINE_ID, NETSUITE_CUSTOMER_ID, NETSUITE_ORDER_ID, NetSuiteIds
from sandbox.hotwax.partner import utc_now
from sandbox.hotwax.pos_orders import COMPLETED_POS_ORDERS_FOLDER, as_completed, write_pos_orders
from sandbox.hotwax.settings import HotWaxSettings

CUSTOMERS_FOLDER = "hotwax/customers"
CREATED_ORDERS_FOLDER = "hotwax/created-orders"

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS shop_customers (number INTEGER PRIMARY KEY, party_id TEXT UNIQUE, kind TEXT)",
    """CREATE TABLE IF NOT EXISTS shop_orders (
        number INTEGER PRIMARY KEY,
        order_id TEXT UNIQUE,
        kind TEXT,
        customer INTEGER REFERENCES shop_customers (number)
    )""",
    "CREATE TABLE IF NOT EXISTS shop_told (number INTEGER PRIMARY KEY REFERENCES shop_orders (number))",
)


class HotWaxShop:
    """The shop's customers and orders in HotWax; they outlive a restart.

    From now on `ids` refuses what is said about customers, orders and lines that are not the shop's.

    :param sftp_root: local folder that holds the SFTP server's files.
    :param database: HotWax's.
    :param ids: what came back from NetSuite.
    :param seed: another seed, other customers and carts.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        sftp_root: Path,
        database: HotWaxDatabase,
        ids: NetSuiteIds,
        *,
        seed: int = 1,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.ids = ids
        self.generator = CreatedOrders(seed)
        self.customers_folder = sftp_root / CUSTOMERS_FOLDER
        self.created_orders_folder = sftp_root / CREATED_ORDERS_FOLDER
        self._database, self._clock = database, clock
        self.completed_pos_orders_folder = sftp_root / COMPLETED_POS_ORDERS_FOLDER
        for folder in (self.customers_folder, self.created_orders_folder, self.completed_pos_orders_folder):
            folder.mkdir(parents=True, exist_ok=True)
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        ids.known = self

    def sign_up(self, number: int, kind: str = "new_customer") -> str:
        """Add customer `number`; nothing happens when HotWax has it.

        :param kind: a key of :data:`~sandbox.hotwax.customers.CUSTOMER_KINDS`; one with a NetSuite id is not offered.
        :returns: the party id.
        :raises ValueError: unknown kind, or a number below 1.
        """
        record = self.generator.customer(number, kind)
        party = str(record["partyId"])
        if not self.has_party(party):
            with self._database.transaction() as connection:
                connection.execute("INSERT INTO shop_customers VALUES (?, ?, ?)", (number, party, kind))
            if known := netsuite_id(record):
                self.ids.learn_customer(party, known)
        return party

    def place(self, number: int, kind: str = "web", *, customer: int | None = None) -> str:
        """Add order `number`.

        :param kind: a key of :data:`~sandbox.hotwax.created_orders.KINDS`.
        :param customer: number of who bought; signed up, without a NetSuite id, when HotWax has no such customer.
            Each order has a customer of its own when not given.
        :returns: the order id.
        :raises ValueError: unknown kind, number out of range, or HotWax has the order.
        """
        draw(self.generator.seed, number, kind)
        if self.has_order(order_id(number)):
            raise ValueError(f"order {number} was placed before")
        buyer = number if customer is None else customer
        self.sign_up(buyer, _new_customer(kind))
        with self._database.transaction() as connection:
            connection.execute("INSERT INTO shop_orders VALUES (?, ?, ?, ?)", (number, order_id(number), kind, buyer))
        return order_id(number)

    def place_more(self, count: int) -> list[int]:
        """Add orders of the usual mix, each of a customer of its own.

        :param count: how many.
        :returns: their numbers, which follow upon those of the orders that there are.
        """
        (row,) = self._database.rows("SELECT coalesce(max(number), 0) AS last FROM shop_orders")
        numbers = list(range(row["last"] + 1, row["last"] + 1 + count))
        for number in numbers:
            self.place(number, usual_kind(self.generator.seed, number))
        return numbers

    def has_party(self, party_id: str) -> bool:
        """Tell whether there is such a customer."""
        return bool(self._database.rows("SELECT 1 FROM shop_customers WHERE party_id = ?", party_id))

    def has_order(self, order_id: str) -> bool:
        """Tell whether there is such an order."""
        return bool(self._database.rows("SELECT 1 FROM shop_orders WHERE order_id = ?", order_id))

    def has_item(self, order_id: str, item_id: str) -> bool:
        """Tell whether the order has such a line."""
        found = self._database.rows("SELECT number, kind FROM shop_orders WHERE order_id = ?", order_id)
        return any(item_id in _item_ids(self._sale(row["number"], row["kind"])) for row in found)

    def customer(self, number: int) -> Customer:
        """Customer `number` as HotWax has it now.

        :raises KeyError: HotWax has no such customer.
        """
        return self._customer(self._row("shop_customers", number))

    def order(self, number: int) -> Order:
        """Order `number` as HotWax has it now, with every id that came back.

        :raises KeyError: HotWax has no such order.
        """
        return self._order(self._row("shop_orders", number))

    def expected(self, number: int) -> Expected:
        """What NetSuite must end up with for order `number`, given the ids that HotWax has now.

        :raises KeyError: HotWax has no such order.
        """
        return self._expected(self._row("shop_orders", number))

    def customers_due(self) -> Iterator[Customer]:
        """Customers that are due for the feed: those of the shop that have no NetSuite id."""
        for row in self._database.rows("SELECT * FROM shop_customers ORDER BY number"):
            record = self._customer(row)
            kinds = {one["partyIdentificationTypeId"] for one in record["partyIdentifications"]}
            if SHOPIFY_CUST_ID in kinds and netsuite_id(record) is None:
                yield record

    def orders_due(self, *, ready_only: bool = False) -> Iterator[Order]:
        """Orders that are due for the feed: those in status created with a line that has no NetSuite id.

        :param ready_only: HotWax itself leaves out exchanges, and holds back what waits for the id of a customer or a
            product, as the published job does.
        """
        for row in self._database.rows("SELECT * FROM shop_orders ORDER BY number"):
            if self._is_due(row) and (not ready_only or self._is_ready(row)):
                yield self._order(row)

    def feed_customers(self, layout: str = "array") -> Path | None:
        """Write the customers that are due now into :data:`CUSTOMERS_FOLDER`.

        :param layout: one of :data:`~sandbox.hotwax.customers.LAYOUTS`.
        :returns: the file; ``None``, and no file, when nobody is due.
        """
        if next(self.customers_due(), None) is None:
            return None
        return write_customers(self.customers_folder, self.customers_due(), self._clock(), layout)

    def feed_created_orders(self, layout: str = "array", *, ready_only: bool = False) -> Path | None:
        """Write the orders that are due now into :data:`CREATED_ORDERS_FOLDER`.

        :param layout: one of :data:`~sandbox.hotwax.customers.LAYOUTS`.
        :param ready_only: as in :meth:`orders_due`.
        :returns: the file; ``None``, and no file, when nothing is due.
        """
        if next(self.orders_due(ready_only=ready_only), None) is None:
            return None
        orders = self.orders_due(ready_only=ready_only)
        return write_created_orders(self.created_orders_folder, orders, self._clock(), layout)

    def feed_completed_pos_orders(self, layout: str = "array") -> Path | None:
        """Write the orders that were taken away at a till into :data:`COMPLETED_POS_ORDERS_FOLDER`, each once only.

        HotWax's job goes by time: whatever becomes of the file, these orders are not written again.

        :param layout: one of :data:`~sandbox.hotwax.customers.LAYOUTS`.
        :returns: the file; ``None``, and no file, when there is no new one.
        """
        new = "kind = 'pos_completed' AND number NOT IN (SELECT number FROM shop_told)"
        rows = self._database.rows(f"SELECT * FROM shop_orders WHERE {new} ORDER BY number")
        if not rows:
            return None
        orders = (as_completed(self._order(row)) for row in rows)
        path = write_pos_orders(self.completed_pos_orders_folder, orders, self._clock(), layout)
        with self._database.transaction() as connection:
            for row in rows:
                connection.execute("INSERT INTO shop_told VALUES (?)", (row["number"],))
        return path

    def _row(self, table: str, number: int) -> dict[str, Any]:
        found = self._database.rows(f"SELECT * FROM {table} WHERE number = ?", number)
        if not found:
            raise KeyError(f"{table} has no number {number}")
        return found[0]

    def _customer(self, row: dict[str, Any]) -> Customer:
        record = self.generator.customer(row["number"], row["kind"])
        known = self.ids.customer_id(record["partyId"])
        if known is None or known == netsuite_id(record):
            return record
        others = [one for one in record["partyIdentifications"] if one["thruDate"] or not _is_netsuite(one)]
        return record | {
            "partyIdentifications": [*others, identification(record["partyId"], NETSUITE_CUSTOMER_ID, known)]
        }

    def _sale(self, number: int, kind: str) -> Sale:
        """The order, with ids of products that became known."""
        sale = draw(self.generator.seed, number, kind)
        lines = []
        for line in sale.lines:
            known = line.product.netsuite_id or self.ids.product_id(line.product.product_id)
            lines.append(line._replace(product=line.product._replace(netsuite_id=known)))
        return replace(sale, lines=tuple(lines))

    def _order(self, row: dict[str, Any]) -> Order:
        sale = self._sale(row["number"], row["kind"])
        writer = Writer(self.generator.currency, self.generator.decimals)
        order = writer.write(sale, self.customer(row["customer"]))
        known = self.ids.order_id(order["orderId"])
        if known is not None:
            entered = order["entryDate"]
            order["orderIdentifications"].append(order_identification(row["number"], NETSUITE_ORDER_ID, known, entered))
        order["orderAttributes"] += _attributes(self.ids.attributes(order["orderId"]))
        lines = self.ids.line_attributes(order["orderId"])
        for item in order["orderItems"]:
            item["orderItemAttributes"] += _attributes(lines.get(item["orderItemSeqId"], {}))
        if self.ids.approved(order["orderId"]):
            _approve(order)
        return order

    def _expected(self, row: dict[str, Any]) -> Expected:
        sale = self._sale(row["number"], row["kind"])
        return expect(sale, self.customer(row["customer"]), self.generator.decimals)

    def _is_due(self, row: dict[str, Any]) -> bool:
        if row["kind"] == "pos_completed" or self.ids.approved(row["order_id"]):
            return False
        attributes = self.ids.line_attributes(row["order_id"])
        sent = [line for line in draw(self.generator.seed, row["number"], row["kind"]).lines if line.kit is None]
        return any(LINE_ID not in attributes.get(item_id(line.sequence), {}) for line in sent)

    def _is_ready(self, row: dict[str, Any]) -> bool:
        """A partly paid order is: HotWax's job finds that out only while it writes."""
        expected = self._expected(row)
        return expected.fate is not Fate.LEFT_OUT and not expected.waits_for


def main(arguments: list[str] | None = None) -> None:
    """Let HotWax have more orders, and write the customers and orders that are due."""
    program = "python -m sandbox.hotwax.created_orders_shop"
    parser = argparse.ArgumentParser(prog=program, description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(".sandbox"), help="folder of the sandbox (default: .sandbox)")
    parser.add_argument("--orders", type=int, default=20, help="how many more, 0 writes what is due (default: 20)")
    options = parser.parse_args(arguments)
    database, sftp_root = HotWaxDatabase(options.root / "hotwax.sqlite", HotWaxSettings()), options.root / "sftp"
    shop = HotWaxShop(sftp_root, database, NetSuiteIds(database, ImportLogs(database), sftp_root))
    shop.place_more(options.orders)
    for path in (shop.feed_customers(), shop.feed_created_orders()):
        print(path or "nothing is due")
    database.close()


def _new_customer(kind: str) -> str:
    """What kind of customer places an order of a kind for the first time."""
    if kind == "long_names":
        return "new_long_names"
    return "new_pos" if kind in TILL_KINDS else "new_customer"


def _item_ids(sale: Sale) -> set[str]:
    return {item_id(line.sequence) for line in sale.lines}


def _is_netsuite(one: dict[str, Any]) -> bool:
    return bool(one["partyIdentificationTypeId"] == NETSUITE_CUSTOMER_ID)


def _attributes(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"attrName": name, "attrValue": value} for name, value in values.items()]


def _approve(order: Order) -> None:
    """Set its status and that of its created items."""
    order["orderStatusId"] = "ORDER_APPROVED"
    for item in order["orderItems"]:
        item["orderStatusId"] = "ORDER_APPROVED"
        if item["itemStatusId"] == "ITEM_CREATED":
            item["itemStatusId"] = "ITEM_APPROVED"


if __name__ == "__main__":
    main()
