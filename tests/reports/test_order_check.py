"""The mail of the check: words, links and steps, safe to show."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from order_sync.ledger import Problem as Row
from order_sync.reasons import FINDINGS
from order_sync.reports.failure_report import Problem
from order_sync.reports.order_check import CheckReport, check_report, headline, message_id, render_check

TEMPLATES = Path(__file__).parents[2] / "include/templates"
AT = datetime(2026, 11, 11, 9, 30, tzinfo=UTC)


def row(number: int, kind: str = "MISSING_IN_HOTWAX", words: str = "", links: str = "") -> Row:
    return Row(
        number, "shopify_findings", "default", "shopify_order_check", "one", f"{kind} {number}", kind,
        words or f"#{number} is not in HotWax", links or f"https://shop.example/{number} Shopify", AT, None, None,
    )  # fmt: skip


def report(*found: Row, solved: tuple[Row, ...] = (), problems: tuple[Problem, ...] = ()) -> CheckReport:
    return check_report(retailer="default", at=AT, found=found, solved=solved, problems=problems)


def test_groups_are_in_the_order_of_their_urgency() -> None:
    made = report(*(row(number, kind) for number, kind in enumerate(reversed(FINDINGS))))
    assert [group.title for group in made.groups] == [reason.title for reason in FINDINGS.values()]


def test_mail_says_what_where_and_what_to_do() -> None:
    made = report(
        row(1), row(2, "TO_BE_REFRESHED", links="https://shop.example/2 Shopify\nhttps://oms.example/M2 HotWax M2")
    )
    mail = render_check(made, TEMPLATES)
    assert mail.subject == "[order sync] Shopify order check · default: 2 findings need a person"
    for text in (mail.text, mail.html):
        assert "#1 is not in HotWax." in text
        assert "https://oms.example/M2" in text
        assert FINDINGS["TO_BE_REFRESHED"].title.lower() in text.lower()
    assert "What to do: Open the order in HotWax" in mail.text
    assert b"https://shop.example/2 https://oms.example/M2" in mail.csv_bytes


def test_what_partners_wrote_does_no_harm() -> None:
    mail = render_check(report(row(1, words="=HYPERLINK(<b>#1</b>)", links="javascript:alert(1) Shopify")), TEMPLATES)
    assert "<b>#1</b>" not in mail.html
    assert 'href="javascript' not in mail.html
    assert b"'=HYPERLINK" in mail.csv_bytes


def test_long_lists_end_in_the_attachment() -> None:
    mail = render_check(report(*(row(number) for number in range(120))), TEMPLATES)
    assert "and 70 more in the attached CSV" in mail.text
    assert mail.csv_bytes.count(b"\r\n") == 121


def test_solved_and_failed_are_told() -> None:
    made = report(solved=(row(1),), problems=(Problem("check", "HotWax is down.", "Wait."),))
    assert headline(made) == "1 step failed, 1 solved"
    mail = render_check(made, TEMPLATES)
    assert "SOLVED SINCE THE LAST REPORT" in mail.text
    assert "HotWax is down." in mail.text
    assert mail.csv_bytes == b""
    assert report().is_empty


def test_same_content_has_the_same_id() -> None:
    assert message_id(report(row(1))) == message_id(report(row(1)))
    assert message_id(report(row(1))) != message_id(report(row(2)))
