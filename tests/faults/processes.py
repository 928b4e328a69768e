"""Steps in processes of their own, for being killed, frozen, or run at the same time."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

_ROOT = Path(__file__).parents[2]


class Ended(NamedTuple):
    """How a child is: ``ended`` with a code or by a signal, ``stopped``, or ``running`` still."""

    state: str
    code: int | None = None
    signal: int | None = None


class Child:
    """A step under way."""

    def __init__(self, pid: int, processes: Processes, log: Path) -> None:
        self.pid, self._processes, self.log = pid, processes, log
        self._ended: Ended | None = None

    def wait(self, seconds: float = 60) -> Ended:
        """Wait until it has ended or stopped."""
        if self._ended is None:
            now = Ended(**self._processes.ask({"wait": {"pid": self.pid, "seconds": seconds}}))
            if now.state != "ended":
                return now
            self._ended = now
        return self._ended

    def send(self, number: signal.Signals) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def finish(self, seconds: float = 60) -> Ended:
        """Wait for its end; one that does not end is killed."""
        ended = self.wait(seconds)
        if ended.state != "ended":
            self.send(signal.SIGKILL)
            self.wait()
        return ended


class Processes:
    """Starts steps; the first use imports all that they need, once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = itertools.count(1)
        self._server: subprocess.Popen[str] | None = None
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            for child in self._children:
                child.finish(0)
            self._server.communicate(timeout=20)

    def start(
        self, step: str, *arguments: Any, at: str = "", how: str = "KILL", sabotage: str = "", lab: str = "InvoiceLab",
        **asked: Any,
    ) -> Child:  # fmt: skip
        """Start a step of a laboratory in the environment of this moment.

        :param lab: :class:`~tests.support.invoice_lab.InvoiceLab` or :class:`~tests.support.netsuite_lab.NetSuiteLab`.
        :param at: fault point and which time, as in ``ORDER_SYNC_FAULT_AT``.
        :param how: the signal there, ``KILL`` or ``STOP``.
        """
        number = next(self._count)
        ours = ("AIRFLOW_CONN_", "ORDER_SYNC_", "AIRFLOW_HOME")
        environment = {name: value for name, value in os.environ.items() if name.startswith(ours)}
        environment |= {"ORDER_SYNC_FAULT_AT": at, "ORDER_SYNC_FAULT_SIGNAL": how}
        log = self._folder / f"{number}.log"
        request = {
            "step": step, "arguments": arguments, "asked": asked, "environment": environment, "log": str(log),
            "result": str(self._folder / f"{number}.json"), "sabotage": sabotage, "lab": lab,
        }  # fmt: skip
        child = Child(self.ask(request)["pid"], self, log)
        self._children.append(child)
        return child

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """One request to the server, its answer."""
        if self._server is None:
            path = os.pathsep.join(map(str, (_ROOT / "plugins", _ROOT)))
            errors = (self._folder / "server.log").open("w")
            self._server = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.step"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, text=True, bufsize=1, cwd=_ROOT, env={**os.environ, "PYTHONPATH": path},
            )  # fmt: skip
            errors.close()
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        answer = self._server.stdout.readline()
        assert answer, f"the server of steps has ended: {(self._folder / 'server.log').read_text()[-2000:]}"
        return dict(json.loads(answer))
