"""An SFTP server over a plain folder, on 127.0.0.1, which behaves like OpenSSH where the flows depend on it.

A plain rename onto an existing name fails; a posix-rename overwrites. The client sees the folder as ``/`` and cannot
leave it. Protocol version 3, password or ed25519 key, AES-GCM ciphers offered as OpenSSH does.
"""

from __future__ import annotations

import hmac
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self
from weakref import WeakSet

import asyncssh

from sandbox import keys as key_store
from sandbox.loop_thread import LoopThread
from sandbox.sftp_faults import SftpFault, SftpFaults
from sandbox.sftp_session import SftpSession

__all__ = ["SftpFault", "SftpFaults", "SftpServer"]

SFTP_VERSION = 3


class _Login(asyncssh.SSHServer):
    """Who may come in: one user, by password (the key is checked by asyncssh itself)."""

    def __init__(self, server: SftpServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._server.connection_opened(conn)

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        right = username == self._server.user
        return hmac.compare_digest(password.encode(), self._server.password.encode()) and right


class SftpServer:
    """The SFTP server; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    After a :meth:`stop` it can be started again on the same port, with the same host key.

    :param root: the folder it serves; made if missing.
    :param keys: folder of the host key, the client key and the password, made on first use;
        default ``keys`` beside ``root``.
    :param port: 0 for any free port.
    :param user: the one user name.
    """

    def __init__(self, root: Path, *, keys: Path | None = None, port: int = 0, user: str = "ordersync") -> None:
        self.root = root
        self.host = "127.0.0.1"
        self.port = port
        self.user = user
        self.faults = SftpFaults()
        folder = keys or root.parent / "keys"
        self.client_key_path = folder / "client_ed25519_key"
        self.password = key_store.password(folder / "sftp_password")
        self._host_key = key_store.ssh_key(folder / "ssh_host_ed25519_key")
        self._client_key = key_store.ssh_key(self.client_key_path)
        self.host_key = key_store.public_text(self._host_key)
        self._loop: LoopThread | None = None
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._open: WeakSet[asyncssh.SSHServerConnection] = WeakSet()
        self._connections = 0

    @property
    def connections(self) -> int:
        """Number of connections accepted since it was made, failed logins included."""
        return self._connections

    def start(self) -> None:
        """Listen; afterwards :attr:`port` is the real port.

        :raises OSError: when the port is taken.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        loop = LoopThread("sandbox-sftp")
        try:
            self._acceptor = loop.run(self._listen())
        except BaseException:
            loop.stop()
            raise
        self._loop = loop
        self.port = self._acceptor.get_port()

    def stop(self) -> None:
        """Stop listening and cut every connection at once, as a crash would; nothing happens when it is stopped."""
        if self._loop is None:
            return
        self._loop.run(self._shut())
        self._loop.stop()
        self._loop = None

    def __enter__(self) -> Self:
        """Start it."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it."""
        self.stop()

    def connection_opened(self, connection: asyncssh.SSHServerConnection) -> None:
        """Count a connection and remember it, so that :meth:`stop` can cut it.

        :param connection: the new connection.
        """
        self._connections += 1
        self._open.add(connection)

    async def _listen(self) -> asyncssh.SSHAcceptor:
        client_key = self._client_key.export_public_key().decode("ascii")
        return await asyncssh.listen(
            self.host,
            self.port,
            server_factory=partial(_Login, self),
            server_host_keys=[self._host_key],
            authorized_client_keys=asyncssh.import_authorized_keys(client_key),
            sftp_factory=partial(SftpSession, root=self.root, faults=self.faults),
            sftp_version=SFTP_VERSION,
        )

    async def _shut(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
        for connection in list(self._open):
            connection.abort()
        if self._acceptor is not None:
            await self._acceptor.wait_closed()
