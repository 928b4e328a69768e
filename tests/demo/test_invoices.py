"""The demo's comparison with Retail Pro's own database: it is content with the truth, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.completed_orders import SHOP, Invoices, drop_feeds
from sandbox.hotwax.completed_orders import CompletedOrders
from sandbox.retailpro import RetailPro
from tests.support.invoice_lab import InvoiceLab
from tests.support.step_lab import empty_ledger

KINDS = {1: "single", 2: "multi_store", 3: "quantity", 4: "order_discount", 5: "shipping", 6: "digital_part"}


@pytest.fixture(scope="module")
def retailpro(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RetailPro]:
    """A Retail Pro that holds the orders and their slips."""
    folder, template = (tmp_path_factory.mktemp(name) for name in ("invoices", "template"))
    with pytest.MonkeyPatch.context() as patch, InvoiceLab(folder, empty_ledger(template), patch) as lab:
        lab.shop = CompletedOrders(SHOP.seed)
        lab.through(SHOP.order(number, kind) for number, kind in KINDS.items())
        yield lab.world.retailpro


def _changed(wanted: Invoices, **fields: object) -> None:
    wanted.invoices["00000001"] = wanted.invoices["00000001"]._replace(**fields)


def _swap(wanted: Invoices) -> None:
    first, second = wanted.invoices["00000001"], wanted.invoices["00000003"]
    wanted.invoices |= {
        "00000001": first._replace(total=second.total), "00000003": second._replace(total=first.total),
    }  # fmt: skip


SPOILED: dict[str, Callable[[Invoices], object]] = {
    "an invoice is lost": lambda wanted: wanted.add(SHOP.expected(99, "single")),
    "an invoice too many": lambda wanted: wanted.invoices.pop("00000001"),
    "a wrong amount": lambda wanted: _changed(wanted, total=wanted.invoices["00000001"].total + 1),
    "a wrong discount": lambda wanted: _changed(wanted, discount=1),
    "a wrong store": lambda wanted: _changed(wanted, store="A99"),
    "a wrong product": lambda wanted: _changed(wanted, pieces=(("200000000000", 1),)),
    "two amounts swapped": _swap,
    "a slip is lost": lambda wanted: wanted.slips.update([("00000002", "A26", "A99", 1)]),
    "a slip too many": lambda wanted: wanted.slips.clear(),
}


def test_truth_has_no_faults(retailpro: RetailPro) -> None:
    wanted = Invoices.of(SHOP, KINDS)
    assert wanted.faults(retailpro) == []
    assert wanted.slips
    assert wanted.money == retailpro.database.invoiced_total() > 0


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_anything_else_is_told(retailpro: RetailPro, spoil: Callable[[Invoices], object]) -> None:
    wanted = Invoices.of(SHOP, KINDS)
    spoil(wanted)
    assert wanted.faults(retailpro) != []


def test_story_of_the_demo_is_whole(tmp_path: Path) -> None:
    """Every order of the feeds has one end: an invoice, left out, or waiting for a person."""
    retailpro = RetailPro(tmp_path / "retailpro.sqlite")
    story = drop_feeds(tmp_path / "feeds", retailpro)
    retailpro.database.close()
    assert len(list((tmp_path / "feeds").iterdir())) == 2
    assert len(story.refused) == 1, "one order is brought again"
    waiting = story.rejected.total() - story.rejected["RETAILPRO_REFUSED"]
    repeats = story.left_out["ALREADY_SENT"]
    assert len(story.wanted.invoices) + waiting + story.left_out.total() - repeats == story.orders
    assert set(story.left_out) == {"ALREADY_SENT", "POS_ORDER", "SEND_SALE"}
    assert set(story.rejected) == {"RETAILPRO_REFUSED", "NO_STORE", "VALUE_TOO_LONG", "REQUIRED_FIELD"}
