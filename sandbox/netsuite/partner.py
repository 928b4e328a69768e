"""NetSuite as a whole: database, scripts and REST face, started and stopped together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sandbox.netsuite.csv_table import Row
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.deposits import DepositScript
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.folders import Folders
from sandbox.netsuite.fulfilment import FulfilmentScripts
from sandbox.netsuite.imports import CsvImports
from sandbox.netsuite.oauth import Authority, Credentials
from sandbox.netsuite.outbox import Outbox
from sandbox.netsuite.records import Records
from sandbox.netsuite.rest_records import RestRecords
from sandbox.netsuite.rest_server import RestServer
from sandbox.netsuite.scripts import Scripts
from sandbox.netsuite.settings import FOLDERS, ROOT, NetSuiteSettings


def utc_now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


class NetSuite:
    """The simulated NetSuite; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    `database` is the truth about what was made, `scripts` work on the folders below ``netsuite/``, `rest` is the HTTP
    face; `settings`, `faults` (of the scripts) and `rest.faults` may be changed at any time.

    :param root: local folder that holds the SFTP server's files; the folder tree is made below it.
    :param database_path: file of the database; made if missing, kept over a restart.
    :param settings: how the account is set up.
    :param keys: folder of what an integration logs in with, made on first use; default ``keys`` beside the database.
    :param port: HTTP port, 0 for any free one.
    :param polling: run the scripts by themselves; without it only `scripts.run_now()` does.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        root: Path,
        database_path: Path,
        *,
        settings: NetSuiteSettings | None = None,
        keys: Path | None = None,
        port: int = 0,
        polling: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True, exist_ok=True)
        self.root = root / ROOT
        self.settings = settings or NetSuiteSettings()
        self.faults = NetSuiteFaults()
        self.database = NetSuiteDatabase(database_path)
        self._records = Records(self.database, self.settings, clock)
        folders = Folders(self.root, self.database, self.settings, clock)
        outbox = Outbox(self.root, self.database, self.settings, self.faults, clock)
        self._fulfilments = FulfilmentScripts(self.database, self._records, folders, outbox)
        self.scripts = Scripts(
            self.database,
            folders,
            outbox,
            CsvImports(self.database, self._records, self.faults),
            DepositScript(self.database, self._records, folders, outbox, self.settings, self.faults),
            self._fulfilments,
            self.settings,
            self.faults,
        )
        self.credentials = Credentials.read(keys or database_path.parent / "keys")
        authority = Authority(self.credentials.client_id, self.settings, clock)
        authority.register(self.credentials.certificate_id, self.credentials.public_key())
        rest_records = RestRecords(self.database, self._records, self.settings)
        self.rest = RestServer(self.database, rest_records, authority, self.settings, self.faults, clock, port=port)
        self._polling = polling

    @property
    def url(self) -> str:
        """Base URL of the REST face, without a slash at the end."""
        return self.rest.url

    def folder(self, name: str) -> Path:
        """A local folder.

        :param name: its path below ``netsuite/``, see `settings`.
        """
        return self.root / name

    def add_customer(self, external_id: str, shopify_customer_id: str, *, first_name: str = "X", **more: str) -> int:
        """Make a customer that was in NetSuite before the first file came.

        :param external_id: blank for none: the exports never tell of such a customer.
        :param shopify_customer_id: Shopify's id, blank for none.
        :param first_name: given name.
        :param more: further columns of the customer file, in their newer spelling.
        :returns: its internal id.
        """
        known = {"externalId": external_id, "HCShopifyCustomerId": shopify_customer_id, "firstName": first_name}
        row = Row(0, {"lastName": "X", "subsidiary": "1", "status": "CUSTOMER-Closed Won", **known, **more})
        with self.database.transaction():
            return self._records.create_customer(row, "history")

    def fulfil(
        self,
        order: str,
        location: str,
        lines: Sequence[str] | None = None,
        *,
        tracking: Sequence[str] = (),
        carrier: str = "",
        shipping_method: str = "",
    ) -> int:
        """Let NetSuite ship lines of an order; the next run tells HotWax.

        :param order: external id.
        :param location: internal id of the facility.
        :param lines: HotWax's ids of the lines; None: every open one.
        :param tracking: tracking numbers.
        :param carrier: its name.
        :param shipping_method: its name.
        :returns: internal id of the item fulfilment.
        :raises KeyError: there is no such order.
        :raises RecordError: a line cannot be shipped.
        """
        return self._fulfilments.fulfil(
            self._order(order), location, lines, tracking=tracking, carrier=carrier, shipping_method=shipping_method
        )

    def reject(
        self, order: str, line: str, *, comments: str = "Order Item Rejected from NetSuite", reason: str = ""
    ) -> None:
        """Let a facility refuse to ship a line; the next run tells HotWax.

        :param order: external id.
        :param line: HotWax's id of the line.
        :param comments: free text.
        :param reason: free text.
        :raises KeyError: there is no such order or line.
        """
        found = next((one for one in self._order(order)["lines"] if one["hc_order_line_id"] == line), None)
        if found is None:
            raise KeyError(f"{order} has no line {line}")
        place = (found["order_id"], found["line_id"])
        columns = {"order_id": place[0], "line_id": place[1], "comments": comments, "reason": reason}
        with self.database.transaction():
            self.database.execute("UPDATE order_lines SET rejected = 1 WHERE order_id = ? AND line_id = ?", *place)
            self.database.insert("rejections", columns)

    def start(self) -> None:
        """Listen and, if it polls, run the scripts.

        :raises OSError: when the port is taken.
        """
        self.rest.start()
        if self._polling:
            self.scripts.start()

    def stop(self) -> None:
        """Stop the scripts and the REST face, and close the database for good."""
        self.scripts.stop()
        self.rest.stop()
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

    def _order(self, external_id: str) -> dict[str, Any]:
        order = self.database.order(external_id)
        if order is None:
            raise KeyError(f"NetSuite has no order {external_id}")
        return order
