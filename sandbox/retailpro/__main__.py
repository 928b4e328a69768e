"""``python -m sandbox.retailpro``: Retail Pro alone, as a process of its own, until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from sandbox.retailpro.partner import RetailPro
from sandbox.retailpro.settings import RetailProSettings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; the first line that it prints is its URL.

    :param arguments: the command line, default that of the process.
    :returns: the exit code: 0 after a signal, 1 when it cannot start.
    """
    options = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    settings = RetailProSettings(
        body=options.body,
        duplicates=options.duplicates,
        look_up=options.look_up,
        auth="basic" if options.auth else "none",
    )
    try:
        retailpro = RetailPro(options.database, settings=settings, port=options.port)
        retailpro.faults.latency_ms = options.latency_ms
        if options.faults is not None:
            retailpro.faults.load(options.faults)
        retailpro.start()
    except (OSError, ValueError) as error:
        print(f"Retail Pro cannot start: {error}", file=sys.stderr)
        return 1
    print(retailpro.url, flush=True)
    stop.wait()
    retailpro.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.retailpro", description="Run the simulated Retail Pro alone on 127.0.0.1."
    )
    parser.add_argument("--port", type=int, default=0, help="0 for any free one (default)")
    parser.add_argument(
        "--database", type=Path, required=True, help="file of its database; the credentials are in keys/ beside it"
    )
    parser.add_argument("--body", choices=("v1", "v2_fiscal"), default="v1", help="default %(default)s")
    parser.add_argument("--duplicates", action="store_true", help="recognise a number that was used before")
    parser.add_argument("--no-look-up", dest="look_up", action="store_false", help="answer every GET with 404")
    parser.add_argument("--no-auth", dest="auth", action="store_false", help="let everyone in")
    parser.add_argument("--latency-ms", type=float, default=0.0, help="before every answer (default %(default)s)")
    parser.add_argument("--faults", type=Path, help="JSON file of faults, see sandbox/README.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
