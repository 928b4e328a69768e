from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from order_sync.contracts import money, predictspring, tlog_json
from order_sync.contracts.predictspring import SCALE

SCHEMA = predictspring.schema(["totalAmount"], [])
MOST_WHOLE_DIGITS = 24
exhaustive = settings(max_examples=300, deadline=None, derandomize=True)


@st.composite
def amounts(draw: st.DrawFn) -> str:
    """Decimal text as it may stand in JSON: signs, zeros at the end, exponents."""
    whole = str(draw(st.integers(0, 10 ** draw(st.integers(0, MOST_WHOLE_DIGITS)))))
    decimals = draw(st.text("0123456789", max_size=6))
    text = f"{draw(st.sampled_from(['', '-']))}{whole}{'.' + decimals if decimals else ''}"
    exponent = draw(st.sampled_from(["", "", "", "e0", "E+1", "e-1", "e-2"]))
    return text + exponent


def from_json(texts: list[str], *, quoted: bool = False) -> pa.Table | None:
    mark = '"' if quoted else ""
    return tlog_json.decode([f'{{"totalAmount":{mark}{text}{mark}}}'.encode() for text in texts], SCHEMA)


@exhaustive
@given(text=amounts(), decimals=st.sampled_from([0, 2, 3]), quoted=st.booleans())
@example(text="0.1", decimals=2, quoted=False)
@example(text="1.005", decimals=2, quoted=False)
@example(text="9007199254740993e-4", decimals=3, quoted=False)
@example(text="-0.00", decimals=2, quoted=False)
@example(text="72057594037.92", decimals=2, quoted=False)
@example(text="184467440737095517", decimals=2, quoted=False)  # 0.84 to who keeps 64 bits of it
@example(text="999999999999999", decimals=2, quoted=False)
def test_json_to_minor_units_is_exact(text: str, decimals: int, quoted: bool) -> None:
    """What the partner wrote, by decimal arithmetic, or refused: nothing in between."""
    exact = Decimal(text)
    table = from_json([text], quoted=quoted)
    if table is None:
        assert exact != exact.quantize(Decimal(1).scaleb(-SCALE)) or abs(exact) > money.LIMIT, "for the careful way"
        return
    minor, bad = money.to_minor(money.unscaled(column(table)), SCALE, np.array([decimals]))
    wanted = exact.scaleb(decimals)
    if wanted == int(wanted) and abs(wanted) <= money.LIMIT:
        assert (minor.tolist(), bad.tolist()) == ([int(wanted)], [False])
    else:
        assert (minor.tolist(), bad.tolist()) == ([0], [True])


@exhaustive
@given(texts=st.lists(st.decimals(-(10**9), 10**9, places=4), min_size=1, max_size=20), start=st.integers(0, 25))
def test_unscaled_digits_of_any_part_of_a_column(texts: list[Decimal | None], start: int) -> None:
    values = [None if at % 4 == 3 else text for at, text in enumerate(texts)]
    part = pa.array(values, pa.decimal128(18, SCALE))[start:]
    assert money.unscaled(part).tolist() == [int((value or Decimal(0)).scaleb(SCALE)) for value in values[start:]]


@pytest.mark.parametrize("column", [[], [None] * 3])
def test_unscaled_digits_of_nothing(column: list[None]) -> None:
    assert money.unscaled(pa.array(column, pa.decimal128(18, SCALE))).tolist() == [0] * len(column)


@pytest.mark.parametrize(
    ("text", "decimals", "minor"),
    [
        ("12.34", 2, 1234),
        ("12.30", 2, 1230),
        ("12", 2, 1200),
        ("12", 0, 12),
        ("12.0", 0, 12),
        ("12.345", 3, 12345),
        ("-0.01", 2, -1),
        ("0", 3, 0),
    ],
)
def test_minor_units(text: str, decimals: int, minor: int) -> None:
    digits = np.array([int(Decimal(text).scaleb(SCALE))])
    found, bad = money.to_minor(digits, SCALE, np.array([decimals]))
    assert (found.tolist(), bad.tolist()) == ([minor], [False])


@pytest.mark.parametrize(("text", "decimals"), [("12.345", 2), ("12.3", 0), ("0.0001", 3), ("-0.001", 2), ("0.5", 0)])
def test_finer_than_the_currency_is_refused(text: str, decimals: int) -> None:
    digits = np.array([int(Decimal(text).scaleb(SCALE))])
    minor, bad = money.to_minor(digits, SCALE, np.array([decimals]))
    assert (minor.tolist(), bad.tolist()) == ([0], [True])


@pytest.mark.parametrize("sign", [1, -1])
def test_largest_amount(sign: int) -> None:
    digits = np.array([sign * money.LIMIT * 100, sign * (money.LIMIT + 1) * 100])
    minor, bad = money.to_minor(digits, SCALE, np.array([2, 2]))
    assert (minor.tolist(), bad.tolist()) == ([sign * money.LIMIT, 0], [False, True])


def test_each_amount_has_its_own_currency() -> None:
    digits = np.array([15_0000, 15_0000, 15_0000])
    minor, bad = money.to_minor(digits, SCALE, np.array([0, 2, 3]))
    assert (minor.tolist(), bad.tolist()) == ([15, 1500, 15000], [False] * 3)


@exhaustive
@given(minor=st.lists(st.integers(-money.LIMIT, money.LIMIT), max_size=10), decimals=st.sampled_from([0, 2, 3]))
@example(minor=[0, -1, 1, 99, -99, 100, -100, 999, -1000], decimals=2)
@example(minor=[-5, 5], decimals=3)
def test_column_text_is_decimal_formatting(minor: list[int], decimals: int) -> None:
    column = money.column_text(np.array(minor, dtype=np.int64), decimals)
    assert column.to_pylist() == [f"{Decimal(one).scaleb(-decimals):.{decimals}f}" for one in minor]


@exhaustive
@given(minor=st.integers(-money.LIMIT, money.LIMIT), currency=st.sampled_from(sorted(money.DECIMALS)))
def test_shown_amount_has_exactly_the_decimals_of_its_currency(minor: int, currency: str) -> None:
    shown = money.show(minor, currency)
    assert Decimal(shown).scaleb(money.DECIMALS[currency]) == minor
    assert len(shown.partition(".")[2]) == money.DECIMALS[currency]
    assert "E" not in shown


@pytest.mark.parametrize(("currency", "decimals"), [("USD", 2), ("JPY", 0), ("KWD", 3), ("EUR", 2), ("CLP", 0)])
def test_decimals_of_currencies(currency: str, decimals: int) -> None:
    assert money.DECIMALS[currency] == decimals


def column(table: pa.Table) -> pa.Decimal128Array:
    return table["totalAmount"].combine_chunks()
