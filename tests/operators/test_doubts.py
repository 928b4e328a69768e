"""Doubts: what ends them, what does not, and what a person says at the prompt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from order_sync.__main__ import main
from order_sync.errors import InDoubt
from order_sync.ledger import State
from sandbox.retailpro import Lie
from tests.support.invoice_lab import FLOW, RETAILER, InvoiceLab

NUMBER = "00000001"


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InvoiceLab]:
    with InvoiceLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


@pytest.mark.parametrize("how", ["several", "other"])
def test_puzzle_is_left_to_a_person_and_never_sent_again(lab: InvoiceLab, how: str) -> None:
    lab.world.retailpro.faults.lie_about(NUMBER, Lie("500", committed=True))
    if how == "several":
        lab.world.retailpro.faults.two_matches.add(NUMBER)
    else:
        lab.settle({"api": {"same": {"TotalAmt": "ShippingAmt"}}})
    work = lab.prepared([lab.order(1), lab.order(2)])
    for _ in range(2):
        with pytest.raises(InDoubt, match="1 invoice in doubt: 00000001"):
            lab.deliver(work)
    doubt = lab.record(1)
    assert doubt.state is State.UNKNOWN
    assert doubt.reason == ("RETAILPRO_SEVERAL" if how == "several" else "RETAILPRO_OTHER_CONTENT")
    again = lab.prepared([lab.order(1)], run="two")  # the feed comes again
    with pytest.raises(InDoubt):
        lab.deliver(again, run="two")
    assert (lab.posts(1), lab.posts(2)) == (1, 1)
    assert [row.reason for row in lab.book.exceptions(FLOW, RETAILER)] == [doubt.reason]


def test_person_says_that_it_was_delivered(lab: InvoiceLab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.settle({"api": {"resolve_doubt": "person"}})
    lab.world.retailpro.faults.lie_about(NUMBER, Lie("reset", committed=True))
    work = lab.prepared([lab.order(1)])
    with pytest.raises(InDoubt):
        lab.deliver(work)
    assert main(["unknown", "list"]) == 0
    assert NUMBER in capsys.readouterr().out
    assert main(["unknown", "resolve", NUMBER, "delivered", "--reference", "INV-77"]) == 0
    lab.deliver(work)
    record = lab.record(1)
    assert (record.state, record.partner_ref) == (State.DELIVERED, "INV-77")
    assert lab.posts(1) == 1
    assert main(["unknown", "resolve", NUMBER, "send-again"]) == 1  # too late: nothing is in doubt any more
    assert "not in doubt" in capsys.readouterr().err
    assert main(["order", "1"]) == 0  # the number as the shop knows it
    assert "at the partner: INV-77" in capsys.readouterr().out


def test_person_says_that_it_may_be_sent_again(lab: InvoiceLab) -> None:
    lab.settle({"api": {"resolve_doubt": "person"}})
    lab.world.retailpro.faults.lie_about(NUMBER, Lie("reset", committed=False))
    work = lab.prepared([lab.order(1)])
    with pytest.raises(InDoubt):
        lab.deliver(work)
    assert main(["unknown", "resolve", NUMBER, "send-again"]) == 0
    lab.deliver(work)
    assert lab.record(1).state is State.DELIVERED
    assert len(lab.world.retailpro.database.invoices()) == 1


def test_exception_without_a_number_ends_when_the_order_comes_with_one(lab: InvoiceLab) -> None:
    order = lab.order(1)
    lab.through([{**order, "orderIdentifications": []}])
    assert [row.order_key for row in lab.book.exceptions(FLOW, RETAILER)] == [f"hotwax:{order['orderId']}"]
    lab.through([order], run="two")
    assert lab.book.exceptions(FLOW, RETAILER) == []
