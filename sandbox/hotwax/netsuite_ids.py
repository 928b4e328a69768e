"""HotWax's Data Manager for what comes back from NetSuite: ids of customers, orders and lines; and for approvals.

Sources: hotwax/oms-documentation (netsuite synchronization flows, data-manager pages) and, for the header rows of the
return files, hotwax/netsuite-integration. Published nowhere, and assumed: the header rows of the two approval files.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self

from sandbox.hotwax.csv_file import CsvFile, CsvRow, error_file
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.importer import ARCHIVE
from sandbox.hotwax.logs import ImportLog, ImportLogs, LogStatus
from sandbox.hotwax.models import FileError, RecordError
from sandbox.hotwax.partner import utc_now

IMP_PARTY_IDENT = "IMP_PARTY_IDENT"
IMP_ORDER_IDENT = "IMP_ORDER_IDENT"
IMP_ORDER_ITM_ATTR = "IMP_ORDER_ITM_ATTR"
MOD_ORD_ATTR = "MOD_ORD_ATTR"
IMP_APR_SALES_ORD = "IMP_APR_SALES_ORD"

NETSUITE_CUSTOMER_ID = "NETSUITE_CUSTOMER_ID"
NETSUITE_ORDER_ID = "NETSUITE_ORDER_ID"
NETSUITE_PRODUCT_ID = "NETSUITE_PRODUCT_ID"
LINE_ID = "NetsuiteItemLineId"

_PRODUCTS = "PRODUCTS"
_APPROVED = "ORDER_APPROVED"
_SCHEMA = (
    """CREATE TABLE IF NOT EXISTS netsuite_ids (
        config_id TEXT,
        owner TEXT,
        part TEXT,
        name TEXT,
        value TEXT NOT NULL,
        times INTEGER NOT NULL,
        PRIMARY KEY (config_id, owner, part, name)
    ) WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS netsuite_id_changes (
        config_id TEXT, owner TEXT, part TEXT, name TEXT, old TEXT, new TEXT
    )""",
)


class Import(NamedTuple):
    """One import configuration.

    :param folder: below the root of the SFTP server.
    :param columns: header of its files; every one must be there and be filled.
    """

    config_id: str
    folder: str
    columns: tuple[str, ...]


IMPORTS = (
    Import(IMP_PARTY_IDENT, "netsuite/customer/import", ("partyId", "partyIdentificationTypeId", "idValue")),
    Import(
        IMP_ORDER_IDENT,
        "netsuite/salesorder/import/orderidentification",
        ("orderId", "orderIdentificationTypeId", "idValue"),
    ),
    Import(
        IMP_ORDER_ITM_ATTR,
        "netsuite/salesorder/import/orderitemattribute",
        ("orderId", "orderItemSeqId", "attrName", "attrValue"),
    ),
    Import(MOD_ORD_ATTR, "hotwax/ApproveOrderAttributes", ("orderId", "attrName", "attrValue")),
    Import(IMP_APR_SALES_ORD, "hotwax/ApproveOrders", ("orderId",)),
)
#: The folders it reads, below the root of the SFTP server.
FOLDERS = tuple(one.folder for one in IMPORTS)


class Known(Protocol):
    """What HotWax has; records about anything else are refused."""

    def has_party(self, party_id: str) -> bool:
        """Tell whether there is such a customer."""

    def has_order(self, order_id: str) -> bool:
        """Tell whether there is such an order."""

    def has_item(self, order_id: str, item_id: str) -> bool:
        """Tell whether the order has such a line."""


class Change(NamedTuple):
    """An id that was replaced by another: NetSuite has two records where one should be.

    :param config_id: of the import that brought the new one.
    :param owner: party or order.
    :param part: the line, blank for others.
    """

    config_id: str
    owner: str
    part: str
    name: str
    old: str
    new: str


class _Fact(NamedTuple):
    """What one row says."""

    owner: str
    part: str
    name: str
    value: str


@dataclass
class _Outcome:
    """What came of a file so far."""

    status: LogStatus = LogStatus.FINISHED
    total: int = 0
    header: tuple[str, ...] = ()
    refused: list[tuple[tuple[str, ...], str]] = field(default_factory=list)
    remark: str = ""


class NetSuiteIds:
    """Imports the return files and approvals, and keeps what they say.

    :param database: HotWax's; the ids are kept there, too.
    :param logs: the Data Manager log, which gets a row for each file.
    :param sftp_root: local folder that holds the SFTP server's files.
    :param known: what HotWax has; without it everything is taken. May be set later.
    :param required_attributes: order attributes without which an approval is refused.
    :param poll_seconds: pause between two looks into the folders, once started.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        database: HotWaxDatabase,
        logs: ImportLogs,
        sftp_root: Path,
        *,
        known: Known | None = None,
        required_attributes: frozenset[str] = frozenset(),
        poll_seconds: float = 2.0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.known = known
        self.required_attributes = required_attributes
        #: Party or order → error text with which its records are refused; tests set it.
        self.refuse: dict[str, str] = {}
        self._database, self._logs, self._root, self._clock = database, logs, sftp_root, clock
        self._poll_seconds = poll_seconds
        self._one_pass = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        with database.transaction() as connection:
            for statement in _SCHEMA:
                connection.execute(statement)
        for folder in FOLDERS:
            (sftp_root / folder / ARCHIVE).mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        """Look for files every `poll_seconds`, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._poll, name="sandbox-hotwax-netsuite-ids", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the files that are being imported; do so before the database is closed."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def import_now(self) -> list[ImportLog]:
        """Import every file that waits, the oldest first, and move it to the folder's archive.

        :returns: their log rows, in the order of import.
        """
        with self._one_pass:
            logs = [self._import_file(one, path) for one in IMPORTS for path in self._waiting(one)]
        return [log for log in logs if log is not None]

    def customer_id(self, party_id: str) -> str | None:
        """NetSuite's internal id of a customer."""
        return self._value(IMP_PARTY_IDENT, party_id, "", NETSUITE_CUSTOMER_ID)

    def customer_ids(self) -> dict[str, str]:
        """Party → NetSuite's internal id of the customer."""
        return self._values(IMP_PARTY_IDENT, NETSUITE_CUSTOMER_ID)

    def order_id(self, order_id: str) -> str | None:
        """NetSuite's internal id of an order."""
        return self._value(IMP_ORDER_IDENT, order_id, "", NETSUITE_ORDER_ID)

    def order_ids(self) -> dict[str, str]:
        """Order → NetSuite's internal id of the sales order or cash sale."""
        return self._values(IMP_ORDER_IDENT, NETSUITE_ORDER_ID)

    def line_id(self, order_id: str, item_id: str) -> str | None:
        """NetSuite's id of an order's line."""
        return self._value(IMP_ORDER_ITM_ATTR, order_id, item_id, LINE_ID)

    def line_ids(self, order_id: str) -> dict[str, str]:
        """Line → NetSuite's id of it, of one order."""
        return {line: found[LINE_ID] for line, found in self.line_attributes(order_id).items() if LINE_ID in found}

    def line_attributes(self, order_id: str) -> dict[str, dict[str, str]]:
        """Line → its attributes by name, of one order; those of discounts are among them."""
        query = "SELECT part, name, value FROM netsuite_ids WHERE config_id = ? AND owner = ?"
        found: dict[str, dict[str, str]] = {}
        for row in self._database.rows(query, IMP_ORDER_ITM_ATTR, order_id):
            found.setdefault(row["part"], {})[row["name"]] = row["value"]
        return found

    def attributes(self, order_id: str) -> dict[str, str]:
        """An order's attributes by name."""
        query = "SELECT name, value FROM netsuite_ids WHERE config_id = ? AND owner = ?"
        return {row["name"]: row["value"] for row in self._database.rows(query, MOD_ORD_ATTR, order_id)}

    def approved(self, order_id: str) -> bool:
        """Tell whether an order was approved."""
        return self._value(IMP_APR_SALES_ORD, order_id, "", _APPROVED) is not None

    def approvals(self) -> dict[str, int]:
        """Order → how often it was approved; more than once changes nothing more."""
        query = "SELECT owner, times FROM netsuite_ids WHERE config_id = ?"
        return {row["owner"]: row["times"] for row in self._database.rows(query, IMP_APR_SALES_ORD)}

    def product_id(self, product_id: str) -> str | None:
        """NetSuite's internal id of a product, where HotWax got it by :meth:`learn_product`."""
        return self._value(_PRODUCTS, product_id, "", NETSUITE_PRODUCT_ID)

    def changes(self) -> list[Change]:
        """Ids that were replaced by others, oldest first."""
        return [Change(**row) for row in self._database.rows("SELECT * FROM netsuite_id_changes ORDER BY rowid")]

    def learn_customer(self, party_id: str, netsuite_id: str) -> None:
        """Let HotWax have a customer's NetSuite id by another way than a file."""
        self._learn(IMP_PARTY_IDENT, _Fact(party_id, "", NETSUITE_CUSTOMER_ID, netsuite_id))

    def learn_product(self, product_id: str, netsuite_id: str) -> None:
        """Let HotWax have a product's NetSuite id, as its product sync would."""
        self._learn(_PRODUCTS, _Fact(product_id, "", NETSUITE_PRODUCT_ID, netsuite_id))

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self.import_now()
            self._stopping.wait(self._poll_seconds)

    def _waiting(self, one: Import) -> list[Path]:
        """By age: names begin with the day of the week."""
        found = []
        for path in (self._root / one.folder).iterdir():
            if path.suffix == ".csv" and not path.name.startswith("."):
                with suppress(FileNotFoundError):  # somebody else took it in the meantime
                    found.append((path.stat().st_mtime_ns, path))
        return [path for _, path in sorted(found) if path.is_file()]

    def _import_file(self, one: Import, path: Path) -> ImportLog | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        remote = f"/{one.folder}/{path.name}"
        log = self._logs.create(one.config_id, path.name, data, at=self._clock(), remote_file_path=remote)
        self._logs.start(log.log_id, self._clock())
        self._import(one, log, data)
        target = path.parent / ARCHIVE / path.name
        with suppress(FileNotFoundError):
            path.rename(target.with_stem(f"{path.stem}-{log.log_id}") if target.exists() else target)
        return self._logs.get(log.log_id)

    def _import(self, one: Import, log: ImportLog, data: bytes) -> None:
        outcome = _Outcome()
        try:
            file = CsvFile(data)
            outcome.header = file.header
            if missing := [name for name in one.columns if name not in file.header]:
                raise FileError(f"Missing Field: {', '.join(missing)}")
            self._import_rows(one, file, outcome)
        except FileError as error:
            outcome.status, outcome.remark = LogStatus.FAILED, str(error)
        name = f"{Path(log.content_name).stem}_Error_{log.log_id}.csv"
        self._logs.finish(
            log.log_id,
            outcome.status,
            total=outcome.total,
            failed=len(outcome.refused),
            at=self._clock(),
            error_file=(name, error_file(outcome.header, outcome.refused)) if outcome.refused else None,
            remark=outcome.remark,
        )

    def _import_rows(self, one: Import, file: CsvFile, outcome: _Outcome) -> None:
        """In one transaction; rows before the place where a file breaks off stay imported."""
        broken: FileError | None = None
        with self._database.transaction() as connection:
            try:
                for row in file.rows():
                    outcome.total += 1
                    self._import_row(connection, one, row, outcome)
            except FileError as error:
                broken = error
        if broken is not None:
            raise broken

    def _import_row(self, connection: sqlite3.Connection, one: Import, row: CsvRow, outcome: _Outcome) -> None:
        try:
            fact = _fact(one, row)
            self._check(one, fact)
        except RecordError as error:
            outcome.refused.append((row.fields, str(error)))
        else:
            self._keep(connection, one.config_id, fact)

    def _check(self, one: Import, fact: _Fact) -> None:
        if message := self.refuse.get(fact.owner):
            raise RecordError(message)
        if self.known is not None:
            known = self.known.has_party if one.config_id == IMP_PARTY_IDENT else self.known.has_order
            if not known(fact.owner):
                raise RecordError(f"Invalid Data: {one.columns[0]} {fact.owner!r} is not known")
            if fact.part and not self.known.has_item(fact.owner, fact.part):
                raise RecordError(f"Invalid Data: order {fact.owner!r} has no item {fact.part!r}")
        if one.config_id == IMP_APR_SALES_ORD and (
            lacking := self.required_attributes - self.attributes(fact.owner).keys()
        ):
            raise RecordError(f"Invalid Data: order {fact.owner!r} lacks {', '.join(sorted(lacking))}")

    def _learn(self, config_id: str, fact: _Fact) -> None:
        with self._database.transaction() as connection:
            self._keep(connection, config_id, fact)

    def _keep(self, connection: sqlite3.Connection, config_id: str, fact: _Fact) -> None:
        """Create or update."""
        place = (config_id, fact.owner, fact.part, fact.name)
        old = self._value(*place)
        if old is not None and old != fact.value:
            connection.execute("INSERT INTO netsuite_id_changes VALUES (?, ?, ?, ?, ?, ?)", (*place, old, fact.value))
        connection.execute(
            "INSERT INTO netsuite_ids VALUES (?, ?, ?, ?, ?, 1)"
            " ON CONFLICT DO UPDATE SET value = excluded.value, times = times + 1",
            (*place, fact.value),
        )

    def _value(self, config_id: str, owner: str, part: str, name: str) -> str | None:
        query = "SELECT value FROM netsuite_ids WHERE config_id = ? AND owner = ? AND part = ? AND name = ?"
        found = self._database.rows(query, config_id, owner, part, name)
        return str(found[0]["value"]) if found else None

    def _values(self, config_id: str, name: str) -> dict[str, str]:
        query = "SELECT owner, value FROM netsuite_ids WHERE config_id = ? AND name = ?"
        return {row["owner"]: row["value"] for row in self._database.rows(query, config_id, name)}


def _fact(one: Import, row: CsvRow) -> _Fact:
    """What a row says.

    :raises RecordError: a value is blank.
    """
    values = [row.values[name] for name in one.columns]
    if blank := [name for name, value in zip(one.columns, values, strict=True) if not value]:
        raise RecordError(f"Required Field: {', '.join(blank)}")
    if one.config_id == IMP_APR_SALES_ORD:
        return _Fact(values[0], "", _APPROVED, "Y")
    part = values[1] if one.config_id == IMP_ORDER_ITM_ATTR else ""
    return _Fact(values[0], part, values[-2], values[-1])
