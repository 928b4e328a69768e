"""The SQLite database of the simulated NetSuite. What stands here is the truth about what NetSuite made."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

Row = dict[str, Any]

#: The first internal ids: those of customers and those of transactions are counted apart.
CUSTOMER_BASE = 500_000
TRANSACTION_BASE = 10_000_000

_COUNTED = (
    *("customers", "sales_orders", "order_lines", "deposits", "cash_sales", "cash_sale_lines", "fulfilments"),
    *("import_jobs", "return_files", "rest_calls"),
)


class NetSuiteDatabase:
    """One connection, shared by the scripts, the REST face and the tests under a lock.

    Another process may open the same file with this class, too, and read.

    :param path: file of the database; made if missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=20)
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
    def transaction(self) -> Iterator[None]:
        """Run statements in one transaction, undone when an exception leaves the block; inner ones are savepoints."""
        with self._lock:
            inner = self._connection.in_transaction
            begin, undo, keep = (
                ("SAVEPOINT one", "ROLLBACK TO one", "RELEASE one")
                if inner
                else ("BEGIN IMMEDIATE", "ROLLBACK", "COMMIT")
            )
            self._connection.execute(begin)
            try:
                yield
            except BaseException:
                self._connection.execute(undo)
                if inner:
                    self._connection.execute(keep)
                raise
            self._connection.execute(keep)

    def rows(self, query: str, *values: object) -> list[Row]:
        """Read rows.

        :param query: a SELECT statement.
        :param values: its parameters.
        :returns: the rows as dictionaries.
        """
        with self._lock:
            return [dict(row) for row in self._connection.execute(query, values)]

    def execute(self, statement: str, *values: object) -> None:
        """Change rows.

        :param statement: one statement.
        :param values: its parameters.
        """
        with self._lock:
            self._connection.execute(statement, values)

    def insert(self, table: str, columns: Row) -> int:
        """Add a row.

        :param table: its table.
        :param columns: values by column name.
        :returns: its row id.
        """
        names, places = ", ".join(columns), ", ".join(f":{name}" for name in columns)
        with self._lock:
            done = self._connection.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", columns)
            return done.lastrowid or 0

    def insert_many(self, table: str, rows: Iterable[tuple[object, ...]], width: int) -> None:
        """Add rows with all their columns in order.

        :param table: their table.
        :param rows: the values.
        :param width: how many columns there are.
        """
        with self._lock:
            self._connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)

    def value(self, name: str) -> int:
        """The present value of a sequence, 0 when it was never set.

        :param name: of the sequence.
        """
        found = self.rows("SELECT value FROM sequences WHERE name = ?", name)
        return int(found[0]["value"]) if found else 0

    def set_value(self, name: str, value: int) -> None:
        """Set a sequence.

        :param name: of the sequence.
        :param value: its value.
        """
        self.execute("INSERT OR REPLACE INTO sequences VALUES (?, ?)", name, value)

    def next_id(self, kind: str) -> int:
        """Take a new internal id.

        :param kind: ``customer`` or ``transaction``.
        """
        base = CUSTOMER_BASE if kind == "customer" else TRANSACTION_BASE
        with self._lock:
            new = (self.value(kind) or base) + 1
            self.set_value(kind, new)
            return new

    def one(self, table: str, external_id: str) -> Row | None:
        """A record by its external id.

        :param table: customers, sales_orders, deposits or cash_sales.
        :param external_id: the id that the sender gave.
        """
        found = self.rows(f"SELECT * FROM {table} WHERE external_id = ?", external_id)
        return found[0] if found else None

    def customer(self, external_id: str) -> Row | None:
        """A customer, None when there is none.

        :param external_id: the id that the sender gave.
        """
        return self.one("customers", external_id)

    def order(self, external_id: str) -> Row | None:
        """A sales order with its ``lines``, ``deposits`` and ``fulfilments``, None when there is none.

        :param external_id: the id that the sender gave.
        """
        found = self.one("sales_orders", external_id)
        if found is None:
            return None
        order_id = found["internal_id"]
        return {
            **found,
            "lines": self.rows("SELECT * FROM order_lines WHERE order_id = ? ORDER BY line_id", order_id),
            "deposits": self.rows("SELECT * FROM deposits WHERE order_id = ? ORDER BY internal_id", order_id),
            "fulfilments": self.rows("SELECT * FROM fulfilments WHERE order_id = ? ORDER BY number", order_id),
        }

    def cash_sale(self, external_id: str) -> Row | None:
        """A cash sale with its ``lines``, None when there is none.

        :param external_id: the id that the sender gave.
        """
        found = self.one("cash_sales", external_id)
        query = "SELECT * FROM cash_sale_lines WHERE cash_sale_id = ? ORDER BY line_id"
        return None if found is None else {**found, "lines": self.rows(query, found["internal_id"])}

    def order_total(self, external_id: str) -> Decimal:
        """What an order comes to before tax: its open lines, shipping, order-level discount as an amount.

        :param external_id: the id that the sender gave.
        :raises KeyError: there is no such order.
        """
        order = self.order(external_id)
        if order is None:
            raise KeyError(external_id)
        lines = sum((_amount(line) for line in order["lines"] if not line["closed"]), Decimal(0))
        discount = order["discount_rate"]
        off = lines * Decimal(discount[:-1]) / 100 if discount.endswith("%") else Decimal(discount or 0)
        return lines + Decimal(order["shipping_cost"] or 0) + off

    def jobs(self, script: str | None = None) -> list[Row]:
        """What became of each file that a script took, oldest first, with its ``results``.

        :param script: only those of one script.
        """
        columns = "number, script, file_name, sha256, status, message, submitted_at"
        where, values = ("", ()) if script is None else (" WHERE script = ?", (script,))
        jobs = self.rows(f"SELECT {columns} FROM import_jobs{where} ORDER BY number", *values)
        query = "SELECT * FROM import_rows WHERE job_number = ? ORDER BY row_number"
        return [{**job, "results": self.rows(query, job["number"])} for job in jobs]

    def refusals(self) -> list[Row]:
        """Every refused row with script, file name, external id and message, oldest first."""
        return self.rows(
            "SELECT script, file_name, row_number, external_id, import_rows.message FROM import_rows"
            " JOIN import_jobs ON number = job_number WHERE result = 'refused' ORDER BY job_number, row_number"
        )

    def figures(self) -> Row:
        """Counts of all that was made, and the exact sum of the deposits."""
        counts: Row = {table: self.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in _COUNTED}
        amounts = (Decimal(row["amount"]) for row in self.rows("SELECT amount FROM deposits"))
        return {**counts, "deposited": str(sum(amounts, Decimal(0)))}


def _amount(line: Row) -> Decimal:
    return Decimal(line["quantity"]) * Decimal(line["rate"] or 0)
