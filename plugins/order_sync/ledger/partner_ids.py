"""The ids that a partner gave to customers, orders and lines, as its return files tell them.

"Submitted" is not "done": a record of a file feed is CONFIRMED only when the partner's own id for it has come back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from order_sync.ledger.bulk import among, chunks, insert_tuples
from order_sync.ledger.connection import Store
from order_sync.ledger.rows import Record
from order_sync.ledger.schema import UNDER_WAY, partner_ids, records
from order_sync.ledger.states import RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves


class PartnerIds(Store):
    """The part of the ledger that keeps partners' ids."""

    def keep_ids(
        self, retailer: str, kind: str, ids: Mapping[str, str], *, source: str, at: datetime
    ) -> dict[str, tuple[str, str]]:
        """Keep ids by our key; one that is known stays.

        :param kind: whose ids of what they are, e.g. ``netsuite_customer``.
        :param source: the file that told them.
        :returns: where the partner contradicts itself: key to the id that is kept and the one that is not.
        """
        contradictions: dict[str, tuple[str, str]] = {}
        with self._writing("partner_ids") as connection:
            known = self._known(connection, retailer, kind, list(ids))
            new = [(key, value) for key, value in ids.items() if key not in known]
            constants = {"retailer": retailer, "kind": kind, "source": source, "at": at}
            insert_tuples(connection, partner_ids, ("key", "value"), new, constants)
        for key, value in known.items():
            if ids[key] != value:
                contradictions[key] = (value, ids[key])
        return contradictions

    def ids_of(self, retailer: str, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """Return the ids that are known, by key."""
        with self._reading() as connection:
            return self._known(connection, retailer, kind, keys)

    def confirm_by_ids(self, flow: str, retailer: str, kind: str, *, at: datetime, who: str) -> int:
        """Confirm every delivered record whose id has come back.

        :returns: how many were confirmed.
        """
        check_moves(RECORD_MOVES, [State.DELIVERED], State.CONFIRMED)
        query = (
            sa.select(records.c.id, partner_ids.c.value)
            .join(
                partner_ids,
                sa.and_(
                    partner_ids.c.retailer == records.c.retailer,
                    partner_ids.c.kind == kind,
                    partner_ids.c.key == records.c.order_key,
                ),
            )
            .where(*_standing(flow, retailer, State.DELIVERED))
        )
        with self._writing_flow(flow, retailer) as connection:
            found = connection.execute(query).all()
            if found:
                change: dict[str, Any] = {"state": State.CONFIRMED, "partner_ref": sa.bindparam("reference")}
                statement = sa.update(records).where(records.c.id == sa.bindparam("record"))
                rows = [{"record": row.id, "reference": row.value} for row in found]
                connection.execute(statement.values(**change, updated_at=at), rows)
                moves = [(row.id, State.DELIVERED, State.CONFIRMED, f"has id {row.value}") for row in found]
                insert_moves(connection, Stamp(at, who), moves)
        return len(found)

    def overdue(self, flow: str, retailer: str, *, before: datetime) -> list[Record]:
        """Return delivered records whose id has not come back although they were delivered before a moment."""
        query = sa.select(records).where(*_standing(flow, retailer, State.DELIVERED), records.c.updated_at < before)
        with self._reading() as connection:
            return [Record(**row._mapping) for row in connection.execute(query.order_by(records.c.id))]

    def waiting(self, flow: str, retailer: str) -> list[Record]:
        """Return the records that wait for something else, in the order in which they came."""
        query = sa.select(records).where(*_standing(flow, retailer, State.WAITING))
        with self._reading() as connection:
            return [Record(**row._mapping) for row in connection.execute(query.order_by(records.c.id))]

    @staticmethod
    def _known(connection: sa.Connection, retailer: str, kind: str, keys: Sequence[str]) -> dict[str, str]:
        known: dict[str, str] = {}
        columns = [partner_ids.c.key, partner_ids.c.value]
        for chunk in chunks(keys):
            query = sa.select(*columns).where(
                partner_ids.c.retailer == retailer,
                partner_ids.c.kind == kind,
                among(connection, partner_ids.c.key, chunk),
            )
            known |= {row.key: row.value for row in connection.execute(query)}
        return known


def _standing(flow: str, retailer: str, state: State) -> list[Any]:
    return [UNDER_WAY, records.c.flow == flow, records.c.retailer == retailer, records.c.state == state]
