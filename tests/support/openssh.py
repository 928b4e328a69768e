"""A real OpenSSH server on a free loopback port, for the tests and the benchmark that must not trust our own server."""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh

SSHD = Path(shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin") or "/usr/sbin/sshd")

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {keys}/host_key
AuthorizedKeysFile {keys}/authorized_keys
PidFile none
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UseDNS no
UsePAM no
LogLevel ERROR
Subsystem sftp internal-sftp -d {root}
"""


class OpenSsh:
    """An ``sshd`` with fresh keys whose SFTP sessions start in `root`; use it as a context manager.

    :param root: the folder that clients work in (relative remote paths start there).
    :param keys: a folder for the generated keys and the server's configuration, outside `root`.
    """

    host = "127.0.0.1"

    def __init__(self, root: Path, keys: Path) -> None:
        self.root = root
        self.keys = keys
        self.user = getpass.getuser()
        self.port = 0
        self.client_key_path = keys / "client_key"
        self.host_key = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True, exist_ok=True)
        self._write_keys()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server, on the same port if it ran before, and wait until it answers."""
        if os.geteuid() == 0:  # sshd started by root insists on its privilege separation folder
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        self.port = self.port or _free_port()
        config = self.keys / "sshd_config"
        config.write_text(_CONFIG.format(port=self.port, keys=self.keys, root=self.root))
        self._process = subprocess.Popen([SSHD, "-D", "-e", "-f", config], stderr=subprocess.PIPE)
        self._wait_until_up()

    def stop(self) -> None:
        """Stop the server; sessions that are open end too."""
        if self._process is None:
            return
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        self._process.terminate()
        self._process.communicate(timeout=10)
        self._process = None
        for pid in children:
            subprocess.run(["kill", pid], check=False, stderr=subprocess.DEVNULL)

    def airflow_connection(self) -> str:
        """:returns: the connection as JSON text, ready for an ``AIRFLOW_CONN_...`` variable."""
        return json.dumps(
            {
                "conn_type": "sftp",
                "host": self.host,
                "port": self.port,
                "login": self.user,
                "extra": {"host_key": self.host_key, "key_file": str(self.client_key_path)},
            }
        )

    def _write_keys(self) -> None:
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        host, client = (asyncssh.generate_private_key("ssh-ed25519") for _ in range(2))
        for path, key in ((self.keys / "host_key", host), (self.client_key_path, client)):
            path.write_bytes(key.export_private_key())
            path.chmod(0o600)
        (self.keys / "authorized_keys").write_bytes(client.export_public_key())
        self.host_key = " ".join(host.export_public_key().decode().split()[:2])

    def _wait_until_up(self, seconds: float = 10.0) -> None:
        assert self._process is not None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                error = self._process.stderr.read().decode() if self._process.stderr else ""
                raise RuntimeError(f"sshd ended at once: {error.strip()}")
            try:
                with socket.create_connection((self.host, self.port), timeout=1):
                    return
            except ConnectionRefusedError:
                time.sleep(0.01)
        raise RuntimeError(f"sshd did not answer on port {self.port} within {seconds} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
