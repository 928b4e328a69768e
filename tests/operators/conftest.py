from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.batch_lab import Lab


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A laboratory with a ledger, a staging store and settings of its own."""
    with Lab(tmp_path, monkeypatch) as opened:
        yield opened
