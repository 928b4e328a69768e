from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import paramiko
import pytest
import requests
import yaml

from sandbox.world import Ports, World
from tests.sandbox.hotwax_files import HEADER, csv_bytes, order_rows

PROJECT = Path(__file__).parents[2]


def free_base() -> int:
    """A port base whose ports are free now."""
    for base in range(20_000, 32_000, 100):
        try:
            for port in Ports.from_base(base):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return base
    raise AssertionError("no free ports")


def test_writes_a_private_connections_file_that_is_true(tmp_path: Path) -> None:
    with World(tmp_path / "box", polling=False) as world:
        assert world.connections_path == tmp_path / "box" / "connections.yaml"
        assert world.connections_path.stat().st_mode & 0o777 == 0o600
        connections = yaml.safe_load(world.connections_path.read_text())
        assert list(connections) == [
            "predictspring_sftp",
            "hotwax_sftp",
            "hotwax_api",
            "retailpro_sftp",
            "retailpro_api",
            "netsuite_sftp",
            "netsuite_api",
            "shopify_api",
            "smtp_default",
        ]
        sftp, api, smtp = connections["hotwax_sftp"], connections["hotwax_api"], connections["smtp_default"]
        assert connections["predictspring_sftp"] == connections["retailpro_sftp"] == sftp
        transport = paramiko.Transport((sftp["host"], sftp["port"]))
        transport.connect(username=sftp["login"], password=sftp["password"])
        key = transport.get_remote_server_key()
        assert sftp["extra"]["host_key"] == f"{key.get_name()} {key.get_base64()}"
        transport.close()
        url = f"{api['host']}/rest/s1/admin/dataManager/details"
        assert requests.get(url, auth=(api["login"], api["password"]), timeout=5).status_code == 200
        invoicing = connections["retailpro_api"]
        url = f"{invoicing['host']}/api/v1/Document/Ordertoinvoice?OrderNo=1"
        answer = requests.get(url, auth=(invoicing["login"], invoicing["password"]), timeout=5)
        assert (answer.status_code, answer.json()) == (200, {"Documents": []})
        assert (api["conn_type"], api["extra"]) == ("http", {"backend": "moqui"})
        assert smtp["port"] == world.mailbox.port
        assert (smtp["extra"]["disable_ssl"], smtp["extra"]["disable_tls"]) == (True, True)


def test_the_partners_share_one_folder_tree(tmp_path: Path) -> None:
    with World(tmp_path, polling=False) as world:
        assert world.tlog_folder == tmp_path / "sftp" / "predictspring" / "tlog"
        assert all(
            folder.is_dir()
            for folder in (
                world.tlog_folder,
                world.order_feed_folder,
                world.inventory_variance_folder,
                world.completed_orders_folder,
                world.invoices_folder,
                world.responses_folder,
            )
        )
        content = csv_bytes(HEADER, order_rows("PS1"))
        with paramiko.Transport((world.sftp.host, world.sftp.port)) as transport:
            transport.connect(username=world.sftp.user, password=world.sftp.password)
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            with sftp.open("hotwax/order-feed/.a.csv.part", "wb") as file:
                file.write(content)
            assert world.hotwax.importer.import_now() == []
            sftp.rename("hotwax/order-feed/.a.csv.part", "hotwax/order-feed/a.csv")
            (log,) = world.hotwax.importer.import_now()
            assert sftp.listdir("hotwax/order-feed/archive") == ["a.csv"]
        assert log.failed == 0


def test_a_second_world_on_the_same_folder_keeps_keys_and_orders(tmp_path: Path) -> None:
    with World(tmp_path, polling=False) as world:
        before = world.connections()["hotwax_sftp"]
        (world.order_feed_folder / "a.csv").write_bytes(csv_bytes(HEADER, order_rows("PS1")))
        world.hotwax.importer.import_now()
    with World(tmp_path, polling=False) as world:
        after = world.connections()["hotwax_sftp"]
        assert {**before, "port": 0} == {**after, "port": 0}
        assert world.hotwax.database.order("PS1") is not None


def test_a_taken_port_leaves_nothing_running(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        world = World(tmp_path, ports=Ports(smtp=taken.getsockname()[1]), polling=False)
        with pytest.raises(OSError, match="in use"):
            world.start()
        assert not world.connections_path.exists()
    with pytest.raises(ConnectionRefusedError), socket.create_connection((world.sftp.host, world.sftp.port)):
        pass


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_runs_in_the_foreground_until_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    base = free_base()
    command = [sys.executable, "-m", "sandbox", "--root", str(tmp_path), "--port-base", str(base)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as box:
        assert box.stdout is not None
        assert box.stderr is not None
        told = ""
        while "Folders" not in told and (line := box.stdout.readline()):
            told += line
        orders = requests.get(f"http://127.0.0.1:{base + 80}/sandbox/summary", timeout=5).json()["orders"]
        invoices = requests.get(f"http://127.0.0.1:{base + 90}/sandbox/summary", timeout=5).json()["invoices"]
        box.send_signal(number)  # before anything is asserted: else a failure would wait for it without end
        assert (box.wait(10), orders, invoices) == (0, 0, 0)
        assert re.search(rf"SFTP +127\.0\.0\.1:{base + 22}, user ordersync", told)
        assert re.search(rf"Retail Pro +http://127\.0\.0\.1:{base + 90}, login", told)
        for folder in ("predictspring/tlog", "hotwax/completed-orders"):
            assert re.search(rf"python -m sandbox\.[a-z_.]+ --orders 20 --out {tmp_path / 'sftp' / folder}\n", told)
        assert box.stdout.read() == "The sandbox has stopped.\n"
        assert box.stderr.read() == ""


def test_says_what_to_do_about_a_taken_port(tmp_path: Path) -> None:
    base = free_base()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", base + 80))
        taken.listen()
        command = [sys.executable, "-m", "sandbox", "--root", str(tmp_path), "--port-base", str(base)]
        done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, timeout=30, check=False)
    assert done.returncode == 1
    assert "Choose other ports with --port-base" in done.stderr
