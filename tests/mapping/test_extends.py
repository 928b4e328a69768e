"""Files that extend another one, exact numbers, and what a required field says when it is blank."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from order_sync.errors import Stop
from order_sync.mapping import model
from order_sync.mapping.exact import shortest_text
from order_sync.mapping.model import Mapping, Vocabulary
from order_sync.settings import include_folder, load
from order_sync.transforms.invoice_vocabulary import CASES, INVOICE_PATHS, SLIP_PATHS
from tests.mapping.filling import Filling, a_sheet, numbers

HEAD = "target: t\nsource: s\n"
BASE = f"{HEAD}columns:\n  - {{name: a, constant: A}}\n  - {{name: b, constant: B}}\n"
VOCABULARY = Vocabulary({"order.id": "text", "order.size": "number"}, {}, frozenset())


def extended(folder: Path, columns: str, base: str = BASE, extends: str = "extends: base\n") -> Mapping:
    (folder / "base.yaml").write_text(base, encoding="utf-8")
    path = folder / "more.yaml"
    path.write_text(f"{HEAD}{extends}columns:\n{columns}", encoding="utf-8")
    (folder / "kind.csv").write_text("key,value,description\na,1,\nb,one,\n")
    return model.load(path, VOCABULARY, folder, "acme")


def refusal(folder: Path, columns: str, **parts: str) -> str:
    with pytest.raises(Stop) as caught:
        extended(folder, columns, **parts)
    return caught.value.message.removeprefix(f"{folder}/")


def test_columns_stand_after_the_ones_they_name(tmp_path: Path) -> None:
    columns = "  - {name: c, constant: C, after: a}\n  - {name: d, constant: D, after: c}\n  - {name: e, constant: E}\n"
    assert [column.name for column in extended(tmp_path, columns).columns] == ["a", "c", "d", "b", "e"]


def test_version_follows_both_files(tmp_path: Path) -> None:
    column = "  - {name: c, constant: C}\n"
    first = extended(tmp_path, column).version
    assert extended(tmp_path, column).version == first
    assert extended(tmp_path, column, base=f"{BASE}# a remark\n").version != first


def test_mistakes_are_named_where_they_stand(tmp_path: Path) -> None:
    unknown = "  - {name: c, constant: C, after: x}\n"
    assert refusal(tmp_path, unknown) == "more.yaml:5: column c: there is no column x in a file that it extends."
    assert "there is no column a in a file that it extends" in refusal(
        tmp_path, "  - {name: a, constant: C}\n  - {name: c, constant: C, after: a}\n", extends=""
    )
    twice = "  - {name: a, constant: C}\n"
    assert refusal(tmp_path, twice) == "more.yaml:5: column a: a is filled twice."
    bad = f"{BASE}  - {{name: c}}\n"
    assert refusal(tmp_path, "  - {name: d, constant: D}\n", base=bad).startswith("base.yaml:6: column c: it needs")
    further = BASE.replace("columns", "extends: other\ncolumns")
    assert refusal(tmp_path, twice, base=further) == "more.yaml:3: base extends another file itself."


def test_columns_are_renamed_and_left_out(tmp_path: Path) -> None:
    more = "extends: base\nrenamed: {a: A B}\nwithout: [b]\n"
    mapping = extended(tmp_path, "  - {name: c, constant: C, after: A B}\n", extends=more)
    assert [(column.name, column.constant) for column in mapping.columns] == [("A B", "A"), ("c", "C")]


@pytest.mark.parametrize(
    ("extends", "problem"),
    [
        ("extends: base\nrenamed: {x: y}\n", "more.yaml:4: there is no column x in a file that it extends."),
        ("extends: base\nwithout: [a, x]\n", "more.yaml:4: there is no column x in a file that it extends."),
        ("renamed: {a: y}\n", "more.yaml:3: there is no column a in a file that it extends."),
        ("extends: base\nrenamed: {a: b}\n", "more.yaml:4: the extended file would have b twice."),
        ("extends: base\nrenamed: {a: c}\n", "more.yaml:6: column c: c is filled twice."),
    ],
)
def test_mistakes_in_what_is_taken_over(tmp_path: Path, extends: str, problem: str) -> None:
    assert refusal(tmp_path, "  - {name: c, constant: C}\n", extends=extends) == problem


@pytest.mark.parametrize(
    ("column", "problem"),
    [
        ("{name: c, from: order.id, precision: 10}", "only a number from one path has a precision"),
        ("{name: c, constant: '1', type: number, precision: 10}", "only a number from one path has a precision"),
        ("{name: c, from: order.id, missing: nothing}", "only a required column has missing"),
        ("{name: c, from: order.size}", "order.size is number, but text is wanted"),
        (
            "{name: c, lookup: kind, key: order.id, unknown: default, type: whole, default: x}",
            "its default 'x' is not a whole number",
        ),
    ],
)
def test_mistakes_of_numbers(tmp_path: Path, column: str, problem: str) -> None:
    assert refusal(tmp_path, f"  - {column}\n") == f"more.yaml:5: column c: {problem}."


def test_a_table_for_whole_numbers_holds_nothing_else(tmp_path: Path) -> None:
    column = "  - {name: c, lookup: kind, key: order.id, unknown: reject, type: whole}\n"
    assert refusal(tmp_path, column) == "kind.csv:3: 'one' is not a whole number."


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (400_000, "40"),
        (57_500, "5.75"),
        (1, "0.0001"),
        (-5_000, "-0.5"),
        (0, "0"),
        (-10_000, "-1"),
        (10**17, "1" + "0" * 13),
    ],
)
def test_shortest_text(value: int, wanted: str) -> None:
    assert shortest_text(np.array([value])).to_pylist() == [wanted]


@given(st.lists(st.integers(-(10**17), 10**17), min_size=1))
def test_shortest_text_is_exact_and_short(values: list[int]) -> None:
    for value, text in zip(values, shortest_text(np.array(values)).to_pylist(), strict=True):
        assert Decimal(text) == Decimal(value).scaleb(-4)
        assert "." not in text or not text.endswith("0")


@pytest.fixture
def sized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(Filling.__init__.__globals__["VOCABULARY"].paths, "order.size", "number")


@pytest.mark.usefixtures("sized")
def test_more_digits_than_the_target_takes(tmp_path: Path) -> None:
    sheet = a_sheet(number={"order.size": numbers(999_999_9999, 1_000_000_0000, None)})
    filling = Filling(tmp_path, "from: order.size, type: number, precision: 10", sheet)
    assert filling.own == ["999999.9999", "1000000", None]
    message = "x is 1000000, at most 6 digits may precede the point."
    assert filling.rejected == {1: ("BAD_MONEY", "x", message)}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    filling = Filling(tmp_path, "from: order.name, required: true, missing: nobody gave it a name")
    assert filling.rejected == {1: ("REQUIRED_FIELD", "x", "x would be empty: nobody gave it a name.")}


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("retailpro_invoice_v1", INVOICE_PATHS),
        ("retailpro_invoice_v2_fiscal", INVOICE_PATHS),
        ("retailpro_manual_slip", SLIP_PATHS),
    ],
)
def test_mappings_of_retail_pro_are_sound(name: str, paths: dict[str, model.Type]) -> None:
    folder = include_folder() / "mappings"
    vocabulary = Vocabulary(paths, CASES, frozenset(load("default").retailpro_invoicing.values))
    mapping = model.load(folder / f"{name}.yaml", vocabulary, folder / "lookups", "default")
    assert all(column.name.partition(".")[2] for column in mapping.columns)
