"""A laboratory for single steps: an operator as Airflow calls it, with a real ledger and the sandbox's real servers.

What a whole run does stands in ``tests/flows``; here each step is asked for what a run hardly ever shows.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any, Self

import pytest

from order_sync.ledger import Batch, Ledger, open_ledger, upgrade
from order_sync.operators.archive import Archive
from order_sync.operators.collect import Collect
from order_sync.operators.confirm import ConfirmImport
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.transform import TransformTlogs
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import Arrival, Limits
from sandbox.predictspring_files import write_files
from sandbox.world import World

FLOW, RETAILER = "predictspring_order_sync", "default"
HERE = {"flow": FLOW, "retailer": RETAILER}
INBOX = "predictspring/tlog"
FOLDERS = {"order_feed": "hotwax/order-feed", "inventory_variance": "hotwax/inventory-variance"}
CONFIGS = {"order_feed": "IMP_ORDER", "inventory_variance": "MDM_INV_VARIANCE"}
LIMITS = Limits(max_record_bytes=1 << 26, max_unpacked_bytes=1 << 30, max_members=100, max_ratio=200)
START = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


class StepLab:
    """Partners, a ledger and a staging store; HotWax imports when told to.

    :param template: an empty ledger to copy.
    """

    def __init__(self, folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world = World(folder / "partners", polling=False)
        self.staging = folder / "staging"
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        shutil.copyfile(template, folder / "ledger.sqlite")
        self.book: Ledger = open_ledger(self.url)
        self._environment = monkeypatch
        monkeypatch.setenv("ORDER_SYNC_STAGING", f"file://{self.staging}")
        monkeypatch.delenv("ORDER_SYNC_INCLUDE", raising=False)
        self.connect("order_sync_ledger", {"conn_type": "sqlite", "host": str(folder / "ledger.sqlite")})

    def __enter__(self) -> Self:
        self.world.start()
        for name, connection in self.world.connections().items():
            self.connect(name, connection)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.book.close()
        self.world.stop()

    def connect(self, name: str, connection: Mapping[str, Any]) -> None:
        """Set an Airflow connection."""
        self._environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))

    def drop(self, *orders: Mapping[str, Any], stem: str = "tlog", layout: str = "one_per_file") -> list[Path]:
        """Put orders into the inbox."""
        return write_files(self.world.tlog_folder, [dict(order) for order in orders], layout, stem=stem)

    @contextmanager
    def dry(self) -> Iterator[None]:
        """Nothing may change in the ledger and on the SFTP server meanwhile."""
        before = self._everything()
        yield
        assert self._everything() == before

    # The steps, each with the settings of the default retailer.

    def wait(self, *, run: str = "one", max_files: int = 100, **asked: Any) -> list[dict[str, Any]] | None:
        """Poke once; the files it hands on, None when it would wait."""
        arrival = Arrival(stable_seconds=0.02, poke_seconds=0.1, timeout_seconds=0, max_files=max_files)
        step = WaitForFiles(
            task_id="wait_for_tlogs", conn_id="predictspring_sftp", folder=INBOX, arrival=arrival, **HERE
        )
        found = step.poke(context("wait_for_tlogs", run, **asked))
        return found.xcom_value if found.is_done else None

    def collect(
        self, files: Sequence[Mapping[str, Any]] | None = None, *, run: str = "one", **asked: Any
    ) -> dict[str, Any]:
        """Collect what the sensor finds, or some files of its listing."""
        listed = self.wait(run=run, **asked) if files is None else files
        step = Collect(task_id="collect", conn_id="predictspring_sftp", files=listed, limits=LIMITS, **HERE)
        return dict(step.execute(context("collect", run, **asked)))

    def transform(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Transform the batches."""
        return TransformTlogs(task_id="transform", work=work, **HERE).execute(context("transform", run, **asked))

    def publish(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Publish the feeds of the batches."""
        step = Publish(
            task_id="publish", conn_id="hotwax_sftp", folders=FOLDERS, repeatable=["order_feed"], work=work, **HERE
        )
        return step.execute(context("publish", run, **asked))

    def confirm(self, work: Mapping[str, Any], *, run: str = "one", conn_id: str = "hotwax_api", **asked: Any) -> bool:
        """Look once what HotWax did."""
        step = ConfirmImport(
            task_id="confirm", conn_id=conn_id, configs=CONFIGS, work=work, poke_seconds=1, wait_seconds=9, **HERE
        )
        return step.poke(context("confirm", run, **asked))

    def archive(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Move the sources of the batches."""
        step = Archive(
            task_id="archive", conn_id="predictspring_sftp", archive=f"{INBOX}/archive", error=f"{INBOX}/error",
            work=work, **HERE,
        )  # fmt: skip
        return step.execute(context("archive", run, **asked))

    def report(
        self, *, run: str = "one", states: Mapping[str, str] | None = None, to: Sequence[str] = (), **asked: Any
    ) -> str:
        """Report on the run; the mail's Message-ID.

        :param states: state of the run's tasks.
        """
        step = FailureReportMail(
            task_id="report", conn_id="smtp_default", recipients=list(to) or ["ops@example.com"], title="Order sync",
            remind_hours=24, **HERE,
        )  # fmt: skip
        return str(step.execute(context("report", run, states=states, **asked)))

    def through(self, last: str, *, run: str = "one", **asked: Any) -> dict[str, Any]:
        """Take what is in the inbox through all steps up to ``last``, HotWax's import included; what was collected."""
        work = self.collect(run=run, **asked)
        for name in ("transform", "publish", "confirm", "archive"):
            if last == "collect":
                return work
            if name == "confirm":
                self.world.hotwax.importer.import_now()
            getattr(self, name)(work, run=run, **asked)
            if name == last:
                return work
        raise AssertionError(f"there is no step {last}")

    # What has come of it.

    def batches(self) -> list[Batch]:
        """All batches, oldest first."""
        return self.book.batches_of_window(FLOW, RETAILER, START - QUARTER, START + timedelta(days=9))

    def states(self) -> dict[str, str]:
        """Order to its state."""
        keys = [f"PS{number:08d}" for number in range(100)]
        return {record.order_key: record.state.value for record in self.book.records_by_order(FLOW, RETAILER, keys)}

    def problems(self, run: str = "one") -> list[str]:
        """What was noted about a run and not told or taken back yet, as ``task: message``."""
        noted = self.book.problems_of_run(FLOW, run, unreported_only=True)
        return [f"{problem.task_id}: {problem.message}" for problem in noted]

    def _everything(self) -> tuple[list[str], dict[str, str]]:
        import sqlite3

        connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
        dump = list(connection.iterdump())
        connection.close()
        root = self.world.sftp.root
        files = [path for path in root.rglob("*") if path.is_file()]
        return dump, {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def context(
    task_id: str,
    run: str,
    *,
    states: Mapping[str, str] | None = None,
    window: datetime = START,
    kind: str = "manual",
    dag_id: str = FLOW,
    **params: Any,
) -> Any:
    """As much of a task's context as the steps look at.

    :param window: start of the data interval, a quarter of an hour long.
    :param kind: type of the run.
    """

    def task_states(*, dag_id: str, run_ids: list[str]) -> dict[str, dict[str, str]]:
        return {run_id: dict(states or {}) for run_id in run_ids}

    ti = SimpleNamespace(task_id=task_id, dag_id=dag_id, run_id=run, get_task_states=task_states)
    dag_run = SimpleNamespace(dag_id=dag_id, run_id=run, run_after=window + QUARTER, run_type=kind)
    return {
        "ti": ti, "dag_run": dag_run, "params": params, "data_interval_start": window,
        "data_interval_end": window + QUARTER,
    }  # fmt: skip


def empty_ledger(folder: Path) -> Path:
    """An empty ledger, for :class:`StepLab` to copy."""
    path = folder / "ledger.sqlite"
    upgrade(f"sqlite:///{path}")
    return path
