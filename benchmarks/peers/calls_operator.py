"""Peer: the usual DAG, one HttpOperator per order by dynamic task mapping, and no ledger.

It runs as ``dag.test()`` does, in one process: a scheduler would start one process per order on top.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from benchmarks.child import Watch
from benchmarks.peers.calls_job import HEADERS, PATH, read_bodies

_DAG = """
import json, os
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk import DAG

with DAG("calls", schedule=None) as dag:
    HttpOperator.partial(
        task_id="call", http_conn_id="retailpro", endpoint={path!r}, method="POST", headers={headers!r},
        response_check=lambda response: response.json()["Success"],
    ).expand(data=json.loads(open({bodies!r}).read()))
"""


def run(watch: Watch, *, url: str, bodies: str) -> int:
    """Send every body; returns how many tasks succeeded."""
    texts = [body.decode() for body in read_bodies(Path(bodies))]
    with tempfile.TemporaryDirectory(prefix="bench-airflow-") as folder:
        home = Path(folder)
        (home / "dags").mkdir()
        (home / "bodies.json").write_text(json.dumps(texts), encoding="utf-8")
        source = _DAG.format(path=PATH, headers=HEADERS, bodies=str(home / "bodies.json"))
        (home / "dags" / "calls.py").write_text(source, encoding="utf-8")
        os.environ |= _environment(home, url)
        return _run(watch, home / "dags")


def _run(watch: Watch, folder: Path) -> int:
    from airflow.dag_processing.dagbag import BundleDagBag
    from airflow.utils.db import initdb

    initdb()
    bag = BundleDagBag(dag_folder=folder, bundle_path=folder, bundle_name="dags-folder")
    if bag.import_errors:
        raise RuntimeError(f"The DAG does not load: {bag.import_errors}")
    dag = bag.dags["calls"]
    dag.test()  # the first run warms up what every further one finds ready
    with watch:
        done = dag.test()
    return sum(ti.state == "success" for ti in done.get_task_instances())


def _environment(home: Path, url: str) -> dict[str, str]:
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
        "AIRFLOW_CONN_RETAILPRO": json.dumps({"conn_type": "http", "host": url}),
    }
