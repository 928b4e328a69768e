"""The steps of Retail Pro invoicing one by one, as Airflow calls them, with a real ledger and the sandbox's servers."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import yaml

from order_sync.flow import SLIPS_FLOW
from order_sync.ledger import Ledger, Record, open_ledger
from order_sync.operators.archive import Archive
from order_sync.operators.collect import Collect
from order_sync.operators.deliver import ORDER_TO_INVOICE, Deliver
from order_sync.operators.manual_slips import ManualSlips
from order_sync.operators.publish import Publish
from order_sync.operators.report import FailureReportMail
from order_sync.operators.transform import TransformInvoices
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import RetailProInvoicing, load
from sandbox.hotwax.completed_orders import CompletedOrders, write_feed
from sandbox.retailpro import RetailProSettings
from sandbox.world import World
from tests.support.step_lab import context

FLOW, RETAILER = "retailpro_invoicing", "default"
HERE = {"flow": FLOW, "retailer": RETAILER}
AT = datetime(2026, 9, 1, 6, 0, tzinfo=UTC)

#: The sandbox's settings, at the pace of a test.
PACE = {
    "retailpro_invoicing": {
        "arrival": {"stable_seconds": 0.02, "poke_seconds": 0.1},
        "api": {
            "connect_seconds": 1,
            "read_seconds": 1,
            "lease_margin_seconds": 0.3,
            "settle_seconds": 0.1,
            "resolve_doubt": "look_up",
            "accepted": {"statuses": [201], "path": "Success", "equals": ["true"]},
            "same": {"TotalAmt": "TotalAmt"},
            "look_up": {
                "invoice_path": "/api/v1/Document/Ordertoinvoice?OrderNo={OrderNo}",
                "slip_path": "/api/v1/Transfer/Slip?SlipNo={SlipNo}",
                "documents_path": "Documents",
            },
        },
    }
}


class InvoiceLab:
    """Partners, a ledger and a staging store; the steps with the settings of the sandbox.

    :param template: an empty ledger to copy.
    :param changes: laid over the settings, as in a retailer's file.
    """

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        retailpro: RetailProSettings | None = None,
        changes: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder = folder
        self.world = World(folder / "partners", polling=False, retailpro=retailpro)
        self.shop = CompletedOrders(7)
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        shutil.copyfile(template, folder / "ledger.sqlite")
        self.book: Ledger = open_ledger(self.url)
        self._environment = monkeypatch
        self._files = 0
        monkeypatch.setenv("ORDER_SYNC_STAGING", f"file://{folder / 'staging'}")
        monkeypatch.delenv("ORDER_SYNC_INCLUDE", raising=False)
        self.settle(changes or {})
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

    def settle(self, changes: Mapping[str, Any]) -> None:
        """Change the retailer's settings of the flow; ``api`` is laid over the test's own."""
        api = {**PACE["retailpro_invoicing"]["api"], **changes.get("api", {})}
        flow = {**PACE["retailpro_invoicing"], **changes, "api": api}
        overlay = self.folder / "overlay.yaml"
        overlay.write_text(yaml.safe_dump({"retailpro_invoicing": flow}), encoding="utf-8")
        self._environment.setenv("ORDER_SYNC_OVERLAY", str(overlay))

    @property
    def settings(self) -> RetailProInvoicing:
        """The settings as the steps see them."""
        return load(RETAILER).retailpro_invoicing

    def drop(self, orders: Iterable[Mapping[str, Any]], layout: str = "array") -> Path:
        """Let HotWax write a feed of completed orders."""
        self._files += 1
        at = AT.replace(second=self._files % 60, minute=self._files // 60)
        return write_feed(self.world.completed_orders_folder, orders, at, layout)

    def order(self, number: int, kind: str = "single", **changes: Any) -> dict[str, Any]:
        """An order of the sandbox's shop."""
        return self.shop.order(number, kind, **changes)

    # The steps.

    def collect(self, *, run: str = "one", **asked: Any) -> dict[str, Any]:
        """Wait and collect."""
        folders = self.settings.folders
        wait = WaitForFiles(
            task_id="wait_for_orders", conn_id="hotwax_sftp", folder=folders.inbox, arrival=self.settings.arrival,
            **HERE,
        )  # fmt: skip
        found = wait.poke(self._context("wait_for_orders", run, **asked)).xcom_value
        step = Collect(
            task_id="collect", conn_id="hotwax_sftp", files=found, limits=self.settings.limits,
            other_flows=[SLIPS_FLOW], **HERE,
        )  # fmt: skip
        return dict(step.execute(self._context("collect", run, **asked)))

    def transform(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Transform the batches."""
        step = TransformInvoices(task_id="transform", work=work, **HERE)
        return step.execute(self._context("transform", run, **asked))

    def publish(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Publish the files of bodies."""
        step = Publish(
            task_id="publish", conn_id="retailpro_sftp", folders={ORDER_TO_INVOICE: self.settings.folders.invoices},
            repeatable=[ORDER_TO_INVOICE], work=work, **HERE,
        )  # fmt: skip
        return step.execute(self._context("publish", run, **asked))

    def deliver(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Send the invoices."""
        step = Deliver(task_id="deliver", conn_id="retailpro_api", sftp_conn_id="retailpro_sftp", work=work, **HERE)
        return step.execute(self._context("deliver", run, **asked))

    def slips(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Send the manual slips."""
        step = ManualSlips(
            task_id="manual_slips", conn_id="retailpro_api", sftp_conn_id="retailpro_sftp", work=work, **HERE
        )
        return step.execute(self._context("manual_slips", run, **asked))

    def archive(self, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Move the sources."""
        folders = self.settings.folders
        step = Archive(
            task_id="archive", conn_id="hotwax_sftp", archive=folders.archive, error=folders.error, work=work, **HERE
        )
        return step.execute(self._context("archive", run, **asked))

    def report(self, *, run: str = "one", states: Mapping[str, str] | None = None, **asked: Any) -> str:
        """Report on the run; the mail's Message-ID."""
        step = FailureReportMail(
            task_id="report", conn_id="smtp_default", recipients=["ops@example.com"], title="Retail Pro invoicing",
            other_flows=[SLIPS_FLOW], remind_hours=24, **HERE,
        )  # fmt: skip
        return str(step.execute(self._context("report", run, states=states, **asked)))

    def prepared(self, orders: Iterable[Mapping[str, Any]], *, run: str = "one") -> dict[str, Any]:
        """Orders up to the published file; what was collected."""
        self.drop(orders)
        work = self.collect(run=run)
        self.transform(work, run=run)
        self.publish(work, run=run)
        return work

    def through(self, orders: Iterable[Mapping[str, Any]], *, run: str = "one") -> dict[str, Any]:
        """Orders all the way; what was collected."""
        work = self.prepared(orders, run=run)
        self.deliver(work, run=run)
        self.slips(work, run=run)
        self.archive(work, run=run)
        return work

    # What has come of it.

    def record(self, number: int | str, flow: str = FLOW) -> Record:
        """The latest version of an order, or of a slip."""
        key = f"{number:08d}" if isinstance(number, int) else number
        return self.book.records_by_order(flow, RETAILER, [key])[-1]

    def states(self, work: Mapping[str, Any]) -> Counter[str]:
        """States of the orders of the batches."""
        return Counter({state.value: count for state, count in self.book.states_of(work["batches"]).items()})

    def posts(self, number: int) -> int:
        """How often an invoice was posted to Retail Pro."""
        return self.world.retailpro.database.posts(f"{number:08d}")

    def _context(self, task_id: str, run: str, **rest: Any) -> Any:
        return context(task_id, run, dag_id=FLOW, **rest)
