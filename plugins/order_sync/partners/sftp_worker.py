"""Runs the asynchronous work of the SFTP client to its end, in the caller's thread, on one connection."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import asyncssh
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from order_sync.errors import Stop
from order_sync.partners.sftp_connection import LOST, lost
from order_sync.partners.sftp_fetch import MakeSink, fetch
from order_sync.partners.sftp_files import Fetched, Moved, Published, RemoteFile, Upload
from order_sync.partners.sftp_move import move
from order_sync.partners.sftp_publish import Places, publish
from order_sync.partners.sftp_session import Session

if TYPE_CHECKING:
    from airflow.sdk import Connection

Result = TypeVar("Result")


class SftpWorker:
    """The work behind :class:`order_sync.partners.sftp.SftpClient`, which documents the methods.

    :param conn_id: Airflow connection of type ``sftp``.
    :param concurrency: small files under way at once.
    :raises Stop: if the connection's settings cannot be used.
    :raises NotSent: if the server cannot be used now.
    """

    def __init__(self, conn_id: str, concurrency: int) -> None:
        self._session = Session(_connection(conn_id), concurrency)
        self._runner = asyncio.Runner()
        try:
            self._run(lambda: asyncio.sleep(0), "opening it")
        except BaseException:
            self._runner.close()
            raise

    def close(self) -> None:
        """End the connection and the event loop."""
        try:
            self._runner.run(self._session.close())
        finally:
            self._runner.close()

    def abandon(self) -> None:
        """End everything at once, work under way included: the task is being killed."""
        self._session.abandon()
        self._runner.close()

    def entries(self, folder: str) -> list[RemoteFile]:
        """List a folder."""
        return self._run(lambda: self._session.entries(folder), f"listing {folder!r}")

    def fetch(self, files: Sequence[RemoteFile], make_sink: MakeSink) -> list[Fetched]:
        """Download files."""
        return self._run(lambda: fetch(self._session, files, make_sink), f"downloading {len(files)} files")

    def publish(
        self, uploads: Sequence[Upload], temp_folder: str | None, taken_folders: Sequence[str]
    ) -> list[Published]:
        """Publish files."""
        places = Places(temp_folder, taken_folders)
        return self._run(lambda: publish(self._session, uploads, places), f"publishing {len(uploads)} files")

    def move(self, files: Sequence[str | RemoteFile], folder: str) -> list[Moved]:
        """Move files."""
        return self._run(lambda: move(self._session, files, folder), f"moving {len(files)} files to {folder!r}")

    def _run(self, work: Callable[[], Awaitable[Result]], doing: str) -> Result:
        async def connected() -> Result:
            await self._session.open()
            return await work()

        try:
            return self._runner.run(connected())
        except LOST as error:
            raise lost(error, self._session.link.describe(), f"while {doing}") from error
        except asyncssh.SFTPError as error:
            raise self._session.trouble(error, f"go on {doing}") from error
        finally:
            self._session.used_at = time.monotonic()


def _connection(conn_id: str) -> Connection:
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise Stop(
            f"The Airflow connection {conn_id!r} does not exist.",
            next_step="Create it (type sftp), or correct its name in the retailer's settings.",
        ) from error
