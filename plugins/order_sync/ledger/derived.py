"""Batches whose records are followed by records of another flow, made from a side file that the batch left."""

from __future__ import annotations

import sqlalchemy as sa

from order_sync.ledger.connection import Store, read_batch
from order_sync.ledger.feeds import read_feed
from order_sync.ledger.rows import Batch, Feed
from order_sync.ledger.schema import batches, feeds
from order_sync.ledger.states import BatchState

#: From here on a batch's side files do not change any more.
_FINAL = (BatchState.PUBLISHED, BatchState.CONFIRMED, BatchState.CLOSED)


class Derived(Store):
    """The part of the ledger that says what is still to be derived from what."""

    def underived(self, flow: str, retailer: str, target: str, *, into: str) -> list[tuple[Batch, Feed]]:
        """Return the published batches with their side file, of which nothing, or not all, was derived so far.

        :param target: of the side file.
        :param into: the flow of what is derived; its batch has the key of the one it comes from, and is CLOSED in the
            end.
        """
        theirs = batches.alias()
        done = sa.exists().where(
            theirs.c.flow == into,
            theirs.c.retailer == retailer,
            theirs.c.key == batches.c.key,
            theirs.c.state == BatchState.CLOSED,
        )
        query = (
            sa.select(feeds.c.id, feeds.c.batch_id)
            .join(batches, batches.c.id == feeds.c.batch_id)
            .where(feeds.c.flow == flow, feeds.c.retailer == retailer, feeds.c.target == target)
            .where(batches.c.state.in_(_FINAL), ~done)
            .order_by(feeds.c.batch_id)
        )
        with self._reading() as connection:
            found = connection.execute(query).all()
            return [(read_batch(connection, row.batch_id), read_feed(connection, row.id)) for row in found]
