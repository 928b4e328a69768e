"""One measured run in a process of its own, for benchmarks whose peers need more than a file in and a file out.

A peer is a module with ``run(watch, **arguments)``: it gets ready, does the work inside ``with watch:`` and returns
what can be written as JSON. Child command line: ``python -m benchmarks.child MODULE JSON``.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from benchmarks.measure import ROOT, PeerFailedError, peak_mb

_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Run:
    """One run of one peer.

    :param seconds: of the work alone.
    :param cpu_seconds: that all threads of the process spent in it.
    :param peak_mb: the most memory that the process had at once, in MiB.
    :param result: what the peer returned.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    result: Any


class Watch:
    """Adds up the time of what is done inside of it."""

    def __init__(self) -> None:
        self.seconds = self.cpu_seconds = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic(), time.process_time()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        began, cpu_began = self._began
        self.seconds += time.monotonic() - began
        self.cpu_seconds += time.process_time() - cpu_began


def run_peer(module: str, *, python: str = sys.executable, **arguments: Any) -> Run:
    """Run a peer once.

    :param module: its name below ``benchmarks.peers``.
    :param python: the interpreter, for peers whose libraries are not ours.
    :param arguments: what its ``run`` takes, as JSON can say it.
    :raises PeerFailedError: it failed, was killed, or took more than ten minutes.
    """
    command = [python, "-m", "benchmarks.child", module, json.dumps(arguments)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise PeerFailedError(f"{module} took more than {_PATIENCE_SECONDS} seconds") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeerFailedError(f"{module} ended with {done.returncode}: {last}")
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def environment() -> dict[str, str]:
    """The environment of a child: this repository's code, and settings that are nobody's but the repository's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDER_SYNC_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(ROOT)))}


def _main(module: str, arguments: str) -> None:
    peer = importlib.import_module(f"benchmarks.peers.{module}")
    watch = Watch()
    result = peer.run(watch, **json.loads(arguments))
    figures = {"seconds": watch.seconds, "cpu_seconds": watch.cpu_seconds, "peak_mb": peak_mb(), "result": result}
    print(f"\n{json.dumps(figures)}")


if __name__ == "__main__":
    _main(*sys.argv[1:])
