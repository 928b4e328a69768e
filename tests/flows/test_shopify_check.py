"""The check of Shopify's orders, through Airflow."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import yaml

from sandbox.shopify import Shopify, ShopifySettings
from tests.support.airflow_lab import AirflowLab, text_of

CHECK = "shopify_order_check"
_STEPS = ("check", "import_missing", "report", "finished")


@contextmanager
def shop_of(lab: AirflowLab) -> Iterator[Shopify]:
    settings = ShopifySettings(restore_rate=1e6, maximum_available=1e6)
    with Shopify(lab.home / "shop.sqlite", settings=settings) as shop:
        token = shop.credentials.static_token
        connection = {"conn_type": "http", "host": shop.url, "extra": {"token": token}}
        connections = {**lab.connections(), "shopify_api": connection}
        lab.connections_path.write_text(yaml.safe_dump(connections))
        yield shop


def test_what_agrees_is_green_and_silent(lab: AirflowLab) -> None:
    with shop_of(lab):
        run = lab.run(CHECK)
        assert run.state == "success", run.log[-3000:]
        assert run.tasks == dict.fromkeys(_STEPS, "success")
        assert lab.mails == []


def test_missing_order_is_mailed_and_its_import_started(lab: AirflowLab) -> None:
    with shop_of(lab) as shop:
        order = shop.place("web", at=datetime.now(UTC).replace(hour=12) - timedelta(days=1))
        number = order.rpartition("/")[2]
        run = lab.run(CHECK)
        assert run.state == "success", run.log[-3000:]
        assert run.tasks == dict.fromkeys(_STEPS, "success")
        (mail,) = lab.mails
        assert f"/orders/{number}" in text_of(mail)
        with sqlite3.connect(lab.home / "airflow.db") as database:
            query = "SELECT run_id, conf FROM dag_run WHERE dag_id = 'shopify_order_import'"
            ((run_id, conf),) = database.execute(query).fetchall()
        assert run_id.startswith("missing__")
        assert json.loads(conf) == {"order_ids": [number]}


def test_check_without_hotwax_is_red_and_claims_nothing(lab: AirflowLab) -> None:
    with shop_of(lab) as shop:
        shop.place("web", at=datetime.now(UTC).replace(hour=12) - timedelta(days=1))
        lab.world.hotwax.api.server.stop()
        run = lab.run(CHECK)
        assert run.state == "failed"
        assert run.tasks == {
            "check": "failed", "import_missing": "upstream_failed", "report": "success", "finished": "upstream_failed",
        }  # fmt: skip
        (mail,) = lab.mails
        assert "1 step failed" in text_of(mail)
        assert "not in HotWax" not in text_of(mail)
