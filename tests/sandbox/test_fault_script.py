from __future__ import annotations

import threading

from sandbox.faults import Fault, FaultScript, Happened


def test_takes_faults_in_order_each_as_often_as_scripted() -> None:
    script: FaultScript[Fault] = FaultScript()
    script.add(Fault("cut", "/a/*"), times=2)
    script.add(Fault("cut", "*"), times=1)
    hits = [script.take("cut", path) for path in ("/b/1", "/a/1", "/a/2", "/a/3")]
    assert [None if hit is None else hit.pattern for hit in hits] == ["*", "/a/*", "/a/*", None]
    assert script.happened == [Happened("cut", "/b/1"), Happened("cut", "/a/1"), Happened("cut", "/a/2")]


def test_a_fault_waits_for_its_kind_path_and_condition() -> None:
    script: FaultScript[Fault] = FaultScript()
    script.add(Fault("cut", "/a"), times=1)
    assert script.take("deny", "/a") is None
    assert script.take("cut", "/b", "/c") is None
    assert script.take("cut", "/a", when=lambda fault: fault.pattern == "/b") is None
    assert script.take("cut", "/b", "/a") is not None
    assert script.happened == [Happened("cut", "/a")]


def test_clear_forgets_what_is_pending() -> None:
    script: FaultScript[Fault] = FaultScript()
    script.add(Fault("cut", "*"), times=3)
    script.take("cut", "/a")
    assert script.pending == 2
    script.clear()
    assert (script.pending, script.take("cut", "/a")) == (0, None)
    assert len(script.happened) == 1


def test_threads_never_play_one_shot_twice() -> None:
    script: FaultScript[Fault] = FaultScript()
    script.add(Fault("cut", "*"), times=50)
    barrier = threading.Barrier(4)

    def take_many() -> None:
        barrier.wait()
        for _ in range(100):
            script.take("cut", "/a")

    threads = [threading.Thread(target=take_many) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(script.happened) == 50
