"""Each protection is switched off by itself; the fault that it is for must then make the checker shout.

A proof that passes without the protection proves nothing about it.
"""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest
import requests

from sandbox.retailpro import RetailProSettings
from sandbox.retailpro.faults import Lie
from sandbox.retailpro.settings import INVOICE_PATH
from tests.faults.checker import Judgement, Key
from tests.faults.conftest import Prove
from tests.faults.proof import FAST, RED, Proof
from tests.faults.sabotage import SABOTAGE

pytestmark = pytest.mark.fault("sabotage")


def _to_the_end(proof: Proof, work: object) -> Judgement:
    """A few tries of the last steps; whether they are green is no matter here."""
    for step in ("deliver", "deliver", "slips", "archive"):
        try:
            getattr(proof.lab, step)(work)
        except RED:
            continue
    return proof.judged()


def _proven(found: Judgement, word: str) -> None:
    """The checker has seen it, under the right name."""
    assert found.verdict == "fail", str(found)
    assert getattr(found, word), str(found)


@pytest.mark.parametrize("off", ["intent", "lease"])
def test_killed_after_the_call(prove: Prove, off: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without intent, or if a dead process' call counts as not made, the next try makes it again."""
    proof = prove(variant=off)
    work = proof.prepared()
    proof.killed("deliver", work, at="deliver.before_commit:5", sabotage=off)
    SABOTAGE[off](monkeypatch.setattr)
    _proven(_to_the_end(proof, work), "duplicated")


def test_frozen_process_without_fence(prove: Prove) -> None:
    proof = prove(variant="fence", api={**FAST, "concurrency": 1})
    work = proof.prepared()
    frozen = proof.start("deliver", work, at="deliver.after_intent:5", how="STOP", sabotage="fence")
    assert frozen.wait().state == "stopped"
    time.sleep(1)
    proof.green("deliver", work)
    frozen.send(signal.SIGCONT)
    frozen.finish()
    _proven(_to_the_end(proof, work), "duplicated")


@pytest.mark.parametrize("off", ["look-up", "doubt"])
def test_committed_lies(prove: Prove, off: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without asking, or if a server error counts as "not sent", what is there is created once more."""
    proof = prove(variant=off)
    for key in proof.third():
        proof.faults.lie_about(key.number, Lie("500", committed=True))
    work = proof.prepared()
    SABOTAGE[off](monkeypatch.setattr)
    _proven(_to_the_end(proof, work), "duplicated")


def test_duplicate_answers_without_comparison(prove: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else's invoice of the same number is taken for ours."""
    api = FAST | {"duplicate": {"statuses": [409]}, "resolve_doubt": "resend"}
    proof = prove(RetailProSettings(look_up=False, duplicates=True, auth="none"), api=api, variant="comparison")
    work = proof.prepared()
    (path,) = proof.lab.world.invoices_folder.glob("*.json")
    body = json.loads(path.read_text())[0] | {"TotalAmt": 1}
    url = proof.lab.world.retailpro.url + INVOICE_PATH
    assert requests.post(url, data=json.dumps(body), timeout=10).status_code == 201
    SABOTAGE["comparison"](monkeypatch.setattr)
    found = _to_the_end(proof, work)
    _proven(found, "unexpected")
    assert found.acknowledged == len(proof.wanted), "it was taken for delivered"
    assert found.unexpected == (Key("invoice", body["OrderNo"]),)


def test_killed_during_the_upload_without_rename(prove: Prove, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a file lies under its final name, and the next try takes it for whole."""
    proof = prove(variant="rename")
    proof.drop()
    proof.green("collect")
    work = proof.result
    proof.green("transform", work)
    proof.killed("publish", work, at="publish.before_rename:1", sabotage="rename")
    SABOTAGE["rename"](monkeypatch.setattr)
    proof.green("publish", work)
    found = _to_the_end(proof, work)
    _proven(found, "partial")
    _proven(found, "lost")


def test_every_sabotage_is_tried() -> None:
    """A new one that no test uses would be counted for nothing."""
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in SABOTAGE if f'"{name}"' not in text] == []
