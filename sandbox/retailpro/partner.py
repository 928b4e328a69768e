"""Retail Pro as a whole: database and HTTP face, started and stopped together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from sandbox.retailpro.database import RetailProDatabase
from sandbox.retailpro.door import Credentials, Door
from sandbox.retailpro.faults import RetailProFaults
from sandbox.retailpro.http_server import HttpServer
from sandbox.retailpro.office import Office
from sandbox.retailpro.settings import RetailProSettings


def utc_now() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


class RetailPro:
    """The simulated Retail Pro; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    `database` is the truth about what was invoiced, `faults` and `settings` may be changed while it runs.

    :param database: file of the database; made if missing, kept over a restart.
    :param settings: what it knows and recognises.
    :param port: 0 for any free port.
    :param keys: folder of the credentials, made on first use; default ``keys`` beside the database.
    :param clock: gives the present time, aware UTC.
    """

    def __init__(
        self,
        database: Path,
        *,
        settings: RetailProSettings | None = None,
        port: int = 0,
        keys: Path | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings or RetailProSettings()
        self.faults = RetailProFaults()
        self.credentials = Credentials.read(keys or database.parent / "keys")
        self.database = RetailProDatabase(database)
        office = Office(self.database, self.settings, self.faults, clock)
        door = Door(self.settings, self.faults, self.credentials)
        self.server = HttpServer(office, door, self.faults, clock, self.database.posts, port=port)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end."""
        return f"http://{self.server.host}:{self.server.port}"

    def start(self) -> None:
        """Listen.

        :raises OSError: when the port is taken.
        """
        self.server.start()

    def stop(self) -> None:
        """Stop listening, cut every connection and close the database for good."""
        self.server.stop()
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
