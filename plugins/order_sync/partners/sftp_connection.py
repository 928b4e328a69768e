"""Opens the SSH connection an Airflow connection describes, and says in our words why it could not."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncssh
from airflow.providers.sftp.hooks.sftp import SFTPHookAsync

from order_sync.errors import NotSent, OrderSyncError, Stop
from order_sync.partners.sftp_transport import BatchingConnector

if TYPE_CHECKING:
    from airflow.sdk import Connection

#: What asyncssh raises when the server is gone, in whichever way; OSError includes timeouts.
LOST: tuple[type[Exception], ...] = (
    asyncssh.DisconnectError,
    asyncssh.ChannelOpenError,
    asyncssh.SFTPConnectionLost,
    asyncssh.SFTPNoConnection,
    asyncssh.SFTPBadMessage,
    OSError,
)

_SSH_PORT = 22
_SSH_CONFIG = Path("~/.ssh/config")  # it may name a jump host or a proxy: then asyncssh has to connect by itself
_CONNECT_SECONDS = 15.0
_KEEPALIVE_SECONDS = 20.0


class SftpConnection(SFTPHookAsync):
    """The provider's asynchronous hook, with fast ciphers, no compression, time limits and keep-alives.

    Keys, passwords and host keys are read from the connection by the provider's own code.

    :param connection: the Airflow connection. Beside the provider's extras: `connect_timeout` (seconds until the
        login must be over, default 15) and `keepalive` (seconds between keep-alives, default 20; three missed ones
        end the connection).
    :raises ValueError: if one of the two is not a number.
    """

    def __init__(self, connection: Connection) -> None:
        super().__init__(sftp_conn_id=connection.conn_id)
        self._connection = connection
        extra = connection.extra_dejson
        self.connect_timeout = float(extra.get("connect_timeout", _CONNECT_SECONDS))
        self.keepalive = float(extra.get("keepalive", _KEEPALIVE_SECONDS))

    def describe(self) -> str:
        """:returns: the connection in words for a message."""
        port = self._connection.port or _SSH_PORT
        return f"connection {self._connection.conn_id!r} ({self._connection.host}:{port})"

    async def connect(self) -> asyncssh.SSHClientConnection:
        """Open the connection.

        :raises Stop: if the connection's settings cannot be used, or would skip the check of the host key.
        :raises NotSent: if the server cannot be reached, is not the expected one, or refuses the login.
        """
        _quiet()
        try:
            options = self._options()
        except (ValueError, TypeError, asyncssh.Error) as error:
            raise wrong_settings(self.describe(), str(error)) from error
        try:
            return await asyncssh.connect(**options)
        except (asyncssh.Error, OSError, ValueError) as error:
            raise self._refused(error) from error

    async def _get_conn(self) -> asyncssh.SSHClientConnection:
        return await self.connect()

    def _options(self) -> dict[str, Any]:
        conn = self._connection
        if not conn.host:
            raise wrong_settings(self.describe(), "it names no host")
        self._parse_extras(conn)
        if self.known_hosts == "none":
            raise wrong_settings(self.describe(), "it switches the check of the host key off")
        return {
            "host": conn.host,
            "port": conn.port or _SSH_PORT,
            "tunnel": () if _SSH_CONFIG.expanduser().exists() else BatchingConnector(),
            "username": conn.login,
            "password": conn.password,
            "encryption_algs": "^aes128-gcm@openssh.com,aes256-gcm@openssh.com",
            "compression_algs": ["none"],
            "connect_timeout": self.connect_timeout,
            "login_timeout": self.connect_timeout,
            "keepalive_interval": self.keepalive,
            "keepalive_count_max": 3,
            **self._trust_and_keys(),
        }

    def _trust_and_keys(self) -> dict[str, Any]:
        chosen: dict[str, Any] = {}
        if self._should_use_known_hosts():
            chosen["known_hosts"] = self.known_hosts
        if self.private_key:
            chosen["client_keys"] = [asyncssh.import_private_key(self.private_key, self.passphrase or None)]
        elif self.key_file:
            chosen["client_keys"] = self.key_file
        if self.passphrase:
            chosen["passphrase"] = self.passphrase
        return chosen

    def _refused(self, error: Exception) -> OrderSyncError:
        where = self.describe()
        if isinstance(error, asyncssh.HostKeyNotVerifiable):
            return NotSent(
                f"The server of the SFTP {where} did not show the expected host key ({error}).",
                next_step="Ask the partner whether the key was changed; only if so, put the new one into `host_key`.",
            )
        if isinstance(error, asyncssh.PermissionDenied):
            return NotSent(
                f"The server of the SFTP {where} refused the login ({error}).",
                next_step="Check the login, and the password or key, in the Airflow connection.",
            )
        if isinstance(error, (FileNotFoundError, PermissionError, ValueError)):
            return wrong_settings(self.describe(), f"its key or host key file cannot be read ({error})")
        return NotSent(
            f"The server of the SFTP {where} could not be reached ({error or type(error).__name__}).",
            next_step="Check the host, the port and the network; the task tries again by itself.",
        )


def _quiet() -> None:
    """Keep asyncssh's fifteen lines a connection out of the task log, unless somebody has set its level."""
    logger = logging.getLogger("asyncssh")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)


def wrong_settings(where: str, why: str) -> Stop:
    """Say that an Airflow connection cannot be used as it is.

    :param where: the connection in words.
    :param why: what is wrong, as in "it names no host".
    """
    return Stop(
        f"The SFTP {where} cannot be used: {why}.",
        next_step="Correct the Airflow connection; the extra `host_key` holds the server's public key.",
    )


def lost(error: Exception, where: str, doing: str) -> NotSent:
    """Say that the server went away.

    :param error: what the library raised.
    :param where: the connection in words.
    :param doing: what was under way, as in "while listing 'in'".
    """
    return NotSent(
        f"The SFTP {where} was cut {doing} ({error or type(error).__name__}).",
        next_step="Nothing to do: the next try starts where this one ended.",
    )
