"""Real SFTP servers on loopback, reached through Airflow connections as in production."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import pytest

# Airflow reads these when it is imported first; a test run must not touch the user's own Airflow.
os.environ.setdefault("AIRFLOW_HOME", tempfile.mkdtemp(prefix="airflow-home-"))
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")

from order_sync.partners.hotwax import DataManager
from order_sync.partners.sftp import SftpClient
from sandbox.sftp import SftpServer
from tests.support.openssh import SSHD, OpenSsh

from .scripted_http import Scripted


class Server(Protocol):
    """What the tests need of either server; relative remote paths start in `root`."""

    root: Path
    host: str
    port: int
    host_key: str
    client_key_path: Path
    user: str


Connect = Callable[..., str]


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    """:returns: a function that makes an Airflow connection to a server and returns its id."""

    def make(server: Server, *, conn_id: str = "partner_sftp", password: str | None = None, **extra: object) -> str:
        extra = {"host_key": server.host_key, **extra}
        if password is None:
            extra.setdefault("key_file", str(server.client_key_path))
        document = {
            "conn_type": "sftp",
            "host": server.host,
            "port": server.port,
            "login": server.user,
            "password": password,
            "extra": {key: value for key, value in extra.items() if value is not None},
        }
        monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(document))
        return conn_id

    return make


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[SftpServer]:
    """The simulated server, which can play faults; `in`, `out` and `out/archive` exist on it."""
    with SftpServer(tmp_path / "remote", keys=tmp_path / "keys") as server:
        (server.root / "in").mkdir()
        (server.root / "out/archive").mkdir(parents=True)
        yield server


@pytest.fixture
def client(sandbox: SftpServer, connect: Connect) -> Iterator[SftpClient]:
    """A client of the simulated server."""
    with SftpClient(connect(sandbox)) as sftp:
        yield sftp


@pytest.fixture(params=["sandbox", pytest.param("openssh", marks=pytest.mark.openssh)])
def any_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """Both servers, one after the other: what holds must hold on the real one too."""
    if request.param == "sandbox":
        yield request.getfixturevalue("sandbox")
        return
    if not SSHD.exists():
        pytest.skip("no sshd on this machine")
    with OpenSsh(tmp_path / "remote", tmp_path / "keys") as server:
        (server.root / "in").mkdir()
        (server.root / "out/archive").mkdir(parents=True)
        yield server


@pytest.fixture
def any_client(any_server: Server, connect: Connect) -> Iterator[SftpClient]:
    """A client of either server."""
    with SftpClient(connect(any_server)) as sftp:
        yield sftp


@pytest.fixture
def server() -> Iterator[Scripted]:
    """The server."""
    with Scripted() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def manager(server: Scripted, monkeypatch: pytest.MonkeyPatch) -> Callable[..., DataManager]:
    """:returns: a function that makes a client of the server."""

    def make(backend: str = "moqui", **extra: object) -> DataManager:
        document = {
            "conn_type": "http",
            "host": f"http://127.0.0.1:{server.server_port}",
            "extra": {"backend": backend, "token": "secret", "read_timeout": 2, **extra},
        }
        monkeypatch.setenv("AIRFLOW_CONN_HOTWAX_API", json.dumps(document))
        return DataManager("hotwax_api", pause=0)

    return make
