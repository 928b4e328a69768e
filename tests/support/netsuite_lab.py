"""The steps of the flow to NetSuite one by one, with a real ledger, the sandbox's HotWax shop and its NetSuite."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import yaml

from order_sync.flow import NETSUITE_CUSTOMERS, NETSUITE_ORDERS
from order_sync.ledger import Ledger, Record, open_ledger
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers
from order_sync.operators.netsuite_files import STAGES, Stage
from order_sync.operators.publish import Publish
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import NetSuiteCreatedOrders, load
from sandbox.hotwax.created_orders_shop import HotWaxShop
from sandbox.hotwax.netsuite_ids import NetSuiteIds
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
        **rows: Any,
    ) -> None:
        self.world = World(folder / "partners", polling=False, netsuite=netsuite)
        root = self.world.sftp.root
        self.netsuite = self.world.netsuite
        hotwax = self.world.hotwax
        self.ids = NetSuiteIds(hotwax.database, hotwax.logs, root)
        self.shop = HotWaxShop(root, hotwax.database, self.ids)
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

    def answers(self, run: str, **asked: Any) -> dict[str, int]:
        """Take in NetSuite's return files."""
        step = TakeAnswers(
            task_id="take_answers", conn_id="netsuite_sftp", folders=self.settings.folders,
            deadline_hours=self.settings.deadline_hours, flow=FLOW, retailer=RETAILER,
        )  # fmt: skip
        return dict(step.execute(context("take_answers", run, dag_id=FLOW, **asked)))

    def send(self, stage: Stage, run: str, **asked: Any) -> dict[str, Any]:
        """Find, collect, transform, publish and archive the files of one kind; what was collected."""
        here = {"flow": stage.flow, "retailer": RETAILER}
        folders, inbox = self.settings.folders, self.settings.folders.inbox[stage.name]
        of = {name: context(name, run, dag_id=FLOW, **asked) for name in ("find", "collect", "transform", "publish")}
        find = WaitForFiles(
            task_id="find", conn_id="hotwax_sftp", folder=inbox, arrival=self.settings.arrival, optional=True, **here
        )
        files = find.poke(of["find"]).xcom_value
        collect = stage.collect(
            task_id="collect", conn_id="hotwax_sftp", files=files, limits=self.settings.limits,
            other_flows=[one.flow for one in STAGES if one.flow != stage.flow], **here,
        )  # fmt: skip
        work = collect.execute(of["collect"])
        stage.transform(task_id="transform", work=work, **here).execute(of["transform"])
        Publish(
            task_id="publish", conn_id="netsuite_sftp", folders={stage.target: folders.export[stage.name]},
            repeatable=[stage.target], temp_folder=folders.unfinished, work=work, **here,
        ).execute(of["publish"])  # fmt: skip
        Archive(
            task_id="archive", conn_id="hotwax_sftp", archive=f"{inbox}/archive", error=f"{inbox}/error", work=work,
            **here,
        ).execute(context("archive", run, dag_id=FLOW, **asked))  # fmt: skip
        return dict(work)

    def offer(self) -> None:
        """HotWax writes what NetSuite does not have yet."""
        self.shop.feed_customers()
        self.shop.feed_created_orders()

    def netsuite_works(self) -> None:
        """NetSuite's scripts run, and HotWax imports what they gave back."""
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
