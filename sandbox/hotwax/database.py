"""The SQLite database of the simulated HotWax. What stands here is the truth about what HotWax imported."""

from __future__ import annotations

import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.hotwax.checks import facility
from sandbox.hotwax.models import NewOrder, RecordError, Variance
from sandbox.hotwax.settings import HotWaxSettings

Row = dict[str, Any]

ORDER_NUMBER_BASE = 10_000

#: From the least to the most advanced: an order stands where its least advanced item stands.
_ITEM_TO_ORDER_STATUS = {
    "ITEM_HOLD": "ORDER_HOLD",
    "ITEM_CREATED": "ORDER_CREATED",
    "Created": "ORDER_CREATED",
    "ITEM_APPROVED": "ORDER_APPROVED",
    "Approved": "ORDER_APPROVED",
    "ITEM_COMPLETED": "ORDER_COMPLETED",
    "Completed": "ORDER_COMPLETED",
}


class HotWaxDatabase:
    """One connection, shared by the importer, the HTTP threads and the tests under a lock.

    :param path: file of the database; made if missing.
    :param settings: the facilities that external ids resolve to.
    """

    def __init__(self, path: Path, settings: HotWaxSettings) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.execute("PRAGMA foreign_keys = ON")
        self._connection.executescript((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run statements in one transaction, which is undone when an exception leaves the block.

        :returns: the connection.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def joined(self) -> Iterator[sqlite3.Connection]:
        """Run statements in the transaction that is under way, or in one of their own.

        :returns: the connection.
        """
        with self._lock:
            if self._connection.in_transaction:
                yield self._connection
            else:
                with self.transaction() as connection:
                    yield connection

    def rows(self, query: str, *values: object) -> list[Row]:
        """Read rows.

        :param query: a SELECT statement.
        :param values: its parameters.
        :returns: the rows as dictionaries.
        """
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def create_order(self, order: NewOrder, *, log_id: str, at: datetime) -> None:
        """Store an order that passed the checks; call it inside :meth:`transaction`.

        :param order: the order.
        :param log_id: the import it came with.
        :param at: when it is created.
        :raises RecordError: when an order with this external id exists.
        """
        if self._order_id(order.external_id) is not None:
            raise RecordError(f"Invalid Data: Order already exists with external id {order.external_id!r}")
        last = self._connection.execute("SELECT coalesce(max(rowid), 0) FROM orders").fetchone()[0]
        order_id = f"M{ORDER_NUMBER_BASE + last + 1}"
        _insert(self._connection, "orders", self._order_columns(order, order_id, log_id, at))
        for number, item in enumerate(order.items, start=1):
            columns = {
                "order_id": order_id,
                "item_seq_id": f"{number:05d}",
                "external_id": item.external_id,
                "id_type": item.id_type,
                "id_value": item.id_value,
                "quantity": item.quantity,
                "unit_price": item.unit_price,
                "unit_list_price": item.list_price,
                "status_id": item.status,
                "facility_id": facility(item.facility_id, item.external_facility_id, self._settings),
                "shipment_method_type_id": item.shipment_method,
                "carrier_party_id": item.carrier,
            }
            _insert(self._connection, "order_items", columns)
        self._create_amounts(order, order_id)

    def exclude_facility(self, external_id: str, external_facility_id: str) -> None:
        """Keep an order from being brokered to a facility; call it inside :meth:`transaction`.

        :param external_id: external id of the order.
        :param external_facility_id: external id of the facility.
        :raises RecordError: when the order or the facility is not known.
        """
        order_id = self._order_id(external_id)
        if order_id is None:
            raise RecordError(f"Invalid Data: no order with external id {external_id!r}")
        if external_facility_id not in self._settings.facilities:
            raise RecordError(f"Invalid Data: external facility {external_facility_id!r} is not known")
        columns = {"order_id": order_id, "facility_id": self._settings.facilities[external_facility_id]}
        _insert(self._connection, "excluded_order_facilities", columns)

    def create_variance(self, variance: Variance, *, log_id: str) -> None:
        """Apply a stock change that passed the checks; call it inside :meth:`transaction`.

        :param variance: the change. The same change is applied again every time it is imported.
        :param log_id: the import it came with.
        """
        columns = {
            "log_id": log_id,
            "facility_id": facility(variance.facility_id, variance.external_facility_id, self._settings),
            "id_type": variance.id_type,
            "id_value": variance.id_value,
            "delta": int(variance.delta),
            "location_seq_id": variance.location,
            "reason_id": variance.reason,
            "comments": variance.comments,
        }
        _insert(self._connection, "inventory_variances", columns)

    def orders(self) -> list[Row]:
        """All orders, oldest first, without their items."""
        return self.rows("SELECT * FROM orders ORDER BY rowid")

    def order(self, external_id: str) -> Row | None:
        """One order with its ``items``, ``adjustments``, ``payments`` and ``excluded_facilities``.

        :param external_id: its id in the source system.
        :returns: the order, or None.
        """
        found = self.rows("SELECT * FROM orders WHERE external_id = ?", external_id)
        if not found:
            return None
        order_id = found[0]["order_id"]
        excluded = self.rows("SELECT facility_id FROM excluded_order_facilities WHERE order_id = ?", order_id)
        return {
            **found[0],
            "items": self.rows("SELECT * FROM order_items WHERE order_id = ? ORDER BY item_seq_id", order_id),
            "adjustments": self.rows("SELECT * FROM order_adjustments WHERE order_id = ? ORDER BY rowid", order_id),
            "payments": self.rows("SELECT * FROM order_payments WHERE order_id = ? ORDER BY rowid", order_id),
            "excluded_facilities": [row["facility_id"] for row in excluded],
        }

    def variances(self) -> list[Row]:
        """All stock changes, oldest first."""
        return self.rows("SELECT * FROM inventory_variances ORDER BY variance_id")

    def stock(self, facility_id: str, id_value: str) -> int:
        """Sum of all stock changes of one product at one facility.

        :param facility_id: HotWax's id of the facility.
        :param id_value: the product's identifier, for example its GTIN.
        :returns: the sum, 0 when there was none.
        """
        query = "SELECT delta FROM inventory_variances WHERE facility_id = ? AND id_value = ?"
        return sum(row["delta"] for row in self.rows(query, facility_id, id_value))

    def figures(self) -> Row:
        """Count and sum up what was imported; the grand total is exact decimal text."""
        totals = self.rows("SELECT grand_total, status_id FROM orders")
        counts = {table: self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in _COUNTED}
        units = self.rows("SELECT coalesce(sum(delta), 0) AS units FROM inventory_variances")[0]["units"]
        return {
            "orders": counts["orders"],
            "ordersByStatus": dict(sorted(Counter(row["status_id"] for row in totals).items())),
            "grandTotal": str(sum((Decimal(row["grand_total"] or 0) for row in totals), Decimal(0))),
            "orderItems": counts["order_items"],
            "orderAdjustments": counts["order_adjustments"],
            "orderPayments": counts["order_payments"],
            "excludedOrderFacilities": counts["excluded_order_facilities"],
            "varianceRows": counts["inventory_variances"],
            "varianceUnits": units,
        }

    def _order_id(self, external_id: str) -> str | None:
        found = self.rows("SELECT order_id FROM orders WHERE external_id = ?", external_id)
        return str(found[0]["order_id"]) if found else None

    def _order_columns(self, order: NewOrder, order_id: str, log_id: str, at: datetime) -> Row:
        return {
            "order_id": order_id,
            "external_id": order.external_id,
            "order_name": order.name,
            "product_store_id": order.product_store,
            "sales_channel": order.channel,
            "status_id": order.status or _status_of([item.status for item in order.items]),
            "order_date": order.order_date,
            "currency": order.currency,
            "grand_total": order.grand_total,
            "customer_external_id": order.customer_external_id,
            "first_name": order.first_name,
            "last_name": order.last_name,
            "address": order.address,
            "city": order.city,
            "postal_code": order.postal_code,
            "state": order.state,
            "country": order.country,
            "email": order.email,
            "phone": order.phone,
            "placing_facility_id": facility(
                order.placing_facility_id, order.placing_external_facility_id, self._settings
            ),
            "origin_facility_id": facility(order.origin_facility_id, order.origin_external_facility_id, self._settings),
            "entry_date": at.isoformat(),
            "log_id": log_id,
        }

    def _create_amounts(self, order: NewOrder, order_id: str) -> None:
        for adjustment in order.adjustments:
            columns = {
                "order_id": order_id,
                "item_seq_id": "_NA_" if adjustment.item is None else f"{adjustment.item + 1:05d}",
                "adjustment_type_id": adjustment.kind,
                "amount": adjustment.amount,
            }
            _insert(self._connection, "order_adjustments", columns)
        for payment in order.payments:
            columns = {
                "order_id": order_id,
                "payment_method_type_id": payment.method,
                "amount": payment.amount,
                "status_id": payment.status,
            }
            _insert(self._connection, "order_payments", columns)


_COUNTED = (
    "orders",
    "order_items",
    "order_adjustments",
    "order_payments",
    "excluded_order_facilities",
    "inventory_variances",
)


def _status_of(item_statuses: list[str]) -> str:
    for item_status, order_status in _ITEM_TO_ORDER_STATUS.items():
        if item_status in item_statuses:
            return order_status
    return "ORDER_CANCELLED"


def _insert(connection: sqlite3.Connection, table: str, columns: Row) -> None:
    names = ", ".join(columns)
    places = ", ".join(f":{name}" for name in columns)
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", columns)
