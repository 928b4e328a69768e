"""The SQLite database of the simulated Retail Pro. What stands here is the truth about what was invoiced."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import Counter
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sandbox.retailpro.amounts import ten_thousandths
from sandbox.retailpro.documents import Call, Invoice, LookUp, Slip
from sandbox.retailpro.settings import Operation

_CALL = "INSERT INTO calls VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_INVOICE = "INSERT INTO invoices VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SLIP = "INSERT INTO slips VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
_LOOK_UP = "INSERT INTO look_ups VALUES (NULL, ?, ?, ?, ?, ?)"


class RetailProDatabase:
    """One connection, shared by the server's thread and the tests under a lock.

    Another process may open the same file with this class, too, and read while the server writes.

    :param path: file of the database; made if missing.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=20)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = OFF")
        self._connection.executescript((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8"))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._connection.close()

    def next_invoice(self) -> int:
        """The number that the next invoice will get."""
        return int(self._rows("SELECT coalesce(max(number), 0) + 1 FROM invoices")[0][0])

    def append(self, call: Call, document: dict[str, Any] | None, created_at: datetime) -> None:
        """Write down a call together with the document that it creates, in one transaction.

        :param call: the call; its number is given here.
        :param document: the checked body of what it creates, None when it creates nothing.
        :param created_at: when the document comes into being.
        """
        with self._lock:
            execute = self._connection.execute
            execute("BEGIN IMMEDIATE")
            try:
                number = execute(_CALL, _columns(call)).lastrowid or 0
                if document is not None and call.operation == "invoice":
                    execute(_INVOICE, _invoice(document, call, created_at, number))
                elif document is not None:
                    execute(_SLIP, _slip(document, call, created_at, number))
            except BaseException:
                execute("ROLLBACK")
                raise
            execute("COMMIT")

    def append_look_up(self, look_up: LookUp) -> None:
        """Write down a look-up.

        :param look_up: the look-up; its number is given here.
        """
        arrived = look_up.arrived_at.isoformat()
        values = (arrived, look_up.operation, look_up.key, look_up.status, look_up.documents)
        with self._lock:
            self._connection.execute(_LOOK_UP, values)

    def invoices(self, order_no: str | None = None) -> list[Invoice]:
        """Invoices, oldest first.

        :param order_no: only those of one order.
        """
        where, values = ("", ()) if order_no is None else (" WHERE order_no = ?", (order_no,))
        rows = self._rows(f"SELECT * FROM invoices{where} ORDER BY number", *values)
        return [Invoice(*_with_time(row, 7)) for row in rows]

    def slips(self, slip_no: str | None = None) -> list[Slip]:
        """Manual slips, oldest first.

        :param slip_no: only those with one number.
        """
        where, values = ("", ()) if slip_no is None else (" WHERE slip_no = ?", (slip_no,))
        rows = self._rows(f"SELECT * FROM slips{where} ORDER BY number", *values)
        return [Slip(*_with_time(row, 6)) for row in rows]

    def calls(self, key: str | None = None) -> list[Call]:
        """Every POST that arrived, in the order in which Retail Pro dealt with them.

        :param key: only those about one OrderNo or SlipNo.
        """
        where, values = ("", ()) if key is None else (" WHERE key = ?", (key,))
        rows = self._rows(f"SELECT * FROM calls{where} ORDER BY number", *values)
        return [Call(*_with_time((*row[:6], bool(row[6]), *row[7:]), 1)) for row in rows]

    def look_ups(self, key: str | None = None) -> list[LookUp]:
        """Every look-up that arrived, oldest first.

        :param key: only those about one OrderNo or SlipNo.
        """
        where, values = ("", ()) if key is None else (" WHERE key = ?", (key,))
        rows = self._rows(f"SELECT * FROM look_ups{where} ORDER BY number", *values)
        return [LookUp(*_with_time(row, 1)) for row in rows]

    def posts(self, key: str) -> int:
        """How many POSTs about a key arrived.

        :param key: OrderNo or SlipNo.
        """
        return int(self._rows("SELECT count(*) FROM calls WHERE key = ?", key)[0][0])

    def posts_by_key(self, operation: Operation) -> Counter[str]:
        """How many POSTs arrived, by OrderNo or SlipNo.

        :param operation: of which kind.
        """
        return Counter(dict(self._rows("SELECT key, count(*) FROM calls WHERE operation = ? GROUP BY key", operation)))

    def created_twice(self) -> list[str]:
        """Every OrderNo and SlipNo that more than one document has; that must never happen."""
        rows = self._rows(
            "SELECT order_no FROM invoices GROUP BY order_no HAVING count(*) > 1 "
            "UNION ALL SELECT slip_no FROM slips GROUP BY slip_no HAVING count(*) > 1"
        )
        return [row[0] for row in rows]

    def invoiced_total(self) -> int:
        """The sum of TotalAmt over all invoices, in ten-thousandths."""
        return int(self._rows("SELECT coalesce(sum(total_amt), 0) FROM invoices")[0][0])

    def figures(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = ("invoices", "slips", "calls", "look_ups")
        return {table: int(self._rows(f"SELECT count(*) FROM {table}")[0][0]) for table in tables}

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()


def sha256(body: bytes) -> str:
    """The hash of a body, as the tables hold it.

    :param body: the bytes.
    :returns: hexadecimal digits.
    """
    return hashlib.sha256(body).hexdigest()


def _columns(call: Call) -> tuple[object, ...]:
    return (
        call.arrived_at.isoformat(),
        call.operation,
        call.key,
        call.body,
        call.sha256,
        call.committed,
        call.status,
        call.lie,
        call.answer,
    )


def _with_time(row: tuple[Any, ...], at: int) -> list[Any]:
    """A row with the text at one place read as a time."""
    return [*row[:at], datetime.fromisoformat(row[at]), *row[at + 1 :]]


def _invoice(document: dict[str, Any], call: Call, created_at: datetime, call_number: int) -> tuple[object, ...]:
    return (
        document["OrderNo"],
        document["InvoicingStore"],
        document["CreatedDate"],
        _amount(document["TotalAmt"]),
        _amount(document.get("TotalDiscAmt", 0)),
        _amount(document.get("ShippingAmt", 0)),
        created_at.isoformat(),
        call.sha256,
        call_number,
    )


def _slip(document: dict[str, Any], call: Call, created_at: datetime, call_number: int) -> tuple[object, ...]:
    return (
        document["SlipNo"],
        document["FromStore"],
        document["ToStore"],
        document["CreatedDate"],
        _amount(document["TotalQty"]),
        created_at.isoformat(),
        call.sha256,
        call_number,
    )


def _amount(value: int | Decimal) -> int:
    """A number that has passed the checks, in ten-thousandths.

    :raises ValueError: it has not.
    """
    amount = ten_thousandths(value)
    if amount is None:
        raise ValueError(f"{value} does not fit Float(10,4)")
    return amount
