"""wait: never hands on a file that is still being written, and skips the run when there is nothing to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue
from airflow.sdk.exceptions import AirflowSensorTimeout, AirflowSkipException

from order_sync.errors import Stop
from order_sync.flow import Run, ledger
from order_sync.ledger import Ledger
from order_sync.operators.base import guarded
from order_sync.partners.sftp import RemoteFile, SftpClient
from order_sync.reasons import REASONS
from order_sync.settings import Arrival

if TYPE_CHECKING:
    from airflow.sdk import Context


class WaitForFiles(BaseSensorOperator):
    """Finds the files of a folder that did not change between two looks.

    A folder that is missing or not permitted is an error; "nothing yet" skips the run once the time is over. A run that
    has work without new files (a cleared run, a backfill, orders brought again, a batch that an earlier run could not
    finish) does not wait.

    :param conn_id: the SFTP connection.
    :param folder: the folder to look into.
    :param more_folders: others to look into, too.
    :param arrival: how long to look.
    :param optional: hand on an empty list instead of waiting and skipping: the run has other things to do.
    :param every_minutes: scheduled runs look only where such a minute, counted from midnight UTC, lies in their data
        interval or ends it; a run that a person starts, or that has a param, looks at once.
    :returns: the files as dicts of ``name``, ``path``, ``size`` and ``mtime`` (ISO, UTC).
    """

    def __init__(
        self,
        *,
        flow: str,
        retailer: str,
        conn_id: str,
        folder: str,
        arrival: Arrival,
        optional: bool = False,
        every_minutes: int = 1,
        more_folders: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            mode="reschedule", poke_interval=arrival.poke_seconds, timeout=arrival.timeout_seconds, **kwargs
        )
        self.flow, self.retailer = flow, retailer
        self.conn_id, self.folder, self.arrival, self.optional = conn_id, folder, arrival, optional
        self.every_minutes, self.more_folders = every_minutes, more_folders

    def execute(self, context: Context) -> Any:
        """Poke until there is something to do.

        :raises AirflowSkipException: nothing came in time.
        """
        try:
            return super().execute(context)
        except AirflowSensorTimeout as nothing:
            raise AirflowSkipException(f"Nothing to do: no finished file in {self.folder}.") from nothing

    def poke(self, context: Context) -> PokeReturnValue:
        """One look, or two if there are files."""
        run = Run(context)
        with ledger() as book, guarded(run, book, self.flow, self.retailer, self.task_id):
            if self._works_from_the_store(run, book) or not self._due(run):
                return PokeReturnValue(is_done=True, xcom_value=[])
            found = self._finished_files()
            files = self._wanted(run, [file for file in found if file.path])
            if files:
                self._tell_unusable(run, book, [file.name for file in found if not file.path])
                return PokeReturnValue(is_done=True, xcom_value=[_as_xcom(file) for file in files])
            unfinished = bool(book.unfinished_batches(self.flow, self.retailer))
            return PokeReturnValue(is_done=self.optional or unfinished, xcom_value=[])

    def _due(self, run: Run) -> bool:
        """Whether this run is one of those that look; by its data interval alone, so that a retry does the same."""
        if run.asked_for:
            return True
        start, end = run.window
        midnight, every = end.replace(hour=0, minute=0, second=0, microsecond=0), timedelta(minutes=self.every_minutes)
        last = midnight + (end - midnight) // every * every
        return last > start or last == end

    def _works_from_the_store(self, run: Run, book: Ledger) -> bool:
        if book.batches_of_run(run.dag_id, run.run_id, self.flow) or run.param("order_ids"):
            return True
        if not run.repeats_interval:
            return False
        if not self.optional and not book.batches_of_window(self.flow, self.retailer, *run.window):
            raise AirflowSkipException(f"Nothing was collected between {run.window.start} and {run.window.end}.")
        return True

    def _finished_files(self) -> list[RemoteFile]:
        with SftpClient(self.conn_id) as sftp:
            files = [
                file
                for folder in (self.folder, *self.more_folders)
                for file in sftp.stable_files(folder, seconds=self.arrival.stable_seconds)
            ]
        return sorted(files, key=lambda file: (file.mtime, file.name))

    def _tell_unusable(self, run: Run, book: Ledger, names: list[str]) -> None:
        """Report files whose names nobody may use as a path; they stay where they are."""
        for name in names:
            book.note_problem(
                flow=self.flow,
                retailer=self.retailer,
                dag_id=run.dag_id,
                run_id=run.run_id,
                task_id="file name",
                error_class="BadInput",
                message=f"{REASONS['FILE_NAME_UNSAFE'].title}: {name!r:.120} in {self.folder}",
                next_step=REASONS["FILE_NAME_UNSAFE"].what_to_do,
                at=run.now,
            )

    def _wanted(self, run: Run, files: list[RemoteFile]) -> list[RemoteFile]:
        """The files asked for, all of them by default.

        :raises Stop: a file that was asked for is not there.
        """
        names = run.param("files")
        if not names:
            return files[: self.arrival.max_files]
        missing = sorted(set(names) - {file.name for file in files})
        if missing and self.optional:
            self.log.info("Not in folder %s: %s.", self.folder, ", ".join(missing))
        elif missing:
            raise Stop(
                f"Folder {self.folder} holds no finished file named {', '.join(missing)}.",
                next_step="Check the name; a file of an earlier run lies in the archive folder: move it back here.",
            )
        return [file for file in files if file.name in names]


def _as_xcom(file: RemoteFile) -> dict[str, Any]:
    values = asdict(file)
    return {**values, "mtime": file.mtime.isoformat()}
