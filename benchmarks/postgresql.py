"""A PostgreSQL server of its own for one measurement: everything durable, reached over a socket in its folder only."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BINARIES = "/usr/lib/postgresql"


def installed() -> Path | None:
    """The folder with the programs of the newest version that is installed, None if there is none."""
    found = [path.parent for path in Path(_BINARIES).glob("*/bin/initdb")]
    return max(found, key=lambda path: int(path.parent.name), default=None)


@contextmanager
def throw_away(binaries: Path) -> Iterator[str]:
    """Start a server with an empty database and end it afterwards; gives its URL.

    The server refuses to run as root; then another user runs it.

    :param binaries: from :func:`installed`.
    """
    folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
    user = _somebody_else() if os.geteuid() == 0 else None
    if user:
        shutil.chown(folder, user)
    data = folder / "data"

    def call(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(binaries / program), "-D", str(data), *arguments],
            user=user, cwd=folder, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip

    try:
        call("initdb", "--auth=trust", "--username=bench", "--encoding=UTF8", "--locale=C")
        options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=on -c synchronous_commit=on"
        call("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", options)
        try:
            yield f"postgresql://bench@/postgres?host={folder}"
        finally:
            call("pg_ctl", "stop", "-w", "-m", "fast")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _somebody_else() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)
