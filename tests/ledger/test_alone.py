from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from order_sync.errors import NotSent
from order_sync.ledger import Ledger, open_ledger

HOLDER = """
import sys, time
from order_sync.ledger import open_ledger
with open_ledger(sys.argv[1]) as book, book.alone("work"):
    print("at work", flush=True)
    time.sleep(60)
"""


def test_second_one_waits_for_the_first(ledger: Ledger, url: str) -> None:
    done = []

    def work() -> None:
        with open_ledger(url) as other, other.alone("work"):
            done.append("second")

    with ledger.alone("work"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join(0.3)
        assert done == []
        done.append("first")
    thread.join(10)
    assert done == ["first", "second"]


def test_other_work_does_not_wait(ledger: Ledger, url: str) -> None:
    with ledger.alone("work"), open_ledger(url) as other, other.alone("other work", seconds=0):
        pass


def test_who_has_waited_long_enough_is_told(ledger: Ledger, url: str) -> None:
    with ledger.alone("work"), open_ledger(url) as other, pytest.raises(NotSent, match="busy with work for 0 s"):  # noqa: SIM117
        with other.alone("work", seconds=0):
            raise AssertionError("two are alone")


def test_failure_frees_the_lock(ledger: Ledger, url: str) -> None:
    with pytest.raises(ValueError, match="broken"), ledger.alone("work"):
        raise ValueError("broken")
    with open_ledger(url) as other, other.alone("work", seconds=0):
        pass


def test_death_frees_the_lock(ledger: Ledger, url: str) -> None:
    """Stopped, a process keeps it: it may go on at any time. Killed, it is out of it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, url], env=environment, text=True, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "at work\n"
        holder.send_signal(signal.SIGSTOP)
        with pytest.raises(NotSent), ledger.alone("work", seconds=0.2):
            raise AssertionError("two are alone")
        holder.kill()
        holder.wait(10)
        began = time.monotonic()
        with ledger.alone("work", seconds=10):
            assert time.monotonic() - began < 5
