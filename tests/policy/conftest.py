"""The DAGs as Airflow's DAG processor sees them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.policy.repository import ROOT

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import BundleDagBag

LoadDags = Callable[[Path], "BundleDagBag"]


@pytest.fixture(scope="module")
def load_dags() -> Iterator[LoadDags]:
    """Loads dags/ with the retailers of an include folder, and nothing laid over them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("ORDER_SYNC_OVERLAY", raising=False)

        def load(include: Path) -> BundleDagBag:
            from airflow.dag_processing.dagbag import BundleDagBag

            patch.setenv("ORDER_SYNC_INCLUDE", str(include))
            return BundleDagBag(dag_folder=ROOT / "dags", bundle_path=ROOT / "dags", bundle_name="dags-folder")

        yield load


@pytest.fixture(scope="module")
def bag(load_dags: LoadDags) -> BundleDagBag:
    """The DAGs of this repository."""
    return load_dags(ROOT / "include")


@pytest.fixture(scope="module")
def dags(bag: BundleDagBag) -> list[Any]:
    """The DAGs that loaded; a rule about none of them would guard nothing."""
    assert bag.import_errors == {}
    assert bag.dags
    return list(bag.dags.values())
