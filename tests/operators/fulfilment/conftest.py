"""Fixtures of the flow of allocation and fulfilment: orders that NetSuite has, copied for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fulfilment_lab import KINDS, FulfilmentLab, Open


@pytest.fixture(scope="session")
def sold(tmp_path_factory: pytest.TempPathFactory, ledger_template: Path) -> Path:
    """Partners and ledger once the orders were sold."""
    folder = tmp_path_factory.mktemp("sold")
    with pytest.MonkeyPatch.context() as patching, FulfilmentLab(folder, ledger_template, patching) as lab:
        lab.sell(KINDS)
    return folder


@pytest.fixture
def make(tmp_path: Path, sold: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    opened: list[FulfilmentLab] = []

    def build(**settings: Any) -> FulfilmentLab:
        shutil.copytree(sold / "partners", tmp_path / "partners")
        lab = FulfilmentLab(tmp_path, sold / "ledger.sqlite", monkeypatch, **settings)
        opened.append(lab)
        lab.__enter__()
        return lab

    yield build
    for lab in opened:
        lab.__exit__(None, None, None)


@pytest.fixture
def lab(make: Open) -> FulfilmentLab:
    return make()
