from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import pytest

from order_sync.ledger import AdmissionKind, Arrival, State, open_ledger
from tests.ledger.ledger_kit import AT, FLOW, RETAILER, WHO, ready, seen, set_aside

WORKERS = 4
KEYS = [f"order {number}" for number in range(300)]


def by_threads() -> Executor:
    return ThreadPoolExecutor(WORKERS)


def by_processes() -> Executor:
    return ProcessPoolExecutor(WORKERS, mp_context=multiprocessing.get_context("spawn"))


def admit_all(url: str, batch_id: int, arrivals: list[Arrival]) -> list[tuple[str, int]]:
    """What a task of one of several runs does."""
    with open_ledger(url) as ledger:
        admissions = ledger.admit(ledger.batch(batch_id), arrivals, at=AT, who=WHO)
    return [(admission.kind.value, admission.record_id or 0) for admission in admissions]


@pytest.mark.parametrize("executor", [by_threads, by_processes])
def test_many_batches_with_the_same_orders_make_each_order_once(
    kit, url: str, executor: Callable[[], Executor]
) -> None:
    batches = [kit.batch() for _ in range(WORKERS)]
    jobs = []
    for number, batch in enumerate(batches):
        keys = KEYS[number:] + KEYS[:number]
        jobs.append([kit.arrival(batch, index, key) for index, key in enumerate(keys)])
    with executor() as pool:
        answers = list(pool.map(admit_all, [url] * WORKERS, [batch.id for batch in batches], jobs))
    assert kit.versions() == sorted((key, 1) for key in KEYS)
    counted = Counter(kind for answer in answers for kind, _ in answer)
    assert counted == {"NEW": len(KEYS), "SAME": (WORKERS - 1) * len(KEYS)}
    ids = {record_id for answer in answers for _, record_id in answer}
    assert len(ids) == len(KEYS)


def test_one_batch_that_is_taken_in_twice_at_once_is_taken_in_once(kit, url: str) -> None:
    batch = kit.batch()
    arrivals = [kit.arrival(batch, index, key) for index, key in enumerate(KEYS)]
    with by_threads() as pool:
        answers = list(pool.map(admit_all, [url] * WORKERS, [batch.id] * WORKERS, [arrivals] * WORKERS))
    assert Counter(kind for answer in answers for kind, _ in answer) == {
        "NEW": len(KEYS),
        "MINE": (WORKERS - 1) * len(KEYS),
    }
    assert kit.ledger.equation(batch.id).arrived.count == len(KEYS)


def test_one_batch_wins_what_was_set_aside(kit, url: str) -> None:
    first = kit.batch()
    ids = [admission.record_id for admission in kit.take(first, *KEYS)]
    kit.decide(first, *[set_aside(record_id) for record_id in ids])
    batches = [kit.batch() for _ in range(WORKERS)]
    jobs = [[kit.arrival(batch, index, key) for index, key in enumerate(KEYS)] for batch in batches]
    with by_threads() as pool:
        answers = list(pool.map(admit_all, [url] * WORKERS, [batch.id for batch in batches], jobs))
    counted = Counter(kind for answer in answers for kind, _ in answer)
    assert counted == {AdmissionKind.AGAIN: len(KEYS), AdmissionKind.SAME: (WORKERS - 1) * len(KEYS)}


def at_once(url: str, call: Callable[..., Any], times: int = 8) -> list[Any]:
    """Results of one call made by several tasks at the same time."""

    def one(_number: int) -> Any:
        with open_ledger(url) as ledger:
            return call(ledger)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_of_many_moves_at_once_one_happens(kit, url: str) -> None:
    _, (record_id,) = kit.transformed("A")
    moved = at_once(
        url, lambda ledger: ledger.move(record_id, [State.READY], State.INTENDED, at=AT, who=WHO, attempts=1)
    )
    assert moved.count(True) == 1
    assert kit.moves("A").count(("READY", "INTENDED")) == 1


def test_a_feed_that_is_promised_and_published_by_many_goes_its_way_once(kit, url: str) -> None:
    batch, _ = kit.transformed(*KEYS[:20])
    feed = kit.feed(batch)

    def publish(ledger) -> tuple[str, int]:
        ledger.intend_feed(feed.id, remote_path="/f", at=AT, who=WHO)
        ledger.publish_feed(feed.id, at=AT, who=WHO)
        done = ledger.confirm_feed(feed.id, refused={KEYS[0]: "no"}, partner_log_id="1", at=AT, who=WHO)
        return done.confirmed, done.refused

    assert set(at_once(url, publish)) == {(19, 1)}
    assert kit.moves(KEYS[0])[-3:] == [("READY", "INTENDED"), ("INTENDED", "DELIVERED"), ("DELIVERED", "QUARANTINED")]
    assert len(kit.moves(KEYS[1])) == 5


def test_verdicts_that_are_written_by_many_are_written_once(kit, url: str) -> None:
    batch = kit.batch()
    ids = [admission.record_id for admission in kit.take(batch, *KEYS[:20])]
    changed = at_once(url, lambda ledger: ledger.decide(batch.id, ready(*ids), at=AT, who=WHO))
    assert sorted(changed) == [0] * 7 + [20]
    assert kit.moves(KEYS[0]) == [("", "SEEN"), ("SEEN", "READY")]


def test_files_batches_notes_and_problems_told_by_many_are_kept_once(kit, url: str) -> None:
    _, (record_id,) = kit.transformed("A")
    inputs = [seen("x.json"), seen("y.json")]
    values = {"flow": FLOW, "retailer": RETAILER, "dag_id": "d", "run_id": "r"}
    problem = {**values, "task_id": "t", "error_class": "NotSent", "message": "m", "next_step": "n"}

    def tell(ledger) -> tuple[int, ...]:
        rows = ledger.record_files(FLOW, RETAILER, inputs, at=AT)
        batch = ledger.create_batch(**values, key="k", kind="inbox", window=None, files=[], at=AT)
        ledger.add_notes({record_id: ["note"]}, at=AT)
        return (*[row.id for row in rows], batch.id, ledger.note_problem(**problem, at=AT).id)

    assert len(set(at_once(url, tell))) == 1
    kept = kit.everything()
    assert len(kept["notes"]) == len(kept["problems"]) == 1
    assert len(kept["file_sightings"]) == 3
