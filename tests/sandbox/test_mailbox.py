from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mailbox import Mailbox


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Mailbox]:
    with Mailbox(tmp_path / "mail") as running:
        yield running


def send(mailbox: Mailbox, *recipients: str, subject: str = "Bericht: 3 Aufträge") -> dict[str, tuple[int, bytes]]:
    message = EmailMessage()
    message["From"] = "order-sync@example.com"
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message.set_content("plain")
    message.add_alternative("<b>html</b>", subtype="html")
    message.add_attachment("a,b\n", subtype="csv", filename="rejects.csv")
    with smtplib.SMTP(mailbox.host, mailbox.port, timeout=5) as client:
        return client.send_message(message)


def test_keeps_every_mail_in_memory_and_as_a_file_in_order(mailbox: Mailbox) -> None:
    for number in range(3):
        send(mailbox, "a@example.com", "b@example.com", subject=f"Grüße {number}")
    assert [message["Subject"] for message in mailbox.messages] == ["Grüße 0", "Grüße 1", "Grüße 2"]
    first = mailbox.messages[0]
    assert first["X-RcptTo"] == "a@example.com, b@example.com"
    assert first.get_body(("html",)).get_content().strip() == "<b>html</b>"  # type: ignore[union-attr]
    assert [part.get_filename() for part in first.iter_attachments()] == ["rejects.csv"]
    files = sorted(mailbox.folder.iterdir())
    assert [path.name[-8:] for path in files] == ["0001.eml", "0002.eml", "0003.eml"]
    assert b"X-MailFrom: order-sync@example.com" in files[0].read_bytes()


def test_refuses_recipients_by_pattern(mailbox: Mailbox) -> None:
    mailbox.refuse_recipients("*@closed.example.com")
    refused = send(mailbox, "a@example.com", "b@Closed.example.com")
    assert list(refused) == ["b@Closed.example.com"]
    assert refused["b@Closed.example.com"][0] == 550
    assert mailbox.messages[0]["X-RcptTo"] == "a@example.com"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(mailbox, "c@closed.example.com")
    assert len(mailbox.messages) == 1


def test_rejects_everything_while_told_to(mailbox: Mailbox) -> None:
    mailbox.reject_all = True
    with pytest.raises(smtplib.SMTPSenderRefused) as caught:
        send(mailbox, "a@example.com")
    assert caught.value.smtp_code == 451
    mailbox.reject_all = False
    send(mailbox, "a@example.com")
    assert len(mailbox.messages) == 1


def test_a_stopped_mailbox_refuses_and_comes_back_on_the_same_port(mailbox: Mailbox) -> None:
    port = mailbox.port
    mailbox.stop()
    with pytest.raises(ConnectionRefusedError):
        send(mailbox, "a@example.com")
    mailbox.start()
    assert mailbox.port == port
    send(mailbox, "a@example.com")
    assert len(mailbox.messages) == 1
