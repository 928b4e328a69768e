"""Whose stock has moved: a stock variance is a delta, so each order may be in one such feed only, ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import among, chunks, insert_rows
from order_sync.ledger.connection import Store
from order_sync.ledger.schema import stock_moves


class Stock(Store):
    """The part of the ledger that keeps which batch moved the stock of which order."""

    def claim_stock(self, batch_id: int, order_keys: Sequence[str], *, at: datetime) -> set[str]:
        """Let this batch move the stock of those orders whose stock no other batch moves.

        :returns: the keys of ``order_keys`` that this batch moves, now or since an earlier call.
        """
        with self._writing_batch(batch_id) as (connection, batch):
            place = {"flow": batch.flow, "retailer": batch.retailer}
            taken = _owners(connection, place, order_keys)
            free = [key for key in dict.fromkeys(order_keys) if key not in taken]
            insert_rows(
                connection, stock_moves, [{**place, "order_key": key, "batch_id": batch_id, "at": at} for key in free]
            )
            return {*free, *(key for key, owner in taken.items() if owner == batch_id)}

    def stock_of(self, batch_id: int, order_keys: Sequence[str]) -> set[str]:
        """Those of the orders whose stock this batch moves."""
        with self._reading() as connection:
            found: set[str] = set()
            for chunk in chunks(order_keys):
                query = sa.select(stock_moves.c.order_key).where(
                    stock_moves.c.batch_id == batch_id, among(connection, stock_moves.c.order_key, chunk)
                )
                found.update(connection.scalars(query))
            return found

    def release_stock(self, batch_id: int) -> None:
        """Forget what this batch claimed: its variance was not promised to anybody and is computed anew."""
        with self._writing_batch(batch_id) as (connection, _):
            connection.execute(sa.delete(stock_moves).where(stock_moves.c.batch_id == batch_id))


def _owners(connection: Connection, place: dict[str, str], order_keys: Sequence[str]) -> dict[str, int]:
    owners: dict[str, int] = {}
    for chunk in chunks(order_keys):
        query = sa.select(stock_moves.c.order_key, stock_moves.c.batch_id).where(
            stock_moves.c.flow == place["flow"],
            stock_moves.c.retailer == place["retailer"],
            among(connection, stock_moves.c.order_key, chunk),
        )
        owners |= {row.order_key: row.batch_id for row in connection.execute(query)}
    return owners
