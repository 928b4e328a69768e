"""A mail server on 127.0.0.1 that keeps every mail as an ``.eml`` file and delivers nothing."""

from __future__ import annotations

import asyncio
import email
import email.policy
import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from fnmatch import fnmatchcase
from pathlib import Path
from types import TracebackType
from typing import Self

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.loop_thread import LoopThread

REFUSED = "550 5.1.1 Recipient refused"
BUSY = "451 4.3.0 Mail server busy, try again later"
ACCEPTED = "250 OK"


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Mailbox:
    """The mail server; use it as a context manager, or :meth:`start` and :meth:`stop` it.

    Kept mails carry the envelope as headers ``X-MailFrom`` and ``X-RcptTo``.

    :param folder: where the mails go; made if missing.
    :param port: 0 for any free port.
    :param clock: gives the present time, aware UTC, for the file names.
    """

    def __init__(self, folder: Path, *, port: int = 0, clock: Callable[[], datetime] = _utc_now) -> None:
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = port
        self.refused_recipients: list[str] = []
        self.reject_all = False
        self._clock = clock
        self._lock = threading.Lock()
        self._messages: list[EmailMessage] = []
        self._loop: LoopThread | None = None
        self._server: asyncio.Server | None = None

    @property
    def messages(self) -> list[EmailMessage]:
        """Every mail accepted since it was made, oldest first."""
        with self._lock:
            return list(self._messages)

    def refuse_recipients(self, pattern: str) -> None:
        """Answer 550 to recipients from now on.

        :param pattern: shell-style pattern of the address, lower case.
        """
        self.refused_recipients.append(pattern)

    def start(self) -> None:
        """Listen; afterwards :attr:`port` is the real port.

        :raises OSError: when the port is taken.
        """
        # The library logs every address and every line it receives at INFO.
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self.folder.mkdir(parents=True, exist_ok=True)
        loop = LoopThread("sandbox-mailbox")
        try:
            self._server = loop.run(self._listen())
        except BaseException:
            loop.stop()
            raise
        self._loop = loop
        self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Stop listening and drop every connection; nothing happens when it is stopped."""
        if self._loop is None or self._server is None:
            return
        self._loop.call(self._server.close)
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

    async def handle_MAIL(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, mail_options: list[str]
    ) -> str:
        """Answer the sender's address: 250, or 451 while everything is rejected."""
        if self.reject_all:
            return BUSY
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return ACCEPTED

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Answer a recipient's address: 250, or 550 when it is refused."""
        if any(fnmatchcase(address.lower(), pattern) for pattern in self.refused_recipients):
            return REFUSED
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(rcpt_options)
        return ACCEPTED

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        """Keep a mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        head = f"X-MailFrom: {envelope.mail_from}\r\nX-RcptTo: {', '.join(envelope.rcpt_tos)}\r\n"
        self._keep(head.encode() + content)
        return ACCEPTED

    def _keep(self, content: bytes) -> None:
        message = email.message_from_bytes(content, policy=email.policy.default)
        with self._lock:
            name = f"{self._clock():%Y%m%dT%H%M%S.%fZ}-{len(self._messages) + 1:04d}.eml"
            half = self.folder / f".{name}"
            half.write_bytes(content)
            half.rename(self.folder / name)
            self._messages.append(message)

    async def _listen(self) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        return await loop.create_server(
            lambda: SMTP(self, hostname="sandbox.localhost", enable_SMTPUTF8=True, loop=loop), self.host, self.port
        )
