"""The whole proof: ``make faults``, with ``SEED=…``, ``ONLY=F8``, ``ORDERS=…``.

A run of every fault writes docs/scorecard.md; a part of it, or one that fails, leaves the page as it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.faults.scorecard import page

_ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run the tests with the orders asked for; returns pytest's exit code."""
    asked = {name: os.environ.get(name, "") for name in ("SEED", "ONLY", "ORDERS")}
    seed, orders = int(asked["SEED"] or 1), int(asked["ORDERS"] or 1_000)
    print(f"make faults SEED={seed} ORDERS={orders} ONLY={asked['ONLY']}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.jsonl"
        results.touch()
        environment = {
            **os.environ, "FAULTS_SEED": str(seed), "FAULTS_ORDERS": str(orders), "FAULTS_ONLY": asked["ONLY"],
            "FAULTS_RESULTS": str(results),
        }  # fmt: skip
        command = [sys.executable, "-m", "pytest", "tests/faults", "-n", "2", "--dist", "loadfile"]
        code = subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode
        rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    card = page(rows, seed, orders)
    if code == 0 and not asked["ONLY"]:
        (_ROOT / "docs/scorecard.md").write_text(card, encoding="utf-8")
        print("docs/scorecard.md is written.")
    else:
        print(card)
    return code


if __name__ == "__main__":
    sys.exit(main())
