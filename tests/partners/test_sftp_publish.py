"""Publishing: a consumer never sees part of a file, and publishing twice changes nothing."""

from __future__ import annotations

import hashlib
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from order_sync.errors import BadInput, InDoubt, NotSent, Stop
from order_sync.partners.sftp import SftpClient, Upload
from sandbox.sftp import SftpServer
from sandbox.sftp_session import SftpSession

from .conftest import Connect, Server

BYTES = b"external-id,quantity\nPS-1,2\n"
SHA = hashlib.sha256(BYTES).hexdigest()
TEMPORARY = f".feed.csv.{SHA[:12]}.part"


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    """A small file to publish."""
    path = tmp_path / "local.csv"
    path.write_bytes(BYTES)
    return path


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_publish(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    published = any_client.publish(feed, "out", "feed.csv")
    assert (published.path, published.size, published.sha256) == ("out/feed.csv", len(BYTES), SHA)
    assert published.renamed
    assert _names(any_server.root / "out") == ["archive", "feed.csv"]
    assert (any_server.root / "out/feed.csv").read_bytes() == BYTES


@pytest.mark.parametrize("size", [0, 255 * 1024, 255 * 1024 + 1, 1024 * 1024 + 1, 7_000_000])
def test_every_size(any_server: Server, any_client: SftpClient, tmp_path: Path, size: int) -> None:
    data = random.Random(size).randbytes(size)
    local = tmp_path / "local"
    local.write_bytes(data)
    published = any_client.publish(local, "out", "feed.csv")
    assert (any_server.root / "out/feed.csv").read_bytes() == data
    assert published.sha256 == hashlib.sha256(data).hexdigest()


def test_publish_many(any_server: Server, any_client: SftpClient, tmp_path: Path) -> None:
    uploads = []
    for number in range(200):
        local = tmp_path / f"local{number}"
        local.write_bytes(str(number).encode() * number)
        uploads.append(Upload(local, "out", f"{number}.csv"))
    published = any_client.publish_many(uploads)
    assert [one.path for one in published] == [f"out/{number}.csv" for number in range(200)]
    assert all(one.renamed and one.error is None for one in published)
    for number in range(200):
        assert (any_server.root / f"out/{number}.csv").read_bytes() == str(number).encode() * number
    assert len(_names(any_server.root / "out")) == 201


def test_publishing_again_changes_nothing(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    any_client.publish(feed, "out", "feed.csv")
    before = (any_server.root / "out/feed.csv").stat()
    again = any_client.publish(feed, "out", "feed.csv")
    assert (again.path, again.renamed) == ("out/feed.csv", False)
    after = (any_server.root / "out/feed.csv").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert _names(any_server.root / "out") == ["archive", "feed.csv"]


@pytest.mark.parametrize("other", [b"short", BYTES[:-1] + b"!"], ids=["other size", "same size"])
def test_other_bytes_under_the_name_are_never_overwritten(
    any_server: Server, any_client: SftpClient, feed: Path, other: bytes
) -> None:
    (any_server.root / "out/feed.csv").write_bytes(other)
    with pytest.raises(Stop) as caught:
        any_client.publish(feed, "out", "feed.csv")
    assert "'out/feed.csv'" in caught.value.message
    assert str(feed) in caught.value.message
    assert (any_server.root / "out/feed.csv").read_bytes() == other
    assert _names(any_server.root / "out") == ["archive", "feed.csv"]


class Rival(threading.Thread):
    """Puts a file under the target's name as soon as the temporary file appears: after the first look."""

    def __init__(self, folder: Path, data: bytes) -> None:
        super().__init__()
        self.folder, self.data = folder, data
        self.start()

    def run(self) -> None:
        while not any(path.name.endswith(".part") for path in self.folder.iterdir()):
            pass
        (self.folder / "feed.csv").write_bytes(self.data)


@pytest.mark.parametrize("same", [True, False])
def test_plain_rename_never_overwrites_what_came_meanwhile(
    any_server: Server, any_client: SftpClient, tmp_path: Path, same: bool
) -> None:
    data = random.Random(1).randbytes(30_000_000)
    local = tmp_path / "local"
    local.write_bytes(data)
    folder = any_server.root / "out"
    rival = Rival(folder, data if same else b"rival")
    if same:
        published = any_client.publish(local, "out", "feed.csv")
        assert (published.path, published.renamed, published.error) == ("out/feed.csv", False, None)
    else:
        with pytest.raises(Stop, match="other bytes"):
            any_client.publish(local, "out", "feed.csv")
        assert (folder / "feed.csv").read_bytes() == b"rival"
    rival.join()
    assert [name for name in _names(folder) if name.endswith(".part")] == []


def test_old_temporary_files_of_the_same_name_are_swept(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    folder = any_server.root / "out"
    for name in (".feed.csv.0123456789ab.part", TEMPORARY, ".other.csv.0123456789ab.part", ".feed.csv.part"):
        (folder / name).write_bytes(b"half")
    any_client.publish(feed, "out", "feed.csv")
    assert _names(folder) == [".feed.csv.part", ".other.csv.0123456789ab.part", "archive", "feed.csv"]
    assert (folder / "feed.csv").read_bytes() == BYTES


def test_temp_folder(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    (any_server.root / "staging").mkdir()
    (any_server.root / "staging/.feed.csv.0123456789ab.part").write_bytes(b"half")
    any_client.publish(feed, "out", "feed.csv", temp_folder="staging")
    assert _names(any_server.root / "staging") == []
    assert _names(any_server.root / "out") == ["archive", "feed.csv"]


def test_consumer_has_taken_it_already(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    any_client.publish(feed, "out", "feed.csv")
    (any_server.root / "out/feed.csv").rename(any_server.root / "out/archive/feed.csv")
    again = any_client.publish(feed, "out", "feed.csv", taken_folders=["out/failed", "out/archive"])
    assert (again.path, again.renamed) == ("out/archive/feed.csv", False)
    assert _names(any_server.root / "out") == ["archive"]


def test_consumer_has_taken_another_file_of_that_name(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    (any_server.root / "out/archive/feed.csv").write_bytes(b"other")
    with pytest.raises(Stop, match=r"'out/archive/feed.csv' exists on the server with other bytes"):
        any_client.publish(feed, "out", "feed.csv", taken_folders=["out/archive"])


@pytest.mark.parametrize("moment", range(1, 4))
def test_consumer_takes_it_while_it_is_looked_at(
    sandbox: SftpServer, client: SftpClient, feed: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    """After each of the requests by which the bytes of an earlier try are compared."""
    client.publish(feed, "out", "feed.csv")
    target, asked = sandbox.root / "out/feed.csv", 0

    def watch(name: str) -> None:
        original = getattr(SftpSession, name)

        def taking(session: SftpSession, path: bytes, *rest: object) -> object:
            nonlocal asked
            asked += path.endswith(b"out/feed.csv")
            answer = original(session, path, *rest)
            if asked == moment and target.exists():
                target.rename(sandbox.root / "out/archive/feed.csv")
            return answer

        monkeypatch.setattr(SftpSession, name, taking)

    for name in ("lstat", "stat", "open"):
        watch(name)
    again = client.publish(feed, "out", "feed.csv", taken_folders=["out/archive"])
    assert again.error is None
    assert not again.renamed
    assert _names(sandbox.root / "out/archive") == ["feed.csv"]


def test_temporary_file_is_taken_by_the_consumer(sandbox: SftpServer, client: SftpClient, tmp_path: Path) -> None:
    local = tmp_path / "local"
    local.write_bytes(random.Random(1).randbytes(30_000_000))
    folder = sandbox.root / "out"
    stop = threading.Event()

    def take() -> None:
        while not stop.is_set():
            for path in folder.glob(".*.part"):
                path.unlink(missing_ok=True)

    greedy = threading.Thread(target=take)
    greedy.start()
    try:
        with pytest.raises(Stop, match="taken away before it got its name") as caught:
            client.publish(local, "out", "feed.csv")
    finally:
        stop.set()
        greedy.join()
    assert "temp_folder" in caught.value.next_step


def test_server_stores_fewer_bytes(sandbox: SftpServer, client: SftpClient, feed: Path) -> None:
    sandbox.faults.wrong_size(f"/out/{TEMPORARY}", 3)
    with pytest.raises(NotSent, match=f"stored 3 of {len(BYTES)} bytes"):
        client.publish(feed, "out", "feed.csv")
    assert _names(sandbox.root / "out") == ["archive"]
    assert client.publish(feed, "out", "feed.csv").renamed


@pytest.mark.parametrize("after_bytes", [0, 10, 1_500_000])
def test_cut_in_the_middle_of_an_upload(
    sandbox: SftpServer, client: SftpClient, tmp_path: Path, after_bytes: int
) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"x" * 3_000_000)
    sandbox.faults.cut_upload("/out/.feed.csv.*", after_bytes=after_bytes)
    with pytest.raises(NotSent, match="1 of 1 files were not published"):
        client.publish(local, "out", "feed.csv")
    assert "feed.csv" not in _names(sandbox.root / "out")
    assert client.publish(local, "out", "feed.csv").renamed
    assert _names(sandbox.root / "out") == ["archive", "feed.csv"]


def test_cut_before_the_rename_is_mended_at_once(sandbox: SftpServer, client: SftpClient, feed: Path) -> None:
    sandbox.faults.cut_before_rename("/out/feed.csv")
    assert client.publish(feed, "out", "feed.csv").renamed
    assert _names(sandbox.root / "out") == ["archive", "feed.csv"]
    assert sandbox.connections == 2


def test_lost_answer_of_the_rename_is_looked_up(sandbox: SftpServer, client: SftpClient, feed: Path) -> None:
    sandbox.faults.cut_after_rename("/out/feed.csv")
    published = client.publish(feed, "out", "feed.csv")
    assert (published.path, published.renamed) == ("out/feed.csv", True)
    assert _names(sandbox.root / "out") == ["archive", "feed.csv"]


@pytest.fixture
def right_after_rename(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """:returns: a function that has something done on the server's side after a rename, before its answer."""

    def schedule(act: Callable[[], object]) -> None:
        original = SftpSession._after_rename

        def acting(session: SftpSession, old: bytes, new: bytes) -> None:
            act()
            original(session, old, new)

        monkeypatch.setattr(SftpSession, "_after_rename", acting)

    return schedule


def test_lost_answer_and_the_consumer_has_archived_it(
    sandbox: SftpServer, client: SftpClient, feed: Path, right_after_rename: Callable[[Callable[[], object]], None]
) -> None:
    out = sandbox.root / "out"
    sandbox.faults.cut_after_rename("/out/feed.csv")
    right_after_rename(lambda: (out / "feed.csv").rename(out / "archive/feed.csv"))
    published = client.publish(feed, "out", "feed.csv", taken_folders=["out/archive"])
    assert (published.path, published.renamed) == ("out/archive/feed.csv", True)
    assert _names(out) == ["archive"]


def test_lost_answer_and_no_trace_is_in_doubt(
    sandbox: SftpServer, client: SftpClient, feed: Path, right_after_rename: Callable[[Callable[[], object]], None]
) -> None:
    sandbox.faults.cut_after_rename("/out/feed.csv")
    right_after_rename((sandbox.root / "out/feed.csv").unlink)
    with pytest.raises(InDoubt, match="neither of the two is there") as caught:
        client.publish(feed, "out", "feed.csv")
    assert "'out/feed.csv'" in caught.value.message
    assert "consumer" in caught.value.next_step


def test_lost_answer_and_other_bytes_are_there(
    sandbox: SftpServer, client: SftpClient, feed: Path, right_after_rename: Callable[[Callable[[], object]], None]
) -> None:
    sandbox.faults.cut_after_rename("/out/feed.csv")
    right_after_rename(lambda: (sandbox.root / "out/feed.csv").write_bytes(b"other"))
    with pytest.raises(Stop, match="other bytes"):
        client.publish(feed, "out", "feed.csv")


def test_lost_answer_and_the_server_stays_away_is_in_doubt(
    sandbox: SftpServer, connect: Connect, feed: Path, right_after_rename: Callable[[Callable[[], object]], None]
) -> None:
    sandbox.faults.cut_after_rename("/out/feed.csv")
    assert sandbox._acceptor is not None
    right_after_rename(sandbox._acceptor.close)
    with SftpClient(connect(sandbox)) as sftp, pytest.raises(InDoubt, match="cannot be asked"):
        sftp.publish(feed, "out", "feed.csv")
    sandbox.stop()
    sandbox.start()
    with SftpClient(connect(sandbox)) as sftp:
        again = sftp.publish(feed, "out", "feed.csv")
    assert not again.renamed
    assert _names(sandbox.root / "out") == ["archive", "feed.csv"]


def test_cut_among_many_files_publishes_none_twice(sandbox: SftpServer, client: SftpClient, tmp_path: Path) -> None:
    uploads = []
    for number in range(100):
        local = tmp_path / f"{number}.csv"
        local.write_bytes(str(number).encode())
        uploads.append(Upload(local, "out", local.name))
    sandbox.faults.cut_after_rename("/out/50.csv")
    with pytest.raises(NotSent, match="of 100 files were not published"):
        client.publish_many(uploads)
    published = client.publish_many(uploads)
    assert all(one.error is None for one in published)
    assert any(not one.renamed for one in published)
    assert _names(sandbox.root / "out") == sorted([*(f"{number}.csv" for number in range(100)), "archive"])


def test_one_bad_file_does_not_stop_the_others(sandbox: SftpServer, client: SftpClient, tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / name).write_bytes(name.encode())
    (sandbox.root / "out/b").write_bytes(b"other")
    sandbox.faults.deny("open", "/out/.c.*")
    published = client.publish_many([Upload(tmp_path / name, "out", name) for name in "abc"])
    assert [type(one.error) for one in published] == [type(None), Stop, Stop]
    assert "not permitted" in str(published[2].error)
    assert _names(sandbox.root / "out") == ["a", "archive", "b"]


def test_missing_folder(any_client: SftpClient, feed: Path) -> None:
    with pytest.raises(Stop, match="'nowhere': it does not exist"):
        any_client.publish(feed, "nowhere", "feed.csv")


def test_rename_not_permitted(sandbox: SftpServer, client: SftpClient, feed: Path) -> None:
    sandbox.faults.deny("rename", "/out/feed.csv")
    with pytest.raises(Stop, match=r"Cannot rename .* not permitted"):
        client.publish(feed, "out", "feed.csv")


def test_folder_into_which_the_login_may_write_but_not_look(
    sandbox: SftpServer, client: SftpClient, feed: Path
) -> None:
    sandbox.faults.deny("list", "/out")
    assert client.publish(feed, "out", "feed.csv").renamed
    sandbox.faults.deny("list", "/out")
    assert not client.publish(feed, "out", "feed.csv").renamed
    assert _names(sandbox.root / "out") == ["archive", "feed.csv"]


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_local_file_that_is_not_what_was_recorded(
    sandbox: SftpServer, client: SftpClient, tmp_path: Path, size: int
) -> None:
    local = tmp_path / "local"
    local.write_bytes(b"x" * size)
    with pytest.raises(Stop, match="is not what was recorded"):
        client.publish(local, "out", "feed.csv", sha256=SHA)
    assert _names(sandbox.root / "out") == ["archive"]


def test_local_file_that_is_gone(client: SftpClient, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="cannot be read"):
        client.publish(tmp_path / "gone", "out", "feed.csv")


@pytest.mark.parametrize("name", ["../feed.csv", "a/b.csv", "a\\b", "a\x00", ".."])
def test_unsafe_name(client: SftpClient, feed: Path, name: str) -> None:
    with pytest.raises(BadInput, match="cannot be used in a path"):
        client.publish(feed, "out", name)


@pytest.mark.parametrize("names", [["twice.csv", "twice.csv"], ["x" * 201]])
def test_names_that_cannot_work(client: SftpClient, feed: Path, names: list[str]) -> None:
    with pytest.raises(Stop, match="cannot be published"):
        client.publish_many([Upload(feed, "out", name) for name in names])


def test_longest_name(any_server: Server, any_client: SftpClient, feed: Path) -> None:
    any_client.publish(feed, "out", "é" * 100)
    assert "é" * 100 in _names(any_server.root / "out")
