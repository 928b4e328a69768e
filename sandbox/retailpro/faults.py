"""What the simulated Retail Pro shall do wrong. Everything may be changed while it runs, from any other thread."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, get_args

What = Literal["500", "502", "504", "close", "reset", "hang", "half", "html"]
Outage = Literal["refused", "503"]

LIES: tuple[What, ...] = get_args(What)


@dataclass(frozen=True)
class Lie:
    """One answer that does not tell what happened.

    :param what: an error status (``500``, ``502``, ``504``), the connection ended without a byte of answer (``close``
        by FIN, ``reset`` by RST), no answer until the client leaves (``hang``), ``half`` of the answer's body, or
        status 200 with an HTML page (``html``).
    :param committed: whether the document is created; one that would be refused never is.
    :param times: how many POSTs it meets.
    :param hang_seconds: the longest that ``hang`` waits for the client to leave.
    :param late_seconds: the document comes into being only so long after the call came, when the lie is told already;
        not for ``half``, which needs the true answer.
    """

    what: What
    committed: bool
    times: int = 1
    hang_seconds: float = 60.0
    late_seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.what not in LIES or self.times < 1:
            raise ValueError(f"{self}: what must be one of {', '.join(LIES)}, times at least 1")
        if self.what == "half" and self.late_seconds > 0:
            raise ValueError(f"{self}: half an answer cannot go out before the answer is known")


class RetailProFaults:
    """The faults; as it is made, there are none.

    :ivar probability: of a lie where none is scripted, 0 to 1.
    :ivar seed: of those lies: what meets a POST depends on the seed, its number and how often that number was posted
        before, not on timing.
    :ivar whats: the lies that random draws from.
    :ivar committed_share: how many of them, 0 to 1, do create the document.
    :ivar latency_ms: before every answer, after what it tells of was done.
    :ivar rate_limit: calls a second, above 0, beyond which the answer is 429; None: no limit.
    :ivar rate_burst: how many calls may come at once after a pause.
    :ivar retry_after: whether a 429 says how long to wait.
    :ivar lag_seconds: a look-up finds a document only so long after it was created.
    :ivar look_up_down: look-ups are answered 503.
    :ivar two_matches: numbers of which a look-up shows a second document that does not exist.
    :ivar absent_first: look-ups of a number that say "there is none" although there is one, how many.
    """

    def __init__(self) -> None:
        self.probability = 0.0
        self.seed = 0
        self.whats: tuple[What, ...] = LIES
        self.committed_share = 0.5
        self.latency_ms = 0.0
        self.rate_limit: float | None = None
        self.rate_burst = 1
        self.retry_after = True
        self.lag_seconds = 0.0
        self.look_up_down = False
        self.two_matches: set[str] = set()
        self.absent_first: dict[str, int] = {}
        self.when_outage_changes: Callable[[], None] = lambda: None
        self._outage: Outage | None = None
        self._lock = threading.Lock()
        self._by_key: dict[str, deque[Lie]] = {}
        self._by_call: dict[int, Lie] = {}
        self._calls = 0

    @property
    def outage(self) -> Outage | None:
        """``refused`` cuts every connection and takes no new one, ``503`` answers just that; None: all is well."""
        return self._outage

    @outage.setter
    def outage(self, outage: Outage | None) -> None:
        self._outage = outage
        self.when_outage_changes()

    @property
    def pending(self) -> int:
        """How many scripted lies are still to be told."""
        with self._lock:
            lies = [lie for queue in self._by_key.values() for lie in queue]
            return sum(lie.times for lie in lies) + len(self._by_call)

    def lie_about(self, key: str, *lies: Lie) -> None:
        """Script the answers to the next POSTs of one number, the first lie first.

        :param key: OrderNo or SlipNo.
        :param lies: each meets as many POSTs as it says; a real answer follows the last.
        """
        with self._lock:
            self._by_key.setdefault(key, deque()).extend(lies)

    def lie_at(self, call: int, lie: Lie) -> None:
        """Script the answer to the n-th POST and those after it, as many as the lie says.

        :param call: counted from 1 since Retail Pro was made; POSTs that were turned away (401, 429, 503) do not count.
        :param lie: what goes out instead of the answer.
        """
        with self._lock:
            self._by_call.update({call + offset: lie for offset in range(lie.times)})

    def clear(self) -> None:
        """Forget every scripted and random lie; the other faults stay."""
        with self._lock:
            self._by_key.clear()
            self._by_call.clear()
            self.probability = 0.0

    def next_lie(self, key: str, attempt: int) -> Lie | None:
        """The lie that meets a POST, used up by asking.

        :param key: OrderNo or SlipNo.
        :param attempt: 1 for the first POST of this number.
        :returns: the lie, None for the real answer.
        """
        with self._lock:
            self._calls += 1
            if (lie := self._by_call.pop(self._calls, None)) is not None:
                return lie
            if queue := self._by_key.get(key):
                lie = queue.popleft()
                if lie.times > 1:
                    queue.appendleft(replace(lie, times=lie.times - 1))
                return lie
        return self._random(key, attempt) if self.probability > 0 else None

    def says_absent(self, key: str) -> bool:
        """Whether a look-up of a document that is there shall deny it; asking uses up one denial.

        :param key: OrderNo or SlipNo.
        """
        with self._lock:
            left = self.absent_first.get(key, 0)
            if left > 0:
                self.absent_first[key] = left - 1
            return left > 0

    def load(self, path: Path) -> None:
        """Set what a JSON file names: attributes of this class, and ``lies``.

        A lie is an object of the parameters of :class:`Lie` with a ``key`` or a ``call`` that it meets.

        :param path: the file.
        :raises ValueError: it is not JSON, or names something that is no fault; nothing is set then.
        """
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        lies = [_read_lie(dict(entry)) for entry in content.pop("lies", [])]
        if unknown := content.keys() - _SETTABLE.keys():
            raise ValueError(f"{path}: {', '.join(sorted(unknown))} is no fault of Retail Pro")
        values = {name: _SETTABLE[name](value) for name, value in content.items()}
        for name, value in values.items():
            setattr(self, name, value)
        for place, lie in lies:
            if isinstance(place, int):
                self.lie_at(place, lie)
            else:
                self.lie_about(place, lie)

    def _random(self, key: str, attempt: int) -> Lie | None:
        draw = hashlib.sha256(f"{self.seed}:{key}:{attempt}".encode()).digest()
        happens, which, committed = (int.from_bytes(draw[at : at + 8], "big") / 2**64 for at in (0, 8, 16))
        if happens >= self.probability:
            return None
        return Lie(self.whats[int(which * len(self.whats))], committed < self.committed_share)


def _read_lie(entry: dict[str, Any]) -> tuple[int | str, Lie]:
    place = entry.pop("call") if "call" in entry else entry.pop("key", None)
    if not isinstance(place, int | str):
        raise ValueError(f"lie {entry}: it needs a key (text) or a call (number)")
    try:
        return place, Lie(**entry)
    except TypeError as error:
        raise ValueError(f"lie {entry}: {error}") from error


def _optional_number(value: Any) -> float | None:
    return None if value is None else float(value)


def _outage(value: Any) -> Outage | None:
    if value not in {None, *get_args(Outage)}:
        raise ValueError(f"outage is {value!r}, it must be null, refused or 503")
    return value  # type: ignore[no-any-return]


_SETTABLE: dict[str, Callable[[Any], object]] = {
    "probability": float,
    "seed": int,
    "whats": tuple,
    "committed_share": float,
    "latency_ms": float,
    "rate_limit": _optional_number,
    "rate_burst": int,
    "retry_after": bool,
    "lag_seconds": float,
    "look_up_down": bool,
    "two_matches": set,
    "absent_first": dict,
    "outage": _outage,
}
