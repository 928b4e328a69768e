"""Alembic's entry point: runs the revisions over the connection that ``upgrade`` hands in."""

from __future__ import annotations

from alembic import context

from order_sync.ledger.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place; in batch mode Alembic rebuilds the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
