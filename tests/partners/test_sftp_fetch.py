"""Downloading: whole, verified and hashed, or not at all."""

from __future__ import annotations

import gc
import hashlib
import os
import random
import signal
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from order_sync.errors import BadInput, NotSent, Stop
from order_sync.partners.sftp import Fetched, FileSink, RemoteFile, SftpClient
from sandbox.sftp import SftpServer

from .conftest import Connect, Server


class Kept:
    """A sink in memory that notes how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.end = ""

    def write(self, data: bytes, /) -> None:
        assert not self.end
        self.data += data

    def close(self) -> None:
        assert not self.end
        self.end = "closed"

    def discard(self) -> None:
        self.end = "discarded"


class Store:
    """Makes a sink for each file."""

    def __init__(self) -> None:
        self.sinks: dict[str, Kept] = {}

    def __call__(self, file: RemoteFile) -> Kept:
        return self.sinks.setdefault(file.name, Kept())

    @property
    def kept(self) -> dict[str, bytes]:
        return {name: sink.data for name, sink in self.sinks.items() if sink.end == "closed"}


def _fill(folder: Path, sizes: list[int]) -> dict[str, bytes]:
    rng = random.Random(len(sizes))
    contents = {f"{number:04}.json": rng.randbytes(size) for number, size in enumerate(sizes)}
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return contents


SIZES = [0, 1, 16_383, 255 * 1024 - 1, 255 * 1024, 255 * 1024 + 1, 1024 * 1024, 1024 * 1024 + 1, 9_000_001]


def test_every_size_arrives_whole(any_server: Server, any_client: SftpClient) -> None:
    contents = _fill(any_server.root / "in", SIZES)
    store = Store()
    fetched = any_client.fetch(any_client.list("in"), store)
    assert store.kept == contents
    assert [(one.remote.name, one.sha256, one.size, one.error) for one in fetched] == [
        (name, hashlib.sha256(data).hexdigest(), len(data), None) for name, data in contents.items()
    ]


def test_many_small_files(any_server: Server, any_client: SftpClient) -> None:
    contents = _fill(any_server.root / "in", [number % 3000 for number in range(500)])
    store = Store()
    fetched = any_client.fetch(any_client.list("in"), store)
    assert store.kept == contents
    assert [one.remote.name for one in fetched] == sorted(contents)


def test_nothing_to_fetch(client: SftpClient) -> None:
    assert client.fetch([], Store()) == []


def test_into_local_files(any_server: Server, any_client: SftpClient, tmp_path: Path) -> None:
    contents = _fill(any_server.root / "in", [10, 2_000_000])
    folder = tmp_path / "staging"
    folder.mkdir()
    any_client.fetch(any_client.list("in"), lambda file: FileSink(folder / file.name))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == contents


def _errors(fetched: list[Fetched]) -> dict[str, str]:
    return {one.remote.name: one.error.message for one in fetched if one.error}


def _grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def _shrink(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _rewrite(path: Path) -> None:
    times = path.stat()
    path.write_bytes(b"y" * times.st_size)
    os.utime(path, (times.st_atime, times.st_mtime + 60))


@pytest.mark.parametrize("size", [100, 3_000_000])
@pytest.mark.parametrize("change", [_grow, _shrink, _rewrite, Path.unlink])
def test_file_that_changes_after_the_look_is_refused_alone(
    any_server: Server, any_client: SftpClient, change: Callable[[Path], None], size: int
) -> None:
    folder = any_server.root / "in"
    (folder / "good.json").write_bytes(b"{}")
    (folder / "moving.json").write_bytes(b"x" * size)
    files = any_client.list("in")
    change(folder / "moving.json")
    store = Store()
    fetched = any_client.fetch(files, store)
    assert store.kept == {"good.json": b"{}"}
    assert list(_errors(fetched)) == ["moving.json"]
    assert isinstance(fetched[1].error, NotSent)
    assert "'in/moving.json'" in fetched[1].error.message
    assert (fetched[1].sha256, fetched[1].size) == ("", 0)


def test_server_that_lies_about_the_size(sandbox: SftpServer, client: SftpClient) -> None:
    (sandbox.root / "in/a.json").write_bytes(b"12345")
    files = client.list("in")
    sandbox.faults.wrong_size("/in/a.json", 4)
    store = Store()
    assert "listed with 5 bytes, 5 received, 4 now" in _errors(client.fetch(files, store))["a.json"]
    assert store.sinks == {}


def test_file_that_may_not_be_read(sandbox: SftpServer, client: SftpClient) -> None:
    _fill(sandbox.root / "in", [5, 5, 5])
    sandbox.faults.deny("open", "/in/0001.json")
    store = Store()
    fetched = client.fetch(client.list("in"), store)
    assert sorted(store.kept) == ["0000.json", "0002.json"]
    assert "not permitted to read it" in _errors(fetched)["0001.json"]


@pytest.mark.parametrize("name", ["../outside.json", "a\\b.json", "a\nb.json", "a\x00b", "..", ".", "", "\ud800.json"])
def test_unsafe_name_is_never_asked_for(client: SftpClient, name: str) -> None:
    file = RemoteFile(name, f"in/{name}", 1, datetime(2026, 1, 1, tzinfo=UTC), is_dir=False)
    (fetched,) = client.fetch([file], Store())
    assert isinstance(fetched.error, BadInput)
    assert fetched.error.reason == "FILE_NAME_UNSAFE"
    assert repr(name) in fetched.error.message


@pytest.mark.parametrize("after_bytes", [1, 500_000, 2_999_999])
def test_cut_in_the_middle_keeps_nothing_of_the_file(
    sandbox: SftpServer, client: SftpClient, after_bytes: int, caplog: pytest.LogCaptureFixture
) -> None:
    (sandbox.root / "in/big.json").write_bytes(b"x" * 3_000_000)
    files = client.list("in")
    sandbox.faults.cut_download("/in/big.json", after_bytes=after_bytes)
    store = Store()
    with pytest.raises(NotSent, match="was cut while downloading 1 files"):
        client.fetch(files, store)
    gc.collect()
    assert "never retrieved" not in caplog.text
    assert store.sinks["big.json"].end == "discarded"
    assert store.kept == {}
    store = Store()
    assert client.fetch(files, store)[0].error is None
    assert store.kept == {"big.json": b"x" * 3_000_000}


def test_cut_among_many_small_files_keeps_whole_ones_only(sandbox: SftpServer, client: SftpClient) -> None:
    contents = _fill(sandbox.root / "in", [2000] * 300)
    files = client.list("in")
    sandbox.faults.cut_download("/in/0150.json", after_bytes=1000)
    store = Store()
    with pytest.raises(NotSent):
        client.fetch(files, store)
    assert "0150.json" not in store.kept
    assert all(contents[name] == data for name, data in store.kept.items())


def test_slow_server_is_waited_for(sandbox: SftpServer, client: SftpClient) -> None:
    contents = _fill(sandbox.root / "in", [5000] * 3)
    sandbox.faults.slow_reads("/in/*", seconds=0.2, times=3)
    store = Store()
    client.fetch(client.list("in"), store)
    assert store.kept == contents


class FullDisk(Kept):
    """A sink on a disk that is full."""

    def write(self, data: bytes, /) -> None:
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_full_disk_on_our_side_stops(sandbox: SftpServer, client: SftpClient, size: int) -> None:
    _fill(sandbox.root / "in", [size])
    sink = FullDisk()
    with pytest.raises(Stop, match="No space left on device"):
        client.fetch(client.list("in"), lambda file: sink)
    assert sink.end == "discarded"


class KilledError(BaseException):
    """What Airflow raises in a task on a signal."""


@pytest.fixture
def killed_soon() -> Iterator[None]:
    """Has a signal raise in the main thread after a moment."""

    def kill(number: int, frame: object) -> None:
        raise KilledError

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("killed_soon")
def test_killed_task_discards_what_is_under_way(sandbox: SftpServer, connect: Connect) -> None:
    _fill(sandbox.root / "in", [3_000_000])
    sandbox.faults.slow_reads("/in/*", seconds=60, times=1)
    store = Store()
    started = time.monotonic()
    with pytest.raises(KilledError), SftpClient(connect(sandbox)) as sftp:
        sftp.fetch(sftp.list("in"), store)
    assert [sink.end for sink in store.sinks.values()] == ["discarded"]
    assert time.monotonic() - started < 10


def test_sink_may_refuse_one_file(sandbox: SftpServer, client: SftpClient) -> None:
    _fill(sandbox.root / "in", [10, 3_000_000])

    def sink(file: RemoteFile) -> Kept:
        if file.size > 1_000_000:
            raise BadInput("FILE_TOO_LARGE", f"The file {file.name} is too large.")
        return Kept()

    fetched = client.fetch(client.list("in"), sink)
    assert [one.error is None for one in fetched] == [True, False]


def test_memory_stays_bounded(any_server: Server, any_client: SftpClient, tmp_path: Path) -> None:
    with (any_server.root / "in/huge.json").open("wb") as file:
        file.truncate(100_000_000)
    files = any_client.list("in")
    tracemalloc.start()
    try:
        (fetched,) = any_client.fetch(files, lambda file: FileSink(tmp_path / file.name))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert fetched.size == 100_000_000
    assert peak < 40_000_000  # the simulated server's own buffers included
