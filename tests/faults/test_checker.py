"""The checker is the judge of everything else here: it must shout at each thing that may go wrong, and only then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.faults.checker import Content, History, Judgement, Key, Kind, judge


def _key(number: int, kind: Kind = "invoice") -> Key:
    return Key(kind, f"{number:08d}")


def _invoice(number: int, amount: int = 0) -> Content:
    return Content(amount or 100_000 + number * 100, ("A26",), (("400000000001", number),))


SLIP = Content(0, ("A27", "A26"), (("400000000001", 1),))
WANTED = {_key(number): _invoice(number) for number in range(1, 6)} | {_key(51, "slip"): SLIP}
ANSWERS = {(key.number, key.kind, 1): 1 for key in WANTED}
CLEAN = History(
    WANTED, list(WANTED.items()), dict.fromkeys(WANTED, ("DELIVERED",)), answers=ANSWERS, filed=dict(ANSWERS)
)


def test_clean_history_passes() -> None:
    found = judge(CLEAN)
    assert found.verdict == "pass"
    assert (found.attempted, found.acknowledged, found.ok, found.money) == (6, 6, 6, 0)


def _without(history: History, key: Key) -> History:
    return replace(history, held=[one for one in history.held or () if one[0] != key])


def _with(history: History, key: Key, content: Content) -> History:
    return replace(history, held=[*(history.held or ()), (key, content)])


def _says(history: History, key: Key, *states: str) -> History:
    return replace(history, states={**history.states, key: states})


def _swapped(history: History) -> History:
    one, other = _key(1), _key(2)
    amounts = {one: _invoice(2).amount, other: _invoice(1).amount}
    held = [(key, content._replace(amount=amounts.get(key, content.amount))) for key, content in history.held or ()]
    return replace(history, held=held)


DAMAGES: dict[str, tuple[Callable[[History], History], str, object]] = {
    "an acknowledged invoice is not there": (lambda h: _without(h, _key(3)), "lost", (_key(3),)),
    "an invoice was never sent": (lambda h: _says(_without(h, _key(3)), _key(3), "READY"), "lost", (_key(3),)),
    "an order is not even in the ledger": (
        lambda h: replace(_without(h, _key(3)), states={k: v for k, v in h.states.items() if k != _key(3)}),
        "lost",
        (_key(3),),
    ),
    "an invoice stands there twice": (lambda h: _with(h, _key(4), _invoice(4)), "duplicated", (_key(4),)),
    "two orders have each other's amount": (_swapped, "unexpected", (_key(1), _key(2))),
    "an amount is wrong": (
        lambda h: _with(_without(h, _key(5)), _key(5), _invoice(5, 100_501)), "unexpected", (_key(5),)
    ),
    "pieces are wrong": (
        lambda h: _with(_without(h, _key(5)), _key(5), _invoice(5)._replace(quantities=(("4", 1),))),
        "unexpected",
        (_key(5),),
    ),
    "another store invoices": (
        lambda h: _with(_without(h, _key(5)), _key(5), _invoice(5)._replace(stores=("A27",))), "unexpected", (_key(5),)
    ),
    "there is one that nobody asked for": (
        lambda h: _says(_with(h, _key(9), _invoice(9)), _key(9), "DELIVERED"), "unexpected", (_key(9),)
    ),
    "a slip is lost": (lambda h: _without(h, _key(51, "slip")), "lost", (_key(51, "slip"),)),
    "a slip is doubled": (lambda h: _with(h, _key(51, "slip"), SLIP), "duplicated", (_key(51, "slip"),)),
    "a slip moves other goods": (
        lambda h: _with(_without(h, _key(51, "slip")), _key(51, "slip"), SLIP._replace(stores=("A26", "A27"))),
        "unexpected",
        (_key(51, "slip"),),
    ),
    "it is there and the ledger would send it again": (
        lambda h: _says(h, _key(2), "READY"), "unsettled", (_key(2),)
    ),
    "a call is under way for ever": (lambda h: _says(h, _key(2), "INTENDED"), "unsettled", (_key(2),)),
    "what must wait does not": (lambda h: replace(h, aside=[_key(8)]), "lost", (_key(8),)),
    "an answer is in no file": (
        lambda h: replace(h, filed={k: v for k, v in h.filed.items() if k[0] != "00000001"}),
        "misfiled",
        (("00000001", "invoice", 1),),
    ),
    "an answer is in two files": (
        lambda h: replace(h, filed={**h.filed, ("00000001", "invoice", 1): 2}), "misfiled",
        (("00000001", "invoice", 1),),
    ),
    "half a file lies there": (lambda h: replace(h, partial=["orders.json"]), "partial", ("orders.json",)),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGES)
def test_shouts_when(name: str) -> None:
    damage, word, expected = DAMAGES[name]
    found = judge(damage(CLEAN))
    assert found.verdict == "fail"
    assert getattr(found, word) == expected
    assert word in str(found)


@pytest.mark.parametrize(
    ("damage", "difference"),
    [
        (lambda h: _without(h, _key(3)), Decimal("-1003")),
        (lambda h: _with(h, _key(3), _invoice(3)), Decimal("1003")),
        (lambda h: _with(_without(h, _key(3)), _key(3), _invoice(3, 100_301)), Decimal("0.01")),
        (_swapped, Decimal(0)),
    ],
    ids=["lost", "doubled", "a hundredth too much", "swapped"],
)
def test_money_difference(damage: Callable[[History], History], difference: Decimal) -> None:
    assert judge(damage(CLEAN)).money == difference


def test_nothing_is_proven_without_the_final_read() -> None:
    found = judge(replace(CLEAN, held=None))
    assert (found.verdict, found.lost, found.money) == ("unknown", (), 0)


@pytest.mark.parametrize("is_there", [True, False])
def test_doubt_is_neither_loss_nor_pass(is_there: bool) -> None:
    history = _says(CLEAN if is_there else _without(CLEAN, _key(3)), _key(3), "UNKNOWN")
    found = judge(history)
    assert (found.verdict, found.unknown, found.lost, found.money) == ("unknown", (_key(3),), (), 0)


def test_doubt_hides_no_duplicate() -> None:
    assert judge(_says(_with(CLEAN, _key(3), _invoice(3)), _key(3), "UNKNOWN")).verdict == "fail"


def test_recovered_is_what_was_in_doubt_and_is_done() -> None:
    found = judge(replace(CLEAN, doubted=[_key(1), _key(2)]))
    assert (found.verdict, found.recovered) == ("pass", (_key(1), _key(2)))


def test_what_waits_for_a_person_passes_as_long_as_it_waits() -> None:
    refused = _says(_without(CLEAN, _key(3)), _key(3), "QUARANTINED")
    assert judge(refused).lost == (_key(3),)
    asked_for: Judgement = judge(replace(refused, aside=[_key(3)]))
    assert (asked_for.verdict, asked_for.ok, asked_for.money) == ("pass", 5, 0)
