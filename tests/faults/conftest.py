"""The proof's laboratory, and what is needed to repeat a failure."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sandbox.retailpro import RetailProSettings
from tests.faults.netsuite_proof import NetSuiteProof
from tests.faults.processes import Processes
from tests.faults.proof import FAST, Plan, Proof
from tests.support.invoice_lab import InvoiceLab
from tests.support.netsuite_lab import NetSuiteLab
from tests.support.step_lab import empty_ledger

Prove = Callable[..., Proof]
ProveNetSuite = Callable[..., NetSuiteProof]


@pytest.fixture(scope="session")
def ledger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, made once."""
    return empty_ledger(tmp_path_factory.mktemp("ledger-template"))


@pytest.fixture(scope="session")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Processes]:
    with Processes(tmp_path_factory.mktemp("steps")) as opened:
        yield opened


@pytest.fixture
def prove(
    tmp_path: Path,
    ledger_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    processes: Processes,
    request: pytest.FixtureRequest,
) -> Iterator[Prove]:
    """Makes the laboratory of a test, with Retail Pro and the flow set up as it wishes."""
    marker = request.node.get_closest_marker("fault")
    name = request.node.name

    with ExitStack() as opened:

        def make(
            retailpro: RetailProSettings | None = None, api: dict[str, Any] | None = None, variant: str = ""
        ) -> Proof:
            changes = {"api": FAST if api is None else api}
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            lab = opened.enter_context(
                InvoiceLab(folder, ledger_template, monkeypatch, retailpro=retailpro, changes=changes)
            )
            return Proof(lab, processes, Plan.asked(), marker.args[0], variant or name)

        yield make


@pytest.fixture
def prove_netsuite(
    tmp_path: Path,
    ledger_template: Path,
    monkeypatch: pytest.MonkeyPatch,
    processes: Processes,
    request: pytest.FixtureRequest,
) -> Iterator[ProveNetSuite]:
    """Makes the laboratory of a test, with NetSuite and the flow set up as it wishes."""
    marker = request.node.get_closest_marker("fault")
    plan = Plan.asked()
    with ExitStack() as opened:

        def make(variant: str = "", **setup: Any) -> NetSuiteProof:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            lab = opened.enter_context(NetSuiteLab(folder, ledger_template, monkeypatch, seed=plan.seed, **setup))
            return NetSuiteProof(lab, processes, plan, marker.args[0], variant or request.node.name)

        yield make


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """``FAULTS_ONLY=F8`` leaves the tests of one fault; with few orders the thorough ones are left out."""
    only, is_long = os.environ.get("FAULTS_ONLY"), Plan.asked().is_long
    left_out = [
        item
        for item in items
        if (only and only not in {mark.args[0] for mark in item.iter_markers("fault")})
        or (not is_long and item.get_closest_marker("thorough"))
    ]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say how to repeat what failed."""
    report = yield
    marker = item.get_closest_marker("fault")
    if report.failed and marker:
        plan = Plan.asked()
        again = f"make faults SEED={plan.seed} ONLY={marker.args[0]} ORDERS={plan.orders}"
        report.sections.append(("seed", f"{item.name}: {again}"))
    return report
