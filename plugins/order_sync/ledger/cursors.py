"""How far a source that is asked by time has been read: everything before the cursor is stored and counted."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from order_sync.ledger.connection import Store
from order_sync.ledger.schema import cursors


class Cursors(Store):
    """The part of the ledger that keeps cursors, one for each flow and retailer."""

    def cursor(self, flow: str, retailer: str) -> datetime | None:
        """Return the moment up to which, itself not included, everything was read; None before the first window."""
        query = sa.select(cursors.c.reached).where(cursors.c.flow == flow, cursors.c.retailer == retailer)
        with self._reading() as connection:
            return connection.scalar(query)

    def move_cursor(
        self, flow: str, retailer: str, *, seen: datetime | None, reached: datetime, at: datetime, who: str
    ) -> bool:
        """Move the cursor, if it still stands where the caller saw it; it never moves back.

        :param seen: where the caller's window began to count from: what :meth:`cursor` returned.
        :param reached: the end of the window that is stored and counted.
        :returns: whether it moved; not, when another run was faster or the window ends where the cursor is already.
        """
        mine = [cursors.c.flow == flow, cursors.c.retailer == retailer]
        values = {"reached": reached, "moved_at": at, "moved_by": who}
        with self._writing("cursors") as connection:
            if seen is None and connection.scalar(sa.select(cursors.c.id).where(*mine)) is None:
                connection.execute(sa.insert(cursors).values(flow=flow, retailer=retailer, **values))
                return True
            ahead = sa.update(cursors).where(*mine, cursors.c.reached == seen, cursors.c.reached < reached)
            return connection.execute(ahead.values(**values)).rowcount == 1
