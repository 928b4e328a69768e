"""F10 and F13: what Retail Pro says about earlier calls comes late, is wrong, is missing, or tells of another order."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
import requests

from order_sync.ledger import State
from sandbox.retailpro import RetailProSettings
from sandbox.retailpro.faults import LIES, Lie
from sandbox.retailpro.settings import INVOICE_PATH
from tests.faults.checker import Key
from tests.faults.conftest import Prove
from tests.faults.proof import FAST, PATIENT, Proof

#: Lies that cost no waiting.
QUICK = tuple(what for what in LIES if what != "hang")


def _lie(proof: Proof, keys: list[Key], *, committed: bool) -> None:
    for key in keys:
        proof.faults.lie_about(key.number, Lie(proof.random.choice(QUICK), committed))
    proof.injected += len(keys)


@pytest.mark.fault("F10")
@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
def test_look_up_lags(prove: Prove, committed: bool) -> None:
    """A new document shows only after more than one settle time, but less than two."""
    proof = prove(api={**FAST, "settle_seconds": 0.3})
    proof.faults.lag_seconds = 0.45
    _lie(proof, proof.third(), committed=committed)
    proof.finish(proof.prepared())
    proof.passes()


@pytest.mark.fault("F10")
def test_look_up_says_absent_then_present(prove: Prove) -> None:
    proof = prove()
    chosen = proof.third()
    _lie(proof, chosen, committed=True)
    proof.faults.absent_first = {key.number: 1 for key in chosen}
    proof.injected += len(chosen)
    proof.finish(proof.prepared())
    proof.passes()
    assert not any(proof.faults.absent_first.values())


@pytest.mark.fault("F10")
def test_look_up_is_down(prove: Prove) -> None:
    """Nothing is created as long as nobody can say what is there; then everything is settled without a person."""
    proof = prove(api=PATIENT | {"read_seconds": 0.3, "lease_margin_seconds": 0.1})
    chosen = [key for key in proof.third() if key.kind == "invoice"]
    half = len(chosen) // 2
    _lie(proof, chosen[:half], committed=True)
    _lie(proof, chosen[half:], committed=False)
    proof.faults.look_up_down = True
    work = proof.prepared()
    for _ in range(2):
        assert "in doubt" in str(proof.red("deliver", work))
        assert {proof.database.posts(key.number) for key in chosen} == {1}
        assert proof.lab.states(work)["UNKNOWN"] >= len(chosen)
    proof.faults.look_up_down = False
    proof.finish(work)
    proof.passes()


@pytest.mark.fault("F10")
def test_look_up_shows_two(prove: Prove) -> None:
    """That is no answer: a person is asked, and nothing more is sent."""
    proof = prove()
    chosen = [key for key in proof.third() if key.kind == "invoice"]
    _lie(proof, chosen, committed=True)
    proof.faults.two_matches = {key.number for key in chosen}
    proof.injected += len(chosen)
    work = proof.prepared()
    for _ in range(2):
        assert "in doubt" in str(proof.red("deliver", work))
    assert {proof.lab.record(key.number).reason for key in chosen} == {"RETAILPRO_SEVERAL"}
    assert {proof.database.posts(key.number) for key in chosen} == {1}
    _person(proof, chosen)
    proof.finish(work)
    proof.passes()
    assert {proof.database.posts(key.number) for key in chosen} == {1}


@pytest.mark.fault("F10")
def test_neither_look_up_nor_duplicates(prove: Prove) -> None:
    """Everything in doubt stays so, is counted, and is not sent again before a person has said what became of it."""
    neither = RetailProSettings(look_up=False)
    proof = prove(neither, api={**PATIENT, "resolve_doubt": "person"})
    chosen = sorted(proof.third([key for key in proof.wanted if key.kind == "invoice"]))
    _lie(proof, chosen[::2], committed=True)
    _lie(proof, chosen[1::2], committed=False)
    work = proof.prepared()
    for _ in range(3):
        assert "in doubt" in str(proof.red("deliver", work))
    proof.green("slips", work)
    whole = dict(proof.wanted)
    for key in _slips_of(proof, chosen):  # goods move only for an invoice that is there for certain
        del proof.wanted[key]
    found = proof.judged()
    assert (found.verdict, found.unknown) == ("unknown", tuple(chosen)), str(found)
    proof.wanted.update(whole)
    proof.injected = 0  # counted already
    assert {proof.database.posts(key.number) for key in chosen} == {1}
    _person(proof, chosen)
    proof.finish(work)
    proof.passes()


def _slips_of(proof: Proof, invoices: list[Key]) -> list[Key]:
    return [key for key in proof.wanted if key.kind == "slip" and Key("invoice", key.number[:8]) in invoices]


def _person(proof: Proof, keys: list[Key]) -> None:
    """Looks into Retail Pro and says what is there."""
    book = proof.lab.book
    for doubt in book.doubts("retailpro_invoicing", "default"):
        state = State.DELIVERED if proof.database.invoices(doubt.order_key) else State.READY
        said = {"at": datetime.now(UTC), "who": "a person", "why": "looked at the screen"}
        assert book.resolve(doubt.record_id, doubt.fence, state, **said)
    assert not {proof.lab.record(key.number).state for key in keys} & {State.UNKNOWN}


DUPLICATES = {"duplicate": {"statuses": [409]}, "resolve_doubt": "resend"}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("committed", [True, False], ids=["committed", "not committed"])
def test_sent_again_to_a_partner_that_recognises_duplicates(prove: Prove, committed: bool) -> None:
    proof = prove(RetailProSettings(look_up=False, duplicates=True), api=FAST | DUPLICATES)
    chosen = proof.third()
    _lie(proof, chosen, committed=committed)
    proof.finish(proof.prepared())
    proof.passes()
    assert {proof.database.posts(key.number) for key in chosen} == {2}


@pytest.mark.fault("F13")
@pytest.mark.parametrize("way", ["resend", "look_up"])
def test_somebody_else_used_the_number(prove: Prove, way: str) -> None:
    """The same OrderNo with another total is not ours: nothing is taken for delivered that is not."""
    resend = way == "resend"
    api = PATIENT | DUPLICATES if resend else FAST
    proof = prove(RetailProSettings(look_up=not resend, duplicates=resend), api=api)
    chosen = [key for key in proof.third() if key.kind == "invoice"]
    work = proof.prepared()
    _others(proof, chosen)
    if not resend:  # the document of the others is found when ours is in doubt
        _lie(proof, chosen, committed=False)
        assert "in doubt" in str(proof.red("deliver", work))
        proof.green("slips", work)
    else:
        proof.finish(work)
    assert {proof.lab.record(key.number).reason for key in chosen} == {"RETAILPRO_OTHER_CONTENT"}
    for key in [*chosen, *_slips_of(proof, chosen)]:
        del proof.wanted[key]
    if resend:
        proof.passes(aside=chosen, foreign=len(chosen))
    else:  # a person has to say what shall become of it
        found = proof.judged(foreign=len(chosen))
        assert (found.verdict, found.unknown) == ("unknown", tuple(sorted(chosen))), str(found)


def _others(proof: Proof, keys: list[Key]) -> None:
    """Somebody invoices these numbers by hand, for another amount."""
    (path,) = proof.lab.world.invoices_folder.glob("*.json")
    numbers = {key.number for key in keys}
    retailpro = proof.lab.world.retailpro
    login = (retailpro.credentials.login, retailpro.credentials.password)
    for body in json.loads(path.read_text()):
        if body["OrderNo"] in numbers:
            other = json.dumps(body | {"TotalAmt": 1})
            answer = requests.post(retailpro.url + INVOICE_PATH, data=other, auth=login, timeout=10)
            assert answer.status_code == 201, answer.text
    proof.injected += len(keys)
