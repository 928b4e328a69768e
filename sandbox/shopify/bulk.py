"""Bulk operations: each works in a thread, shows its end only after some looks, may fail, and may be cancelled."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sandbox.shopify.bulk_query import BulkQueryError, plan_bulk
from sandbox.shopify.bulk_writer import BulkWriter
from sandbox.shopify.database import Row, ShopifyDatabase
from sandbox.shopify.faults import BulkFault, ShopifyFaults
from sandbox.shopify.settings import BULK_VERSION, ShopifySettings

PATH = "/bulk/"
_OVER = {"COMPLETED", "FAILED", "CANCELED", "EXPIRED"}
_ENDS: dict[str, tuple[str, str | None]] = {
    "failed": ("FAILED", "INTERNAL_SERVER_ERROR"),
    "timeout": ("FAILED", "TIMEOUT"),
    "access_denied": ("FAILED", "ACCESS_DENIED"),
    "expired": ("EXPIRED", None),
}
UserErrors = list[dict[str, Any]]


class BulkOperations:
    """Keeps and runs them.

    :param database: the orders; the operations are kept there, too.
    :param settings: limits.
    :param faults: what goes wrong.
    :param folder: of the results.
    :param clock: the shop's time, in seconds.
    :ivar url: of the server, without a slash at the end; set when it listens.
    """

    def __init__(
        self,
        database: ShopifyDatabase,
        settings: ShopifySettings,
        faults: ShopifyFaults,
        folder: Path,
        clock: Callable[[], float],
    ) -> None:
        self.url = ""
        self._database, self._settings, self._faults = database, settings, faults
        self._folder, self._clock = folder, clock
        self._secret = secrets.token_hex(8)
        self._threads: dict[int, threading.Thread] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._database.execute(
            "UPDATE bulk_operations SET status = 'FAILED', error_code = 'INTERNAL_SERVER_ERROR' WHERE status NOT IN"
            " ('COMPLETED', 'FAILED', 'CANCELED', 'EXPIRED')"
        )

    def run(self, query: str, version: str, *, grouped: bool) -> tuple[Row | None, UserErrors]:
        """Start an operation.

        :param query: what to read.
        :param version: of the API.
        :param grouped: children follow their parents.
        :returns: the operation, or none and why.
        """
        with self._lock:
            running = [row for row in self._all() if row["status"] not in _OVER]
            if len(running) >= self._settings.bulk_at_once(version):
                return None, [_full(running[-1]["number"], version)]
            try:
                plan_bulk(query, version, self._settings, self._clock())
            except BulkQueryError as error:
                return None, [{"field": ["query"], "message": str(error), "code": "INVALID"}]
            number = self._database.execute(
                "INSERT INTO bulk_operations (query, version, grouped, status, created_at)"
                " VALUES (?, ?, ?, 'CREATED', ?)",
                *(query, version, int(grouped), int(self._clock())),
            )
        fault = self._faults.take_bulk(number)
        thread = threading.Thread(target=self._work, args=(number, fault), name="sandbox-shopify-bulk", daemon=True)
        self._threads[number] = thread
        thread.start()
        return self._row(number), []

    def cancel(self, number: int) -> tuple[Row | None, UserErrors]:
        """Ask an operation to stop; it is cancelled when it is next looked at.

        :param number: of the operation.
        """
        row = self._row(number)
        if row is None:
            return None, [{"field": ["id"], "message": "Bulk operation does not exist"}]
        if row["status"] in _OVER:
            message = f"A bulk operation cannot be canceled when it is {row['status'].lower()}"
            return row, [{"field": None, "message": message}]
        self._set(number, status="CANCELING")
        return self._row(number), []

    def look(self, number: int) -> Row | None:
        """An operation as it is shown; looking counts.

        :param number: of the operation.
        :returns: None when there is none.
        """
        self._database.execute("UPDATE bulk_operations SET polls = polls + 1 WHERE number = ?", number)
        row = self._row(number)
        if row is None:
            return None
        if row["status"] == "CANCELING" and not self._threads[number].is_alive():
            self._set(number, status="CANCELED", completed_at=int(self._clock()))
            row = self._row(number) or row
        elif row["status"] in _OVER and row["polls"] <= self._settings.bulk_polls and row["status"] != "CANCELED":
            unfinished = {"status": "RUNNING", "error_code": None, "completed_at": None, "file_size": None}
            return row | unfinished | {"has_result": 0}
        return row

    def numbers(self) -> list[int]:
        """Every operation, oldest first."""
        return [row["number"] for row in self._all()]

    def wait(self, number: int, seconds: float = 20.0) -> Row:
        """Wait until an operation has done its work.

        :param number: of the operation.
        :param seconds: the longest.
        :returns: the operation as it is kept.
        :raises TimeoutError: it has not.
        """
        self._threads[number].join(seconds)
        if self._threads[number].is_alive():
            raise TimeoutError(f"bulk operation {number} still works after {seconds} s")
        return self._row(number) or {}

    def stop(self) -> None:
        """Stop every operation."""
        for number, thread in self._threads.items():
            if thread.is_alive():
                self._set(number, status="CANCELING")
                thread.join()

    def address(self, row: Row) -> str | None:
        """Where a result is downloaded, None when there is none or it is no longer kept.

        :param row: the operation.
        """
        ends = (row["completed_at"] or 0) + self._settings.url_seconds
        if not row["has_result"] or ends <= self._clock():
            return None
        return f"{self.url}{PATH}{row['number']}.jsonl?Expires={ends}&Signature={self._secret}"

    def file(self, name: str, query: dict[str, str]) -> tuple[Path, BulkFault | None] | None:
        """The result behind an address.

        :param name: the last part of the path.
        :param query: of the address.
        :returns: the file and what goes wrong with its download; None when the address is not worth anything.
        """
        number = int(name.removesuffix(".jsonl")) if name.removesuffix(".jsonl").isdecimal() else 0
        fault = self._faults.take_download(number)
        good = query.get("Signature") == self._secret and query.get("Expires", "").isdecimal()
        if not good or int(query["Expires"]) <= self._clock() or (fault is not None and fault.what == "url_expired"):
            return None
        return self.path(number), fault

    def path(self, number: int) -> Path:
        """Where the result of an operation lies.

        :param number: of the operation.
        """
        return self._folder / f"{number}.jsonl"

    def _work(self, number: int, fault: BulkFault | None) -> None:
        row = self._row(number)
        if row is None:
            raise KeyError(number)
        what = "" if fault is None else fault.what
        half_way = what in _ENDS
        plan = plan_bulk(row["query"], row["version"], self._settings, self._clock())
        self._database.execute(
            "UPDATE bulk_operations SET status = 'RUNNING' WHERE number = ? AND status = 'CREATED'", number
        )
        writer = BulkWriter(self._database, plan, self._faults, grouped=bool(row["grouped"]))
        lose = fault.lines if fault is not None and what == "short" else 0
        counts = writer.write(self.path(number), lambda: self._cancelled(number), half=half_way, lose=lose)
        too_many = 0 if fault is None else fault.lines
        done = {
            "object_count": counts.objects + too_many * (what == "object_count"),
            "root_count": counts.roots + too_many * (what == "root_count"),
            "file_size": counts.size + too_many * (what == "file_size"),
            "has_result": int(counts.objects > 0),
        }
        self._set(number, **done)
        if what == "stuck" or self._cancelled(number):
            return
        status, error = _ENDS.get(what, ("COMPLETED", None))
        self._set(number, status=status, error_code=error, completed_at=int(self._clock()))

    def _cancelled(self, number: int) -> bool:
        row = self._row(number)
        return row is not None and row["status"] == "CANCELING"

    def _row(self, number: int) -> Row | None:
        found = self._database.rows("SELECT * FROM bulk_operations WHERE number = ?", number)
        return found[0] if found else None

    def _all(self) -> list[Row]:
        return self._database.rows("SELECT * FROM bulk_operations ORDER BY number")

    def _set(self, number: int, **columns: object) -> None:
        changes = ", ".join(f"{name} = ?" for name in columns)
        self._database.execute(f"UPDATE bulk_operations SET {changes} WHERE number = ?", *columns.values(), number)


def _full(number: int, version: str) -> dict[str, Any]:
    if version < BULK_VERSION:
        text = "A bulk query operation for this app and shop is already in progress"
        message = f"{text}: gid://shopify/BulkOperation/{number}."
        return {"field": None, "message": message, "code": "OPERATION_IN_PROGRESS"}
    message = "The limit of bulk query operations that run at once for this app and shop is reached."
    return {"field": None, "message": message, "code": "LIMIT_REACHED"}
