"""The manners of every step: the ledger opened and closed, problems noted, errors turned into retries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred

from order_sync.errors import BadInput, OrderSyncError, Rejected, Stop
from order_sync.flow import Run, ledger
from order_sync.ledger import Ledger

if TYPE_CHECKING:
    from airflow.sdk import Context


class FlowOperator(BaseOperator):
    """One step of a flow.

    :param flow: the flow's name, e.g. ``predictspring_order_sync``; part of every key in the ledger.
    :param retailer: name of the retailer whose settings count.
    """

    def __init__(self, *, flow: str, retailer: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.flow = flow
        self.retailer = retailer

    def execute(self, context: Context) -> Any:
        """Run the step; see :func:`guarded` for what happens to its errors."""
        run = Run(context)
        with ledger() as book, guarded(run, book, self.flow, self.retailer, self.task_id):
            return self.step(run, book)

    def step(self, run: Run, book: Ledger) -> Any:
        """What the step does; returns small values only (ids and counts)."""
        raise NotImplementedError


@contextmanager
def guarded(run: Run, book: Ledger, flow: str, retailer: str, task_id: str) -> Iterator[None]:
    """Note what goes wrong in the ledger, so that the report can say it, and decide whether Airflow may retry.

    Nothing that needs a person is retried. A step that succeeds takes back what its earlier tries noted.

    :raises AirflowFailException: for `Stop`, `Rejected` and `BadInput`: trying again cannot help.
    """
    try:
        yield
    except (AirflowSkipException, TaskDeferred):
        raise
    except OrderSyncError as error:
        _note(run, book, flow, retailer, task_id, type(error).__name__, error.message, error.next_step)
        if isinstance(error, Stop | Rejected | BadInput):
            raise AirflowFailException(str(error)) from error
        raise
    except Exception as error:
        _note(
            run,
            book,
            flow,
            retailer,
            task_id,
            type(error).__name__,
            f"The step failed unexpectedly ({type(error).__name__}).",
            "Read the task's log; it is safe to clear the task once the cause is gone.",
        )
        raise
    noted = book.problems_of_run(run.dag_id, run.run_id, unreported_only=True)
    book.problems_reported([problem.id for problem in noted if problem.task_id == task_id], at=run.now)
    if not run.dry_run:  # which proves nothing about the step
        book.problems_over(flow, retailer, task_id, at=run.now)


def _note(
    run: Run, book: Ledger, flow: str, retailer: str, task_id: str, error_class: str, message: str, next_step: str
) -> None:
    book.note_problem(
        flow=flow,
        retailer=retailer,
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=task_id,
        error_class=error_class,
        message=message,
        next_step=next_step,
        at=run.now,
    )
