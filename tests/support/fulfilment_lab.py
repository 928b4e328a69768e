"""The flow of allocation and fulfilment step by step, after orders have reached NetSuite."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import HOTWAX_FULFILMENTS, HOTWAX_REJECTIONS
from order_sync.ledger import Record
from order_sync.operators.archive import Archive
from order_sync.operators.hotwax_imports import TakeItemAnswers
from order_sync.operators.netsuite_fulfilment import FLOWS, STAGES, ItemStage, fulfilment_replies
from order_sync.operators.publish import Publish
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import NetSuiteFulfilment, load
from sandbox.netsuite import NetSuiteSettings
from tests.support.netsuite_lab import RETAILER, NetSuiteLab
from tests.support.step_lab import context

FULFILMENT = "netsuite_fulfilment"
#: External ids of facilities: NetSuite fulfils the first, HotWax the others.
THERE, HERE, ELSEWHERE = "41", "42", "43"

#: Orders that NetSuite has when a test begins.
KINDS = {**dict.fromkeys((*range(1, 5), 6, 7, *range(9, 30)), "web"), 3: "item_discount", 4: "cancelled_line"}


class FulfilmentLab(NetSuiteLab):
    """As :class:`NetSuiteLab`, with HotWax's brokering and its imports of what NetSuite shipped and rejected."""

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        netsuite: NetSuiteSettings | None = None,
        **settings: Any,
    ) -> None:
        rows = {"generation": settings["generation"]} if "generation" in settings else {}
        super().__init__(folder, template, monkeypatch, netsuite=netsuite, **rows)
        self._overlay = folder / "overlay.yaml"
        self.configure(**settings)
        self.brokering, self.items = self.world.brokering, self.world.netsuite_items
        self.brokering.netsuite_stores = frozenset({THERE})

    def configure(self, **settings: Any) -> None:
        """Change settings of the flow."""
        content = yaml.safe_load(self._overlay.read_text(encoding="utf-8"))
        arrival = {"stable_seconds": 0.02, "poke_seconds": 0.1}
        content[FULFILMENT] = {"arrival": arrival, **content.get(FULFILMENT, {}), **settings}
        self._overlay.write_text(yaml.safe_dump(content), encoding="utf-8")

    @property
    def item_settings(self) -> NetSuiteFulfilment:
        return load(RETAILER).netsuite_fulfilment

    def sell(self, orders: Mapping[int, str]) -> None:
        """Orders by number and kind that NetSuite has, with ids that this side knows; HotWax does not know them yet."""
        for number, kind in orders.items():
            self.shop.place(number, kind)
        self.offer()
        self.run("sell one")
        self.netsuite_works()
        self.run("sell two")
        self.netsuite_works()
        self.answers("sell three")

    def items_of(self, number: int) -> list[str]:
        return [item["orderItemSeqId"] for item in self.shop.order(number)["orderItems"]]

    def go(self, run: str, **asked: Any) -> None:
        """One run of the DAG, step by step."""
        self.take(run, **asked)
        for stage in STAGES:
            self.stage(stage, run, **asked)

    def take(self, run: str, **asked: Any) -> dict[str, int]:
        """Take in what was refused, and what HotWax imported."""
        settings = self.item_settings
        step = TakeItemAnswers(
            task_id="take_answers", conn_id="netsuite_sftp", answers=fulfilment_replies(settings),
            temp_folder=settings.folders.unfinished, deadline_hours=settings.deadline_hours, api="hotwax_api",
            imports={
                HOTWAX_FULFILMENTS: settings.imports["fulfilments"], HOTWAX_REJECTIONS: settings.imports["rejections"]
            },
            flow=FULFILMENT, retailer=RETAILER,
        )  # fmt: skip
        return dict(step.execute(context("take_answers", run, dag_id=FULFILMENT, **asked)))

    def stage(self, stage: ItemStage, run: str, *, publish: bool = True, **asked: Any) -> dict[str, Any]:
        """Find, collect, transform, publish and archive the files of one kind; what was collected."""
        here, settings = {"flow": stage.flow, "retailer": RETAILER}, self.item_settings
        (inbox, *more), source = settings.inboxes[stage.name], self._partner(not stage.to_netsuite)
        steps = ("find", "collect", "transform", "publish", "archive")
        of = {name: context(f"{name}_{stage.name}", run, dag_id=FULFILMENT, **asked) for name in steps}
        find = WaitForFiles(
            task_id="find", conn_id=source, folder=inbox, more_folders=more, arrival=settings.arrival, optional=True,
            **here,
        )  # fmt: skip
        collect = stage.collect(
            task_id="collect", conn_id=source, files=find.poke(of["find"]).xcom_value, limits=settings.limits,
            other_flows=[one for one in FLOWS if one != stage.flow], **here,
        )  # fmt: skip
        work = collect.execute(of["collect"])
        stage.transform(task_id="transform", work=work, **here).execute(of["transform"])
        if publish:
            Publish(
                task_id="publish", conn_id=self._partner(stage.to_netsuite), repeatable=[], work=work,
                folders={stage.target: settings.exports[stage.name]},
                temp_folder=settings.folders.unfinished if stage.to_netsuite else "", **here,
            ).execute(of["publish"])  # fmt: skip
            Archive(
                task_id="archive", conn_id=source, archive="{folder}/archive", error="{folder}/error", work=work, **here
            ).execute(of["archive"])
        return dict(work)

    @staticmethod
    def _partner(netsuite: bool) -> str:
        return "netsuite_sftp" if netsuite else "hotwax_sftp"

    def line(self, order: str, item: str) -> dict[str, Any]:
        """A line as NetSuite has it."""
        found = self.netsuite.database.order(order)
        assert found is not None
        return next(line for line in found["lines"] if line["hc_order_line_id"] == item)

    def shipments(self, order: str) -> list[tuple[str, str, str]]:
        """Line, location and quantity of what NetSuite has as shipped by HotWax."""
        found = self.netsuite.database.order(order)
        assert found is not None
        lines = {line["line_id"]: line["hc_order_line_id"] for line in found["lines"]}
        made = [one for one in found["fulfilments"] if one["made_by"] == "hotwax"]
        return sorted((lines[one["line_id"]], one["location"], one["quantity"]) for one in made)

    def sent(self, folder: str, label: str) -> list[list[str]]:
        """Rows, with headers, of the files that were sent to NetSuite, the oldest first."""
        place = self.netsuite.folder(folder)
        paths = [*place.glob(f"*_{label}_*.csv"), *place.glob(f"archive/*_{label}_*.csv")]
        return [row for path in sorted(paths, key=lambda path: path.name) for row in csv.reader(path.open(newline=""))]

    def sent_json(self) -> list[Any]:
        """Elements of the older files of what was shipped."""
        place = self.netsuite.folder("fulfilledsalesorder/export")
        paths = [*place.glob("*.json"), *place.glob("archive/*.json")]
        return [one for path in sorted(paths) for one in json.loads(path.read_bytes())]

    def drop(self, folder: str, name: str, text: str) -> None:
        """Put a file of NetSuite's into one of its folders."""
        (self.netsuite.folder(folder) / name).write_text(text, encoding="utf-8")

    def item(self, key: str, flow: str) -> Record:
        """The latest version of an item."""
        return self.book.records_by_order(flow, RETAILER, [key])[-1]

    def versions(self, key: str, flow: str) -> list[str]:
        """States of all versions of an item."""
        return [record.state.value for record in self.book.records_by_order(flow, RETAILER, [key])]


#: Opens a laboratory with settings of its own.
Open = Callable[..., FulfilmentLab]


def of_several_pieces(lab: FulfilmentLab) -> int:
    """Number of an order whose first line has more than one piece."""
    numbers = (number for number, kind in KINDS.items() if kind == "web")
    return next(number for number in numbers if lab.shop.order(number)["orderItems"][0]["orderItemQuantity"] > 1)
