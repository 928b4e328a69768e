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
from order_sync.ledger.schema import OPEN_EXCEPTION, UNDER_WAY, partner_ids, records
from order_sync.ledger.states import RECORD_MOVES, State, check_moves
from order_sync.ledger.writing import Stamp, insert_moves

#: Why a record is set aside that the partner has got, and that an id confirms nevertheless: it refused it, or gave no
#: answer until a person asked for the record again.
REFUSED, NO_ANSWER = "NETSUITE_REFUSED", "NO_ANSWER"


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

    def follow_ids(self, retailer: str, kind: str, ids: Mapping[str, str], *, source: str, at: datetime) -> None:
        """Keep ids that may change, as HotWax's ids of refreshed orders do: what is said last counts."""
        with self._writing("partner_ids") as connection:
            known = self._known(connection, retailer, kind, list(ids))
            new = [(key, value) for key, value in ids.items() if key not in known]
            constants = {"retailer": retailer, "kind": kind, "source": source, "at": at}
            insert_tuples(connection, partner_ids, ("key", "value"), new, constants)
            for key, value in ids.items():
                if known.get(key, value) != value:
                    mine = [partner_ids.c.retailer == retailer, partner_ids.c.kind == kind, partner_ids.c.key == key]
                    changed = {"value": value, "source": source, "at": at}
                    connection.execute(sa.update(partner_ids).where(*mine).values(changed))

    def ids_of(self, retailer: str, kind: str, keys: Sequence[str]) -> dict[str, str]:
        """Return the ids that are known, by key."""
        with self._reading() as connection:
            return self._known(connection, retailer, kind, keys)

    def confirm_by_ids(self, flow: str, retailer: str, kind: str, *, at: datetime, who: str) -> int:
        """Confirm every delivered record whose id has come back, and what the partner refused and has all the same.

        :returns: how many were confirmed.
        """
        check_moves(RECORD_MOVES, [State.DELIVERED, State.QUARANTINED], State.CONFIRMED)
        columns = [records.c.id, records.c.state, records.c.order_key]
        query = sa.select(*columns).where(records.c.flow == flow, records.c.retailer == retailer).order_by(records.c.id)
        change: dict[str, Any] = {"state": State.CONFIRMED, "updated_at": at, "reason": "", "field": "", "message": ""}
        of_record = (partner_ids.c.retailer == retailer, partner_ids.c.kind == kind)
        value = sa.select(partner_ids.c.value).where(*of_record, partner_ids.c.key == records.c.order_key)
        change["partner_ref"] = value.correlate(records).scalar_subquery()
        with self._writing_flow(flow, retailer) as connection:
            # Not one join: PostgreSQL would compare every record with every id as long as it has no statistics.
            open_ones = [row for which in (_DELIVERED, _REFUSED) for row in connection.execute(query.where(*which))]
            ids = self._known(connection, retailer, kind, [row.order_key for row in open_ones])
            found = [row for row in open_ones if row.order_key in ids]
            for chunk in chunks([row.id for row in found]):
                chosen = among(connection, records.c.id, chunk)
                connection.execute(sa.update(records).where(chosen).values(change))
            moves = [(row.id, row.state, State.CONFIRMED, f"has id {ids[row.order_key]}") for row in found]
            insert_moves(connection, Stamp(at, who), moves)
        return len(found)

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


#: What an id confirms. Both name the condition of a partial index word for word.
_DELIVERED = (UNDER_WAY, records.c.state == State.DELIVERED)
_REFUSED = (OPEN_EXCEPTION, records.c.state == State.QUARANTINED, records.c.reason.in_((REFUSED, NO_ANSWER)))
