"""Ids that partners gave to what we know by keys of our own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and what finds files by name and records that wait or are delivered and not confirmed."""
    op.create_table(
        "partner_ids",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("retailer", sa.String(100), nullable=False),
        sa.Column("kind", sa.String(30), nullable=False),
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_partner_ids"),
        sa.UniqueConstraint("retailer", "kind", "key", name="uq_partner_ids_retailer_kind_key"),
    )
    op.create_index("ix_file_sightings_name", "file_sightings", ["name"])
    under_way = sa.text("state IN ('WAITING', 'DELIVERED')")
    op.create_index(
        "ix_records_under_way", "records", ["flow", "retailer"], sqlite_where=under_way, postgresql_where=under_way
    )


def downgrade() -> None:
    """Drop them."""
    op.drop_index("ix_file_sightings_name", "file_sightings")
    op.drop_index("ix_records_under_way", "records")
    op.drop_table("partner_ids")
