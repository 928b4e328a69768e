"""N16: NetSuite's return files come late, never, twice or halved. Parents first, and nothing is ever offered twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sandbox.netsuite import NetSuiteFaults
from tests.faults.conftest import ProveNetSuite

pytestmark = pytest.mark.fault("N16")

#: What becomes of the next return files of a kind.
FAULTS: dict[str, Callable[[NetSuiteFaults, str], None]] = {
    "late": lambda faults, kind: faults.delay(kind, runs=2),
    "lost": lambda faults, kind: faults.lose(kind),
    "twice": lambda faults, kind: faults.duplicate(kind, times=3),
    "half late": lambda faults, kind: faults.halve(kind, runs=2),
    "half lost": lambda faults, kind: faults.halve(kind, runs=None),
}
CUSTOMERS = "CustomerExport"
LONG = pytest.mark.thorough
OTHERS = ("SalesOrderExport", "SalesOrderItemExport", "CustomerDepositExport")


#: The short proof has those that say the most.
CASES = [
    pytest.param(kind, fault, marks=() if (kind, fault) in {(CUSTOMERS, "lost"), (CUSTOMERS, "half late")} else LONG)
    for kind in (CUSTOMERS, *OTHERS)
    for fault in FAULTS
]


@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_return_file(prove_netsuite: ProveNetSuite, kind: str, fault: str) -> None:
    proof = prove_netsuite(variant=f"{kind} {fault}")
    FAULTS[fault](proof.lab.netsuite.faults, kind)
    proof.rounds(2)
    if kind == CUSTOMERS and fault != "twice":
        known = proof.lab.ids.customer_ids()
        assert len(known) < len(proof.parties), "else nothing went wrong"
        held = {row["hc_order_id"] for row in proof.lab.netsuite.database.rows("SELECT * FROM sales_orders")}
        assert held <= set(proof.orders_of(known)), "an order was there before its customer was known"
    proof.rounds(3)
    proof.injected = len(proof.lab.netsuite.faults.happened)
    assert proof.injected
    lost = proof.write_lost_answers_again()
    assert bool(lost) == fault.endswith("lost"), "nothing that is lost comes by itself"
    if lost:
        assert proof.judgement().verdict == "fail", "without its id nothing counts as done"
    proof.settled()
    proof.passes()


def test_everything_at_once(prove_netsuite: ProveNetSuite) -> None:
    """Every kind of return file, every fault, drawn; NetSuite is asleep for a while, too."""
    proof = prove_netsuite()
    for _ in range(4 * max(1, proof.plan.rounds)):
        kind = proof.random.choice((CUSTOMERS, *OTHERS))
        FAULTS[proof.random.choice(sorted(FAULTS))](proof.lab.netsuite.faults, kind)
    for _ in range(4):
        proof.round(works=proof.random.random() < 0.7)
    proof.injected = len(proof.lab.netsuite.faults.happened)
    for _ in range(3):
        proof.write_lost_answers_again()
        proof.rounds(2)
    proof.settled()
    proof.passes()
