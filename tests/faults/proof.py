"""One run of the proof: numbered orders of a seed through the real steps, faults in between, a judgement in the end."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from airflow.sdk.exceptions import AirflowException

from order_sync.errors import OrderSyncError
from sandbox.hotwax.completed_orders import CompletedOrders, Expected
from tests.faults import evidence
from tests.faults.checker import Content, History, Judgement, Key, judge
from tests.faults.processes import Child, Processes
from tests.support.invoice_lab import InvoiceLab

STEPS = ("collect", "transform", "publish", "deliver", "slips", "archive")
#: A third of a second for everything, so that a proof waits for as little as possible; settings differ in nothing else.
FAST: dict[str, Any] = {
    "connect_seconds": 0.3, "read_seconds": 0.3, "lease_margin_seconds": 0.1, "settle_seconds": 0.1,
    "breaker_failures": 1_000_000,
}  # fmt: skip
#: Where nothing must be in doubt but what the test puts there.
PATIENT: dict[str, Any] = {**FAST, "connect_seconds": 10, "read_seconds": 10}

RED = (OrderSyncError, AirflowException)


@dataclass(frozen=True)
class Plan:
    """What was asked for on the command line.

    :param orders: of each run.
    :param rounds: how often a process is killed in a run where that can be repeated.
    :param results: where judgements are written to, if anywhere.
    """

    seed: int
    orders: int
    rounds: int
    results: Path | None

    @property
    def is_long(self) -> bool:
        """Whether it is `make faults`, and not one of many tests."""
        return self.orders >= 200

    def note(self, found: Judgement, **about: Any) -> None:
        """Write a judgement down, if that is asked for."""
        if self.results:
            row = {**about, "seed": self.seed, "verdict": found.verdict, **asdict(found)}
            line = json.dumps(row, default=str) + "\n"
            with self.results.open("ab", buffering=0) as results:  # whole lines: others write, too
                results.write(line.encode())

    @classmethod
    def asked(cls) -> Plan:
        """From ``FAULTS_SEED``, ``FAULTS_ORDERS`` and ``FAULTS_RESULTS``; short and repeatable without them."""
        results = os.environ.get("FAULTS_RESULTS")
        orders = int(os.environ.get("FAULTS_ORDERS") or 40)
        seed = int(os.environ.get("FAULTS_SEED") or 1)
        return cls(seed, orders, max(1, orders // 100), Path(results) if results else None)


class Proof:
    """A laboratory with the orders of a seed.

    :param fault: its id, e.g. ``F8``.
    :param variant: which form of the fault.
    """

    def __init__(self, lab: InvoiceLab, processes: Processes, plan: Plan, fault: str, variant: str) -> None:
        self.lab, self.plan, self.fault, self.variant = lab, plan, fault, variant
        self._processes = processes
        lab.shop = CompletedOrders(plan.seed)
        self.random = random.Random(f"{plan.seed}:{fault}:{variant}")
        self.numbers = range(1, plan.orders + 1)
        self.database = lab.world.retailpro.database
        self.faults = lab.world.retailpro.faults
        #: How many faults were injected, and the seconds from each kill to a finished run.
        self.injected = 0
        self.recovery: list[float] = []

    @cached_property
    def expected(self) -> dict[int, Expected]:
        """The shop's statement, by order number."""
        return {number: self.lab.shop.expected(number, self.lab.shop.kind_of(number)) for number in self.numbers}

    @cached_property
    def wanted(self) -> dict[Key, Content]:
        """What Retail Pro must hold in the end."""
        return evidence.wanted(self.expected.values())

    def of_kind(self, kind: Literal["invoice", "slip"]) -> list[str]:
        """The numbers of all invoices, or of all slips."""
        return [key.number for key in self.wanted if key.kind == kind]

    def third(self, keys: Collection[Key] | None = None) -> list[Key]:
        """A third of the documents, drawn."""
        every = sorted(self.wanted if keys is None else keys)
        return self.random.sample(every, max(1, len(every) // 3))

    # Work.

    def drop(self, files: int = 1) -> None:
        """Let HotWax write the orders, into some files."""
        size = -(-len(self.numbers) // files)
        for start in range(0, len(self.numbers), size):
            some = self.numbers[start : start + size]
            self.lab.drop(self.lab.shop.order(number, self.lab.shop.kind_of(number)) for number in some)

    def prepared(self) -> dict[str, Any]:
        """The orders up to the published file; what was collected."""
        self.drop()
        work = self.lab.collect()
        self.lab.transform(work)
        self.lab.publish(work)
        return work

    def green(self, step: str, *arguments: Any, tries: int = 30, **asked: Any) -> int:
        """Run a step as Airflow does, again as long as it is red; how often it was."""
        for red in range(tries):
            try:
                self.result = getattr(self.lab, step)(*arguments, **asked)
            except RED as error:
                last = error
                continue
            return red
        raise AssertionError(f"{step} is still red after {tries} tries: {last}") from last

    def red(self, step: str, *arguments: Any, **asked: Any) -> Exception:
        """Run a step that must be red; its error."""
        try:
            getattr(self.lab, step)(*arguments, **asked)
        except RED as error:
            return error
        raise AssertionError(f"{step} is green")

    def finish(self, work: Mapping[str, Any], *, tries: int = 30) -> int:
        """The last three steps until they are green; how often they were red."""
        return sum(self.green(step, work, tries=tries) for step in ("deliver", "slips", "archive"))

    # Processes.

    def start(self, step: str, *arguments: Any, **how: Any) -> Child:
        """A step in a process of its own."""
        return self._processes.start(step, *arguments, **how)

    def killed(self, step: str, *arguments: Any, at: str, **how: Any) -> None:
        """Run a step that is killed at a place."""
        child = self.start(step, *arguments, at=at, **how)
        ended = child.finish()
        assert ended.signal == signal.SIGKILL, f"{step} was not killed at {at} but {ended}: {child.log.read_text()}"
        self.injected += 1

    # Judgement.

    def history(self, aside: Collection[Key] = (), foreign: int = 0) -> History:
        """All that is known.

        :param aside: what has to wait for a person.
        :param foreign: that many documents, the oldest, were made by others and are not looked at.
        """
        told = evidence.told(self.lab.folder / "ledger.sqlite")
        world = self.lab.world
        try:
            held: Sequence[tuple[Key, Content]] | None = evidence.held(self.database)[foreign:]
        except sqlite3.Error:
            held = None
        self.seconds_in_doubt = [seconds for _, seconds in told.doubted]
        return History(
            wanted=self.wanted,
            held=held,
            states=told.states,
            doubted={key for key, _ in told.doubted},
            aside=[*aside, *self._without_store()],
            answers=told.answers,
            filed=evidence.filed(world),
            partial=evidence.partial(world, told.files),
        )

    def judged(self, aside: Collection[Key] = (), foreign: int = 0) -> Judgement:
        """Judge, and write the judgement down if that is asked for."""
        found = judge(self.history(aside, foreign))
        doubt = [round(seconds, 3) for seconds in self.seconds_in_doubt]
        more = {"injected": self.injected, "recovery": self.recovery, "doubt": doubt}
        self.plan.note(found, fault=self.fault, variant=self.variant, orders=len(self.numbers), **more)
        return found

    def passes(self, aside: Collection[Key] = (), foreign: int = 0) -> Judgement:
        """Judge; everything has to be right and nothing in doubt."""
        found = self.judged(aside, foreign)
        assert found.verdict == "pass", str(found)
        return found

    def problems(self, run: str = "one") -> list[str]:
        """What was noted about a run and is not over."""
        noted = self.lab.book.problems_of_run("retailpro_invoicing", run, unreported_only=True)
        return [f"{problem.task_id}: {problem.error_class}: {problem.message}" for problem in noted]

    def elapsed(self, since: float) -> None:
        """Note how long it took from a kill to the end."""
        self.recovery.append(time.monotonic() - since)

    def _without_store(self) -> list[Key]:
        """Orders of digital items only: no store can invoice them, so a person is asked."""
        kinds = {number: self.lab.shop.kind_of(number) for number in self.numbers}
        return [Key("invoice", f"{number:08d}") for number, kind in kinds.items() if kind == "digital_only"]
