"""Whole runs against the real OpenSSH server: what holds with our own SFTP server must hold with everybody's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab, text_of
from tests.support.openssh import SSHD, OpenSsh
from tests.support.truth import Truth

pytestmark = [
    pytest.mark.openssh,
    pytest.mark.skipif(not SSHD.exists(), reason="no sshd on this machine"),
]

SHOP = Shop(seed=43)


@pytest.fixture
def server(lab: AirflowLab, tmp_path: Path) -> Iterator[OpenSsh]:
    """OpenSSH before the folders of both partners, in place of the sandbox's servers."""
    with OpenSsh(lab.world.sftp.root, tmp_path / "openssh") as running:
        door = {**json.loads(running.airflow_connection()), "password": None}
        lab.connect(predictspring_sftp=door, hotwax_sftp=door)
        lab.world.sftp.stop()
        lab.hotwax_sftp.stop()
        yield running


def test_every_order_arrives_once(server: OpenSsh, lab: AirflowLab) -> None:
    singles, array = [SHOP.order(n) for n in range(1, 6)], list(SHOP.orders(20, first=11, slim=True))
    lab.drop(*singles)
    lab.drop(*array, stem="with a space, ümläut", layout="array")
    run = lab.run()
    assert (run.state, set(run.tasks.values())) == ("success", {"success"})
    assert Truth(*singles, *array).faults(lab) == []
    assert lab.mails == []
    assert lab.run().tasks["wait_for_tlogs"] == "skipped"


@pytest.mark.parametrize(
    "fault", ["publish.before_rename", "publish.after_rename", "publish.before_commit", "move.after_rename"]
)
def test_a_run_that_was_killed_is_finished_by_the_next(fault: str, server: OpenSsh, lab: AirflowLab) -> None:
    orders = [SHOP.order(n, "mixed") for n in range(1, 4)]
    lab.drop(*orders)
    lab.kill(fault)
    assert [batch.state for batch in lab.batches()] != ["CLOSED"], "something was left to do"
    assert lab.run().state == "success"
    assert [batch.state for batch in lab.batches()] == ["CLOSED"]
    assert Truth(*orders).faults(lab) == []
    assert [name for name in lab.published() if name.startswith(".")] == []


def test_files_that_stood_there_before_are_not_overwritten(server: OpenSsh, lab: AirflowLab) -> None:
    lab.drop(order := SHOP.order(1, "mixed"), stem="again")
    lab.run()
    lab.drop(other := SHOP.order(2, "mixed"), stem="again")
    archived = list((lab.inbox / "archive").rglob("*.json"))
    taken = {path.name: path.read_bytes() for path in archived}
    assert lab.run().state == "success"
    assert Truth(order, other).faults(lab) == []
    assert {path.name: path.read_bytes() for path in archived} == taken


def test_a_folder_that_is_missing_is_told(server: OpenSsh, lab: AirflowLab) -> None:
    lab.inbox.rename(lab.inbox.with_name("elsewhere"))
    run = lab.run()
    assert (run.state, run.tasks["wait_for_tlogs"], run.tasks["report"]) == ("failed", "failed", "success")
    assert "predictspring/tlog" in text_of(lab.mails[-1])


def test_a_key_that_is_refused_is_told(server: OpenSsh, lab: AirflowLab) -> None:
    lab.drop(order := SHOP.order(1))
    keys = server.keys / "authorized_keys"
    allowed = keys.read_bytes()
    keys.write_bytes(b"")
    run = lab.run()
    assert (run.state, run.tasks["report"]) == ("failed", "success")
    assert "predictspring_sftp" in text_of(lab.mails[-1])
    keys.write_bytes(allowed)
    assert lab.run().state == "success"
    assert Truth(order).faults(lab) == []


def test_a_server_that_is_down_is_told_and_waited_for(server: OpenSsh, lab: AirflowLab) -> None:
    lab.drop(order := SHOP.order(1))
    server.stop()
    run = lab.run()
    assert (run.state, run.tasks["wait_for_tlogs"], run.tasks["report"]) == ("failed", "failed", "success")
    assert str(server.port) in text_of(lab.mails[-1])
    server.start()
    assert lab.run().state == "success"
    assert Truth(order).faults(lab) == []
