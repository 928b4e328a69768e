"""Counting rows in the database, in count and money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.figures import Tally

#: The values that a line was grouped by, and what it counts.
Line = tuple[tuple[Any, ...], Tally]


def tally_by(
    connection: Connection, table: sa.Table, names: Sequence[str], condition: sa.ColumnElement[bool]
) -> list[Line]:
    """Count the rows of ``records`` or ``repeats`` that meet a condition, grouped by some of their columns."""
    groups = [table.c[name] for name in (*names, "currency")]
    query = (
        sa.select(
            *groups,
            sa.func.count(),
            sa.func.count(table.c.amount_minor),
            sa.func.sum(table.c.amount_minor),
            sa.func.sum(table.c.lines),
        )
        .where(condition)
        .group_by(*groups)
        .order_by(*groups)
    )
    lines = []
    for *values, currency, count, priced, minor, order_lines in connection.execute(query):
        # Sums come back as Decimal from PostgreSQL and as int from SQLite.
        amounts = {currency: int(minor)} if priced else {}
        lines.append((tuple(values), Tally(count, amounts, count - priced, int(order_lines))))
    return lines
