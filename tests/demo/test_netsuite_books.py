"""The demo's comparison with NetSuite's own database: it is content with the truth, and with nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest

from demo.netsuite import ORDERS
from demo.netsuite_books import Books, Document, Key, differences, held_by
from tests.support.netsuite_lab import NetSuiteLab
from tests.support.step_lab import empty_ledger

KINDS = {1: "web", 2: "item_discount", 3: "order_discount", 4: "send_sale"}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetSuiteLab]:
    """A NetSuite that holds the orders, their customers and their deposits."""
    folder, template = (tmp_path_factory.mktemp(name) for name in ("netsuite", "template"))
    with pytest.MonkeyPatch.context() as patch, NetSuiteLab(folder, empty_ledger(template), patch) as opened:
        for number, kind in KINDS.items():
            opened.shop.place(number, kind)
        opened.offer()
        for name in ("one", "two", "three"):
            opened.run(name)
            opened.world.tick()
        yield opened


def _books(lab: NetSuiteLab) -> Books:
    books = Books()
    books.want_customers(str(lab.shop.customer(number)["partyId"]) for number in KINDS)
    books.want_orders(lab.shop, KINDS)
    return books


ORDER, DEPOSIT = Key("order", "N10002"), Key("deposit", "N10002")


def _change(books: Books, key: Key, **fields: object) -> None:
    books.wanted[key] = books.wanted[key]._replace(**fields)


def _line(books: Books, **fields: object) -> None:
    lines = books.wanted[ORDER].lines
    _change(books, ORDER, lines=(lines[0]._replace(**fields), *lines[1:]))


SPOILED: dict[str, Callable[[Books], object]] = {
    "a customer is lost": lambda books: books.want_customers(["HC99999"]),
    "a customer too many": lambda books: books.wanted.pop(Key("customer", "HC10001")),
    "an order is lost": lambda books: books.wanted.update({Key("order", "N1"): Document(Decimal(1))}),
    "an order too many": lambda books: books.wanted.pop(ORDER),
    "another customer's order": lambda books: _change(books, ORDER, party="HC10001"),
    "a wrong amount": lambda books: _change(books, ORDER, amount=books.wanted[ORDER].amount + Decimal("0.01")),
    "a wrong deposit": lambda books: _change(books, DEPOSIT, amount=books.wanted[DEPOSIT].amount * 2),
    "a deposit is lost": lambda books: books.wanted.update({Key("deposit", "N1"): Document(Decimal(1))}),
    "a wrong item": lambda books: _line(books, item="1"),
    "a wrong price": lambda books: _line(books, price=Decimal("0.01")),
    "a wrong discount": lambda books: _line(books, discount=Decimal("-0.01")),
    "a closed line": lambda books: _line(books, closed=True),
}


def test_truth_has_no_faults(lab: NetSuiteLab) -> None:
    books = _books(lab)
    assert books.faults(lab.netsuite) == []
    assert books.unequal(lab.netsuite) == []
    assert books.money("order") + sum(books.taxes.values()) == books.money("deposit") > 0
    assert any(line.discount for line in books.wanted[ORDER].lines)


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_anything_else_is_told(lab: NetSuiteLab, spoil: Callable[[Books], object]) -> None:
    books = _books(lab)
    spoil(books)
    assert books.faults(lab.netsuite) != []


def test_money_that_is_not_billed_is_told(lab: NetSuiteLab) -> None:
    books = _books(lab)
    books.taxes["N10002"] += Decimal("0.01")
    (told,) = books.unequal(lab.netsuite)
    assert told.startswith("order N10002: ")


def test_what_stands_there_twice_is_told(lab: NetSuiteLab) -> None:
    found = held_by(lab.netsuite)
    twice = next(one for one in found if one[0] == ORDER)
    assert list(differences(_books(lab).wanted, [*found, twice])) == ["order N10002 stands in NetSuite 2 times"]


def test_story_of_the_demo_has_every_kind(lab: NetSuiteLab) -> None:
    assert list(ORDERS.values()).count("pos_completed") >= 3
    assert set(ORDERS.values()) >= {"part_paid_pos", "unknown_product", "exchange", "gift_card", "kit"}
