"""How many orders came when: what is usual for an hour of the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from order_sync.ledger.connection import Store
from order_sync.ledger.schema import batches, records

#: An order is in a batch whose window begins so near to its own time. Only such batches are looked at, by their index.
_NEAR = timedelta(days=1)


class Volume(Store):
    """The part of the ledger that counts orders by hour."""

    def orders_by_hour(
        self, flow: str, retailer: str, spans: Sequence[tuple[datetime, datetime]]
    ) -> dict[datetime, int]:
        """Count the orders of some spans of time, by the full hour (UTC) in which they were placed.

        :param spans: half-open, each of whole hours.
        :returns: hours without an order are left out.
        """
        if not spans:
            return {}
        placed, window = records.c.order_date, batches.c.window_start
        near = [sa.and_(window >= start - _NEAR, window < end + _NEAR) for start, end in spans]
        theirs = sa.select(batches.c.id).where(batches.c.flow == flow, batches.c.retailer == retailer, sa.or_(*near))
        of_spans = sa.or_(*(sa.and_(placed >= start, placed < end) for start, end in spans))
        with self._reading() as connection:
            hour = (
                sa.func.to_char(sa.func.timezone("UTC", placed), 'YYYY-MM-DD"T"HH24')
                if connection.dialect.name == "postgresql"
                else sa.func.strftime("%Y-%m-%dT%H", placed)
            ).label("hour")
            query = (
                sa.select(hour, sa.func.count().label("orders"))
                .where(records.c.batch_id.in_(theirs), records.c.version == 1, of_spans)
                .group_by(hour)
            )
            return {_hour(row.hour): row.orders for row in connection.execute(query)}


def _hour(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H").replace(tzinfo=UTC)
