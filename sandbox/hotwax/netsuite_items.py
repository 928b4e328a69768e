"""HotWax's Data Manager for items that NetSuite shipped (JSON) or rejected (CSV).

Sources: hotwax/oms-documentation (data-manager pages, order jobs) for the configurations; hotwax/netsuite-integration,
whose script writes the JSON that the import takes. Assumed: the folders, that elements succeed or fail as a whole, and
that more pieces than an item has are refused.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.hotwax.csv_file import ERROR_COLUMN, CsvFile, error_file
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.importer import ARCHIVE
from sandbox.hotwax.logs import ImportLog, ImportLogs, LogStatus
from sandbox.hotwax.models import FileError, RecordError
from sandbox.hotwax.partner import utc_now

IMP_ODR_ITM_FLFLMNT = "IMP_ODR_ITM_FLFLMNT"
IMP_ORDER_ITM_RJCT = "IMP_ORDER_ITM_RJCT"
FULFILMENT_FOLDER = "hotwax/OrderItemFulfillment"
REJECTION_FOLDER = "hotwax/OrderItemRejected"

_REJECTION_COLUMNS = ("orderId", "orderItemSeqId", "rejectionComments", "rejectionReason")
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS item_fulfilments (
        number INTEGER PRIMARY KEY,
        order_id TEXT, item_id TEXT, facility TEXT, shipped_date TEXT, quantity INTEGER, tracking TEXT, carrier TEXT,
        shipping_method TEXT
    )""",
    """CREATE TABLE IF NOT EXISTS item_rejections (
        number INTEGER PRIMARY KEY, order_id TEXT, item_id TEXT, comments TEXT, reason TEXT
    )""",
)

Row = dict[str, Any]


class NetSuiteItems:
    """Imports what NetSuite shipped and rejected; `fulfilments` and `rejections` are the truth about it.

    :param database: HotWax's.
    :param logs: the Data Manager log, which gets a row for each file.
    :param sftp_root: local folder that holds the SFTP server's files.
    :param shop: the orders; what is said of others is refused.
    :param poll_seconds: pause between two looks into the folders, once started.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        database: HotWaxDatabase,
        logs: ImportLogs,
        sftp_root: Path,
        shop: HotWaxShop,
        *,
        poll_seconds: float = 2.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        #: Order → error text with which its records are refused; tests set it.
        self.refuse: dict[str, str] = {}
        self.fulfilment_folder, self.rejection_folder = sftp_root / FULFILMENT_FOLDER, sftp_root / REJECTION_FOLDER
        self._database, self._logs, self._shop, self._clock = database, logs, shop, clock
        self._poll_seconds, self._stopping = poll_seconds, threading.Event()
        self._one_pass = threading.Lock()
        self._thread: threading.Thread | None = None
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        for folder in (self.fulfilment_folder, self.rejection_folder):
            (folder / ARCHIVE).mkdir(parents=True, exist_ok=True)

    def import_now(self) -> list[ImportLog]:
        """Import every file that waits, the oldest first, and move it to the folder's archive."""
        with self._one_pass:
            logs = [self._import(IMP_ODR_ITM_FLFLMNT, path) for path in _waiting(self.fulfilment_folder, ".json")]
            return logs + [self._import(IMP_ORDER_ITM_RJCT, path) for path in _waiting(self.rejection_folder, ".csv")]

    def __enter__(self) -> Self:
        """Look for files every `poll_seconds`, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._poll, name="sandbox-hotwax-netsuite-items", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the thread, after the files that are being imported."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self.import_now()
            self._stopping.wait(self._poll_seconds)

    def fulfilments(self, order_id: str) -> list[Row]:
        """What NetSuite shipped of an order, in the order of import."""
        return self._database.rows("SELECT * FROM item_fulfilments WHERE order_id = ? ORDER BY number", order_id)

    def rejections(self, order_id: str) -> list[Row]:
        """What was rejected of an order, in the order of import."""
        return self._database.rows("SELECT * FROM item_rejections WHERE order_id = ? ORDER BY number", order_id)

    def _import(self, config_id: str, path: Path) -> ImportLog:
        data = path.read_bytes()
        remote = f"/{path.parent.parent.name}/{path.parent.name}/{path.name}"
        log = self._logs.create(config_id, path.name, data, at=self._clock(), remote_file_path=remote)
        self._logs.start(log.log_id, self._clock())
        status, total, refused, errors, remark = LogStatus.FINISHED, 0, 0, b"", ""
        try:
            of_shipments = config_id == IMP_ODR_ITM_FLFLMNT
            total, refused, errors = self._shipments(data) if of_shipments else self._rejections(data)
        except FileError as error:
            status, remark = LogStatus.FAILED, str(error)
        file = (f"{path.stem}_Error_{log.log_id}{path.suffix}", errors) if refused else None
        self._logs.finish(
            log.log_id, status, total=total, failed=refused, at=self._clock(), error_file=file, remark=remark
        )
        with suppress(FileNotFoundError):
            path.rename(path.parent / ARCHIVE / path.name)
        return self._logs.get(log.log_id)

    def _shipments(self, data: bytes) -> tuple[int, int, bytes]:
        try:
            elements = json.loads(data)
        except ValueError as error:
            raise FileError(f"Invalid Format: {error}") from error
        if not isinstance(elements, list):
            raise FileError("Invalid Format: the file is not a JSON array")
        refused = []
        for element in elements:
            try:
                self._shipment(element)
            except RecordError as error:
                refused.append({**element, ERROR_COLUMN: str(error)})
        return len(elements), len(refused), json.dumps(refused).encode()

    def _shipment(self, element: Row) -> None:
        order = element.get("orderMap") or {}
        order_id, items = str(order.get("orderId") or ""), order.get("items") or ()
        for item in items:
            item_id = str(item.get("orderItemSeqId") or "")
            self._check(order_id, item_id)
            shipped = sum(row["quantity"] for row in self.fulfilments(order_id) if row["item_id"] == item_id)
            if shipped + int(item["quantity"]) > self._ordered(order_id, item_id):
                raise RecordError(f"Invalid Data: order {order_id} has no more pieces of item {item_id} to ship")
        names = ("orderItemSeqId", "externalFacilityId", "shippedDate", "quantity", "trackingNumber", "carrier")
        rows = [(order_id, *(item[name] for name in names), item["shippingMethod"]) for item in items]
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO item_fulfilments (order_id, item_id, facility, shipped_date, quantity, tracking, carrier,"
                " shipping_method) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def _rejections(self, data: bytes) -> tuple[int, int, bytes]:
        file = CsvFile(data)
        if missing := [name for name in _REJECTION_COLUMNS if name not in file.header]:
            raise FileError(f"Missing Field: {', '.join(missing)}")
        total, refused = 0, []
        for row in file.rows():
            total += 1
            values = tuple(row.values[name] for name in _REJECTION_COLUMNS)
            try:
                self._check(*values[:2])
            except RecordError as error:
                refused.append((row.fields, str(error)))
                continue
            with self._database.transaction() as connection:
                connection.execute(
                    "INSERT INTO item_rejections (order_id, item_id, comments, reason) VALUES (?, ?, ?, ?)", values
                )
        return total, len(refused), error_file(file.header, refused)

    def _check(self, order_id: str, item_id: str) -> None:
        if message := self.refuse.get(order_id):
            raise RecordError(message)
        if not self._shop.has_item(order_id, item_id):
            raise RecordError(f"Invalid Data: order {order_id!r} has no item {item_id!r}")

    def _ordered(self, order_id: str, item_id: str) -> int:
        number = int(self._database.rows("SELECT number FROM shop_orders WHERE order_id = ?", order_id)[0]["number"])
        items = self._shop.order(number)["orderItems"]
        return int(next(item["orderItemQuantity"] for item in items if item["orderItemSeqId"] == item_id))


def _waiting(folder: Path, suffix: str) -> list[Path]:
    paths = [path for path in folder.iterdir() if path.suffix == suffix and not path.name.startswith(".")]
    return sorted(paths, key=lambda path: (path.stat().st_mtime_ns, path.name))
