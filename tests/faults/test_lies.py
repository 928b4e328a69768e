"""F8 and F9: Retail Pro commits, or does not, and says something else; all eight ways, on a third of the documents."""

from __future__ import annotations

import pytest

from sandbox.retailpro.faults import LIES, Lie, What
from tests.faults.checker import Key
from tests.faults.conftest import Prove
from tests.faults.proof import FAST, Proof

COMMITTED = pytest.mark.fault("F8")
LOST = pytest.mark.fault("F9")
THOROUGH = pytest.mark.thorough
BOTH = [pytest.param(True, marks=COMMITTED, id="committed"), pytest.param(False, marks=LOST, id="not committed")]


@pytest.mark.parametrize("committed", BOTH)
@pytest.mark.parametrize("what", LIES)
def test_lie(prove: Prove, what: What, committed: bool) -> None:
    proof = prove(variant=what)
    chosen = proof.third()
    for key in chosen:
        proof.faults.lie_about(key.number, Lie(what, committed))
    proof.injected = len(chosen)
    proof.finish(proof.prepared())
    assert proof.faults.pending == 0
    found = proof.passes()
    assert set(chosen) <= set(found.recovered)
    for key in chosen:
        assert proof.database.posts(key.number) == (1 if committed else 2), key


@pytest.mark.parametrize(
    "committed",
    [
        pytest.param(True, marks=[COMMITTED, THOROUGH], id="committed"),
        pytest.param(False, marks=LOST, id="not committed"),
    ],
)
def test_lie_upon_lie(prove: Prove, committed: bool) -> None:
    """The second call, and the third, are lied about, too; the last of these lies commits or does not."""
    proof = prove(variant="three in a row")
    chosen = proof.third()
    for key in chosen:
        first, second, third = proof.random.choices(LIES, k=3)
        proof.faults.lie_about(key.number, Lie(first, False), Lie(second, False), Lie(third, committed))
    proof.injected = 3 * len(chosen)
    proof.finish(proof.prepared())
    proof.passes()
    assert {proof.database.posts(key.number) for key in chosen} == {3 if committed else 4}


@pytest.mark.parametrize("committed", BOTH)
def test_red_again_and_again_until_green(prove: Prove, committed: bool) -> None:
    """The breaker as it is: the task stops after five failures in a row, is red, and every try gets further."""
    proof = prove(variant="breaker", api={**FAST, "breaker_failures": 5})
    chosen = _first_half(proof)
    for key in chosen:
        proof.faults.lie_about(key.number, Lie(proof.random.choice(("500", "502", "504", "close")), committed))
    proof.injected = len(chosen)
    work = proof.prepared()
    assert proof.finish(work, tries=len(proof.wanted)) > 0
    proof.passes()


@pytest.mark.parametrize(
    "committed",
    [
        pytest.param(True, marks=COMMITTED, id="committed"),
        pytest.param(False, marks=[LOST, THOROUGH], id="not committed"),
    ],
)
def test_document_comes_into_being_after_the_lie(prove: Prove, committed: bool) -> None:
    """The server works on after the connection is gone; the settle time is longer than that."""
    proof = prove(variant="late", api={**FAST, "settle_seconds": 0.6})
    chosen = proof.third()
    for key in chosen:
        what = proof.random.choice(("500", "close", "reset"))
        proof.faults.lie_about(key.number, Lie(what, committed, late_seconds=0.2))
    proof.injected = len(chosen)
    proof.finish(proof.prepared())
    proof.passes()


def _first_half(proof: Proof) -> list[Key]:
    """Many in a row, so that the breaker has something to do."""
    invoices = [key for key in proof.wanted if key.kind == "invoice"]
    return invoices[: len(invoices) // 2]
