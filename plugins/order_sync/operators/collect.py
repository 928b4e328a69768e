"""collect: stores new files by content, and says which batches this run works on.

A batch is a fixed set of inputs. Whatever happens later, a batch is always worked on with exactly these bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from order_sync.contracts.bundles import Bounds
from order_sync.errors import Stop
from order_sync.faults import point
from order_sync.flow import Run
from order_sync.ledger import Batch, BatchInput, FileSeen, Ledger, Record, RecordLocation, State
from order_sync.operators.base import FlowOperator
from order_sync.operators.batches import batch_of_records, new_batch
from order_sync.partners.sftp import Fetched, FileSink, RemoteFile, SftpClient
from order_sync.settings import Limits
from order_sync.staging import Staging


class Collect(FlowOperator):
    """Downloads files on one connection and registers them as a batch.

    :param conn_id: the SFTP connection.
    :param files: what :class:`~order_sync.operators.wait.WaitForFiles` found.
    :param limits: bounds for counting the orders of a file.
    :param other_flows: ledger flows whose records ``order_ids`` may name, too: another task brings them again.
    :returns: ``{"batches": [...]}``, or ``{"dry_run": [...]}`` with the inputs of a dry run.
    """

    template_fields = ("files",)

    def __init__(
        self, *, conn_id: str, files: Any, limits: Limits, other_flows: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.files, self.limits, self.other_flows = conn_id, files, limits, other_flows

    def step(self, run: Run, book: Ledger) -> dict[str, Any]:
        """Find the batches of this run, the most fixed first: its own, a backfill's, orders, files."""
        own = book.batches_of_run(run.dag_id, run.run_id, self.flow)
        if run.repeats_interval:
            return {"batches": [batch.id for batch in book.batches_of_window(self.flow, self.retailer, *run.window)]}
        if run.param("order_ids"):
            if run.dry_run:
                return {"dry_run": self._places(run, book)}
            own = own or self._again(run, book)
            return {"batches": [batch.id for batch in own]}
        unfinished = book.unfinished_batches(self.flow, self.retailer)
        if not own:
            seen = self._download(self._new_files(book, unfinished), run)
            if run.dry_run:
                return {"dry_run": [_as_xcom(file) for file in seen]}
            own = [self._batch(run, book, seen)] if seen else []
        ids = dict.fromkeys(batch.id for batch in (*unfinished, *own))
        self.log.info("This run works on batches %s.", list(ids) or "none")
        return {"batches": list(ids)}

    def _new_files(self, book: Ledger, unfinished: Sequence[Batch]) -> list[RemoteFile]:
        """The files that no unfinished batch holds already."""
        held = {
            (held.name, held.size, held.mtime)
            for batch in unfinished
            for held in book.batch_inputs(batch.id)
            if not held.archived_to
        }
        files = [RemoteFile(**{**file, "mtime": datetime.fromisoformat(file["mtime"])}) for file in self.files or []]
        return [file for file in files if (file.name, file.size, file.mtime) not in held]

    def _download(self, files: Sequence[RemoteFile], run: Run) -> list[FileSeen]:
        """Bring the files into the staging store; one that changed meanwhile is left for the next run."""
        if not files:
            return []
        staging, most = Staging(), run.param("max_records")
        seen: list[FileSeen] = []
        with staging.scratch() as folder, SftpClient(self.conn_id) as sftp:
            places = {file.path: folder / str(number) for number, file in enumerate(files)}
            fetched = sftp.fetch(files, lambda file: FileSink(places[file.path]))
            orders = 0
            for one in fetched:
                if one.error is not None:
                    self.log.warning("File %r is left for the next run: %s", one.remote.name, one.error)
                    continue
                if most:
                    orders += self._orders(places[one.remote.path], one.remote.name)
                    if seen and orders > most:
                        break
                seen.append(_stored(one, places[one.remote.path], staging))
        if not seen and (error := next((one.error for one in fetched if one.error), None)):
            raise error
        return seen

    def _orders(self, path: Path, name: str) -> int:
        from order_sync.operators.batch_reader import count_orders

        bounds = Bounds(self.limits.max_unpacked_bytes, self.limits.max_members, self.limits.max_ratio)
        with path.open("rb") as file:
            return count_orders(file, name, bounds, self.limits.max_record_bytes)

    def _batch(self, run: Run, book: Ledger, seen: Sequence[FileSeen]) -> Batch:
        rows = book.record_files(self.flow, self.retailer, seen, at=run.now)
        for row, file in zip(rows, seen, strict=True):
            if row.known:
                self.log.info("File %r holds the same bytes as %r of %s.", file.name, row.first_name, row.first_seen_at)
        inputs = [
            BatchInput(row.id, file.name, file.folder, file.mtime, position)
            for position, (row, file) in enumerate(zip(rows, seen, strict=True))
        ]
        point("collect.before_batch")
        return self._created(run, book, "inbox", [f"{file.sha256} {file.name}" for file in seen], inputs)

    def _again(self, run: Run, book: Ledger) -> list[Batch]:
        """A batch of orders that wait as exceptions, from the bytes they came in."""
        places = self._waiting(run, book)
        if not places:
            return []
        return [batch_of_records(book, run, self.flow, self.retailer, "again", places)]

    def _places(self, run: Run, book: Ledger) -> list[dict[str, Any]]:
        """The same orders as inputs of a dry run."""
        files: dict[int, dict[str, Any]] = {}
        for place in self._waiting(run, book):
            new = {"sha256": place.sha256, "uri": place.uri, "name": place.file_name, "wanted": []}
            files.setdefault(place.file_id, new)["wanted"].append(place.record_index)
        return list(files.values())

    def _waiting(self, run: Run, book: Ledger) -> list[RecordLocation]:
        """Where the orders lie that were asked for.

        :raises Stop: an order is unknown or does not wait, or none waits at all.
        """
        asked = [str(order).strip() for order in run.param("order_ids")]
        if asked == ["all"]:
            ids = book.open_exception_ids(self.flow, self.retailer)
        else:
            asked = self._not_elsewhere(book, asked)
            records = book.records_by_order(self.flow, self.retailer, asked)
            waiting = self._to_bring(records)
            others = {record.order_key: self._standing(record) for record in records}
            wrong = [f"{order} ({others.get(order, 'unknown')})" for order in asked if order not in waiting]
            if wrong:
                raise Stop(
                    f"These orders do not wait as exceptions: {', '.join(wrong)}.",
                    next_step="Leave them out; an unknown order has to arrive in a file first.",
                )
            if not run.dry_run:
                self._set_aside(run, book, list(waiting.values()))
            ids = [record.id for record in waiting.values()]
        if not ids and not self.other_flows:
            raise Stop("No order waits as an exception.", next_step="Nothing to do.")
        return book.record_locations(ids)

    def _to_bring(self, records: Sequence[Record]) -> dict[str, Record]:
        """Of every version of some orders, what may be brought again, by key."""
        return {record.order_key: record for record in records if record.state is State.QUARANTINED}

    def _standing(self, record: Record) -> str:
        """Why a record may not be brought again."""
        return record.state.value

    def _set_aside(self, run: Run, book: Ledger, records: Sequence[Record]) -> None:
        """Set aside what is brought again and is no exception; there is none where only exceptions are brought."""

    def _not_elsewhere(self, book: Ledger, asked: Sequence[str]) -> list[str]:
        """Of what was asked for, that which is no record of another flow."""
        found = [record for flow in self.other_flows for record in book.records_by_order(flow, self.retailer, asked)]
        known = {record.order_key for record in found}
        return [order for order in asked if order not in known]

    def _created(
        self,
        run: Run,
        book: Ledger,
        kind: str,
        parts: Sequence[str],
        inputs: Sequence[BatchInput],
        selection: Sequence[int] = (),
    ) -> Batch:
        """The batch of these inputs. Inputs that come once more after their batch was closed make a new one."""
        return new_batch(book, run, self.flow, self.retailer, kind, parts, inputs, selection)


def _stored(fetched: Fetched, path: Path, staging: Staging) -> FileSeen:
    uri = staging.put(path, "inputs", fetched.sha256)
    remote = fetched.remote
    folder = remote.path.rpartition("/")[0]
    return FileSeen(fetched.sha256, fetched.size, uri, remote.name, folder, remote.mtime)


def _as_xcom(file: FileSeen) -> dict[str, Any]:
    return {"sha256": file.sha256, "size": file.size, "uri": file.uri, "name": file.name}
