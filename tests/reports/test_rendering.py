from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from order_sync.reasons import REASONS
from order_sync.reports.failure_report import Amount, FailureReport, Item, Link, Problem, Solved, Tally, Totals
from order_sync.reports.rendering import RenderedReport, render

MakeItem = Callable[..., Item]
MakeReport = Callable[..., FailureReport]
Render = Callable[..., RenderedReport]

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Page(HTMLParser):
    """The text a reader sees, the tags used and the links; fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"style", "title"}:
            self._words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self._words)


def bodies(mail: RenderedReport) -> list[str]:
    """Both alternatives as plain words, to ask the same of each."""
    return [" ".join(mail.text.split()), Page(mail.html).text]


class TestSubject:
    def test_it_says_what_is_to_be_looked_at_though_nothing_failed(self, rendered: Render) -> None:
        step = Problem("publish", "The server is down.", "Wait.")
        matter = Problem("answers", "Order 7 has no answer.", "Look.", failed=False)
        assert rendered(problems=[matter]).subject.endswith(": 1 matter to look at")
        mail = rendered(problems=[step, matter])
        assert mail.subject.endswith(": 1 step failed, 1 matter to look at")
        assert mail.text.index("STEPS THAT FAILED") < mail.text.index("publish") < mail.text.index("TO LOOK AT")
        assert mail.text.index("TO LOOK AT") < mail.text.index("Order 7 has no answer.")
        assert mail.html.index("Steps that failed") < mail.html.index("To look at") < mail.html.index("Order 7")
        assert "STEPS THAT FAILED" not in rendered(problems=[matter]).text

    @pytest.mark.parametrize(
        ("counts", "expected"),
        [
            ((1, 0, 0), "1 order needs a person (1 cause)"),
            ((7, 0, 0), "7 orders need a person (1 cause)"),
            ((0, 1, 0), "1 file needs a person (1 cause)"),
            ((1, 1, 0), "1 order and 1 file need a person (2 causes)"),
            ((1200, 0, 2), "1,200 orders need a person (1 cause), 2 steps failed"),
            ((0, 0, 1), "1 step failed"),
        ],
    )
    def test_it_says_what_waits(
        self, counts: tuple[int, int, int], expected: str, make_item: MakeItem, rendered: Render
    ) -> None:
        orders, files, problems = counts
        items = [make_item(n) for n in range(orders)]
        items += [make_item(n, "FILE_EMPTY", order_id="", record=None) for n in range(files)]
        mail = rendered(*items, problems=[Problem(f"step{n}", "Cut.", "Wait.") for n in range(problems)])

        assert mail.subject == f"[order sync] PredictSpring order sync · default: {expected}"

    def test_an_unreadable_record_counts_as_an_order(self, make_item: MakeItem, rendered: Render) -> None:
        assert "1 order needs" in rendered(make_item(order_id="", record=3)).subject

    def test_solved_exceptions_alone(self, rendered: Render) -> None:
        assert rendered(solved=[Solved("A", "RETURN")]).subject.endswith(": 1 earlier exception solved")

    def test_nothing_at_all(self, rendered: Render) -> None:
        assert rendered().subject.endswith(": nothing needs a person")

    def test_no_header_can_be_smuggled_in(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(make_item(), retailer="x\r\nBcc: a@example.com\u2028y", flow_title="A\x00B\nC")

        assert mail.subject == ("[order sync] A B C · x Bcc: a@example.com y: 1 order needs a person (1 cause)")

    def test_it_is_bounded(self, make_item: MakeItem, rendered: Render) -> None:
        assert len(rendered(make_item(), flow_title="x" * 5000).subject) == 200


class TestLines:
    def test_each_line_says_who_where_what_and_how_much(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(make_item(7, amount=Amount(123456789, "USD"), record=1204, file="a b.json"))

        for body in bodies(mail):
            for part in (
                "PS-00007",
                "1,234,567.89 USD",
                "Store '7' is not in facility.csv.",
                "a b.json, record 1,204",
                "store.storeId",
                "254",
                "2026-03-02 08:30 UTC",
                REASONS["UNMAPPED_VALUE"].what_to_do,
            ):
                assert part in body

    def test_the_cause_heads_its_group(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(make_item(1, "RETURN"), make_item(2, "NO_LINES"), make_item(3, "NO_LINES"))

        assert "THE ORDER HAS NO LINES (2)\n" in mail.text
        assert mail.html.index("The order has no lines</h2>") < mail.html.index(REASONS["RETURN"].title + "</h2>")

    @pytest.mark.parametrize(("record", "expected"), [(17, "File t.json, record 17"), (None, "File t.json")])
    def test_what_has_no_order_id_is_named_by_its_place(
        self, record: int | None, expected: str, make_item: MakeItem, rendered: Render
    ) -> None:
        for body in bodies(rendered(make_item(order_id="", file="t.json", record=record))):
            assert re.search(rf"{re.escape(expected)},? 10.01 USD", body)
            assert body.count("t.json") == 1

    def test_a_group_says_what_it_is_worth(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(
            make_item(1, amount=Amount(1050, "USD")),
            make_item(2, amount=Amount(100, "USD")),
            make_item(3, amount=Amount(500, "JPY")),
            make_item(4, amount=None),
        )

        for body in bodies(mail):
            assert "500 JPY + 11.50 USD + 1 of unknown amount" in body

    def test_an_amount_of_zero_is_an_amount(self, make_item: MakeItem, rendered: Render) -> None:
        for body in bodies(rendered(make_item(amount=Amount(0, "USD")))):
            assert body.count("0.00 USD") == 2

    def test_a_long_message_is_cut_in_the_body_only(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(make_item(message="y" * 5000))

        assert max(len(run) for run in re.findall("y+", mail.html + mail.text)) < 400
        assert b"y" * 5000 in mail.csv_bytes


class TestLongGroups:
    def test_the_rest_is_in_the_csv(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(*(make_item(n) for n in range(1053)))

        for body in bodies(mail):
            assert len(re.findall(r"PS-\d{5}", body)) == 50
            assert "and 1,003 more in the attached CSV" in body
        assert len(re.findall(rb"PS-\d{5}", mail.csv_bytes)) == 1053

    def test_a_group_that_just_fits_has_no_rest(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(*(make_item(n) for n in range(3)), lines_per_group=3)

        for body in bodies(mail):
            assert len(re.findall(r"PS-\d{5}", body)) == 3
            assert " more" not in body

    def test_the_limit_holds_for_solved_ones_too(self, rendered: Render) -> None:
        mail = rendered(solved=[Solved(f"S-{n:03}", "RETURN") for n in range(5)], lines_per_group=2)

        for body in bodies(mail):
            assert len(re.findall(r"S-\d{3}", body)) == 2
            assert "and 3 more" in body

    def test_two_full_groups_stay_below_the_size_at_which_mails_are_clipped(
        self, make_item: MakeItem, rendered: Render
    ) -> None:
        mail = rendered(*(make_item(n, reason) for n in range(99) for reason in ("RETURN", "NO_LINES")))

        assert len(mail.html.encode()) < 102_000

    def test_no_lines_at_all_is_refused(self, make_item: MakeItem, rendered: Render) -> None:
        with pytest.raises(ValueError, match="lines_per_group is 0"):
            rendered(make_item(), lines_per_group=0)


class TestOtherSections:
    def test_failed_steps(self, rendered: Render) -> None:
        mail = rendered(problems=[Problem("confirm", "HotWax did not answer", "Ask HotWax.")])

        for body in bodies(mail):
            assert "confirm HotWax did not answer. What to do: Ask HotWax." in body
        assert mail.csv_bytes == b""
        assert "CSV" not in mail.text + mail.html

    def test_totals_that_close(self, rendered: Render) -> None:
        totals = Totals(
            "USD", Tally(1280, 1834250), Tally(1238, 1713000), {"ALREADY_SENT": Tally(2, 0)}, Tally(40, 121250)
        )
        mail = rendered(totals=[totals])

        assert "Arrived: 1,280, 18,342.50 USD\n" in mail.text
        assert "Left out: The same order with the same content was sent before: 2, 0.00 USD\n" in mail.text
        for body in bodies(mail):
            assert "What became of the USD orders".lower() in body.lower()
            assert "Nothing is missing" in body
            assert "not sent yet" not in body

    def test_totals_that_do_not_close(self, rendered: Render) -> None:
        mail = rendered(totals=[Totals("USD", Tally(3, 300), Tally(2, 150), {}, Tally(0, 0))])

        for body in bodies(mail):
            assert "this does not add up: 1 order and 1.50 usd are unaccounted for" in body.lower()
            assert "nothing is missing" not in body.lower()

    def test_orders_under_way_and_unknown_exclusions_are_shown(self, rendered: Render) -> None:
        totals = Totals("USD", Tally(2, 20), Tally(0, 0), {"FROM_THE_FUTURE": Tally(1, 10)}, Tally(0, 0), Tally(1, 10))

        for body in bodies(rendered(totals=[totals])):
            assert "Ready, not sent yet" in body
            assert "Left out: FROM_THE_FUTURE" in body

    def test_orders_that_wait_are_not_called_ready(self, rendered: Render) -> None:
        totals = Totals("USD", Tally(2, 20), Tally(0, 0), {}, Tally(0, 0), waiting=Tally(2, 20))

        for body in bodies(rendered(totals=[totals])):
            assert "Waiting for an id" in body
            assert "Nothing is missing" in body
            assert "Ready, not sent yet" not in body

    def test_orders_without_a_readable_currency_come_last(self, rendered: Render) -> None:
        unreadable = Totals("", Tally(1, 0), Tally(0, 0), {}, Tally(1, 0))
        dollars = Totals("USD", Tally(1, 5), Tally(1, 5), {}, Tally(0, 0))

        for body in bodies(rendered(totals=[unreadable, dollars])):
            lower = body.lower()
            assert lower.index("the usd orders") < lower.index("without a readable currency")
            assert "amount unknown" in lower

    def test_solved_ones(self, rendered: Render) -> None:
        mail = rendered(solved=[Solved("PS-9", "RETURN", Amount(100, "EUR"))])

        for body in bodies(mail):
            assert "solved since the last report" in body.lower()
            assert "PS-9" in body
            assert "1.00 EUR" in body
            assert REASONS["RETURN"].title in body

    def test_links(self, rendered: Render) -> None:
        mail = rendered(links=[Link("Run in Airflow", "https://airflow.example.com/dags/x?a=1&b=2")])

        assert "Run in Airflow: https://airflow.example.com/dags/x?a=1&b=2\n" in mail.text
        assert ("href", "https://airflow.example.com/dags/x?a=1&b=2") in Page(mail.html).attributes

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "data:text/html,x", 'https://x" onclick="y', "https://a b", "ftp://x", ""]
    )
    def test_other_targets_are_no_links(self, url: str, rendered: Render) -> None:
        page = Page(rendered(links=[Link("Run", url)]).html)

        assert "Run:" in page.text
        assert not {"href", "onclick"} & {name for name, _ in page.attributes}

    def test_a_window_over_midnight_names_both_days(self, make_report: MakeReport, rendered: Render) -> None:
        start = make_report().window_start - timedelta(days=1)

        assert "Window 2026-03-02 08:00 to 09:00 UTC." in rendered().text
        assert "Window 2026-03-01 08:00 UTC to 2026-03-02 09:00 UTC." in rendered(window_start=start).text


HOSTILE = '<script>alert("x")</script>{{ 7*7 }}</td></table>&amp;\r\nSTEPS THAT FAILED\u202e'


class TestHostileContent:
    @pytest.fixture
    def mail(self, make_item: MakeItem, rendered: Render) -> RenderedReport:
        item = make_item(
            reason=HOSTILE, order_id=HOSTILE, file=HOSTILE, field=HOSTILE, message=HOSTILE, store=HOSTILE,
            amount=Amount(1, HOSTILE),
        )  # fmt: skip
        return rendered(
            item,
            flow=HOSTILE,
            flow_title=HOSTILE,
            retailer=HOSTILE,
            problems=[Problem(HOSTILE, HOSTILE, HOSTILE)],
            solved=[Solved(HOSTILE, HOSTILE, Amount(1, HOSTILE))],
            totals=[Totals(HOSTILE, Tally(2, 1), Tally(0, 0), {HOSTILE: Tally(0, 0)}, Tally(0, 0))],
            links=[Link(HOSTILE, HOSTILE)],
        )

    def test_it_stays_text_in_the_html(self, mail: RenderedReport) -> None:
        page = Page(mail.html)

        assert "script" not in page.tags
        assert page.text.count("<script>") >= 12
        assert "49" not in page.text

    def test_it_cannot_forge_lines_in_the_text(self, mail: RenderedReport) -> None:
        assert mail.text.splitlines().count("STEPS THAT FAILED") == 1

    def test_nothing_invisible_is_left(self, mail: RenderedReport) -> None:
        for text in (mail.subject, mail.text, mail.html, mail.csv_bytes.decode("utf-8-sig")):
            assert not re.search("[\u202e\x00\x1b]", text)

    def test_the_csv_name_is_a_plain_name(self, mail: RenderedReport) -> None:
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,150}\.csv", mail.csv_name)

    def test_broken_unicode_can_be_sent(self, make_item: MakeItem, rendered: Render) -> None:
        mail = rendered(make_item(order_id="a\ud800b", message="\udfff"), retailer="\ud83d")

        assert "a\ufffdb" in mail.html
        assert (mail.subject + mail.text + mail.html).encode("utf-8")


class TestMailPrograms:
    @pytest.fixture
    def mail(self, make_item: MakeItem, rendered: Render) -> RenderedReport:
        return rendered(
            make_item(),
            problems=[Problem("a", "b", "c")],
            solved=[Solved("x", "RETURN")],
            totals=[Totals("USD", Tally(1, 1), Tally(0, 0), {}, Tally(1, 1))],
            links=[Link("Run", "https://airflow.example.com/")],
        )

    def test_nothing_is_loaded_from_elsewhere(self, mail: RenderedReport) -> None:
        page = Page(mail.html)

        assert not page.tags & {"img", "link", "script", "iframe", "object", "video", "form", "svg"}
        assert not {"src", "background", "srcset"} & {name for name, _ in page.attributes}
        assert not re.search(r"url\(|@import|@font-face", mail.html)

    def test_it_is_laid_out_without_what_mail_programs_drop(self, mail: RenderedReport) -> None:
        styles = " ".join(value for name, value in Page(mail.html).attributes if name == "style")

        assert not re.search(r"flex|grid|position:|float:|var\(", styles)
        assert "<!doctype html>" in mail.html.lower()
        assert 'name="viewport"' in mail.html

    def test_the_colours_follow_dark_mode(self, mail: RenderedReport) -> None:
        sheet = re.search(r"prefers-color-scheme: dark\) \{(.*?)\n\}", mail.html, re.DOTALL)
        used = {name for key, value in Page(mail.html).attributes if key == "class" for name in value.split()}

        assert sheet
        assert used == set(re.findall(r"\.(\w+) \{", sheet[1])) - {"bad"}

    def test_text_lines_are_short(self, mail: RenderedReport) -> None:
        assert max(len(line) for line in mail.text.splitlines()) <= 100
        assert not re.search(r"\n{4}|[ \t]\n", mail.text)


def test_the_same_report_renders_to_the_same_bytes(make_item: MakeItem, rendered: Render) -> None:
    items = [make_item(n) for n in range(9)]

    assert rendered(*items) == rendered(*items[::-1])


def test_a_template_that_asks_for_what_does_not_exist_fails(
    tmp_path: Path, make_item: MakeItem, make_report: MakeReport
) -> None:
    for name in ("failure_report.html.j2", "failure_report.txt.j2"):
        (tmp_path / name).write_text("{{ report.no_such_thing }}")

    with pytest.raises(UndefinedError, match="no_such_thing"):
        render(make_report(make_item()), tmp_path)
