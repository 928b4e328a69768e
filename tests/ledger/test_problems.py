from __future__ import annotations

from order_sync.ledger import Problem
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, later

PROBLEM = {
    "flow": FLOW,
    "retailer": RETAILER,
    "dag_id": "predictspring_order_sync",
    "run_id": "scheduled__1",
    "task_id": "publish",
    "error_class": "NotSent",
    "message": "The SFTP server does not answer.",
    "next_step": "Clear the task once it does.",
}


def of_run(ledger, **changes) -> list[Problem]:
    return ledger.problems_of_run("predictspring_order_sync", "scheduled__1", **changes)


def test_a_problem_is_kept_as_it_was_told(ledger) -> None:
    problem = ledger.note_problem(**PROBLEM, at=AT)
    assert problem == Problem(id=problem.id, **PROBLEM, at=AT, reported_at=None, over_at=None)
    assert of_run(ledger) == [problem]
    assert ledger.problems_of_run("predictspring_order_sync", "manual__2") == []


def test_the_same_problem_on_every_try_is_one_until_it_is_reported(ledger) -> None:
    first = ledger.note_problem(**PROBLEM, at=AT)
    assert ledger.note_problem(**PROBLEM, at=later(5)) == first
    for at in (later(6), later(7)):
        ledger.problems_reported([first.id], at=at)
    assert of_run(ledger)[0].reported_at == later(6)
    assert of_run(ledger, unreported_only=True) == []
    second = ledger.note_problem(**PROBLEM, at=later(8))
    assert of_run(ledger, unreported_only=True) == [second]
    assert second.id != first.id


def test_another_message_is_another_problem(ledger) -> None:
    ledger.note_problem(**PROBLEM, at=AT)
    odd = {**PROBLEM, "message": "nul\0 and \udcff"}
    assert ledger.note_problem(**odd, at=AT) == ledger.note_problem(**odd, at=AT)
    assert [problem.message for problem in of_run(ledger)] == [PROBLEM["message"], "nul\ufffd and ?"]


def test_what_was_told_of_a_step_counts_until_it_succeeds(ledger) -> None:
    told = ledger.note_problem(**PROBLEM, at=AT)
    ledger.problems_reported([told.id], at=AT)
    ledger.note_problem(**{**PROBLEM, "run_id": "another"}, at=AT)  # not told yet
    step = (PROBLEM["flow"], PROBLEM["retailer"], PROBLEM["task_id"])
    assert [one.id for one in ledger.problems_told(*step, since=AT)] == [told.id]
    assert ledger.problems_told(*step, since=later(1)) == []
    ledger.problems_over(*step, at=later(2))
    assert ledger.problems_told(*step, since=AT) == []
