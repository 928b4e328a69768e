"""Logging in: whatever the provider takes, and a clear word when it does not work."""

from __future__ import annotations

import logging
import shutil
import socket
import time
from pathlib import Path

import asyncssh
import pytest

from order_sync.errors import NotSent, Stop
from order_sync.partners.sftp import SftpClient
from sandbox.sftp import SftpServer

from .conftest import Connect, Server


def test_password(sandbox: SftpServer, connect: Connect) -> None:
    with SftpClient(connect(sandbox, password=sandbox.password)) as sftp:
        assert [file.name for file in sftp.list("")] == ["in", "out"]


def test_key_file(any_server: Server, connect: Connect) -> None:
    with SftpClient(connect(any_server)) as sftp:
        assert [file.name for file in sftp.list("")] == ["in", "out"]


def test_private_key_text_with_passphrase(sandbox: SftpServer, connect: Connect) -> None:
    key = asyncssh.read_private_key(sandbox.client_key_path)
    text = key.export_private_key("pkcs8-pem", passphrase="open sesame").decode()
    conn_id = connect(sandbox, private_key=text, private_key_passphrase="open sesame", key_file=None)
    with SftpClient(conn_id) as sftp:
        assert sftp.list("in") == []


def test_known_hosts_file(sandbox: SftpServer, connect: Connect, tmp_path: Path) -> None:
    known_hosts = tmp_path / "known_hosts"
    known_hosts.write_text(f"[{sandbox.host}]:{sandbox.port} {sandbox.host_key}\n")
    with SftpClient(connect(sandbox, host_key=None, known_hosts=str(known_hosts))) as sftp:
        assert sftp.list("in") == []


def test_fast_cipher_and_no_compression(any_server: Server, connect: Connect) -> None:
    with SftpClient(connect(any_server)) as sftp:
        ssh = sftp._open._session._ssh
        assert ssh is not None
        assert ssh.get_extra_info("send_cipher") == "aes128-gcm@openssh.com"
        assert ssh.get_extra_info("send_compression") == "none"


def test_one_connection_for_everything(sandbox: SftpServer, connect: Connect, tmp_path: Path) -> None:
    local = tmp_path / "feed.csv"
    local.write_text("x")
    with SftpClient(connect(sandbox)) as sftp:
        sftp.publish(local, "out", "feed.csv")
        sftp.move("out/feed.csv", "out/archive")
        sftp.list("out/archive")
    assert sandbox.connections == 1


def test_connection_that_the_server_closed_meanwhile_is_opened_again(sandbox: SftpServer, connect: Connect) -> None:
    with SftpClient(connect(sandbox, keepalive=0.1)) as sftp:
        sandbox.stop()
        sandbox.start()
        time.sleep(0.15)
        assert sftp.list("in") == []


@pytest.mark.parametrize("extra", [{"no_host_key_check": True}, {"known_hosts": "none"}])
def test_host_key_check_cannot_be_switched_off(sandbox: SftpServer, connect: Connect, extra: dict[str, object]) -> None:
    conn_id = connect(sandbox, host_key=None, **extra)
    with pytest.raises(Stop, match="check of the host key"), SftpClient(conn_id):
        pass
    assert sandbox.connections == 0


def test_host_key_check_switched_off_beside_a_host_key(sandbox: SftpServer, connect: Connect) -> None:
    conn_id = connect(sandbox, no_host_key_check="true")
    with pytest.raises(Stop, match="Host key check"), SftpClient(conn_id):
        pass


def test_no_host_key_at_all(
    sandbox: SftpServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NotSent, match="host key") as caught, SftpClient(connect(sandbox, host_key=None)):
        pass
    assert "host_key" in caught.value.next_step


def test_other_host_key(sandbox: SftpServer, connect: Connect) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode()
    with (
        pytest.raises(NotSent, match="did not show the expected host key"),
        SftpClient(connect(sandbox, host_key=other)),
    ):
        pass


def test_proxy_of_the_ssh_configuration_is_used(
    sandbox: SftpServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    used = tmp_path / "used"
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/config").write_text(f"Host *\n  ProxyCommand sh -c 'echo %h:%p >{used}'\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NotSent), SftpClient(connect(sandbox)):
        pass
    assert used.read_text() == f"{sandbox.host}:{sandbox.port}\n"


def test_wrong_password(sandbox: SftpServer, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(NotSent, match="refused the login") as caught, SftpClient(connect(sandbox, password="hunter2")):
        pass
    assert "hunter2" not in str(caught.value) + caplog.text


def test_key_file_that_is_not_there(sandbox: SftpServer, connect: Connect, tmp_path: Path) -> None:
    with pytest.raises(Stop, match="cannot be read"), SftpClient(connect(sandbox, key_file=str(tmp_path / "none"))):
        pass


def test_key_text_that_is_no_key(sandbox: SftpServer, connect: Connect) -> None:
    with pytest.raises(Stop, match="cannot be used"), SftpClient(connect(sandbox, private_key="no key", key_file=None)):
        pass


def test_server_down(sandbox: SftpServer, connect: Connect) -> None:
    sandbox.stop()
    with pytest.raises(NotSent, match="could not be reached") as caught, SftpClient(connect(sandbox)):
        pass
    assert f"{sandbox.host}:{sandbox.port}" in caught.value.message


def test_server_that_accepts_and_says_nothing(sandbox: SftpServer, connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        conn_id = connect(sandbox, connect_timeout=0.2)
        sandbox.stop()
        sandbox.port = silent.getsockname()[1]
        conn_id = connect(sandbox, connect_timeout=0.2)
        with pytest.raises(NotSent, match="could not be reached"), SftpClient(conn_id):
            pass


def test_server_that_stops_answering(sandbox: SftpServer, connect: Connect) -> None:
    (sandbox.root / "in/a.json").write_text("{}")
    sandbox.faults.slow_reads("/in/a.json", seconds=30)
    with SftpClient(connect(sandbox, answer_timeout=0.2)) as sftp:
        files = sftp.list("in")
        with pytest.raises(NotSent, match="was cut while downloading 1 files"):
            sftp.fetch(files, lambda file: pytest.fail("a sink was made"))


@pytest.mark.parametrize("name", ["connect_timeout", "keepalive", "answer_timeout"])
def test_time_limit_that_is_no_number(sandbox: SftpServer, connect: Connect, name: str) -> None:
    with pytest.raises(Stop, match="soon"), SftpClient(connect(sandbox, **{name: "soon"})):
        pass


def test_unknown_connection() -> None:
    with pytest.raises(Stop, match="'nobody_knows_it' does not exist"), SftpClient("nobody_knows_it"):
        pass


def test_use_outside_of_a_with_block() -> None:
    with pytest.raises(Stop, match="outside of its `with` block"):
        SftpClient("any").list("in")


@pytest.mark.openssh
@pytest.mark.skipif(shutil.which("sshd", path="/usr/sbin") is None, reason="no sshd on this machine")
def test_password_refused_by_openssh(tmp_path: Path, connect: Connect) -> None:
    from tests.support.openssh import OpenSsh

    with OpenSsh(tmp_path / "remote", tmp_path / "keys") as server:
        conn_id = connect(server, password="wrong", key_file=None)
        with pytest.raises(NotSent, match="refused the login"), SftpClient(conn_id):
            pass
