"""What every DAG owes the people who run it."""

from __future__ import annotations

import re
from collections import Counter
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from airflow.sdk import CronDataIntervalTimetable

from order_sync import settings
from order_sync.flow import PARAMS
from tests.policy.repository import ROOT, python_files

#: The steps of every flow in their order; the report and the task that ends the run come on top.
STEPS = {
    "predictspring_order_sync": ["wait_for_tlogs", "collect", "transform", "publish", "confirm", "archive"],
    "retailpro_invoicing": [
        "wait_for_orders", "collect", "transform", "publish", "deliver", "manual_slips", "archive",
    ],
    "netsuite_created_orders": [
        "take_answers",
        "find_customers", "collect_customers", "transform_customers", "publish_customers", "archive_customers",
        "find_orders", "collect_orders", "transform_orders", "publish_orders", "archive_orders",
        "collect_deposits", "transform_deposits", "publish_deposits", "mark_exported", "approve",
    ],
    "netsuite_cash_sales": ["take_answers", "find", "collect", "transform", "publish", "archive"],
    "netsuite_historical_customers": ["load_customers"],
    "shopify_order_import": ["fetch", "transform", "publish", "confirm", "close"],
    "shopify_order_check": ["check", "import_missing"],
    "netsuite_fulfilment": [
        "take_answers",
        *(
            f"{step}_{stage}"
            for stage in ("allocations", "fulfilled", "fulfilments", "rejections")
            for step in ("find", "collect", "transform", "publish", "archive")
        ),
    ],
}  # fmt: skip
#: These have no schedule: a person runs them.
BY_HAND = {"netsuite_historical_customers"}


def test_every_dag_file_loads(bag: Any) -> None:
    assert bag.import_errors == {}
    assert not bag.captured_warnings


def test_every_dag_file_gives_a_dag_of_its_name(dags: list[Any]) -> None:
    assert {path.stem for path in python_files("dags")} <= {dag.dag_id for dag in dags}
    assert len(dags) == len(python_files("dags")) * len(settings.retailers(ROOT / "include"))


def test_somebody_answers_for_every_task(dags: list[Any]) -> None:
    for dag in dags:
        for task in dag.tasks:
            assert task.owner not in {"", "airflow"}, f"{dag.dag_id}.{task.task_id} has no owner"


def test_tags_say_what_and_whose(dags: list[Any]) -> None:
    for dag in dags:
        assert {"order-sync", f"retailer:{settings.DEFAULT}"} <= set(dag.tags)
        assert len(dag.tags) >= 3, f"{dag.dag_id} names no partner among its tags"


def test_every_task_is_tried_again_and_ends_some_day(dags: list[Any]) -> None:
    for dag in dags:
        for task in dag.tasks:
            name = f"{dag.dag_id}.{task.task_id}"
            assert task.retries >= 1, f"{name} is never tried again"
            assert task.retry_delay > timedelta(0), f"{name} is tried again at once"
            assert task.execution_timeout, f"{name} may run for ever"


def test_sensors_leave_their_place_to_others_while_they_wait(dags: list[Any]) -> None:
    """And none is deferrable: under ``airflow dags test`` such a sensor never times out."""
    sensors = [task for dag in dags for task in dag.tasks if hasattr(task, "poke_interval")]
    assert sensors
    for sensor in sensors:
        assert sensor.mode == "reschedule"
        assert not getattr(sensor, "deferrable", False)


def test_schedule_has_a_real_data_interval(dags: list[Any]) -> None:
    """A backfill and a window need an interval that is not empty; plain cron has empty ones in Airflow 3."""
    for dag in dags:
        if dag.dag_id in BY_HAND:
            assert not dag.timetable.can_be_scheduled
            continue
        assert isinstance(dag.timetable, CronDataIntervalTimetable)
        assert str(dag.timetable.timezone) == "UTC"


def test_nothing_starts_by_itself_for_the_past_or_twice(dags: list[Any]) -> None:
    for dag in dags:
        assert dag.catchup is False
        assert dag.max_active_runs == 1
        assert dag.start_date is not None


def test_runbook_answers_the_questions_of_the_night(dags: list[Any]) -> None:
    for dag in dags:
        for word in ("**In:**", "**Out:**", "**Colour.**", "**Exceptions.**", "**Backfill.**", "when it is red"):
            assert word in dag.doc_md, f"the doc_md of {dag.dag_id} lacks {word}"
        rows = re.findall(r"^\| ([a-z_, ]+) \|", dag.doc_md, re.MULTILINE)
        told = {name for row in rows for name in row.split(", ")}
        for task in dag.tasks:
            assert task.task_id in {"finished", *told}
        for path in re.findall(r"`(docs/[^`]+)`", dag.doc_md):
            assert (ROOT / path).is_file(), f"the doc_md of {dag.dag_id} points to {path}, which does not exist"


def test_params_are_the_common_ones(dags: list[Any]) -> None:
    for dag in dags:
        assert list(dag.params) == list(PARAMS)
        for name in PARAMS:
            param = dag.params.get_param(name)
            assert param.schema["title"], f"param {name} has no title for the form"
            assert param.description, f"param {name} has no description for the form"


def test_steps_follow_each_other(dags: list[Any]) -> None:
    for dag in dags:
        steps = STEPS[dag.dag_id.partition("__")[0]]
        assert [task.task_id for task in dag.topological_sort()] == [*steps, "report", "finished"]
        for before, after in pairwise(steps):
            assert before in dag.get_task(after).upstream_task_ids


def test_step_that_runs_after_a_failed_one_hides_no_failure(dags: list[Any]) -> None:
    """What comes after it must hang on the failed one by another way, else the sources would be archived unsent."""
    for dag in dags:
        tolerant = {task.task_id for task in dag.tasks if task.trigger_rule != "all_success" and not task.is_teardown}
        for task_id in tolerant:
            before = dag.get_task(task_id).upstream_task_ids
            for after in dag.get_task(task_id).downstream_list:
                assert after.is_teardown or before <= _needed(dag, after) - tolerant, f"{after.task_id} of {dag.dag_id}"


def _needed(dag: Any, task: Any) -> set[str]:
    """Every step that must have succeeded before a task runs: its ancestors, as far as each needs the one before."""
    if task.trigger_rule != "all_success":
        return set()
    before = set(task.upstream_task_ids)
    return before.union(*(_needed(dag, dag.get_task(task_id)) for task_id in before))


def test_report_is_a_teardown_that_hides_no_failure(dags: list[Any]) -> None:
    """A teardown runs in any case and does not count for the colour; ``finished`` makes its own failure count."""
    for dag in dags:
        report, finished = dag.get_task("report"), dag.get_task("finished")
        last = STEPS[dag.dag_id.partition("__")[0]][-1]
        assert report.is_teardown
        assert not report.on_failure_fail_dagrun
        assert {last} <= report.upstream_task_ids
        assert not finished.is_teardown
        assert finished.upstream_task_ids == {last, "report"}
        leaves = [task.task_id for task in dag.tasks if not task.downstream_task_ids]
        assert leaves == ["finished"]


def test_few_fat_tasks(dags: list[Any]) -> None:
    """Every task has a price of its own: work is batched inside, never one task per order or file.

    Where a flow sends several kinds of files, one after the other, each has its steps: five for those of an inbox,
    three for what follows from records and has nothing to find or to archive.
    """
    for dag in dags:
        sensors = [task for task in dag.tasks if hasattr(task, "poke_interval")]
        inboxes, own = len(sensors), {dag.dag_id.partition("__")[0], *(task.flow for task in sensors)}
        following = {task.flow for task in dag.tasks if hasattr(task, "flow")} - own
        assert len(dag.tasks) <= (9 if inboxes <= 1 else 3 + 5 * inboxes + 3 * len(following))
        assert not [task.task_id for task in dag.tasks if task.is_mapped]


def test_templates_do_not_use_the_logical_date(dags: list[Any]) -> None:
    """Runs that an asset or the API started have none."""
    for dag in dags:
        for task in dag.tasks:
            for field in task.template_fields:
                assert not re.search(r"\{\{\s*(ds|ts|logical_date|execution_date)", str(getattr(task, field, "")))


def test_task_ids_are_unique_and_named_like_steps(dags: list[Any]) -> None:
    for dag in dags:
        names = Counter(task.task_id for task in dag.tasks)
        assert max(names.values()) == 1
        assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


@pytest.mark.parametrize("name", ["files", "order_ids", "dry_run", "force_publish", "max_records"])
def test_the_form_offers(name: str) -> None:
    assert name in PARAMS
