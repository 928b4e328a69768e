"""The steps of the flow to NetSuite one by one, with a real ledger, the sandbox's HotWax shop and its NetSuite."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import yaml

from order_sync.flow import NETSUITE_APPROVALS, NETSUITE_CUSTOMERS, NETSUITE_DEPOSITS, NETSUITE_ORDERS
from order_sync.ledger import Ledger, Record, open_ledger
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers, created_orders_replies
from order_sync.operators.netsuite_approval import Approve, MarkExported
from order_sync.operators.netsuite_deposits import DEPOSITS, CollectDeposits, TransformDeposits
from order_sync.operators.netsuite_files import STAGES, Stage
from order_sync.operators.netsuite_replies import CUSTOMER
from order_sync.operators.publish import Publish
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import NetSuiteCreatedOrders, load
from sandbox.netsuite import NetSuiteSettings
from sandbox.world import World
from tests.support.step_lab import context

FLOW, RETAILER = "netsuite_created_orders", "default"


class NetSuiteLab:
    """Partners, a ledger and a staging store; NetSuite's scripts and HotWax's jobs run when told to.

    :param template: an empty ledger to copy.
    """

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        netsuite: NetSuiteSettings | None = None,
        seed: int = 1,
        **rows: Any,
    ) -> None:
        self.folder = folder
        self.world = World(folder / "partners", polling=False, netsuite=netsuite, seed=seed)
        self.netsuite, self.ids, self.shop = self.world.netsuite, self.world.netsuite_ids, self.world.shop
        shutil.copyfile(template, folder / "ledger.sqlite")
        self.book: Ledger = open_ledger(f"sqlite:///{folder / 'ledger.sqlite'}")
        self._environment = monkeypatch
        overlay = folder / "overlay.yaml"
        arrival = {"stable_seconds": 0.02, "poke_seconds": 0.1}
        overlay.write_text(yaml.safe_dump({FLOW: {"arrival": arrival, "rows": rows}}), encoding="utf-8")
        monkeypatch.setenv("ORDER_SYNC_OVERLAY", str(overlay))
        monkeypatch.setenv("ORDER_SYNC_STAGING", f"file://{folder / 'staging'}")
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

    @property
    def settings(self) -> NetSuiteCreatedOrders:
        """The settings as the steps see them."""
        return load(RETAILER).netsuite_created_orders

    def run(self, name: str, **asked: Any) -> None:
        """One run of the DAG, step by step."""
        self.answers(name, **asked)
        for stage in STAGES:
            self.send(stage, name, **asked)
        self.follow(name, **asked)

    def answers(self, run: str, **asked: Any) -> dict[str, int]:
        """Take in NetSuite's return files."""
        step = TakeAnswers(
            task_id="take_answers", conn_id="netsuite_sftp", answers=created_orders_replies(self.settings),
            temp_folder=self.settings.folders.unfinished, deadline_hours=self.settings.deadline_hours, flow=FLOW,
            retailer=RETAILER,
        )  # fmt: skip
        return dict(step.execute(context("take_answers", run, dag_id=FLOW, **asked)))

    def send(self, stage: Stage, run: str, **asked: Any) -> dict[str, Any]:
        """Find, collect, transform, publish and archive the files of one kind; what was collected."""
        work = self.collect(stage.name, run=run, **asked)
        for step in (self.transform, self.publish, self.archive):
            step(stage.name, work, run=run, **asked)
        return work

    def collect(self, name: str, *, run: str = "one", **asked: Any) -> dict[str, Any]:
        """Find and collect the files of a stage."""
        stage, inbox = _stage(name), self.settings.folders.inbox[name]
        here = {"flow": stage.flow, "retailer": RETAILER, "conn_id": "hotwax_sftp"}
        find = WaitForFiles(task_id="find", folder=inbox, arrival=self.settings.arrival, optional=True, **here)
        files = find.poke(context("find", run, dag_id=FLOW, **asked)).xcom_value
        collect = stage.collect(
            task_id="collect", files=files, limits=self.settings.limits,
            other_flows=[one.flow for one in STAGES if one.flow != stage.flow] + [NETSUITE_DEPOSITS], **here,
        )  # fmt: skip
        return dict(collect.execute(context("collect", run, dag_id=FLOW, **asked)))

    def transform(self, name: str, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> None:
        """Transform the batches of a stage."""
        stage = _stage(name)
        step = stage.transform(task_id="transform", work=work, flow=stage.flow, retailer=RETAILER)
        step.execute(context("transform", run, dag_id=FLOW, **asked))

    def publish(self, name: str, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> None:
        """Publish the files of a stage."""
        stage, folders = _stage(name), self.settings.folders
        step = Publish(
            task_id="publish", conn_id="netsuite_sftp", folders={stage.target: folders.export[name]},
            repeatable=[stage.target], temp_folder=folders.unfinished, work=work, flow=stage.flow, retailer=RETAILER,
        )  # fmt: skip
        step.execute(context("publish", run, dag_id=FLOW, **asked))

    def archive(self, name: str, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> None:
        """Move the sources of a stage."""
        stage, inbox = _stage(name), self.settings.folders.inbox[name]
        step = Archive(
            task_id="archive", conn_id="hotwax_sftp", archive=f"{inbox}/archive", error=f"{inbox}/error", work=work,
            flow=stage.flow, retailer=RETAILER,
        )  # fmt: skip
        step.execute(context("archive", run, dag_id=FLOW, **asked))

    def follow(self, run: str, **asked: Any) -> None:
        """Deposits and approvals, as far as they are due."""
        self.deposits(run, **asked)
        self.mark(run, **asked)
        self.approve(run, **asked)

    def deposits(self, run: str, **asked: Any) -> dict[str, Any]:
        """Collect, transform and publish deposits; what was collected."""
        work = self.collect_deposits(run, **asked)
        self.transform_deposits(work, run, **asked)
        self.publish_deposits(work, run, **asked)
        return work

    def collect_deposits(self, run: str, **asked: Any) -> dict[str, Any]:
        """Take in deposits, and make a batch of those that are due."""
        folders = self.settings.folders
        step = CollectDeposits(
            task_id="collect_deposits", conn_id="netsuite_sftp", export=folders.export["deposits"],
            temp_folder=folders.unfinished, deadline_hours=self.settings.deadline_hours, flow=NETSUITE_DEPOSITS,
            retailer=RETAILER,
        )  # fmt: skip
        return dict(step.execute(context("collect_deposits", run, dag_id=FLOW, **asked)))

    def transform_deposits(self, work: Mapping[str, Any], run: str, **asked: Any) -> None:
        """Write the file of deposits."""
        step = TransformDeposits(task_id="transform_deposits", work=work, flow=NETSUITE_DEPOSITS, retailer=RETAILER)
        step.execute(context("transform_deposits", run, dag_id=FLOW, **asked))

    def publish_deposits(self, work: Mapping[str, Any], run: str, **asked: Any) -> None:
        """Publish the file of deposits."""
        folders = self.settings.folders
        step = Publish(
            task_id="publish_deposits", conn_id="netsuite_sftp", folders={DEPOSITS: folders.export["deposits"]},
            repeatable=[], temp_folder=folders.unfinished, work=work, flow=NETSUITE_DEPOSITS, retailer=RETAILER,
        )  # fmt: skip
        step.execute(context("publish_deposits", run, dag_id=FLOW, **asked))

    def mark(self, run: str, **asked: Any) -> list[str]:
        """Tell HotWax the attribute of orders that NetSuite has."""
        step = MarkExported(
            task_id="mark_exported", conn_id="hotwax_sftp", approval=self.settings.approval, flow=NETSUITE_APPROVALS,
            retailer=RETAILER,
        )  # fmt: skip
        return list(step.execute(context("mark_exported", run, dag_id=FLOW, **asked)))

    def approve(self, run: str, *, api: str = "hotwax_api", **asked: Any) -> list[str]:
        """Approve what HotWax has the attribute of."""
        step = Approve(
            task_id="approve", conn_id="hotwax_sftp", api=api, approval=self.settings.approval,
            deadline_hours=self.settings.deadline_hours, flow=NETSUITE_APPROVALS, retailer=RETAILER,
        )  # fmt: skip
        return list(step.execute(context("approve", run, dag_id=FLOW, **asked)))

    def know_customers(self, *numbers: int) -> None:
        """NetSuite has the customers of so many numbers, and the ledger their ids."""
        customers = [self.shop.customer(number) for number in numbers]
        ids = {
            str(one["partyId"]): str(self.netsuite.add_customer(str(one["partyId"]), f"S{one['partyId']}"))
            for one in customers
        }
        self.book.keep_ids(RETAILER, CUSTOMER, ids, source="test", at=datetime.now(UTC))

    def offer(self) -> None:
        """HotWax writes what NetSuite does not have yet."""
        self.shop.feed_customers()
        self.shop.feed_created_orders()

    def netsuite_works(self) -> None:
        """NetSuite's scripts run twice: what one of them imports, another tells."""
        self.netsuite.scripts.run_now()
        self.netsuite.scripts.run_now()

    def record(self, key: str, flow: str = NETSUITE_ORDERS) -> Record:
        """The latest version of an order or a customer."""
        return self.book.records_by_order(flow, RETAILER, [key])[-1]

    def states(self, *keys: str, flow: str = NETSUITE_ORDERS) -> Counter[str]:
        """Where orders, or customers, stand."""
        return Counter(record.state.value for record in self.book.records_by_order(flow, RETAILER, list(keys)))

    def customers(self, *parties: str) -> Counter[str]:
        """Where customers stand."""
        return self.states(*parties, flow=NETSUITE_CUSTOMERS)


def _stage(name: str) -> Stage:
    return next(stage for stage in STAGES if stage.name == name)
