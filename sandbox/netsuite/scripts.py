"""The public SuiteScripts, run one after another as their deployments would be every 15 minutes."""

from __future__ import annotations

import threading

from sandbox.netsuite.columns import SAVED_IMPORTS, SavedImport
from sandbox.netsuite.csv_table import CsvTable, SubmitError
from sandbox.netsuite.database import NetSuiteDatabase
from sandbox.netsuite.deposits import DepositScript
from sandbox.netsuite.exports import export_all, export_history
from sandbox.netsuite.faults import NetSuiteFaults
from sandbox.netsuite.folders import Folders
from sandbox.netsuite.fulfilment import FulfilmentScripts
from sandbox.netsuite.imports import CsvImports
from sandbox.netsuite.outbox import Outbox
from sandbox.netsuite.settings import NetSuiteSettings

_ERROR_HEADER = "fileName,errorMessage"
_BY_SCRIPT = {saved.script: saved for saved in SAVED_IMPORTS}


class Scripts:
    """All scripts of the account; only one run at a time.

    :param database: the truth.
    :param folders: where files wait.
    :param outbox: where files go.
    :param imports: the saved CSV imports.
    :param deposits: the deposit script.
    :param fulfilments: the fulfilment scripts.
    :param settings: limits, and how often to run.
    :param faults: what shall go wrong.
    """

    def __init__(
        self,
        database: NetSuiteDatabase,
        folders: Folders,
        outbox: Outbox,
        imports: CsvImports,
        deposits: DepositScript,
        fulfilments: FulfilmentScripts,
        settings: NetSuiteSettings,
        faults: NetSuiteFaults,
    ) -> None:
        self._database = database
        self._folders = folders
        self._outbox = outbox
        self._imports = imports
        self._deposits = deposits
        self._fulfilments = fulfilments
        self._settings = settings
        self._faults = faults
        self._one_run = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Run all scripts every `poll_seconds`, in a thread."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._poll, name="sandbox-netsuite-scripts", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, after the run that is under way."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def run_now(self) -> int:
        """Run every script once: customers, orders, cash sales, updates, deposits, fulfilments, then all exports.

        :returns: the number of this run, counted from 1; that of the last one when everything stands still.
        """
        with self._one_run:
            if self._faults.stopped:
                return self._database.value("run")
            run = self._database.value("run") + 1
            self._database.set_value("run", run)
            self._outbox.send_waiting(run)
            for saved in SAVED_IMPORTS:
                self._submit_all(saved, run)
                self._process(run)
            self._deposits.run()
            self._fulfilments.run_json()
            self._fulfilments.run_tagged()
            export_all(self._database, self._outbox, run)
            return run

    def export_history(self) -> None:
        """Run the scripts that write every existing customer into one file."""
        with self._one_run:
            export_history(self._database, self._outbox, self._database.value("run"))

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self.run_now()
            self._stopping.wait(self._settings.poll_seconds)

    def _submit_all(self, saved: SavedImport, run: int) -> None:
        """Submit every waiting file; as the array of failures becomes text, a comma stands between its rows."""
        failures: list[tuple[str, str]] = []
        for path in self._folders.waiting(saved.folder):
            if (content := self._folders.read(path)) is None:
                continue
            status, message = "PENDING" if content else "EMPTY", ""
            try:
                if content:
                    CsvTable(content, saved, self._settings)
                self._folders.move(path, "archive")
            except (SubmitError, OSError) as error:
                message = str(error)
                failures.append((path.name, message))
                self._folders.fail(path)
                status = "NOT_SUBMITTED" if isinstance(error, SubmitError) else status
            due = run + self._faults.processing_delay_runs
            self._folders.note(saved.script, path.name, content, status, message, due)
        self._outbox.error(f"{saved.folder}/error", saved.error_suffix, _ERROR_HEADER, failures, ",")

    def _process(self, run: int) -> None:
        query = "SELECT * FROM import_jobs WHERE status = 'PENDING' AND due_run <= ? ORDER BY number"
        for job in self._database.rows(query, run):
            saved = _BY_SCRIPT[job["script"]]
            result = self._imports.run(saved, CsvTable(job["content"], saved, self._settings))
            self._folders.note_rows(job["number"], result.rows)
            update = "UPDATE import_jobs SET status = ?, message = ? WHERE number = ?"
            self._database.execute(update, result.status, result.message, job["number"])
