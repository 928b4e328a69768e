"""F11, F12, F14, F42: busy, refusing, down, and not letting us in. Nothing is lost, and nothing is told twice."""

from __future__ import annotations

import pytest

from sandbox.retailpro import RetailProSettings
from sandbox.retailpro.faults import Lie
from tests.faults.checker import Key, judge
from tests.faults.conftest import Prove
from tests.faults.proof import PATIENT, Proof


@pytest.mark.fault("F11")
@pytest.mark.parametrize("retry_after", [True, False], ids=["Retry-After", "no Retry-After"])
def test_too_many_calls(prove: Prove, retry_after: bool) -> None:
    proof = prove(api=PATIENT)
    proof.faults.retry_after = retry_after
    proof.faults.rate_limit, proof.faults.rate_burst = 100, max(20, len(proof.wanted) // 5)
    proof.finish(proof.prepared())
    proof.injected = sum(call.status == 429 for call in proof.database.calls())
    assert proof.injected
    found = proof.passes()
    assert found.recovered == (), "a call that was turned away is in no doubt"


@pytest.mark.fault("F11")
def test_token_expires_in_the_middle(prove: Prove) -> None:
    settings = RetailProSettings(auth="bearer")
    proof = prove(settings, api=PATIENT)
    settings.expire_token_after = len(proof.of_kind("invoice")) // 2
    _let_in(proof, "bearer", proof.lab.world.retailpro.credentials.token)
    work = proof.prepared()
    for _ in range(3):
        assert "401" in str(proof.red("deliver", work))
        assert len(proof.problems()) == 1, "the same message is told once"
    assert proof.lab.states(work)["UNKNOWN"] == 0
    proof.injected = 1
    settings.expire_token_after = None
    proof.lab.world.retailpro.credentials.token = "a-new-one"
    _let_in(proof, "bearer", "a-new-one")
    proof.finish(work)
    proof.passes()
    assert proof.problems() == []


@pytest.mark.fault("F12")
def test_some_are_refused(prove: Prove) -> None:
    """Each order has its own outcome, with lies in between; those refused go out once the cause is mended."""
    proof = prove()
    upcs = sorted({upc for order in proof.expected.values() for upc in order.quantities})
    unknown = set(proof.random.sample(upcs, max(1, len(upcs) // 10)))
    proof.lab.world.retailpro.settings.unknown_upcs = unknown
    refused = {key for key, content in proof.wanted.items() if unknown & dict(content.quantities).keys()}
    for key in proof.third(proof.wanted.keys() - refused):
        proof.faults.lie_about(key.number, Lie(proof.random.choice(("500", "close")), proof.random.random() < 0.5))
    proof.injected = len(refused)
    work = proof.prepared()
    proof.finish(work)
    _check_refused(proof, refused)
    proof.lab.world.retailpro.settings.unknown_upcs = set()
    states = proof.history().states
    numbers = [key.number for key in refused if "QUARANTINED" in states.get(key, ())]
    work = proof.lab.collect(run="again", order_ids=numbers)
    for step in ("transform", "publish", "deliver", "slips", "archive"):
        proof.green(step, work, run="again", order_ids=numbers)
    proof.passes()


def _check_refused(proof: Proof, refused: set[Key]) -> None:
    """Exactly these were refused, and no goods moved for an invoice that is not there."""
    invoices = {key for key in refused if key.kind == "invoice"}
    waiting = {key for key in proof.wanted if key.kind == "slip" and Key("invoice", key.number[:8]) in invoices}
    whole = dict(proof.wanted)
    aside = refused - waiting
    for key in refused | waiting:
        del proof.wanted[key]
    found = judge(proof.history(aside=aside))
    assert found.verdict == "pass", str(found)
    proof.wanted.update(whole)


@pytest.mark.fault("F14")
@pytest.mark.parametrize("outage", ["refused", "503"])
def test_outage_with_a_backlog(prove: Prove, outage: str) -> None:
    """The task stops early and says so once; then the backlog goes out in the order of the file."""
    proof = prove(api={**PATIENT, "concurrency": 1, "breaker_failures": 2})
    work = proof.prepared()
    proof.faults.outage = outage  # type: ignore[assignment]
    for _ in range(3):
        error = str(proof.red("deliver", work))
        assert "not sent" in error
    assert len(proof.problems()) <= (1 if outage == "refused" else 3)
    states = proof.lab.states(work)
    assert states["UNKNOWN"] == (0 if outage == "refused" else 6)
    assert states["READY"] + states["UNKNOWN"] == len(proof.of_kind("invoice"))
    proof.injected = 3
    proof.faults.outage = None
    since = proof.database.figures()["calls"]
    proof.finish(work)
    proof.passes()
    calls = [call.key for call in proof.database.calls()[since:] if call.operation == "invoice"]
    first = [key for key in calls if proof.database.posts(key) == 1]
    assert first == sorted(first)
    assert proof.problems() == []


@pytest.mark.fault("F42")
@pytest.mark.parametrize("trouble", ["wrong password", "no connection", "connection refused"])
def test_not_let_in(prove: Prove, trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proof = prove(api={**PATIENT, "breaker_failures": 2})
    work = proof.prepared()
    right = proof.lab.world.connections()["retailpro_api"]
    if trouble == "wrong password":
        proof.lab.connect("retailpro_api", {**right, "password": "wrong"})
    elif trouble == "no connection":
        monkeypatch.delenv("AIRFLOW_CONN_RETAILPRO_API")
    else:
        proof.faults.outage = "refused"
    for step in ("deliver", "deliver", "deliver"):
        proof.red(step, work)
    assert len(proof.problems()) == 1
    states = proof.lab.states(work)
    assert (states["UNKNOWN"], states["INTENDED"], states["READY"]) == (0, 0, len(proof.of_kind("invoice")))
    assert proof.database.figures()["invoices"] == 0
    proof.injected = 1
    proof.faults.outage = None
    proof.lab.connect("retailpro_api", right)
    proof.finish(work)
    found = proof.passes()
    assert found.recovered == ()
    assert proof.problems() == []


@pytest.mark.fault("F11")
@pytest.mark.thorough
def test_limit_and_lies_together(prove: Prove) -> None:
    proof = prove()
    proof.faults.rate_limit, proof.faults.rate_burst = 200, max(20, len(proof.wanted) // 4)
    proof.faults.seed, proof.faults.probability = proof.plan.seed, 0.2
    proof.finish(proof.prepared())
    proof.injected = sum(call.status == 429 or call.lie != "" for call in proof.database.calls())
    proof.passes()


def _let_in(proof: Proof, auth: str, secret: str) -> None:
    right = proof.lab.world.connections()["retailpro_api"]
    proof.lab.connect("retailpro_api", {"conn_type": "http", "host": right["host"], "password": secret,
                                        "extra": {"auth": auth}})  # fmt: skip
