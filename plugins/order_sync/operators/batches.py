"""How batches come about: of files, of records from where they lie, of documents that follow another batch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from order_sync.errors import Stop
from order_sync.flow import Run
from order_sync.ledger import Batch, BatchInput, BatchState, FileSeen, Ledger, RecordLocation


def new_batch(
    book: Ledger,
    run: Run,
    flow: str,
    retailer: str,
    kind: str,
    parts: Sequence[str],
    inputs: Sequence[BatchInput],
    selection: Sequence[int] = (),
) -> Batch:
    """The batch of these inputs. Inputs that come once more after their batch was closed make a new one.

    :param parts: what its key is made of.
    :param selection: the records to work on, where it is not all of the inputs.
    """
    for arrival in range(1, 10_000):
        key = hashlib.sha256("\n".join((kind, str(arrival), *parts)).encode()).hexdigest()
        batch = book.create_batch(
            flow=flow,
            retailer=retailer,
            key=key,
            kind=kind,
            window=run.window,
            dag_id=run.dag_id,
            run_id=run.run_id,
            files=inputs,
            selection=selection,
            at=run.now,
        )
        if (batch.dag_id, batch.run_id) == (run.dag_id, run.run_id) or batch.state is not BatchState.CLOSED:
            return batch
    raise Stop("The same files came ten thousand times.", next_step="Look for what drops them again and again.")


def batch_of_records(
    book: Ledger, run: Run, flow: str, retailer: str, kind: str, places: Sequence[RecordLocation]
) -> Batch:
    """The batch of some records, from the bytes that they came in."""
    files = {place.file_id: place.file_name for place in places}
    inputs = [BatchInput(file, name, "", None, position) for position, (file, name) in enumerate(files.items())]
    parts = [f"{place.record_id} {place.batch_id}" for place in places]
    return new_batch(book, run, flow, retailer, kind, parts, inputs, [place.record_id for place in places])


def derived_batch(book: Ledger, run: Run, flow: str, parent: Batch, seen: Sequence[FileSeen]) -> Batch:
    """The batch of what follows another one: one per flow, with the same key and interval.

    :param seen: its files in the staging store.
    """
    rows = book.record_files(flow, parent.retailer, seen, at=run.now)
    window = (parent.window_start, parent.window_end) if parent.window_start and parent.window_end else None
    files = [BatchInput(row.id, file.name, "", None, at) for at, (row, file) in enumerate(zip(rows, seen, strict=True))]
    return book.create_batch(
        flow=flow, retailer=parent.retailer, key=parent.key, kind="derived", window=window,
        dag_id=run.dag_id, run_id=run.run_id, files=files, at=run.now,
    )  # fmt: skip


def close_derived(book: Ledger, batch: Batch, run: Run) -> None:
    """Note that nothing is left to do for a batch that publishes nothing itself."""
    book.move_batch(batch.id, {BatchState.COLLECTED}, BatchState.TRANSFORMED, at=run.now)
    book.move_batch(batch.id, {BatchState.TRANSFORMED}, BatchState.CLOSED, at=run.now)
