from __future__ import annotations

import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from order_sync.errors import InDoubt, NotSent, Rejected, Stop
from order_sync.partners.mail import ZIP_BEYOND, checked_addresses, send_report
from order_sync.reports.rendering import RenderedReport

AT = datetime(2026, 3, 2, 9, 3, tzinfo=UTC)
ID = "<order-sync.0123@order-sync.invalid>"
ANNA, BEN = "anna@example.com", "ben@example.com"
PLAIN = {"disable_ssl": True, "disable_tls": True, "from_email": "orders@example.com", "timeout": 5}

Connect = Callable[..., str]


@dataclass
class Post:
    """A mail server's behaviour (``hang_up_at``: rcpt, data or accepted) and what it took."""

    answers: dict[str, str] = field(default_factory=dict)
    sender_answer: str = "250 OK"
    data_answer: str = "250 OK"
    hang_up_at: str = ""
    taken: list[Envelope] = field(default_factory=list)
    attempts: int = 0

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        envelope.mail_from = address
        return self.sender_answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.hang_up_at == "rcpt":
            server.transport.abort()
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hang_up_at == "data":
            server.transport.abort()
        if self.data_answer.startswith("250"):
            self.taken.append(envelope)
        if self.hang_up_at == "accepted":
            server.transport.abort()
        return self.data_answer

    def mail(self) -> EmailMessage:
        """The one mail it took, parsed."""
        (envelope,) = self.taken
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


class Server(Controller):
    """An SMTP server on a free port."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(post: Post, **options: Any) -> Iterator[int]:
    server = Server(post, hostname="127.0.0.1", port=0, **options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Connect:
    def make(port: int, extra: dict[str, object] | None = None, **changes: object) -> str:
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": PLAIN | (extra or {})} | changes
        monkeypatch.setenv("AIRFLOW_CONN_MAIL_UNDER_TEST", json.dumps(connection))
        return "mail_under_test"

    return make


@pytest.fixture
def conn_id(post: Post, connect: Connect) -> Iterator[str]:
    with serving(post) as port:
        yield connect(port)


def report(**changes: Any) -> RenderedReport:
    values: dict[str, Any] = {
        "subject": "[order sync] A · b: 1 order needs a person",
        "text": "One order.\n",
        "html": "<p>One <b>order</b>.</p>\n",
        "csv_bytes": b"\xef\xbb\xbfOrder\r\nPS-1\r\n",
        "csv_name": "rejects_a_b.csv",
    }
    return RenderedReport(**(values | changes))


def send(conn_id: str, *recipients: str, mail: RenderedReport | None = None, **changes: Any) -> None:
    options: dict[str, Any] = {"message_id": ID, "produced_at": AT, "recipients": recipients or (ANNA, BEN)}
    send_report(mail or report(), conn_id=conn_id, **(options | changes))


class TestWhatArrives:
    def test_one_mail_for_everybody_with_all_headers(self, conn_id: str, post: Post) -> None:
        send(conn_id)

        assert (post.taken[0].mail_from, post.taken[0].rcpt_tos) == ("orders@example.com", [ANNA, BEN])
        assert {name: str(post.mail()[name]) for name in ("From", "To", "Date", "Message-ID", "Auto-Submitted")} == {
            "From": "Order sync <orders@example.com>",
            "To": f"{ANNA}, {BEN}",
            "Date": "Mon, 02 Mar 2026 09:03:00 +0000",
            "Message-ID": ID,
            "Auto-Submitted": "auto-generated",
        }

    def test_text_and_html_are_alternatives_and_the_csv_is_attached(self, conn_id: str, post: Post) -> None:
        send(conn_id)

        parts = [part.get_content_type() for part in post.mail().walk()]
        assert parts == ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "text/csv"]
        (attachment,) = post.mail().iter_attachments()
        assert attachment.get_filename() == "rejects_a_b.csv"
        assert attachment.get_param("charset") == "utf-8"
        assert attachment.get_payload(decode=True) == report().csv_bytes

    def test_without_rejects_nothing_is_attached(self, conn_id: str, post: Post) -> None:
        send(conn_id, mail=report(csv_bytes=b""))

        assert post.mail().get_content_type() == "multipart/alternative"

    def test_a_large_csv_is_attached_zipped(self, conn_id: str, post: Post) -> None:
        content = b"PS-1,some reject\r\n" * (ZIP_BEYOND // 18 + 1)

        send(conn_id, mail=report(csv_bytes=content))

        (attachment,) = post.mail().iter_attachments()
        assert (attachment.get_content_type(), attachment.get_filename()) == ("application/zip", "rejects_a_b.csv.zip")
        with zipfile.ZipFile(io.BytesIO(attachment.get_content())) as archive:
            assert archive.namelist() == ["rejects_a_b.csv"]
            assert archive.read("rejects_a_b.csv") == content

    def test_any_language_and_any_line_length_pass_a_7_bit_server(self, conn_id: str, post: Post) -> None:
        subject = "[order sync] Bestellungen für Zürich · 東京: 3 😀 " + "ä" * 150
        text = "Größe 😀\n" + "x" * 5000 + "\n.\n..dots\n"
        html = "<p>Größe</p>" + "<b>y</b>" * 2000 + "\n"

        send(conn_id, mail=report(subject=subject, text=text, html=html))

        raw = post.taken[0].content
        assert isinstance(raw, bytes)
        assert raw.isascii()
        assert max(len(line) for line in raw.splitlines()) <= 998
        assert post.mail()["Subject"] == subject
        plain, rich = post.mail().get_body(("plain",)), post.mail().get_body(("html",))
        assert plain is not None
        assert plain.get_content().splitlines() == text.splitlines()
        assert rich is not None
        assert rich.get_content().splitlines() == html.splitlines()

    def test_a_sender_with_a_name_keeps_it(self, post: Post, connect: Connect) -> None:
        with serving(post) as port:
            send(connect(port, extra={"from_email": "Shop Données <shop@example.com>"}))

        assert post.taken[0].mail_from == "shop@example.com"
        assert post.mail()["From"] == "Shop Données <shop@example.com>"


class TestRefusals:
    def test_a_refused_recipient_is_named_and_the_others_get_it(self, conn_id: str, post: Post) -> None:
        post.answers = {BEN: "550 no such user"}

        with pytest.raises(
            Rejected, match=r"refused ben@example.com \(550 no such user\).*the other recipients got it"
        ) as caught:
            send(conn_id)

        assert post.taken[0].rcpt_tos == [ANNA]
        assert ANNA not in str(caught.value)
        assert "settings" in caught.value.next_step

    def test_a_recipient_refused_for_now_is_not_repeated_for_the_others(self, conn_id: str, post: Post) -> None:
        post.answers = {BEN: "451 greylisted"}

        with pytest.raises(Rejected, match=BEN):
            send(conn_id)

        assert len(post.taken) == 1

    @pytest.mark.parametrize(
        ("second", "expected"), [("550 unknown", Rejected), ("451 later", NotSent), ("452 full", NotSent)]
    )
    def test_when_all_are_refused_a_temporary_one_makes_a_repeat_worth_while(
        self, second: str, expected: type[Exception], conn_id: str, post: Post
    ) -> None:
        post.answers = {ANNA: "550 unknown", BEN: second}

        with pytest.raises(expected, match=r"anna@example\.com.*ben@example\.com.*Nobody got the report"):
            send(conn_id)

        assert post.taken == []

    @pytest.mark.parametrize(("code", "expected"), [("550", Rejected), ("552", Rejected), ("451", NotSent)])
    def test_a_refused_sender(self, code: str, expected: type[Exception], conn_id: str, post: Post) -> None:
        post.sender_answer = f"{code} not you"

        with pytest.raises(expected, match=f"sender orders@example.com: {code} not you"):
            send(conn_id)

    @pytest.mark.parametrize(("code", "expected"), [("554", Rejected), ("451", NotSent)])
    def test_a_refused_content(self, code: str, expected: type[Exception], conn_id: str, post: Post) -> None:
        post.data_answer = f"{code} not this"

        with pytest.raises(expected, match=f"refused the report: {code} not this"):
            send(conn_id)

        assert post.attempts == 1

    def test_a_mail_beyond_the_servers_limit(self, post: Post, connect: Connect) -> None:
        with serving(post, data_size_limit=1000) as port, pytest.raises(Rejected, match=r"refused the sender.*552"):
            send(connect(port))

    def test_what_the_server_says_is_made_fit_for_a_log(self, conn_id: str, post: Post) -> None:
        post.answers = {BEN: "550 gone\x1b[31m" + "z" * 400}

        with pytest.raises(Rejected) as caught:
            send(conn_id)

        assert "\x1b" not in str(caught.value)
        assert "z" * 250 not in str(caught.value)


class TestServerDown:
    def test_nobody_listens(self, connect: Connect) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            conn_id = connect(unused.getsockname()[1])

            with pytest.raises(NotSent, match=r"'mail_under_test' cannot be reached.*refused"):
                send(conn_id)

    def test_the_name_is_unknown(self, connect: Connect) -> None:
        with pytest.raises(NotSent, match="cannot be reached"):
            send(connect(25, host="no-such-host.invalid"))

    def test_it_does_not_greet(self, connect: Connect) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            conn_id = connect(silent.getsockname()[1], extra={"timeout": 1})

            with pytest.raises(NotSent, match="timed out"):
                send(conn_id)

    def test_it_offers_no_encryption(self, post: Post, connect: Connect) -> None:
        with serving(post) as port, pytest.raises(NotSent, match="STARTTLS"):
            send(connect(port, extra={"disable_tls": False}))

    @pytest.mark.parametrize(
        ("moment", "expected", "says"),
        [("rcpt", NotSent, "hung up"), ("data", InDoubt, ID), ("accepted", InDoubt, ID)],
    )
    def test_it_hangs_up(self, moment: str, expected: type[Exception], says: str, conn_id: str, post: Post) -> None:
        post.hang_up_at = moment

        with pytest.raises(expected, match=says):
            send(conn_id)

        assert (len(post.taken), post.attempts) == (0 if expected is NotSent else 1, 1)

    def test_it_closes_after_one_recipient(self, conn_id: str, post: Post) -> None:
        post.answers = {BEN: "421 shutting down"}

        with pytest.raises(NotSent, match="421 shutting down"):
            send(conn_id)

        assert post.taken == []

    def test_the_login_is_refused_without_telling_the_password(self, post: Post, connect: Connect) -> None:
        refuse = AuthResult(success=False, handled=False)

        with serving(post, authenticator=lambda *_: refuse, auth_require_tls=False) as port:
            conn_id = connect(port, login="orders", password="hunter2-very-secret")

            with pytest.raises(NotSent, match=r"refused the login \(code 535\)") as caught:
                send(conn_id)

        assert "hunter2" not in str(caught.value)

    def test_a_good_login_is_used(self, post: Post, connect: Connect) -> None:
        seen: list[Any] = []

        def accept(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
            seen.append(data)
            return AuthResult(success=True)

        with serving(post, authenticator=accept, auth_require_tls=False) as port:
            send(connect(port, login="orders", password="right"))

        assert [(login.login, login.password) for login in seen] == [(b"orders", b"right")]
        assert len(post.taken) == 1


class TestSettings:
    @pytest.mark.parametrize(
        "bad",
        [
            "",
            "anna",
            "anna@",
            "@example.com",
            "anna@example.com\r\nBcc: x@example.com",
            "anna@example.com\n",
            "anna@example.com, ben@example.com",
            "Anna <anna@example.com>",
            "an na@example.com",
            "a..b@example.com",
            "a@example..com",
            "a@-example.com",
            "änna@example.com",
        ],
        ids=repr,
    )
    def test_a_bad_recipient_stops_before_anything_is_sent(self, bad: str, conn_id: str, post: Post) -> None:
        with pytest.raises(Stop, match="is not an address like name@domain"):
            send(conn_id, ANNA, bad)

        assert post.attempts == 0

    @pytest.mark.parametrize("recipients", [[], "anna@example.com"])
    def test_recipients_are_a_list_with_somebody_in_it(self, recipients: Any, conn_id: str) -> None:
        with pytest.raises(Stop, match="no list of recipients"):
            send(conn_id, recipients=recipients)

    def test_a_recipient_named_twice_gets_one_mail(self) -> None:
        assert checked_addresses([BEN, ANNA, BEN]) == [BEN, ANNA]

    @pytest.mark.parametrize("address", ["a@localhost", "a.b+c@x-y.example.com", "o'neil@example.com"])
    def test_unusual_addresses_pass(self, address: str) -> None:
        assert checked_addresses([address]) == [address]

    def test_the_connection_does_not_exist(self) -> None:
        with pytest.raises(Stop, match=r"'no_such_mail'.*not found"):
            send("no_such_mail")

    @pytest.mark.parametrize("sender", [None, "", "nobody", "a@example.com\r\nBcc: b@example.com"])
    def test_a_connection_without_sender(self, sender: str | None, post: Post, connect: Connect) -> None:
        with serving(post) as port, pytest.raises(Stop, match="from_email"):
            send(connect(port, extra={"from_email": sender}))

        assert post.attempts == 0

    @pytest.mark.parametrize(
        "extra", [{"timeout": "soon"}, {"ssl_context": "any", "disable_ssl": False}, {"auth_type": "oauth2"}], ids=str
    )
    def test_an_extra_that_makes_no_sense(self, extra: dict[str, object], post: Post, connect: Connect) -> None:
        with serving(post) as port, pytest.raises(Stop, match="mail_under_test"):
            send(connect(port, extra=extra))

    @pytest.mark.parametrize(
        "change",
        [
            {"message_id": "no-brackets@x"},
            {"message_id": "<a@b>\r\nBcc: x@example.com"},
            {"produced_at": datetime(2026, 3, 2)},
            {"mail": report(subject="a\r\nBcc: x@example.com")},
        ],
    )
    def test_headers_that_cannot_be_written(self, change: dict[str, Any], conn_id: str, post: Post) -> None:
        with pytest.raises(ValueError, match=r"Message-ID|time zone|linefeed"):
            send(conn_id, **change)

        assert post.attempts == 0
