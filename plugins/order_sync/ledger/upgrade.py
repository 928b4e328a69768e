"""Create the ledger's tables or bring them to the revision that this code works with."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from order_sync.errors import Stop
from order_sync.ledger.connection import lock, make_engine, parse_url, sqlite_file, writing_engine
from order_sync.ledger.schema import REVISION

_MIGRATIONS = Path(__file__).parent / "migrations"
_COMMAND = "python -m order_sync ledger upgrade"


def upgrade(url: str) -> None:
    """Create the tables, or migrate them; does nothing if they are up to date.

    Two processes may call it at once: the second waits and then finds the work done.

    :param url: ``sqlite:////path/ledger.db`` (the folder is made) or ``postgresql://…``.
    :raises Stop: if the URL is not usable.
    """
    # Not at the top: it would cost every task start 0.1 s, and only an upgrade needs it.
    from alembic import command
    from alembic.config import Config

    parsed = parse_url(url)
    file = sqlite_file(parsed)
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
    engine = make_engine(parsed)
    try:
        with writing_engine(engine).begin() as connection:
            lock(connection, "upgrade")
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def open_engine(url: str) -> Engine:
    """Return the engine of a ledger whose tables are as this code needs them.

    :raises Stop: if there is no ledger at the URL, or it has another revision.
    """
    parsed = parse_url(url)
    file = sqlite_file(parsed)
    if file is not None and not file.exists():
        raise Stop(f"There is no ledger at {file}.", next_step=f"Create it: {_COMMAND}")
    engine = make_engine(parsed)
    with engine.connect() as connection:
        found = _revision(connection)
    if found != REVISION:
        engine.dispose()
        where = parsed.render_as_string()
        state = f"has revision {found}" if found else "has no ledger tables"
        raise Stop(
            f"The database {where} {state}; this code needs revision {REVISION}.",
            next_step=f"Run: {_COMMAND} (or deploy the newer code, if the ledger is ahead of it).",
        )
    return engine


def _revision(connection: Connection) -> str | None:
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return found
