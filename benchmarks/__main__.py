"""``make bench``: every benchmark, one after the other; the tables go into benchmarks/results.md."""

from __future__ import annotations

import subprocess
import sys

MODULES = ("transform", "invoices", "netsuite", "shopify", "calls", "sftp", "ledger", "airflow_cost")


def main() -> int:
    """Run them all; 1 if one of them failed."""
    failed = []
    for module in MODULES:
        print(f"\n== python -m benchmarks.{module}", flush=True)
        if subprocess.run([sys.executable, "-m", f"benchmarks.{module}", "--write"], check=False).returncode:
            failed.append(module)
    if failed:
        print(f"\nFAILED: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
