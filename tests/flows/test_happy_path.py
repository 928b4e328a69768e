"""A run in which nothing goes wrong, and one in which nothing happens."""

from __future__ import annotations

import csv
import io
import itertools
import re
from datetime import UTC, datetime

from sandbox.hotwax.logs import LogStatus
from sandbox.predictspring import Shop
from tests.support.airflow_lab import AirflowLab
from tests.support.truth import Truth

SHOP = Shop(seed=7)
NAME = re.compile(r"order_sync_(OrderFeed|InventoryVariance)_\d{4}(-\d{2}){3}_\d{2}_\d{2}_\d{3}\.csv")
TASKS = ("wait_for_tlogs", "collect", "transform", "publish", "confirm", "archive", "report", "finished")


def test_every_order_arrives_once(lab: AirflowLab) -> None:
    singles, array, lines = (list(SHOP.orders(8, first=first, slim=True)) for first in (1, 11, 21))
    lab.drop(*singles)
    lab.drop(*array, stem="hour", layout="array")
    lab.drop(*lines, stem="day", layout="gz")
    sources = set(lab.tree().values())
    before = datetime.now(UTC)

    run = lab.run()

    assert run.state == "success"
    assert run.tasks == dict.fromkeys(TASKS, "success")
    assert Truth(*singles, *array, *lines).faults(lab) == []
    assert lab.mails == []
    (feed,), (variance,) = lab.published().items(), lab.published("hotwax/inventory-variance").items()
    assert NAME.fullmatch(feed[0])
    assert NAME.fullmatch(variance[0])
    rows = list(csv.DictReader(io.StringIO(feed[1].decode(), newline="")))
    assert len(rows[0]) == 42
    keys = [row["external-id"] for row in rows]
    assert [key for key, _ in itertools.groupby(keys)] == list(dict.fromkeys(keys)), "an order's rows are adjacent"
    archived = {name: sha256 for name, sha256 in lab.tree().items() if name.startswith("predictspring/")}
    assert set(archived.values()) == sources
    assert all(name.startswith(f"predictspring/tlog/archive/{before:%Y/%m/%d}/") for name in archived)
    stored = {path.name for path in (lab.home / "staging" / "inputs").rglob("*") if path.is_file()}
    assert stored == sources, "the staging store keeps each source under the hash of its bytes"


def test_the_ledger_tells_the_whole_story(lab: AirflowLab) -> None:
    orders = list(SHOP.orders(5, slim=True))
    lab.drop(*orders)
    lab.run()
    assert set(lab.states().values()) == {"CONFIRMED"}
    (batch,) = lab.batches()
    assert (batch.state, batch.summary["arrived"], batch.summary["emitted"]) == ("CLOSED", 5, 5)
    logs = {log.content_name: log for log in lab.world.hotwax.logs.all()}
    assert {row["partner_log_id"] for row in lab.rows("feeds")} == {log.log_id for log in logs.values()}
    assert {log.status for log in logs.values()} == {LogStatus.FINISHED}
    with lab.ledger() as book:
        record = book.records_by_order(batch.flow, batch.retailer, [orders[0]["orderId"]])[-1]
    moves = [row["to_state"] for row in lab.rows("history") if row["record_id"] == record.id]
    assert moves == ["SEEN", "READY", "INTENDED", "DELIVERED", "CONFIRMED"]


def test_nothing_there_is_a_skip_and_no_mail(lab: AirflowLab) -> None:
    run = lab.run()
    assert run.state == "success"
    assert run.tasks == {**dict.fromkeys(TASKS, "skipped"), "report": "success"}
    assert "Nothing to do: no finished file in predictspring/tlog." in run.log
    assert (lab.mails, lab.batches()) == ([], [])


def test_files_that_are_not_finished_are_not_there(lab: AirflowLab) -> None:
    names = [".hidden.json", "upload.json.part", "upload.tmp", "upload.json.filepart"]
    for name in names:
        (lab.inbox / name).write_text("{")
    (lab.inbox / "a folder.json").mkdir()
    assert lab.run().tasks["wait_for_tlogs"] == "skipped"
    assert all((lab.inbox / name).exists() for name in names)
