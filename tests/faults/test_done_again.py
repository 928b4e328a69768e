"""F39: people clear, trigger twice, backfill, and drop files again. Whatever is repeated, nothing is sent twice."""

from __future__ import annotations

import pytest

from sandbox.hotwax.completed_orders import CompletedOrders, write_feed
from tests.faults.checker import Key
from tests.faults.conftest import Prove
from tests.faults.proof import PATIENT, STEPS, Proof
from tests.support.invoice_lab import AT

pytestmark = pytest.mark.fault("F39")


def _all(proof: Proof, *, run: str = "one", **asked: object) -> None:
    """All steps of a run."""
    proof.green("collect", run=run, **asked)
    work = proof.result
    for step in STEPS[1:]:
        proof.green(step, work, run=run, **asked)


def _unchanged(proof: Proof, calls: int) -> None:
    """No call was made since, and everything is right."""
    assert proof.database.figures()["calls"] == calls
    proof.passes()


@pytest.mark.parametrize("step", STEPS)
def test_step_cleared_after_its_success(prove: Prove, step: str) -> None:
    """Right after it, and once more when the whole run is over."""
    proof = prove(variant=f"{step} cleared", api=PATIENT)
    proof.drop(files=2)
    arguments: list[object] = []
    for name in STEPS:
        for _ in range(3 if name == step else 1):
            proof.green(name, *arguments)
        if name == "collect":
            arguments = [proof.result]
    calls = proof.database.figures()["calls"]
    proof.green(step, *([] if step == "collect" else arguments))
    proof.injected = 3
    _unchanged(proof, calls)
    assert set(proof.database.posts_by_key("invoice").values()) == {1}


def test_whole_run_cleared(prove: Prove) -> None:
    proof = prove(variant="run cleared", api=PATIENT)
    proof.drop()
    _all(proof)
    calls = proof.database.figures()["calls"]
    for _ in range(2):
        _all(proof)
        proof.injected += 1
    _unchanged(proof, calls)


@pytest.mark.parametrize("asked", [{"kind": "backfill"}, {"force_publish": True}], ids=["backfill", "publish again"])
def test_interval_asked_for_again(prove: Prove, asked: dict[str, object]) -> None:
    proof = prove(variant=next(iter(asked)), api=PATIENT)
    proof.drop()
    _all(proof)
    calls = proof.database.figures()["calls"]
    _all(proof, run="again", **asked)
    proof.injected = 1
    _unchanged(proof, calls)


@pytest.mark.parametrize("how", ["same name", "another name", "reordered", "in two files", "one line each"])
def test_same_orders_dropped_again(prove: Prove, how: str) -> None:
    proof = prove(variant=f"dropped again, {how}", api=PATIENT)
    shop, kind_of = proof.lab.shop, proof.lab.shop.kind_of
    orders = [shop.order(number, kind_of(number)) for number in proof.numbers]
    folder = proof.lab.world.completed_orders_folder
    write_feed(folder, orders, AT)
    _all(proof)
    calls = proof.database.figures()["calls"]
    later = AT if how == "same name" else AT.replace(hour=9)
    if how == "in two files":
        write_feed(folder, orders[::2], later)
        write_feed(folder, orders[1::2], later.replace(hour=10))
    elif how == "reordered":
        write_feed(folder, proof.random.sample(orders, len(orders)), later)
    else:
        write_feed(folder, orders, later, "lines" if how == "one line each" else "array")
    _all(proof, run="two")
    proof.injected = 1
    _unchanged(proof, calls)


def test_changed_order_under_the_same_number(prove: Prove) -> None:
    """An invoice cannot be taken back by sending another one: a person decides."""
    proof = prove(variant="changed order", api=PATIENT)
    proof.drop()
    _all(proof)
    calls = proof.database.figures()["calls"]
    invoiced = [number for number, order in proof.expected.items() if order.invoiced]
    changed = sorted(proof.random.sample(invoiced, max(1, len(invoiced) // 3)))
    other = CompletedOrders(proof.plan.seed + 1)
    proof.lab.drop(other.order(number) for number in changed)
    _all(proof, run="two")
    proof.injected = len(changed)
    keys = [Key("invoice", f"{number:08d}") for number in changed]
    assert {proof.lab.record(key.number).reason for key in keys} == {"CHANGED_ORDER"}
    _unchanged(proof, calls)


def test_triggered_twice_in_a_row_with_the_file_still_there(prove: Prove) -> None:
    """The second run begins before the first has archived its file."""
    proof = prove(variant="triggered twice", api=PATIENT)
    proof.drop()
    proof.green("collect")
    first = proof.result
    for step in ("transform", "publish", "deliver"):
        proof.green(step, first)
    _all(proof, run="two")
    proof.injected = 1
    for step in ("slips", "archive"):
        proof.green(step, first)
    proof.passes()
    assert set(proof.database.posts_by_key("invoice").values()) == {1}
