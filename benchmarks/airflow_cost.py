"""What Airflow costs here: importing each DAG file, and one whole run on one small file.

``python -m benchmarks.airflow_cost`` prints the tables; ``--write`` puts them into benchmarks/results.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.results import write_section

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3

_IMPORT = """
import sys, time
began = time.perf_counter()
import airflow.sdk, airflow.providers.standard.operators.empty
airflow_seconds = time.perf_counter() - began
import runpy
began = time.perf_counter()
runpy.run_path(sys.argv[1])
first = time.perf_counter() - began
began = time.perf_counter()
runpy.run_path(sys.argv[1])
print(airflow_seconds, first, time.perf_counter() - began)
"""

_RUNS = """
import json, sys, time
from pathlib import Path
from demo.local_airflow import LocalAirflow, ROOT
from sandbox.hotwax import HotWaxSettings
from sandbox.predictspring import Shop
from sandbox.predictspring_files import write_files
from sandbox.world import World
home = Path(sys.argv[1])
overlay = home / "overlay.yaml"
overlay.write_text((ROOT / "sandbox" / "overlay.yaml").read_text().replace("stable_seconds: 0.5", "stable_seconds: 0"))
with World(home / "partners", hotwax=HotWaxSettings(poll_seconds=0.05)) as world:
    airflow = LocalAirflow(home / "airflow", world.connections_path, overlay)
    began = time.perf_counter()
    airflow.start()
    times = [time.perf_counter() - began]
    for number in range(1, 6):
        write_files(world.tlog_folder, [Shop(seed=1).order(number)], stem=f"t{number}")
        began = time.perf_counter()
        assert airflow.run("predictspring_order_sync").state == "success"
        times.append(time.perf_counter() - began)
print("TIMES", json.dumps(times), flush=True)
"""


def main() -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into benchmarks/results.md")
    options = parser.parse_args()
    text = f"{_imports()}\n\n{_runs()}\n\nCommand: `python -m benchmarks.airflow_cost`. Medians of {ROUNDS} processes."
    print(text)
    if options.write:
        write_section("airflow", text)
    return 0


def _environment(home: Path) -> dict[str, str]:
    paths = os.pathsep.join((str(ROOT / "plugins"), str(ROOT)))
    return {**os.environ, "AIRFLOW_HOME": str(home), "PYTHONPATH": paths, "ORDER_SYNC_OVERLAY": ""}


def _imports() -> str:
    lines = ["| DAG file | `import airflow.sdk` | first import of the file | again |", "|---|---:|---:|---:|"]
    for path in sorted((ROOT / "dags").glob("*.py")):
        rows = []
        for _ in range(ROUNDS):
            with tempfile.TemporaryDirectory() as home:
                done = subprocess.run(
                    [sys.executable, "-c", _IMPORT, str(path)],
                    env=_environment(Path(home)),
                    check=True,
                    capture_output=True,
                    text=True,
                    timeout=120,
                )
            rows.append([float(part) for part in done.stdout.split()[-3:]])
        medians = [statistics.median(column) for column in zip(*rows, strict=True)]
        lines.append(f"| {path.name} | {medians[0]:.2f} s | {medians[1]:.2f} s | {medians[2] * 1000:.0f} ms |")
    return "\n".join(lines)


def _runs() -> str:
    rows = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as home:
            began = time.perf_counter()
            done = subprocess.run(
                [sys.executable, "-c", _RUNS, home],
                env=_environment(Path(home)),
                check=True,
                capture_output=True,
                text=True,
                timeout=300,
            )
            whole = time.perf_counter() - began
        line = next(line for line in done.stdout.splitlines() if line.startswith("TIMES"))
        start, first, *later = json.loads(line.removeprefix("TIMES"))
        rows.append((start, first, statistics.median(later), whole))
    start, first, later, whole = (statistics.median(column) for column in zip(*rows, strict=True))
    return "\n".join(
        (
            "| one whole run on one file of one order, 8 tasks, one process | seconds |",
            "|---|---:|",
            f"| start: databases made, DAGs loaded | {start:.2f} |",
            f"| first run (the in-process execution API warms up) | {first:.2f} |",
            f"| each further run | {later:.2f} |",
            f"| the whole process, five runs | {whole:.2f} |",
        )
    )


if __name__ == "__main__":
    sys.exit(main())
