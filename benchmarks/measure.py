"""Measures one peer in a process of its own: time by the monotonic clock, peak memory by the system's accounting.

The child takes the time of the work alone and reports its start-up (the imports) apart. Its peak memory is the kernel's
`VmHWM`: other than `ru_maxrss`, it does not begin with the peak of the process that started the child.

Child command lines: ``python -m benchmarks.measure run PEER SOURCE FOLDER`` and ``… generate PATH COUNT``.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
ORDERS, VARIANCE = "orders.csv", "variance.csv"

_KILOBYTES_PER_MB = 1024


@dataclass(frozen=True)
class Output:
    """What a peer wrote: rows without headers, and a hash over the bytes of both feeds."""

    order_rows: int
    variance_rows: int
    digest: str


@dataclass(frozen=True)
class Measured:
    """One run of one peer.

    :param start_up_s: seconds for its imports.
    :param run_s: seconds for the work.
    :param peak_mb: the most memory it had at once, in MiB.
    """

    start_up_s: float
    run_s: float
    peak_mb: float
    output: Output


class PeerFailedError(RuntimeError):
    """A peer ended without a result: the message ends with the last line it wrote."""


def measure(peer: str, source: Path, folder: Path) -> Measured:
    """Run `peer` once over `source`.

    :param folder: where it may write its two feeds; they are left there.
    :raises PeerFailedError: it failed or was killed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    figures = json.loads(_child("run", peer, str(source), str(folder)))
    return Measured(**figures, output=_read_output(folder))


def generate(path: Path, count: int) -> None:
    """Write `count` orders as JSON lines.

    :raises PeerFailedError: the generator failed.
    """
    _child("generate", str(path), str(count))


def _child(*arguments: str) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT / "plugins"), str(ROOT)))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # start-up would be compiling, which no installation does twice
    command = [sys.executable, "-m", "benchmarks.measure", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise PeerFailedError(f"{' '.join(arguments)} ended with {done.returncode}: {last}")
    return done.stdout


def _read_output(folder: Path) -> Output:
    digest, rows = hashlib.sha256(), []
    for name in (ORDERS, VARIANCE):
        lines = 0
        with (folder / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                lines += chunk.count(b"\n")
        rows.append(lines - 1)
    return Output(rows[0], rows[1], digest.hexdigest())


def _run(peer: str, source: Path, folder: Path) -> None:
    started = time.monotonic()
    module = importlib.import_module(f"benchmarks.peers.{peer}")
    ready = time.monotonic()
    module.run(source, folder / ORDERS, folder / VARIANCE)
    done = time.monotonic()
    print(json.dumps({"start_up_s": ready - started, "run_s": done - ready, "peak_mb": peak_mb()}))


def peak_mb() -> float:
    """The most memory that this process had at once so far, in MiB.

    :raises RuntimeError: not on this system.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / _KILOBYTES_PER_MB
    raise RuntimeError("/proc/self/status has no VmHWM: peak memory can be measured on Linux only")


def _main(arguments: list[str]) -> None:
    match arguments:
        case ["run", peer, source, folder]:
            _run(peer, Path(source), Path(folder))
        case ["generate", path, count]:
            importlib.import_module("sandbox.predictspring").write_json_lines(Path(path), int(count))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    _main(sys.argv[1:])
