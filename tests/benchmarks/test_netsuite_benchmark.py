from __future__ import annotations

import csv
from pathlib import Path

from benchmarks import netsuite
from benchmarks.child import Run, Watch
from benchmarks.netsuite import CONTEST, DICT, OURS, digest, join_table
from benchmarks.peers import netsuite_answers_dict, netsuite_answers_ours, netsuite_json_normalize, netsuite_ours
from sandbox.hotwax.created_orders import CreatedOrders, Fate


def run_of(seconds: float, result: int) -> Run:
    return Run(seconds, seconds, 100, result)


def test_both_peers_write_the_same_bytes_for_every_kind_of_order(tmp_path: Path) -> None:
    source = CONTEST.write(tmp_path, 600)
    written = set()
    for peer in (netsuite_ours, netsuite_json_normalize):
        watch, target = Watch(), tmp_path / peer.__name__
        written.add((peer.run(watch, source=str(source), target=str(target)), digest(target)))
        assert watch.seconds > 0
    ((rows, _),) = written
    shop = CreatedOrders(1)
    expected = [shop.expected(number, shop.kind_of(number)) for number in range(1, 601)]
    assert {one.fate for one in expected} == set(Fate)
    assert rows == sum(one.rows for one in expected)


def test_both_peers_join_every_row_and_only_what_was_sent(tmp_path: Path) -> None:
    sent, answers = netsuite._return_file(tmp_path, 50)
    with answers.open("a") as file:
        file.write("N999999,NETSUITE_ORDER_ID,77\n")
    with answers.open() as file:
        assert len(list(csv.reader(file))) == 52
    for peer in (netsuite_answers_ours, netsuite_answers_dict):
        watch = Watch()
        assert peer.run(watch, sent=str(sent), answers=str(answers)) == 50
        assert watch.seconds > 0


def test_the_table_says_whether_the_bar_is_reached() -> None:
    fast = {OURS: [run_of(1.9, 25_000)], DICT: [run_of(0.1, 25_000)]}
    assert "| **this repository** | 1.900 | 13,158 | 19.0 | 100 | 25,000 |" in join_table(25_000, fast)
    assert join_table(25_000, fast).endswith("- 25,000 rows: 1.90 s, less than 2 s is wanted: met")
    slow = {**fast, OURS: [run_of(2.1, 25_000)]}
    assert join_table(25_000, slow).endswith("less than 2 s is wanted: missed")
    assert "wanted" not in join_table(100, fast)


def test_a_row_that_was_not_joined_is_a_fault() -> None:
    runs = {OURS: [run_of(1, 9)], DICT: [run_of(1, 10)]}
    assert netsuite._not_joined(10, runs) == ["netsuite_answers_ours joined 9 of 10 rows"]
