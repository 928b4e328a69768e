"""Airflow in this process, the way ``airflow dags test`` uses it: one start for any number of runs."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from airflow.sdk import DAG

ROOT = Path(__file__).resolve().parents[1]


class RunResult(NamedTuple):
    """A finished DAG run.

    :param state: ``success`` or ``failed``.
    :param tasks: state by task id.
    """

    run_id: str
    state: str
    tasks: dict[str, str]


class LocalAirflow:
    """Airflow's own code and database below one folder; nothing of it is shared with other folders.

    Create it before anything imports Airflow: the settings are environment variables.

    :param home: the folder for Airflow, the ledger and the staging store.
    :param connections: a connections file.
    :param overlay: settings laid over every retailer's, blank for none.
    """

    def __init__(self, home: Path, connections: Path, overlay: Path | None) -> None:
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        self.ledger_path = self.home / "ledger.sqlite"
        os.environ.update(self.environment(connections, overlay))
        self._dags: dict[str, DAG] = {}

    def environment(self, connections: Path, overlay: Path | None) -> dict[str, str]:
        """The environment of every process that belongs to this Airflow."""
        backend = {"connections_file_path": str(connections)}
        return {
            "AIRFLOW_HOME": str(self.home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{self.home / 'airflow.db'}",
            "AIRFLOW__SECRETS__BACKEND": "airflow.secrets.local_filesystem.LocalFilesystemBackend",
            "AIRFLOW__SECRETS__BACKEND_KWARGS": json.dumps(backend),
            "AIRFLOW_CONN_ORDER_SYNC_LEDGER": json.dumps({"conn_type": "sqlite", "host": str(self.ledger_path)}),
            "ORDER_SYNC_STAGING": f"file://{self.home / 'staging'}",
            "ORDER_SYNC_OVERLAY": str(overlay or ""),
            "PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(ROOT))),
        }

    def start(self, template: Path | None = None) -> None:
        """Create the databases and load the DAGs.

        :param template: an Airflow database to copy instead of making one, which takes seconds.
        :raises RuntimeError: a DAG file does not load.
        """
        from order_sync.ledger import upgrade

        database = self.home / "airflow.db"
        if template and template.exists():
            shutil.copyfile(template, database)
        elif not database.exists():
            from airflow.utils.db import initdb

            initdb()
        upgrade(f"sqlite:///{self.ledger_path}")
        from airflow.dag_processing.dagbag import BundleDagBag

        bag = BundleDagBag(dag_folder=ROOT / "dags", bundle_path=ROOT / "dags", bundle_name="dags-folder")
        if bag.import_errors:
            raise RuntimeError(f"A DAG file does not load: {bag.import_errors}")
        self._dags = dict(bag.dags)

    def run(self, dag_id: str, conf: dict[str, Any] | None = None, at: datetime | None = None) -> RunResult:
        """Run a DAG to its end.

        :param conf: values for the DAG's params.
        :param at: the logical date, now by default; the same date again clears that run and runs all of it again.
        """
        given = {} if at is None else {"logical_date": at, "run_after": at}  # the run's id is made of the latter
        run = self._dags[dag_id].test(run_conf=conf, **given)
        states = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
        return RunResult(run.run_id, re.sub(r".*\.", "", str(run.state)).lower(), states)
