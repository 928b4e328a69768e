"""One run of the proof for NetSuite: customers and orders of a seed through the real steps, round after round."""

from __future__ import annotations

import random
import signal
import sqlite3
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk.exceptions import AirflowException

from demo.netsuite_books import Books, Document, held_by
from demo.netsuite_books import Key as Entry
from order_sync.errors import OrderSyncError
from sandbox.hotwax.created_orders import Fate
from sandbox.hotwax.created_orders_sale import usual_kind
from tests.faults import evidence
from tests.faults.checker import Content, History, Judgement, Key, Kind, judge
from tests.faults.processes import Child, Processes
from tests.faults.proof import Plan
from tests.support.netsuite_lab import NetSuiteLab

RED = (OrderSyncError, AirflowException)
_FLOWS: dict[str, Kind] = {
    "netsuite_customers": "customer",
    "netsuite_created_orders": "order",
    "netsuite_deposits": "deposit",
}
#: More rounds than any fault here takes.
_PATIENCE = 12


@dataclass(frozen=True)
class Way:
    """How the steps of a run are gone through.

    :param kills: before a step succeeds, it is killed at these places.
    :param times: how often each step is run, as if it were cleared after its success.
    :param together: these steps are run by two processes at once, then once more.
    :param asked: the run's params, or its kind.
    """

    kills: Mapping[str, Sequence[str]] = field(default_factory=dict)
    times: int = 1
    together: Collection[str] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)


class NetSuiteProof:
    """A laboratory with the orders of a seed, each of a customer whom NetSuite does not have.

    :param fault: its id, e.g. ``N1``.
    :param variant: which form of the fault.
    """

    def __init__(self, lab: NetSuiteLab, processes: Processes, plan: Plan, fault: str, variant: str) -> None:
        self.lab, self.plan, self.fault, self.variant = lab, plan, fault, variant
        self._processes = processes
        self._rounds = 0
        self.random = random.Random(f"{plan.seed}:{fault}:{variant}")
        self.numbers = range(1, plan.orders + 1)
        self.injected = 0
        self.recovery: list[float] = []
        for number in self.numbers:
            lab.shop.place(number, usual_kind(plan.seed, number))
        #: Everybody who has ordered.
        self.parties = [str(customer["partyId"]) for customer in lab.shop.customers_due()]

    # Work.

    def round(self, *, works: bool = True) -> None:
        """HotWax offers what is due, a run takes place, NetSuite works and HotWax takes in what it gives back.

        :param works: NetSuite does nothing without it.
        """
        self._rounds += 1
        self.lab.offer()
        self.lab.run(f"round {self._rounds}")
        if works:
            self.lab.world.tick()

    def rounds(self, count: int) -> None:
        """So many rounds."""
        for _ in range(count):
            self.round()

    def settled(self) -> None:
        """Rounds until everything is as it has to be."""
        for _ in range(_PATIENCE):
            if self.judgement().verdict == "pass":
                return
            self.round()

    def walk(self, run: str, way: Way | None = None, *, offers: bool = True) -> None:
        """A round whose run is gone through step by step.

        :param offers: HotWax writes its feeds before.
        """
        way = way or Way()
        if offers:
            self.lab.offer()
        self._step(way, "answers", "answers", run)
        for stage in ("customers", "orders"):
            work = self._step(way, f"{stage}.collect", "collect", stage, run=run)
            for name in ("transform", "publish", "archive"):
                self._step(way, f"{stage}.{name}", name, stage, work, run=run)
        work = self._step(way, "deposits.collect", "collect_deposits", run)
        self._step(way, "deposits.transform", "transform_deposits", work, run)
        self._step(way, "deposits.publish", "publish_deposits", work, run)
        for name in ("mark", "approve"):
            self._step(way, name, name, run)
        self.lab.world.tick()

    def _step(self, way: Way, label: str, method: str, *arguments: Any, **asked: Any) -> Any:
        asked |= way.asked
        for point in way.kills.get(label, ()):
            self.killed(method, *arguments, at=point, **asked)
        if label in way.together:
            both = [self.start(method, *arguments, **asked) for _ in range(2)]
            assert {child.finish().state for child in both} == {"ended"}
            self.injected += 1
        for _ in range(way.times):
            result = self.green(method, *arguments, **asked)
        return result

    def exported(self) -> dict[str, bytes]:
        """Every file that NetSuite was given, by name."""
        root = self.lab.world.sftp.root / "netsuite"
        folders = ("customer/export", "salesorder/export", "salesorder/customerdeposit")
        return {path.name: path.read_bytes() for name in folders for path in (root / name).rglob("*") if path.is_file()}

    def drop_again(self) -> None:
        """Every feed of HotWax's is dropped again, and every return file comes again under another name."""
        for inbox in (self.lab.shop.customers_folder, self.lab.shop.created_orders_folder):
            for number, path in enumerate(sorted(inbox.glob("archive/**/*.json"))):
                (inbox / f"again-{number}.json").write_bytes(path.read_bytes())
                self.injected += 1
        for number, path in enumerate(sorted((self.lab.world.sftp.root / "netsuite").glob("*/import/**/*.csv"))):
            folder = path.parent.parent if path.parent.name == "archive" else path.parent
            (folder / f"{number} again-{path.name.rpartition('-')[2]}").write_bytes(path.read_bytes())
            self.injected += 1

    def write_lost_answers_again(self) -> int:
        """What a person has NetSuite do: the return files that were lost are written once more; how many."""
        database = self.lab.netsuite.database
        lost = database.rows("SELECT * FROM return_files WHERE state = 'lost'")
        for row in lost:
            folder = self.lab.netsuite.folder(row["folder"].removeprefix("netsuite/"))
            (folder / f"again {row['number']} {row['name']}").write_text(row["content"], encoding="utf-8")
            database.execute("UPDATE return_files SET state = 'sent' WHERE number = ?", row["number"])
        return len(lost)

    # Processes.

    def start(self, step: str, *arguments: Any, **how: Any) -> Child:
        """A step in a process of its own."""
        return self._processes.start(step, *arguments, lab="NetSuiteLab", **how)

    def killed(self, step: str, *arguments: Any, at: str, **asked: Any) -> None:
        """Run a step that is killed at a place."""
        child = self.start(step, *arguments, at=at, **asked)
        ended = child.finish()
        assert ended.signal == signal.SIGKILL, f"{step} was not killed at {at} but {ended}: {child.log.read_text()}"
        self.injected += 1

    def green(self, step: str, *arguments: Any, tries: int = 10, **asked: Any) -> Any:
        """Run a step as Airflow does, again as long as it is red; its result."""
        for _ in range(tries):
            try:
                return getattr(self.lab, step)(*arguments, **asked)
            except RED as error:
                last = error
        raise AssertionError(f"{step} is still red after {tries} tries: {last}") from last

    # Judgement.

    def wanted(self) -> dict[Key, Content]:
        """What NetSuite must hold in the end: orders that need nothing that is missing, their customers and money."""
        books = Books()
        books.want_customers(self.parties)
        books.want_orders(self.lab.shop, self.numbers)
        return dict(map(_as_content, books.wanted.items()))

    def judgement(self) -> Judgement:
        """What has come of it so far."""
        states: defaultdict[Key, set[str]] = defaultdict(set)
        with closing(sqlite3.connect(self.lab.folder / "ledger.sqlite")) as ledger:
            rows = ledger.execute("SELECT flow, order_key, state FROM records").fetchall()
            files = ledger.execute("SELECT remote_path, sha256 FROM feeds WHERE remote_path <> ''").fetchall()
        for flow, number, state in rows:
            if flow in _FLOWS and state != "DELIVERED":  # without its id nothing is done
                states[Key(_FLOWS[flow], number.partition("-CD-")[0])].add(state)
        return judge(
            History(
                wanted=self.wanted(),
                held=[_as_content(one) for one in held_by(self.lab.netsuite)],
                states=states,
                aside=self._paid_in_part(),
                partial=evidence.partial(self.lab.world, files),
            )
        )

    def passes(self) -> Judgement:
        """Judge, and note it; everything has to be right, and NetSuite must never have been offered anything wrong."""
        found = self.judgement()
        more = {"injected": self.injected, "recovery": self.recovery, "doubt": []}
        self.plan.note(found, fault=self.fault, variant=self.variant, orders=len(self.numbers), **more)
        assert found.verdict == "pass", str(found)
        self.never_refused()
        return found

    def never_refused(self) -> None:
        """NetSuite refuses what it has, and orders of customers that it does not have: so neither was ever offered."""
        refused = self.lab.netsuite.database.refusals()
        assert refused == [], refused[:3]
        assert self.lab.ids.changes() == []

    def elapsed(self, since: float) -> None:
        """Note how long it took from a kill to the end."""
        self.recovery.append(time.monotonic() - since)

    def _paid_in_part(self) -> list[Key]:
        """Orders of a till that wait for a person."""
        expected = map(self.lab.shop.expected, self.numbers)
        return [Key("order", order.order_id) for order in expected if order.fate is Fate.REJECTED]

    def orders_of(self, parties: Collection[str]) -> Iterable[str]:
        """Orders by those customers that NetSuite has, or has to get."""
        return [o.order_id for o in map(self.lab.shop.expected, self.numbers) if o.customer in parties]


def _as_content(one: tuple[Entry, Document]) -> tuple[Key, Content]:
    entry, document = one
    lines = tuple(
        (f"{line.key} {line.item} {line.price:.4f} {line.discount:.4f} {line.closed}", int(line.quantity))
        for line in document.lines
    )
    return Key(entry.kind, entry.number), Content(int(document.amount * 10_000), (document.party,), lines)
