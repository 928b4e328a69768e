"""The check of Shopify's orders, step by step: what was found, what a mail says of it, what a person does about it."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml

from order_sync.flow import SHOPIFY_FINDINGS
from order_sync.operators.shopify_check import CheckShopifyOrders
from order_sync.operators.shopify_check_report import CheckMail
from tests.support.airflow_lab import text_of
from tests.support.shopify_lab import RETAILER, ShopifyLab, number
from tests.support.step_lab import QUARTER, context

CHECK = "shopify_order_check"
_HERE = {"flow": CHECK, "retailer": RETAILER}
_DAY = 24 * 60


class CheckLab(ShopifyLab):
    """The laboratory of the import, with the check.

    :param check: what differs from the settings of the check.
    """

    def __init__(self, folder: Path, template: Path, monkeypatch: pytest.MonkeyPatch, **check: Any) -> None:
        super().__init__(folder, template, monkeypatch)
        self._overlay = folder / "overlay.yaml"
        self.set(**check)

    def set(self, **check: Any) -> None:
        """Change settings of the check."""
        content = yaml.safe_load(self._overlay.read_text(encoding="utf-8"))
        content.setdefault(CHECK, {}).update(check)
        self._overlay.write_text(yaml.safe_dump(content), encoding="utf-8")

    def placed(self, *kinds: str) -> list[str]:
        """Orders that are placed now and imported soon, by Shopify's global ids; then it is the next day."""
        orders = [self.shop.place(kind) for kind in kinds]
        self.wait(10)
        self.run(f"import {self.now.isoformat()}")
        self.wait(_DAY)
        return orders

    def till_order(self) -> str:
        """An order of a till that is handed over later."""
        order = self.shop.place("send_sale")
        self.shop.change(order, lambda document, _at: document.update(shippingLines=[]))
        return order

    def check(self, run: str = "check", **asked: Any) -> list[str]:
        """Check; Shopify's numbers of the orders to import."""
        step = CheckShopifyOrders(task_id="check", shop="shopify_api", hotwax="hotwax_api", **_HERE)
        return list(step.execute(self._of_check("check", run, **asked))["missing"])

    def found(self) -> set[str]:
        """Open findings: kind and subject."""
        return {row.task_id for row in self.book.open_findings(SHOPIFY_FINDINGS, RETAILER)}

    def words(self) -> str:
        """What the only open finding says."""
        (row,) = self.book.open_findings(SHOPIFY_FINDINGS, RETAILER)
        return row.message

    def mail(self, run: str = "check", **asked: Any) -> str:
        """Report; what the mail says, blank when there is none."""
        before = len(self.world.mailbox.messages)
        step = CheckMail(
            task_id="report", conn_id="smtp_default", recipients=["ops@example.com"], remind_hours=24,
            title="Shopify order check", **_HERE,
        )  # fmt: skip
        step.execute(self._of_check("report", run, **asked))
        new = self.messages[before:]
        return text_of(new[0]) if new else ""

    @property
    def messages(self) -> list[EmailMessage]:
        """Mails that arrived."""
        return self.world.mailbox.messages

    def refresh(self, order: str) -> str:
        """A person presses the button in HotWax; the id of the new version."""
        return self.hotwax.shopify.refresh(number(order), self.shop.rest_order(order))

    def hotwax_id(self, order: str) -> str:
        """HotWax's id of an order's present version."""
        found = self.hotwax.shopify.order(number(order))
        assert found is not None
        return str(found["order_id"])

    def lose(self, order: str) -> None:
        """HotWax loses an order that it has confirmed."""
        with self.hotwax.database.transaction() as connection:
            connection.execute("DELETE FROM shopify_orders WHERE shopify_id = ?", (number(order),))

    def next_day(self) -> None:
        """It is the same time tomorrow."""
        self.now += timedelta(days=1)

    def _of_check(self, task_id: str, run: str, **asked: Any) -> Any:
        return context(task_id, run, dag_id=CHECK, **{"window": self.now - QUARTER, **asked})
