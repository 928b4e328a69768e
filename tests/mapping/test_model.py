"""The mapping language: what a file may say, and that every mistake is named with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from order_sync.errors import Stop
from order_sync.mapping import model
from order_sync.mapping.model import Mapping, Vocabulary
from order_sync.settings import include_folder, load
from order_sync.transforms import tlog_vocabulary

VOCABULARY = Vocabulary(
    paths={
        "order.id": "text",
        "order.total": "money",
        "order.count": "whole",
        "order.at": "date",
        "line.sku": "text",
        "fact.kind": "text",
    },
    cases={"fact.kind": frozenset({"a", "b"})},
    settings=frozenset({"channel", "phone"}),
)
HEAD = "target: t\nsource: s\ncolumns:\n"
GOOD = "  - {name: id, from: order.id}\n"


def read(folder: Path, text: str, retailer: str = "acme") -> Mapping:
    path = folder / "mapping.yaml"
    path.write_text(text, encoding="utf-8")
    tables = folder / "lookups"
    tables.mkdir(exist_ok=True)
    if not (tables / "colour.csv").exists():
        (tables / "colour.csv").write_text("key,value,description\nred,R,\n")
    return model.load(path, VOCABULARY, tables, retailer)


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(Stop) as caught:
        read(folder, text)
    return caught.value.message.removeprefix(f"{folder / 'mapping.yaml'}:")


def test_a_sound_mapping(tmp_path: Path) -> None:
    text = f"""{HEAD}{GOOD}
  - {{name: channel, setting: channel, functions: [upper], max_length: 5, too_long: cut}}
  - {{name: key, join: [order.id, line.sku], with: "-", required: true}}
  - {{name: total, from: order.total, type: money, functions: [negate]}}
  - {{name: count, from: order.count, type: whole, default: "1"}}
  - {{name: date, from: order.at, type: date, format: MM/DD/YYYY, default_setting: phone}}
  - name: colour
    by: fact.kind
    cases:
      a: {{lookup: colour, key: order.id, unknown: reject}}
      b: {{from: [line.sku, order.id]}}
"""
    mapping = read(tmp_path, text)
    assert [column.name for column in mapping.columns] == "id channel key total count date colour".split()
    assert mapping.paths() == set(VOCABULARY.paths)
    assert mapping.lookups["colour"].values == {"red": "R"}


SOURCE = "exactly one of from, constant, setting, join, lookup and by"
MISTAKES = [
    ("{name: x}", SOURCE),
    ("{name: x, from: order.id, constant: c}", SOURCE),
    ("{name: x, setting: channel, join: [order.id]}", SOURCE),
    ("{name: x, lookup: colour, key: order.id, unknown: pass, by: fact.kind}", SOURCE),
    ("{name: x, by: fact.kind, cases: {a: {constant: c}, b: {}}}", SOURCE),
    ("{name: x, by: fact.kind, cases: {a: {constant: c}, b: {from: order.id, constant: c}}}", SOURCE),
    ("{name: x, setting: colour}", "the setting colour does not exist"),
    ("{name: x, from: order.id, default_setting: colour}", "the setting colour does not exist"),
    ("{name: x, by: fact.kind, cases: {a: {setting: colour}, b: {constant: c}}}", "the setting colour does not exist"),
    ("{name: x, from: order.name}", "the path order.name is not known"),
    ("{name: x, from: [order.id, id]}", "the path id is not known"),
    ("{name: x, join: [order.id, line.id]}", "the path line.id is not known"),
    ("{name: x, lookup: colour, key: order.colour, unknown: pass}", "the path order.colour is not known"),
    ("{name: x, from: order.total}", "order.total is money, but text is wanted"),
    ("{name: x, from: order.id, type: money}", "order.id is text, but money is wanted"),
    ("{name: x, from: order.count, type: money}", "order.count is whole, but money is wanted"),
    ("{name: x, from: order.at, type: whole}", "order.at is date, but whole is wanted"),
    ("{name: x, from: [order.id, order.total]}", "order.total is money, but text is wanted"),
    ("{name: x, join: [order.id, order.count]}", "order.count is whole, but text is wanted"),
    ("{name: x, lookup: colour, key: order.total, unknown: pass}", "order.total is money, but text is wanted"),
    ("{name: x, lookup: colour, key: order.id}", "a lookup needs a key, and unknown"),
    ("{name: x, lookup: colour, unknown: reject}", "a lookup needs a key, and unknown"),
    ("{name: x, lookup: colour, key: order.id, unknown: default}", "unknown: default needs a default"),
    ("{name: x, by: order.id, cases: {a: {constant: c}}}", "the cases of order.id are none"),
    ("{name: x, by: fact.kind}", "the cases of fact.kind are ['a', 'b']"),
    ("{name: x, by: fact.kind, cases: {a: {constant: c}}}", "the cases of fact.kind are ['a', 'b']"),
    (
        "{name: x, by: fact.kind, cases: {a: {constant: c}, b: {constant: c}, c: {constant: c}}}",
        "the cases of fact.kind are ['a', 'b']",
    ),
    ("{name: x, from: order.id, max_length: 5}", "max_length and too_long go together"),
    ("{name: x, from: order.id, too_long: cut}", "max_length and too_long go together"),
    ('{name: x, from: order.id, default: "", default_setting: phone}', "it has two defaults"),
    ("{name: x, from: order.at, type: date}", "a date needs a format"),
    ("{name: x, from: order.id, format: MM/DD/YYYY}", "a date needs a format, and nothing else has one"),
    ("{name: x, from: order.at, type: date, format: DD.MM.YYYY}", "the format must be one of MM/DD/YYYY, YYYY-MM-DD"),
    (
        "{name: x, from: order.at, type: date, format: MM/DD/YYYY, format_setting: channel}",
        "a date needs a format, and",
    ),
    ("{name: x, from: order.id, format_setting: channel}", "a date needs a format, and nothing else has one"),
    ("{name: x, from: order.at, type: date, format_setting: nowhere}", "the setting nowhere does not exist"),
    ("{name: x, from: order.id, functions: [negate]}", "only money can be negated"),
    ("{name: id, constant: c}", "id is filled twice"),
    # a value that would be written for a column and never come out of it
    ("{name: x, from: []}", "needs at least one path"),
    ("{name: x, join: []}", "needs at least one path"),
    ("{name: x, from: order.id, max_length: 0, too_long: cut}", "max_length must be at least 1"),
    ("{name: x, from: order.id, cases: {a: {constant: c}}}", "only a source with by has cases"),
    ("{name: x, from: order.id, key: line.sku}", "only a lookup has key and unknown"),
    ("{name: x, constant: c, unknown: reject}", "only a lookup has key and unknown"),
    ('{name: x, from: order.id, with: "-"}', "only a join has with"),
]


@pytest.mark.parametrize(("column", "problem"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_of_a_column(tmp_path: Path, column: str, problem: str) -> None:
    name = "id" if "name: id" in column else "x"
    message = refusal(tmp_path, f"{HEAD}{GOOD}\n  - {column}\n")
    assert message.startswith(f"6: column {name}: "), message
    assert problem in message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"{HEAD}  - {{name: x, form: order.id}}\n", 4, "unknown field `form`"),
        (f"{HEAD}{GOOD}  - name: x\n    from: order.id\n    requird: true\n", 7, "unknown field `requird`"),
        (f"{HEAD}{GOOD}  - {{from: order.id}}\n", 5, "missing required field `name`"),
        (f"{HEAD}  - {{name: x, from: order.id, type: figure}}\n", 4, "Invalid enum value 'figure'"),
        (f"{HEAD}  - name: x\n    from: order.id\n    functions: [trim]\n", 6, "Invalid enum value 'trim'"),
        (f"{HEAD}  - name: x\n    constant: 5\n", 5, "Expected `str | null`, got `int`"),
        (f"{HEAD}  - {{name: x, lookup: colour, key: order.id, unknown: ignore}}\n", 4, "Invalid enum value 'ignore'"),
        (f"{HEAD}  - name: x\n    from: order.id\n    required: 'yes'\n", 6, "Expected `bool`"),
        (f"{HEAD}  - name: x\n    by: fact.kind\n    cases:\n      a: {{frm: order.id}}\n", 6, "frm"),
        ("source: s\ncolumns: []\n", 1, "missing required field `target`"),
        (f"{HEAD}{GOOD}extra: 1\n", 5, "unknown field `extra`"),
        (f"{HEAD}  - {{name: x, name: y, constant: c}}\n", 4, "the key name stands there twice"),
    ],
)
def test_mistakes_of_the_file(tmp_path: Path, text: str, line: int, words: str) -> None:
    message = refusal(tmp_path, text)
    assert message.startswith(f"{line}: "), message
    assert words in message


def test_a_table_that_is_missing_or_wrong(tmp_path: Path) -> None:
    column = "  - {name: x, lookup: %s, key: order.id, unknown: pass}\n"
    assert "shade.csv:1: the lookup table cannot be read" in refusal(tmp_path, HEAD + column % "shade")
    (tmp_path / "lookups" / "colour.csv").write_text("key,value,description\nred,R,\nred,S,\n")
    assert "colour.csv:3: the key 'red' stands there twice" in refusal(tmp_path, HEAD + column % "colour")


def test_the_version_follows_the_mapping_and_its_tables(tmp_path: Path) -> None:
    text = HEAD + "  - {name: x, lookup: colour, key: order.id, unknown: pass}\n"
    first = read(tmp_path, text)
    assert read(tmp_path, text).version == first.version
    assert read(tmp_path, text + "# a remark\n").version != first.version
    (tmp_path / "lookups" / "colour.csv").write_text("key,value,description\nred,RED,\n")
    changed = read(tmp_path, text)
    assert changed.version != first.version
    (tmp_path / "lookups" / "acme").mkdir()
    (tmp_path / "lookups" / "acme" / "colour.csv").write_text("key,value,description\nred,OWN,\n")
    own = read(tmp_path, text)
    assert own.lookups["colour"].values == {"red": "OWN"}
    assert len({first.version, changed.version, own.version}) == 3
    assert read(tmp_path, text, "other").version == changed.version


@pytest.mark.parametrize("name", ["hotwax_order_csv", "hotwax_order_json", "hotwax_inventory_variance_csv"])
def test_the_mappings_of_the_repository_are_sound(name: str) -> None:
    folder = include_folder() / "mappings"
    settings = frozenset(load("default").predictspring_order_sync.values)
    vocabulary = Vocabulary(tlog_vocabulary.known_paths(), tlog_vocabulary.CASES, settings)
    mapping = model.load(folder / f"{name}.yaml", vocabulary, folder / "lookups", "default")
    assert len(mapping.columns) == len({column.name for column in mapping.columns})
    assert set(tlog_vocabulary.CASES) <= set(vocabulary.paths)


def test_facts_can_be_told_from_fields() -> None:
    paths = tlog_vocabulary.known_paths()
    assert all(path.partition(".")[0] in {"order", "line", "fact"} for path in paths)
    assert "line.isReturnRelated" not in paths, "a flag cannot be written"
