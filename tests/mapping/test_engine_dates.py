"""Dates in the zone of the retailer, through the nights in which clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from order_sync.errors import Stop
from order_sync.mapping import model
from tests.mapping.filling import Filling, a_sheet, numbers


def ms(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("zone", "form", "instants", "wanted"),
    [
        ("UTC", "MM/DD/YYYY", (ms(2024, 1, 12, 23, 59, 59), None, ms(2024, 1, 13)), ("01/12/2024", None, "01/13/2024")),
        (
            "UTC",
            "YYYY-MM-DD",
            (ms(2024, 2, 29), ms(2000, 1, 1), ms(1969, 7, 20)),
            ("2024-02-29", "2000-01-01", "1969-07-20"),
        ),
        # The clocks go forward at 2:00 on 10 March: midnight is at 5:00 UTC before, at 4:00 UTC after.
        (
            "America/New_York",
            "YYYY-MM-DD HH:mm:ss",
            (ms(2024, 3, 10, 4, 59, 59), ms(2024, 3, 10, 6, 59, 59), ms(2024, 3, 10, 7)),
            ("2024-03-09 23:59:59", "2024-03-10 01:59:59", "2024-03-10 03:00:00"),
        ),
        (
            "America/New_York",
            "MM/DD/YYYY",
            (ms(2024, 3, 10, 4, 59, 59), ms(2024, 3, 11, 3, 59, 59), ms(2024, 3, 11, 4)),
            ("03/09/2024", "03/10/2024", "03/11/2024"),
        ),
        # They go back at 2:00 on 3 November: half past one comes twice, an hour apart.
        (
            "America/New_York",
            "YYYY-MM-DD HH:mm:ss",
            (ms(2024, 11, 3, 5, 30), ms(2024, 11, 3, 6, 30), ms(2024, 11, 4, 4, 59, 59)),
            ("2024-11-03 01:30:00", "2024-11-03 01:30:00", "2024-11-03 23:59:59"),
        ),
        (
            "Asia/Kolkata",
            "YYYY-MM-DD HH:mm:ss",
            (ms(2024, 1, 12, 18, 29, 59), ms(2024, 1, 12, 18, 30), ms(2024, 3, 10, 20)),
            ("2024-01-12 23:59:59", "2024-01-13 00:00:00", "2024-03-11 01:30:00"),
        ),
        (
            "Asia/Kolkata",
            "MM/DD/YYYY",
            (ms(2024, 1, 12, 18, 30), None, ms(2024, 1, 12, 18, 29)),
            ("01/13/2024", None, "01/12/2024"),
        ),
        (
            "Pacific/Apia",
            "YYYY-MM-DD",
            (ms(2011, 12, 30, 9, 59), ms(2011, 12, 30, 10), None),
            ("2011-12-29", "2011-12-31", None),
        ),
    ],
)
def test_dates(tmp_path: Path, zone: str, form: str, instants: tuple[Any, ...], wanted: tuple[Any, ...]) -> None:
    sheet = a_sheet(instant={"order.at": numbers(*instants)})
    filling = Filling(tmp_path, f'from: order.at, type: date, format: "{form}"', sheet, zone)
    assert filling.own == list(wanted)


@given(
    # Arrow knows the rules of zones as far as the files of the system list them, which is to 2037.
    st.lists(st.integers(ms(1990, 1, 1), ms(2037, 1, 1)), min_size=3, max_size=3),
    st.sampled_from(
        ["America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Europe/Dublin", "America/St_Johns", "UTC"]
    ),
    st.sampled_from(list(model.DATE_FORMATS)),
)
@settings(max_examples=60, deadline=None)
def test_dates_are_those_of_python(
    tmp_path_factory: pytest.TempPathFactory, instants: list[int], zone: str, form: str
) -> None:
    pattern = model.DATE_FORMATS[form][0]
    sheet = a_sheet(instant={"order.at": numbers(*instants)})
    filling = Filling(tmp_path_factory.mktemp("dates"), f'from: order.at, type: date, format: "{form}"', sheet, zone)
    moments = [datetime.fromtimestamp(instant // 1000, UTC).astimezone(ZoneInfo(zone)) for instant in instants]
    assert filling.own == [f"{moment:{pattern}}" for moment in moments]


@pytest.mark.parametrize(
    ("form", "wanted"),
    [("M/D/YYYY", "2/9/2024"), ("D/M/YYYY", "9/2/2024"), ("DD/MM/YYYY", "09/02/2024"), ("MM/DD/YYYY", "02/09/2024")],
)
def test_days_with_and_without_zeros(tmp_path: Path, form: str, wanted: str) -> None:
    sheet = a_sheet(instant={"order.at": numbers(ms(2024, 2, 9), None, ms(2024, 12, 31))})
    filling = Filling(tmp_path, f"from: order.at, type: date, format: {form}", sheet)
    assert (filling.own[0], filling.own[1], len(filling.own[2])) == (wanted, None, 10)


def test_a_format_from_the_settings(tmp_path: Path) -> None:
    sheet = a_sheet(instant={"order.at": numbers(ms(2024, 2, 9), None, None)})
    assert Filling(tmp_path, "from: order.at, type: date, format_setting: date_format", sheet).own[0] == "9/2/2024"


def test_a_setting_that_is_no_format_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="The setting channel is 'POS'"):
        Filling(tmp_path, "from: order.at, type: date, format_setting: channel")
