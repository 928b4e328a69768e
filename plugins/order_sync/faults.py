"""Places where a test may kill or freeze the process, to prove that the next try finishes the work.

Without the environment variable ``ORDER_SYNC_FAULT_AT`` a place costs one look-up and does nothing.
With ``ORDER_SYNC_FAULT_AT=publish.before_rename:2`` the second time that place is reached the process gets
SIGKILL: no clean-up code runs, as when a machine dies. With ``ORDER_SYNC_FAULT_SIGNAL=STOP`` it freezes there instead,
as a machine does that is suspended, until it gets SIGCONT.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_VARIABLE = "ORDER_SYNC_FAULT_AT"
_SIGNAL_VARIABLE = "ORDER_SYNC_FAULT_SIGNAL"
_SIGNALS = {"KILL": signal.SIGKILL, "STOP": signal.SIGSTOP}

#: Every place, in the order in which a run passes them.
POINTS: tuple[str, ...] = (
    "fetch.before_download",
    "fetch.after_download",
    "answers.before_commit",
    "collect.before_batch",
    "collect.before_cursor",
    "transform.before_decide",
    "transform.before_register",
    "publish.before_upload",
    "publish.before_rename",
    "publish.after_rename",
    "publish.before_commit",
    "confirm.before_commit",
    "deliver.before_intent",
    "deliver.after_intent",
    "deliver.before_send",
    "deliver.after_send",
    "deliver.before_commit",
    "deliver.after_commit",
    "move.before_rename",
    "move.after_rename",
    "report.after_send",
)

_reached: Counter[str] = Counter()


def point(name: str) -> None:
    """Mark a place; kills or freezes the process when this is the place and the time that were asked for.

    :param name: one of :data:`POINTS`.
    :raises ValueError: if `name`, or the name in ``ORDER_SYNC_FAULT_AT``, is not one of :data:`POINTS`, or
        ``ORDER_SYNC_FAULT_SIGNAL`` is neither ``KILL`` nor ``STOP``.
    """
    _check(name)
    wanted = os.environ.get(_VARIABLE)
    if not wanted:
        return
    place, _, count = wanted.partition(":")
    _check(place)
    if place != name:
        return
    _reached[name] += 1
    if _reached[name] == int(count or 1):
        os.kill(os.getpid(), _signal())


def _signal() -> signal.Signals:
    name = os.environ.get(_SIGNAL_VARIABLE) or "KILL"
    if name not in _SIGNALS:
        raise ValueError(f"{_SIGNAL_VARIABLE} is {name!r}; it must be {' or '.join(_SIGNALS)}.")
    return _SIGNALS[name]


def _check(name: str) -> None:
    if name not in POINTS:
        raise ValueError(f"There is no fault point {name!r}; the points are {', '.join(POINTS)}.")
