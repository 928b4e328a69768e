"""One process at a time: a lock that ends with the process that holds it, whatever it died of."""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from order_sync.errors import NotSent
from order_sync.ledger.connection import Store, lock_key

_LOOK_SECONDS = 0.1


class Alone(Store):
    """The part of the ledger that lets one process at a time do something outside of the database."""

    @contextmanager
    def alone(self, name: str, *, seconds: float = 600.0) -> Iterator[None]:
        """Do what ``name`` stands for while no other process does, on any machine that shares the ledger.

        There is no lease that could be too short: the lock is held as long as the process lives. Nested in one order
        only, or two processes wait for each other: what several flows share first, then what a flow has to itself.

        :param seconds: how long to wait for the others.
        :raises NotSent: they did not come to their end in time.
        """
        take = self._by_session if self._engine.dialect.name == "postgresql" else self._by_file
        deadline = time.monotonic() + seconds
        with take(name) as is_taken:
            while not is_taken():
                if time.monotonic() > deadline:
                    raise NotSent(
                        f"Another process has been busy with {name} for {seconds:.0f} s.",
                        next_step="Nothing to do if it is at work; end it if it hangs: the next try goes on.",
                    )
                time.sleep(_LOOK_SECONDS)
            yield

    @contextmanager
    def _by_session(self, name: str) -> Iterator[Callable[[], bool]]:
        """PostgreSQL frees the lock when the session ends, also by a cut connection."""
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            key = lock_key(f"alone:{name}")
            try:
                yield lambda: bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(key))))
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock_all()))

    @contextmanager
    def _by_file(self, name: str) -> Iterator[Callable[[], bool]]:
        """SQLite is for one machine, whose kernel frees the lock when the file is closed or the process ends."""
        plain = re.sub(r"[^\w.-]+", "-", name)
        with Path(f"{self._engine.url.database}.{plain}.lock").open("wb") as file:

            def is_taken() -> bool:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    return False
                return True

            yield is_taken
