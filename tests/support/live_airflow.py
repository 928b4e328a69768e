"""A live Airflow on loopback: API server, DAG processor and a scheduler with the LocalExecutor, each its own process.

It runs with the settings of ``env.sh``, so that what a person gets from ``source ./env.sh`` is what is tested. Each
process leads a session of its own: that is how everything it has started is found and ended.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from tests.support.airflow_lab import DAG, ROOT, AirflowLab

AIRFLOW = (sys.executable, "-m", "airflow")
#: How long a slow machine may take for anything.
PATIENCE_SECONDS = 120.0
_ENDED = frozenset({"success", "failed"})
_NO_SECRET = "nobody but the tests ever talks to this Airflow, so that its key may stand here"

#: Nobody else uses this Airflow, so it need not be kind to others; it must notice dead tasks soon.
_SETTINGS = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__API__SECRET_KEY": _NO_SECRET,
    "AIRFLOW__API_AUTH__JWT_SECRET": _NO_SECRET,
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # also how late it may notice that a task's process has ended
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "8",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "3",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "12",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "2",
}


class LiveRun(NamedTuple):
    """A run that has ended.

    :param kind: ``manual``, ``scheduled`` or ``backfill``.
    :param tasks: state by task id.
    """

    run_id: str
    kind: str
    state: str
    tasks: dict[str, str]


def project_environment(lab: AirflowLab, home: Path, overlay: Path, **more: str) -> dict[str, str]:
    """The environment of a shell after ``source ./env.sh``, with the partners and the ledger of a laboratory.

    :param home: Airflow's own folder.
    :param overlay: settings laid over every retailer's.
    :param more: what differs from ``env.sh`` besides.
    """
    # what the session's own conftest says about Airflow must not reach these processes
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "ORDER_SYNC_"))}
    given = {
        **outside,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_ORDER_SYNC_LEDGER": json.dumps({"conn_type": "sqlite", "host": str(lab.ledger_path)}),
        "ORDER_SYNC_STAGING": f"file://{lab.home / 'staging'}",
        "ORDER_SYNC_OVERLAY": str(overlay),
    }
    shell = subprocess.run(
        ["bash", "-c", "source ./env.sh && env -0"], cwd=ROOT, env=given, capture_output=True, text=True, check=True
    )
    sourced = dict(line.split("=", 1) for line in shell.stdout.split("\0") if line)
    backend = json.dumps({"connections_file_path": str(lab.connections_path)})
    return {**sourced, "AIRFLOW__SECRETS__BACKEND_KWARGS": backend, **more}


class LiveAirflow:
    """Airflow as it runs in production, but for SQLite; use it as a context manager.

    :param home: Airflow's own folder.
    :param lab: the partners and the ledger.
    :param overlay: settings laid over every retailer's.
    """

    def __init__(self, home: Path, lab: AirflowLab, overlay: Path) -> None:
        self.home = home
        self._lab, self._overlay = lab, overlay
        self._port = _free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._sessions: set[int] = set()
        self._token = ""
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        ours = {
            **_SETTINGS,
            "AIRFLOW__API__PORT": str(self._port),
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{self._port}/execution/",
        }
        self.environment = project_environment(self._lab, self.home, self._overlay, **ours)
        try:
            self.command("db", "migrate")
            self._start("api-server")
            self._start("dag-processor")
        except BaseException:
            self._end_all()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_all()

    # Its processes.

    def start_scheduler(self, fault: str = "") -> None:
        """Start the scheduler; every task runs below it.

        :param fault: a place of :data:`order_sync.faults.POINTS` where each task that reaches it is killed.
        """
        self._start("scheduler", ORDER_SYNC_FAULT_AT=fault)

    def kill_scheduler(self) -> None:
        """End the scheduler and all that runs below it, as when a machine dies."""
        self._kill(self._processes.pop("scheduler"))

    def ready(self) -> None:
        """Wait until the API answers and the DAG is known, then unpause it."""
        self.wait_until("the API answers", self._log_in)
        self.wait_until("the DAG is known", lambda: self._ask("GET", f"/dags/{DAG}", refusal=404))
        self._ask("PATCH", f"/dags/{DAG}", {"is_paused": False})

    def command(self, *arguments: str) -> str:
        """Run ``airflow ...`` to its end and return what it printed.

        :raises RuntimeError: it failed.
        """
        done = subprocess.run(
            [*AIRFLOW, *arguments],
            env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        if done.returncode:
            said = f"{done.stdout}{done.stderr}"
            raise RuntimeError(f"airflow {' '.join(arguments)} ended with {done.returncode}:\n{said}")
        return done.stdout

    # What is run.

    def trigger(self, at: datetime | None = None, until: datetime | None = None, **conf: Any) -> str:
        """Start a run and return its id.

        :param at: logical date and start of its data interval.
        :param until: end of that interval.
        """
        body = {"logical_date": at and at.isoformat(), "conf": conf}
        if at and until:
            body |= {"data_interval_start": at.isoformat(), "data_interval_end": until.isoformat()}
        return str(self._ask("POST", f"/dags/{DAG}/dagRuns", body)["dag_run_id"])

    def run(self, at: datetime | None = None, until: datetime | None = None, **conf: Any) -> LiveRun:
        """Start a run and wait for it."""
        return self.finished(self.trigger(at, until, **conf))

    def scheduled(self) -> LiveRun:
        """Wait for the run that the scheduler starts by itself for the latest interval that is over."""
        path = f"/dags/{DAG}/dagRuns?run_type=scheduled"
        self.wait_until("the scheduler starts a run", lambda: self._ask("GET", path)["dag_runs"])
        return self.finished(self._ask("GET", path)["dag_runs"][0]["dag_run_id"])

    def clear(self, run_id: str, *tasks: str) -> LiveRun:
        """Clear tasks of a run that has ended, all of them by default, and wait until it has ended again."""
        body = {"dry_run": False, "only_failed": False, "dag_run_id": run_id, "task_ids": list(tasks) or None}
        cleared = self._ask("POST", f"/dags/{DAG}/clearTaskInstances", body)["task_instances"]
        assert {one["task_id"] for one in cleared} >= set(tasks), cleared
        return self.finished(run_id)

    def backfill(self, start: datetime, end: datetime) -> list[LiveRun]:
        """Run past intervals (again) with ``airflow backfill create`` and wait for all runs of backfills so far."""
        window = ["--from-date", start.isoformat(), "--to-date", end.isoformat()]
        self.wait_until("the backfill is made", lambda: self._create_backfill(*window))
        found = self._ask("GET", f"/dags/{DAG}/dagRuns?run_type=backfill&limit=100&order_by=logical_date")["dag_runs"]
        runs = [self.finished(run["dag_run_id"]) for run in found]
        # the scheduler closes a backfill half a minute after its last run; until then there cannot be another one
        self._close_backfills()
        return runs

    def finished(self, run_id: str) -> LiveRun:
        """Wait until a run has ended."""
        path = f"/dags/{DAG}/dagRuns/{run_id}"
        self.wait_until(f"run {run_id} ends", lambda: self._ask("GET", path)["state"] in _ENDED)
        run = self._ask("GET", path)
        tasks = {one["task_id"]: one["state"] for one in self._ask("GET", f"{path}/taskInstances")["task_instances"]}
        return LiveRun(run_id, run["run_type"], run["state"], tasks)

    def state(self, run_id: str, task_id: str) -> str:
        """The state of a task of a run."""
        return str(self._ask("GET", f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task_id}")["state"])

    def tries(self, run_id: str, task_id: str) -> list[str]:
        """How each try of a task ended, the first one first."""
        path = f"/dags/{DAG}/dagRuns/{run_id}/taskInstances/{task_id}/tries"
        found = self._ask("GET", path)["task_instances"]
        return [one["state"] for one in sorted(found, key=lambda one: one["try_number"])]

    def _create_backfill(self, *window: str) -> bool:
        """Whether it could be made: SQLite refuses, at once, what read before another process wrote (``SAVEPOINT``)."""
        try:
            self.command("backfill", "create", "--dag-id", DAG, *window, "--reprocess-behavior", "completed")
        except RuntimeError as error:
            if "database is locked" not in str(error):
                raise
            self._close_backfills()
            return False
        return True

    def _close_backfills(self) -> None:
        for one in self._ask("GET", f"/backfills?dag_id={DAG}")["backfills"]:
            self._ask("PUT", f"/backfills/{one['id']}/cancel", refusal=409)

    # How it is talked to.

    def _log_in(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/auth/token", timeout=10) as answer:
                self._token = json.load(answer)["access_token"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, refusal: int = 0) -> Any:
        """One call of the REST API.

        :param refusal: a status that is an answer too: None.
        :raises RuntimeError: the API refused.
        """
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}/api/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == refusal:
                return None
            raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()}") from error

    def wait_until(self, what: str, look: Callable[[], Any]) -> None:
        """Look again and again.

        :raises RuntimeError: a process ended, or it took too long.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not look():
            dead = [name for name, process in self._processes.items() if process.poll() is not None]
            if dead or time.monotonic() > deadline:
                why = f"{dead} ended" if dead else f"not within {PATIENCE_SECONDS} s"
                raise RuntimeError(f"Waiting until {what}: {why}.\n{self._last_words()}")
            time.sleep(0.1)

    def _last_words(self) -> str:
        logs = sorted(self.home.glob("*.out"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)

    # How it ends.

    def _start(self, name: str, **more: str) -> None:
        with (self.home / f"{name}.out").open("ab") as log:
            process = subprocess.Popen(
                [*AIRFLOW, name],
                env={**self.environment, **more}, cwd=ROOT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self._processes[name] = process
        self._sessions.add(process.pid)

    def _end_all(self) -> None:
        """Ask all to end, then see to it."""
        for process in self._processes.values():
            process.terminate()
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline and any(process.poll() is None for process in self._processes.values()):
            time.sleep(0.1)
        while self._processes:
            self._kill(self._processes.popitem()[1])

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill what is left of a session: tasks leave the scheduler's process group, but not its session."""
        deadline = time.monotonic() + 10
        while (left := _members(process.pid)) and time.monotonic() < deadline:
            for pid in left:
                _kill(pid)
            time.sleep(0.05)
        process.wait(timeout=10)

    def left(self) -> list[int]:
        """Ids of processes that this Airflow has started and that still run."""
        return [pid for session in self._sessions for pid in _members(session)]


def _members(session: int) -> list[int]:
    """Ids of the living processes of a session."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, its_session = stat.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue  # it ended meanwhile
        if int(its_session) == session and state != "Z":
            found.append(int(stat.parent.name))
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
