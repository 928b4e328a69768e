"""The tables of the ledger, portable between SQLite and PostgreSQL.

Changing a table here needs a new revision in ``migrations/versions`` and a new :data:`REVISION`; a test compares
the two and fails until they agree.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

from order_sync.ledger.states import BatchState, FeedState, State

#: The revision of ``migrations/versions`` that this code works with.
REVISION = "0004"

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Utc(sa.types.TypeDecorator[datetime]):
    """An instant: aware UTC in Python, ``timestamptz`` in PostgreSQL, UTC text in SQLite.

    :raises ValueError: when a time without zone is written.
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The time {value} has no zone. Pass aware UTC times to the ledger.")
        instant = value.astimezone(UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Turn what the database keeps into an aware UTC time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: SQLite numbers rows by itself only in a column of type INTEGER.
Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Words(sa.types.TypeDecorator[str]):
    """Text that other people wrote: what no database can store (NUL, half of a surrogate pair) becomes a mark."""

    impl = sa.Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        """Replace what cannot be stored."""
        return None if value is None else storable(value)


def storable(text: str) -> str:
    """Return the text as :class:`Words` keeps it."""
    if text.isprintable():
        return text
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")


def _state(states: type[StrEnum]) -> sa.Column[Any]:
    values = [state.value for state in states]
    kept_as_text = sa.Enum(states, native_enum=False, length=20, values_callable=lambda _: values)
    return sa.Column("state", kept_as_text, nullable=False)


def _id() -> sa.Column[Any]:
    return sa.Column("id", Id, primary_key=True)


def _ref(name: str, target: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Id, sa.ForeignKey(target), nullable=nullable)


def _text(name: str, length: int) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length), nullable=False)


def _words(name: str) -> sa.Column[Any]:
    return sa.Column(name, Words(), nullable=False)


def _number(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, Utc(), nullable=nullable)


files = sa.Table(
    "files",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _text("sha256", 64),
    _number("size"),
    _words("uri"),
    _words("first_name"),
    _time("first_seen_at"),
    sa.UniqueConstraint("retailer", "flow", "sha256"),
)

file_sightings = sa.Table(
    "file_sightings",
    metadata,
    _id(),
    _ref("file_id", "files.id"),
    _words("name"),
    _words("folder"),
    _time("mtime", nullable=True),
    _time("seen_at"),
    sa.Index(None, "file_id"),
    sa.Index(None, "name"),
)

batches = sa.Table(
    "batches",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _text("key", 200),
    _text("kind", 20),
    _state(BatchState),
    _time("window_start", nullable=True),
    _time("window_end", nullable=True),
    _text("dag_id", 250),
    _text("run_id", 250),
    _text("mapping_version", 100),
    sa.Column("selection", sa.JSON(), nullable=False),
    sa.Column("summary", sa.JSON(), nullable=False),
    _time("created_at"),
    _time("updated_at"),
    sa.UniqueConstraint("flow", "retailer", "key"),
    sa.Index(None, "flow", "retailer", "state"),
    sa.Index(None, "flow", "retailer", "window_start"),
    sa.Index(None, "dag_id", "run_id"),
)

batch_files = sa.Table(
    "batch_files",
    metadata,
    sa.Column("batch_id", Id, sa.ForeignKey("batches.id"), primary_key=True),
    sa.Column("position", sa.Integer(), primary_key=True),
    _ref("file_id", "files.id"),
    _words("name"),
    _words("folder"),
    _time("mtime", nullable=True),
    _words("archived_to"),
    sa.Index(None, "batch_id", "file_id"),
)

feeds = sa.Table(
    "feeds",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _ref("batch_id", "batches.id"),
    _text("target", 100),
    _text("name", 250),
    _text("sha256", 64),
    _words("uri"),
    _number("rows"),
    _number("orders"),
    sa.Column("amounts", sa.JSON(), nullable=False),
    sa.Column("carries_records", sa.Boolean(), nullable=False),
    _state(FeedState),
    _words("remote_path"),
    _time("published_at", nullable=True),
    _text("partner_log_id", 200),
    _time("created_at"),
    sa.UniqueConstraint("flow", "retailer", "target", "name"),
    sa.UniqueConstraint("batch_id", "target"),
)

records = sa.Table(
    "records",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _text("order_key", 250),
    sa.Column("version", sa.Integer(), nullable=False),
    _ref("batch_id", "batches.id"),
    _ref("file_id", "files.id"),
    _number("record_index"),
    _number("offset"),
    _number("length"),
    _text("content_hash", 64),
    sa.Column("updated_ms", sa.BigInteger()),
    _text("kind", 20),
    _time("order_date", nullable=True),
    sa.Column("amount_minor", sa.BigInteger()),
    _text("currency", 10),
    sa.Column("lines", sa.Integer(), nullable=False),
    sa.Column("store", sa.String(50), nullable=False, server_default=""),
    _state(State),
    _text("reason", 50),
    _words("field"),
    _words("message"),
    _ref("feed_id", "feeds.id", nullable=True),
    _text("partner_ref", 200),
    sa.Column("attempts", sa.Integer(), nullable=False),
    _time("lease_until", nullable=True),
    _number("fence"),
    _text("request_hash", 64),
    _time("reported_at", nullable=True),
    _time("solved_reported_at", nullable=True),
    _time("first_seen_at"),
    _time("updated_at"),
    sa.UniqueConstraint("flow", "retailer", "order_key", "version"),
    sa.UniqueConstraint("batch_id", "file_id", "record_index"),
    sa.Index(None, "feed_id"),
)

# Queries repeat these two conditions word for word: a partial index serves nothing else.
OPEN_EXCEPTION = sa.text("state IN ('QUARANTINED', 'UNKNOWN')")
REPORTED_NOT_SOLVED = sa.text("reported_at IS NOT NULL AND solved_reported_at IS NULL")
CALLING = sa.text("state IN ('INTENDED', 'UNKNOWN')")
UNDER_WAY = sa.text("state IN ('WAITING', 'DELIVERED')")

sa.Index(
    "ix_records_open_exceptions",
    records.c.flow,
    records.c.retailer,
    sqlite_where=OPEN_EXCEPTION,
    postgresql_where=OPEN_EXCEPTION,
)
sa.Index(
    "ix_records_reported_not_solved",
    records.c.flow,
    records.c.retailer,
    sqlite_where=REPORTED_NOT_SOLVED,
    postgresql_where=REPORTED_NOT_SOLVED,
)

sa.Index("ix_records_calling", records.c.flow, records.c.retailer, sqlite_where=CALLING, postgresql_where=CALLING)
sa.Index("ix_records_under_way", records.c.flow, records.c.retailer, sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY)

repeats = sa.Table(
    "repeats",
    metadata,
    _id(),
    _ref("record_id", "records.id"),
    _ref("batch_id", "batches.id"),
    _ref("file_id", "files.id"),
    _number("record_index"),
    _text("kind", 20),
    _text("content_hash", 64),
    sa.Column("amount_minor", sa.BigInteger()),
    _text("currency", 10),
    sa.Column("lines", sa.Integer(), nullable=False),
    _ref("feed_id", "feeds.id", nullable=True),
    _time("at"),
    sa.UniqueConstraint("batch_id", "file_id", "record_index"),
    sa.Index(None, "record_id"),
)

_CARRIED = repeats.c.feed_id.is_not(None)
sa.Index(None, repeats.c.feed_id, sqlite_where=_CARRIED, postgresql_where=_CARRIED)

stock_moves = sa.Table(
    "stock_moves",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _text("order_key", 250),
    _ref("batch_id", "batches.id"),
    _time("at"),
    sa.UniqueConstraint("flow", "retailer", "order_key"),
    sa.Index(None, "batch_id", "order_key"),
)

history = sa.Table(
    "history",
    metadata,
    _id(),
    _ref("record_id", "records.id"),
    _time("at"),
    _text("from_state", 20),
    _text("to_state", 20),
    _text("who", 250),
    _words("why"),
    sa.Index(None, "record_id"),
)

calls = sa.Table(
    "calls",
    metadata,
    _id(),
    _ref("record_id", "records.id"),
    _text("operation", 20),
    sa.Column("attempt", sa.Integer(), nullable=False),
    _number("fence"),
    _text("request_hash", 64),
    _time("started_at"),
    _time("lease_until", nullable=True),
    _text("outcome", 20),
    sa.Column("status", sa.Integer()),
    sa.Column("headers", sa.JSON(), nullable=False),
    _words("body"),
    sa.Column("milliseconds", sa.BigInteger()),
    _words("message"),
    _text("response_file", 250),
    _time("filed_at", nullable=True),
    sa.Index(None, "record_id", "fence"),
)

NOT_FILED = sa.text("filed_at IS NULL")
sa.Index("ix_calls_not_filed", calls.c.id, sqlite_where=NOT_FILED, postgresql_where=NOT_FILED)

partner_ids = sa.Table(
    "partner_ids",
    metadata,
    _id(),
    _text("retailer", 100),
    _text("kind", 30),
    _text("key", 250),
    _text("value", 200),
    _words("source"),
    _time("at"),
    sa.UniqueConstraint("retailer", "kind", "key"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _time("reached"),
    _time("moved_at"),
    _text("moved_by", 250),
    sa.UniqueConstraint("flow", "retailer"),
)

notes = sa.Table(
    "notes",
    metadata,
    _id(),
    _ref("record_id", "records.id"),
    _words("text"),
    _time("at"),
    sa.Index(None, "record_id"),
)

problems = sa.Table(
    "problems",
    metadata,
    _id(),
    _text("flow", 100),
    _text("retailer", 100),
    _text("dag_id", 250),
    _text("run_id", 250),
    _text("task_id", 250),
    _text("error_class", 200),
    _words("message"),
    _words("next_step"),
    _time("at"),
    _time("reported_at", nullable=True),
    _time("over_at", nullable=True),
    sa.Index(None, "dag_id", "run_id"),
    sa.Index(None, "flow", "retailer", "task_id", "reported_at"),
)
