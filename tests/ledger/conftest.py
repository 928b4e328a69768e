"""A fresh ledger for each test: SQLite, or PostgreSQL where ``LEDGER_PG_URL`` names a database to make schemas in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from order_sync.ledger import Ledger, open_ledger, upgrade
from order_sync.ledger.connection import make_engine, parse_url
from tests.ledger.ledger_kit import POSTGRESQL, Kit


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite ledger, made once, for tests to copy."""
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def empty_url(tmp_path: Path) -> Iterator[str]:
    """Where no ledger is yet."""
    if not POSTGRESQL:
        yield f"sqlite:///{tmp_path / 'ledger.db'}"
        return
    name = f"test_{uuid4().hex}"
    engine = make_engine(parse_url(POSTGRESQL))
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE SCHEMA {name}"))
    yield f"{POSTGRESQL}?options=-csearch_path%3D{name}"
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()


@pytest.fixture
def url(empty_url: str, template: Path) -> str:
    """Where an empty ledger is."""
    if POSTGRESQL:
        upgrade(empty_url)
    else:
        shutil.copy(template, empty_url.removeprefix("sqlite:///"))
    return empty_url


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with open_ledger(url) as opened:
        yield opened


@pytest.fixture
def kit(ledger: Ledger) -> Kit:
    """Shorthand for the ledger's calls."""
    return Kit(ledger)
