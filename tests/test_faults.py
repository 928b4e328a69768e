"""The fault points: silent by default, deadly when asked, and never misspelt."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from order_sync import faults

PLUGINS = Path(faults.__file__).parents[1]

SCRIPT = """
from order_sync import faults
for number in range(1, 4):
    print(number, flush=True)
    faults.point("publish.before_rename")
    faults.point("publish.after_rename")
"""


def _run(fault: str, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {"PYTHONPATH": str(PLUGINS), "ORDER_SYNC_FAULT_AT": fault, **more}
    return subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("fault", "reached"),
    [
        ("publish.before_rename:2", ["1", "2"]),
        ("publish.after_rename:3", ["1", "2", "3"]),
        ("publish.after_rename", ["1"]),
    ],
)
def test_kills_at_the_nth_time(fault: str, reached: list[str]) -> None:
    ended = _run(fault)
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.split() == reached


@pytest.mark.parametrize("fault", ["", "publish.before_rename:4", "move.before_rename:1"])
def test_lets_live(fault: str) -> None:
    ended = _run(fault)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_freezes_at_the_nth_time_and_goes_on() -> None:
    environment = {
        "PYTHONPATH": str(PLUGINS), "ORDER_SYNC_FAULT_AT": "publish.after_rename:2", "ORDER_SYNC_FAULT_SIGNAL": "STOP",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", SCRIPT], env=environment, stdout=subprocess.PIPE, text=True) as frozen:
        _, status = os.waitpid(frozen.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert os.WSTOPSIG(status) == signal.SIGSTOP
        frozen.send_signal(signal.SIGCONT)
        said, _ = frozen.communicate(timeout=20)
    assert said.split() == ["1", "2", "3"]
    assert frozen.returncode == 0


def test_unknown_signal_is_an_error() -> None:
    assert "must be KILL or STOP" in _run("publish.after_rename:1", ORDER_SYNC_FAULT_SIGNAL="HUP").stderr


def test_misspelt_wish_is_an_error() -> None:
    assert "There is no fault point 'publish.befor'" in _run("publish.befor:1").stderr


def test_misspelt_point_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"no fault point 'publish\.befor'"):
        faults.point("publish.befor")


def test_every_point_is_reached_somewhere_and_every_place_is_listed() -> None:
    used = {
        name
        for path in (PLUGINS / "order_sync").rglob("*.py")
        for name in re.findall(r'\bpoint\("([^"]+)"\)', path.read_text())
    }
    assert used == set(faults.POINTS)
