"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create every table."""
    _files()
    _batches()
    _feeds()
    _records()
    _repeats()
    _told_of_records()
    _stock_moves()
    _problems()


def downgrade() -> None:
    """Drop every table."""
    for table in (
        "problems", "stock_moves", "notes", "history", "repeats", "records", "feeds", "batch_files", "batches",
        "file_sightings", "files",
    ):  # fmt: skip
        op.drop_table(table)


def _column(name: str, kind: Any, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null)


def _text(name: str, length: int) -> sa.Column[Any]:
    return _column(name, sa.String(length))


def _words(name: str) -> sa.Column[Any]:
    return _column(name, sa.Text())


def _number(name: str, *, null: bool = False) -> sa.Column[Any]:
    return _column(name, sa.BigInteger(), null=null)


def _time(name: str, *, null: bool = False) -> sa.Column[Any]:
    return _column(name, _TIME, null=null)


def _create(table: str, *items: Any) -> None:
    op.create_table(
        table, sa.Column("id", _ID, nullable=False), *items, sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    )


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _files() -> None:
    _create(
        "files",
        _text("flow", 100),
        _text("retailer", 100),
        _text("sha256", 64),
        _number("size"),
        _words("uri"),
        _words("first_name"),
        _time("first_seen_at"),
        _unique("files", "retailer", "flow", "sha256"),
    )
    _create(
        "file_sightings",
        _column("file_id", _ID),
        _words("name"),
        _words("folder"),
        _time("mtime", null=True),
        _time("seen_at"),
        _refers("file_sightings", "file_id", "files"),
    )
    _index("file_sightings", "file_id")


def _batches() -> None:
    _create(
        "batches",
        _text("flow", 100),
        _text("retailer", 100),
        _text("key", 200),
        _text("kind", 20),
        _text("state", 20),
        _time("window_start", null=True),
        _time("window_end", null=True),
        _text("dag_id", 250),
        _text("run_id", 250),
        _text("mapping_version", 100),
        _column("selection", sa.JSON()),
        _column("summary", sa.JSON()),
        _time("created_at"),
        _time("updated_at"),
        _unique("batches", "flow", "retailer", "key"),
    )
    _index("batches", "flow", "retailer", "state")
    _index("batches", "flow", "retailer", "window_start")
    _index("batches", "dag_id", "run_id")
    op.create_table(
        "batch_files",
        _column("batch_id", _ID),
        _column("position", sa.Integer()),
        _column("file_id", _ID),
        _words("name"),
        _words("folder"),
        _time("mtime", null=True),
        _words("archived_to"),
        sa.PrimaryKeyConstraint("batch_id", "position", name="pk_batch_files"),
        _refers("batch_files", "batch_id", "batches"),
        _refers("batch_files", "file_id", "files"),
    )
    _index("batch_files", "batch_id", "file_id")


def _feeds() -> None:
    _create(
        "feeds",
        _text("flow", 100),
        _text("retailer", 100),
        _column("batch_id", _ID),
        _text("target", 100),
        _text("name", 250),
        _text("sha256", 64),
        _words("uri"),
        _number("rows"),
        _number("orders"),
        _column("amounts", sa.JSON()),
        _column("carries_records", sa.Boolean()),
        _text("state", 20),
        _words("remote_path"),
        _time("published_at", null=True),
        _text("partner_log_id", 200),
        _time("created_at"),
        _refers("feeds", "batch_id", "batches"),
        _unique("feeds", "flow", "retailer", "target", "name"),
        _unique("feeds", "batch_id", "target"),
    )


def _records() -> None:
    _create(
        "records",
        _text("flow", 100),
        _text("retailer", 100),
        _text("order_key", 250),
        _column("version", sa.Integer()),
        _column("batch_id", _ID),
        _column("file_id", _ID),
        _number("record_index"),
        _number("offset"),
        _number("length"),
        _text("content_hash", 64),
        _number("updated_ms", null=True),
        _text("kind", 20),
        _time("order_date", null=True),
        _number("amount_minor", null=True),
        _text("currency", 10),
        _column("lines", sa.Integer()),
        _text("state", 20),
        _text("reason", 50),
        _words("field"),
        _words("message"),
        _column("feed_id", _ID, null=True),
        *_deliveries(),
        _time("reported_at", null=True),
        _time("solved_reported_at", null=True),
        _time("first_seen_at"),
        _time("updated_at"),
        _refers("records", "batch_id", "batches"),
        _refers("records", "file_id", "files"),
        _refers("records", "feed_id", "feeds"),
        _unique("records", "flow", "retailer", "order_key", "version"),
        _unique("records", "batch_id", "file_id", "record_index"),
    )
    _index("records", "feed_id")
    _index_exceptions()


def _deliveries() -> list[sa.Column[Any]]:
    """Columns of records that are delivered one by one."""
    return [
        _text("partner_ref", 200),
        _column("attempts", sa.Integer()),
        _time("lease_until", null=True),
        _number("fence"),
        _text("request_hash", 64),
    ]


def _index_exceptions() -> None:
    for name, condition in (
        ("ix_records_open_exceptions", "state = 'QUARANTINED'"),
        ("ix_records_reported_not_solved", "reported_at IS NOT NULL AND solved_reported_at IS NULL"),
    ):
        where = sa.text(condition)
        op.create_index(name, "records", ["flow", "retailer"], sqlite_where=where, postgresql_where=where)


def _repeats() -> None:
    _create(
        "repeats",
        _column("record_id", _ID),
        _column("batch_id", _ID),
        _column("file_id", _ID),
        _number("record_index"),
        _text("kind", 20),
        _text("content_hash", 64),
        _number("amount_minor", null=True),
        _text("currency", 10),
        _column("lines", sa.Integer()),
        _column("feed_id", _ID, null=True),
        _time("at"),
        _refers("repeats", "record_id", "records"),
        _refers("repeats", "batch_id", "batches"),
        _refers("repeats", "file_id", "files"),
        _refers("repeats", "feed_id", "feeds"),
        _unique("repeats", "batch_id", "file_id", "record_index"),
    )
    _index("repeats", "record_id")
    carried = sa.text("feed_id IS NOT NULL")
    op.create_index("ix_repeats_feed_id", "repeats", ["feed_id"], sqlite_where=carried, postgresql_where=carried)


def _told_of_records() -> None:
    _create(
        "history",
        _column("record_id", _ID),
        _time("at"),
        _text("from_state", 20),
        _text("to_state", 20),
        _text("who", 250),
        _words("why"),
        _refers("history", "record_id", "records"),
    )
    _index("history", "record_id")
    _create(
        "notes",
        _column("record_id", _ID),
        _words("text"),
        _time("at"),
        _refers("notes", "record_id", "records"),
    )
    _index("notes", "record_id")


def _stock_moves() -> None:
    _create(
        "stock_moves",
        _text("flow", 100),
        _text("retailer", 100),
        _text("order_key", 250),
        _column("batch_id", _ID),
        _time("at"),
        _refers("stock_moves", "batch_id", "batches"),
        _unique("stock_moves", "flow", "retailer", "order_key"),
    )
    _index("stock_moves", "batch_id", "order_key")


def _problems() -> None:
    _create(
        "problems",
        _text("flow", 100),
        _text("retailer", 100),
        _text("dag_id", 250),
        _text("run_id", 250),
        _text("task_id", 250),
        _text("error_class", 200),
        _words("message"),
        _words("next_step"),
        _time("at"),
        _time("reported_at", null=True),
    )
    _index("problems", "dag_id", "run_id")
