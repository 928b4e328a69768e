"""close: notes that nothing is left to do for the batches of a flow that has no source files to archive."""

from __future__ import annotations

from typing import Any

from order_sync.flow import Run
from order_sync.ledger import BatchState, Ledger
from order_sync.operators.base import FlowOperator


class CloseBatches(FlowOperator):
    """Closes batches whose files went out.

    :param work: what the step returned that made the batches.
    :returns: how many there are.
    """

    template_fields = ("work",)

    def __init__(self, *, work: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.work = work

    def step(self, run: Run, book: Ledger) -> int:
        """Close what is not closed yet."""
        if run.dry_run:
            self.log.info("Dry run: there is no batch to close.")
            return 0
        for batch_id in self.work["batches"]:
            book.move_batch(batch_id, {BatchState.PUBLISHED, BatchState.CONFIRMED}, BatchState.CLOSED, at=run.now)
        return len(self.work["batches"])
