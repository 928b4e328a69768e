"""Whatever arrives in whatever order: the equation of every batch closes, and no content of an order goes out twice."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_sync.ledger import (
    AdmissionKind,
    Arrival,
    Batch,
    Decision,
    OtherDecision,
    OtherKind,
    State,
    Tally,
    open_ledger,
)
from tests.ledger.ledger_kit import AT, POSTGRESQL, WHO, Kit, left_out, set_aside

pytestmark = pytest.mark.skipif(bool(POSTGRESQL), reason="copies a SQLite file for each example")

TAKEN_UP = {AdmissionKind.NEW, AdmissionKind.MINE, AdmissionKind.AGAIN, AdmissionKind.CHANGED}

order = st.tuples(st.sampled_from("ABC"), st.sampled_from("xyz"), st.sampled_from([None, 5, 70]))
verdicts = st.sampled_from(["ready", "ready", "left out", "set aside"])
run = st.fixed_dictionaries(
    {
        "orders": st.lists(order, min_size=1, max_size=6),
        "verdict": st.lists(verdicts, min_size=1, max_size=4),
        "other": st.sampled_from(list(OtherKind)),
        "piece": st.integers(1, 4),
        "publish": st.booleans(),
        "refuse": st.booleans(),
        "again": st.booleans(),
    }
)


class World:
    """Runs of a flow over one ledger, and the caller's own count of what came in."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.batches: list[tuple[Batch, list[Arrival], dict]] = []
        self.promised: set[int] = set()

    def arrive(self, run: dict) -> None:
        batch = self.kit.batch()
        arrivals = [
            self.kit.arrival(batch, index, key, content, amount_minor=amount, currency="USD" if amount else "")
            for index, (key, content, amount) in enumerate(run["orders"])
        ]
        self.batches.append((batch, arrivals, run))
        self.transform(*self.batches[-1])
        if run["publish"]:
            self.publish(batch, run["refuse"])

    def transform(self, batch: Batch, arrivals: list[Arrival], run: dict) -> None:
        for start in range(0, len(arrivals), run["piece"]):
            piece = arrivals[start : start + run["piece"]]
            answers = self.kit.admit(batch, *piece)
            while others := [at for at, answer in enumerate(answers) if answer.kind is AdmissionKind.OTHER]:
                told = [OtherDecision(piece[at], run["other"], answers[at].previous.record_id) for at in others]
                for at, answer in zip(others, self.kit.ledger.settle_others(batch, told, at=AT, who=WHO), strict=True):
                    answers[at] = answer
            mine = [answer.record_id for answer in answers if answer.kind in TAKEN_UP]
            self.kit.decide(batch, *[verdict(run, record_id) for record_id in mine])

    def publish(self, batch: Batch, refuse: bool) -> None:
        feed = self.kit.publish(batch)
        self.promised.add(batch.id)
        if refuse:
            self.kit.ledger.confirm_feed(feed.id, refused={"A": "no"}, partner_log_id="1", at=AT, who=WHO)

    def check(self) -> None:
        for batch, arrivals, _ in self.batches:
            counted = Tally()
            for arrival in arrivals:
                amount = arrival.amount_minor
                counted += Tally(1, {arrival.currency: amount} if amount else {}, int(amount is None), arrival.lines)
            assert self.kit.ledger.equation(batch.id).gap(counted) == ""
            assert self.kit.ledger.equation(batch.id).arrived.lines == counted.lines
        sending = [
            (record.order_key, record.content_hash)
            for record in self.kit.ledger.records_by_order("predictspring_order_sync", "default", list("ABC"))
            if record.state in {State.INTENDED, State.DELIVERED, State.CONFIRMED}
        ]
        assert all(count == 1 for count in Counter(sending).values())


def verdict(run: dict, record_id: int | None) -> Decision:
    kind = run["verdict"][(record_id or 0) % len(run["verdict"])]
    if kind == "left out":
        return left_out(record_id)
    return set_aside(record_id) if kind == "set aside" else Decision(record_id or 0, State.READY)


@given(runs=st.lists(run, min_size=1, max_size=5))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_equation_closes_and_nothing_goes_out_twice(template: Path, runs: list[dict]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = shutil.copy(template, Path(folder) / "ledger.db")
        with open_ledger(f"sqlite:///{path}") as ledger:
            world = World(Kit(ledger))
            for run in runs:
                world.arrive(run)
                world.check()
            before = world.kit.everything()
            for batch, arrivals, run in world.batches:
                if run["again"] and batch.id in world.promised:
                    world.transform(batch, arrivals, run)
            assert world.kit.everything() == before
            for batch, arrivals, run in world.batches:
                world.transform(batch, arrivals, run)
            world.check()
