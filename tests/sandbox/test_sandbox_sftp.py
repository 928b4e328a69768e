from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncssh
import paramiko
import pytest

from sandbox.faults import Happened
from sandbox.sftp import SftpServer

CUT = (asyncssh.Error, OSError)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SftpServer]:
    with SftpServer(tmp_path / "sftp") as running:
        yield running


@asynccontextmanager
async def client_of(server: SftpServer, **options: object) -> AsyncIterator[asyncssh.SFTPClient]:
    known_hosts = asyncssh.import_known_hosts(f"[{server.host}]:{server.port} {server.host_key}\n")
    settings: dict[str, object] = {
        "username": server.user,
        "password": server.password,
        "client_keys": None,
        "known_hosts": known_hosts,
        "config": None,
        **options,
    }
    async with (
        asyncssh.connect(server.host, server.port, **settings) as connection,
        connection.start_sftp_client() as sftp,
    ):
        yield sftp


def session(server: SftpServer, work: Callable[[asyncssh.SFTPClient], Awaitable[object]], **options: object) -> object:
    """Run ``work`` with a client that checks the host key, and return its result."""

    async def run() -> object:
        async with client_of(server, **options) as sftp:
            return await work(sftp)

    return asyncio.run(run())


async def read(sftp: asyncssh.SFTPClient, path: str) -> bytes:
    async with sftp.open(path, "rb") as file:
        content = await file.read()
    assert isinstance(content, bytes)
    return content


async def write(sftp: asyncssh.SFTPClient, path: str, content: bytes) -> None:
    async with sftp.open(path, "wb") as file:
        await file.write(content)


def test_serves_the_plain_folder_in_both_directions(server: SftpServer) -> None:
    (server.root / "in").mkdir()
    (server.root / "in" / "a.json").write_bytes(b"{}")

    async def work(sftp: asyncssh.SFTPClient) -> list[str]:
        assert await read(sftp, "/in/a.json") == b"{}"
        await write(sftp, "in/b.json", b"[1]")
        return sorted(str(name) for name in await sftp.listdir("/in"))

    assert session(server, work) == [".", "..", "a.json", "b.json"]
    assert (server.root / "in" / "b.json").read_bytes() == b"[1]"


def test_the_client_cannot_leave_the_folder(server: SftpServer, tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text("private")

    async def work(sftp: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPNoSuchFile):
            await read(sftp, "/../outside.txt")

    session(server, work)


def test_takes_the_client_key_and_refuses_wrong_credentials(server: SftpServer) -> None:
    async def work(sftp: asyncssh.SFTPClient) -> str:
        return str(await sftp.realpath("."))

    assert session(server, work, password=None, client_keys=[str(server.client_key_path)]) == "/"
    with pytest.raises(asyncssh.PermissionDenied):
        session(server, work, password="wrong")
    with pytest.raises(asyncssh.PermissionDenied):
        session(server, work, username="somebody")
    assert server.connections == 3


def test_private_files_are_private_and_kept_over_a_restart(tmp_path: Path) -> None:
    first = SftpServer(tmp_path / "sftp")
    second = SftpServer(tmp_path / "sftp")
    assert first.host_key.startswith("ssh-ed25519 AAAA")
    assert (first.host_key, first.password) == (second.host_key, second.password)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}


@pytest.mark.parametrize("cipher", ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"])
def test_offers_aes_gcm(server: SftpServer, cipher: str) -> None:
    async def work(sftp: asyncssh.SFTPClient) -> object:
        return sftp._handler._reader.get_extra_info("send_cipher")  # type: ignore[union-attr]

    assert session(server, work, encryption_algs=[cipher]) == cipher


def test_a_plain_rename_never_overwrites_and_a_posix_rename_does(server: SftpServer) -> None:
    (server.root / "new").write_bytes(b"new")
    (server.root / "old").write_bytes(b"old")

    async def work(sftp: asyncssh.SFTPClient) -> None:
        with pytest.raises(asyncssh.SFTPFailure):
            await sftp.rename("/new", "/old", flags=0)
        assert (server.root / "old").read_bytes() == b"old"
        await sftp.rename("/new", "/free", flags=0)
        await sftp.posix_rename("/free", "/old")

    session(server, work)
    assert [path.name for path in server.root.iterdir()] == ["old"]
    assert (server.root / "old").read_bytes() == b"new"


def test_a_plain_rename_moves_folders_and_sees_dangling_links(server: SftpServer) -> None:
    (server.root / "folder").mkdir()
    (server.root / "file").write_bytes(b"x")
    (server.root / "dangling").symlink_to("nowhere")

    async def work(sftp: asyncssh.SFTPClient) -> None:
        await sftp.rename("/folder", "/moved", flags=0)
        with pytest.raises(asyncssh.SFTPFailure):
            await sftp.rename("/file", "/dangling", flags=0)

    session(server, work)
    assert (server.root / "moved").is_dir()


def test_a_paramiko_client_gets_the_same_answers(server: SftpServer) -> None:
    (server.root / "a").write_bytes(b"a")
    (server.root / "b").write_bytes(b"b")
    server.faults.deny("list", "/")
    transport = paramiko.Transport((server.host, server.port))
    try:
        transport.connect(username=server.user, password=server.password)
        assert server.host_key.split()[1] == transport.get_remote_server_key().get_base64()
        sftp = paramiko.SFTPClient.from_transport(transport)
        assert sftp is not None
        with pytest.raises(PermissionError):
            sftp.listdir("/")
        with pytest.raises(FileNotFoundError):
            sftp.listdir("/missing")
        with pytest.raises(OSError, match="Failure"):
            sftp.rename("a", "b")
        sftp.posix_rename("a", "b")
        assert sftp.listdir("/") == ["b"]
    finally:
        transport.close()


@pytest.mark.parametrize("after", [0, 1000, 70_000])
def test_cuts_a_download_after_so_many_bytes(server: SftpServer, after: int) -> None:
    content = bytes(range(256)) * 400
    (server.root / "big.json").write_bytes(content)
    server.faults.cut_download("*.json", after_bytes=after)
    received = bytearray()

    async def work(sftp: asyncssh.SFTPClient) -> None:
        async with sftp.open("/big.json", "rb", block_size=0) as file:
            while block := await file.read(16_384):
                received.extend(block)

    with pytest.raises(CUT):
        session(server, work)
    assert len(received) <= after
    assert content.startswith(bytes(received))
    assert server.faults.happened == [Happened("cut_download", "/big.json")]


def test_a_cut_is_good_for_one_shot_only(server: SftpServer) -> None:
    (server.root / "a.json").write_bytes(b"x" * 100)
    server.faults.cut_download("/a.json", after_bytes=10)

    async def work(sftp: asyncssh.SFTPClient) -> bytes:
        return await read(sftp, "/a.json")

    with pytest.raises(CUT):
        session(server, work)
    assert session(server, work) == b"x" * 100
    assert server.faults.pending == 0


def test_cuts_an_upload_and_keeps_the_first_bytes(server: SftpServer) -> None:
    server.faults.cut_upload("/.feed.csv.*", after_bytes=40_000)

    async def work(sftp: asyncssh.SFTPClient) -> None:
        async with sftp.open("/.feed.csv.part", "wb", block_size=0) as file:
            for _ in range(10):
                await file.write(b"y" * 10_001)

    with pytest.raises(CUT):
        session(server, work)
    assert (server.root / ".feed.csv.part").stat().st_size == 40_000


def test_a_pipelined_upload_stores_nothing_after_the_cut(server: SftpServer) -> None:
    server.faults.cut_upload("/a", after_bytes=50_000)

    async def work(sftp: asyncssh.SFTPClient) -> None:
        await asyncio.gather(write(sftp, "/a", b"a" * 500_000), *(write(sftp, f"/b{n}", b"b") for n in range(20)))

    with pytest.raises(CUT):
        session(server, work)
    assert (server.root / "a").stat().st_size == 50_000


@pytest.mark.parametrize(("when", "done"), [("before", False), ("after", True)])
def test_cuts_around_a_rename(server: SftpServer, when: str, done: bool) -> None:
    (server.root / "feed.part").write_bytes(b"z")
    getattr(server.faults, f"cut_{when}_rename")("/feed.csv")

    async def work(sftp: asyncssh.SFTPClient) -> None:
        await sftp.rename("/feed.part", "/feed.csv", flags=0)

    with pytest.raises(CUT):
        session(server, work)
    assert (server.root / "feed.csv").exists() is done
    assert (server.root / "feed.part").exists() is not done


def test_denies_every_scripted_operation_as_permission_denied(server: SftpServer) -> None:
    (server.root / "a").write_bytes(b"a")
    for operation in ("list", "stat", "open", "rename", "remove", "mkdir"):
        server.faults.deny(operation, "*")  # type: ignore[arg-type]

    async def work(sftp: asyncssh.SFTPClient) -> None:
        steps: list[Callable[[], Awaitable[object]]] = [
            lambda: sftp.listdir("/"),
            lambda: sftp.stat("/a"),
            lambda: read(sftp, "/a"),
            lambda: sftp.rename("/a", "/b", flags=0),
            lambda: sftp.remove("/a"),
            lambda: sftp.mkdir("/folder"),
        ]
        for step in steps:
            with pytest.raises(asyncssh.SFTPPermissionDenied):
                await step()
        await sftp.remove("/a")

    session(server, work)
    assert len(server.faults.happened) == 6


def test_reports_a_wrong_size_by_path_and_by_handle_but_not_in_listings(server: SftpServer) -> None:
    (server.root / "a").write_bytes(b"abc")
    server.faults.wrong_size("/a", 7, times=2)

    async def work(sftp: asyncssh.SFTPClient) -> list[int | None]:
        sizes = [(await sftp.stat("/a")).size]
        async with sftp.open("/a", "rb") as file:
            sizes.append((await file.stat()).size)
        sizes.extend([entry.attrs.size for entry in await sftp.readdir("/") if entry.filename == "a"])
        sizes.append((await sftp.lstat("/a")).size)
        return sizes

    assert session(server, work) == [7, 7, 3, 3]


def test_reads_slowly(server: SftpServer) -> None:
    (server.root / "a").write_bytes(b"abc")
    server.faults.slow_reads("/a", seconds=0.2)

    async def work(sftp: asyncssh.SFTPClient) -> float:
        started = time.monotonic()
        assert await read(sftp, "/a") == b"abc"
        return time.monotonic() - started

    took = session(server, work)
    assert isinstance(took, float)
    assert took >= 0.2


def test_stop_cuts_the_connections_and_a_later_start_keeps_the_port(server: SftpServer) -> None:
    port = server.port

    async def work(sftp: asyncssh.SFTPClient) -> None:
        await asyncio.to_thread(server.stop)
        with pytest.raises(CUT):
            await sftp.listdir("/")

    session(server, work)
    with pytest.raises(OSError, match="Connect call failed"):
        session(server, work)
    server.start()
    assert server.port == port

    async def look(sftp: asyncssh.SFTPClient) -> object:
        return await sftp.listdir("/")

    assert session(server, look) == [".", ".."]


def test_a_taken_port_is_an_error_at_the_start(server: SftpServer, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        SftpServer(tmp_path / "other", port=server.port).start()


def test_a_fault_without_a_shot_is_refused(server: SftpServer) -> None:
    with pytest.raises(ValueError, match="times is 0"):
        server.faults.cut_before_rename("*", times=0)
