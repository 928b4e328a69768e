"""Was anything lost, doubled or made up? Judged by set and by money, never by how often something was said to succeed.

The words are those of Jepsen's set checker: *attempted* (must be done), *acknowledged* (the ledger says it is done),
*ok* (done and right), *lost*, *duplicated*, *unexpected*, *recovered* (was in doubt and turned out to be done),
*unknown* (still in doubt). When the partner could not be read in the end, nothing is proven: the verdict is "unknown".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Literal, NamedTuple

Kind = Literal["invoice", "slip", "customer", "order", "deposit"]
#: What the ledger calls done, and what it leaves to a person.
DONE, ASIDE, DOUBT = frozenset({"DELIVERED", "CONFIRMED"}), "QUARANTINED", "UNKNOWN"


class Key(NamedTuple):
    """One document."""

    kind: Kind
    number: str


class Content(NamedTuple):
    """What a document must say.

    :param amount: in ten-thousandths of the currency; 0 for a slip, which moves goods and no money, and a customer.
    :param stores: the one that invoices, or those between which goods move; in NetSuite the customer.
    :param quantities: pieces of each UPC, sorted; in NetSuite of each line.
    """

    amount: int
    stores: tuple[str, ...]
    quantities: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class History:
    """All that is known when a run is over.

    :param wanted: what the partner must hold, by the shop's own statement.
    :param held: every document at the partner, repeats included; None when it could not be read.
    :param states: the state of every version that the ledger has of a document.
    :param doubted: what was in doubt at any time.
    :param aside: what must wait for a person, and why that is right stands in the test.
    :param answers: how often each answer stands in the ledger, by number, operation and attempt.
    :param filed: how often it stands in the partner's response files.
    :param partial: files that lie under their final name with other bytes than were published.
    """

    wanted: Mapping[Key, Content]
    held: Sequence[tuple[Key, Content]] | None
    states: Mapping[Key, Collection[str]]
    doubted: Collection[Key] = ()
    aside: Collection[Key] = ()
    answers: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    filed: Mapping[tuple[str, str, int], int] = field(default_factory=dict)
    partial: Collection[str] = ()


@dataclass(frozen=True)
class Judgement:
    """What became of it.

    :param lost: wanted or acknowledged, and not there; or wanted to wait for a person, and no longer known.
    :param duplicated: more than one document of a number.
    :param unexpected: never wanted, or its content is not what was wanted.
    :param unsettled: there, but the ledger does not say so: it would be sent again.
    :param money: what the partner holds less what was wanted, in minor units.
    :param misfiled: answers that do not stand in exactly one response file.
    """

    attempted: int
    acknowledged: int
    ok: int
    lost: tuple[Key, ...]
    duplicated: tuple[Key, ...]
    unexpected: tuple[Key, ...]
    unsettled: tuple[Key, ...]
    recovered: tuple[Key, ...]
    unknown: tuple[Key, ...]
    money: Decimal
    misfiled: tuple[tuple[str, str, int], ...]
    partial: tuple[str, ...]
    was_read: bool

    @property
    def verdict(self) -> Literal["pass", "fail", "unknown"]:
        """``unknown`` is no pass: a doubt is left, or the partner could not be read."""
        bad = (
            self.lost, self.duplicated, self.unexpected, self.unsettled, self.money, self.misfiled, self.partial,
        )  # fmt: skip
        if any(bad):
            return "fail"
        return "unknown" if self.unknown or not self.was_read else "pass"

    def __str__(self) -> str:
        """Counts, with the first few of what is wrong."""
        shown = [f"verdict {self.verdict}"]
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, tuple):
                few = ", ".join(":".join(map(str, item)) if isinstance(item, tuple) else item for item in value[:5])
                value = f"{len(value)} ({few})" if value else "0"
            shown.append(f"{one.name} {value}")
        return "; ".join(shown)


def judge(history: History) -> Judgement:
    """Compare what was wanted with what is there, document by document."""
    wanted, aside = history.wanted, set(history.aside)
    held: defaultdict[Key, list[Content]] = defaultdict(list)
    for key, content in history.held or ():
        held[key].append(content)
    was_read = history.held is not None
    done = {key for key, states in history.states.items() if DONE & set(states)}
    unknown = {key for key, states in history.states.items() if DOUBT in states}
    waiting = {key for key, states in history.states.items() if ASIDE in states}
    lost = ((wanted.keys() | done) - held.keys() - unknown - aside if was_read else set()) | (aside - waiting)
    wrong = {key for key, contents in held.items() if any(content != wanted.get(key) for content in contents)}
    missing = unknown | aside
    right = sum(content.amount for key, content in wanted.items() if key in held or key not in missing)
    there = sum(content.amount for contents in held.values() for content in contents)
    return Judgement(
        attempted=len(wanted),
        acknowledged=len(done),
        ok=sum(key in done and held.get(key) == [content] for key, content in wanted.items()),
        lost=tuple(sorted(lost)),
        duplicated=tuple(sorted(key for key, contents in held.items() if len(contents) > 1)),
        unexpected=tuple(sorted(wrong)),
        unsettled=tuple(sorted(held.keys() - done - unknown - aside)),
        recovered=tuple(sorted(set(history.doubted) & done & held.keys())),
        unknown=tuple(sorted(unknown)),
        money=Decimal(there - right) / 100 if was_read else Decimal(0),
        misfiled=_misfiled(history.answers, history.filed),
        partial=tuple(sorted(history.partial)),
        was_read=was_read,
    )


def _misfiled(
    answers: Mapping[tuple[str, str, int], int], filed: Mapping[tuple[str, str, int], int]
) -> tuple[tuple[str, str, int], ...]:
    ledger, files = Counter(answers), Counter(filed)
    return tuple(sorted((ledger - files) + (files - ledger)))
