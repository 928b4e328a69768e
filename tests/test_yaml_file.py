"""Settings and mapping files: whatever is wrong in one, the message names the file and the line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from order_sync import yaml_file
from order_sync.errors import Stop


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    count: int
    names: list[str] = []


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    inner: Inner
    parts: list[Inner] = []


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "some.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(Stop) as caught:
        yaml_file.convert(*_arguments(path))
    assert str(path) in caught.value.message
    assert caught.value.next_step
    return caught.value.message


def _arguments(path: Path) -> tuple[dict[str, Any], type[Outer], Path, dict[str, yaml_file.Place]]:
    content, places = yaml_file.load(path)
    return content, Outer, path, places


def test_values_and_their_lines(tmp_path: Path) -> None:
    text = """# a comment
title: "0123"
inner:
  count: 3

  names:
    - one
    - 'two: 2'
parts: [{count: 1},
        {count: 2, names: []}]
flag: yes
none: ~
ratio: 1.5
"""
    path = written(tmp_path, text)
    content, places = yaml_file.load(path)
    assert {place.path for place in places.values()} == {path}
    lines = {at: place.line for at, place in places.items()}
    assert content == {
        "title": "0123",
        "inner": {"count": 3, "names": ["one", "two: 2"]},
        "parts": [{"count": 1}, {"count": 2, "names": []}],
        "flag": True,
        "none": None,
        "ratio": 1.5,
    }
    wanted = {
        ".title": 2,
        ".inner": 3,
        ".inner.count": 4,
        ".inner.names": 6,
        ".inner.names[0]": 7,
        ".inner.names[1]": 8,
    }
    assert wanted.items() <= lines.items()
    assert (lines[".parts"], lines[".parts[0]"], lines[".parts[1].count"], lines[".flag"]) == (9, 9, 10, 11)


def test_a_sound_file(tmp_path: Path) -> None:
    path = written(tmp_path, "title: t\ninner: {count: 1}\n")
    assert yaml_file.convert(*_arguments(path)) == Outer("t", Inner(1))


GOOD = "title: t\ninner:\n  count: 1\n"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (f"{GOOD}extra: 1\n", 4, "unknown field `extra`"),
        (f"{GOOD}  extra: 1\n", 4, "inner.extra"),
        (f"{GOOD}parts:\n- count: 1\n- count: 1\n  extra: 1\n", 7, "parts[1].extra"),
        ("title: 5\ninner:\n  count: 1\n", 1, "title: Expected `str`, got `int`"),
        ("title: t\ninner:\n  count: '1'\n", 3, "inner.count: Expected `int`, got `str`"),
        ("title: t\ninner:\n  names: []\n", 2, "inner: Object missing required field `count`"),
        ("inner:\n  count: 1\n", 1, "file: Object missing required field `title`"),
        ("title: t\n\n\ninner: 7\n", 4, "inner: Expected `object`, got `int`"),
        (f"{GOOD}  names:\n  - a\n  - 2\n", 6, "names"),
    ],
)
def test_what_does_not_fit_is_named_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = written(tmp_path, text)
    message = refusal(path)
    assert words in message
    assert message.startswith(f"{path}:{line}: "), message


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("title: a\ntitle: b\n", 2),
        ("title: a\ninner:\n  count: 1\n  count: 1\n", 4),
        ("title: a\ninner: {count: 1, count: 2}\n", 2),
    ],
)
def test_a_key_that_stands_twice(tmp_path: Path, text: str, line: int) -> None:
    """The YAML library would silently keep the second."""
    path = written(tmp_path, text)
    assert f"{path}:{line}: the key " in refusal(path)


@pytest.mark.parametrize(
    "text",
    [
        "title: [\n",
        "title: 'a\n",
        "a: b: c\n",
        "\ttitle: a\n",
        "title: *nowhere\n",
        "title: a\n--- \ntitle: b\n",
        "title: !!python/object:os.system x\n",
        "title: !secret x\n",
        "title: 2026-02-30\n",
        b"title: caf\xe9\n",
        b"\xff\xfet\x00",
        "title: \x00\n",
    ],
)
def test_what_is_not_yaml(tmp_path: Path, text: str | bytes) -> None:
    refusal(written(tmp_path, text))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "- a\n- b\n", "just text\n", "5\n"])
def test_what_holds_no_keys(tmp_path: Path, text: str) -> None:
    assert "keys and values" in refusal(written(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in refusal(tmp_path / "missing.yaml")
    assert "cannot be read: Is a directory" in refusal(tmp_path)


def test_an_anchor_stands_for_its_value(tmp_path: Path) -> None:
    content, _ = yaml_file.load(written(tmp_path, "a: &x {b: 1}\nc: *x\n"))
    assert content == {"a": {"b": 1}, "c": {"b": 1}}


def test_merge_goes_key_by_key_and_touches_neither() -> None:
    base = {"a": 1, "b": {"c": [1, 2], "d": {"e": 1, "f": 2}}, "g": {"h": 1}}
    changes = {"b": {"c": [3], "d": {"e": 9}}, "g": 5, "i": {"j": 1}}
    before = (repr(base), repr(changes))
    assert yaml_file.merge(base, changes) == {
        "a": 1,
        "b": {"c": [3], "d": {"e": 9, "f": 2}},
        "g": 5,
        "i": {"j": 1},
    }
    assert (repr(base), repr(changes)) == before
    assert yaml_file.merge(base, {}) == base
    assert yaml_file.merge({}, changes) == changes
    assert yaml_file.merge({"a": {"b": 1}}, {"a": None}) == {"a": None}
