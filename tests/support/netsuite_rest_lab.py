"""The steps of the flow to NetSuite with REST as the transport, at the pace of a test."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import NETSUITE_DEPOSITS
from order_sync.operators.netsuite_deposits import DEPOSITS
from order_sync.operators.netsuite_files import STAGES
from order_sync.operators.netsuite_rest import sender
from order_sync.settings import load
from sandbox.netsuite import NetSuiteSettings
from tests.support.netsuite_lab import FLOW, RETAILER, NetSuiteLab
from tests.support.step_lab import context

PACE = {
    "connect_seconds": 2,
    "read_seconds": 1,
    "lease_margin_seconds": 0.5,
    "settle_seconds": 0.1,
    "patience_seconds": 20,
}


class RestLab(NetSuiteLab):
    """A :class:`NetSuiteLab` whose customers, orders and deposits go by REST.

    :param rest: changes of ``netsuite_rest``.
    """

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        netsuite: NetSuiteSettings | None = None,
        rest: Mapping[str, Any] | None = None,
        **rows: Any,
    ) -> None:
        super().__init__(folder, template, monkeypatch, netsuite=netsuite, **rows)
        self._overlay = folder / "overlay.yaml"
        content = yaml.safe_load(self._overlay.read_text(encoding="utf-8"))
        content["netsuite_rest"] = {**PACE, **(rest or {})}
        self._write(content)
        self.go_by("rest")

    def go_by(self, transport: str) -> None:
        """Change the transport."""
        self.change(FLOW, transport=transport)

    def change(self, section: str, **values: Any) -> None:
        """Change settings."""
        content = yaml.safe_load(self._overlay.read_text(encoding="utf-8"))
        content[section].update(values)
        self._write(content)

    def send_customers(self, run: str) -> None:
        """All that a run does with customers."""
        self.send(STAGES[0], run)

    def _write(self, content: Mapping[str, Any]) -> None:
        self._overlay.write_text(yaml.safe_dump(dict(content)), encoding="utf-8")

    def publish(self, name: str, work: Mapping[str, Any], *, run: str = "one", **asked: Any) -> Any:
        """Send what a stage has, as the DAG's step does."""
        stage, folders = next(one for one in STAGES if one.name == name), self.settings.folders
        step = sender(
            f"publish_{name}", stage.target, self.settings.transport, load(RETAILER), folder=folders.export[name],
            temp_folder=folders.unfinished, work=work, flow=stage.flow, retailer=RETAILER,
        )  # fmt: skip
        return step.execute(context(step.task_id, run, dag_id=FLOW, **asked))

    def publish_deposits(self, work: Mapping[str, Any], run: str, **asked: Any) -> Any:
        """Send the deposits, as the DAG's step does."""
        folders = self.settings.folders
        step = sender(
            "publish_deposits", DEPOSITS, self.settings.transport, load(RETAILER), folder=folders.export["deposits"],
            temp_folder=folders.unfinished, work=work, flow=NETSUITE_DEPOSITS, retailer=RETAILER,
        )  # fmt: skip
        return step.execute(context(step.task_id, run, dag_id=FLOW, **asked))

    def everything(self) -> list[str]:
        """The ledger, line by line."""
        with sqlite3.connect(self._overlay.with_name("ledger.sqlite")) as connection:
            return list(connection.iterdump())

    def puts(self, key: str) -> list[dict[str, Any]]:
        """The PUTs of one external id that NetSuite met, oldest first."""
        query = "SELECT * FROM rest_calls WHERE external_id = ? AND method = 'PUT' ORDER BY rowid"
        return self.netsuite.database.rows(query, key)
