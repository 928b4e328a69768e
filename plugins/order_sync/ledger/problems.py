"""What went wrong with a run rather than with one order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from order_sync.ledger.bulk import among, chunks
from order_sync.ledger.connection import Store
from order_sync.ledger.rows import Problem
from order_sync.ledger.schema import problems, storable


class Problems(Store):
    """The part of the ledger that keeps run problems for the report."""

    def note_problem(
        self,
        *,
        flow: str,
        retailer: str,
        dag_id: str,
        run_id: str,
        task_id: str,
        error_class: str,
        message: str,
        next_step: str,
        at: datetime,
    ) -> Problem:
        """Note a problem of a run; the same one again, as long as no report told of it, is the same row.

        :param error_class: name of the exception's class.
        :param message: what happened; no personal data, no secrets.
        :param next_step: what a person should do.
        """
        same = {
            "flow": flow, "retailer": retailer, "dag_id": dag_id, "run_id": run_id, "task_id": task_id,
            "error_class": error_class, "message": storable(message), "next_step": storable(next_step),
        }  # fmt: skip
        conditions = [problems.c[name] == value for name, value in same.items()]
        query = sa.select(problems).where(*conditions, problems.c.reported_at.is_(None))
        with self._writing("problems") as connection:
            row = connection.execute(query).first()
            if row is None:
                connection.execute(sa.insert(problems).values(**same, at=at, reported_at=None, over_at=None))
                row = connection.execute(query).one()
            return Problem(**row._mapping)

    def problems_of_run(self, dag_id: str, run_id: str, *, unreported_only: bool = False) -> list[Problem]:
        """Return the problems of a run, oldest first.

        :param unreported_only: leave out what a report has told already.
        """
        query = sa.select(problems).where(problems.c.dag_id == dag_id, problems.c.run_id == run_id)
        if unreported_only:
            query = query.where(problems.c.reported_at.is_(None))
        with self._reading() as connection:
            return [Problem(**row._mapping) for row in connection.execute(query.order_by(problems.c.id))]

    def problems_told(self, flow: str, retailer: str, task_id: str, *, since: datetime) -> list[Problem]:
        """Return what reports have told of one step since then, whatever its run, if it has not succeeded again."""
        query = sa.select(problems).where(*_of_step(flow, retailer, task_id), problems.c.reported_at >= since)
        with self._reading() as connection:
            return [Problem(**row._mapping) for row in connection.execute(query.order_by(problems.c.id))]

    def problems_over(self, flow: str, retailer: str, task_id: str, *, at: datetime) -> None:
        """Note that a step has succeeded: when it fails once more, that is news."""
        told = [*_of_step(flow, retailer, task_id), problems.c.reported_at.is_not(None)]
        with self._reading() as connection:
            if connection.scalar(sa.select(problems.c.id).where(*told).limit(1)) is None:
                return
        with self._writing() as connection:
            connection.execute(sa.update(problems).where(*told).values(over_at=at))

    def problems_reported(self, ids: Sequence[int], *, at: datetime) -> None:
        """Note that a report told of these problems."""
        with self._writing() as connection:
            for chunk in chunks(ids):
                told = sa.update(problems).where(
                    among(connection, problems.c.id, chunk), problems.c.reported_at.is_(None)
                )
                connection.execute(told.values(reported_at=at))


def _of_step(flow: str, retailer: str, task_id: str) -> list[sa.ColumnElement[bool]]:
    step = [problems.c.flow == flow, problems.c.retailer == retailer, problems.c.task_id == task_id]
    return [*step, problems.c.over_at.is_(None)]
