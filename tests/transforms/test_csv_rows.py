"""CSV text against Python's own csv module."""

from __future__ import annotations

import csv
import io

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from order_sync.mapping.engine import Filled
from order_sync.mapping.sheet import Level
from order_sync.transforms import csv_rows

TEXTS = st.none() | st.text(
    st.sampled_from(["a", "é", "🙂", ",", '"', "\n", "\r", " ", "=", "'", "\t", ";", "\u2028"]), min_size=1, max_size=6
)


def written(rows: list[list[str | None]]) -> bytes:
    """What Python's csv module writes, quoting as little as it can; it quotes a lone CR only where lines end in one."""
    texts = []
    for row in rows:
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\r\n").writerow([cell or "" for cell in row])
        texts.append(text.getvalue().removesuffix("\r\n"))
    return "".join(f"{text}\n" for text in texts).encode()


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_like_pythons_csv(data: st.DataObject) -> None:
    """Columns of every level in any order; any of the lines."""
    counts = data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4).filter(any))
    owner = np.repeat(np.arange(len(counts)), counts)
    levels = data.draw(
        st.lists(st.sampled_from(Level), min_size=2, max_size=6).filter(lambda all_: set(all_) != {Level.ALL})
    )
    columns: dict[str, Filled] = {}
    cells: list[list[str | None]] = []
    for name, level in enumerate(levels):
        size = {Level.ALL: 1, Level.ORDER: len(counts), Level.LINE: len(owner)}[level]
        values: list[str | None] = [data.draw(TEXTS) for _ in range(size)]
        array = pa.array(values, pa.string())
        columns[str(name)] = Filled(array[0] if level is Level.ALL else array, level)
        place = {Level.ALL: np.zeros_like(owner), Level.ORDER: owner, Level.LINE: np.arange(len(owner))}[level]
        cells.append([values[at] for at in place])
    lines = np.array(sorted(data.draw(st.sets(st.integers(0, len(owner) - 1), min_size=1))))
    wanted = [[of_line[line] for of_line in cells] for line in lines]
    text = bytes(csv_rows.rows(columns, owner, lines))
    assert text == written(wanted)
    assert list(csv.reader(io.StringIO(text.decode(), newline=""), strict=True)) == [
        [cell or "" for cell in row] for row in wanted
    ]


def test_a_slice_of_a_larger_column() -> None:
    """A value outside of the slice that needs quotes does not harm."""
    values = pa.array(["x,y", "a", None, "b"]).slice(1)
    columns = {"v": Filled(values, Level.LINE), "w": Filled(pa.array(["o"]), Level.ORDER)}
    assert bytes(csv_rows.rows(columns, np.zeros(3, np.int64), np.arange(3))) == b"a,o\n,o\nb,o\n"


def test_header() -> None:
    assert csv_rows.header(["a", "b-c"]) == b"a,b-c\n"
