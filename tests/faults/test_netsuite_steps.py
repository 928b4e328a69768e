"""N1, N39, N40: steps on the way to NetSuite are killed, cleared, triggered twice, backfilled, run by two at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

import pytest

from tests.faults.conftest import ProveNetSuite
from tests.faults.netsuite_proof import NetSuiteProof, Way

FETCH = ("fetch.before_download", "fetch.after_download")
ANSWERS = (*FETCH, "answers.before_commit")
PUBLISH = ("publish.before_upload", "publish.before_rename", "publish.after_rename", "publish.before_commit")
TRANSFORM = ("transform.before_decide", "transform.before_register")
STAGE: Mapping[str, Sequence[str]] = {
    "collect": (*FETCH, "collect.before_batch"),
    "transform": TRANSFORM,
    "publish": PUBLISH,
    "archive": ("move.before_rename", "move.after_rename"),
}
#: In which round a step has something to do, and the places that it passes then.
PLACES: Sequence[Mapping[str, Sequence[str]]] = (
    {f"customers.{step}": points for step, points in STAGE.items()},
    {"answers": ANSWERS, **{f"orders.{step}": points for step, points in STAGE.items()}},
    {"answers": ANSWERS, "deposits.collect": ["collect.before_batch"], "deposits.transform": TRANSFORM,
     "deposits.publish": PUBLISH},
    {"answers": ANSWERS},
)  # fmt: skip
EVERY = [(at, step, point) for at, of in enumerate(PLACES) for step, points in of.items() for point in points]


@pytest.mark.fault("N1")
def test_killed_at_every_place_one_after_the_other(prove_netsuite: ProveNetSuite) -> None:
    proof = prove_netsuite(variant="every place")
    died = time.monotonic()
    for at, places in enumerate(PLACES):
        proof.walk(f"round {at}", Way(kills=places))
    assert proof.injected == len(EVERY)
    proof.elapsed(died)
    _right(proof)


@pytest.mark.fault("N1")
@pytest.mark.thorough
@pytest.mark.parametrize(("at", "step", "point"), EVERY, ids=[f"{step} {point} {at}" for at, step, point in EVERY])
def test_killed_at_a_place(prove_netsuite: ProveNetSuite, at: int, step: str, point: str) -> None:
    """Several files, one of which is drawn."""
    proof = prove_netsuite(variant=f"{step} {point} {at}", max_orders_per_file=100)
    for number in range(len(PLACES)):
        nth = (
            proof.random.randint(1, 3)
            if step.endswith("publish") and number < 2 and "before_commit" not in point
            else 1
        )
        died = time.monotonic()
        proof.walk(f"round {number}", Way(kills={step: [f"{point}:{nth}"]} if number == at else {}))
        if number == at:
            proof.elapsed(died)
    _right(proof)


@pytest.mark.fault("N39")
@pytest.mark.parametrize("kind", ["manual", "backfill"])
def test_every_step_again_and_again(prove_netsuite: ProveNetSuite, kind: str) -> None:
    """Each step is cleared right after its success; then whole runs are, and every file is dropped again."""
    proof = prove_netsuite(variant=f"again, {kind}")
    for at in range(len(PLACES)):
        proof.walk(f"round {at}", Way(times=2))
        proof.injected += 1
    before = proof.exported()
    for at in range(len(PLACES)):
        proof.walk(f"round {at}", Way(asked={"kind": kind}), offers=False)
    proof.drop_again()
    proof.walk("dropped again")
    proof.walk("and looked at once more", offers=False)
    assert proof.exported() == before
    _right(proof)


@pytest.mark.fault("N40")
def test_every_step_by_two_at_the_same_time(prove_netsuite: ProveNetSuite) -> None:
    """Two schedulers, or an old and a new installation, on one ledger."""
    proof = prove_netsuite()
    for at, places in enumerate(PLACES):
        proof.walk(f"round {at}", Way(together=set(places)))
    _right(proof)


def _right(proof: NetSuiteProof) -> None:
    """Everything is as it has to be after a few more rounds, and no unfinished file is left."""
    proof.settled()
    proof.passes()
    unfinished = proof.lab.world.sftp.root / proof.lab.settings.folders.unfinished
    assert [path for path in unfinished.rglob("*") if path.is_file()] == []
