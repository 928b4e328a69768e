"""F2, F40, F41: two that do the same work at once, because one was frozen or because somebody pressed twice."""

from __future__ import annotations

import signal
import time
from datetime import UTC, datetime

import pytest

from tests.faults.conftest import Prove
from tests.faults.proof import FAST


@pytest.mark.fault("F2")
@pytest.mark.parametrize("point", ["deliver.after_intent", "deliver.after_commit"])
@pytest.mark.parametrize("step", ["deliver", pytest.param("slips", marks=pytest.mark.thorough)])
def test_frozen_between_intent_and_call(prove: Prove, step: str, point: str) -> None:
    """The replacement finishes everything; when the frozen one goes on, it makes no call any more.

    One call at a time: with more, the process may be stopped in the middle of a transaction for another call, and
    SQLite's lock is held until it goes on.
    """
    proof = prove(variant=f"{step} {point}", api={**FAST, "concurrency": 1})
    work = proof.prepared()
    if step == "slips":
        proof.green("deliver", work)
    count = len(proof.of_kind("invoice" if step == "deliver" else "slip"))
    frozen = proof.start(step, work, at=f"{point}:{proof.random.randint(1, count // 2)}", how="STOP")
    assert frozen.wait().state == "stopped", frozen.log.read_text()
    proof.injected += 1
    time.sleep(1)  # beyond this the frozen one must ask the ledger before it calls
    proof.green(step, work)
    before = proof.database.figures()["calls"]
    frozen.send(signal.SIGCONT)
    assert frozen.finish().code == 0, frozen.log.read_text()
    assert proof.database.figures()["calls"] == before
    proof.finish(work)
    proof.passes()


@pytest.mark.fault("F40")
@pytest.mark.parametrize("step", ["deliver", "slips"])
def test_two_at_the_same_time(prove: Prove, step: str) -> None:
    proof = prove(variant=step)
    work = proof.prepared()
    if step == "slips":
        proof.green("deliver", work)
    both = [proof.start(step, work, run=run) for run in ("one", "two")]
    assert {child.finish().state for child in both} == {"ended"}
    proof.injected += 1
    proof.finish(work)
    proof.passes()
    assert set(proof.database.posts_by_key("invoice" if step == "deliver" else "slip").values()) == {1}


@pytest.mark.fault("F40")
def test_every_step_twice_at_the_same_time(prove: Prove) -> None:
    """Two schedulers, or an old and a new installation, on one ledger."""
    proof = prove()
    proof.drop(files=3)
    proof.green("collect")
    work = proof.result
    for step in ("transform", "publish", "deliver", "slips", "archive"):
        both = [proof.start(step, work) for _ in range(2)]
        assert {child.finish().state for child in both} == {"ended"}
        proof.injected += 1
        proof.green(step, work)
    proof.passes()


@pytest.mark.fault("F41")
def test_ten_for_one_order(prove: Prove) -> None:
    """One refused order, mended; ten times at once somebody lets it be sent."""
    proof = prove()
    upc = next(iter(next(order for order in proof.expected.values() if order.invoiced).quantities))
    proof.lab.world.retailpro.settings.unknown_upcs = {upc}
    work = proof.prepared()
    proof.green("deliver", work)
    refused = [number for number in proof.of_kind("invoice") if proof.lab.record(number).state == "QUARANTINED"]
    assert refused
    proof.lab.world.retailpro.settings.unknown_upcs = set()
    ids = [proof.lab.record(number).id for number in refused]
    proof.lab.book.bring_back(ids, at=datetime.now(UTC), who="a person")
    posted = {number: proof.database.posts(number) for number in refused}
    ten = [proof.start("deliver", work, run=f"run-{number}") for number in range(10)]
    assert {child.finish().state for child in ten} == {"ended"}
    proof.injected += 10
    proof.finish(work)
    proof.passes()
    assert {number: proof.database.posts(number) - 1 for number in refused} == posted
