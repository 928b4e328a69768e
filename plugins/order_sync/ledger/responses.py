"""The responses folder: every answer of a partner is also kept as a line of a file on SFTP, exactly once.

A call gets the name of its file before the file is put there, so that a try that dies is finished under that name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from order_sync.ledger.bulk import among, insert_rows
from order_sync.ledger.call_rows import Call
from order_sync.ledger.connection import Store
from order_sync.ledger.schema import NOT_FILED, calls, records

_NAMES = (
    "id", "operation", "attempt", "fence", "request_hash", "started_at", "outcome", "status", "headers", "body",
    "milliseconds", "message", "response_file",
)  # fmt: skip
_CALL = sa.select(*(calls.c[name] for name in _NAMES), records.c.order_key).join(
    records, records.c.id == calls.c.record_id
)


class Responses(Store):
    """The part of the ledger that keeps what partners answered."""

    def note_look_up(
        self,
        record_id: int,
        fence: int,
        *,
        outcome: str,
        status: int | None,
        headers: Mapping[str, str],
        body: str,
        milliseconds: int,
        message: str,
        request_hash: str,
        at: datetime,
    ) -> None:
        """Keep what the partner said when it was asked about an earlier call.

        :param fence: of that call.
        :param outcome: what the answer means, in one word.
        """
        row = {
            "record_id": record_id, "operation": "look_up", "attempt": 0, "fence": fence, "request_hash": request_hash,
            "started_at": at, "lease_until": None, "outcome": outcome, "status": status, "headers": dict(headers),
            "body": body, "milliseconds": milliseconds, "message": message, "response_file": "", "filed_at": None,
        }  # fmt: skip
        with self._writing() as connection:
            insert_rows(connection, calls, [row])

    def calls_of(self, record_ids: Sequence[int]) -> list[Call]:
        """Return the calls made about some records, oldest first."""
        with self._reading() as connection:
            return read_calls(connection, among(connection, calls.c.record_id, record_ids))

    def calls_to_file(self, flow: str, retailer: str, *, limit: int) -> list[Call]:
        """Return calls that are over and stand in no file yet, oldest first.

        Calls that were given a file which was not put there for certain come first, all those of one file.

        :param limit: the most calls of a new file.
        """
        mine: list[Any] = [records.c.flow == flow, records.c.retailer == retailer, NOT_FILED, calls.c.outcome != ""]
        with self._reading() as connection:
            started = connection.scalar(
                sa.select(sa.func.min(calls.c.response_file))
                .join(records, records.c.id == calls.c.record_id)
                .where(*mine, calls.c.response_file != "")
            )
            query = _CALL.where(*mine, calls.c.response_file == (started or "")).order_by(calls.c.id)
            return [Call(**row._mapping) for row in connection.execute(query if started else query.limit(limit))]

    def give_file(self, call_ids: Collection[int], name: str) -> None:
        """Note the name of the file that calls are about to be put into."""
        with self._writing() as connection:
            chosen = [among(connection, calls.c.id, list(call_ids)), calls.c.response_file == ""]
            connection.execute(sa.update(calls).where(*chosen).values(response_file=name))

    def filed(self, call_ids: Collection[int], *, at: datetime) -> None:
        """Note that the file of these calls lies at the partner."""
        with self._writing() as connection:
            chosen: list[Any] = [among(connection, calls.c.id, list(call_ids)), NOT_FILED]
            connection.execute(sa.update(calls).where(*chosen).values(filed_at=at))


def read_calls(connection: Connection, condition: sa.ColumnElement[bool]) -> list[Call]:
    """Return some calls, oldest first."""
    return [Call(**row._mapping) for row in connection.execute(_CALL.where(condition).order_by(calls.c.id))]
