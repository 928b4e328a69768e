"""HotWax as a whole: database, importer and HTTP face, started and stopped together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.hotwax.api import HotWaxApi
from sandbox.hotwax.credentials import Credentials
from sandbox.hotwax.database import HotWaxDatabase
from sandbox.hotwax.importer import Importer
from sandbox.hotwax.logs import ImportLogs
from sandbox.hotwax.settings import HotWaxSettings
from sandbox.hotwax.shopify_import_api import ShopifyOrdersFace
from sandbox.hotwax.shopify_import_orders import ShopifyOrders


def utc_now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


class HotWax:
    """The simulated HotWax; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    `database` is the truth about what was imported, `shopify` that about Shopify's orders, `logs` is the Data Manager
    log, `importer` takes the files, `api` is the HTTP face; faults are scripted at `importer.faults` and `api.faults`.

    :param sftp_root: local folder that holds the SFTP server's files.
    :param database_path: file of the database; made if missing, kept over a restart.
    :param keys: folder of the credentials, made on first use.
    :param settings: what HotWax knows.
    :param port: HTTP port, 0 for any free one.
    :param polling: look into the folders by itself; without it only `importer.import_now()` imports.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        sftp_root: Path,
        database_path: Path,
        keys: Path,
        *,
        settings: HotWaxSettings | None = None,
        port: int = 0,
        polling: bool = True,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings or HotWaxSettings()
        self.credentials = Credentials.read(keys)
        self.database = HotWaxDatabase(database_path, self.settings)
        self.logs = ImportLogs(self.database)
        self.importer = Importer(self.database, self.logs, sftp_root, self.settings, clock)
        self.shopify = ShopifyOrders(self.database, self.importer, self.settings, clock)
        look_up = ShopifyOrdersFace(self.shopify, self.settings, self.credentials)
        self.api = HotWaxApi(self.database, self.logs, self.settings, self.credentials, clock, look_up, port=port)
        self._polling = polling

    @property
    def url(self) -> str:
        """Base URL of the HTTP face, without a slash at the end."""
        return self.api.url

    def start(self) -> None:
        """Listen and, if it polls, import what waits.

        :raises OSError: when the port is taken.
        """
        self.api.server.start()
        if self._polling:
            self.importer.start()

    def stop(self) -> None:
        """Stop the importer and the HTTP face, and close the database for good."""
        self.importer.stop()
        self.api.server.stop()
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
