"""Moving into the archive: nothing overwritten, nothing lost, done once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from order_sync.errors import BadInput, NotSent, Stop
from order_sync.partners.sftp import SftpClient
from order_sync.partners.sftp_files import Replaced
from sandbox.sftp import SftpServer

from .conftest import Server


def _tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_move_makes_the_folders(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "in/a.json").write_bytes(b"1")
    assert any_client.move("in/a.json", "in/archive/2026/11/20") == "in/archive/2026/11/20/a.json"
    assert _tree(any_server.root) == {"in/archive/2026/11/20/a.json": b"1"}


def test_absolute_paths(sandbox: SftpServer, client: SftpClient) -> None:
    (sandbox.root / "in/a.json").write_bytes(b"1")
    assert client.move("/in/a.json", "/archive/2026/") == "/archive/2026/a.json"


def test_move_many(any_server: Server, any_client: SftpClient) -> None:
    for number in range(200):
        (any_server.root / f"in/{number}.json").write_bytes(str(number).encode())
    moved = any_client.move_many([f"in/{number}.json" for number in range(200)], "archive")
    assert [(one.path, one.error) for one in moved] == [(f"archive/{number}.json", None) for number in range(200)]
    assert _tree(any_server.root) == {f"archive/{number}.json": str(number).encode() for number in range(200)}


def test_moved_before(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "in/a.json").write_bytes(b"1")
    any_client.move("in/a.json", "archive")
    assert any_client.move("in/a.json", "archive") == "archive/a.json"
    assert _tree(any_server.root) == {"archive/a.json": b"1"}


def test_same_bytes_are_there_already(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "archive").mkdir()
    for folder in ("in", "archive"):
        (any_server.root / folder / "a.json").write_bytes(b"1")
    assert any_client.move("in/a.json", "archive") == "archive/a.json"
    assert _tree(any_server.root) == {"archive/a.json": b"1"}


def test_other_bytes_are_there_already(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "archive").mkdir()
    for data in (b"1", b"2", b"3"):
        (any_server.root / "in/a.tar.gz").write_bytes(data)
        any_client.move("in/a.tar.gz", "archive")
    assert _tree(any_server.root) == {
        "archive/a.tar.gz": b"1",
        "archive/a.tar-1.gz": b"2",
        "archive/a.tar-2.gz": b"3",
    }


def test_name_without_an_extension(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "archive").mkdir()
    (any_server.root / "archive/orders").write_bytes(b"1")
    (any_server.root / "in/orders").write_bytes(b"2")
    assert any_client.move("in/orders", "archive") == "archive/orders-1"


def test_file_that_is_nowhere(any_client: SftpClient) -> None:
    with pytest.raises(NotSent, match=r"neither there nor at 'archive/a.json'"):
        any_client.move("in/a.json", "archive")


def test_one_failure_does_not_stop_the_others(sandbox: SftpServer, client: SftpClient) -> None:
    for name in "abc":
        (sandbox.root / "in" / name).write_bytes(b"")
    sandbox.faults.deny("rename", "/in/b")
    moved = client.move_many(["in/a", "in/b", "in/c"], "archive")
    assert [type(one.error) for one in moved] == [type(None), Stop, type(None)]
    assert "not permitted" in str(moved[1].error)
    assert moved[1].path == ""


def test_folder_may_not_be_made(sandbox: SftpServer, client: SftpClient) -> None:
    sandbox.faults.deny("mkdir", "/archive")
    with pytest.raises(Stop, match=r"Cannot make the folder 'archive': .* not permitted"):
        client.move("in/a.json", "archive")


def test_file_stands_where_the_folder_should_be(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "archive").write_bytes(b"")
    with pytest.raises(Stop, match="A file stands where the folder 'archive' should be"):
        any_client.move("in/a.json", "archive")


def test_file_that_was_replaced_since_it_was_listed_stays(any_server: Server, any_client: SftpClient) -> None:
    for name in ("a.json", "b.json", "c.json"):
        (any_server.root / "in" / name).write_bytes(b"1")
    files = any_client.list("in")
    (any_server.root / "in/a.json").write_bytes(b"22")
    os.utime(any_server.root / "in/b.json", (1_700_000_000, 1_700_000_000))
    moved = any_client.move_many(files, "archive")
    assert [(one.path, type(one.error)) for one in moved] == [
        ("", Replaced),
        ("", Replaced),
        ("archive/c.json", type(None)),
    ]
    assert "'in/a.json' was replaced since it was downloaded" in str(moved[0].error)
    assert _tree(any_server.root) == {"archive/c.json": b"1", "in/a.json": b"22", "in/b.json": b"1"}


def test_listed_file_that_was_moved_before(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "in/a.json").write_bytes(b"1")
    (file,) = any_client.list("in")
    assert any_client.move(file, "archive") == "archive/a.json"
    assert any_client.move(file, "archive") == "archive/a.json"


def test_unsafe_name(sandbox: SftpServer, client: SftpClient) -> None:
    (sandbox.root / "in/a\nb.json").write_bytes(b"1")
    (listed,) = client.list("in")
    for file in (listed, "in/a\nb.json"):
        with pytest.raises(BadInput, match="cannot be used in a path"):
            client.move(file, "archive")


@pytest.mark.parametrize("fault", ["cut_before_rename", "cut_after_rename"])
def test_cut_during_the_move_is_mended_by_the_next_try(sandbox: SftpServer, client: SftpClient, fault: str) -> None:
    (sandbox.root / "in/a.json").write_bytes(b"1")
    getattr(sandbox.faults, fault)("/in/a.json")
    with pytest.raises(NotSent, match="was cut while moving 1 files"):
        client.move("in/a.json", "archive")
    assert client.move("in/a.json", "archive") == "archive/a.json"
    assert _tree(sandbox.root) == {"archive/a.json": b"1"}
