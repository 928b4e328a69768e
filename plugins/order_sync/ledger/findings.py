"""What a check has found, kept from one check to the next, so that it is told once and its end is told, too.

A finding is a row of ``problems`` whose step is its key: kind and subject. It is open until a check does not find it
any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from order_sync.ledger.bulk import among, chunks, insert_rows
from order_sync.ledger.connection import Store
from order_sync.ledger.rows import Problem
from order_sync.ledger.schema import problems, storable


@dataclass(frozen=True)
class Untold:
    """What the next report has to tell.

    :param open: findings that no report has told, or none for a long time.
    :param solved: findings that were told, and are none any more.
    """

    open: tuple[Problem, ...]
    solved: tuple[Problem, ...]


class Findings(Store):
    """The part of the ledger that keeps findings; ``flow`` is the check's own name for them."""

    def open_findings(self, flow: str, retailer: str) -> list[Problem]:
        """Return what the last check has found, oldest first."""
        with self._reading() as connection:
            return _open(connection, flow, retailer)

    def keep_findings(
        self,
        flow: str,
        retailer: str,
        found: Mapping[str, tuple[str, str, str]],
        *,
        dag_id: str,
        run_id: str,
        at: datetime,
    ) -> None:
        """Keep what a check has found; what it has not found again is over.

        :param found: kind, words and next step by key (``kind subject``); no personal data, no secrets.
        """
        of_run = {"dag_id": dag_id, "run_id": run_id}
        with self._writing(f"findings:{flow}:{retailer}") as connection:
            known = {row.task_id: row for row in _open(connection, flow, retailer)}
            over = [row.id for key, row in known.items() if key not in found]
            for chunk in chunks(over):
                chosen = among(connection, problems.c.id, chunk)
                connection.execute(sa.update(problems).where(chosen).values(over_at=at))
            new = []
            for key, (kind, words, step) in found.items():
                told = {"message": storable(words), "next_step": storable(step)}
                row = known.get(key)
                if row is None:
                    constants = {"flow": flow, "retailer": retailer, "task_id": key, "error_class": kind}
                    new.append({**constants, **of_run, **told, "at": at, "reported_at": None, "over_at": None})
                elif (row.message, row.next_step) != (told["message"], told["next_step"]):
                    connection.execute(sa.update(problems).where(problems.c.id == row.id).values(**of_run, **told))
            insert_rows(connection, problems, new)

    def untold_findings(self, flow: str, retailer: str, *, since: datetime) -> Untold:
        """Return what a report has to tell: what is new, what was told before ``since`` and lasts, what is solved."""
        mine = [problems.c.flow == flow, problems.c.retailer == retailer]
        told = problems.c.reported_at
        due = [problems.c.over_at.is_(None), sa.or_(told.is_(None), told < since)]
        solved = [problems.c.over_at.is_not(None), told < problems.c.over_at]
        with self._reading() as connection:
            found = [
                tuple(
                    Problem(**row._mapping)
                    for row in connection.execute(sa.select(problems).where(*mine, *chosen).order_by(problems.c.id))
                )
                for chosen in (due, solved)
            ]
        return Untold(*found)

    def findings_told(self, ids: Sequence[int], *, at: datetime) -> None:
        """Note that a report told of findings, or of their end."""
        with self._writing() as connection:
            for chunk in chunks(ids):
                chosen = among(connection, problems.c.id, chunk)
                connection.execute(sa.update(problems).where(chosen).values(reported_at=at))


def _open(connection: sa.Connection, flow: str, retailer: str) -> list[Problem]:
    mine = [problems.c.flow == flow, problems.c.retailer == retailer, problems.c.over_at.is_(None)]
    return [
        Problem(**row._mapping) for row in connection.execute(sa.select(problems).where(*mine).order_by(problems.c.id))
    ]
