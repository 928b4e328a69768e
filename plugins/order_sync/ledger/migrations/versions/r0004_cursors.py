"""How far a source that is asked by time has been read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "cursors",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("flow", sa.String(100), nullable=False),
        sa.Column("retailer", sa.String(100), nullable=False),
        sa.Column("reached", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by", sa.String(250), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_cursors"),
        sa.UniqueConstraint("flow", "retailer", name="uq_cursors_flow_retailer"),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("cursors")
