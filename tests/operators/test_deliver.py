"""deliver and manual_slips, from the completed-orders feed to Retail Pro's own database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.invoice_lab import InvoiceLab


@pytest.fixture
def lab(tmp_path: Path, ledger_template: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InvoiceLab]:
    with InvoiceLab(tmp_path, ledger_template, monkeypatch) as opened:
        yield opened


def test_every_completed_order_becomes_one_invoice(lab: InvoiceLab) -> None:
    work = lab.through(lab.order(number) for number in range(1, 31))
    database = lab.world.retailpro.database
    assert [invoice.order_no for invoice in database.invoices()] == [f"{number:08d}" for number in range(1, 31)]
    assert {lab.posts(number) for number in range(1, 31)} == {1}
    assert lab.states(work) == {"DELIVERED": 30}
    assert lab.record(1).partner_ref.startswith("INV-")
    expected = sum(lab.shop.expected(number, "single").total for number in range(1, 31))
    assert database.invoiced_total() == expected * 100
