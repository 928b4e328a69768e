"""Names from partners, and the sink into a local file."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from order_sync.partners.sftp import FileSink, RemoteFile, is_safe_name, unfinished


@pytest.mark.parametrize(
    "name",
    ["a.json", "größe 東京 🧾.json", "..json", "a..json", "-rf", "~", "$(id)", "{{ ds }}", "a;b", "*", "x" * 255],
)
def test_safe_names(name: str) -> None:
    assert is_safe_name(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "/etc/passwd", "../a", "a\\b", "a\x00", "a\nb", "\x1b[2J", "\x7f", "\x85", "\udce9"]
)
def test_unsafe_names(name: str) -> None:
    assert not is_safe_name(name)


@pytest.mark.parametrize(
    ("name", "is_dir", "expected"),
    [
        ("a.json", False, False),
        ("a.json", True, True),
        (".a.json", False, True),
        ("a.json.part", False, True),
        ("a.TMP", False, True),
        ("a.filepart", False, True),
        ("part", False, False),
        ("a\nb.json", False, False),
    ],
)
def test_unfinished(name: str, is_dir: bool, expected: bool) -> None:
    assert unfinished(RemoteFile(name, name, 1, datetime(2026, 1, 1, tzinfo=UTC), is_dir)) is expected


def test_file_sink_shows_the_file_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    sink = FileSink(path)
    sink.write(b"new ")
    sink.write(b"bytes")
    assert path.read_bytes() == b"old"
    sink.close()
    assert path.read_bytes() == b"new bytes"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_file_sink_forgets(tmp_path: Path) -> None:
    sink = FileSink(tmp_path / "a.json")
    sink.write(b"half")
    sink.discard()
    assert list(tmp_path.iterdir()) == []
