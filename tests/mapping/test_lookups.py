"""Lookup tables: what they may look like, and that every mistake names its file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from order_sync.errors import Stop
from order_sync.mapping import lookups
from order_sync.settings import include_folder

HEAD = "key,value,description\n"


def table(folder: Path, text: str | bytes) -> Path:
    path = folder / "colour.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_a_table(tmp_path: Path) -> None:
    text = "\ufeff" + HEAD + 'red,R,\n"dark, ""blue""",B,"a, remark"\r\nrot é,Rouge,\n'
    found = lookups.load(table(tmp_path, text))
    assert found.name == "colour"
    assert found.values == {"red": "R", 'dark, "blue"': "B", "rot é": "Rouge"}
    assert found.keys.to_pylist() == list(found.values)
    assert found.targets.to_pylist() == list(found.values.values())


def test_blanks_around_keys_and_values_do_not_count(tmp_path: Path) -> None:
    assert lookups.load(table(tmp_path, f"{HEAD} a , 1 ,\n")).values == {"a": "1"}


def test_a_blank_value_is_no_value(tmp_path: Path) -> None:
    """So that a required column does not take it for one."""
    found = lookups.load(table(tmp_path, f"{HEAD}a,,\nb,  ,\nc,1,\n"))
    assert found.targets.to_pylist() == [None, None, "1"]


def test_a_table_without_lines(tmp_path: Path) -> None:
    found = lookups.load(table(tmp_path, HEAD))
    assert found.values == {}
    assert (found.keys.type, len(found.keys)) == (found.targets.type, 0)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "key,value,description"),
        ("key,value\n", 1, "key,value,description"),
        ("Key,Value,Description\n", 1, "key,value,description"),
        ("key;value;description\n", 1, "key,value,description"),
        (f"{HEAD}a,1,\nb,2\n", 3, "a key, a value and a description"),
        (f"{HEAD}a,1,,\n", 2, "a key, a value and a description"),
        (f"{HEAD},1,\n", 2, "a key, a value and a description"),
        (f"{HEAD}  ,1,\n", 2, "a key, a value and a description"),
        (f"{HEAD}a,1,\n\nb,2,\n", 3, "a key, a value and a description"),
        (f"{HEAD}a,1,\nb,2,\na,3,\n", 4, "the key 'a' stands there twice"),
        (f'{HEAD}a,1,"two\nlines"\na,1,\n', 4, "the key 'a' stands there twice"),
        (f"{HEAD}a,1,\n a ,2,\n", 3, "the key 'a' stands there twice"),
    ],
)
def test_mistakes(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = table(tmp_path, text)
    with pytest.raises(Stop) as caught:
        lookups.load(path)
    assert caught.value.message.startswith(f"{path}:{line}: "), caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("data", [HEAD.encode() + b"caf\xe9,1,\n", HEAD.encode("utf-16")])
def test_a_table_that_is_not_utf8(tmp_path: Path, data: bytes) -> None:
    path = table(tmp_path, data)
    with pytest.raises(Stop, match="UTF-8") as caught:
        lookups.load(path)
    assert str(path) in caught.value.message


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Stop, match="No such file") as caught:
        lookups.load(tmp_path / "colour.csv")
    assert str(tmp_path / "colour.csv") in caught.value.message


def test_the_retailers_own_table_comes_first(tmp_path: Path) -> None:
    common = table(tmp_path, HEAD)
    (tmp_path / "acme").mkdir()
    assert lookups.find(tmp_path, "acme", "colour") == common
    own = table(tmp_path / "acme", HEAD)
    assert lookups.find(tmp_path, "acme", "colour") == own
    assert lookups.find(tmp_path, "other", "colour") == common


def test_the_tables_of_the_repository_cover_the_published_samples() -> None:
    folder = include_folder() / "mappings" / "lookups"
    tables = {path.stem: lookups.load(path).values for path in folder.glob("*.csv")}
    assert tables["facility"]["254"] == "254"
    assert tables["shipping_method"]["Next Day"] == "NEXT_DAY"
    assert (tables["payment_method"]["Cash"], tables["payment_method"]["Miscellaneous"]) == ("CASH", "EXT_MISC")
    assert set(tables["fulfilment"].values()) == {"in_store", "shipped"}
