from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from order_sync.errors import Stop
from order_sync.ledger import open_ledger, upgrade
from order_sync.ledger.connection import make_engine, parse_url, writing_engine
from order_sync.ledger.schema import REVISION, metadata

MIGRATIONS = Path(__file__).parents[2] / "plugins/order_sync/ledger/migrations"
COMMAND = r"python -m order_sync ledger upgrade"


def test_an_empty_database_gets_every_table(empty_url: str) -> None:
    upgrade(empty_url)
    engine = make_engine(parse_url(empty_url))
    with engine.connect() as connection:
        assert set(sa.inspect(connection).get_table_names()) == {*metadata.tables, "alembic_version"}
    engine.dispose()
    open_ledger(empty_url).close()


def test_the_migrations_make_exactly_the_tables_of_the_code(url: str) -> None:
    engine = make_engine(parse_url(url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_revision_of_the_code_is_the_last_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == REVISION


def test_upgrading_again_changes_nothing(kit, url: str) -> None:
    kit.transformed("A")
    before = kit.everything()
    upgrade(url)
    assert kit.everything() == before


def test_many_upgrades_at_once_make_one_ledger(empty_url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(upgrade, [empty_url] * 4))
    open_ledger(empty_url).close()


def test_downgrading_leaves_nothing_behind(url: str) -> None:
    engine = make_engine(parse_url(url))
    with writing_engine(engine).begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        command.downgrade(config, "base")
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_the_folder_of_a_sqlite_ledger_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "ledger 100%.db"
    upgrade(f"sqlite:///{path}")
    assert path.exists()


def test_opening_where_nothing_is_names_the_command_and_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with pytest.raises(Stop, match=COMMAND):
        open_ledger(f"sqlite:///{path}")
    assert not path.exists()


def test_opening_a_database_without_tables_names_the_command(tmp_path: Path, empty_url: str) -> None:
    if empty_url.startswith("sqlite"):
        (tmp_path / "ledger.db").touch()
    with pytest.raises(Stop, match=f"has no ledger tables.*{COMMAND}"):
        open_ledger(empty_url)


def test_opening_a_ledger_of_another_revision_names_both(url: str) -> None:
    engine = make_engine(parse_url(url))
    with writing_engine(engine).begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    engine.dispose()
    with pytest.raises(Stop, match=f"revision 0000; this code needs revision {REVISION}.*{COMMAND}"):
        open_ledger(url)


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "mysql://user:secret@host/name", "secret ledger"])
def test_a_url_that_cannot_hold_a_ledger_is_refused_without_repeating_its_secret(wrong: str) -> None:
    with pytest.raises(Stop, match="order_sync_ledger") as refused:
        open_ledger(wrong)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "spelling", ["postgres://host/name", "postgresql://host/name", "postgresql+psycopg2://host/name"]
)
def test_every_spelling_of_postgresql_means_the_same_driver(spelling: str) -> None:
    assert parse_url(spelling).render_as_string() == "postgresql+psycopg://host/name"


def test_sqlite_is_set_up_so_that_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    upgrade(url)
    engine = make_engine(parse_url(url))
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    engine.dispose()
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}
