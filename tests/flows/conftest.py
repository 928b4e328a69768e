from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import Airflow, AirflowLab


@pytest.fixture(scope="session")
def airflow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Airflow]:
    """The process in which DAGs run, with one run behind it."""
    with Airflow(tmp_path_factory.mktemp("airflow")) as process:
        with AirflowLab(process, tmp_path_factory.mktemp("warm-up")) as lab:
            lab.drop(Shop().order(1), Shop().return_order(2))
            lab.warm_up()
        yield process


@pytest.fixture
def lab(airflow: Airflow, tmp_path: Path) -> Iterator[AirflowLab]:
    """Partners and a ledger of its own."""
    with AirflowLab(airflow, tmp_path) as opened:
        yield opened
