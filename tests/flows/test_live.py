"""The flow as it runs in production: a scheduler, a DAG processor and an API server, tasks that are killed and cleared.

All tests share one Airflow, one HotWax and one ledger: every test adds its own orders, and the whole has to be right.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from sandbox.predictspring import Shop
from tests.support.airflow_lab import FLOW, PATIENCE, Airflow, AirflowLab
from tests.support.live_airflow import LiveAirflow, LiveRun
from tests.support.truth import Truth

pytestmark = pytest.mark.live

SHOP = Shop(seed=31)
TASKS = ("wait_for_tlogs", "collect", "transform", "publish", "confirm", "archive", "report", "finished")
#: Long intervals, so that no run starts by itself in the middle of a test.
MONTHLY = "0 0 1 * *"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowLab]:
    """Partners and a ledger for all tests of this module."""
    with AirflowLab(Airflow(tmp_path_factory.mktemp("templates")), tmp_path_factory.mktemp("live-lab")) as opened:
        yield opened


@pytest.fixture(scope="module")
def truth() -> Truth:
    """What has to stand at HotWax after the tests so far."""
    return Truth()


@pytest.fixture(scope="module")
def airflow(lab: AirflowLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveAirflow]:
    """Airflow without a scheduler; when the tests are over, none of its processes is."""
    home = tmp_path_factory.mktemp("live-airflow")
    overlay = home / "overlay.yaml"
    # a task that was killed is tried again only after the scheduler could be exchanged
    changes = {"retries": 5, "retry_delay_seconds": 3, FLOW: {**PATIENCE[FLOW], "schedule": MONTHLY}}
    overlay.write_text(yaml.safe_dump({**PATIENCE, **changes}))
    live = LiveAirflow(home, lab, overlay)
    with live:
        yield live
    assert live.left() == []


@pytest.fixture(scope="module")
def first(airflow: LiveAirflow, lab: AirflowLab, truth: Truth) -> LiveRun:
    """The run that the scheduler starts by itself when the DAG is switched on."""
    orders = [SHOP.order(n, slim=True) for n in range(1, 6)]
    lab.drop(*orders)
    truth.sent(*orders)
    airflow.start_scheduler()
    airflow.ready()
    return airflow.scheduled()


def test_the_scheduler_runs_the_latest_interval(first: LiveRun, lab: AirflowLab, truth: Truth) -> None:
    assert (first.kind, first.state) == ("scheduled", "success")
    assert first.tasks == dict.fromkeys(TASKS, "success")
    assert truth.faults(lab) == []
    assert lab.mails == []


@pytest.mark.parametrize("task", TASKS)
def test_a_cleared_task_repeats_nothing(
    task: str, first: LiveRun, airflow: LiveAirflow, lab: AirflowLab, truth: Truth
) -> None:
    before, tries = lab.everything(), airflow.tries(first.run_id, task)
    again = airflow.clear(first.run_id, task)
    assert (again.state, again.tasks) == ("success", dict.fromkeys(TASKS, "success"))
    assert airflow.tries(first.run_id, task) == [*tries, "success"], "it did run again"
    assert lab.everything() == before
    assert truth.faults(lab) == []


def test_a_run_that_is_cleared_as_a_whole_repeats_nothing(
    first: LiveRun, airflow: LiveAirflow, lab: AirflowLab, truth: Truth
) -> None:
    before = lab.everything()
    again = airflow.clear(first.run_id)
    assert (again.state, again.tasks) == ("success", dict.fromkeys(TASKS, "success"))
    assert lab.everything() == before
    assert truth.faults(lab) == []


def test_a_backfill_makes_the_same_bytes_and_publishes_nothing(
    first: LiveRun, airflow: LiveAirflow, lab: AirflowLab, truth: Truth
) -> None:
    (batch,) = lab.batches()
    assert batch.window_start is not None
    assert batch.window_end is not None
    assert batch.window_end <= datetime.now(UTC), "the interval is over"
    lab.drop(late := SHOP.order(6))
    before, feeds = lab.everything(), _forget_outputs(lab)

    (run,) = airflow.backfill(batch.window_start, batch.window_start)

    assert (run.run_id, run.kind, run.state) == (first.run_id, "backfill", "success")
    assert run.tasks == dict.fromkeys(TASKS, "success")
    assert _forget_outputs(lab) == feeds, "the same bytes, made again from the stored inputs"
    assert lab.everything() == before, "new files are none of its business"

    month_before = (batch.window_start - timedelta(days=1)).replace(day=1)
    empty, run = airflow.backfill(month_before, batch.window_start)

    assert (empty.kind, empty.state, empty.tasks["collect"]) == ("backfill", "success", "skipped")
    assert (run.run_id, run.state, run.tasks) == (first.run_id, "success", dict.fromkeys(TASKS, "success"))
    assert _forget_outputs(lab) == feeds
    assert lab.everything() == before
    truth.sent(late)
    assert airflow.run().state == "success"
    assert truth.faults(lab) == []


@pytest.mark.parametrize(
    ("fault", "numbers"), [("publish.before_rename", range(11, 14)), ("publish.before_commit", range(21, 24))]
)
def test_a_task_that_is_killed_is_finished_by_its_retry(
    fault: str, numbers: range, first: LiveRun, airflow: LiveAirflow, lab: AirflowLab, truth: Truth
) -> None:
    orders = [SHOP.order(n, "mixed") for n in numbers]
    truth.sent(*orders)
    lab.drop(*orders)
    published = len(lab.published())
    airflow.kill_scheduler()
    airflow.start_scheduler(fault)
    run_id = airflow.trigger()
    airflow.wait_until("publish was killed", lambda: airflow.state(run_id, "publish") == "up_for_retry")
    airflow.kill_scheduler()
    assert _order_feed(lab)["state"] == "INTENDED", "the ledger does not know what became of it"
    assert len(_finished(lab)) == published + (fault == "publish.before_commit")

    airflow.start_scheduler()
    run = airflow.finished(run_id)

    assert (run.state, run.tasks) == ("success", dict.fromkeys(TASKS, "success"))
    assert airflow.tries(run_id, "publish") == ["failed", "success"]
    assert len(_finished(lab)) == len(lab.published()) == published + 1, "one feed, and no temporary file"
    assert truth.faults(lab) == []


def test_a_machine_that_dies_in_the_middle_of_a_download_is_replaced(
    first: LiveRun, airflow: LiveAirflow, lab: AirflowLab, truth: Truth
) -> None:
    orders = [SHOP.order(n) for n in range(31, 36)]
    truth.sent(*orders)
    paths = lab.drop(*orders, stem="slow")
    faults = lab.world.sftp.faults
    faults.slow_reads(f"/predictspring/tlog/{paths[2].name}", seconds=30)
    run_id = airflow.trigger()
    airflow.wait_until("a download is under way", lambda: faults.happened)
    airflow.kill_scheduler()
    assert airflow.state(run_id, "collect") == "running", "nobody could say that it ended"

    airflow.start_scheduler()
    run = airflow.finished(run_id)

    assert (run.state, run.tasks) == ("success", dict.fromkeys(TASKS, "success"))
    assert truth.faults(lab) == []


def _order_feed(lab: AirflowLab) -> dict[str, Any]:
    """The latest order feed in the ledger."""
    return [row for row in lab.rows("feeds") if row["target"] == "order_feed"][-1]


def _finished(lab: AirflowLab) -> list[str]:
    """Order feeds under their final names."""
    return [name for name in lab.published() if not name.startswith(".")]


def _forget_outputs(lab: AirflowLab) -> dict[str, bytes]:
    """Take the feeds out of the staging store; hash to bytes."""
    paths = [path for path in (lab.home / "staging" / "outputs").rglob("*") if path.is_file()]
    found = {path.name: path.read_bytes() for path in paths}
    for path in paths:
        path.unlink()
    return found
