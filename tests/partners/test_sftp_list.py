"""Listing: what a folder holds, and why it cannot be told."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from order_sync.errors import NotSent, Stop
from order_sync.partners.sftp import RemoteFile, SftpClient, unchanged
from sandbox.sftp import SftpServer

from .conftest import Server


def test_files_folders_sizes_and_times(any_server: Server, any_client: SftpClient) -> None:
    folder = any_server.root / "in"
    (folder / "b.json").write_bytes(b"12345")
    os.utime(folder / "b.json", (1_700_000_000, 1_700_000_000))
    (folder / "a folder").mkdir()
    found = any_client.list("in")
    assert [(file.name, file.is_dir) for file in found] == [("a folder", True), ("b.json", False)]
    assert found[1] == RemoteFile("b.json", "in/b.json", 5, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), False)


def test_empty_folder_and_trailing_slash(any_client: SftpClient) -> None:
    assert any_client.list("in/") == []


def test_links_are_followed(any_server: Server, any_client: SftpClient) -> None:
    root = any_server.root
    (root / "real.json").write_bytes(b"123")
    (root / "in/to_file").symlink_to("../real.json")
    (root / "in/to_folder").symlink_to("../out")
    (root / "in/to_nothing").symlink_to("nowhere")
    os.mkfifo(root / "in/pipe")
    assert [(file.name, file.size, file.is_dir) for file in any_client.list("in") if not file.is_dir] == [
        ("to_file", 3, False)
    ]
    assert [file.name for file in any_client.list("in") if file.is_dir] == ["to_folder"]


def test_unicode_and_spaces(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "in/größe 東京 🧾.json").write_bytes(b"{}")
    assert [file.name for file in any_client.list("in")] == ["größe 東京 🧾.json"]


def test_names_that_are_not_safe_are_shown_but_have_no_path(any_server: Server, any_client: SftpClient) -> None:
    for name in (b"back\\slash.json", b"new\nline.json", b"latin-1-\xe9.json"):
        Path(os.fsdecode(os.fsencode(any_server.root) + b"/in/" + name)).write_bytes(b"{}")
    found = any_client.list("in")
    assert len(found) == 3
    assert {file.path for file in found} == {""}


def test_missing_folder(any_client: SftpClient) -> None:
    with pytest.raises(Stop, match="Cannot list the folder 'no/such': it does not exist"):
        any_client.list("no/such")


def test_folder_that_may_not_be_read(sandbox: SftpServer, client: SftpClient) -> None:
    sandbox.faults.deny("list", "/in")
    with pytest.raises(Stop, match=r"Cannot list the folder 'in': .* not permitted"):
        client.list("in")


def test_folder_that_is_a_file(any_server: Server, any_client: SftpClient) -> None:
    (any_server.root / "file").write_bytes(b"")
    with pytest.raises((Stop, NotSent), match="Cannot list the folder 'file'"):
        any_client.list("file")


def test_large_folder(any_server: Server, any_client: SftpClient) -> None:
    for number in range(1500):
        (any_server.root / f"in/{number:04}.json").touch()
    assert [file.name for file in any_client.list("in")] == [f"{number:04}.json" for number in range(1500)]


def test_server_dies_between_two_calls(sandbox: SftpServer, client: SftpClient) -> None:
    client.list("in")
    sandbox.stop()
    with pytest.raises(NotSent):
        client.list("in")


def test_stable_files_leaves_out_what_is_not_finished(any_server: Server, any_client: SftpClient) -> None:
    folder = any_server.root / "in"
    for name in ("good.json", ".hidden.json", "a.part", "b.TMP", "c.filepart", "dots..json"):
        (folder / name).write_bytes(b"{}")
    (folder / "sub.json").mkdir()
    (folder / "link.json").symlink_to("sub.json")
    assert [file.name for file in any_client.stable_files("in", seconds=0)] == ["dots..json", "good.json"]


def test_stable_files_leaves_out_a_file_that_grows(sandbox: SftpServer, client: SftpClient) -> None:
    folder = sandbox.root / "in"
    (folder / "done.json").write_bytes(b"{}")
    growing = (folder / "growing.json").open("wb", buffering=0)

    def grow() -> None:
        while not stop.wait(0.01):
            growing.write(b"x")

    stop = threading.Event()
    writer = threading.Thread(target=grow)
    writer.start()
    try:
        time.sleep(0.05)
        assert [file.name for file in client.stable_files("in", seconds=0.1)] == ["done.json"]
    finally:
        stop.set()
        writer.join()
        growing.close()


def test_stable_files_looks_only_once_when_there_is_nothing(client: SftpClient) -> None:
    assert client.stable_files("in", seconds=3600) == []


def test_unchanged_compares_size_and_time() -> None:
    then, now = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)

    def file(name: str, size: int, mtime: datetime) -> RemoteFile:
        return RemoteFile(name, f"in/{name}", size, mtime, is_dir=False)

    first = [file("same", 1, then), file("grown", 1, then), file("rewritten", 1, then), file("gone", 1, then)]
    second = [file("same", 1, then), file("grown", 2, then), file("rewritten", 1, now), file("new", 1, then)]
    assert unchanged(first, second) == [file("same", 1, then)]
