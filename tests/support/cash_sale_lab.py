"""The steps of the flow of cash sales one by one, beside those of the created orders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import NETSUITE_CASH_SALES
from order_sync.ledger import Record
from order_sync.operators.archive import Archive
from order_sync.operators.netsuite_answers import TakeAnswers
from order_sync.operators.netsuite_cash_sales import (
    CASH_SALES,
    CollectCashSales,
    TransformCashSales,
    cash_sales_replies,
)
from order_sync.operators.netsuite_history import LoadHistory
from order_sync.operators.publish import Publish
from order_sync.operators.wait import WaitForFiles
from order_sync.settings import NetSuiteCashSalesFlow, load
from sandbox.hotwax.created_orders import Order
from sandbox.hotwax.pos_orders import PosOrders, write_pos_orders
from sandbox.netsuite import NetSuiteSettings
from tests.support.netsuite_lab import RETAILER, NetSuiteLab
from tests.support.step_lab import context

HISTORY = "netsuite_historical_customers"


class CashSaleLab(NetSuiteLab):
    """A NetSuite laboratory with tills.

    :param template: an empty ledger to copy.
    :param sales: settings of the rows of cash sales.
    """

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        netsuite: NetSuiteSettings | None = None,
        sales: Mapping[str, Any] | None = None,
        **rows: Any,
    ) -> None:
        super().__init__(folder, template, monkeypatch, netsuite=netsuite, **rows)
        self.overlay = folder / "overlay.yaml"
        content = yaml.safe_load(self.overlay.read_text(encoding="utf-8"))
        arrival = {"stable_seconds": 0.02, "poke_seconds": 0.1}
        content[NETSUITE_CASH_SALES] = {"arrival": arrival, "rows": dict(sales or {})}
        self.overlay.write_text(yaml.safe_dump(content), encoding="utf-8")
        self.tills = PosOrders(1)

    @property
    def sales(self) -> NetSuiteCashSalesFlow:
        """The settings as the steps see them."""
        return load(RETAILER).netsuite_cash_sales

    def drop(self, *orders: Order) -> Path:
        """Put completed orders of tills into the inbox."""
        return write_pos_orders(self.shop.completed_pos_orders_folder, orders, datetime.now(UTC))

    def known_customers(self, numbers: Iterable[int]) -> None:
        """NetSuite has the customers of these orders, under the internal ids that HotWax knows."""
        for number in numbers:
            customer = self.tills.customer(number)
            ids = {one["partyIdentificationTypeId"]: one["idValue"] for one in customer["partyIdentifications"]}
            made = self.netsuite.add_customer(str(customer["partyId"]), str(ids["SHOPIFY_CUST_ID"]))
            self.netsuite.database.execute(
                "UPDATE customers SET internal_id = ? WHERE internal_id = ?", ids["NETSUITE_CUSTOMER_ID"], made
            )

    def sell(self, run: str = "one", **asked: Any) -> None:
        """One run of the flow of cash sales, step by step."""
        self.sale_answers(run, **asked)
        work = self.collect_sales(run, **asked)
        self.transform_sales(work, run, **asked)
        self.publish_sales(work, run, **asked)
        self.archive_sales(work, run, **asked)

    def sale_answers(self, run: str, **asked: Any) -> dict[str, int]:
        """Take in NetSuite's answers to cash sales."""
        step = TakeAnswers(
            task_id="take_answers", conn_id="netsuite_sftp", answers=cash_sales_replies(load(RETAILER)),
            temp_folder=self.sales.folders.unfinished, deadline_hours=self.sales.deadline_hours, **_here(),
        )  # fmt: skip
        return dict(step.execute(_of("take_answers", run, asked)))

    def collect_sales(self, run: str = "one", **asked: Any) -> dict[str, Any]:
        """Find and collect completed orders of tills."""
        settings = self.sales
        inbox = {"folder": settings.folders.inbox, "arrival": settings.arrival}
        find = WaitForFiles(task_id="find", conn_id="hotwax_sftp", optional=True, **inbox, **_here())
        files = find.poke(_of("find", run, asked)).xcom_value
        step = CollectCashSales(
            task_id="collect", conn_id="hotwax_sftp", files=files, limits=settings.limits, **_here()
        )
        return dict(step.execute(_of("collect", run, asked)))

    def transform_sales(self, work: Mapping[str, Any], run: str = "one", **asked: Any) -> None:
        """Turn the batches into rows."""
        TransformCashSales(task_id="transform", work=work, **_here()).execute(_of("transform", run, asked))

    def publish_sales(self, work: Mapping[str, Any], run: str = "one", **asked: Any) -> list[str]:
        """Put the files where NetSuite takes them; their paths."""
        folders = self.sales.folders
        step = Publish(
            task_id="publish", conn_id="netsuite_sftp", folders={CASH_SALES: folders.export}, repeatable=[CASH_SALES],
            temp_folder=folders.unfinished, work=work, **_here(),
        )  # fmt: skip
        return list(step.execute(_of("publish", run, asked)))

    def archive_sales(self, work: Mapping[str, Any], run: str = "one", **asked: Any) -> None:
        """Move the sources."""
        inbox = self.sales.folders.inbox
        ends = {"archive": f"{inbox}/archive", "error": f"{inbox}/error"}
        Archive(task_id="archive", conn_id="hotwax_sftp", work=work, **ends, **_here()).execute(
            _of("archive", run, asked)
        )

    def load_history(self, run: str = "history", **asked: Any) -> dict[str, int]:
        """Take in the customers that NetSuite had before."""
        history = load(RETAILER).netsuite_created_orders.historical_customers
        here = {"flow": HISTORY, "retailer": RETAILER}
        step = LoadHistory(task_id="load_customers", conn_id="netsuite_sftp", history=history, **here)
        return dict(step.execute(context("load_customers", run, dag_id=HISTORY, **asked)))

    def sale(self, key: str) -> Record:
        """The latest version of a cash sale."""
        return self.record(key, NETSUITE_CASH_SALES)

    def fates(self, *keys: str) -> list[tuple[str, str]]:
        """State and cause of every version of some orders in the flow of cash sales."""
        records = self.book.records_by_order(NETSUITE_CASH_SALES, RETAILER, list(keys))
        return [(record.state.value, record.reason) for record in records]


def _here() -> dict[str, Any]:
    return {"flow": NETSUITE_CASH_SALES, "retailer": RETAILER}


def _of(task: str, run: str, asked: Mapping[str, Any]) -> Any:
    return context(task, run, dag_id=NETSUITE_CASH_SALES, **asked)
