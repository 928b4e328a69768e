"""NetSuite beside the other partners: over the real SFTP server, with the connections that Airflow gets."""

from __future__ import annotations

import json
import time
from pathlib import Path

import paramiko
import pytest
import requests
import yaml

from sandbox.hotwax import created_orders_shop
from sandbox.netsuite import NetSuiteSettings
from sandbox.world import Ports, World
from tests.sandbox.netsuite_kit import customer, customers_csv


def test_a_customer_over_sftp_and_back(tmp_path: Path) -> None:
    with World(tmp_path, polling=False) as world:
        connections = yaml.safe_load(world.connections_path.read_text())
        there = connections["netsuite_sftp"]
        assert there == connections["hotwax_sftp"]
        with paramiko.Transport((there["host"], there["port"])) as transport:
            transport.connect(username=there["login"], password=there["password"])
            sftp = paramiko.SFTPClient.from_transport(transport)
            assert sftp is not None
            with sftp.open("netsuite/customer/export/required_fields_missing/.a.csv", "wb") as file:
                file.write(customers_csv(customer()))
            world.netsuite.scripts.run_now()
            assert world.netsuite.database.customer("HC1") is None
            sftp.rename("netsuite/customer/export/required_fields_missing/.a.csv", "netsuite/customer/export/a.csv")
            world.netsuite.scripts.run_now()
            assert sftp.listdir("netsuite/customer/export/archive") == ["a.csv"]
            (name,) = [name for name in sftp.listdir("netsuite/customer/import") if name != "archive"]
            with sftp.open(f"netsuite/customer/import/{name}") as file:
                assert file.read().splitlines()[1].startswith(b"HC1,NETSUITE_CUSTOMER_ID,")
        assert name.endswith("-CustomerExport.csv")
        assert world.netsuite_folder == world.sftp.root / "netsuite"


def test_the_connection_of_the_rest_face(tmp_path: Path) -> None:
    with World(tmp_path, netsuite=NetSuiteSettings(token_seconds=60), polling=False) as world:
        known = world.connections()["netsuite_api"]
        assert known["host"] == world.netsuite.url
        assert known["login"] == world.netsuite.credentials.client_id
        assert str(known["password"]).startswith("-----BEGIN PRIVATE KEY-----")
        assert known["extra"] == {"certificate_id": world.netsuite.credentials.certificate_id, "algorithm": "ES256"}
        assert requests.get(f"{known['host']}/services/rest/record/v1/customer/eid:1", timeout=5).status_code == 401
    with World(tmp_path, polling=False) as world:
        assert {**world.connections()["netsuite_api"], "host": ""} == {**known, "host": ""}


def test_the_shop_learns_its_customers_ids_by_a_tick(tmp_path: Path) -> None:
    with World(tmp_path, polling=False, seed=5) as world:
        party = world.shop.sign_up(1)
        strange = customer("HC-ELSEWHERE", HCCustomerId="HC-ELSEWHERE")
        (world.netsuite.folder("customer/export") / "a.csv").write_bytes(
            customers_csv(customer(party, HCCustomerId=party), strange)
        )
        world.tick()
        assert world.netsuite_ids.customer_ids() == {
            party: str(world.netsuite.database.customer(party)["internal_id"])
        }, "and nothing of a customer whom the shop does not have"
        assert not list(world.shop.customers_due())
        assert world.shop.generator.seed == 5


def test_ids_come_by_themselves_when_the_partners_poll(tmp_path: Path) -> None:
    with World(tmp_path, netsuite=NetSuiteSettings(poll_seconds=0.01)) as world:
        party = world.shop.sign_up(1)
        content = customers_csv(customer(party, HCCustomerId=party))
        part = world.netsuite.folder("customer/export/archive") / "a.csv"
        part.write_bytes(content)
        part.rename(world.netsuite.folder("customer/export") / "a.csv")
        deadline = time.monotonic() + 10
        while world.netsuite_ids.customer_id(party) is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_more_orders_by_the_command_while_the_partners_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with World(tmp_path, polling=False) as world:
        assert world.shop.place_more(3) == [1, 2, 3]
        created_orders_shop.main(["--root", str(tmp_path), "--orders", "4"])
        customers, orders = (Path(line) for line in capsys.readouterr().out.splitlines())
        assert (customers.parent, orders.parent) == (world.shop.customers_folder, world.shop.created_orders_folder)
        assert len(json.loads(customers.read_bytes())) == 7
        assert world.shop.place_more(1) == [8]


def test_a_taken_port_leaves_no_script_running(tmp_path: Path) -> None:
    with World(tmp_path / "one", polling=False) as world:
        second = World(tmp_path / "two", ports=Ports(netsuite=world.netsuite.rest.port))
        with pytest.raises(OSError, match="in use"):
            second.start()
    assert not second.connections_path.exists()
