"""How the ledger's database is reached: one engine per process, one transaction per call."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, Connection, Engine, make_url

from order_sync.errors import Stop
from order_sync.ledger.rows import Batch
from order_sync.ledger.schema import batches

_WRITES = "order_sync_writes"
_SQLITE_WAIT_SECONDS = 30
#: A connection that was not used for so long may be gone: servers and firewalls close what is idle.
_IDLE_SECONDS = 1.0


def parse_url(url: str) -> URL:
    """Read a database URL; every spelling of PostgreSQL is taken for its driver psycopg 3.

    :raises Stop: if it is neither a SQLite file nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        # The URL may hold a password, so neither it nor the driver's message is repeated.
        raise Stop("The ledger's URL cannot be read.", next_step=_URL_HELP) from None
    backend = parsed.drivername.partition("+")[0].replace("postgresql", "postgres")
    if backend == "postgres":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite" or sqlite_file(parsed) is None:
        raise Stop(f"The ledger cannot be kept in {parsed.render_as_string()}.", next_step=_URL_HELP)
    return parsed


_URL_HELP = "Set the connection order_sync_ledger to sqlite:////absolute/path/ledger.db or postgresql://user:password@host/name."


def sqlite_file(url: URL) -> Path | None:
    """Return the path of the file behind a SQLite URL; None for a database in memory or another kind of database."""
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database))


def make_engine(url: URL) -> Engine:
    """Return an engine with the settings that the ledger's promises rest on.

    :raises Stop: if the database driver is not installed.
    """
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite_engine(url)
        # A prepared statement would be planned once, when the tables are empty, and never again; but see Kept.
        unprepared = {"prepare_threshold": None}
        return sa.create_engine(url, pool_pre_ping=True, pool_size=2, hide_parameters=True, connect_args=unprepared)
    except ModuleNotFoundError as missing:
        raise Stop(
            f"The driver {missing.name} for {url.get_backend_name()} is not installed.",
            next_step='Install it beside this package: pip install "psycopg[binary]".',
        ) from missing


def _sqlite_engine(url: URL) -> Engine:
    engine = sa.create_engine(url, hide_parameters=True, connect_args={"timeout": _SQLITE_WAIT_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver's own idea of when a transaction begins would leave DDL and reads outside of it.
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer that starts as a reader can find at its first write that another one was faster, too late to wait.
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def writing_engine(engine: Engine) -> Engine:
    """Return the same engine, its transactions marked as writing ones."""
    return engine.execution_options(**{_WRITES: True})


def lock(connection: Connection, name: str) -> None:
    """Let one transaction at a time do what ``name`` stands for; freed at its end.

    SQLite needs nothing here: a writing transaction has the whole file for itself.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(lock_key(name))))


def lock_key(name: str) -> sa.Function[int]:
    """Return the number under which PostgreSQL keeps the lock of that name."""
    return sa.func.hashtextextended(f"order_sync:{name}", 0, type_=sa.BigInteger)


#: A plan is made once and kept: tables grow meanwhile, so it must be one that finds rows by an index.
_BY_INDEX = (
    "SELECT set_config('enable_seqscan', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)"
)


class Kept:
    """One connection for many short writing transactions; PostgreSQL is sent many statements at once over it.

    Its statements are the same few, about rows that they name by their ids, so PostgreSQL prepares them: to parse and
    plan them each time would take half of the time that a call waits for its intent.

    Close it when it is not needed any more. For one thread.

    :param engine: from :func:`writing_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open = ExitStack()
        self._connection: Connection | None = None
        self._used_at = 0.0

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction; an error ends it and gives the connection back."""
        if time.monotonic() - self._used_at > _IDLE_SECONDS:
            self.close()
        try:
            if self._connection is None:
                self._connection = self._connect()
            with self._connection.begin():
                if self._connection.dialect.name == "postgresql":
                    send(self._connection, _BY_INDEX, {})
                yield self._connection
        except BaseException:
            self.close()
            raise
        self._used_at = time.monotonic()

    def close(self) -> None:
        """Give the connection back; nothing is under way on it, so one that was lost meanwhile is no loss."""
        self._connection = None
        with suppress(self._engine.dialect.loaded_dbapi.Error):
            self._open.close()

    def _connect(self) -> Connection:
        connection = self._open.enter_context(self._engine.connect())
        if connection.dialect.name == "postgresql":
            driver: Any = connection.connection.driver_connection
            driver.prepare_threshold = 0
            self._open.callback(setattr, driver, "prepare_threshold", None)
            self._open.enter_context(driver.pipeline())
        return connection


def send(connection: Connection, statement: str, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
    """Send a statement in the driver's own words.

    :param values: by name; for SQLite also those of several executions.
    :returns: a cursor; over a :class:`Kept` connection nothing is waited for until it is fetched from.
    """
    if connection.dialect.name != "postgresql":
        return connection.exec_driver_sql(statement, values)
    cursor: Any = connection.connection.cursor()
    return cursor.execute(statement, values)


class Store:
    """The database and its transactions; the parts of the ledger build on it.

    Not to be carried over a fork: open one ledger per process.

    :param engine: from :func:`make_engine`.
    """

    def __init__(self, engine: Engine) -> None:
        snapshot = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        self._engine = engine
        self._reader = engine.execution_options(**snapshot)
        self._writer = writing_engine(engine)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Open a transaction whose reads all see the same moment."""
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def _writing(self, alone_in: str = "") -> Iterator[Connection]:
        """Open a transaction for a write; with ``alone_in``, the only one of that name at a time."""
        with self._writer.begin() as connection:
            if alone_in:
                lock(connection, alone_in)
            yield connection

    @contextmanager
    def _writing_flow(self, flow: str, retailer: str) -> Iterator[Connection]:
        """Open a transaction that is the only one to write records of this flow and retailer."""
        with self._writing(f"{flow}:{retailer}") as connection:
            yield connection

    @contextmanager
    def _writing_batch(self, batch_id: int) -> Iterator[tuple[Connection, Batch]]:
        """Open a transaction like :meth:`_writing_flow`, for the flow and retailer of a batch.

        :raises LookupError: if there is no such batch.
        """
        with self._writer.begin() as connection:
            batch = read_batch(connection, batch_id)
            lock(connection, f"{batch.flow}:{batch.retailer}")
            yield connection, read_batch(connection, batch_id)


def to_batch(row: sa.Row[Any]) -> Batch:
    """Make a batch of a row of the table."""
    values = dict(row._mapping)
    return Batch(**{**values, "selection": tuple(values["selection"])})


def read_batch(connection: Connection, batch_id: int) -> Batch:
    """Read one batch.

    :raises LookupError: if there is no such batch.
    """
    row = connection.execute(sa.select(batches).where(batches.c.id == batch_id)).one_or_none()
    if row is None:
        raise LookupError(f"The ledger has no batch {batch_id}.")
    return to_batch(row)
