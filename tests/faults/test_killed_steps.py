"""F1: the process is killed with SIGKILL at every marked place, at a time that the seed draws; then it runs again."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from sandbox.retailpro.faults import Lie
from tests.faults.conftest import Prove
from tests.faults.proof import FAST, STEPS, Proof

pytestmark = pytest.mark.fault("F1")

CALLS = (
    "deliver.before_intent",
    "deliver.after_intent",
    "deliver.before_send",
    "deliver.after_send",
    "deliver.before_commit",
    "deliver.after_commit",
)
#: The other places, and in which step they are passed; those of `deliver` here put its answers into a file.
PLACES = (
    ("collect", "fetch.before_download"),
    ("collect", "fetch.after_download"),
    ("collect", "collect.before_batch"),
    ("transform", "transform.before_decide"),
    ("transform", "transform.before_register"),
    ("publish", "publish.before_upload"),
    ("publish", "publish.before_rename"),
    ("publish", "publish.after_rename"),
    ("publish", "publish.before_commit"),
    ("deliver", "publish.before_rename"),
    ("deliver", "publish.after_rename"),
    ("archive", "move.before_rename"),
    ("archive", "move.after_rename"),
)
FILES = 4
#: Slips pass the same places as invoices do.
SLIPS = pytest.param("slips", marks=pytest.mark.thorough)


@pytest.mark.parametrize("point", CALLS)
@pytest.mark.parametrize("step", ["deliver", SLIPS])
def test_killed_at_a_call(prove: Prove, step: str, point: str) -> None:
    """Several processes die one after the other; calls of up to eight documents are under way in each."""
    proof = prove(variant=f"{step} {point}")
    work = proof.prepared()
    if step == "slips":
        proof.green("deliver", work)
    count = len(proof.of_kind("invoice" if step == "deliver" else "slip"))
    rounds = max(1, min(proof.plan.rounds, count // 40))
    at_once = 8 if point == "deliver.after_commit" else 1  # calls that share a transaction
    for _ in range(rounds):
        time_of_death = proof.random.randint(1, max(1, count // (2 * rounds * at_once)))
        proof.killed(step, work, at=f"{point}:{time_of_death}")
    _recover(proof, work)


@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
@pytest.mark.parametrize("step", ["deliver", "slips"])
def test_killed_while_the_answer_is_awaited(prove: Prove, step: str, committed: bool) -> None:
    proof = prove(variant=f"{step}, answer awaited, {'' if committed else 'not '}committed")
    proof.lab.settle({"api": {**FAST, "read_seconds": 2}})
    work = proof.prepared()
    if step == "slips":
        proof.green("deliver", work)
    number = proof.random.choice(proof.of_kind("invoice" if step == "deliver" else "slip"))
    proof.faults.lie_about(number, Lie("hang", committed))
    child = proof.start(step, work)
    _until(lambda: proof.database.posts(number) == 1)
    child.send(signal.SIGKILL)
    assert child.finish().signal == signal.SIGKILL
    proof.injected += 1
    proof.lab.settle({"api": FAST})
    _recover(proof, work)
    assert proof.database.posts(number) == (1 if committed else 2)


@pytest.mark.parametrize("step", ["deliver", SLIPS])
def test_killed_at_any_moment(prove: Prove, step: str) -> None:
    """No marked place: whatever it is doing just then."""
    proof = prove(variant=f"{step}, any moment")
    work = proof.prepared()
    if step == "slips":
        proof.green("deliver", work)
    for _ in range(2 * proof.plan.rounds):
        child = proof.start(step, work)
        time.sleep(proof.random.uniform(0.02, 0.3))
        child.send(signal.SIGKILL)
        proof.injected += child.finish().signal == signal.SIGKILL
    _recover(proof, work)


@pytest.mark.parametrize(("step", "point"), PLACES, ids=[" ".join(place) for place in PLACES])
def test_killed_elsewhere(prove: Prove, step: str, point: str) -> None:
    proof = prove(variant=f"{step} {point}")
    proof.drop(FILES)
    arguments: list[object] = []
    for name in STEPS:
        if name == step:
            many = point.startswith(("fetch", "move"))  # passed once for every file
            proof.killed(name, *arguments, at=f"{point}:{proof.random.randint(1, FILES) if many else 1}")
            died = time.monotonic()
        proof.green(name, *arguments)
        if name == step:
            proof.elapsed(died)
        if name == "collect":
            arguments = [proof.result]
    assert not list(proof.lab.world.sftp.root.rglob("*.part"))
    proof.passes()


def _recover(proof: Proof, work: dict[str, object]) -> None:
    died = time.monotonic()
    proof.finish(work)
    proof.elapsed(died)
    proof.passes()


def _until(happened: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.005)
