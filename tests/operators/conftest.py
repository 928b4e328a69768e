from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.batch_lab import Lab
from tests.support.step_lab import StepLab, empty_ledger


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A laboratory with a ledger, a staging store and settings of its own."""
    with Lab(tmp_path, monkeypatch) as opened:
        yield opened


@pytest.fixture(scope="session")
def ledger_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, made once."""
    return empty_ledger(tmp_path_factory.mktemp("ledger-template"))


@pytest.fixture
def steps(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StepLab]:
    """A laboratory for single steps, with partners."""
    with StepLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened
