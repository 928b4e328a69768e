"""Calls to partners: what was about to be sent, and what was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sa.DateTime(timezone=True)
_NOT_FILED = sa.text("filed_at IS NULL")
_OPEN_BEFORE = sa.text("state = 'QUARANTINED'")
_OPEN = sa.text("state IN ('QUARANTINED', 'UNKNOWN')")
_CALLING = sa.text("state IN ('INTENDED', 'UNKNOWN')")


def upgrade() -> None:
    """Create the table and what finds calls under way; doubts are exceptions; a record knows its store."""
    op.create_table(
        "calls",
        sa.Column("id", _ID, nullable=False),
        sa.Column("record_id", _ID, nullable=False),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("lease_until", _TIME, nullable=True),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("response_file", sa.String(250), nullable=False),
        sa.Column("filed_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_calls"),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name="fk_calls_record_id"),
    )
    op.create_index("ix_calls_record_id_fence", "calls", ["record_id", "fence"])
    op.create_index("ix_calls_not_filed", "calls", ["id"], sqlite_where=_NOT_FILED, postgresql_where=_NOT_FILED)
    op.add_column("records", sa.Column("store", sa.String(50), nullable=False, server_default=""))
    op.add_column("problems", sa.Column("over_at", _TIME, nullable=True))
    op.create_index(
        "ix_problems_flow_retailer_task_id_reported_at", "problems", ["flow", "retailer", "task_id", "reported_at"]
    )
    _index("ix_records_calling", _CALLING)
    op.drop_index("ix_records_open_exceptions", "records")
    _index("ix_records_open_exceptions", _OPEN)


def downgrade() -> None:
    """Go back."""
    op.drop_index("ix_records_open_exceptions", "records")
    _index("ix_records_open_exceptions", _OPEN_BEFORE)
    op.drop_index("ix_records_calling", "records")
    op.drop_column("records", "store")
    op.drop_index("ix_problems_flow_retailer_task_id_reported_at", "problems")
    op.drop_column("problems", "over_at")
    op.drop_table("calls")


def _index(name: str, where: sa.TextClause) -> None:
    op.create_index(name, "records", ["flow", "retailer"], sqlite_where=where, postgresql_where=where)
