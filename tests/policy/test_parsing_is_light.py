"""Airflow parses every DAG file again and again, in many processes: parsing must touch nothing and load little."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.policy.repository import ROOT, python_files, shown

# What a DAG file adds to an Airflow that is there already; whatever reaches out of the process ends it.
SCRIPT = """
import json, runpy, sys
import airflow.sdk
from airflow.providers.standard.operators.empty import EmptyOperator

before = set(sys.modules)
FORBIDDEN = ("socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "os.system")

def no_io(event, arguments):
    if event in FORBIDDEN:
        raise RuntimeError(f"parsing a DAG file did {event}")

sys.addaudithook(no_io)
runpy.run_path(sys.argv[1])
print(json.dumps(sorted({name.split(".")[0] for name in set(sys.modules) - before})))
"""


@pytest.fixture(scope="module", params=[shown(path) for path in python_files("dags")])
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The packages that a DAG file loads in a fresh interpreter."""
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(ROOT / request.param)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize("package", ["pandas", "pyarrow", "numpy", "asyncssh", "paramiko", "requests", "aiohttp"])
def test_heavy_packages_are_left_to_the_tasks(loaded: set[str], package: str) -> None:
    assert package not in loaded


def test_the_steps_themselves_are_loaded(loaded: set[str]) -> None:
    """Else the test above would prove nothing."""
    assert "order_sync" in loaded
