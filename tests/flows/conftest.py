from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.hotwax.completed_orders import CompletedOrders
from sandbox.predictspring import Shop
from tests.support.airflow_lab import INVOICING, Airflow, AirflowLab


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The process in which DAGs run, with one run of each behind it."""
    with Airflow(tmp_path_factory.mktemp("airflow")) as process:
        with AirflowLab(process, tmp_path_factory.mktemp("warm-up")) as lab:
            lab.drop(Shop().order(1), Shop().return_order(2))
            lab.warm_up()
            lab.complete([CompletedOrders(1).order(1)])
            lab.warm_up(INVOICING)
        yield process


@pytest.fixture
def lab(airflow: Airflow, tmp_path: Path) -> Iterator[AirflowLab]:
    """Partners and a ledger of its own."""
    with AirflowLab(airflow, tmp_path) as opened:
        yield opened
