"""What a person types after ``source ./env.sh``: ``airflow dags test`` and ``python -m order_sync``, as processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import DAG, ROOT, AirflowLab, text_of
from tests.support.live_airflow import AIRFLOW, project_environment
from tests.support.truth import Truth

SHOP = Shop(seed=57)


class Shell:
    """A shell in the project's folder, with the partners and the ledger of a laboratory."""

    def __init__(self, lab: AirflowLab, home: Path) -> None:
        self.environment = project_environment(lab, home, lab.home / "overlay.yaml")

    def airflow(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``airflow ...``"""
        return self._run(*AIRFLOW, *arguments)

    def order_sync(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """``python -m order_sync ...``"""
        return self._run(sys.executable, "-m", "order_sync", *arguments, **environment)

    def _run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=ROOT, env={**self.environment, **environment}, capture_output=True, text=True, check=False,
            timeout=120,
        )  # fmt: skip


@pytest.fixture
def shell(lab: AirflowLab, tmp_path: Path) -> Shell:
    """A shell whose Airflow has no database yet."""
    return Shell(lab, tmp_path / "shell-airflow")


def test_dags_test_runs_the_flow_and_says_by_its_exit_code_how_it_went(shell: Shell, lab: AirflowLab) -> None:
    migrated = shell.airflow("db", "migrate")
    assert migrated.returncode == 0, migrated.stderr
    lab.drop(order := SHOP.order(1), wrong := SHOP.order(2, storeId="999"))

    good = shell.airflow("dags", "test", DAG)

    assert good.returncode == 0, good.stdout + good.stderr
    assert Truth(order).faults(lab) == []
    assert wrong["orderId"] in text_of(lab.mails[-1])

    known = shell.order_sync("order", order["orderId"])
    assert (known.returncode, known.stderr) == (0, "")
    for words in (
        f"Order {order['orderId']}, version 1: CONFIRMED",
        f"{order['totalAmount']:.2f} USD",
        "seen as predictspring/tlog/",
        "INTENDED > DELIVERED",
        "DELIVERED > CONFIRMED",
        "in hotwax/order-feed/order_sync_OrderFeed_",
    ):
        assert words in known.stdout, (words, known.stdout)
    waiting = shell.order_sync("order", wrong["orderId"])
    assert waiting.returncode == 0
    assert f"Order {wrong['orderId']}, version 1: QUARANTINED UNMAPPED_VALUE" in waiting.stdout

    lab.world.sftp.faults.deny("list", "/predictspring/tlog")
    bad = shell.airflow("dags", "test", DAG)

    assert bad.returncode == 1, bad.stdout + bad.stderr
    assert "predictspring/tlog" in text_of(lab.mails[-1])
    assert Truth(order).faults(lab) == []


def test_the_ledger_is_made_and_asked_at_a_prompt(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"
    path.parent.mkdir()
    new = {"AIRFLOW_CONN_ORDER_SYNC_LEDGER": json.dumps({"conn_type": "sqlite", "host": str(path)})}

    missing = shell.order_sync("order", "PS00000001", **new)
    assert missing.returncode == 1
    assert f"There is no ledger at {path}." in missing.stderr
    assert "python -m order_sync ledger upgrade" in missing.stderr
    assert not path.exists(), "asking makes no ledger"

    for _ in range(2):
        made = shell.order_sync("ledger", "upgrade", **new)
        assert (made.returncode, made.stdout.splitlines()[-1]) == (0, "The ledger is up to date."), made.stderr

    unknown = shell.order_sync("order", "PS00000001", **new)
    assert unknown.returncode == 1
    assert "The ledger does not know order PS00000001 of default." in unknown.stderr


def test_a_ledger_of_another_kind_is_refused(shell: Shell) -> None:
    mysql = json.dumps({"conn_type": "mysql", "host": "db"})
    refused = shell.order_sync("ledger", "upgrade", AIRFLOW_CONN_ORDER_SYNC_LEDGER=mysql)
    assert refused.returncode == 1
    assert "order_sync_ledger has type 'mysql'" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_settings_are_checked_at_a_prompt(shell: Shell, tmp_path: Path) -> None:
    sound = shell.order_sync("settings")
    assert (sound.returncode, sound.stderr) == (0, "")
    assert sound.stdout.startswith("default: sound, mapping versions ")

    include = tmp_path / "include"
    shutil.copytree(ROOT / "include", include)
    (include / "retailers" / "acme.yaml").write_text("owner: acme\npredictspring_order_sync: {file_prefx: acme}\n")
    wrong = shell.order_sync("settings", ORDER_SYNC_INCLUDE=str(include))
    assert wrong.returncode == 1
    assert "acme.yaml" in wrong.stderr
    assert "file_prefx" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_an_unknown_command_shows_the_known_ones(shell: Shell) -> None:
    wrong = shell.order_sync("ordr", "1")
    assert wrong.returncode == 2
    assert "ledger" in wrong.stderr
