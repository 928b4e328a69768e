"""Sending a rendered report through the mail server of an Airflow connection of type ``smtp``.

The provider's own sending is not used: it takes a partly refused mail for sent, sends again on a broken connection and
knows neither a plain text alternative nor a Message-ID.
"""

from __future__ import annotations

import io
import re
import smtplib
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Protocol, Self, cast

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk.exceptions import AirflowException

from order_sync.errors import InDoubt, NotSent, OrderSyncError, Rejected, Stop

#: A CSV beyond this many bytes is attached zipped: mail servers commonly refuse mails of 20 MB and more.
ZIP_BEYOND = 5_000_000

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_LABEL}(?:\.{_LABEL})*")
_MESSAGE_ID = re.compile(r"<[^\s<>@]+@[^\s<>@]+>")
_CLEAR = "Nobody got it: clear the report task to send it again."

# Answer codes of RFC 5321: below 500 a refusal is temporary, 421 means that the server hangs up.
_ACCEPTED, _FORWARDED, _HANGS_UP, _FINAL = 250, 251, 421, 500

Refusals = Mapping[str, tuple[int, bytes]]


class _OneTryHook(SmtpHook):
    """The provider's connection and login, tried once: whether to try again is the task's decision."""

    @property
    def smtp_retry_limit(self) -> int:
        return 0

    @property
    def client(self) -> smtplib.SMTP:
        """The logged-in client; only after ``get_conn``."""
        return cast("smtplib.SMTP", self._smtp_client)

    def get_conn(self) -> Self:
        """Connect and log in."""
        super().get_conn()
        return self

    def close(self) -> None:
        """Close the connection, also one that was opened but refused the login."""
        if self._smtp_client:
            self.client.close()


class Mail(Protocol):
    """What is sent; :class:`order_sync.reports.rendering.RenderedReport` is one."""

    @property
    def subject(self) -> str:
        """One line."""

    @property
    def text(self) -> str:
        """The plain text alternative."""

    @property
    def html(self) -> str:
        """The HTML alternative."""

    @property
    def csv_bytes(self) -> bytes:
        """The attachment; empty for none."""

    @property
    def csv_name(self) -> str:
        """File name of the attachment."""


class PartlyRefused(Rejected):
    """Some recipients were refused, the others got the mail: it must not be sent again."""


def send_report(
    rendered: Mail, *, conn_id: str, recipients: Sequence[str], message_id: str, produced_at: datetime
) -> None:
    """Send a report once to all recipients.

    :param conn_id: Airflow connection of type ``smtp``; its extra must have ``from_email``.
    :param message_id: with its angle brackets; the same for the same content, so that a repeat is recognisable.
    :param produced_at: aware; becomes the ``Date`` of the mail.
    :raises Stop: the recipients or the connection are set up wrongly; nothing was sent.
    :raises NotSent: nobody got it and it is safe to repeat.
    :raises PartlyRefused: the server refused some recipients (named); the others got it.
    :raises Rejected: the server refused every recipient, the sender or the content: nobody got it.
    :raises InDoubt: the connection was lost while the mail was being handed over.
    """
    to = checked_addresses(recipients)
    with _connected(conn_id) as (client, sender):
        message = build_message(rendered, sender=sender, recipients=to, message_id=message_id, produced_at=produced_at)
        refused = _hand_over(client, message, sender.addr_spec, to)
    if refused:
        raise PartlyRefused(
            f"The mail server refused {_named(refused)} as recipients of the report; the other recipients got it.",
            next_step="Correct these addresses in the retailer's settings; the report need not be sent again.",
        )


def build_message(
    rendered: Mail, *, sender: Address, recipients: Sequence[str], message_id: str, produced_at: datetime
) -> EmailMessage:
    """The report as a mail: text and HTML as alternatives, the CSV attached.

    :raises ValueError: ``message_id`` or ``produced_at`` cannot stand in a mail header.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r} is not a Message-ID like <id@domain>")
    if produced_at.tzinfo is None:
        raise ValueError("produced_at of a mail has no time zone; pass an aware datetime")
    # 7 bit: not every server on the way takes more.
    message = EmailMessage(policy=policy.SMTP.clone(cte_type="7bit"))
    message["Subject"] = rendered.subject
    message["From"] = sender
    message["To"] = [Address(addr_spec=address) for address in recipients]
    message["Date"] = format_datetime(produced_at)
    message["Message-ID"] = message_id
    # Keeps holiday replies from answering (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    if len(rendered.csv_bytes) > ZIP_BEYOND:
        zipped = _zipped(rendered.csv_name, rendered.csv_bytes, produced_at)
        message.add_attachment(zipped, maintype="application", subtype="zip", filename=f"{rendered.csv_name}.zip")
    elif rendered.csv_bytes:
        message.add_attachment(
            rendered.csv_bytes, maintype="text", subtype="csv", params={"charset": "utf-8"}, filename=rendered.csv_name
        )
    return message


def checked_addresses(recipients: Sequence[str]) -> list[str]:
    """The recipients, each once, in the order given.

    :raises Stop: there is none, or one does not look like ``name@domain``.
    """
    fix = "Correct the contacts in the retailer's settings."
    if isinstance(recipients, str) or not recipients:
        raise Stop("The report has no list of recipients.", next_step=fix)
    for address in recipients:
        if not _ADDRESS.fullmatch(address):
            raise Stop(f"Recipient {address!r} of the report is not an address like name@domain.", next_step=fix)
    return list(dict.fromkeys(recipients))


@contextmanager
def _connected(conn_id: str) -> Iterator[tuple[smtplib.SMTP, Address]]:
    """A logged-in client and the sender; the connection is closed at the end, whatever happens."""
    hook = _OneTryHook(smtp_conn_id=conn_id)
    try:
        with _connecting(conn_id):
            client = hook.get_conn().client
        yield client, _sender(conn_id, hook.from_email)
        with suppress(OSError):
            client.quit()
    finally:
        hook.close()


@contextmanager
def _connecting(conn_id: str) -> Iterator[None]:
    """Turn what goes wrong while connecting into errors named for the next action."""
    settings = f"Correct the Airflow connection {conn_id!r} (type smtp)."
    try:
        yield
    except smtplib.SMTPAuthenticationError as error:
        raise NotSent(
            f"The mail server of connection {conn_id!r} refused the login (code {error.smtp_code}).",
            next_step=f"Correct login and password of the Airflow connection {conn_id!r}, then clear the report task.",
        ) from error
    except OSError as error:
        raise NotSent(
            f"The mail server of connection {conn_id!r} cannot be reached: {_short(str(error))}.",
            next_step=f"{_CLEAR} If it stays, check host, port and TLS settings of that connection.",
        ) from error
    except AirflowException as error:
        if isinstance(hung_up := error.__context__, smtplib.SMTPServerDisconnected):
            raise NotSent(
                f"The mail server of connection {conn_id!r} hung up: {_short(str(hung_up))}.", next_step=_CLEAR
            ) from error
        raise Stop(f"Connection {conn_id!r} cannot be used for mail: {error}", next_step=settings) from error
    except (RuntimeError, ValueError) as error:
        raise Stop(f"The extra of connection {conn_id!r} is wrong: {error}", next_step=settings) from error


def _sender(conn_id: str, from_email: str | None) -> Address:
    name, address = parseaddr(from_email or "")
    if not _ADDRESS.fullmatch(address) or not str(from_email).isprintable():
        raise Stop(
            f"Connection {conn_id!r} names no sender: `from_email` in its extra is {from_email!r}.",
            next_step=f"Set `from_email` in the extra of the Airflow connection {conn_id!r} to an address.",
        )
    return Address(name or "Order sync", addr_spec=address)


def _hand_over(client: smtplib.SMTP, message: EmailMessage, sender: str, recipients: Sequence[str]) -> Refusals:
    """Pass the mail on and return the recipients that were refused while others were not.

    The steps of ``smtplib``'s ``sendmail``, apart, because a connection lost before the content is sent means that
    nobody got it, and one lost afterwards leaves that open.
    """
    content = message.as_bytes()
    try:
        refused = _envelope(client, sender, recipients, len(content))
    except OSError as error:
        raise NotSent(f"The mail server hung up: {_short(str(error))}.", next_step=_CLEAR) from error
    try:
        code, answer = client.data(content)
    except smtplib.SMTPDataError as error:
        raise _refusal(f"the report: {_answer(error.smtp_code, error.smtp_error)}", error.smtp_code) from error
    except OSError as error:
        raise InDoubt(
            f"The connection to the mail server was lost while it took report {message['Message-ID']}.",
            next_step="Look into the mailbox; if it is not there, clear the report task (a repeat has the same id).",
        ) from error
    if code != _ACCEPTED:
        raise _refusal(f"the report: {_answer(code, answer)}", code)
    return refused


def _envelope(client: smtplib.SMTP, sender: str, recipients: Sequence[str], size: int) -> Refusals:
    client.ehlo_or_helo_if_needed()
    code, answer = client.mail(sender, [f"size={size}"] if client.has_extn("size") else [])
    if code != _ACCEPTED:
        raise _refusal(f"the sender {sender}: {_answer(code, answer)}", code)
    answers = {address: client.rcpt(address) for address in recipients}
    refused = {address: answer for address, answer in answers.items() if answer[0] not in (_ACCEPTED, _FORWARDED)}
    lowest = min((code for code, _ in refused.values()), default=_ACCEPTED)
    if len(refused) == len(recipients) or lowest == _HANGS_UP:
        # One temporary refusal is enough to make a repeat worth while: nobody gets the mail twice.
        raise _refusal(f"the recipients: {_named(refused)}", lowest)
    return refused


def _refusal(what: str, code: int) -> OrderSyncError:
    message = f"The mail server refused {what}. Nobody got the report."
    if code < _FINAL:
        return NotSent(message, next_step=_CLEAR)
    return Rejected(message, next_step="Mend what the mail server names, then clear the report task.")


def _named(refused: Refusals) -> str:
    return ", ".join(f"{address} ({_answer(*answer)})" for address, answer in refused.items())


def _answer(code: int, text: bytes | str) -> str:
    words = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return _short(f"{code} {words}")


def _short(text: str) -> str:
    """What a server said, fit for a log line."""
    return re.sub(r"[^\x20-\x7e]+", " ", text).strip()[:200]


def _zipped(name: str, content: bytes, at: datetime) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo(name, date_time=at.timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, content)
    return packed.getvalue()
