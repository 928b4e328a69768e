"""The steps of the Shopify flow one by one: a real ledger, the sandbox's shop and HotWax, time as the test wants it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
import yaml

from order_sync.flow import SHOPIFY_ORDERS
from order_sync.ledger import Batch, Ledger, Record, open_ledger
from order_sync.operators.close import CloseBatches
from order_sync.operators.confirm import ConfirmImport
from order_sync.operators.shopify_delivery import TransformShopifyOrders, delivery
from order_sync.operators.shopify_fetch import FetchShopifyOrders
from order_sync.settings import ShopifyOrderImport, load
from sandbox.hotwax.settings import SHOPIFY_FOLDERS
from sandbox.shopify import Shopify, ShopifySettings
from sandbox.world import World
from tests.support.step_lab import QUARTER, context

FLOW, RETAILER = SHOPIFY_ORDERS, "default"
START = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
_HERE = {"flow": FLOW, "retailer": RETAILER}


class ShopifyLab:
    """Partners, a ledger and a staging store; HotWax imports, and time passes, when told to.

    :param template: an empty ledger to copy.
    :param shop: settings of the shop.
    :param settings: what differs from the retailer's settings of the flow.
    """

    now: datetime = START

    def __init__(
        self,
        folder: Path,
        template: Path,
        monkeypatch: pytest.MonkeyPatch,
        *,
        shop: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.world = World(folder / "partners", polling=False)
        self.hotwax = self.world.hotwax
        free = {"restore_rate": 1e6, "maximum_available": 1e6, **(shop or {})}
        self.shop = Shopify(folder / "shop.sqlite", settings=ShopifySettings(**free), clock=lambda: self.now)
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        shutil.copyfile(template, folder / "ledger.sqlite")
        self.book: Ledger = open_ledger(self.url)
        self._environment = monkeypatch
        api = {"bulk_poll_seconds": 0.02, "tries": 3, "connect_seconds": 2, "read_seconds": 5, "page_orders": 20}
        overlay = folder / "overlay.yaml"
        own = {**settings, "api": {**api, **settings.get("api", {})}}
        overlay.write_text(yaml.safe_dump({FLOW: own}), encoding="utf-8")
        monkeypatch.setenv("ORDER_SYNC_OVERLAY", str(overlay))
        monkeypatch.setenv("ORDER_SYNC_STAGING", f"file://{folder / 'staging'}")
        monkeypatch.delenv("ORDER_SYNC_INCLUDE", raising=False)
        monkeypatch.setattr("order_sync.flow.now", lambda: self.now)
        monkeypatch.setattr("order_sync.partners.shopify_http._FIRST_PAUSE_SECONDS", 0.01)
        self.connect("order_sync_ledger", {"conn_type": "sqlite", "host": str(folder / "ledger.sqlite")})

    def __enter__(self) -> Self:
        self.world.start()
        for place in SHOPIFY_FOLDERS.values():
            (self.world.sftp.root / place).mkdir(parents=True, exist_ok=True)
        self.shop.start()
        for name, connection in self.world.connections().items():
            self.connect(name, connection)
        keys = self.shop.credentials
        self.connect("shopify_api", {"conn_type": "http", "host": self.shop.url, "extra": {"token": keys.static_token}})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.book.close()
        self.shop.stop()
        self.world.stop()

    def connect(self, name: str, connection: Mapping[str, Any]) -> None:
        """Set an Airflow connection."""
        self._environment.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))

    @property
    def settings(self) -> ShopifyOrderImport:
        """The settings as the steps see them."""
        return load(RETAILER).shopify_order_import

    def wait(self, minutes: float) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)

    def context(self, task_id: str, run: str, **asked: Any) -> Any:
        """A task's context: a run of this very moment, unless a window is given."""
        return context(task_id, run, dag_id=FLOW, **{"window": self.now - QUARTER, **asked})

    def fetch(self, run: str, **asked: Any) -> dict[str, Any]:
        """Fetch; what was collected."""
        step = FetchShopifyOrders(task_id="fetch", conn_id="shopify_api", **_HERE)
        return dict(step.execute(self.context("fetch", run, **asked)))

    def transform(self, run: str, work: Mapping[str, Any], **asked: Any) -> list[dict[str, Any]]:
        """Transform."""
        step = TransformShopifyOrders(task_id="transform", work=work, **_HERE)
        return list(step.execute(self.context("transform", run, **asked)))

    def publish(self, run: str, work: Mapping[str, Any], **asked: Any) -> list[str]:
        """Publish by SFTP, or upload."""
        retailer = load(RETAILER)
        step = delivery(retailer.shopify_order_import, retailer.connections, task_id="publish", work=work, **_HERE)
        return list(step.execute(self.context("publish", run, **asked)))

    def confirm(self, run: str, work: Mapping[str, Any], **asked: Any) -> bool:
        """One look into HotWax's log; whether everything is settled."""
        step = ConfirmImport(
            task_id="confirm", conn_id="hotwax_api", configs=dict(self.settings.configs), work=work, poke_seconds=1,
            wait_seconds=60, link=self.settings.orders.admin_url, **_HERE,
        )  # fmt: skip
        return bool(step.poke(self.context("confirm", run, **asked)))

    def close(self, run: str, work: Mapping[str, Any], **asked: Any) -> None:
        """Close the batches."""
        CloseBatches(task_id="close", work=work, **_HERE).execute(self.context("close", run, **asked))

    def batches_of(self, run: str) -> list[Batch]:
        """The batches that a run made."""
        return self.book.batches_of_run(FLOW, run, FLOW)

    def run(self, name: str, **asked: Any) -> dict[str, Any]:
        """One run of the DAG, with HotWax importing in between; what was collected."""
        work = self.fetch(name, **asked)
        self.transform(name, work, **asked)
        self.publish(name, work, **asked)
        self.hotwax.importer.import_now()
        assert self.confirm(name, work, **asked)
        self.close(name, work, **asked)
        return work

    def record(self, key: str) -> Record:
        """The latest version of an order."""
        return self.book.records_by_order(FLOW, RETAILER, [number(key)])[-1]

    def states(self, *keys: str) -> Counter[str]:
        """Where the latest versions of orders stand."""
        return Counter(self.record(key).state.value for key in keys)

    def arrived(self) -> Counter[tuple[str, str]]:
        """What reached HotWax: Shopify ids with the moment of the version's last change, and how often."""
        return Counter((one.shopify_id, one.updated_at) for one in self.hotwax.shopify.arrivals())

    def truth(self) -> set[tuple[str, str]]:
        """Every order of the shop as it stands, with the moment of its last change."""
        rows = self.shop.database.rows("SELECT num, updated_at FROM orders WHERE deleted_at IS NULL")
        return {
            (str(row["num"]), f"{datetime.fromtimestamp(row['updated_at'], UTC):%Y-%m-%dT%H:%M:%SZ}") for row in rows
        }


class PastShopifyLab(ShopifyLab):
    """Its time is long gone for whoever looks at a real clock, as steps in processes of their own do."""

    now = datetime(2026, 1, 12, 12, 0, tzinfo=UTC)


def number(gid: str) -> str:
    """The number of an order by its global id."""
    return gid.rpartition("/")[2]
