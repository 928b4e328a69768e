"""Scripted faults: what a partner shall do wrong, how many times, and what it has done wrong so far."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Generic, TypeVar


@dataclass(frozen=True)
class Fault:
    """One scripted fault.

    :param kind: the sort of fault, a word of the partner that plays it.
    :param pattern: shell-style pattern of what it hits (an SFTP path, a URL path); ``*`` crosses ``/``.
    """

    kind: str
    pattern: str


@dataclass(frozen=True)
class Happened:
    """One fault that was played.

    :param kind: the sort of fault.
    :param target: the path it hit.
    """

    kind: str
    target: str


FaultT = TypeVar("FaultT", bound=Fault)


class FaultScript(Generic[FaultT]):
    """A thread-safe list of faults, each good for a number of shots."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending: list[tuple[FaultT, int]] = []
        self._happened: list[Happened] = []

    @property
    def happened(self) -> list[Happened]:
        """Every fault played so far, oldest first."""
        with self._lock:
            return list(self._happened)

    @property
    def pending(self) -> int:
        """How many shots are still to be played."""
        with self._lock:
            return sum(left for _, left in self._pending)

    def clear(self) -> None:
        """Forget the faults still to be played; what happened stays listed."""
        with self._lock:
            self._pending.clear()

    def add(self, fault: FaultT, times: int) -> None:
        """Script a fault.

        :param fault: what shall go wrong.
        :param times: number of shots, at least 1.
        :raises ValueError: when ``times`` is below 1.
        """
        if times < 1:
            raise ValueError(f"fault {fault.kind!r} on {fault.pattern!r}: times is {times}, it must be at least 1")
        with self._lock:
            self._pending.append((fault, times))

    def take(self, kind: str, *targets: str, when: Callable[[FaultT], bool] | None = None) -> FaultT | None:
        """Use up one shot of the first fault that fits, and list it as happened.

        :param kind: the sort of fault the caller could play now.
        :param targets: the paths in question; the fault fits if its pattern matches one of them.
        :param when: a further condition, for example that enough bytes have passed.
        :returns: the fault to play, or None.
        """
        with self._lock:
            for index, (fault, left) in enumerate(self._pending):
                hit = next((target for target in targets if fnmatchcase(target, fault.pattern)), None)
                if fault.kind != kind or hit is None or (when is not None and not when(fault)):
                    continue
                self._pending[index : index + 1] = [(fault, left - 1)] if left > 1 else []
                self._happened.append(Happened(kind, hit))
                return fault
        return None
