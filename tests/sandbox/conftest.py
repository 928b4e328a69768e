from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sandbox.hotwax import HotWax, HotWaxSettings


@pytest.fixture
def make_hotwax(tmp_path: Path) -> Iterator[Callable[..., HotWax]]:
    """Make a running HotWax that imports only on `import_now`; its SFTP folders lie in ``tmp_path/sftp``."""
    for folder in ("order-feed", "inventory-variance"):
        (tmp_path / "sftp" / "hotwax" / folder).mkdir(parents=True)
    running: list[HotWax] = []

    def make(*, polling: bool = False, **settings: object) -> HotWax:
        hotwax = HotWax(
            tmp_path / "sftp",
            tmp_path / "hotwax.sqlite",
            tmp_path / "keys",
            settings=HotWaxSettings(**settings),  # type: ignore[arg-type]
            polling=polling,
        )
        hotwax.start()
        running.append(hotwax)
        return hotwax

    yield make
    for hotwax in running:
        hotwax.stop()


@pytest.fixture
def hotwax(make_hotwax: Callable[..., HotWax]) -> HotWax:
    return make_hotwax()


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return tmp_path / "sftp" / "hotwax" / "order-feed"


@pytest.fixture
def variances(tmp_path: Path) -> Path:
    return tmp_path / "sftp" / "hotwax" / "inventory-variance"
